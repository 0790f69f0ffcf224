from __future__ import annotations

import base64
import json

import pytest

from daypass.wire import Request
from graph_caller import MEGAN, Graph, at, series, timed

MENU = {"@odata.type": "#microsoft.graph.fileAttachment", "name": "menu.txt", "contentBytes": "bWFjIGFuZCBjaGVlc2UgdG9kYXk="}
GIFTS = {
    "@odata.type": "microsoft.graph.event",
    "subject": "Discuss gifts, for children",
    "body": {"contentType": "HTML", "content": "<p>Let's look<br>for funding!</p>"},
    "start": at("2016-12-02T18:00:00", "Pacific Standard Time"),
    "end": at("2016-12-02T19:00:00", "Pacific Standard Time"),
}
HOLIDAY = {"@odata.type": "#microsoft.graph.itemAttachment", "name": "Holiday event", "item": GIFTS}
LINK = {"@odata.type": "#microsoft.graph.referenceAttachment", "name": "Plans"}
PICTURE = {**MENU, "name": "logo.png", "isInline": True, "contentId": "logo"}
IMMUTABLE = 'IdType="ImmutableId"'
SMALLEST = 3 * 1024 * 1024


@pytest.fixture
def lunch(graph):
    return graph.create(**timed("Lunch", "2026-12-01T12:00:00", "2026-12-01T13:00:00"))


def attach(graph: Graph, event: dict, attachment: dict) -> dict:
    answer = graph("POST", f"/me/events/{event['id']}/attachments", attachment)
    assert answer.status == 201, answer.body
    return answer.body


def names(graph: Graph, event_id: str) -> list[str]:
    return [one["name"] for one in graph("GET", f"/me/events/{event_id}/attachments").body["value"]]


def raw(graph: Graph, path: str):
    """A response as it came."""
    return graph.tenant.handle(Request("GET", f"https://localhost:8443/v1.0{path}", {"Authorization": f"Bearer {graph.token}"}))


# Files, items, links


def test_a_file_comes_back_as_documented(graph, lunch):
    file = attach(graph, lunch, MENU)
    assert {name: value for name, value in file.items() if name not in ("@odata.context", "id")} == {
        "@odata.type": "#microsoft.graph.fileAttachment",
        "@odata.mediaContentType": "text/plain",
        "lastModifiedDateTime": "2026-11-25T18:00:00Z",
        "name": "menu.txt",
        "contentType": "text/plain",
        "size": 178,
        "isInline": False,
        "contentId": None,
        "contentLocation": None,
        "contentBytes": "bWFjIGFuZCBjaGVlc2UgdG9kYXk=",
    }
    path = f"/me/events/{lunch['id']}/attachments"
    read = graph("GET", f"{path}/{file['id']}").body
    assert read == file
    assert graph("GET", path).body["value"] == [{name: value for name, value in file.items() if name != "@odata.context"}]
    assert graph("GET", f"{path}/$count").body == 1
    content = raw(graph, f"{path}/{file['id']}/$value")
    assert (content.headers["content-type"], content.body) == ("text/plain", b"mac and cheese today")


@pytest.mark.parametrize(
    ("name", "given", "content_type"),
    [
        ("menu.txt", "application/x-menu", "application/x-menu"),
        ("photo.JPG", None, "image/jpeg"),
        ("flower", None, "application/octet-stream"),
        ("report.pdf", None, "application/pdf"),
    ],
)
def test_the_type_of_a_file_is_the_one_that_was_given_or_follows_from_its_name(graph, lunch, name, given, content_type):
    assert attach(graph, lunch, {**MENU, "name": name, "contentType": given})["contentType"] == content_type


