"""One mailbox over its JSON state: find an event, keep one, and see what lies in a window.

The state is plain JSON (`calendars` and `events` by id); the index beside it says which events touch which day, so that a
window costs what it returns and not what the mailbox holds. The index is never part of the state and is rebuilt when the
state is another one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple, overload
from weakref import WeakKeyDictionary

from .. import zones
from ..changes import Change, ChangeLog
from ..routes import Fault, not_found
from . import events, identity
from .recurrence import Rule

if TYPE_CHECKING:
    from ..tenant import Tenant

Json = dict[str, Any]
Key = tuple[str, str | None]  # an event's id and, for an occurrence, its original day

DAY_SECONDS = 86400
LONG_DAYS = 62  # an event longer than this is kept aside and looked at for every window
FIRST_GROUP_CLASS = "0006f0b7-0000-0000-c000-000000000046"
WIDEST_OFFSET = timedelta(days=1)  # no zone is further from UTC than this


class Slot(NamedTuple):
    """An event at its place in time: seconds since 1970; `day` is the original day of an occurrence, None for anything else."""

    start: int
    end: int
    event: Json
    day: str | None = None


@dataclass(frozen=True)
class Series:
    """What the index knows of a series: its days, and how long before a window an occurrence in it may begin (`span`)."""

    event: Json
    rule: Rule
    first_day: date
    last_day: date | None
    span: timedelta


class Mailbox:
    """A mailbox and the index over its events.

    `owner` (`users/{id}` or `groups/{id}`) and `tell` are for the news of its changes; without `tell` nothing is noted, as while a seed is
    planted. Stored events are never changed in place: a changed one is `put` as a new object.
    """

    def __init__(self, state: Json, owner: str = "", tell: Callable[[Change], None] | None = None) -> None:
        self.state, self._owner, self._tell = state, owner, tell
        self.log = ChangeLog(state.setdefault("log", {}))
        state.setdefault("calendarGroups", first_group(identity.derived("My Calendars", *state["calendars"])))
        self._spans: dict[Key, tuple[int, int]] = {}
        self._by_day: dict[int, dict[Key, None]] = {}
        self._long: dict[Key, None] = {}
        self._series: dict[str, Series] = {}
        self._moved: dict[str, list[str]] = {}
        self._by_transaction: dict[str, str] = {}
        self._by_first_id: dict[str, str] = {}
        self._by_uid: dict[str, tuple[str, ...]] = {}
        self._indexed = 0
        for event in self.events.values():
            self._enter(event)

    @property
    def events(self) -> dict[str, Json]:
        """The stored events by id."""
        return self.state["events"]

    @property
    def calendars(self) -> dict[str, Json]:
        """The calendars by id."""
        return self.state["calendars"]

    @property
    def owner_id(self) -> str:
        """The object id of the user or group whose mailbox it is."""
        return self._owner.partition("/")[2]

    def is_current(self, state: Json) -> bool:
        """Whether this index belongs to that state and nobody added to it behind the index's back."""
        return self.state is state and self._indexed == len(state["events"])

    def calendar(self, calendar_id: str | None) -> Json:
        """A calendar, the default one for None; Fault 404 for an unknown id."""
        for known in self.calendars.values():
            if known["id"] == calendar_id or (calendar_id is None and known["isDefaultCalendar"]):
                return known
        raise not_found()

    @property
    def groups(self) -> dict[str, Json]:
        """The calendar groups by id, the one that every mailbox has first."""
        return self.state["calendarGroups"]

    def group(self, group_id: str) -> Json:
        """A calendar group; Fault 404 for an unknown id."""
        if group_id not in self.groups:
            raise not_found()
        return self.groups[group_id]

    def in_group(self, group_id: str) -> list[Json]:
        """The calendars of a group."""
        first = next(iter(self.groups))
        return [calendar for calendar in self.calendars.values() if calendar.get("calendarGroupId", first) == group_id]

    def find(self, event_id: str) -> tuple[Json, str | None]:
        """The stored event of an id, plain or immutable, and for an occurrence its original day; Fault 404 for what is not there."""
        if identity.is_immutable(event_id):
            return self._find_immutable(identity.plain(event_id))
        if event_id in self.events:
            return self.events[event_id], None
        master_ids, day = events.parse_occurrence_id(event_id)
        for master_id in master_ids:
            series = self._series.get(master_id)
            if series and day not in series.event["cancelled"] and date.fromisoformat(day) in series.rule:
                return series.event, day
        raise not_found()

    def _find_immutable(self, first_id: str) -> tuple[Json, str | None]:
        """The event that had this plain id before it was moved anywhere."""
        if first_id in self._by_first_id:
            return self.events[self._by_first_id[first_id]], None
        for master_id in events.parse_occurrence_id(first_id)[0]:
            if master_id in self._by_first_id:
                _, day = events.parse_occurrence_id(first_id)
                return self.find(events.occurrence_id(self._by_first_id[master_id], day))
        return self.find(first_id)

    def slot(self, event: Json, day: str | None = None) -> Slot:
        """A stored event (or the occurrence of a day) at its place in time."""
        return Slot(*(self._spans.get((event["id"], day)) or events.span(event, day)), event, day)

    def with_transaction(self, transaction_id: str) -> Json | None:
        """The event that was created with this transaction id."""
        return self.events.get(self._by_transaction.get(transaction_id, ""))

    def of_meeting(self, uid: str) -> list[Json]:
        """The events of this mailbox that belong to the meeting with this uid: its own, or the copies of those who are asked."""
        return [self.events[event_id] for event_id in self._by_uid.get(uid, ())]

    def to_write(self, event: Json) -> tuple[Mailbox, Json]:
        """The mailbox and its own event behind one that it shows, for what changes it; nothing stands between them here."""
        return self, event

    def concerns(self, event_id: str, calendar_id: str | None) -> bool:
        """Whether a changed event is or was in a calendar, or for None anywhere in this mailbox."""
        return calendar_id is None or self.log.was_in(event_id, calendar_id)

    def neighbours(self, event: Json, day: str) -> tuple[str | None, str | None]:
        """The original days of the occurrences before and after one of a series."""
        before, after = self._series[event["id"]].rule.neighbours(date.fromisoformat(day))
        return before and before.isoformat(), after and after.isoformat()

    def put(self, event: Json) -> None:
        """Keep a new or changed event; a changed one keeps its place in the list."""
        before = self.events.get(event["id"])
        self._withdraw(event["id"])
        self.events[event["id"]] = event
        self._enter(event)
        self._note("updated" if before else "created", event, before or event)

    def remove(self, event_id: str) -> None:
        """Forget an event, with all its occurrences; nothing happens when there is none."""
        self._withdraw(event_id)
        event = self.events.pop(event_id, None)
        if event:
            self._note("deleted", event, event)

    def next_day(self, event: Json, now: float) -> str | None:
        """The original day of the first occurrence of a series that is not over; None when all are."""
        series = self._series[event["id"]]
        first = zones.wall(now, "UTC").date()
        begin = first - series.span if first - date.min > series.span else date.min
        for day in series.rule.starting(begin):
            original = day.isoformat()
            if original not in event["cancelled"] and self.slot(event, original).end > now:
                return original
        return None

    def is_last(self, event: Json, day: str) -> bool:
        """Whether a series has no other occurrence left than that of this original day."""
        return self._series[event["id"]].rule.first_beside({*event["cancelled"], day}) is None

    def delete(self, event: Json, day: str | None, now: float) -> None:
        """Delete an event, a whole series, or one occurrence; a series goes with its last occurrence."""
        if day is None or self.is_last(event, day):
            self.remove(event["id"])
        else:
            self.put(events.cancel_occurrence(event, day, now))

    def move(self, event_id: str, calendar_id: str, now: float) -> Json:
        """Move an event (a series as a whole) to another calendar, where it has another plain id; Fault 404 when there is no such one."""
        event, _ = self.find(event_id)
        moved = events.moved(event, self.calendar(calendar_id)["id"], now)
        self.remove(event["id"])
        self.put(moved)
        return moved

    def window(self, start: int, end: int, calendar_id: str | None = None) -> list[Slot]:
        """The single events, occurrences and exceptions that touch [start, end), in order of time; of one calendar or of all."""
        slots = [*self._standing(start, end), *self._occurring(start, end, self._series.values())]
        if calendar_id is not None:
            slots = [slot for slot in slots if slot.event["calendarId"] == calendar_id]
        slots.sort(key=lambda slot: (slot[0], slot[1], slot[2]["id"], slot[3] or ""))
        return slots

    def touching(self, event: Json, start: int, end: int) -> list[Slot]:
        """What of one event (of a series: its occurrences and exceptions) touches [start, end), in order of time."""
        if event.get("recurrence"):
            return self.instances(event, start, end)
        slot = self.slot(event)
        return [slot] if _touches(slot.start, slot.end, start, end) else []

    def instances(self, event: Json, start: int, end: int) -> list[Slot]:
        """The occurrences and exceptions of one series that touch [start, end), in order of time."""
        moved = [Slot(*self._spans[event["id"], day], event, day) for day in event["exceptions"]]
        slots = [slot for slot in moved if _touches(slot.start, slot.end, start, end)]
        return sorted([*slots, *self._occurring(start, end, [self._series[event["id"]]])], key=lambda slot: slot.start)

    def cancelled(self, event: Json, start: int, end: int) -> list[str]:
        """The original days of the deleted occurrences of a series that would touch [start, end)."""
        return [day for day in event["cancelled"] if _touches(*events.span(event, day), start, end)]

    def _note(self, kind: str, event: Json, before: Json) -> None:
        if self._tell:
            self.log.note(event["id"], before["calendarId"], event["calendarId"], name=event.get("firstId", ""))
            self._tell(Change(kind, self._owner, f"events/{event['id']}", "event", event.get("changeKey", "")))

    def _enter(self, event: Json) -> None:
        self._indexed += 1
        if event.get("transactionId"):
            self._by_transaction[event["transactionId"]] = event["id"]
        if "firstId" in event:
            self._by_first_id[event["firstId"]] = event["id"]
        if _is_meeting(event):
            self._by_uid[event["uid"]] = (*self._by_uid.get(event["uid"], ()), event["id"])
        if event.get("recurrence") is None:
            self._place((event["id"], None), events.span(event))
            return
        rule = Rule(event["recurrence"])
        if rule.first is not None:
            start, end = (events.wall_time(event[name]) for name in ("start", "end"))
            self._series[event["id"]] = Series(event, rule, rule.first, rule.last, end - start + WIDEST_OFFSET)
        for day in event["exceptions"]:
            self._place((event["id"], day), events.span(event, day))
        self._moved[event["id"]] = list(event["exceptions"])

    def _withdraw(self, event_id: str) -> None:
        event = self.events.get(event_id)
        if event is None:
            return
        self._indexed -= 1
        self._series.pop(event_id, None)
        if event.get("transactionId"):
            self._by_transaction.pop(event["transactionId"], None)
        self._by_first_id.pop(event.get("firstId", ""), None)
        others = tuple(other for other in self._by_uid.pop(event["uid"], ()) if other != event_id)
        if others:
            self._by_uid[event["uid"]] = others
        for key in [(event_id, None), *((event_id, day) for day in self._moved.pop(event_id, ()))]:
            self._leave(key)

    def _place(self, key: Key, span: tuple[int, int]) -> None:
        self._spans[key] = span
        days = range(span[0] // DAY_SECONDS, max(span[0], span[1] - 1) // DAY_SECONDS + 1)
        if len(days) > LONG_DAYS:
            self._long[key] = None
            return
        for day in days:
            self._by_day.setdefault(day, {})[key] = None

    def _leave(self, key: Key) -> None:
        span = self._spans.pop(key, None)
        if span is None:
            return
        if key in self._long:
            del self._long[key]
            return
        for day in range(span[0] // DAY_SECONDS, max(span[0], span[1] - 1) // DAY_SECONDS + 1):
            del self._by_day[day][key]

    def _standing(self, start: int, end: int) -> Iterator[Slot]:
        """Single events and exceptions: all whose time does not follow from a rule."""
        days = range(start // DAY_SECONDS, (end - 1) // DAY_SECONDS + 1)
        near = dict(self._long)
        for day in days if len(days) < len(self._by_day) else [day for day in self._by_day if day in days]:
            near |= self._by_day.get(day, {})
        spans, kept = self._spans, self.events
        for key in near:
            begins, ends = spans[key]
            if _touches(begins, ends, start, end):
                yield Slot(begins, ends, kept[key[0]], key[1])

    def _occurring(self, start: int, end: int, some: Iterable[Series]) -> Iterator[Slot]:
        """Occurrences that follow their rule."""
        first, last = (zones.wall(moment, "UTC").date() for moment in (start, end))
        for series in some:
            event = series.event
            begin = first - series.span if first - date.min > series.span else date.min
            if last + WIDEST_OFFSET < series.first_day or (series.last_day is not None and series.last_day < begin):
                continue
            for day in series.rule.between(begin, last + WIDEST_OFFSET):
                original = day.isoformat()
                if original in event["exceptions"] or original in event["cancelled"]:
                    continue
                span = events.span(event, original)
                if _touches(*span, start, end):
                    yield Slot(*span, event, original)


def _is_meeting(event: Json) -> bool:
    """Whether others take part: the organizer's event with attendees (of all of it, or of some days), or somebody's copy."""
    return (
        bool(event.get("attendees"))
        or not event.get("isOrganizer", True)
        or any("attendees" in e for e in event.get("exceptions", {}).values())
    )


class Slots(Sequence[Slot]):
    """Stored events at their places in time, each found when it is looked at: a page of a large mailbox costs what the page holds."""

    def __init__(self, box: Mailbox, kept: Sequence[Json]) -> None:
        self._box, self._kept = box, kept

    def __len__(self) -> int:
        return len(self._kept)

    @overload
    def __getitem__(self, at: int) -> Slot: ...

    @overload
    def __getitem__(self, at: slice) -> list[Slot]: ...

    def __getitem__(self, at: int | slice) -> Slot | list[Slot]:
        return [self._box.slot(event) for event in self._kept[at]] if isinstance(at, slice) else self._box.slot(self._kept[at])

    def __iter__(self) -> Iterator[Slot]:
        return map(self._box.slot, self._kept)


def _touches(start: int, end: int, window_start: int, window_end: int) -> bool:
    return start < window_end and (end > window_start or start == end == window_start)


def first_group(group_id: str) -> dict[str, Json]:
    """The calendar groups of a new mailbox: only the one that all have (api/user-list-calendargroups)."""
    key = identity.change_key(group_id)
    return {group_id: {"id": group_id, "name": "My Calendars", "classId": FIRST_GROUP_CLASS, "changeKey": key}}


_OPEN: WeakKeyDictionary[Tenant, dict[str, Mailbox]] = WeakKeyDictionary()


def open_mailbox(tenant: Tenant, owner_id: str) -> Mailbox:
    """The mailbox of a user or group; Fault 404 `MailboxNotEnabledForRESTAPI` for one who has none."""
    state = tenant.state.mailboxes.get(owner_id)
    if state is None:
        raise Fault(404, "MailboxNotEnabledForRESTAPI", "The mailbox is either inactive, soft-deleted, or is hosted on-premise.")
    known = _OPEN.setdefault(tenant, {})
    if owner_id not in known or not known[owner_id].is_current(state):
        kind = "groups" if owner_id in tenant.state.groups else "users"
        known[owner_id] = Mailbox(state, f"{kind}/{owner_id}", tenant.happened.append)
    return known[owner_id]
