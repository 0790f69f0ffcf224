"""Filling a tenant from a seed document: each member of the document goes to the one who plants it.

    {"zone": "Pacific Standard Time",
     "people": {"megan": {"id": "…", "displayName": "Megan Bowen", "userPrincipalName": "megan@contoso.example"}},
     "rooms": {"adams": {…}},
     "events": [{"subject": "Stand-up", "organizer": "megan", "attendees": {"alex": "accepted"}, "room": "adams",
                 "workday": -9, "at": "09:15", "minutes": 15, "repeat": {"type": "weekly", "interval": 1},
                 "changed": [{"workday": 2, "at": "10:30"}], "dropped": [4]}]}

`SECTIONS` are the members of a document in the order in which they are planted; `OF_A_PERSON` are those members of a person
(or room) that are not properties of the Graph user. A room of the tenant adds its own lines to either table: a name, the JSON
type, the function that plants it (ValueError, or a Fault, tells what is wrong), and what it means.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..routes import Fault
from . import crowd, errands, places, residents, schedule, teams
from .document import check, parse
from .ground import Ground

if TYPE_CHECKING:
    from ..tenant import Tenant

Json = dict[str, Any]


@dataclass(frozen=True)
class Section:
    """A member of a seed document: its name and type, who plants it once everybody is there (None: it is read elsewhere), what it means."""

    name: str
    kind: type
    plant: Callable[[Ground, Any], None] | None
    means: str


@dataclass(frozen=True)
class OfAPerson:
    """A member of a person or room: its name and type, who plants it for the person of this short name, what it means."""

    name: str
    kind: type
    plant: Callable[[Ground, str, Any], None] | None
    means: str


OF_A_PERSON = (
    OfAPerson("timeZone", str, None, "their time zone, a Windows or IANA name; else the seed's"),
    OfAPerson(
        "x-room",
        dict,
        places.settle_room,
        "what Graph tells of a room as a place: `capacity`, `building`, …; `type` if it is a `workspace`",
    ),
    OfAPerson("calendars", list, residents.more_calendars, "calendars besides the first: `name`, `color`"),
)
SECTIONS = (
    Section("like", str, None, "a built-in seed whose members are taken over where this one has none of its own"),
    Section("zone", str, None, "the time zone in which days and times of day are meant (UTC)"),
    Section("people", dict, None, "those who have an account and a mailbox, by a short name"),
    Section("rooms", dict, None, "rooms, by a short name; like people, but nobody signs in as one"),
    Section("places", dict, places.plant, "buildings, floors, sections, desks and lists of rooms, by a short name"),
    Section("events", list, schedule.plant, "events, each in the organizer's calendar and in each guest's"),
    Section("todo", dict, errands.plant, "the task lists of people, by their short names, each with its tasks"),
    Section("managers", dict, teams.plant_managers, "whose manager is who, by their short names"),
    Section("groups", dict, teams.plant_groups, "groups, by a short name: `kind`, `members`, `owners`"),
    Section("crowd", dict, crowd.plant, "many more mailboxes with many events: `mailboxes`, `events` in each, `days` either way, `seed`"),
)


def read(seed: str) -> Json:
    """The document of a seed, given by its name or as text; ValueError when there is no such seed or it is not of the form."""
    document = parse(seed)
    check(document, {section.name: section.kind for section in SECTIONS}, "the seed")
    return document


def plant(tenant: Tenant, seed: str) -> None:
    """Fill an empty tenant from a seed: `contoso`, `empty`, or the text of a seed file.

    ValueError tells what is wrong with the seed and where.
    """
    document = read(seed)
    ground = Ground(tenant, document.get("zone", "UTC"))
    for key, person in {**document.get("people", {}), **document.get("rooms", {})}.items():
        _settle(ground, key, person)
    for section in SECTIONS:
        if section.plant and section.name in document:
            try:
                section.plant(ground, document[section.name])
            except (Fault, OverflowError) as refusal:
                raise ValueError(f"{section.name}: {refusal}") from None


def _settle(ground: Ground, key: str, person: Any) -> None:
    where = f"people.{key}"
    own = {part.name: part.kind for part in OF_A_PERSON}
    check(person, {**dict.fromkeys(residents.NEEDED, str), **own}, where, required=residents.NEEDED, open_ended=True)
    residents.settle(ground, key, person, frozenset(own))
    for part in OF_A_PERSON:
        if part.plant and part.name in person:
            try:
                part.plant(ground, key, person[part.name])
            except Fault as refusal:
                raise ValueError(f"{where}.{part.name}: {refusal}") from None