def test_an_event_tells_that_it_has_attachments_and_changes_with_them(graph, lunch):
    assert lunch["hasAttachments"] is False
    file = attach(graph, lunch, MENU)
    event = graph("GET", f"/me/events/{lunch['id']}").body
    assert (event["hasAttachments"], event["changeKey"] == lunch["changeKey"]) == (True, False)
    assert "attachments" not in event
    assert graph("DELETE", f"/me/events/{lunch['id']}/attachments/{file['id']}").status == 204
    assert graph("GET", f"/me/events/{lunch['id']}").body["hasAttachments"] is False
    assert graph("GET", f"/me/events/{lunch['id']}/attachments/{file['id']}").code == "ErrorItemNotFound"


def test_a_picture_within_the_body_does_not_count(graph, lunch):
    picture = attach(graph, lunch, PICTURE)
    assert (picture["isInline"], picture["contentId"], picture["contentType"]) == (True, "logo", "image/png")
    assert graph("GET", f"/me/events/{lunch['id']}").body["hasAttachments"] is False


def test_an_attached_event_is_expanded_on_demand_and_had_as_icalendar(graph, lunch):
    item = attach(graph, lunch, HOLIDAY)
    assert (item["@odata.type"], item["name"], item["contentType"]) == ("#microsoft.graph.itemAttachment", "Holiday event", None)
    assert "item" not in item
    path = f"/me/events/{lunch['id']}/attachments/{item['id']}"
    whole = graph("GET", f"{path}?$expand=microsoft.graph.itemattachment/item").body["item"]
    assert (whole["@odata.type"], whole["subject"]) == ("#microsoft.graph.event", "Discuss gifts, for children")
    assert whole["start"] == at("2016-12-02T18:00:00.0000000", "Pacific Standard Time")
    answer = raw(graph, f"{path}/$value")
    assert answer.headers["content-type"].startswith("text/calendar")
    assert answer.body.decode().split("\r\n") == [
        "BEGIN:VCALENDAR",
        "PRODID:-//daypass//sandbox//EN",
        "VERSION:2.0",
        "METHOD:PUBLISH",
        "BEGIN:VEVENT",
        "DTSTART:20161203T020000Z",
        "DTEND:20161203T030000Z",
        "SUMMARY:Discuss gifts\\, for children",
        "DESCRIPTION:Let's look\\nfor funding!",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]


def test_long_lines_of_icalendar_are_folded_between_letters(graph, lunch):
    item = attach(graph, lunch, {**HOLIDAY, "item": {**GIFTS, "subject": "ä" * 100}})
    lines = raw(graph, f"/me/events/{lunch['id']}/attachments/{item['id']}/$value").body.split(b"\r\n")
    assert max(map(len, lines)) <= 75
    assert "SUMMARY:" + "ä" * 100 in b"\r\n".join(lines).replace(b"\r\n ", b"").decode()


@pytest.mark.parametrize("kind", ["message", "contact"])
def test_other_attached_items_are_kept_and_have_no_mime_here(graph, lunch, kind):
    item = attach(graph, lunch, {**HOLIDAY, "item": {"@odata.type": f"#microsoft.graph.{kind}", "displayName": "X"}})
    path = f"/me/events/{lunch['id']}/attachments/{item['id']}"
    whole = graph("GET", f"{path}?$expand=Microsoft.Graph.ItemAttachment/Item").body["item"]
    assert whole == {"@odata.type": f"#microsoft.graph.{kind}", "id": "", "displayName": "X"}
    assert graph("GET", f"{path}/$value").status == 501


def test_a_link_has_no_content(graph, lunch):
    link = attach(graph, lunch, LINK)
    assert link["@odata.type"] == "#microsoft.graph.referenceAttachment"
    assert graph("GET", f"/me/events/{lunch['id']}/attachments/{link['id']}/$value").status == 405
    assert graph("GET", f"/me/events/{lunch['id']}").body["hasAttachments"] is True


