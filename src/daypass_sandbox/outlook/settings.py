"""The settings of a mailbox: time zone, language, formats, working hours, automatic replies, and what the mailbox is for.

They are kept in the mailbox's state: `timeZone` where everybody looks for it, the rest under `settings`, defaults left out.
Rules: Graph's pages api/user-get-mailboxsettings, api/user-update-mailboxsettings and resources/automaticrepliessetting.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from daypass.wire import Response

from .. import zones
from ..calendar import delegates, events
from ..calendar.mailbox import Mailbox
from ..graph import odata, payload
from ..graph.payload import TEXT, read_only
from ..graph.permissions import READ_SETTINGS, WRITE_SETTINGS
from ..routes import Call, Fault, Handler, Route
from . import languages, working_hours
from .mailboxes import context, own_mailbox

Json = dict[str, Any]

NO_REPLIES: Json = {
    "status": "disabled",
    "externalAudience": "all",
    "internalReplyMessage": "",
    "externalReplyMessage": "",
}
DEFAULTS: Json = {
    "dateFormat": "M/d/yyyy",
    "timeFormat": "h:mm tt",
    delegates.SETTING: delegates.TO_DELEGATES,
}
NAMES = (
    *("automaticRepliesSetting", "timeZone", "language", "workingHours", "userPurpose", "dateFormat", "timeFormat"),
    delegates.SETTING,
)
_PURPOSES = {"x-room": "room", "x-equipment": "equipment"}  # by what an account is marked with
UNBUILT = ("archiveFolder",)  # the id of a mail folder; this tenant has none
SHAPE: Json = {
    "automaticRepliesSetting": {
        "status": ("disabled", "alwaysEnabled", "scheduled"),
        "externalAudience": ("none", "contactsOnly", "all"),
        "scheduledStartDateTime": {"dateTime": TEXT, "timeZone": TEXT},
        "scheduledEndDateTime": {"dateTime": TEXT, "timeZone": TEXT},
        "internalReplyMessage": TEXT,
        "externalReplyMessage": TEXT,
    },
    "timeZone": TEXT,
    "language": {"locale": TEXT, "displayName": TEXT},
    "workingHours": working_hours.SHAPE,
    "dateFormat": TEXT,
    "timeFormat": TEXT,
    delegates.SETTING: delegates.OPTIONS,
    **read_only(TEXT, "userPurpose", "archiveFolder"),
}


def get_settings(call: Call) -> Response:
    """All settings of a mailbox, or those that are selected."""
    odata.allow(call, "$select")
    box = own_mailbox(call)
    select = odata.selected(call, NAMES, "mailboxSettings", UNBUILT)
    return _answer(call, {name: value for name, value in _all(call, box).items() if select is None or name in select})


def update_settings(call: Call) -> Response:
    """Change settings; the answer has those that were sent."""
    odata.allow(call)
    box = own_mailbox(call)
    given = payload.read(call.json(), SHAPE, "mailboxSettings")
    before = _all(call, box)
    kept: Json = dict(box.state.get("settings", {}))
    for name, value in given.items():
        if value is not None and name != "timeZone":
            kept[name] = _CHANGED.get(name, _replaced)(before.get(name) or {}, value, call)
    time_zone = _zone_name(given["timeZone"]) if given.get("timeZone") else box.state["timeZone"]
    box.state["settings"], box.state["timeZone"] = kept, time_zone
    return _answer(call, {name: value for name, value in _all(call, box).items() if name in given})


def get_setting(name: str) -> Handler:
    """The handler for one setting by itself: an object, or a plain value."""

    def get(call: Call) -> Response:
        odata.allow(call)
        value = _all(call, own_mailbox(call))[name]
        shown = cast("Json", value) if isinstance(value, dict) else {"value": value}
        where = context(call, f"mailboxSettings/{name}")
        return odata.answer(call, 200, {"@odata.context": f"{odata.service_root(call)}/$metadata#{where}", **shown})

    return get


def automatic_reply(mailbox: Mapping[str, Any], now: float, *, external: bool = False) -> str | None:
    """What a mailbox (its JSON state) answers by itself to a sender within or from outside the tenant now; None when it answers nothing.

    Contacts are not part of this tenant, so `contactsOnly` answers nobody outside.
    """
    replies: Json = {**NO_REPLIES, **mailbox.get("settings", {}).get("automaticRepliesSetting", {})}
    if replies["status"] == "disabled" or (external and replies["externalAudience"] != "all"):
        return None
    if replies["status"] == "scheduled":
        start, end = (zones.instant(events.wall_time(replies[name]), "UTC") for name in ("scheduledStartDateTime", "scheduledEndDateTime"))
        if not start <= now < end:
            return None
    return replies["externalReplyMessage" if external else "internalReplyMessage"]


def _all(call: Call, box: Mailbox) -> Json:
    user = call.tenant.state.users[call.path["user_id"]]
    kept: Json = box.state.get("settings", {})
    day = int(call.tenant.clock.now()) // 86400 * 86400
    scheduled = {"scheduledStartDateTime": _utc(day), "scheduledEndDateTime": _utc(day + 86400)}
    return {
        **DEFAULTS,
        "language": languages.named(user.get("preferredLanguage") or "en-US"),
        **kept,
        "automaticRepliesSetting": {**NO_REPLIES, **scheduled, **kept.get("automaticRepliesSetting", {})},
        "timeZone": box.state["timeZone"],
        "workingHours": working_hours.of(box.state),
        "userPurpose": next((purpose for mark, purpose in _PURPOSES.items() if mark in user), "user"),
    }


def _answer(call: Call, values: Json) -> Response:
    where = f"{odata.service_root(call)}/$metadata#{context(call, 'mailboxSettings')}"
    return odata.answer(call, 200, {"@odata.context": where, **values})


def _utc(seconds: int) -> Json:
    return {"dateTime": f"{zones.wall(seconds, 'UTC').isoformat()}.0000000", "timeZone": "UTC"}


def _zone_name(given: str) -> str:
    """The zone as the client names it, Windows or IANA: it is answered in the form it was set in."""
    try:
        zones.zone(given)
    except Fault:
        raise Fault(400, "InvalidTimeZone", "Time Zone settings provided are invalid.") from None
    proper = {name.lower(): name for name in (*zones.windows_names(), *zones.iana_names())}
    return proper.get(given.lower(), given)


def _replaced(before: Any, given: Any, call: Call) -> Any:  # noqa: ARG001
    return given


def _language(before: Json, given: Json, call: Call) -> Json:  # noqa: ARG001
    locale = languages.spelt(given.get("locale") or before["locale"])
    if locale is None:
        raise Fault(400, "ErrorUnsupportedCulture", f"The language '{given['locale']}' is not one of the supported languages.")
    return languages.named(locale)


def _hours(before: Json, given: Json, call: Call) -> Json:  # noqa: ARG001
    return working_hours.changed(before, given)


def _replies(before: Json, given: Json, call: Call) -> Json:  # noqa: ARG001
    """Automatic replies with a client's changes, times in UTC; a schedule that ends before it begins is refused."""
    given = payload.without_nulls(given)
    for name in ("scheduledStartDateTime", "scheduledEndDateTime"):
        if name in given:
            stored = events.stored_time(given[name], name)
            given[name] = _utc(events.instant(stored))
    replies = {**before, **given}
    if replies["status"] == "scheduled" and replies["scheduledEndDateTime"]["dateTime"] <= replies["scheduledStartDateTime"]["dateTime"]:
        raise Fault(400, "ErrorInvalidScheduledOofDuration", "The end of the scheduled automatic replies has to be after their start.")
    return replies


_CHANGED = {"automaticRepliesSetting": _replies, "language": _language, "workingHours": _hours}
_SETTINGS = "/users/{user_id}/mailboxSettings"
_GET = "documentation: api/user-get-mailboxsettings"
ROUTES = [
    Route("GET", _SETTINGS, get_settings, READ_SETTINGS, _GET),
    Route("PATCH", _SETTINGS, update_settings, WRITE_SETTINGS, "documentation: api/user-update-mailboxsettings"),
    *(Route("GET", f"{_SETTINGS}/{name}", get_setting(name), READ_SETTINGS, _GET) for name in NAMES),
]
