"""The live page as it leaves the tenant; `tests/e2e/test_sandbox_page.py` looks at it in a browser."""

from __future__ import annotations

import re

import pytest

from daypass.wire import Request, Sleep, step
from daypass_sandbox.control import door
from entra_caller import ROOT


@pytest.mark.parametrize("path", ["/sandbox", "/sandbox/"])
def test_the_page_takes_nothing_but_its_own_script_and_style(entra, path):
    answer = entra.get(path)
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == policy["form-action"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert "unsafe" not in str(policy)
    assert "<style" not in answer.body.decode()
    assert re.findall(r"<script[^>]*>(.*?)</script>", answer.body.decode(), re.DOTALL) == [""]
    assert not re.search(r"\son\w+=|\sstyle=", answer.body.decode())


def test_the_organisations_name_is_text(tenant, entra):
    tenant.state.display_name = "<b>Contoso"
    assert b"&lt;b&gt;Contoso" in entra.get("/sandbox/").body


@pytest.mark.parametrize(("file", "kind"), [("page.js", "text/javascript"), ("page.css", "text/css"), ("icon.svg", "image/svg+xml")])
def test_what_the_page_names_is_there_and_of_its_type(entra, file, kind):
    assert f'"/sandbox/{file}"' in entra.get("/sandbox/").body.decode()
    answer = entra.get(f"/sandbox/{file}")
    assert answer.headers["content-type"] == f"{kind}; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert b"innerHTML" not in answer.body


def test_the_script_asks_only_for_what_there_is(entra):
    script = entra.get("/sandbox/page.js").body.decode()
    asked = set(re.findall(r"(?:ask|act)\(\"(GET|POST|DELETE|PATCH)\", [\"`]([a-z]+)", script))
    built = {(route.method, route.template.split("/")[2]) for route in door.ROUTES if route.template.count("/") > 1}
    assert {("GET", "approve"), ("POST", "clock"), ("DELETE", "faults"), ("GET", "days")} <= asked
    assert asked <= built


def test_no_answer_of_the_control_plane_can_be_taken_in_by_another_site(entra):
    for path in ("state", "journal", "nothing"):
        headers = entra.control("GET", path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cross-origin-resource-policy"] == "same-origin"


# --- the news


def test_the_news_are_what_came_after_with_the_present_numbers(entra):
    assert entra.ask_control("GET", "news") == {"first": 1, "last": 0, "changes": 0, "exchanges": []}
    entra.me("nonsense")
    entra.device_code()
    news = entra.ask_control("GET", "news?after=1")
    assert (news["first"], news["last"], news["changes"]) == (1, 2, 1)
    (exchange,) = news["exchanges"]
    assert (exchange["number"], exchange["method"], exchange["status"]) == (2, "POST", 200)
    assert "request_body" not in exchange


def test_of_many_the_newest_are_told(entra):
    for _ in range(505):
        entra.get("/v1.0/me")
    told = [exchange["number"] for exchange in entra.ask_control("GET", "news")["exchanges"]]
    assert told == list(range(6, 506))


def test_one_who_knows_more_than_there_is_begins_anew(entra):
    entra.me("nonsense")
    news = entra.ask_control("GET", "news?after=700")
    assert (news["last"], len(news["exchanges"])) == (1, 1)


@pytest.mark.parametrize(
    "happening",
    [lambda entra: entra.me("nonsense"), lambda entra: entra.advance(5), lambda entra: entra.control("DELETE", "journal")],
    ids=["a request", "the clock", "the journal"],
)
def test_waiting_ends_with_whatever_happens(tenant, entra, happening):
    waiting = tenant.flow(Request("GET", f"{ROOT}/sandbox/news?after=0&changes=0&wait=25"))
    for _ in range(3):
        assert isinstance(step(waiting, None), Sleep)
    happening(entra)
    with pytest.raises(StopIteration) as done:
        step(waiting, None)
    assert done.value.value.status == 200


@pytest.mark.parametrize("query", ["after=x", "changes=-1", "wait=99"])
def test_news_that_make_no_sense_are_refused(entra, query):
    assert entra.control("GET", f"news?{query}").status == 400