@pytest.mark.parametrize(
    ("attachment", "status", "code"),
    [
        ({"name": "x", "contentBytes": ""}, 400, "RequestBodyRead"),
        ({**MENU, "@odata.type": "#microsoft.graph.videoAttachment"}, 400, "RequestBodyRead"),
        ({**MENU, "contentBytes": "base64bWFj"}, 400, "RequestBodyRead"),
        ({**MENU, "contentBytes": None}, 400, "ErrorPropertyValidationFailure"),
        ({**MENU, "name": ""}, 400, "ErrorPropertyValidationFailure"),
        ({**MENU, "shoeSize": 44}, 400, "RequestBodyRead"),
        ({**LINK, "sourceUrl": "https://contoso.example/plans"}, 400, "RequestBodyRead"),
        ({**HOLIDAY, "item": None}, 400, "RequestBodyRead"),
        ({**HOLIDAY, "item": {"@odata.type": "microsoft.graph.event", "showAs": "banana"}}, 400, "RequestBodyRead"),
        ({**HOLIDAY, "item": {**GIFTS, "start": at("soon")}}, 400, "ErrorPropertyValidationFailure"),
        ({**MENU, "contentBytes": base64.b64encode(b"x" * SMALLEST).decode()}, 413, "BadRequest"),
    ],
)
def test_what_cannot_be_attached_is_refused(graph, lunch, attachment, status, code):
    refused = graph("POST", f"/me/events/{lunch['id']}/attachments", attachment)
    assert (refused.status, refused.code) == (status, code)
    assert names(graph, lunch["id"]) == []


def test_a_file_of_just_under_three_megabytes_is_posted_at_once(graph, lunch):
    content = base64.b64encode(b"x" * (SMALLEST - 1)).decode()
    assert attach(graph, lunch, {**MENU, "contentBytes": content})["size"] == SMALLEST - 1 + 158


def test_types_are_taken_in_every_spelling(graph, lunch):
    for spelling in ("microsoft.graph.fileAttachment", "#Microsoft.OutlookServices.FileAttachment", "#microsoft.graph.fileattachment"):
        assert attach(graph, lunch, {**MENU, "@odata.type": spelling})["@odata.type"] == "#microsoft.graph.fileAttachment"


# With the event


def test_attachments_are_posted_with_their_event(graph):
    event = graph.create(**timed("Lunch", "2026-12-01T12:00:00", "2026-12-01T13:00:00", attachments=[MENU, HOLIDAY]))
    assert event["hasAttachments"] is True
    assert names(graph, event["id"]) == ["menu.txt", "Holiday event"]


def test_attachments_of_an_event_are_not_patched(graph, lunch):
    refused = graph("PATCH", f"/me/events/{lunch['id']}", {"subject": "Tea", "attachments": [MENU]})
    assert (refused.status, refused.code) == (400, "ErrorInvalidRequest")
    assert graph("PATCH", f"/me/events/{lunch['id']}", {"subject": "Tea", "attachments": None}).body["subject"] == "Tea"


def test_attachments_are_expanded_with_their_event(graph, lunch):
    attach(graph, lunch, MENU)
    one = graph("GET", f"/me/events/{lunch['id']}?$select=subject&$expand=attachments").body
    assert one["attachments"][0]["contentBytes"] == MENU["contentBytes"]
    listed = graph("GET", "/me/events?$expand=attachments($select=name)").body["value"]
    assert [[file["name"] for file in event["attachments"]] for event in listed] == [["menu.txt"]]
    assert "contentBytes" not in listed[0]["attachments"][0]


def test_a_list_of_attachments_is_selected_and_ordered(graph, lunch):
    attach(graph, lunch, MENU)
    attach(graph, lunch, LINK)
    answer = graph("GET", f"/me/events/{lunch['id']}/attachments?$select=name,size&$orderby=name desc&$count=true")
    assert [one["name"] for one in answer.body["value"]] == ["Plans", "menu.txt"]
    assert answer.body["@odata.count"] == 2
    assert "contentBytes" not in answer.body["value"][1]


