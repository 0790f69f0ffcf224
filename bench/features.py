"""What of a calendar app's world a rival has: each line is asked of it in earnest; yes means that the answer held what was asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from .rivals import GRAPH, LOGIN, Answer, Minutehand, Rival

Json = Any
DAY = "2026-11-25"
WINDOW = f"startDateTime={DAY}T00:00:00Z&endDateTime=2026-12-30T00:00:00Z"
PACIFIC = "Pacific Standard Time"
AT_ONCE = 12


def new_event(subject: str = "Catalogue", zone: str = "UTC", **more: Json) -> Json:
    """What a client sends to make one."""
    start, end = ({"dateTime": f"{DAY}T{hour}:00:00", "timeZone": zone} for hour in ("10", "11"))
    return {"subject": subject, "start": start, "end": end, **more}


def series(kind: str, **pattern: Json) -> Json:
    """The recurrence of a series."""
    return {"pattern": {"type": kind, "interval": 1, **pattern}, "range": {"type": "numbered", "startDate": DAY, "numberOfOccurrences": 4}}


def made(rival: Rival, event: Json) -> Json:
    """An event that was created; {} when it was refused."""
    answer = rival.graph("POST", "/me/events", event)
    return answer.json() if answer.status == 201 else {}


def told(answer: Answer, status: int = 200) -> Json:
    """What an answer says; {} when it has another status."""
    return answer.json() if answer.status == status else {}


# --- signing in, and who may do what --------------------------------------------------------------------------------


def device_code(rival: Rival) -> bool:
    """The device code flow begins."""
    form = f"client_id={getattr(rival, 'told', {}).get('client_id', 'daypass')}&scope=User.Read"
    headers = {"Content_Type": "application/x-www-form-urlencoded"}
    return "user_code" in told(rival.host(LOGIN, "POST", "/organizations/oauth2/v2.0/devicecode", form, headers))


def permissions_enforced(rival: Rival) -> bool:
    """A token without a permission for calendars does not read them."""
    token = rival.token("megan", ("User.Read",))
    return rival.host(GRAPH, "GET", "/v1.0/me/events", None, {"Authorization": f"Bearer {token}"}).status == 403


def bad_token_refused(rival: Rival) -> bool:
    """A token that nobody signed is refused."""
    return rival.host(GRAPH, "GET", "/v1.0/users", None, {"Authorization": "Bearer nonsense"}).status == 401


# --- calendars and events -------------------------------------------------------------------------------------------


def invitations_arrive(rival: Rival) -> bool:
    """A meeting lies in its attendee's calendar too."""
    guest = {"emailAddress": {"name": "Alex Wilber", "address": "alex@contoso.example"}, "type": "required"}
    made(rival, new_event("Come all", attendees=[guest]))
    seen = told(rival.graph("GET", f"/me/calendarView?{WINDOW}&$top=50", user="alex")).get("value", [])
    return "Come all" in [event["subject"] for event in seen]


def windows_zones(rival: Rival) -> bool:
    """An event in a zone by its Windows name, and times in the zone that is preferred."""
    event = made(rival, new_event(zone=PACIFIC))
    shown = told(rival.graph("GET", f"/me/events/{quote(event.get('id', 'none'))}", Prefer=f'outlook.timezone="{PACIFIC}"'))
    return shown.get("start", {}).get("timeZone") == PACIFIC


def weekly_series(rival: Rival) -> bool:
    """A weekly series has instances."""
    event = made(rival, new_event("Weekly", recurrence=series("weekly", daysOfWeek=["wednesday"])))
    return len(told(rival.graph("GET", f"/me/events/{event.get('id')}/instances?{WINDOW}")).get("value", [])) == 4


def monthly_series(rival: Rival) -> bool:
    """So has a monthly one."""
    return bool(made(rival, new_event("Monthly", recurrence=series("absoluteMonthly", dayOfMonth=25))))


