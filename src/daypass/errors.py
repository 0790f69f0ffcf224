"""Every error daypass raises on purpose, as one tree.

DaypassError
  UsageError                    the caller's words make no sense (a date, a zone, an option)
    AmbiguousTime               a date with two readings, or a time that does not exist in its zone
    NoSuchEvent                 no event, or more than one, is what was named
  ConfigError                   a setting is missing or malformed; carries the setting and where it was looked for
  StorageError                  the token store cannot be read or written
  AuthError                     sign-in failed; carries the OAuth `error` and the AADSTS number
    SignInRequired              nobody is signed in, or what was kept is no longer valid
    SignInDeclined              a person said no on the sign-in page
    DeviceCodeExpired           the code ran out before it was used
    BlockedByPolicy             the organisation's rules refuse this sign-in
    ConsentRequired             a permission has not been granted
    AppMisconfigured            the app registration or its tenant is wrong
    NoMailbox                   whoever signed in has no mailbox: the sign-in service is not Microsoft 365's
  GraphError                    Graph answered with an error; carries status, code, request_id
    BadRequest  Unauthorized  Forbidden  NotFound  Conflict  Throttled  ServiceUnavailable
  TransportError                no usable answer came back: name, connection, certificate, time-out, garbage

Errors become words for people in two places only: the command line and the web doors.
"""

from __future__ import annotations


class DaypassError(Exception):
    """Base of every error daypass raises on purpose.

    `maybe_done` is true when a change that failed may have taken effect all the same: look before repeating it. `made` is what a work of
    several steps had done when it failed, in words; `cure` is what betters this one, where that is not what betters its kind.
    """

    maybe_done = False
    made: tuple[str, ...] = ()
    cure = ""


class UsageError(DaypassError):
    """The caller's words make no sense; `suggestions` are words that would."""

    def __init__(self, message: str, suggestions: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.suggestions = suggestions


class AmbiguousTime(UsageError):
    """A date with two readings, or a time that does not exist in its zone; `suggestions` are the readings."""


class NoSuchEvent(UsageError):
    """No event, or more than one, is what was named; `suggestions` are the candidates."""


class ConfigError(DaypassError):
    """A setting is missing or malformed: `setting` names it, `looked_in` says where it was looked for."""

    def __init__(self, setting: str, reason: str, looked_in: tuple[str, ...] = ()) -> None:
        super().__init__(f"{setting}: {reason}")
        self.setting, self.reason, self.looked_in = setting, reason, looked_in


class StorageError(DaypassError):
    """The token store cannot be read or written; the message says which file and why."""


class AuthError(DaypassError):
    """Sign-in failed.

    `error` and `suberror` are OAuth's words (behaviour hangs on them alone); `code` is the AADSTS number, 0 if none;
    `claims` is what the next sign-in must answer, `scopes` the permissions that were wanted, `flow` the way that was
    refused (a letter of `auth.aadsts.FLOWS`), "" if not known. The ids let an administrator find the attempt in the sign-in log.
    """

    def __init__(
        self,
        message: str,
        *,
        error: str = "",
        suberror: str = "",
        code: int = 0,
        claims: str = "",
        correlation_id: str = "",
        timestamp: str = "",
    ) -> None:
        super().__init__(message)
        self.error, self.suberror, self.code, self.claims = error, suberror, code, claims
        self.correlation_id, self.timestamp = correlation_id, timestamp
        self.scopes: tuple[str, ...] = ()
        self.flow = ""


class SignInRequired(AuthError):
    """Nobody is signed in, or what was kept is no longer valid."""


class SignInDeclined(AuthError):
    """A person said no on the sign-in page."""


class DeviceCodeExpired(AuthError):
    """The code ran out before it was used (RFC 8628, section 3.5: `expired_token`)."""


class BlockedByPolicy(AuthError):
    """The organisation's rules (Conditional Access, security defaults) refuse this sign-in."""


class ConsentRequired(AuthError):
    """A permission has not been granted by the user or by an administrator."""


class AppMisconfigured(AuthError):
    """The app registration or its tenant is wrong; signing in again will not help."""


class NoMailbox(AuthError):
    """Whoever signed in has no mailbox: the sign-in service is not Microsoft 365's, and its tokens must not go to Graph."""


class GraphError(DaypassError):
    """Graph answered with an error: HTTP `status`, its `code` (branch on this, never on text) and the `request_id`."""

    def __init__(self, status: int, code: str, message: str, request_id: str = "") -> None:
        super().__init__(f"{code}: {message}" if message else code)
        self.status, self.code, self.message, self.request_id = status, code, message, request_id


class BadRequest(GraphError):
    """Graph found the request malformed (400 and other 4xx without a class of their own)."""


class Unauthorized(GraphError):
    """Graph did not accept the token (401), even a fresh one."""


class Forbidden(GraphError):
    """The token is good and the permission is not enough (403)."""


class NotFound(GraphError):
    """There is no such thing, or it is hidden from this user (404)."""


class Conflict(GraphError):
    """The thing was changed meanwhile, or is there already (409, 412)."""


class Throttled(GraphError):
    """Too many requests (429); `retry_after_seconds` is what the service asked for, None if it said nothing."""

    retry_after_seconds: float | None = None


class ServiceUnavailable(GraphError):
    """The service is having trouble (5xx)."""


class TransportError(DaypassError):
    """No usable answer came back. A driver throws it into the flow at the Request it belongs to; in getting a token, it ends the flow.

    `kind` is one of dns, connect, tls, timeout, reset, busy, garbage; `host` is who was asked; `retry_after_seconds` is
    what a busy host asked for, 0 if nothing.
    """

    def __init__(self, message: str, *, kind: str = "connect", host: str = "", retry_after_seconds: float = 0.0) -> None:
        super().__init__(message)
        self.kind, self.host, self.retry_after_seconds = kind, host, retry_after_seconds