def test_occurrences_have_the_attachments_of_their_series_until_they_have_their_own(graph):
    master = graph.create(**series("Stand-up", "2026-12-01T09:00:00", "2026-12-01T09:15:00", {"type": "daily"}))
    attach(graph, master, MENU)
    window = ("2026-12-01T00:00:00Z", "2026-12-03T00:00:00Z")
    first, second = graph.view(*window).body["value"]
    assert names(graph, second["id"]) == ["menu.txt"]
    own = attach(graph, second, {**MENU, "name": "today.txt"})
    assert own["id"].startswith(second["id"].rstrip("="))
    assert names(graph, second["id"]) == ["menu.txt", "today.txt"]
    assert names(graph, first["id"]) == names(graph, master["id"]) == ["menu.txt"]
    assert [event["type"] for event in graph.view(*window).body["value"]] == ["occurrence", "exception"]


def test_ids_of_attachments_have_both_forms_and_follow_their_event(graph, lunch):
    file = attach(graph, lunch, MENU)
    assert base64.urlsafe_b64encode(base64.urlsafe_b64decode(file["id"])).decode() == file["id"]
    immutable = graph("GET", f"/me/events/{lunch['id']}/attachments", prefer=IMMUTABLE).body["value"][0]["id"]
    event_id = graph("GET", f"/me/events/{lunch['id']}", prefer=IMMUTABLE).body["id"]
    assert immutable.startswith(event_id.rstrip("="))
    assert graph("GET", f"/me/events/{event_id}/attachments/{immutable}").body["id"] == file["id"]


def test_attendees_get_an_attachment_with_the_next_update(graph):
    alex = Graph(graph.tenant, "alex")
    guests = [{"emailAddress": {"address": "alex@contoso.example"}}]
    event = graph.create(**timed("Lunch", "2026-12-01T12:00:00", "2026-12-01T13:00:00", attendees=guests))
    attach(graph, event, MENU)
    day = ("2026-12-01T00:00:00Z", "2026-12-02T00:00:00Z")
    assert alex.view(*day).body["value"][0]["hasAttachments"] is False
    graph("PATCH", f"/me/events/{event['id']}", {"subject": "Lunch, with a menu"})
    copy = alex.view(*day).body["value"][0]
    assert (copy["hasAttachments"], names(alex, copy["id"])) == (True, ["menu.txt"])


def test_attachments_are_details_of_events(graph, lunch):
    attach(graph, lunch, MENU)
    path = f"/me/events/{lunch['id']}"
    basic, reader = Graph(graph.tenant, scopes=("Calendars.ReadBasic",)), Graph(graph.tenant, scopes=("Calendars.Read",))
    assert basic("GET", f"{path}/attachments").status == 403
    assert basic("GET", f"{path}?$expand=attachments").body["attachments"] == []
    assert reader("GET", f"{path}/attachments").status == 200
    assert reader("POST", f"{path}/attachments", MENU).status == 403


# Large files


class Upload:
    """A session for a large file, used as its address says."""

    def __init__(self, graph: Graph, event_id: str, size: int = SMALLEST + 1, **more) -> None:
        self._tenant = graph.tenant
        item = {"attachmentType": "file", "name": "flower.jpg", "size": size, **more}
        answer = graph("POST", f"/me/events/{event_id}/attachments/createUploadSession", {"AttachmentItem": item})
        assert answer.status == 201, answer.body
        self.made, self.url, self.size = answer.body, answer.body["uploadUrl"], size

    def __call__(self, method: str, first: int = 0, body: bytes = b"", url: str = "", content_range: str | None = None):
        stated = f"bytes {first}-{first + len(body) - 1}/{self.size}" if content_range is None else content_range
        headers = {"Content-Range": stated, "Content-Type": "application/octet-stream"} if method == "PUT" else {}
        return self._tenant.handle(Request(method, url or self.url, headers, body))

    def progress(self) -> list[str]:
        return json.loads(self("GET").body)["nextExpectedRanges"]