def changed_occurrence(rival: Rival) -> bool:
    """One occurrence of a series is changed."""
    event = made(rival, new_event("Weekly", recurrence=series("weekly", daysOfWeek=["wednesday"])))
    days = told(rival.graph("GET", f"/me/events/{event.get('id')}/instances?{WINDOW}")).get("value", [])
    return bool(days) and rival.graph("PATCH", f"/me/events/{days[0]['id']}", {"subject": "Only today"}).status == 200


def filtered(rival: Rival) -> bool:
    """Events are filtered by their subject."""
    made(rival, new_event("Needle"))
    found = told(rival.graph("GET", "/me/events?$filter=" + quote("startswith(subject,'Need')"))).get("value", [])
    return bool(found) and all(event["subject"] == "Needle" for event in found)


def stale_write_refused(rival: Rival) -> bool:
    """`If-Match` with an outlived ETag is refused."""
    event = made(rival, new_event())
    return rival.graph("PATCH", f"/me/events/{event.get('id')}", {"subject": "Late"}, If_Match='W/"gone"').status == 412


def online_meeting(rival: Rival) -> bool:
    """An online meeting has a link to join."""
    event = made(rival, new_event(isOnlineMeeting=True, onlineMeetingProvider="teamsForBusiness"))
    meeting: Json = event.get("onlineMeeting") or {}
    return bool(meeting.get("joinUrl"))


def repeated_creation(rival: Rival) -> bool:
    """The same `transactionId` makes no second event."""
    one, other = (made(rival, new_event(transactionId="7d0c2b3e")) for _ in range(2))
    return bool(one) and other.get("id", one["id"]) == one["id"]


def large_attachment(rival: Rival) -> bool:
    """An upload session for a large attachment."""
    event = made(rival, new_event())
    item = {"AttachmentItem": {"attachmentType": "file", "name": "plan.pdf", "size": 5_000_000}}
    return rival.graph("POST", f"/me/events/{event.get('id')}/attachments/createUploadSession", item).status == 201


def open_extension(rival: Rival) -> bool:
    """An app's own data at an event."""
    event = made(rival, new_event())
    note = {"@odata.type": "microsoft.graph.openTypeExtension", "extensionName": "com.contoso.note", "colour": "red"}
    return rival.graph("POST", f"/me/events/{event.get('id')}/extensions", note).status == 201


def delta(rival: Rival) -> bool:
    """A window is followed: a link, and by it what is new."""
    page = told(rival.graph("GET", f"/me/calendarView/delta?{WINDOW}"))
    while page.get("@odata.nextLink"):
        page = told(_linked(rival, page["@odata.nextLink"]))
    made(rival, new_event("News"))
    seen: Json = told(_linked(rival, page["@odata.deltaLink"])) if page.get("@odata.deltaLink") else {}
    return "News" in [event.get("subject") for event in seen.get("value", [])]


def _linked(rival: Rival, link: str) -> Answer:
    parts = urlsplit(link)
    return rival.graph("GET", f"{parts.path.removeprefix('/v1.0')}?{parts.query}")


# --- around them ----------------------------------------------------------------------------------------------------


def has(path: str, status: int = 200, method: str = "GET", body: Json = None) -> Callable[[Rival], bool]:
    """A check that a request is answered with a status."""
    return lambda rival: rival.graph(method, path, body).status == status


def meeting_times(rival: Rival) -> bool:
    """findMeetingTimes suggests some."""
    slot = {"start": {"dateTime": f"{DAY}T08:00:00", "timeZone": "UTC"}, "end": {"dateTime": f"{DAY}T18:00:00", "timeZone": "UTC"}}
    asked = {"timeConstraint": {"timeslots": [slot]}, "meetingDuration": "PT30M"}
    return bool(told(rival.graph("POST", "/me/findMeetingTimes", asked)).get("meetingTimeSuggestions"))


def free_busy(rival: Rival) -> bool:
    """getSchedule tells somebody's availability."""
    ends = {name: {"dateTime": f"{DAY}T{hour}:00:00", "timeZone": "UTC"} for name, hour in (("startTime", "08"), ("endTime", "18"))}
    answer = told(rival.graph("POST", "/me/calendar/getSchedule", {"schedules": ["alex@contoso.example"], **ends}))
    return bool(answer.get("value", [{}])[0].get("availabilityView"))


