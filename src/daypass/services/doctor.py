"""What is wrong with a sign-in before anybody tries it: what to ask the services, as flows, and judgements over what is found. No I/O.

Each check gives a `Finding`: `ok`, `note` (worth knowing), `warn` (it will hurt some day) or `fail`, with what was found and what cures it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, cast
from urllib.parse import parse_qs, urlencode, urlsplit

from ..auth.authorities import Authority
from ..auth.explain import failure, of_number
from ..errors import AppMisconfigured, AuthError, TransportError
from ..value import Value
from ..wire import Request, Response

OK, NOTE, WARN, FAIL = "ok", "note", "warn", "fail"
CONFIGURATION, UNREACHABLE, SIGN_IN, POLICY = 10, 8, 4, 5  # exit codes of what fails
SKEW_WARN_SECONDS, SKEW_FAIL_SECONDS = 60.0, 300.0
EXPIRY_WARN_DAYS = 14
# Who certifies Microsoft's hosts; any other issuer there is somebody on the way who looks inside.
MICROSOFTS_ISSUERS = ("digicert", "microsoft", "globalsign", "baltimore", "entrust")
REDIRECT = "http://localhost"


class Finding(Value):
    """What one check found; `exit_code` is what the process ends with when this is the worst."""

    check: str
    grade: str
    what: str
    cure: str = ""
    exit_code: int = 0


def worst(findings: Iterable[Finding]) -> int:
    """The exit code for all findings together: that of the first failure, 0 when nothing failed."""
    return next((finding.exit_code for finding in findings if finding.grade == FAIL), 0)


def clock(ahead_seconds: float | None) -> Finding:
    """This machine's clock beside the sign-in service's; `ahead_seconds` is how far the service is ahead, None when it did not say."""
    if ahead_seconds is None:
        return Finding("clock", NOTE, "the sign-in service does not tell the time")
    off = abs(ahead_seconds)
    told = f"{off:.0f} seconds {'behind' if ahead_seconds > 0 else 'ahead of'} the sign-in service"
    if off > SKEW_FAIL_SECONDS:
        return Finding("clock", FAIL, f"this machine is {told}", "set the clock: sudo timedatectl set-ntp true", CONFIGURATION)
    if off > SKEW_WARN_SECONDS:
        return Finding("clock", WARN, f"this machine is {told}", "let the clock be set by the network: sudo timedatectl set-ntp true")
    return Finding("clock", OK, f"within {max(1, round(off))} s of the sign-in service")


def name(check: str, host: str, addresses: list[str] | None) -> Finding:
    """Whether a host's name is known; None stands for a name service that did not answer."""
    if addresses is None:
        return Finding(check, FAIL, f"the name service did not answer for {host}", "check the network, and /etc/resolv.conf", UNREACHABLE)
    if not addresses:
        return Finding(check, FAIL, f"{host} has no address", "check the name, and whether a proxy is needed (HTTPS_PROXY)", UNREACHABLE)
    return Finding(check, OK, f"{host} is {addresses[0]}")


def certificate(host: str, trust: str, shown: Mapping[str, str], days_left: float, *, microsofts: bool) -> Finding:
    """The certificate that a host showed: `shown` has `issuer` and `subject`; `trust` says who judged it."""
    told = f"{host} is certified by {shown['issuer']}, trusted by {trust}"
    if microsofts and not any(known in shown["issuer"].lower() for known in MICROSOFTS_ISSUERS):
        cure = "a program on the way looks inside TLS: that is your organisation's doing, or an attack; ask your administrator"
        return Finding("certificate", WARN, f"{told}, and not by one of Microsoft's usual issuers", cure)
    if days_left < EXPIRY_WARN_DAYS:
        return Finding("certificate", WARN, f"{told}; it ends in {days_left:.0f} days", "tell whoever runs that host")
    return Finding("certificate", OK, told)


def discovery(answer: Response, url: str) -> tuple[Finding, dict[str, Any]]:
    """The sign-in service's configuration, and what it says."""
    document = _json(answer)
    if answer.status == 400 and document.get("error"):
        return _refused("tenant", failure(document)), {}
    needed = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri")
    missing = [member for member in needed if not document.get(member)]
    if answer.status != 200 or missing:
        told = f"{urlsplit(url).netloc} answered HTTP {answer.status}" + (f" without {', '.join(missing)}" if missing else "")
        return Finding(
            "tenant", FAIL, told, "check the authority and the tenant; a login page of the network may be in the way", UNREACHABLE
        ), {}
    return Finding("tenant", OK, f"known there as {document['issuer']}"), document


def device_codes(answer: Response, poll: Response | None) -> Finding:
    """Whether the app is known and gets device codes; `poll`, the first answer to the device, tells of some apps that are not public."""
    told = _json(answer)
    if "user_code" not in told:
        return _refused("app", failure(told)) if told.get("error") else Finding("app", FAIL, f"HTTP {answer.status}", "", UNREACHABLE)
    heard = _json(poll) if poll else {}
    if heard.get("error") in ("authorization_pending", "slow_down", None):
        return Finding(
            "app", OK, "the app is known, and gets device codes; that it is no public client would be told only at the end of a sign-in"
        )
    return _refused("app", failure(heard))


