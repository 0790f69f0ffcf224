"""Dates, times and lengths as people type them; what has two meanings is refused, never guessed.

    a day      2026-11-23  2026-W48-1  23 nov  nov 23 2026  23 November 2026
               today  tomorrow  yesterday  fri  next fri  +3d  -1w  eod  eow  eom
    a time     14:30  9am  9:15pm  noon  midnight  24:00
    a moment   a day and a time (2026-11-23T14:30, tomorrow 14:30, fri 9am); a time alone is today's; now  +2h  -30m
    a length   30m  1h  1h30  1h30m  1:30  2d  PT1H30M

The rules where people differ: a weekday, and a date without a year, is the coming one, today included; `next fri` is the first Friday after
today. Weeks end on Sunday (ISO 8601); `eod`, `eow` and `eom` name the day that today, the week or the month ends with. `midnight` is
00:00, where the day begins; 24:00 is where it ends. `+3d` is a day, `+2h` a moment in real time. A date in numbers that is not ISO 8601
is refused with its readings, also where only one is possible, so that no habit is right by luck.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo

from ..errors import AmbiguousTime, UsageError
from ..value import Value
from .text import clean, fit
from .zones import day_start, resolve, settle, zone_name

_EXAMPLES = ("2026-11-23", "2026-11-23 14:30", "tomorrow 9am", "fri", "23 nov", "+3d")
_LENGTHS = ("30m", "1h30m", "2d")
_WEEKDAYS = tuple("monday tuesday wednesday thursday friday saturday sunday".split())
_MONTHS = tuple("january february march april may june july august september october november december".split())

_ISO_DATE = r"(\d{4})-(\d{1,2})-(\d{1,2})"
_ISO_WEEK = r"(\d{4})-?w(\d{2})-?(\d)"
_OTHER_DATE = r"(\d{1,4})[./-](\d{1,2})(?:[./-](\d{1,4}))?\.?"
_CLOCK = r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(z|[+-](?:[01]\d|2[0-3]):?[0-5]\d)?"
_HALF_DAY_CLOCK = r"(\d{1,2})(?::(\d{2}))?(am|pm)"

_LONGEST_TEXT = 100
_LONGEST_DAYS = 3660  # ten years
_LONGEST_WINDOW_DAYS = 1825  # Graph refuses a longer calendarView (ErrorInvalidRequest, observed)
_USUAL_DAYS = 7


class Window(Value):
    """A stretch of time, `start` included and `end` not; both aware, in the viewer's zone."""

    start: datetime
    end: datetime


def parse_day(text: str, now: datetime) -> date:
    """The day that a text names, seen from `now` (aware, in the viewer's zone).

    Raises AmbiguousTime, with the readings, for a date with more than one, and UsageError for anything else than a day.
    """
    day, clock = _split(text, now.date())
    if clock or day is None:
        raise UsageError(f"{_shown(text)} names a time; a day alone is needed here", _EXAMPLES[:1])
    return day


def parse_moment(text: str, now: datetime, zone: tzinfo, *, fold: int | None = None, offset_must_match: bool = False) -> datetime | date:
    """The moment that a text names, in `zone`; where it names no time, the day.

    `now` (aware) is what `today` and `+2h` count from. A time that exists twice is the first one, with `fold=1` the second. With
    `offset_must_match` an offset in the text must be the zone's own at that time; without, it just says which instant is meant.
    Raises AmbiguousTime, with the readings, for a date with more than one and for a time that the clocks skip; UsageError for nonsense.
    """
    here = now.astimezone(zone)
    word = text.strip().casefold()
    if word == "now":
        return here
    if re.fullmatch(r"[+-]\S*[hm]\S*", word):
        length = parse_duration(word[1:])
        return (now.astimezone(UTC) + (length if word[0] == "+" else -length)).astimezone(zone)
    day, clock = _split(text, here.date())
    if not clock:
        return day or here.date()
    since_midnight, offset = _clock(clock, text)
    wall = datetime.combine(day or here.date(), time.min) + since_midnight
    if offset is None:
        return resolve(wall, zone, fold=fold)
    if not re.match(r"\d{4}-", word):
        raise UsageError(f"{_shown(text)} has an offset from UTC, so it needs a full date", ("2026-11-23T14:30+01:00",))
    moment = wall.replace(tzinfo=offset).astimezone(zone)
    if offset_must_match and moment.utcoffset() != offset.utcoffset(None):
        raise UsageError(f"the offset in {_shown(text)} is not that of {zone_name(zone)} at that time", (f"{moment:%Y-%m-%dT%H:%M}",))
    return moment