def code(response) -> str:
    return json.loads(response.body)["error"]["code"]


def test_a_large_file_is_attached_when_its_last_piece_is_there(graph, lunch):
    content = bytes(range(256)) * (SMALLEST // 256) + b"!"
    upload = Upload(graph, lunch["id"])
    assert upload.made["nextExpectedRanges"] == ["0-"]
    assert upload.made["expirationDateTime"] == "2026-11-25T20:00:00.0000000Z"
    assert upload.made["@odata.context"].endswith("/v1.0/$metadata#microsoft.graph.uploadSession")
    half = 2 * 1024 * 1024 + 1
    first = upload("PUT", 0, content[:half])
    assert first.status == 200
    told = json.loads(first.body)
    assert (told["nextExpectedRanges"], told["ExpirationDateTime"]) == ([str(half)], upload.made["expirationDateTime"])
    assert names(graph, lunch["id"]) == []
    last = upload("PUT", half, content[half:])
    assert (last.status, last.body) == (201, b"")
    attachment_id = last.headers["location"].rpartition("Attachments('")[2].removesuffix("')")
    path = f"/me/events/{lunch['id']}/attachments/{attachment_id}"
    file = graph("GET", f"{path}?$select=lastModifiedDateTime,name,contentType,size,isInline").body
    assert (file["name"], file["contentType"], file["size"], file["isInline"]) == ("flower.jpg", "image/jpeg", len(content) + 158, False)
    assert raw(graph, f"{path}/$value").body == content
    assert code(upload("GET")) == "ErrorItemNotFound"


def test_a_large_file_may_be_sent_in_many_pieces_and_be_a_picture_in_the_body(graph, lunch):
    upload = Upload(graph, lunch["id"], isInline=True, contentId="flower", contentType="image/webp")
    piece = 1024 * 1024 - 7
    for first in range(0, upload.size, piece):
        upload("PUT", first, b"x" * min(piece, upload.size - first))
    file = graph("GET", f"/me/events/{lunch['id']}/attachments").body["value"][0]
    assert (file["isInline"], file["contentId"], file["contentType"]) == (True, "flower", "image/webp")
    assert base64.b64decode(file["contentBytes"]) == b"x" * upload.size


@pytest.mark.parametrize(
    ("first", "length", "content_range", "status"),
    [
        (5, 10, None, 416),
        (0, 10, "bytes 0-10/3145729", 400),
        (0, 10, "bytes 0-9/10", 400),
        (0, 10, "bytes 0-9/*", 400),
        (0, 10, "0-9", 400),
        (0, 10, "", 400),
        (0, 4 * 1024 * 1024 + 1, None, 400),
    ],
)
def test_a_piece_that_is_not_the_next_one_is_refused_and_nothing_is_lost(graph, lunch, first, length, content_range, status):
    upload = Upload(graph, lunch["id"])
    upload.size = SMALLEST + 1
    refused = upload("PUT", first, b"x" * length, content_range=content_range)
    assert (refused.status, code(refused)) == (status, "ErrorInvalidRange")
    assert upload.progress() == ["0"]
    assert upload("PUT", 0, b"x" * 10).status == 200
    assert upload("PUT", 0, b"x" * 10).status == 416
    assert upload.progress() == ["10"]


def test_a_session_is_cancelled(graph, lunch):
    upload = Upload(graph, lunch["id"])
    assert upload("DELETE").status == 204
    assert code(upload("PUT", 0, b"x")) == "ErrorItemNotFound"
    assert names(graph, lunch["id"]) == []


def test_a_session_expires_by_the_tenants_clock_and_is_swept_away(graph, lunch):
    upload = Upload(graph, lunch["id"])
    graph.tenant.clock.advance(2 * 3600)
    assert upload("PUT", 0, b"x").status == 404
    Upload(graph, lunch["id"])
    assert len(graph.tenant.state.mailboxes[MEGAN]["uploads"]) == 1


@pytest.mark.parametrize("token", ["", "?authtoken=", "?authtoken=guessed"])
def test_a_sessions_address_is_worth_nothing_without_its_token(graph, lunch, token):
    upload = Upload(graph, lunch["id"])
    refused = upload("PUT", 0, b"x", url=upload.url.partition("?")[0] + token)
    assert (refused.status, code(refused)) == (401, "InvalidAuthenticationToken")
    assert upload.progress() == ["0"]


@pytest.mark.parametrize(
    "path", ["Users('nobody@x')/Events('x')/AttachmentSessions('x')", "a/b/c", "Users('')/Events('')/AttachmentSessions('')"]
)
def test_an_address_that_no_session_has_is_not_found(graph, path):
    response = graph.tenant.handle(Request("PUT", f"https://localhost:8443/api/v2.0/{path}?authtoken=x", {}, b"x"))
    assert (response.status, code(response)) == (404, "ErrorItemNotFound")
    assert graph.tenant.handle(Request("GET", "https://localhost:8443/api/v2.0/me", {}, b"")).status == 501


def test_a_session_is_kept_with_the_state_and_its_token_out_of_the_journal(graph, lunch):
    upload = Upload(graph, lunch["id"])
    upload("PUT", 0, b"x" * 10)
    graph.tenant.restore(json.loads(json.dumps(graph.tenant.state.to_json())))
    assert upload.progress() == ["10"]
    token = upload.url.partition("authtoken=")[2]
    assert token
    assert token not in graph.tenant.journal.as_jsonl().decode()


@pytest.mark.parametrize(
    ("item", "status", "code"),
    [
        ({"size": SMALLEST - 1}, 400, "ErrorAttachmentSizeShouldNotBeLessThanMinimumSize"),
        ({"size": 0}, 400, "ErrorAttachmentSizeShouldNotBeLessThanMinimumSize"),
        ({"size": 150 * 1024 * 1024 + 1}, 400, "ErrorAttachmentSizeLimitExceeded"),
        ({"size": "large"}, 400, "RequestBodyRead"),
        ({"size": None}, 400, "ErrorInvalidRequest"),
        ({"name": None}, 400, "ErrorInvalidRequest"),
        ({"attachmentType": None}, 400, "ErrorInvalidRequest"),
        ({"attachmentType": "video"}, 400, "RequestBodyRead"),
        ({"attachmentType": "item"}, 405, "ErrorAttachmentSessionIsSupportedOnlyForFileAttachments"),
        ({"attachmentType": "reference"}, 405, "ErrorAttachmentSessionIsSupportedOnlyForFileAttachments"),
    ],
)
def test_a_session_for_what_is_no_large_file_is_refused(graph, lunch, item, status, code):
    body = {"AttachmentItem": {"attachmentType": "file", "name": "flower", "size": 3483322, **item}}
    refused = graph("POST", f"/me/events/{lunch['id']}/attachments/createUploadSession", body)
    assert (refused.status, refused.code) == (status, code)


def test_a_session_needs_an_item_and_an_event(graph, lunch):
    path = f"/me/events/{lunch['id']}/attachments/createUploadSession"
    assert graph("POST", path, {}).code == "ErrorInvalidRequest"
    body = {"attachmentItem": {"attachmentType": "File", "name": "flower", "size": "3483322"}}
    assert graph("POST", path, body).status == 201
    assert graph("POST", "/me/events/nothing/attachments/createUploadSession", body).code == "ErrorItemNotFound"


def test_an_event_that_went_meanwhile_takes_no_file(graph, lunch):
    upload = Upload(graph, lunch["id"])
    upload("PUT", 0, b"x" * (upload.size - 1))
    graph("DELETE", f"/me/events/{lunch['id']}")
    assert code(upload("PUT", upload.size - 1, b"x")) == "ErrorItemNotFound"
