"""What an iCalendar event says besides when it is, in Graph's words; and what of it Graph has no words for.

Sources: RFC 5545; what Outlook itself writes into its files, [MS-OXCICAL] (X-MICROSOFT-CDO-BUSYSTATUS and its neighbours); Graph's page
resources/event.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from . import reading
from .reading import Part

Json = dict[str, Any]

# Read here or in `importing`; or of no interest to anybody once the event is in the mailbox.
UNDERSTOOD = frozenset(
    "ATTENDEE CATEGORIES CLASS CREATED DESCRIPTION DTEND DTSTAMP DTSTART DURATION EXDATE GEO LAST-MODIFIED LOCATION ORGANIZER PRIORITY "
    "RDATE RECURRENCE-ID RRULE SEQUENCE STATUS SUMMARY TRANSP UID X-ALT-DESC X-MICROSOFT-CDO-ALLDAYEVENT X-MICROSOFT-CDO-APPT-SEQUENCE "
    "X-MICROSOFT-CDO-BUSYSTATUS X-MICROSOFT-CDO-IMPORTANCE X-MICROSOFT-CDO-INSTTYPE X-MICROSOFT-CDO-INTENDEDSTATUS "
    "X-MICROSOFT-DISALLOW-COUNTER".split()
)
SENSITIVITY = {"PUBLIC": "normal", "PRIVATE": "private", "CONFIDENTIAL": "confidential"}
BUSY = {"FREE": "free", "TENTATIVE": "tentative", "BUSY": "busy", "OOF": "oof", "WORKINGELSEWHERE": "workingElsewhere"}
ANSWERS = {"ACCEPTED": "accepted", "DECLINED": "declined", "TENTATIVE": "tentativelyAccepted", "NEEDS-ACTION": "notResponded"}
KINDS = {"REQ-PARTICIPANT": "required", "CHAIR": "required", "OPT-PARTICIPANT": "optional", "NON-PARTICIPANT": "optional"}
# What an event is that says nothing of it; a changed occurrence is told as a whole, and takes over nothing from its series.
SILENT: Mapping[str, Any] = {
    "body": {"contentType": "text", "content": ""},
    "location": {"displayName": ""},
    "showAs": "busy",
    "responseRequested": True,
    "isReminderOn": False,
}
FARTHEST_MINUTES = 40320 * 13  # a year of weeks before; beyond that a reminder is a mistake


@dataclass
class Words:
    """An event in Graph's words (`given`, as a client would send it), the answers of its attendees by address, and remarks."""

    given: Json
    answers: dict[str, str]
    notes: list[str]


def translated(part: Part) -> Words:
    """Everything but the times."""
    words = Words(dict(SILENT), {}, [])
    for read in (_text, _place, _kind, _people, _reminder, _rest):
        read(part, words)
    return words


def _text(part: Part, words: Words) -> None:
    words.given["subject"] = reading.text(part, "SUMMARY")
    rich, plain = reading.text(part, "X-ALT-DESC"), reading.text(part, "DESCRIPTION")
    if rich and "html" in reading.parameter(part, "X-ALT-DESC", "FMTTYPE").lower():
        words.given["body"] = {"contentType": "html", "content": rich}
    elif plain or rich:
        words.given["body"] = {"contentType": "text", "content": plain or rich}
    named = [str(name) for value in reading.values(part, "CATEGORIES") for name in getattr(value, "cats", ())]
    words.given["categories"] = list(dict.fromkeys(named))


def _place(part: Part, words: Words) -> None:
    name, position = reading.text(part, "LOCATION"), reading.values(part, "GEO")
    place: Json = {"displayName": name}
    if name:
        words.given["location"] = place
    if position and hasattr(position[0], "latitude"):
        if name:
            place["coordinates"] = {"latitude": position[0].latitude, "longitude": position[0].longitude}
        else:
            words.notes.append("its position has no place to stand with: Graph holds it only beside a location's name")


def _kind(part: Part, words: Words) -> None:
    status, shown = reading.text(part, "STATUS").upper(), reading.text(part, "X-MICROSOFT-CDO-BUSYSTATUS").upper()
    if shown in BUSY:
        words.given["showAs"] = BUSY[shown]
    elif reading.text(part, "TRANSP").upper() == "TRANSPARENT" or status == "CANCELLED":
        words.given["showAs"] = "free"
    elif status == "TENTATIVE":
        words.given["showAs"] = "tentative"
    secrecy = reading.text(part, "CLASS").upper() or "PUBLIC"
    words.given["sensitivity"] = SENSITIVITY.get(secrecy, "private")  # RFC 5545, section 3.8.1.3: an unknown one is treated as private
    if secrecy not in SENSITIVITY:
        words.notes.append(f"its class {secrecy} is kept as private")
    words.given["importance"] = _importance(part)