def parse_end(
    text: str, start: datetime, now: datetime, zone: tzinfo, *, fold: int | None = None, offset_must_match: bool = False
) -> datetime | date:
    """The end of what begins at `start`: a time alone is that day's and `+2h` counts from it; all else is read as by `parse_moment`."""
    word = text.strip().casefold()
    near = word[:1] in ("+", "-") or _is_clock(word)
    return parse_moment(text, start if near else now, zone, fold=fold, offset_must_match=offset_must_match)


def parse_duration(text: str) -> timedelta:
    """The length that a text names: more than nothing, at most ten years; UsageError otherwise. A day is 24 hours."""
    word = re.sub(r"\s+", "", text).casefold()
    if len(text) > _LONGEST_TEXT or (parts := _length_parts(word)) is None:
        meant = (f"{word}m", f"{word}h") if _match(r"[1-9]\d{0,2}", word) else _LENGTHS
        raise UsageError(f"cannot read {_shown(text)} as a length of time", meant)
    weeks, days, hours, minutes, seconds = parts
    length = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    if not length or word.startswith("-"):
        raise UsageError(f"{_shown(text)} is no length of time: it must be more than nothing", _LENGTHS)
    if length > timedelta(days=_LONGEST_DAYS):
        raise UsageError(f"{_shown(text)} is longer than ten years", _LENGTHS)
    return length


def parse_window(from_text: str | None, to_text: str | None, days: int | None, now: datetime, zone: tzinfo) -> Window:
    """The window that a listing is asked for.

    A day as FROM is meant from its first moment, a day as TO up to its last. `days` counts whole days of the viewer beginning with that of
    FROM; without FROM that is the whole of today. Without TO and `days` the window ends seven days on, at the same time by the clock;
    without anything it begins now. UsageError when it would be empty or is asked for twice.
    """
    if to_text is not None and days is not None:
        raise UsageError("give the end of the window or its number of days, not both")
    if days is not None and not 1 <= days <= _LONGEST_WINDOW_DAYS:
        raise UsageError(f"the number of days must be between 1 and {_LONGEST_WINDOW_DAYS}, not {days}")
    wall, start = _window_start(from_text, days, now, zone)
    end = _window_end(wall, to_text, days, now, zone)
    if end.astimezone(UTC) <= start.astimezone(UTC):
        raise _empty_window(start, to_text or "")
    return Window(start, end)


def _window_start(from_text: str | None, days: int | None, now: datetime, zone: tzinfo) -> tuple[datetime, datetime]:
    """Where a window begins: the wall time, from which whole days are counted, and the instant."""
    here = now.astimezone(zone)
    first: datetime | date = here if days is None else here.date()
    if from_text is not None:
        first = parse_moment(from_text, now, zone)
    if isinstance(first, datetime):
        return first.replace(tzinfo=None), first
    wall = datetime.combine(first, time.min)
    return wall, settle(wall, zone)


def _empty_window(start: datetime, to_text: str) -> UsageError:
    return UsageError(
        f"the end, {_shown(to_text)}, does not come after the start, {start:%Y-%m-%d %H:%M}"
        " (a day and its time belong in one pair of quotes)"
    )


def _window_end(wall: datetime, to_text: str | None, days: int | None, now: datetime, zone: tzinfo) -> datetime:
    """The end of a window that begins at a wall time."""
    if to_text is not None:
        last = parse_moment(to_text, now, zone)
        return last if isinstance(last, datetime) else day_start(last + timedelta(days=1), zone)
    if days is not None:
        return day_start(wall.date() + timedelta(days=days), zone)
    return settle(wall + timedelta(days=_USUAL_DAYS), zone)


def _split(text: str, today: date) -> tuple[date | None, str]:
    """The day and the word for the time of day; None and "" for what is not there."""
    if len(text) > _LONGEST_TEXT:
        raise _nonsense(text)
    told = re.sub(r"(\d)\s+([ap]m)\b", r"\1\2", text.casefold().replace(",", " "), flags=re.ASCII)
    words = [word for word in re.sub(rf"^(\s*{_ISO_DATE})t(?=\d)", r"\1 ", told, flags=re.ASCII).split() if word != "at"]
    clocks = [word for word in words if _is_clock(word)]
    for word in words:
        _refuse_other_order(word, today, clocks if len(words) == 2 else [])
    if not words or len(clocks) > 1 or (clocks and clocks[0] not in (words[0], words[-1])):
        raise _nonsense(text)
    rest = [word for word in words if word not in clocks]
    return (_day(rest, today, text) if rest else None), "".join(clocks)


