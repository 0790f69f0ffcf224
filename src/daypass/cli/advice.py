"""Errors become words here: what happened, why, the one command that cures it, what an administrator must do."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping

from .. import errors
from ..model.text import clean
from ..value import Value

LONGEST_LINE = 400
ONE_LINE = 100  # what is short stands with its cure on one line
PARTIAL = 9  # the exit code where a part was done, whatever ended it


class Advice(Value):
    """An error in words; `code` is its stable name for programs, `exit_code` the process's."""

    code: str
    exit_code: int
    what: str
    why: str = ""
    do: str = ""
    admin: str = ""
    reference: str = ""
    made: tuple[str, ...] = ()


# Most special first: the first class that fits decides the name, the exit code and the cure.
KINDS: Mapping[type[errors.DaypassError], tuple[str, int, str]] = {
    errors.AmbiguousTime: ("ambiguous_time", 2, ""),
    errors.NoSuchEvent: ("not_found", 3, "daypass agenda   (shows what there is)"),
    errors.UsageError: ("usage", 2, ""),
    errors.ConfigError: (
        "configuration",
        10,
        "set CLIENT_ID and TENANT_ID in one of these (daypass setup tells how to get them); or look around first: daypass demo",
    ),
    errors.StorageError: ("storage", 10, ""),
    errors.SignInDeclined: ("sign_in_declined", 5, "daypass login"),
    errors.DeviceCodeExpired: ("device_code_expired", 4, "daypass login"),
    errors.BlockedByPolicy: ("blocked_by_policy", 5, ""),
    errors.ConsentRequired: (
        "consent_required",
        5,
        "daypass login --write, and accept there; if the page does not let you, an administrator must",
    ),
    errors.AppMisconfigured: ("app_misconfigured", 10, ""),
    errors.NoMailbox: ("no_mailbox", 5, "daypass accounts list   (for a profile of Microsoft 365)"),
    errors.SignInRequired: ("sign_in_required", 4, "daypass login"),
    errors.AuthError: ("sign_in_failed", 4, "daypass login"),
    errors.Unauthorized: ("sign_in_required", 4, "daypass login"),
    errors.Forbidden: ("forbidden", 5, "daypass status   (shows what has been granted)"),
    errors.NotFound: ("not_found", 3, "daypass agenda   (shows what there is)"),
    errors.Conflict: ("conflict", 6, "look at it again, then repeat the change"),
    errors.Throttled: ("throttled", 7, "wait, then repeat the command"),
    errors.ServiceUnavailable: ("unreachable", 8, "repeat the command in a few minutes"),
    errors.BadRequest: ("refused", 2, ""),
    errors.TransportError: ("unreachable", 8, ""),
    errors.DaypassError: ("unexpected", 1, ""),
}

WHAT: Mapping[type[errors.DaypassError], str] = {
    errors.SignInDeclined: "the sign-in was declined",
    errors.DeviceCodeExpired: "the code ran out before it was used",
    errors.BlockedByPolicy: "your organisation does not allow this sign-in",
    errors.ConsentRequired: "a permission has not been granted",
    errors.AppMisconfigured: "the app registration does not fit",
    errors.NoMailbox: "there is no calendar with this sign-in",
    errors.SignInRequired: "you are not signed in",
    errors.AuthError: "the sign-in failed",
    errors.Unauthorized: "Microsoft Graph did not accept the sign-in",
    errors.Forbidden: "Microsoft Graph does not allow this",
    errors.NotFound: "there is no such thing here",
    errors.Conflict: "it was changed by somebody else meanwhile",
    errors.Throttled: "Microsoft Graph asks for fewer requests",
    errors.ServiceUnavailable: "Microsoft Graph is having trouble",
    errors.BadRequest: "Microsoft Graph refused the request",
}

LOOK_FIRST = "it may have been done all the same; look before you repeat it: daypass agenda"

CURES_BY_TROUBLE: Mapping[str, str] = {
    "dns": "check the network, the name, and HTTPS_PROXY if you need a proxy",
    "connect": "check the network, and HTTPS_PROXY if you need a proxy",
    "tls": "set DAYPASS_CA_FILE to your organisation's certificates; never switch checking off",
}


