"""Somebody's mailbox as another person sees it: the calendars they share, without what their role hides.

`SharedMailbox` stands before the real one and answers the same questions. What is hidden is hidden here, before anything is
filtered, ordered or shown, so that no query tells more than a list would; what may not be changed is refused here.

A calendar that somebody added to their own list has ids of that list's own, which do not mix with the owner's
(concepts/outlook-get-shared-events-calendars): each id is the owner's with its letters' case turned around.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

from ..changes import ChangeLog
from ..routes import access_denied, not_found
from . import events, identity
from .mailbox import Mailbox, Slot
from .sharing import PRIVATE, Role

Json = dict[str, Any]

PRIVATE_SUBJECT = "Private Appointment"
TIMES = (
    *("id", "calendarId", "uid", "firstId", "createdDateTime", "lastModifiedDateTime", "changeKey", "type", "version", "start", "end"),
    *("isAllDay", "showAs", "sensitivity", "recurrence", "cancelled", "isCancelled", "originalStartTimeZone", "originalEndTimeZone"),
)
TITLES = (*TIMES, "subject", "location", "locations")


@dataclass(frozen=True)
class Guest:
    """What somebody may do in a calendar: by their role, and whether their token may write at all; `id` is the calendar's for them."""

    id: str
    role: Role
    token_writes: bool
    name: Json | None = None

    @property
    def writes(self) -> bool:
        """Whether they may change events."""
        return self.role.writes and self.token_writes


class SharedMailbox(Mailbox):
    """A mailbox as a guest sees it. `guests` says, by the owner's calendar ids, which calendars they see and as what.

    `own_ids` is for a calendar in the guest's own list; `shows_private` for the quirk that shows private events to everybody.
    """

    def __init__(self, real: Mailbox, guests: Mapping[str, Guest], *, own_ids: bool = False, shows_private: bool = False) -> None:
        self.__dict__.update(real.__dict__)  # one index, two views of it
        self._real, self._guests, self._own_ids, self._shows_private = real, guests, own_ids, shows_private
        self._by_shown = {guest.id: real_id for real_id, guest in guests.items()}
        self.log = _SharedLog(real.log.state, self) if own_ids else real.log

    def turned(self, event_id: str) -> str:
        """The guest's id for an owner's event, and the owner's for a guest's."""
        if not self._own_ids:
            return event_id
        start = identity.PLAIN if event_id.startswith(identity.PLAIN) else ""
        return start + event_id[len(start) :].swapcase()

    def real_calendar(self, shown_id: str) -> str:
        """The owner's id of a calendar."""
        return self._by_shown.get(shown_id, shown_id)

    @property
    def events(self) -> MutableMapping[str, Json]:  # pyright: ignore[reportIncompatibleMethodOverride]
        """The events that the guest sees, by id; to be changed by `put` and `remove` alone."""
        return _Seen(self)

    @property
    def calendars(self) -> dict[str, Json]:
        """The calendars that the guest sees, by id."""
        return _Unchangeable({guest.id: self._calendar(real_id, guest) for real_id, guest in self._guests.items()})

    @property
    def groups(self) -> dict[str, Json]:
        """The owner's calendar groups that hold a calendar which the guest sees, not to be changed."""
        holding = {group_id: {calendar["id"] for calendar in self._real.in_group(group_id)} for group_id in self._real.groups}
        return _Unchangeable({group_id: self._real.groups[group_id] for group_id, ids in holding.items() if ids & self._guests.keys()})

    def _calendar(self, real_id: str, guest: Guest) -> Json:
        real = self._real.calendar(real_id)
        rights = {"canEdit": guest.writes, "canShare": False, "canViewPrivateItems": guest.role.private}
        return {**real, **(guest.name or {}), "id": guest.id, **rights}

    def shown(self, event: Json) -> Json:
        """An event as the guest sees it; Fault 404 for one in a calendar that they do not."""
        guest = self._guests.get(event["calendarId"])
        if guest is None:
            raise not_found()
        kept = event
        if not guest.role.details:
            kept = _only(event, TIMES if _is_private(event) else TITLES)
        elif self._hides(event, guest):
            kept = _only(event, TIMES)
        return {**kept, "id": self.turned(event["id"]), "calendarId": guest.id} if self._own_ids else kept

    def _hides(self, event: Json, guest: Guest) -> bool:
        return _is_private(event) and not guest.role.private and not self._shows_private

    def _slot(self, slot: Slot) -> Slot:
        return slot._replace(event=self.shown(slot.event))

    def sees(self, event: Json) -> bool:
        """Whether an event is in a calendar that the guest sees."""
        return event["calendarId"] in self._guests

    def real_event(self, event: Json) -> Json:
        """The owner's event behind one that was shown."""
        return self._real.events[self.turned(event["id"])]

    def real_events(self) -> Mapping[str, Json]:
        """All events of the owner, seen or not."""
        return self._real.events

    # --- the questions of a mailbox

    def find(self, event_id: str) -> tuple[Json, str | None]:
        """The event of an id as the guest sees it, and for an occurrence its original day; Fault 404 for what they do not see."""
        real_id, day = event_id, None
        if self._own_ids:
            masters, day = events.parse_occurrence_id(identity.plain(event_id))
            real_id = events.occurrence_id(self.turned(masters[0]), day) if masters else self.turned(identity.plain(event_id))
        event, day = self._real.find(real_id)
        return self.shown(event), day

    def slot(self, event: Json, day: str | None = None) -> Slot:
        """A shown event (or the occurrence of a day) at its place in time."""
        return self._real.slot(self.real_event(event), day)._replace(event=event)

    def with_transaction(self, transaction_id: str) -> Json | None:
        """The event that was created with this transaction id, if the guest sees it."""
        event = self._real.with_transaction(transaction_id)
        return self.shown(event) if event and self.sees(event) else None

    def neighbours(self, event: Json, day: str) -> tuple[str | None, str | None]:
        """The original days of the occurrences before and after one of a series."""
        return self._real.neighbours(self.real_event(event), day)

    def next_day(self, event: Json, now: float) -> str | None:
        """The original day of the first occurrence of a series that is not over."""
        return self._real.next_day(self.real_event(event), now)

    def is_last(self, event: Json, day: str) -> bool:
        """Whether a series has no other occurrence left than that of this original day."""
        return self._real.is_last(self.real_event(event), day)

    def window(self, start: int, end: int, calendar_id: str | None = None) -> list[Slot]:
        """What touches [start, end) of what the guest sees, in order of time."""
        real_id = None if calendar_id is None else self.real_calendar(calendar_id)
        return [self._slot(slot) for slot in self._real.window(start, end, real_id) if self.sees(slot.event)]

    def instances(self, event: Json, start: int, end: int) -> list[Slot]:
        """The occurrences and exceptions of one series that touch [start, end), in order of time."""
        return [self._slot(slot) for slot in self._real.instances(self.real_event(event), start, end)]

    def to_write(self, event: Json) -> tuple[Mailbox, Json]:
        """The owner's mailbox and event behind one that was shown, whole; Fault 403 where the guest may not change or see it."""
        real = self.real_event(event)
        guest = self._guests.get(real["calendarId"])
        if guest is None or not guest.writes or self._hides(real, guest):
            raise access_denied()
        return self._real, real

    def concerns(self, event_id: str, calendar_id: str | None) -> bool:
        """Whether a changed event is or was in a calendar, or for None in any that the guest sees."""
        places = [guest.id for guest in self._guests.values()] if calendar_id is None else [calendar_id]
        return any(self.log.was_in(event_id, place) for place in places)

    def put(self, event: Json) -> None:
        """Keep a new or changed event in the owner's mailbox; Fault 403 where the guest may not."""
        real_id = self.turned(event["id"])
        before = self._real.events.get(real_id)
        calendar_id = self.real_calendar(event["calendarId"])
        guest = self._guests.get(calendar_id)
        if guest is None or not guest.writes or (before is not None and self._hides(before, guest)):
            raise access_denied()
        self._real.put({**event, "id": real_id, "calendarId": calendar_id})

    def remove(self, event_id: str) -> None:
        """Delete an event of the owner's; Fault 403 where the guest may not."""
        event = self._real.events.get(self.turned(event_id))
        guest = self._guests.get(event["calendarId"]) if event else None
        if event is None or guest is None or not guest.writes or self._hides(event, guest):
            raise access_denied()
        self._real.remove(event["id"])


