from __future__ import annotations

import base64

import pytest

NAME = "com.contoso.priorities"
OPEN = "microsoft.graph.openTypeExtension"
LINK = {"webUrl": "https://contoso.example/1", "applicationName": "Contoso", "displayName": "Letter", "externalId": "dk9cddce2"}
SMILE = {"@odata.type": "#microsoft.graph.taskFileAttachment", "name": "smile", "contentBytes": "aGFsbG8=", "contentType": "image/gif"}


@pytest.fixture
def task(todo):
    return f"tasks/{todo.add()['id']}"


def refused(answer) -> tuple[int, str]:
    return answer.status, answer.code


def inner(answer) -> str:
    return answer.body["error"]["innerError"]["code"]


# --- steps


def test_a_step_is_added_checked_and_taken_away(todo, task):
    made = todo("POST", f"{task}/checklistItems", {"displayName": "Final sign-off"})
    assert made.status == 201
    assert {name: value for name, value in made.body.items() if name not in ("@odata.context", "id")} == {
        "displayName": "Final sign-off",
        "createdDateTime": "2026-11-25T18:00:00.0000000Z",
        "isChecked": False,
    }
    there = f"{task}/checklistItems/{made.body['id']}"
    checked = todo("PATCH", there, {"isChecked": True}).body
    assert (checked["displayName"], checked["isChecked"], checked["checkedDateTime"][:10]) == ("Final sign-off", True, "2026-11-25")
    assert todo("GET", there).body == checked
    assert todo("DELETE", there).status == 204
    assert refused(todo("GET", there)) == (404, "ErrorItemNotFound")


def test_steps_are_told_with_their_task_if_there_are_any(todo, task):
    assert "checklistItems" not in todo("GET", task).body
    step = todo("POST", f"{task}/checklistItems", {"displayName": "Bread"}).body
    shown = todo("GET", task).body
    assert shown["checklistItems"] == [{name: value for name, value in step.items() if "@" not in name}]
    assert shown["checklistItems@odata.context"].endswith("/checklistItems")


def test_a_step_that_is_only_renamed_is_no_longer_checked(todo, task):
    step = todo("POST", f"{task}/checklistItems", {"displayName": "Bread", "isChecked": True}).body
    there = f"{task}/checklistItems/{step['id']}"
    assert todo("PATCH", there, {"displayName": "Rye bread"}).body["isChecked"] is False
    todo("PATCH", there, {"isChecked": True})
    todo.tenant.state.quirks["stepUncheckedByRename"] = False
    assert todo("PATCH", there, {"displayName": "Bread"}).body["isChecked"] is True


def test_steps_keep_the_order_in_which_they_came(todo, task):
    for name in ("Milk", "Bread", "Apples"):
        todo("POST", f"{task}/checklistItems", {"displayName": name})
    names = [step["displayName"] for step in todo("GET", f"{task}/checklistItems?$orderby=displayName").body["value"]]
    assert names == ["Milk", "Bread", "Apples"]
    assert todo("GET", f"{task}/checklistItems/$count").body == 3
    todo.tenant.state.quirks["todoQueryLimits"] = False
    sorted_names = [step["displayName"] for step in todo("GET", f"{task}/checklistItems?$orderby=displayName").body["value"]]
    assert sorted_names == ["Apples", "Bread", "Milk"]


def test_a_task_comes_with_its_steps_and_their_times(todo):
    when = "2026-09-20T10:00:00Z"
    steps = [{"displayName": "Bread", "isChecked": True, "checkedDateTime": when, "createdDateTime": when}, {"displayName": "Milk"}]
    task = todo.add(checklistItems=steps)
    assert task["checklistItems"][0] == {**steps[0], "id": task["checklistItems"][0]["id"]}
    assert task["checklistItems"][1]["isChecked"] is False


def test_when_a_step_was_made_cannot_be_changed(todo, task):
    step = todo("POST", f"{task}/checklistItems", {"displayName": "Bread"}).body
    there = f"{task}/checklistItems/{step['id']}"
    assert refused(todo("PATCH", there, {"createdDateTime": "2026-01-01T00:00:00Z"})) == (400, "invalidRequest")