def _importance(part: Part) -> str:
    microsoft = {"0": "low", "1": "normal", "2": "high"}.get(reading.text(part, "X-MICROSOFT-CDO-IMPORTANCE"))
    number = reading.text(part, "PRIORITY")
    priority = int(number) if number.isdecimal() and number.isascii() else 0
    return microsoft or ("high" if 1 <= priority <= 4 else "low" if 6 <= priority <= 9 else "normal")


# --- people ----------------------------------------------------------------------------------------------------


def address(value: Any) -> str:
    """The mail address of a calendar user, "" where it is none."""
    text = re.sub(r"^mailto:", "", str(value).strip(), flags=re.IGNORECASE)
    return text if re.fullmatch(r"[^@\s<>]+@[^@\s<>]+", text) else ""


def organizer(part: Part) -> Json | None:
    """The organizer as Graph names one; None where there is none with an address."""
    found = reading.values(part, "ORGANIZER")
    if not found or not address(found[0]):
        return None
    return {"name": reading.parameter(part, "ORGANIZER", "CN") or address(found[0]), "address": address(found[0])}


def _people(part: Part, words: Words) -> None:
    owner = organizer(part)
    if reading.values(part, "ORGANIZER") and owner is None:
        words.notes.append("its organizer has no mail address and is not kept")
    guests, nameless, asked = list[Json](), 0, False
    for value in reading.values(part, "ATTENDEE"):
        whom = address(value)
        if not whom:
            nameless += 1
        elif not owner or whom.lower() != owner["address"].lower():
            guests.append(_guest(value, whom))
            words.answers[whom.lower()] = ANSWERS.get(_parameter(value, "PARTSTAT") or "NEEDS-ACTION", "notResponded")
            asked = asked or _parameter(value, "RSVP") == "TRUE"
    if nameless:
        words.notes.append(f"{nameless} of those who are asked have no mail address and are not kept")
    words.given["attendees"] = guests
    if guests and not asked:
        words.given["responseRequested"] = False


def _guest(value: Any, whom: str) -> Json:
    role, kind = _parameter(value, "ROLE"), _parameter(value, "CUTYPE")
    shown = "resource" if kind in ("ROOM", "RESOURCE") else KINDS.get(role, "required")
    return {"type": shown, "emailAddress": {"address": whom, "name": str(value.params.get("CN") or whom)}}


def _parameter(value: Any, name: str) -> str:
    return str(getattr(value, "params", {}).get(name, "")).upper()


# --- reminders, and the rest -----------------------------------------------------------------------------------


def _reminder(part: Part, words: Words) -> None:
    """The first alarm that can be a reminder; Graph holds one, so many minutes before the start."""
    alarms = [alarm for alarm in part.subcomponents if alarm.name == "VALARM"]
    minutes = [_minutes_before(alarm, part) for alarm in alarms]
    held = [found for found in minutes if found is not None]
    words.given["isReminderOn"] = bool(held)
    if held:
        words.given["reminderMinutesBeforeStart"] = held[0]
    lost = len(alarms) - min(1, len(held))
    if lost:
        words.notes.append(f"{lost} of its alarms {'is' if lost == 1 else 'are'} not kept: Graph holds one reminder, before the start")


def _minutes_before(alarm: Part, part: Part) -> int | None:
    before = reading.span(alarm, "TRIGGER")
    at, start = reading.moment(alarm, "TRIGGER"), reading.moment(part, "DTSTART")
    if before is None and isinstance(at, datetime) and isinstance(start, datetime) and (at.tzinfo is None) == (start.tzinfo is None):
        before = at - start
    if before is None or reading.parameter(alarm, "TRIGGER", "RELATED").upper() == "END":
        return None
    minutes = -before // timedelta(minutes=1)
    return minutes if 0 <= minutes <= FARTHEST_MINUTES else None


def _rest(part: Part, words: Words) -> None:
    """What nobody reads is named, and so is what could not be read."""
    others = sorted({str(name).upper() for name in part} - UNDERSTOOD)
    if others:
        words.notes.append(f"not kept: {', '.join(others)}")
    broken = sorted({str(name) for name, _ in part.errors if name} & UNDERSTOOD - {"DTSTAMP", "CREATED", "LAST-MODIFIED"})
    if broken:
        words.notes.append(f"cannot be read: {', '.join(broken)}")
    if len(reading.values(part, "RRULE")) > 1:
        words.notes.append("it has several rules; the first is kept")
