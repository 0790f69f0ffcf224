"""One event as iCalendar (RFC 5545): what a reader needs to enter it into a calendar."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .. import zones
from . import bodies, events

LINE_BYTES = 75  # the longest line without its end (section 3.1)


def written(event: Mapping[str, Any]) -> bytes:
    """An event, as far as it has these: its times in UTC, what it is about and where."""
    place: Mapping[str, Any] = event.get("location") or {}
    body: Mapping[str, Any] = {"contentType": "text", "content": "", **(event.get("body") or {})}
    lines = ["BEGIN:VCALENDAR", "PRODID:-//daypass//sandbox//EN", "VERSION:2.0", "METHOD:PUBLISH", "BEGIN:VEVENT"]
    for name, word in (("start", "DTSTART"), ("end", "DTEND")):
        if event.get(name):
            moment = zones.wall(events.instant(event[name]), "UTC")
            lines.append(f"{word}:{moment:%Y%m%dT%H%M%S}Z")
    texts = {"SUMMARY": event.get("subject"), "LOCATION": place.get("displayName"), "DESCRIPTION": bodies.plain_text(body)}
    lines += [f"{word}:{_escaped(text)}" for word, text in texts.items() if text]
    whole = [*lines, "END:VEVENT", "END:VCALENDAR"]
    return "".join(f"{part}\r\n" for line in whole for part in _folded(line)).encode()


def _escaped(text: str) -> str:
    for letters, escape in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\r\n", "\\n"), ("\n", "\\n"), ("\r", "\\n")):
        text = text.replace(letters, escape)
    return text


def _folded(line: str) -> Iterator[str]:
    """A long line in parts, each but the first begun with a space; no letter is cut."""
    part = ""
    for letter in line:
        if len((part + letter).encode()) > LINE_BYTES:
            yield part
            part = " "
        part += letter
    yield part