def _day(words: list[str], today: date, text: str) -> date:
    """The day that words without a time name."""
    phrase = " ".join(words).replace("next-", "next ")
    if (day := _named_day(phrase, today)) is not None:
        return day
    if iso := _match(_ISO_DATE, phrase):
        return _checked(int(iso[1]), int(iso[2]), int(iso[3]), text)
    if week := _match(_ISO_WEEK, phrase):
        try:
            return _in_reach(date.fromisocalendar(int(week[1]), int(week[2]), int(week[3])), text)
        except ValueError as error:
            raise UsageError(f"{_shown(text)} is no date: {str(error).lower()}", _EXAMPLES[:1]) from error
    if shift := _match(r"([+-]\d{1,5})([dw])", phrase):
        return _in_reach(today + timedelta(days=int(shift[1]) * (7 if shift[2] == "w" else 1)), text)
    nth = r"(\d{1,2})(?:st|nd|rd|th|\.)?"
    if written := _match(rf"(?:{nth} ([a-z]+)|([a-z]+) {nth})(?: (\d{{4}}))?", phrase):
        month = _index(written[2] or written[3], _MONTHS)
        if month is not None:
            return _of_month(int(written[1] or written[4]), month + 1, written[5], today, text)
    raise _nonsense(text)


def _named_day(phrase: str, today: date) -> date | None:
    """The day of a name that counts from today; None for any other words."""
    after_today = phrase.startswith("next ")
    if (weekday := _index(phrase.removeprefix("next "), _WEEKDAYS)) is not None:
        return today + timedelta(days=(weekday - today.weekday()) % 7 or 7 * after_today)
    days = {"today": 0, "tomorrow": 1, "yesterday": -1, "eod": 0, "eow": 6 - today.weekday()}
    if phrase in days:
        return today + timedelta(days=days[phrase])
    return today.replace(day=_days_in(today.year, today.month)) if phrase == "eom" else None


def _of_month(day: int, month: int, year: str | None, today: date, text: str) -> date:
    """A day of a month; without a year the coming one that exists."""
    if year:
        return _checked(int(year), month, day, text)
    for coming in range(today.year, today.year + 9):
        if _exists(coming, month, day) and date(coming, month, day) >= today:
            return date(coming, month, day)
    return _checked(today.year, month, day, text)


def _checked(year: int, month: int, day: int, text: str) -> date:
    """The date of three numbers, or UsageError that says which of them is wrong."""
    if not 1 <= month <= 12:
        raise UsageError(f"{_shown(text)} is no date: there is no month {month}", _EXAMPLES[:1])
    if not 1900 <= year <= 2999:
        raise _too_far(text)
    last = _days_in(year, month)
    if not 1 <= day <= last:
        raise UsageError(f"{_shown(text)} is no date: {_MONTHS[month - 1].title()} {year} has {last} days", (f"{year}-{month:02}-{last}",))
    return date(year, month, day)


def _in_reach(day: date, text: str) -> date:
    if not 1900 <= day.year <= 2999:
        raise _too_far(text)
    return day


def _refuse_other_order(word: str, today: date, clocks: list[str]) -> None:
    """AmbiguousTime for a date in numbers that does not begin with its year; the suggestions are its readings, with the time typed."""
    numbers = _match(_OTHER_DATE, word)
    if not numbers or _match(_ISO_DATE, word):
        return
    readings = [" ".join([day, *clocks]) for day in _readings(numbers, today)]
    if _match(r"([01]?\d|2[0-3])\.[0-5]\d", word):
        readings.append(word.replace(".", ":"))
    if readings:
        meant = (
            f"can mean {' or '.join(readings)}" if len(readings) > 1 else f"is not written as ISO 8601 has it; did you mean {readings[0]}?"
        )
        raise AmbiguousTime(f"{_shown(word)} {meant}", tuple(readings))


def _readings(numbers: re.Match[str], today: date) -> list[str]:
    """The dates that two or three numbers can mean somewhere in the world, year first."""
    a, b, c = int(numbers[1]), int(numbers[2]), int(numbers[3] or 0)
    if len(numbers[1]) == 4:
        orders = [(a, b, c), (a, c, b)]
    elif not numbers[3]:
        orders = [_coming(a, b, today), _coming(b, a, today)]
    elif len(numbers[3]) == 2:
        orders = [(2000 + c, b, a), (2000 + c, a, b), (2000 + a, b, c)]
    else:
        orders = [(c, b, a), (c, a, b)]
    return list(dict.fromkeys(f"{y:04}-{m:02}-{d:02}" for y, m, d in orders if _exists(y, m, d)))


