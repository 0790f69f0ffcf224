"""Calendar events, in Graph's words, and the rules that need no service: what lies in a window, in which order, once each.

Source of the words: https://learn.microsoft.com/graph/api/resources/event. Values of Graph's enumerations stay text as the service wrote
it, so that a member added tomorrow (`unknownFutureValue`) harms nobody.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta, tzinfo

from ..errors import UsageError
from ..value import Value

# Graph takes at most 500 attendees for an event: https://learn.microsoft.com/graph/api/resources/event (attendees).
_ATTENDEES_MAX = 500


class Person(Value):
    """Somebody as a calendar names them; either part may be empty."""

    name: str = ""
    address: str = ""


class Attendee(Value):
    """Somebody invited. `type` is required, optional or resource; `response` is as in `Event`."""

    person: Person
    type: str = "required"
    response: str = "none"


class User(Value):
    """An account of the directory: https://learn.microsoft.com/graph/api/resources/user."""

    id: str
    display_name: str = ""
    mail: str = ""
    user_principal_name: str = ""
    given_name: str = ""
    surname: str = ""
    job_title: str = ""
    office_location: str = ""
    preferred_language: str = ""


class Event(Value):
    """One event as the service stated it; what it did not state is empty, or None.

    `start` and `end` are aware datetimes, or for an all-day event dates with `end` the day after the last; anything else is a ValueError.
    `response` is the signed-in user's own answer: none, organizer, tentativelyAccepted, accepted, declined or notResponded.
    """

    id: str
    subject: str
    start: datetime | date
    end: datetime | date
    location: str = ""
    organizer: Person | None = None
    attendees: tuple[Attendee, ...] = ()
    show_as: str = "busy"
    sensitivity: str = "normal"
    importance: str = "normal"
    type: str = "singleInstance"
    series_master_id: str = ""
    is_cancelled: bool = False
    is_organizer: bool = False
    response: str = "none"
    is_online_meeting: bool = False
    join_url: str = ""
    body_preview: str = ""
    body: str = ""
    body_content_type: str = "text"
    web_link: str = ""
    ical_uid: str = ""
    change_key: str = ""
    transaction_id: str = ""
    categories: tuple[str, ...] = ()
    has_attachments: bool = False
    is_reminder_on: bool = False
    reminder_minutes_before_start: int | None = None
    original_start_time_zone: str = ""
    created_at: datetime | None = None
    last_modified_at: datetime | None = None

    def __post_init__(self) -> None:
        _check_span(self.start, self.end)

    @property
    def is_all_day(self) -> bool:
        """Whether the event lasts whole days and so has dates, no times."""
        return not isinstance(self.start, datetime)

    @property
    def duration(self) -> timedelta:
        """How long it takes, in real time for a timed event (clocks may change meanwhile), in days for an all-day one."""
        return _instant(self.end) - _instant(self.start)


class NewEvent(Value):
    """What creating an event needs; UsageError when it makes no sense.

    `time_zone` is the zone to state for a timed event (`start` and `end` are instants all the same). `transaction_id` lets a creation be
    repeated after a lost answer without making the event twice.
    """

    subject: str
    start: datetime | date
    end: datetime | date
    time_zone: str = "UTC"
    location: str = ""
    body: str = ""
    body_content_type: str = "text"
    attendees: tuple[Attendee, ...] = ()
    transaction_id: str = ""

    def __post_init__(self) -> None:
        try:
            _check_span(self.start, self.end)
        except ValueError as error:
            raise UsageError(str(error)) from error
        if _instant(self.end) <= _instant(self.start):
            raise UsageError(f"the event would end at {_said(self.end)}; the end must come after the start, {_said(self.start)}")
        if not self.subject.strip():
            raise UsageError("the event needs a title")
        for what, text in (("title", self.subject), ("location", self.location)):
            if not _is_one_line(text):
                raise UsageError(f"the {what} must be one line without control characters")
        if any("\ud800" <= mark <= "\udfff" for mark in self.body):
            raise UsageError("the body holds bytes that are no text; is it UTF-8?")
        if len(self.attendees) > _ATTENDEES_MAX:
            raise UsageError(f"an event takes at most {_ATTENDEES_MAX} attendees, not {len(self.attendees)}")
        for attendee in self.attendees:
            check_address(attendee.person.address)

    @property
    def is_all_day(self) -> bool:
        """Whether the event lasts whole days and so has dates, no times."""
        return not isinstance(self.start, datetime)


def check_address(address: str) -> None:
    """UsageError unless the text can be one person's mail address: one `@` between two names, no space, control or list character."""
    name, _, domain = address.partition("@")
    if not name or not domain or "@" in domain or not address.isprintable() or any(mark in address for mark in " ,;<>"):
        raise UsageError(f"{address[:60]!r} is not an email address", ("name@contoso.example",))


def overlaps(event: Event, start: datetime, end: datetime, zone: tzinfo) -> bool:
    """Whether any of an event lies in the window from `start` up to, not including, `end` (aware, `end` the later).

    A timed event is compared by instant, and one without length counts where it starts. An all-day event belongs to its dates wherever it
    is looked at, so it is compared with the days that the window touches in the viewer's `zone`.
    """
    begins, finishes = _instant(event.start), _instant(event.end)
    low, high = _instant(start), _instant(end)
    if event.is_all_day:
        last_moment = high - timedelta.resolution
        low = _instant(start.astimezone(zone).date())
        high = _instant(last_moment.astimezone(zone).date()) + timedelta(days=1)
    return begins < high and (begins >= low or finishes > low)


def in_order(events: Iterable[Event], zone: tzinfo) -> list[Event]:
    """The events by the viewer's day, all-day ones first within it, then by start; equals stay as they were."""

    def place(event: Event) -> tuple[date, bool, datetime]:
        start = event.start.astimezone(zone) if isinstance(event.start, datetime) else event.start
        return (start.date() if isinstance(start, datetime) else start, not event.is_all_day, _instant(start))

    return sorted(events, key=place)


def distinct(events: Iterable[Event]) -> list[Event]:
    """The events, each id once, the first seen of each: pages of a listing may overlap by an item."""
    seen: dict[str, Event] = {}
    for event in events:
        seen.setdefault(event.id, event)
    return list(seen.values())


def _check_span(start: datetime | date, end: datetime | date) -> None:
    """ValueError unless start and end are two dates or two aware datetimes."""
    if isinstance(start, datetime) != isinstance(end, datetime):
        raise ValueError("start and end must both be dates (all day) or both be times")
    for moment in (start, end):
        if isinstance(moment, datetime) and moment.utcoffset() is None:
            raise ValueError(f"{moment} names no moment without a time zone")


def _instant(moment: datetime | date) -> datetime:
    """A moment in UTC, where subtracting and comparing mean real time; a day, to be compared with days only, is its midnight there."""
    return moment.astimezone(UTC) if isinstance(moment, datetime) else datetime(moment.year, moment.month, moment.day, tzinfo=UTC)


def _said(moment: datetime | date) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if isinstance(moment, datetime) else moment.isoformat()


def _is_one_line(text: str) -> bool:
    """Whether a text has no control character, no line break and no half of a surrogate pair."""
    return not any(mark < " " or "\x7f" <= mark <= "\x9f" or mark in "\u2028\u2029" or "\ud800" <= mark <= "\udfff" for mark in text)
