"""Graph's JSON to the model and back.

What the service is known to do (Graph: event resource, dateTimeTimeZone), and what is made of it here:

  wall times with seven fractional digits, the zone beside them     an aware datetime; UTC is asked for, so no guess is needed
  an all-day event at midnight in whatever zone was asked for       dates; never converted, or it would slip by a day
  properties absent, null, or of a kind added later                 empty values, and text as it came
  `location` an object, `organizer` without an address              a name, a Person with what there is
  null dates (year 1), ends without end (9999-12-31)                the nearest of 1900-01-01 and 2999-12-31, which every zone can show
  half a surrogate pair in a text                                   U+FFFD, so that every text can be written as UTF-8
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, cast

from ..errors import TransportError, UsageError
from ..model.event import Attendee, Event, NewEvent, Person, User
from ..model.zones import parse_graph, parse_graph_day, settle, to_windows, zone

PREFER = {"Prefer": 'outlook.timezone="UTC", outlook.body-content-type="text"'}

USER_FIELDS = "id,displayName,givenName,surname,mail,userPrincipalName,jobTitle,officeLocation,preferredLanguage"
LISTING_FIELDS = ",".join(
    (
        "id,subject,start,end,isAllDay,location,organizer,attendees,showAs,sensitivity,importance,type,seriesMasterId",
        "isCancelled,isOrganizer,responseStatus,isOnlineMeeting,onlineMeeting,webLink,iCalUId,changeKey,categories",
        "hasAttachments,isReminderOn,reminderMinutesBeforeStart,originalStartTimeZone",
    )
)

EARLIEST, LATEST = date(1900, 1, 1), date(2999, 12, 31)

Json = dict[str, Any]


def user(data: Json) -> User:
    """Read a `user` resource; TransportError when it has no id."""
    return User(
        id=_id(data),
        display_name=_text(data, "displayName"),
        mail=_text(data, "mail"),
        user_principal_name=_text(data, "userPrincipalName"),
        given_name=_text(data, "givenName"),
        surname=_text(data, "surname"),
        job_title=_text(data, "jobTitle"),
        office_location=_text(data, "officeLocation"),
        preferred_language=_text(data, "preferredLanguage"),
    )


def event(data: Json) -> Event:
    """Read an `event` resource; TransportError when it has no id or its times make no sense."""
    try:
        start, end = _span(data)
        return Event(
            id=_id(data),
            subject=_text(data, "subject"),
            start=start,
            end=end,
            location=_text(_object(data, "location"), "displayName"),
            organizer=_person(_object(data, "organizer")),
            attendees=tuple(_attendee(one) for one in _objects(data, "attendees")),
            show_as=_text(data, "showAs") or "busy",
            sensitivity=_text(data, "sensitivity") or "normal",
            importance=_text(data, "importance") or "normal",
            type=_text(data, "type") or "singleInstance",
            series_master_id=_text(data, "seriesMasterId"),
            is_cancelled=data.get("isCancelled") is True,
            is_organizer=data.get("isOrganizer") is True,
            response=_text(_object(data, "responseStatus"), "response") or "none",
            is_online_meeting=data.get("isOnlineMeeting") is True,
            join_url=_text(_object(data, "onlineMeeting"), "joinUrl"),
            body_preview=_text(data, "bodyPreview"),
            body=_text(_object(data, "body"), "content"),
            body_content_type=_text(_object(data, "body"), "contentType").lower() or "text",
            web_link=_text(data, "webLink"),
            ical_uid=_text(data, "iCalUId"),
            change_key=_text(data, "changeKey"),
            transaction_id=_text(data, "transactionId"),
            categories=tuple(_sound(str(one)) for one in _list(data, "categories")),
            has_attachments=data.get("hasAttachments") is True,
            is_reminder_on=data.get("isReminderOn") is True,
            reminder_minutes_before_start=_number(data, "reminderMinutesBeforeStart"),
            original_start_time_zone=_text(data, "originalStartTimeZone"),
            created_at=_instant(data, "createdDateTime"),
            last_modified_at=_instant(data, "lastModifiedDateTime"),
        )
    except (ValueError, UsageError) as error:
        raise TransportError(f"Graph's answer holds an event that makes no sense: {error}", kind="garbage") from None


def new_event(new: NewEvent) -> Json:
    """The body of a create request (Graph: user-post-events); only what was given is sent."""
    payload: Json = {"subject": new.subject, "isAllDay": new.is_all_day, **_stated_span(new)}
    if new.location:
        payload["location"] = {"displayName": new.location}
    if new.body:
        payload["body"] = {"contentType": new.body_content_type, "content": new.body}
    if new.attendees:
        payload["attendees"] = [_invited(one) for one in new.attendees]
    if new.transaction_id:
        payload["transactionId"] = new.transaction_id
    return payload


def _span(data: Json) -> tuple[Any, Any]:
    stated = [_object(data, name) for name in ("start", "end")]
    ends = [(_clamped(_text(one, "dateTime")), _text(one, "timeZone") or "UTC") for one in stated]
    if data.get("isAllDay") is True:
        return tuple(parse_graph_day(wall) for wall, _ in ends)  # pyright: ignore[reportReturnType]
    return tuple(parse_graph(wall, zone) for wall, zone in ends)  # pyright: ignore[reportReturnType]


def _clamped(wall: str) -> str:
    """A time as it was stated, or the nearest that can be shown in every zone; ValueError when it is none."""
    year = datetime.fromisoformat(wall).year
    return EARLIEST.isoformat() if year < EARLIEST.year else LATEST.isoformat() if year > LATEST.year else wall


def _instant(data: Json, name: str) -> datetime | None:
    """A DateTimeOffset, None where nothing is told: absent, null, null dates, and what is no time."""
    stated = _text(data, name)
    try:
        return parse_graph(stated, "UTC") if _clamped(stated) == stated else None
    except ValueError:
        return None


def _stated_span(new: NewEvent) -> Json:
    """Start and end as dateTimeTimeZone: midnights for all-day events, else wall times of the stated zone.

    The zone goes out under its Windows name where there is one: every Exchange mailbox knows those, and IANA's only in part.
    The second of two equal wall times (clocks put back) cannot be said that way, so such an event is stated in UTC.
    """
    stated = new.time_zone
    if isinstance(new.start, datetime) and isinstance(new.end, datetime):
        moments, where = (new.start, new.end), zone(stated)
        walls = [moment.astimezone(where).replace(tzinfo=None, fold=0) for moment in moments]
        instants = [moment.astimezone(UTC) for moment in moments]  # within one zone Python would compare wall times
        if [settle(wall, where).astimezone(UTC) for wall in walls] != instants:
            stated, walls = "UTC", [instant.replace(tzinfo=None) for instant in instants]
        texts = [wall.isoformat(timespec="seconds") for wall in walls]
    else:
        texts = [f"{new.start.isoformat()}T00:00:00", f"{new.end.isoformat()}T00:00:00"]
    return {name: {"dateTime": text, "timeZone": to_windows(stated) or stated} for name, text in zip(("start", "end"), texts, strict=True)}


def _invited(attendee: Attendee) -> Json:
    address = {"address": attendee.person.address, **({"name": attendee.person.name} if attendee.person.name else {})}
    return {"type": attendee.type, "emailAddress": address}


def _attendee(data: Json) -> Attendee:
    return Attendee(_person(data) or Person(), _text(data, "type") or "required", _text(_object(data, "status"), "response") or "none")


def _person(data: Json) -> Person | None:
    address = _object(data, "emailAddress")
    return Person(_text(address, "name"), _text(address, "address")) if address else None


def _id(data: Json) -> str:
    if not _text(data, "id"):
        raise TransportError("Graph's answer has an item without an id", kind="garbage")
    return _text(data, "id")


def _text(data: Json, name: str) -> str:
    value = data.get(name)
    return _sound(value) if isinstance(value, str) else ""


def _sound(text: str) -> str:
    """The text with U+FFFD for each half of a surrogate pair: JSON can hold one, UTF-8 cannot."""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _number(data: Json, name: str) -> int | None:
    value = data.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _object(data: Json, name: str) -> Json:
    value = data.get(name)
    return cast("Json", value) if isinstance(value, dict) else {}


def _list(data: Json, name: str) -> list[Any]:
    value = data.get(name)
    return cast("list[Any]", value) if isinstance(value, list) else []


def _objects(data: Json, name: str) -> list[Json]:
    return [cast("Json", one) for one in _list(data, name) if isinstance(one, dict)]
