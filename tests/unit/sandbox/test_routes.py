from __future__ import annotations

import json

import pytest

from daypass.wire import Request
from daypass_sandbox.routes import Call, Fault, Route, Router, reply


def answer(name):
    return lambda call: reply(200, name)


ROUTES = [
    Route("GET", "/users/{user_id}/events/{event_id}", answer("one event")),
    Route("GET", "/users/{user_id}/events/delta", answer("delta")),
    Route("GET", "/users/{user_id}/calendarView", answer("window")),
    Route("POST", "/users/{user_id}/events", answer("create")),
]


def found(method, path):
    hit = Router(ROUTES).find(method, path)
    return hit and (hit[0].template, hit[1])


def call_with(**request):
    return Call(tenant=None, request=Request("POST", "https://localhost/", **request), root="https://localhost")


def test_parameters_are_decoded():
    assert found("GET", "/users/megan%40contoso.example/events/AAMk_-%3D") == (
        "/users/{user_id}/events/{event_id}",
        {"user_id": "megan@contoso.example", "event_id": "AAMk_-="},
    )


def test_a_literal_wins_over_a_parameter():
    assert found("GET", "/users/u/events/delta") == ("/users/{user_id}/events/delta", {"user_id": "u"})


@pytest.mark.parametrize("path", ["/users/u/calendarview", "/USERS/u/CalendarView", "//users//u///calendarView/"])
def test_letter_case_of_literals_and_repeated_slashes_do_not_matter(path):
    assert found("GET", path) == ("/users/{user_id}/calendarView", {"user_id": "u"})


@pytest.mark.parametrize(
    ("method", "path"), [("DELETE", "/users/u/calendarView"), ("GET", "/users/u"), ("GET", "/"), ("GET", "/users/u/events/e/more")]
)
def test_what_no_table_holds_is_not_found(method, path):
    assert found(method, path) is None


@pytest.mark.parametrize("body", [b"{", b"\xff", b"[]", b'"text"', b"1"])
def test_a_body_that_is_no_json_object_is_refused(body):
    with pytest.raises(Fault) as refused:
        call_with(body=body).json()
    assert (refused.value.status, refused.value.code) == (400, "RequestBodyRead")


def test_an_absent_body_is_an_empty_object():
    assert call_with().json() == {}


@pytest.mark.parametrize(
    ("header", "read"),
    [
        (
            'outlook.timezone="Pacific Standard Time", outlook.body-content-type="text"',
            {"outlook.timezone": "Pacific Standard Time", "outlook.body-content-type": "text"},
        ),
        ('odata.maxpagesize=50; IdType = "ImmutableId"', {"odata.maxpagesize": "50", "idtype": "ImmutableId"}),
        ("return=minimal", {"return": "minimal"}),
        ("", {}),
    ],
)
def test_preferences_are_read_with_and_without_quotes(header, read):
    assert call_with(headers={"prefer": header}).preferences() == read


@pytest.mark.parametrize("value", ["half a pair \ud83d", 2**70, {"é": ["\u2028", None, 1.5]}])
def test_whatever_json_can_say_is_answered(value):
    assert json.loads(reply(200, {"value": value}).body) == {"value": value}
