"""No secret is in the journal, the archive or the record, wherever and however it was sent."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote, urlencode

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from daypass.wire import Request, Response
from daypass_sandbox.journal import Journal, Wanted
from daypass_sandbox.masking import FIELDS, MEMBERS

ROOT = "https://localhost:8443"
SECRET = "hunter2hunter2"
TOKEN = "/common/oauth2/v2.0/token"
KINDS = ("application/x-www-form-urlencoded", "Application/X-WWW-Form-URLEncoded", "text/plain", "application/json", "text/html", "")


@st.composite
def spelt(draw, names):
    """One of the names in some letter case."""
    name = draw(st.sampled_from(sorted(names)))
    return "".join(letter.upper() if draw(st.booleans()) else letter for letter in name)


def shown(request, response=None):
    """All three forms of the journal."""
    journal = Journal()
    journal.record(0.0, request, response or Response(200))
    (exchange,) = journal.matching(Wanted())
    return journal.as_jsonl().decode() + json.dumps(journal.as_har()) + json.dumps(exchange.entry()) + json.dumps(exchange.brief())


def sealed(request, response=None):
    told = shown(request, response)
    assert SECRET not in told
    assert base64.b64encode(SECRET.encode()).decode().rstrip("=")[:12] not in told


@settings(max_examples=30)
@given(name=spelt(FIELDS), path=st.sampled_from(["/devicelogin", TOKEN, "/v1.0/me/events", "/api/v2.0/x"]), escaped=st.booleans())
def test_none_in_an_address(name, path, escaped):
    name = "".join(f"%{ord(letter):02x}" for letter in name) if escaped else name
    url = f"{ROOT}{path}?a=1&{name}={SECRET}&b=2"
    sealed(Request("GET", url), Response(302, {"location": f"http://localhost/#{name}={SECRET}"}))
    sealed(Request("GET", f"{ROOT}/common/oauth2/v2.0/logout?post_logout_redirect_uri={quote(url, safe='')}", {"referer": url}))
    sealed(Request("POST", f"{ROOT}/v1.0/$batch", {}, json.dumps({"requests": [{"id": "1", "url": url}]}).encode()))


@settings(max_examples=30)
@given(
    name=spelt(FIELDS),
    kind=st.sampled_from(KINDS),
    path=st.sampled_from([TOKEN, TOKEN.upper(), "/devicelogin", "/x/oauth2/v2.0/devicecode"]),
)
@example("Refresh_Token", "text/plain", "/common/oauth2/v2.0/%74oken")
def test_none_in_what_is_sent_to_sign_in(name, kind, path):
    for sent in (
        urlencode({"grant_type": "refresh_token", name: SECRET}),
        f"grant_type=refresh_token\r\n{name}={SECRET}",
        f"grant_type=refresh_token;{name}={SECRET}",
        json.dumps({name: SECRET}),
        json.dumps({"held": [{name: SECRET}]}),
        json.dumps({name: SECRET})[:-1],
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{SECRET}\r\n--x--',
        SECRET,
        f"{SECRET}==",
    ):
        sealed(Request("POST", ROOT + path, {"content-type": kind}, sent.encode()))


nested = st.recursive(st.just([]), lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abc"), inner, max_size=2))


@settings(max_examples=30)
@given(name=spelt(MEMBERS), around=nested, cut=st.booleans(), value=st.sampled_from([SECRET, [SECRET], {"x": SECRET}]))
def test_none_in_json(name, around, cut, value):
    text = json.dumps([around, {"deep": {name: value, "message": "x"}}])
    body = (text[:-2] if cut else text).encode()
    json_type = {"content-type": "application/json"}
    for path in ("/v1.0/subscriptions", "/v1.0/me/events", "/v1.0/applications/1/addPassword"):
        sealed(Request("POST", ROOT + path, json_type, body), Response(200, json_type, body))
    sealed(Request("POST", ROOT + TOKEN, {}, b""), Response(200, json_type, body))


@settings(max_examples=30)
@given(name=spelt(MEMBERS), header=spelt(["authorization", "cookie", "proxy-authorization"]))
def test_none_in_a_batch(name, header):
    inner = json.dumps({name: SECRET})
    encoded = base64.b64encode(inner.encode()).decode()
    for body in (None, {name: SECRET}, inner, encoded):
        step = {"id": "1", "Method": "POST", "Url": "/subscriptions", "Headers": {header: f"Bearer {SECRET}"}, "Body": body}
        answer = {"responses": [{"id": "1", "status": 200, "headers": {}, "body": body}]}
        for text in (
            json.dumps({"requests": [step]}),
            json.dumps({"requests": [step]})[:-1],
            json.dumps({"Requests": [step]}).replace("i", "\\u0069")[:-1],
        ):
            sealed(Request("POST", f"{ROOT}/v1.0/$batch", {header: SECRET}, text.encode()), Response(200, {}, json.dumps(answer).encode()))


@pytest.mark.parametrize(
    ("kind", "sent", "told"),
    [
        ("application/json", '{"subject":"Code review","code":"x","body":{"content":"password? see a?b"}}', None),
        ("text/plain", "minutes of the meeting", "minutes of the meeting"),
    ],
)
def test_all_else_stays_readable(kind, sent, told):
    journal = Journal()
    journal.record(
        0.0, Request("POST", f"{ROOT}/v1.0/me/events?$top=5", {"content-type": kind, "prefer": "a=b"}, sent.encode()), Response(200)
    )
    (entry,) = journal.entries()
    assert entry["request_body"] == (told or json.loads(sent))
    assert (entry["url"], entry["request_headers"]["prefer"]) == (f"{ROOT}/v1.0/me/events?$top=5", "a=b")


def test_a_form_keeps_its_other_fields():
    journal = Journal()
    form = "grant_type=refresh_token&scope=openid+profile&refresh_token=x&redirect_uri=http%3A%2F%2Flocalhost"
    journal.record(0.0, Request("POST", ROOT + TOKEN, {}, form.encode()), Response(200))
    (entry,) = journal.entries()
    assert entry["request_body"] == form.replace("refresh_token=x", "refresh_token=%2A%2A%2A")