@pytest.mark.parametrize("checked", [True, False])
@pytest.mark.parametrize(
    ("moment", "code"), [("yesterday", "RequestBodyRead"), ("2026-09-20", "RequestBodyRead"), ("2026-02-30T10:00:00Z", "invalidRequest")]
)
@pytest.mark.parametrize("member", ["checkedDateTime", "createdDateTime"])
def test_a_step_takes_no_times_that_are_none(todo, task, member, moment, code, checked):
    assert refused(todo("POST", f"{task}/checklistItems", {"displayName": "x", "isChecked": checked, member: moment})) == (400, code)
    if member == "checkedDateTime":
        step = todo("POST", f"{task}/checklistItems", {"displayName": "Bread"}).body
        assert refused(todo("PATCH", f"{task}/checklistItems/{step['id']}", {member: moment, "isChecked": checked})) == (400, code)


def test_the_times_of_a_step_may_come_with_any_offset(todo, task):
    when = {"createdDateTime": "2026-09-20T10:00:00+02:00", "checkedDateTime": "2026-09-20T10:00:00.25-07:00"}
    step = todo("POST", f"{task}/checklistItems", {"displayName": "Bread", "isChecked": True, **when}).body
    (step,) = todo("GET", task).body["checklistItems"]
    assert (step["createdDateTime"], step["checkedDateTime"]) == ("2026-09-20T08:00:00Z", "2026-09-20T17:00:00.2500000Z")


@pytest.mark.parametrize(("method", "status"), [("PATCH", 412), ("DELETE", 412)])
@pytest.mark.parametrize("part", ["checklistItems", "linkedResources"])
def test_parts_are_held_against_the_etag_of_their_task(todo, task, part, method, status):
    stale = todo("GET", task).body["@odata.etag"]
    made = todo("POST", f"{task}/{part}", {"displayName": "x", **(LINK if part == "linkedResources" else {})}).body
    there, body = f"{task}/{part}/{made['id']}", {"displayName": "y"} if method == "PATCH" else None
    assert todo(method, there, body, headers={"If-Match": stale}).status == status
    assert todo(method, there, body, headers={"If-Match": todo("GET", task).body["@odata.etag"]}).status in (200, 204)


# --- the link


def test_a_link_is_added_changed_and_taken_away(todo, task):
    made = todo("POST", f"{task}/linkedResources", LINK)
    assert made.status == 201
    there = f"{task}/linkedResources/{made.body['id']}"
    assert {name: made.body[name] for name in LINK} == LINK
    assert todo("PATCH", there, {"displayName": "Parcel"}).body["displayName"] == "Parcel"
    assert todo("GET", there).body["externalId"] == "dk9cddce2"
    assert todo("GET", task).body["linkedResources"][0]["displayName"] == "Parcel"
    assert todo("GET", f"{task}/linkedResources").body["value"][0]["id"] == made.body["id"]
    assert todo("GET", f"{task}/linkedResources/$count").body == 1
    assert todo("DELETE", there).status == 204
    assert "linkedResources" not in todo("GET", task).body


@pytest.mark.parametrize("nothing", [None, ""])
def test_what_a_link_has_cannot_be_cleared(todo, task, nothing):
    made = todo("POST", f"{task}/linkedResources", LINK).body
    changed = todo("PATCH", f"{task}/linkedResources/{made['id']}", {"externalId": nothing})
    assert (changed.status, changed.body["externalId"]) == (200, "dk9cddce2")


def test_a_task_has_one_link(todo, task):
    todo("POST", f"{task}/linkedResources", LINK)
    second = todo("POST", f"{task}/linkedResources", LINK)
    assert (refused(second), inner(second)) == ((400, "invalidRequest"), "LinkedResourceSizeExceeded")
    assert todo("POST", "tasks", {"title": "x", "linkedResources": [LINK, LINK]}).status == 400
    assert todo.add(linkedResources=[LINK])["linkedResources"][0]["displayName"] == "Letter"


@pytest.mark.parametrize("wrong", [{"webUrl": "https://contoso.example"}, {"applicationName": "Contoso", "webUrl": "not a url"}])
def test_a_link_needs_an_application_and_a_url_that_is_one(todo, task, wrong):
    assert refused(todo("POST", f"{task}/linkedResources", wrong)) == (400, "invalidRequest")


# --- files