class _SharedLog(ChangeLog):
    """The changes of a mailbox under the guest's ids."""

    def __init__(self, state: Json, box: SharedMailbox) -> None:
        super().__init__(state)
        self._box = box

    def number(self, item_id: str) -> int:
        return super().number(self._box.turned(item_id))

    def name_of(self, item_id: str) -> str:
        return self._box.turned(super().name_of(self._box.turned(item_id)))

    def was_in(self, item_id: str, place: str) -> bool:
        return super().was_in(self._box.turned(item_id), self._box.real_calendar(place))

    def since(self, number: int) -> list[str] | None:
        found = super().since(number)
        return found and [self._box.turned(item_id) for item_id in found]


class _Seen(MutableMapping[str, Json]):
    """The events that a guest sees, each made when it is looked at."""

    def __init__(self, box: SharedMailbox) -> None:
        self._box = box

    def __getitem__(self, event_id: str) -> Json:
        event = self._box.real_events()[self._box.turned(event_id)]
        if not self._box.sees(event):
            raise KeyError(event_id)
        return self._box.shown(event)

    def __iter__(self) -> Iterator[str]:
        return (self._box.turned(event["id"]) for event in self._box.real_events().values() if self._box.sees(event))

    def __len__(self) -> int:
        return sum(self._box.sees(event) for event in self._box.real_events().values())

    def __setitem__(self, event_id: str, event: Json) -> None:
        raise access_denied()

    def __delitem__(self, event_id: str) -> None:
        raise access_denied()


class _Unchangeable(dict[str, Json]):
    """Calendars of somebody else, whom alone their list belongs to."""

    def __setitem__(self, name: str, value: Json) -> None:
        raise access_denied()

    def __delitem__(self, name: str) -> None:
        raise access_denied()


def _is_private(event: Mapping[str, Any]) -> bool:
    return event.get("sensitivity") in PRIVATE or any(
        exception.get("sensitivity") in PRIVATE for exception in event.get("exceptions", {}).values()
    )


def _only(event: Json, names: tuple[str, ...]) -> Json:
    """An event with nothing but these members."""
    kept: Json = {name: event[name] for name in names if name in event}
    if "exceptions" in event:
        kept["exceptions"] = {
            day: {name: value for name, value in one.items() if name in names} for day, one in event["exceptions"].items()
        }
    if "subject" not in names:
        kept["subject"] = PRIVATE_SUBJECT
    return {**kept, "organizer": event["organizer"], "isReminderOn": False, "isOrganizer": event.get("isOrganizer", True)}