def _coming(day: int, month: int, today: date) -> tuple[int, int, int]:
    """Year, month and day of a day without a year, the year chosen so that it is not yet over."""
    return (today.year + ((month, day) < (today.month, today.day)), month, day)


def _clock(word: str, text: str) -> tuple[timedelta, tzinfo | None]:
    """Time since midnight by the clock, and the offset from UTC where one is given."""
    named = {"noon": 12, "midnight": 0}
    if word in named:
        return timedelta(hours=named[word]), None
    if half := _match(_HALF_DAY_CLOCK, word):
        return _half_day_clock(half, text), None
    parts = _match(_CLOCK, word)
    if parts is None:
        raise _nonsense(text)
    hour, minute, second = int(parts[1]), int(parts[2]), int(parts[3] or 0)
    since_midnight = timedelta(hours=hour, minutes=minute, seconds=second, microseconds=int((parts[4] or "0")[:6].ljust(6, "0")))
    if minute > 59 or second > 59 or since_midnight > timedelta(days=1):
        raise UsageError(f"{_shown(text)} has no valid time of day: it runs from 00:00 to 24:00", ("14:30", "9am"))
    return since_midnight, _offset(parts[5])


def _half_day_clock(half: re.Match[str], text: str) -> timedelta:
    hour, minute = int(half[1]), int(half[2] or 0)
    if not 1 <= hour <= 12 or minute > 59:
        raise UsageError(f"{_shown(text)} has no valid time of day: before am and pm stands 1 to 12", ("9am", "9:15pm", "14:30"))
    return timedelta(hours=hour % 12 + (12 if half[3] == "pm" else 0), minutes=minute)


def _offset(written: str | None) -> tzinfo | None:
    if written in (None, "z"):
        return UTC if written else None
    size = timedelta(hours=int(written[1:3]), minutes=int(written[-2:]))
    return timezone(-size if written[0] == "-" else size)


def _is_clock(word: str) -> bool:
    return word in ("noon", "midnight") or bool(_match(_CLOCK, word) or _match(_HALF_DAY_CLOCK, word))


def _length_parts(word: str) -> tuple[int, ...] | None:
    """Weeks, days, hours, minutes and seconds of a length; None for other words. A sign before it is left to the caller."""
    word = word.removeprefix("-")
    number = r"(\d{1,6})"
    if clock := _match(rf"{number}[h:]([0-5]\d)", word):
        return (0, 0, int(clock[1]), int(clock[2]), 0)
    spoken = rf"(?:{number}w(?:eeks?)?)?(?:{number}d(?:ays?)?)?(?:{number}h(?:rs?|ours?)?)?(?:{number}m(?:in(?:ute)?s?)?)?()"
    iso_8601 = rf"p(?:{number}w)?(?:{number}d)?(?:t(?=\d)(?:{number}h)?(?:{number}m)?(?:{number}s)?)?"
    found = _match(spoken, word) or _match(iso_8601, word)
    return tuple(int(part or 0) for part in found.groups()) if found and any(found.groups()) else None


def _index(word: str, names: tuple[str, ...]) -> int | None:
    """The place of a name given whole or by at least its first three letters."""
    return next((place for place, name in enumerate(names) if len(word) >= 3 and name.startswith(word)), None)


def _exists(year: int, month: int, day: int) -> bool:
    return 1900 <= year <= 2999 and 1 <= month <= 12 and 1 <= day <= _days_in(year, month)


def _days_in(year: int, month: int) -> int:
    return (date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)).day


def _match(pattern: str, word: str) -> re.Match[str] | None:
    return re.fullmatch(pattern, word, re.ASCII)


def _shown(text: str) -> str:
    """What was typed, harmless and short, for an error's words."""
    return f"'{fit(clean(text.strip()), 40)}'"


def _too_far(text: str) -> UsageError:
    return UsageError(f"{_shown(text)} is out of reach: the year must lie between 1900 and 2999", _EXAMPLES[:1])


def _nonsense(text: str) -> UsageError:
    return UsageError(f"cannot read {_shown(text)} as a date or time", _EXAMPLES)