def test_a_file_is_attached_read_and_taken_away(todo, task):
    made = todo("POST", f"{task}/attachments", SMILE)
    assert made.status == 201
    assert made.headers["location"].endswith(f"/attachments/{made.body['id']}")
    assert (made.body["name"], made.body["contentType"], made.body["contentBytes"]) == ("smile", "image/gif", "aGFsbG8=")
    assert made.body["size"] > len(b"hallo")
    assert todo("GET", task).body["hasAttachments"] is True
    listed = todo("GET", f"{task}/attachments").body["value"]
    assert [("contentBytes" in file, file["@odata.type"]) for file in listed] == [(False, "#microsoft.graph.taskFileAttachment")]
    there = f"{task}/attachments/{made.body['id']}"
    assert todo("GET", there).body["contentBytes"] == "aGFsbG8="
    assert todo("GET", f"{there}?$select=name").body["name"] == "smile"
    assert todo("GET", f"{task}/attachments/$count").body == 1
    assert todo("DELETE", there, headers={"If-Match": '"x"'}).status == 204
    assert refused(todo("DELETE", there)) == (404, "ErrorItemNotFound")
    assert todo("GET", task).body["hasAttachments"] is False


def raw(todo, method, path, body=b"", **headers):
    """A request whose answer is not JSON."""
    from daypass.wire import Request

    url = path if path.startswith("https:") else f"https://localhost:8443/v1.0{todo.at_tasks(path)}"
    return todo.tenant.handle(Request(method, url, {"Authorization": f"Bearer {todo.token}", **headers}, body))


def test_the_bytes_of_a_file_come_as_they_are(todo, task):
    made = todo("POST", f"{task}/attachments", SMILE).body
    answer = raw(todo, "GET", f"{task}/attachments/{made['id']}/$value")
    assert (answer.body, answer.headers["content-type"]) == (b"hallo", "image/gif")


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"name": "x"}, 400),
        ({"contentBytes": "aGFsbG8="}, 400),
        ({"name": "x", "contentBytes": "no base64!"}, 400),
        ({"name": "x", "contentBytes": base64.b64encode(bytes(3 * 1024 * 1024)).decode()}, 413),
    ],
)
def test_a_file_that_cannot_be_attached_is_refused(todo, task, wrong, status):
    assert todo("POST", f"{task}/attachments", wrong).status == status


def begin(todo, task, size) -> str:
    info = {"attachmentInfo": {"attachmentType": "file", "name": "flower", "size": size}}
    session = todo("POST", f"{task}/attachments/createUploadSession", info)
    assert session.status == 201
    assert session.body["nextExpectedRanges"] == ["0-"]
    assert session.body["expirationDateTime"] == "2026-11-25T20:00:00.0000000Z"
    return session.body["uploadUrl"]


def put(todo, url, start, content, total):
    return raw(todo, "PUT", f"{url}/content", content, **{"Content-Range": f"bytes {start}-{start + len(content) - 1}/{total}"})


def test_a_larger_file_comes_in_ranges(todo, task):
    url = begin(todo, task, 10)
    first = put(todo, url, 0, b"01234", 10)
    assert first.status == 200
    assert b'"nextExpectedRanges": ["5"]' in first.body or b'"nextExpectedRanges":["5"]' in first.body
    last = put(todo, url, 5, b"56789", 10)
    assert (last.status, last.body) == (201, b"")
    assert raw(todo, "GET", last.headers["location"] + "/$value").body == b"0123456789"
    assert todo("GET", f"{task}/attachments").body["value"][0]["name"] == "flower"
    assert put(todo, url, 0, b"0123456789", 10).status == 404


def test_a_range_that_is_not_next_is_refused_and_the_upload_goes_on(todo, task):
    url = begin(todo, task, 10)
    put(todo, url, 0, b"01234", 10)
    for start in (0, 7):
        assert b"InvalidStart" in put(todo, url, start, b"012", 10).body
    assert put(todo, url, 5, b"567890", 11).status == 400
    assert put(todo, url, 5, b"567890", 10).status == 400
    assert raw(todo, "PUT", f"{url}/content", b"x").status == 400
    assert put(todo, url, 5, b"56789", 10).status == 201


def test_a_session_cannot_be_asked_and_can_be_given_up(todo, task):
    url = begin(todo, task, 10)
    assert todo("GET", url).status == todo("GET", f"{url}/content").status == 404
    assert todo("DELETE", url).status == 204
    assert put(todo, url, 0, b"01234", 10).status == 404


def test_a_session_ends_with_its_time(todo, task):
    url = begin(todo, task, 10)
    todo("POST", "https://localhost:8443/sandbox/clock", {"advance_seconds": 7200})
    assert put(todo, url, 0, b"01234", 10).status == 404