def batch(rival: Rival) -> bool:
    """Two requests in one."""
    asked = [{"id": number, "method": "GET", "url": "/me"} for number in ("1", "2")]
    answers = told(rival.graph("POST", "/$batch", {"requests": asked})).get("responses", [])
    return [answer["status"] for answer in answers] == [200, 200]


def todo(rival: Rival) -> bool:
    """A task in a list."""
    lists = told(rival.graph("GET", "/me/todo/lists")).get("value", [])
    return bool(lists) and rival.graph("POST", f"/me/todo/lists/{lists[0]['id']}/tasks", {"title": "Call Lee"}).status == 201


def notified(rival: Rival) -> bool:
    """A subscription is made after a handshake, and told of a new event."""
    with webhook() as (url, heard):
        asked = _subscription(url)
        if rival.graph("POST", "/subscriptions", asked).status != 201:
            return False
        made(rival, new_event("Ring"))
        return heard.wait(10)


def lifecycle(rival: Rival) -> bool:
    """A subscription with lifecycle notifications, which is authorized anew."""
    with webhook() as (url, _):
        asked = _subscription(url, changeType="deleted", lifecycleNotificationUrl=url)
        kept = told(rival.graph("POST", "/subscriptions", asked), 201)
        return "id" in kept and rival.graph("POST", f"/subscriptions/{kept['id']}/reauthorize").status in (200, 204)


def rich(rival: Rival) -> bool:
    """A subscription whose notifications carry the event, sealed."""
    with webhook() as (url, _):
        more = {"includeResourceData": True, "encryptionCertificate": certificate(), "encryptionCertificateId": "one"}
        asked = {**_subscription(url, **more), "resource": "/me/events?$select=subject"}
        return rival.graph("POST", "/subscriptions", asked).status == 201


def certificate() -> str:
    """A certificate of an RSA key, as base64 of its DER."""
    import base64

    import trustme
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    pem = trustme.CA(key_type=trustme.KeyType.RSA).cert_pem.bytes()
    return base64.b64encode(x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)).decode()


def _subscription(url: str, **more: Json) -> Json:
    expires = "2026-11-26T06:00:00Z"
    asked = {"changeType": "created,updated,deleted", "notificationUrl": url, "resource": "/me/events", "clientState": "secret"}
    return {**asked, "expirationDateTime": expires, **more}


@contextmanager
def webhook() -> Generator[tuple[str, threading.Event]]:
    """An endpoint that answers handshakes, and whether it was notified."""
    heard = threading.Event()

    class Door(BaseHTTPRequestHandler):
        """Takes what is posted."""

        def do_POST(self) -> None:
            """Echo a validation token; take note of anything else."""
            self.rfile.read(int(self.headers.get("Content-Length", "0")))
            token = parse_qs(urlsplit(self.path).query).get("validationToken", [""])[0].encode()
            if not token:
                heard.set()
            self.send_response(200 if token else 202)
            self.send_header("Content-Type", "text/plain")
            self.send_header("Content-Length", str(len(token)))
            self.end_headers()
            self.wfile.write(token)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/hook", heard
    finally:
        server.shutdown()
        server.server_close()


# --- steering -------------------------------------------------------------------------------------------------------


