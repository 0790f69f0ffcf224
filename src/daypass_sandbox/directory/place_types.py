"""The types of places: what each has, what a client may write of it, and where it may lie.

Facts: Graph's pages resources/place, resources/places-api-overview, api/place-post, api/place-update.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..graph.payload import FLAG, NUMBER, OBJECT, TEXT, WHOLE, Each, read_only

Json = dict[str, Any]

_ADDRESS = {"street": TEXT, "city": TEXT, "state": TEXT, "countryOrRegion": TEXT, "postalCode": TEXT}
_COORDINATES = dict.fromkeys(("altitude", "latitude", "longitude", "accuracy", "altitudeAccuracy"), NUMBER)
_STATE = ("unknown", "enabled", "disabled")
_LINK = {"linkType": TEXT, "name": TEXT, "value": TEXT}
FIXED = ("id", "placeId", "displayName", "emailAddress", "bookingType", "mailboxDetails")  # api/place-update: never by an update
COMMON: Json = {
    "address": _ADDRESS,
    "geoCoordinates": _COORDINATES,
    "phone": TEXT,
    "label": TEXT,
    "tags": Each(TEXT),
    "isWheelChairAccessible": FLAG,
    "parentId": TEXT,
}
HAS_MAILBOX = ("room", "workspace")


@dataclass(frozen=True)
class PlaceType:
    """A type of place: its Graph name, its own members with what each is written as, their defaults, and the types that it may lie in."""

    name: str
    writes: Mapping[str, Any]
    defaults: Mapping[str, Any]
    within: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()

    @property
    def properties(self) -> tuple[str, ...]:
        """All that a place of this type has, in the order of the pages."""
        return ("id", "placeId", "displayName", *COMMON, *self.reads, *self.writes)

    def shape(self) -> Json:
        """What a client may write of it; what only the service sets is read and left out."""
        return {**read_only(TEXT, *FIXED), **read_only(OBJECT, "mailboxDetails"), **COMMON, **self.writes}

    def blank(self) -> Json:
        """A place of this type of which nothing is known yet."""
        nothing: Json = {**dict.fromkeys(COMMON), "tags": [], "isWheelChairAccessible": False}
        return {**nothing, **dict.fromkeys(self.writes), **self.defaults}


_DEVICES = dict.fromkeys(("audioDeviceName", "videoDeviceName", "displayDeviceName"), TEXT)
_MODE = {"@odata.type": "#microsoft.graph.reservablePlaceMode"}
_DROP_IN = {"@odata.type": "#microsoft.graph.dropInPlaceMode"}
TYPES = {
    kind.name: kind
    for kind in (
        PlaceType("building", {"resourceLinks": [_LINK], "wifiState": _STATE}, {"resourceLinks": [], "wifiState": "unknown"}),
        PlaceType("floor", {"sortOrder": WHOLE}, {}, ("building",)),
        PlaceType("section", {}, {}, ("floor",)),
        PlaceType(
            "room",
            {
                "nickname": TEXT,
                "building": TEXT,
                "capacity": WHOLE,
                "floorNumber": WHOLE,
                "floorLabel": TEXT,
                **_DEVICES,
                "teamsEnabledState": _STATE,
            },
            {"teamsEnabledState": "unknown", "bookingType": "standard"},
            ("floor", "section"),
            ("emailAddress", "bookingType"),
        ),
        PlaceType(
            "workspace",
            {"nickname": TEXT, "capacity": WHOLE, "displayDeviceName": TEXT},
            {"mode": _MODE},
            ("section",),
            ("emailAddress", "mode"),
        ),
        PlaceType(
            "desk",
            {"displayDeviceName": TEXT, "heightAdjustableState": _STATE},
            {"heightAdjustableState": "unknown", "mode": _DROP_IN, "mailboxDetails": None},
            ("section",),
            ("mode", "mailboxDetails"),
        ),
        PlaceType("roomList", {}, {}, (), ("emailAddress",)),
    )
}


def of_type(named: Any) -> PlaceType | None:
    """The type that an `@odata.type` (`#microsoft.graph.room`, in any letter case) names, None for any other value."""
    name = str(named).removeprefix("#").lower().removeprefix("microsoft.graph.")
    return next((kind for kind in TYPES.values() if kind.name.lower() == name), None)