@pytest.mark.parametrize(
    "info", [{}, {"attachmentType": "item", "name": "x", "size": 1}, {"attachmentType": "file", "name": "x", "size": 26214401}]
)
def test_a_session_for_nothing_or_too_much_is_refused(todo, task, info):
    assert todo("POST", f"{task}/attachments/createUploadSession", {"attachmentInfo": info}).status == 400


# --- extensions


@pytest.fixture(params=["task", "list"])
def extensible(request, todo, task):
    if request.param == "task":
        return task
    return f"/me/todo/lists/{todo('POST', '/me/todo/lists', {'displayName': 'Travel items'}).body['id']}"


def test_an_extension_is_made_read_replaced_and_taken_away(todo, extensible):
    made = todo("POST", f"{extensible}/extensions", {"@odata.type": OPEN, "extensionName": NAME, "myDay": "2026-09-24", "order": 3})
    assert made.status == 201
    own = {"@odata.type": f"#{OPEN}", "id": f"{OPEN}.{NAME}", "extensionName": NAME}
    assert {name: value for name, value in made.body.items() if name != "@odata.context"} == {**own, "myDay": "2026-09-24", "order": 3}
    for name in (NAME, f"{OPEN}.{NAME}"):
        assert todo("GET", f"{extensible}/extensions/{name}").body["order"] == 3
    assert "order" not in todo("PATCH", f"{extensible}/extensions/{NAME}", {"myDay": "2026-09-25"}).body
    assert todo("POST", f"{extensible}/extensions", {"extensionName": NAME, "x": 2}).status == 201
    assert todo("GET", f"{extensible}/extensions/$count").body == 1
    assert todo("DELETE", f"{extensible}/extensions/{NAME}").status == 204
    assert todo("DELETE", f"{extensible}/extensions/{NAME}").status == 204
    assert todo("GET", f"{extensible}/extensions/{NAME}").status == 404
    assert todo("PATCH", f"{extensible}/extensions/{NAME}", {"x": 1}).status == 404


def test_extensions_are_shown_only_by_their_name(todo, extensible):
    todo("POST", f"{extensible}/extensions", {"extensionName": NAME, "x": 2})
    assert "extensions" not in todo("GET", extensible).body
    assert "extensions" not in todo("GET", f"{extensible}?$expand=extensions").body
    for name in (NAME, f"{OPEN}.{NAME}"):
        assert todo("GET", f"{extensible}?$expand=extensions($filter=id eq '{name}')").body["extensions"][0]["x"] == 2
    assert todo("GET", f"{extensible}?$expand=extensions($filter=id eq 'other')").body["extensions"] == []
    assert todo("GET", f"{extensible}?$expand=extensions($filter=x eq 2)").status == 400
    assert refused(todo("GET", f"{extensible}/extensions")) == (404, "UnknownError")


def test_extensions_are_listed_as_documented_when_the_quirk_is_off(todo, extensible):
    todo("POST", f"{extensible}/extensions", {"extensionName": NAME, "x": 2})
    todo.tenant.state.quirks["todoQueryLimits"] = False
    assert [one["x"] for one in todo("GET", f"{extensible}/extensions").body["value"]] == [2]
    assert [one["x"] for one in todo("GET", f"{extensible}?$expand=extensions").body["extensions"]] == [2]


@pytest.mark.parametrize("body", [{}, {"extensionName": ""}, {"extensionName": 3}])
def test_an_extension_needs_a_name(todo, extensible, body):
    assert refused(todo("POST", f"{extensible}/extensions", body)) == (400, "invalidRequest")


def test_a_task_may_come_with_an_extension(todo):
    task = todo.add(extensions=[{"@odata.type": OPEN, "extensionName": NAME, "opId": "op-7f3a"}])
    assert task["extensions"][0]["opId"] == "op-7f3a"
    assert todo("POST", "tasks", {"title": "x", "extensions": {"extensionName": NAME}}).status == 400
    assert todo("POST", "tasks", {"title": "x", "extensions": ["x"]}).status == 400


def test_an_extension_of_a_task_is_held_against_the_etag_of_the_task(todo, task):
    stale = {"If-Match": todo("GET", task).body["@odata.etag"]}
    todo("POST", f"{task}/extensions", {"extensionName": NAME})
    assert todo("PATCH", f"{task}/extensions/{NAME}", {"x": 1}, headers=stale).status == 412
    assert todo("DELETE", f"{task}/extensions/{NAME}", headers=stale).status == 412