def throttled(rival: Rival) -> bool:
    """Too many requests at once for one mailbox meet 429, without any fault having been ordered."""
    token, statuses = rival.token(), list[int]()

    def one() -> None:
        line = rival.line()
        for _ in range(5):
            statuses.append(line.ask("GET", "/v1.0/me/events", None, {"Authorization": f"Bearer {token}"}).status)
        line.close()

    threads = [threading.Thread(target=one) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return 429 in statuses


def clock(rival: Rival) -> bool:
    """Time is put forward."""
    asked = {"by": "PT1M"} if isinstance(rival, Minutehand) else {"advance_seconds": 60}
    return rival.control("clock", asked).status == 200


def fault(rival: Rival) -> bool:
    """The next request is answered with 503 and Retry-After, as it was ordered."""
    shared = {"method": "GET", "status": 503, "retry_after": 7}
    theirs = {**shared, "provider": "microsoft", "path": "/v1.0/me", "times": 1}
    rival.control("faults", theirs if isinstance(rival, Minutehand) else {**shared, "path": "/v1.0/me$", "count": 1})
    answer = rival.graph("GET", "/me")
    return answer.status == 503 and answer.headers.get("retry-after") == "7"


def lost_answer(rival: Rival) -> bool:
    """A request takes effect and its answer is lost on the way."""
    if isinstance(rival, Minutehand):
        return False  # a fault there has a status and a body (adapters/control/wire.py)
    rival.control("faults", {"method": "POST", "path": "/events$", "drop": "after", "count": 1})
    try:
        rival.graph("POST", "/me/events", new_event("Lost"))
    except OSError:
        return bool(told(rival.graph("GET", "/me/events?$filter=" + quote("subject eq 'Lost'"))).get("value"))
    return False


def record(rival: Rival) -> bool:
    """What was asked and answered can be read."""
    if isinstance(rival, Minutehand):
        return bool(told(rival.control("calls", method="GET")).get("calls"))
    return b"/v1.0/me" in rival.control("journal", method="GET").body


def people_act(rival: Rival) -> bool:
    """Simulated people are part of it: what they owe is told."""
    return isinstance(rival, Minutehand) and "people_owe" in told(rival.control("clock", method="GET"))


def judged(rival: Rival) -> bool:
    """What an agent did is judged."""
    return isinstance(rival, Minutehand) and "result" in told(rival.control("checks", method="GET"))


def other_services(rival: Rival) -> bool:
    """Services that are not Microsoft's."""
    return isinstance(rival, Minutehand) and len(told(rival.control("/providers", method="GET")).get("providers", [])) > 1


FEATURES: dict[str, Callable[[Rival], bool]] = {
    "sign-in by device code": device_code,
    "permissions of a token enforced": permissions_enforced,
    "an unsigned token refused": bad_token_refused,
    "invitations arrive in the attendee's calendar": invitations_arrive,
    "Windows zone names, `Prefer: outlook.timezone`": windows_zones,
    "weekly series with instances": weekly_series,
    "monthly series": monthly_series,
    "one occurrence changed": changed_occurrence,
    "`transactionId` makes no second event": repeated_creation,
    "`$filter` on a subject": filtered,
    "`If-Match` refused when stale": stale_write_refused,
    "online meeting with a link": online_meeting,
    "attachments by upload session": large_attachment,
    "open extensions": open_extension,
    "`calendarView/delta`": delta,
    "`getSchedule`": free_busy,
    "`findMeetingTimes`": meeting_times,
    "calendar groups": has("/me/calendarGroups"),
    "rooms (`/places`)": has("/places/microsoft.graph.room"),
    "categories": has("/me/outlook/masterCategories"),
    "mailbox settings read": has("/me/mailboxSettings"),
    "mailbox settings changed": has("/me/mailboxSettings", 200, "PATCH", {"timeZone": PACIFIC}),
    "To Do": todo,
    "`$batch`": batch,
    "subscription, notified": notified,
    "lifecycle notifications, reauthorize": lifecycle,
    "rich (sealed) notifications": rich,
    "Graph's request limits": throttled,
    "clock put forward": clock,
    "ordered refusals with `Retry-After`": fault,
    "ordered loss of an answer after the effect": lost_answer,
    "record of all exchanges": record,
    "mail read (`/me/messages`)": has("/me/messages"),
    "files (`/me/drive`)": has("/me/drive"),
    "Teams (`/me/joinedTeams`)": has("/me/joinedTeams"),
    "presence": has("/me/presence"),
    "simulated people who answer": people_act,
    "findings on what an agent did": judged,
    "services of other makers": other_services,
}


def compared(rival: Rival) -> dict[str, bool]:
    """Which features a rival has; one that takes the connection down has not."""
    found: dict[str, bool] = {}
    for name, check in FEATURES.items():
        try:
            found[name] = check(rival)
        except (OSError, KeyError, ValueError):
            found[name] = False
    return found