def redirect(answer: Response) -> Finding:
    """Whether the app is registered for a browser on this machine: the service leads back there even with a refusal, or shows a page."""
    location = answer.headers.get("location", "")
    if answer.status in (302, 303) and location.startswith(REDIRECT):
        said = parse_qs(urlsplit(location).query)
        number = next((code for code in said.get("error_description", [""])[0].split(":")[:1]), "")
        return Finding(
            "redirect",
            OK,
            f"{REDIRECT} is registered, for signing in in a browser" + (f" ({number})" if number.startswith("AADSTS9") else ""),
        )
    if b"50011" in answer.body or b"900971" in answer.body:
        cure = f"add {REDIRECT} under Authentication, 'Mobile and desktop applications' (daypass setup does); device codes work without"
        return Finding("redirect", WARN, f"{REDIRECT} is not registered for the app", cure)
    return Finding("redirect", NOTE, "the service did not say whether the app is registered for a browser here")


def graph_said(answer: Response, host: str) -> Finding:
    """Whether Graph answers; without a token it must say 401."""
    if answer.status == 401:
        return Finding("graph", OK, f"{host} answers")
    return Finding(
        "graph",
        FAIL,
        f"{host} answered HTTP {answer.status} where 401 was expected",
        "check graph_root, and what is on the way",
        UNREACHABLE,
    )


def consent(*, signed_in: bool, granted: Iterable[str], can_read: bool, can_write: bool) -> Finding:
    """What the sign-in that is kept may do."""
    if not signed_in:
        return Finding("sign-in", NOTE, "nobody is signed in with this profile", "daypass login")
    told = f"granted: {', '.join(sorted(granted)) or 'nothing'}"
    if not can_read:
        return Finding("sign-in", WARN, f"{told}; not enough to read the calendar", "daypass login")
    more = "" if can_write else "; the first change asks for one more"
    return Finding("sign-in", OK, f"{told}{more}")


# --- asking --------------------------------------------------------------------------------------------------------


async def service(url: str, now: Callable[[], float]) -> tuple[list[Finding], dict[str, Any]]:
    """What the sign-in service says of itself at its discovery address, and of the time; `now` gives seconds since the epoch."""
    try:
        answer = await Request("GET", url)
    except TransportError as error:
        return [_unreachable("tenant", error)], {}
    finding, document = discovery(answer, url)
    return [clock(_ahead(answer, now())), finding], document


async def ways(document: Mapping[str, Any], at: Authority, client_id: str) -> list[Finding]:
    """Which ways of signing in the service has for the app: by device codes, and in a browser on this machine."""
    endpoint, tokens = str(document.get("device_authorization_endpoint") or ""), str(document.get("token_endpoint") or "")
    authorize = str(document.get("authorization_endpoint") or "")
    found: list[Finding] = []
    if not endpoint:
        found.append(Finding("device", NOTE, "this sign-in service has no device codes; sign in in a browser", "daypass login --browser"))
    elif _ours(at.hosts, endpoint, tokens):
        found.append(await _by_code(endpoint, tokens, client_id, "User.Read openid" if at.has_mailboxes else "openid"))
    if _ours(at.hosts, authorize):
        found.append(await _in_a_browser(authorize, client_id))
    return found


async def graph(root: str) -> Finding:
    """Whether Graph is there."""
    try:
        return graph_said(await Request("GET", f"{root}/me"), urlsplit(root).netloc)
    except TransportError as error:
        return _unreachable("graph", error)


async def _by_code(endpoint: str, tokens: str, client_id: str, scope: str) -> Finding:
    """Ask for a code that nobody will use, and poll once; neither is shown."""
    try:
        answer = await _form(endpoint, client_id=client_id, scope=scope)
        code = str(_json(answer).get("device_code") or "")
        grant = "urn:ietf:params:oauth:grant-type:device_code"
        poll = await _form(tokens, grant_type=grant, client_id=client_id, device_code=code) if code else None
    except TransportError as error:
        return _unreachable("app", error)
    return device_codes(answer, poll)


async def _in_a_browser(authorize: str, client_id: str) -> Finding:
    """Ask for a sign-in that may show no page, so the answer is a refusal: where it goes is what counts."""
    fields = {"client_id": client_id, "response_type": "code", "redirect_uri": REDIRECT, "response_mode": "query"}
    question = urlencode({**fields, "scope": "openid", "prompt": "none", "state": "doctor"})
    try:
        return redirect(await Request("GET", f"{authorize}?{question}"))
    except TransportError as error:
        return _unreachable("redirect", error)


def _form(url: str, **fields: str) -> Request:
    return Request("POST", url, {"Content-Type": "application/x-www-form-urlencoded"}, urlencode(fields).encode())


def _ours(hosts: frozenset[str], *urls: str) -> bool:
    return all(urlsplit(url).scheme == "https" and urlsplit(url).netloc.lower() in hosts for url in urls)


def _ahead(answer: Response, now: float) -> float | None:
    try:
        return parsedate_to_datetime(answer.headers.get("date", "")).timestamp() - now
    except ValueError:
        return None


def _unreachable(check: str, error: TransportError) -> Finding:
    return Finding(check, FAIL, str(error), "check the network, and HTTPS_PROXY if you need a proxy", UNREACHABLE)


def _refused(check: str, error: AuthError) -> Finding:
    known = of_number(error.code) if error.code else None
    number = f" (AADSTS{error.code})" if error.code else ""
    code = CONFIGURATION if isinstance(error, AppMisconfigured) else POLICY
    return Finding(check, FAIL, f"{known.cause if known else error}{number}", known.cure if known else "daypass explain", code)


def _json(answer: Response) -> dict[str, Any]:
    try:
        content: Any = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return cast("dict[str, Any]", content) if isinstance(content, dict) else {}