def report(error: errors.DaypassError, *, as_json: bool) -> int:
    """Write an error to stderr, as at most 8 lines or as one JSON document, and return its exit code."""
    advice = advise(error)
    sys.stderr.write((_as_json(advice, error) if as_json else _as_text(advice)) + "\n")
    return advice.exit_code


def advise(error: errors.DaypassError) -> Advice:
    """The words for an error; of a change that may have taken effect, that it must be looked for before it is repeated.

    Of a work that was done in part, what was done.
    """
    advice = _advice(error)
    if error.maybe_done or error.cure:
        advice = advice.replace(do=error.cure or LOOK_FIRST)
    return advice.replace(made=error.made, exit_code=PARTIAL) if error.made else advice


def _advice(error: errors.DaypassError) -> Advice:
    kind = next(kind for kind in KINDS if isinstance(error, kind))
    code, exit_code, cure = KINDS[kind]
    what, said = WHAT.get(kind, ""), str(error)
    match error:
        case errors.AuthError():
            return _about_sign_in(error, Advice(code, exit_code, what, said, cure))
        case errors.ConfigError():
            return _about_setting(error, Advice(code, exit_code, said, do=cure))
        case errors.UsageError():
            return Advice(code, exit_code, said, do=" · ".join(error.suggestions) or cure)
        case errors.GraphError():
            return Advice(code, exit_code, what, said, _after(error) or cure, reference=_request(error))
        case errors.TransportError():
            return Advice(code, exit_code, said, do=_after(error) or CURES_BY_TROUBLE.get(error.kind, "try again in a minute"))
        case _:
            return Advice(code, exit_code, said, do=cure)


def _after(error: errors.DaypassError) -> str:
    wait = getattr(error, "retry_after_seconds", None)
    return f"repeat the command in {wait:.0f} seconds" if wait else ""


def _about_setting(error: errors.ConfigError, advice: Advice) -> Advice:
    where = ", ".join(error.looked_in)
    if error.setting not in ("CLIENT_ID", "TENANT_ID"):
        cure = "correct it there, or unset it" if error.setting.isupper() else "correct it, and repeat the command"
        return advice.replace(why=where and f"from {where}", do=cure)
    if len(error.looked_in) == 1:
        return advice.replace(why=f"from {where}", do="correct it there")
    return advice.replace(why=f"looked in {where}")


def _about_sign_in(error: errors.AuthError, advice: Advice) -> Advice:
    from ..auth.explain import explanation

    known = explanation(error)
    ids = [
        f"AADSTS{error.code}" if error.code else error.error,
        error.correlation_id and f"correlation {error.correlation_id}",
        error.timestamp,
    ]
    reference = " · ".join(part for part in ids if part)
    if not error.error:  # ours, not the service's: there is no more to say than that
        return advice.replace(why="" if advice.code == "sign_in_required" else advice.why)
    if known is None:
        return advice.replace(reference=reference)
    why = " ".join(part for part in (known.cause, known.here.get(error.flow, "")) if part)
    if known.needs_admin:
        return advice.replace(
            why=why, do=known.cure, admin=f"{known.who} can cure this; give them what `daypass explain --last` writes", reference=reference
        )
    return advice.replace(why=why, do=advice.do or known.cure, reference=reference)


def _request(error: errors.GraphError) -> str:
    return f"HTTP {error.status}" + (f" · request {error.request_id}" if error.request_id else "")


def _as_text(advice: Advice) -> str:
    made = "; ".join(advice.made)
    parts = {"": advice.what, "why": advice.why, "made": made, "do": advice.do, "who": advice.admin, "ref": advice.reference}
    if advice.do and not (advice.why or made or advice.admin or advice.reference) and len(advice.what) + len(advice.do) <= ONE_LINE:
        return f"daypass: {clean(advice.what)}. Try: {clean(advice.do)}"
    lines = [f"{name + ':' if name else 'daypass:':<9}{clean(text)}"[:LONGEST_LINE] for name, text in parts.items() if text]
    return "\n".join(lines)


def _as_json(advice: Advice, error: errors.DaypassError) -> str:
    body = {
        "code": advice.code,
        "exit_code": advice.exit_code,
        "message": advice.what,
        "why": advice.why,
        "made": list(advice.made),
        "do": advice.do,
        "who": advice.admin,
        "reference": advice.reference,
        "suggestions": list(getattr(error, "suggestions", ())),
    }
    return json.dumps({"schema": "daypass.error/1", "error": body})
