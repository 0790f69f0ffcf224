"""What all delta queries share: rounds, pages, sealed tokens, and the refusal of stale ones.

A room that lets clients follow a collection keeps a `ChangeLog` of it and answers in three steps:

    def follow_users(call: Call) -> Response:
        step = delta.opened(call, ChangeLog(call.tenant.state.user_log), "users", delta.DIRECTORY)
        odata.allow(step.call, "$select")
        feed = delta.Feed(present=lambda: call.tenant.state.users, shown=lambda user_id: [...])
        return delta.answered(step, feed, "users")

`opened` reads the token of the request, if it has one. `step.call` is the call as the round began: its `query` has the options that
the first request had, whatever this one has, since the token seals them; read options, windows and selections from there and nowhere
else. `answered` gives the page: in a first round everything that is `present`, in later ones what changed since, each item as `shown`
(an item that is gone: `removed`). Tokens hold all there is to know, so they outlive restarts, and nothing is kept for a client that
never comes back.

Between the pages of a round the world goes on. A first round walks the items in the order of their ids and ends with a link to what
changed since it began; a later one walks the log of changes, where an item that changes again moves to the end. So nothing is lost,
and what comes twice comes the second time as it then is.

Rules: concepts/delta-query-overview; refusals of tokens as observed by others (planetaryescape/ms-todo, spike S4; for the directory
Microsoft's blog on the duration of change tracking tokens).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import zlib
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from daypass.wire import Response

from .. import quirks
from ..changes import ChangeLog
from ..routes import Call, Fault
from . import odata

Json = dict[str, Any]

TOKENS = ("$skiptoken", "$deltatoken")
TAG_BYTES = 16
REPLAYED = 3  # how many changes a round repeats when the quirk `replays` strikes
STALE = {  # code → (status, message, whether a Location says where to begin anew)
    "SyncStateNotFound": (410, "The delta token is no longer valid, and the app must reset the sync state.", False),
    "syncStateNotFound": (
        400,
        "The sync state generation is not found. The delta token is expired and data must be synchronized again.",
        False,
    ),
    "SyncStateInvalid": (410, "The sync state is no longer valid. Data must be synchronized again.", True),
    "resyncRequired": (410, "Resync required. The delta token is no longer valid, and the app must reset the sync state.", True),
}


@dataclass(frozen=True)
class Rules:
    """How one side of Graph keeps delta queries.

    `page_size` where none is preferred; `stale` the code of the refusal of a stale token; `lifetime_seconds` of a token (None: until
    the log forgets); `from_now` whether `$deltatoken=latest` skips the first round; `mixes` whether a token of another collection is
    taken for one without news; `applied` is what the answer confirms as kept preference.
    """

    page_size: int
    stale: str
    lifetime_seconds: float | None = None
    from_now: bool = False
    mixes: bool = False
    applied: str = ""


OUTLOOK = Rules(odata.PAGE_SIZE, "SyncStateNotFound", applied="odata.track-changes")
DIRECTORY = Rules(100, "syncStateNotFound", lifetime_seconds=7 * 86400, from_now=True, mixes=True)


@dataclass(frozen=True)
class Cursor:
    """Where a client stands in a round.

    `at` is the number of the last change it has; in a first round that of the last before the round began, and `after` is the id of
    the last item it got (None in later rounds). `began` is the number of the last change it had as a later round began. `part` names an
    item of which only `given` was given yet, as it was after its change of number `part_at`. `turn` counts the pages, `made_at` is when
    the token was made (seconds since 1970).
    """

    at: int
    after: str | None = None
    began: int = 0
    part: str = ""
    part_at: int = 0
    given: int = 0
    turn: int = 0
    made_at: float = 0


@dataclass(frozen=True)
class Step:
    """One request of a round: `call` with the round's own options, the collection's `name` and `log`, and the link that was asked."""

    call: Call
    name: str
    log: ChangeLog
    rules: Rules
    cursor: Cursor
    asked: str = ""
    empty: bool = False

    @property
    def is_first(self) -> bool:
        """Whether this is of a first round, which gives everything."""
        return self.cursor.after is not None


@dataclass(frozen=True)
class Feed:
    """What a collection gives to those who follow it.

    `present` gives the ids of all items; `shown` what is said of an item: itself, more than one for a series, `removed` for one that
    is gone, nothing where there is nothing to say. `concerns` tells which changed ids belong to the collection, if the log is of more.
    """

    present: Callable[[], Iterable[str]]
    shown: Callable[[str], list[Json]]
    concerns: Callable[[str], bool] = lambda item_id: True


def removed(item_id: str, type_name: str = "", reason: str = "deleted") -> Json:
    """What is said of an item that is gone; `reason` is `changed` for one that can be restored."""
    named: Json = {"@odata.type": f"#microsoft.graph.{type_name}"} if type_name else {}
    return {**named, "id": item_id, "@removed": {"reason": reason}}


def opened(call: Call, log: ChangeLog, name: str, rules: Rules = OUTLOOK) -> Step:
    """Read where the client stands; `name` is that of the collection, another one for each mailbox, calendar or list.

    Fault 400 `BadRequest` for a token that was tampered with, or comes with other options than it seals; 410 (or what the quirk
    `staleToken` says) for one that is too old or another collection's.
    """
    given = {option: call.query[option] for option in TOKENS if call.query.get(option)}
    now = call.tenant.clock.now()
    options = {option: text for option, text in call.query.items() if option not in TOKENS}
    if not given:
        return Step(replace(call, query=options), name, log, rules, Cursor(log.last, after="", made_at=now))
    if rules.from_now and given == {"$deltatoken": "latest"}:
        return Step(replace(call, query=options), name, log, rules, Cursor(log.last, made_at=now), empty=True)
    if len(given) > 1:
        raise _badly_formed()
    (option, token), *_ = given.items()
    sealed = _unsealed(call, token)
    _check_seal(sealed, option, options)
    cursor = Cursor(**sealed["cursor"])
    if option == "$deltatoken":
        cursor = replace(cursor, began=cursor.at)
    step = Step(replace(call, query=sealed["options"]), name, log, rules, cursor, asked=token)
    if sealed["name"] != name and rules.mixes:
        return replace(step, cursor=Cursor(log.last, made_at=now), asked="")
    too_old = rules.lifetime_seconds is not None and now > cursor.made_at + rules.lifetime_seconds
    if sealed["name"] != name or too_old or not log.knows(cursor.at):
        raise _stale(step, sealed["name"])
    return step


def _check_seal(sealed: Json, option: str, options: Mapping[str, str]) -> None:
    """Fault 400 for options beside a token that are not those it seals, and for a token given as one of the other kind."""
    for other, text in options.items():
        if sealed["options"].get(other) != text:
            raise Fault(400, "BadRequest", f"The query option '{other}' is sealed in the token and cannot be given beside {option}.")
    if sealed["kind"] != option:
        raise _badly_formed()


def answered(step: Step, feed: Feed, context: str, *, size: int | None = None, applied: str = "") -> Response:
    """The page that the step asks for; `context` is the fragment of its metadata URL, `size` and `applied` are of the preferences."""
    state = step.call.tenant.state
    values: list[Json] = []
    ends = True
    if step.empty:
        marks = [step.cursor]
    elif quirks.happens(state, "emptyPages"):
        marks, ends = [step.cursor], False
    else:
        marks, ends = _filled(step, feed, values, size or step.rules.page_size)
    if not ends and len(marks) > 2 and quirks.happens(state, "repeatedItems"):
        marks.pop()
    body: Json = {"@odata.context": f"{odata.service_root(step.call)}/$metadata#{context}", "value": values}
    if ends:
        done = Cursor(step.cursor.at if step.is_first else step.log.last, made_at=step.call.tenant.clock.now())
        body["@odata.deltaLink"] = _link(step, "$deltatoken", done)
    elif step.asked and step.cursor.turn and quirks.happens(state, "repeatedLinks"):
        body["@odata.nextLink"] = _url(step.call, "$skiptoken", step.asked)
    else:
        body["@odata.nextLink"] = _link(step, "$skiptoken", replace(marks[-1], turn=step.cursor.turn + 1))
    return odata.answer(step.call, 200, body, ", ".join(filter(None, (applied, step.rules.applied))))


def _filled(step: Step, feed: Feed, values: list[Json], size: int) -> tuple[list[Cursor], bool]:
    """Fill a page; where it stood before each item and after the last one, and whether the round ends with it."""
    whole = quirks.value(step.call.tenant.state, "wholeSeries")
    marks = [_rewound(step)]
    for after, item_id in _ahead(step, marks[0], feed):
        if len(values) >= size:
            return marks, False
        number = step.log.number(item_id)
        begun = step.cursor.given if (item_id, number) == (step.cursor.part, step.cursor.part_at) else 0
        shown = feed.shown(item_id)[begun:]
        room = len(shown) if whole else size - len(values)
        values += shown[:room]
        if room < len(shown):
            marks.append(replace(marks[-1], part=item_id, part_at=number, given=begun + room))
            return marks, False
        if shown:
            marks.append(after)
        else:
            marks[-1] = after
    return marks, True


def _rewound(step: Step) -> Cursor:
    """Where the page begins: a little earlier when changes are replayed."""
    cursor, state = step.cursor, step.call.tenant.state
    if step.is_first or cursor.turn or not quirks.happens(state, "replays"):
        return cursor
    return replace(cursor, at=next(number for number in range(cursor.at - REPLAYED, cursor.at + 1) if step.log.knows(number)))


def _ahead(step: Step, cursor: Cursor, feed: Feed) -> Iterator[tuple[Cursor, str]]:
    """The ids of the items to come, each with where the client stands after it."""
    if cursor.after is not None:
        known = sorted(feed.present())
        for item_id in known[bisect_right(known, cursor.after) :]:
            yield replace(cursor, after=item_id, part="", given=0), item_id
        return
    for item_id in step.log.since(cursor.at) or ():
        if feed.concerns(item_id):
            yield replace(cursor, at=step.log.number(item_id), part="", given=0), item_id


def _stale(step: Step, name: str) -> Fault:
    code = quirks.value(step.call.tenant.state, "staleToken") or step.rules.stale
    status, message, located = STALE[code]
    anew = {"location": _url(step.call, "$deltatoken", "", step.call.query)} if located else None
    return Fault(status, code, message, anew, inner={"code": code if step.name == name else "SyncStateInvalid"})


def _badly_formed() -> Fault:
    return Fault(400, "BadRequest", "Badly formed token.")


# --- tokens ----------------------------------------------------------------------------------------------------


def _link(step: Step, option: str, cursor: Cursor) -> str:
    sealed = {"kind": option, "name": step.name, "options": dict(step.call.query), "cursor": asdict(cursor)}
    return _url(step.call, option, _sealed(step.call, sealed))


def _url(call: Call, option: str, token: str, more: Any = ()) -> str:
    """A link back here: `more` are options that go before the token."""
    before = "".join(f"{part}&" for part in [urlencode(more, quote_via=quote)] if part)
    return f"{call.root}{urlsplit(call.request.url).path}?{before}{option}={token}"


def _sealed(call: Call, content: Json) -> str:
    """A token: two parts in Base64 for URLs, content and tag; the tag proves the content and hides it."""
    plain = zlib.compress(json.dumps(content, separators=(",", ":")).encode(), 9)
    tag = hmac.digest(_key(call), plain, "sha256")[:TAG_BYTES]
    return f"{_text(_hidden(call, tag, plain))}.{_text(tag)}"


def _unsealed(call: Call, token: str) -> Json:
    try:
        hidden, tag = (base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in token.split("."))
        plain = _hidden(call, tag, hidden)
        if not hmac.compare_digest(hmac.digest(_key(call), plain, "sha256")[:TAG_BYTES], tag) or f"{_text(hidden)}.{_text(tag)}" != token:
            raise _badly_formed()
        return json.loads(zlib.decompress(plain))
    except (ValueError, zlib.error):
        raise _badly_formed() from None


def _hidden(call: Call, tag: bytes, content: bytes) -> bytes:
    """The content under a row of bytes that follows from the tag; the same again brings it back."""
    mask = hashlib.shake_256(_key(call) + tag).digest(len(content))
    return bytes(one ^ other for one, other in zip(content, mask, strict=True))


def _key(call: Call) -> bytes:
    """The same for a tenant at all times, so that a token outlives a restart; it guards nothing but the client against itself."""
    return hashlib.sha256(f"delta {call.tenant.state.tenant_id}".encode()).digest()


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
