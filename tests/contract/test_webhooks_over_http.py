"""Notifications over the wire: the real server, and webhooks that listen on this machine."""

from __future__ import annotations

import asyncio
import json
import queue
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit
from urllib.request import HTTPSHandler, ProxyHandler, Request, build_opener

import pytest
import trustme
from aiohttp import ClientConnectorCertificateError

from daypass.errors import TransportError
from daypass_sandbox import serve
from daypass_sandbox.reach import ANY, LOOPBACK
from daypass_sandbox.server import _HereOnly, ways
from webhooks import moment

PATIENCE_SECONDS = 20
LUNCH = {
    "subject": "Lunch",
    "start": {"dateTime": "2026-12-01T12:00:00", "timeZone": "UTC"},
    "end": {"dateTime": "2026-12-01T13:00:00", "timeZone": "UTC"},
}


class Listener:
    """A webhook on a port of its own; `answers` are given in turn, then 202. What it is told lies in `told`."""

    def __init__(self, tls=None):
        self.told, self.answers, self.go_on = queue.Queue(), [], threading.Event()
        self.validate = lambda token: (200, {"content-type": "text/plain"}, token.encode())
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                token = parse_qs(urlsplit(self.path).query).get("validationToken")
                self.answer(*(listener.validate(token[0]) if token else listener.take(self.path, self.headers, body)))

            def answer(self, status, headers, body):
                self.send_response(status)
                for name, value in {**headers, "content-length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *words):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if tls:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.server.daemon_threads = True
        self.url = f"{'https' if tls else 'http'}://localhost:{self.server.server_port}/hook?code=a%2Bb%20c"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def take(self, path, headers, body):
        status = self.answers.pop(0) if self.answers else 202
        if status == "wait":
            self.go_on.wait(PATIENCE_SECONDS)
            status = 202
        self.told.put((path, headers["content-type"], json.loads(body)))
        return status, {"location": "/elsewhere"} if status in (301, 302) else {}, b""

    def next(self):
        """The next notification request; fails when none comes."""
        return self.told.get(timeout=PATIENCE_SECONDS)

    def close(self):
        self.go_on.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(scope="module")
def site():
    with serve(seed="empty", interval_seconds=1) as site:
        yield site


@pytest.fixture
def listener():
    listener = Listener()
    yield listener
    listener.close()


class Client:
    """Speaks to the server as any client would."""

    def __init__(self, site):
        self.site = site
        context = ssl.create_default_context(cafile=site.ca_file)
        self.opener = build_opener(ProxyHandler({}), HTTPSHandler(context=context))
        self.control("reset", {"seed": "empty"})
        self.token = self.control("token", {"user": "megan", "scopes": ["Calendars.ReadWrite"]})["access_token"]

    def ask(self, method, url, body=None, headers=None):
        data = None if body is None else json.dumps(body).encode()
        asked = Request(url, data, {"Content-Type": "application/json", **(headers or {})}, method=method)
        try:
            with self.opener.open(asked, timeout=PATIENCE_SECONDS) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except OSError as error:
            return error.status, json.loads(error.read())

    def control(self, path, body=None):
        status, answer = self.ask("GET" if body is None else "POST", f"{self.site.control}/{path}", body)
        assert status < 300, answer
        return answer

    def graph(self, method, path, body=None):
        return self.ask(method, f"{self.site.graph_root}{path}", body, {"Authorization": f"Bearer {self.token}"})

    def subscribe(self, url, **more):
        end = moment(self.control("clock")["seconds"] + 86400)
        wish = {"changeType": "created,deleted", "resource": "me/events", "notificationUrl": url, "expirationDateTime": end}
        return self.graph("POST", "/subscriptions", {**wish, "clientState": "a secret", **more})


@pytest.fixture
def client(site):
    return Client(site)


def test_a_webhook_proves_itself_and_is_told_without_anybodys_doing(client, listener):
    status, made = client.subscribe(listener.url)
    assert status == 201, made
    _, event = client.graph("POST", "/me/events", LUNCH)
    path, content_type, body = listener.next()
    assert path == "/hook?code=a%2Bb%20c"
    assert content_type.startswith("application/json")
    (item,) = body["value"]
    assert (item["subscriptionId"], item["changeType"], item["clientState"]) == (made["id"], "created", "a secret")
    assert item["resourceData"]["id"] == event["id"]
    client.graph("DELETE", f"/me/events/{event['id']}")
    assert listener.next()[2]["value"][0]["changeType"] == "deleted"


def test_a_webhook_behind_a_certificate_of_its_own_will_do(client):
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("localhost").configure_cert(tls)
    listener = Listener(tls)
    try:
        assert client.subscribe(listener.url)[0] == 201
        client.graph("POST", "/me/events", LUNCH)
        assert listener.next()[2]["value"][0]["changeType"] == "created"
    finally:
        listener.close()


@pytest.mark.parametrize(
    "host", ["192.0.2.1", "[2001:db8::1]", "0.0.0.0", "169.254.169.254", "webhook.contoso.invalid", "127.0.0.1.contoso.invalid"]
)
def test_a_webhook_on_another_machine_is_refused_in_words(client, host):
    status, answer = client.subscribe(f"https://{host}/hook")
    assert (status, answer["error"]["code"]) == (400, "ValidationError")
    assert answer["error"]["message"].startswith("Subscription validation request failed. This sandbox delivers to this machine only, ")
    assert "--webhooks any" in answer["error"]["message"]


def test_others_are_reached_on_request_and_must_have_a_certificate_that_counts():
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("localhost").configure_cert(tls)
    listener = Listener(tls)

    async def both():
        async with ways(ANY) as out:
            here, there = await out.to("localhost"), await out.to("192.0.2.1")
            assert (await out.to("127.9.9.9"), await out.to("::1")) == (here, here)
            async with here.post(listener.url, json={}) as answer:
                assert answer.status == 202
            with pytest.raises(ClientConnectorCertificateError):
                await there.post(listener.url, json={})
        async with ways(LOOPBACK) as out:
            with pytest.raises(TransportError, match="--webhooks any"):
                await out.to("192.0.2.1")

    try:
        asyncio.run(both())
    finally:
        listener.close()


def test_a_name_that_leads_elsewhere_when_it_is_connected_to_is_not_followed():
    async def resolved():
        await _HereOnly().resolve("192.0.2.1", 443)

    with pytest.raises(OSError, match="not on this machine"):
        asyncio.run(resolved())


def test_there_is_no_third_choice():
    async def opened():
        async with ways("some"):
            pass

    with pytest.raises(ValueError, match="loopback or any"):
        asyncio.run(opened())


@pytest.mark.parametrize(
    ("validate", "said"),
    [
        (lambda token: (404, {}, b""), "HTTP status code is 'NotFound'."),
        (lambda token: (302, {"location": "/elsewhere"}, b""), "HTTP status code is 'Found'."),
        (lambda token: (200, {"content-type": "text/html"}, token.encode()), "text/plain"),
        (lambda token: (200, {"content-type": "text/plain"}, b"hello"), "exactly match"),
    ],
)
def test_a_webhook_that_fails_the_validation_gets_no_subscription(client, listener, validate, said):
    listener.validate = validate
    status, answer = client.subscribe(listener.url)
    assert (status, answer["error"]["code"]) == (400, "ValidationError")
    assert said in answer["error"]["message"]


def test_where_nobody_listens_there_is_no_subscription(client, listener):
    listener.close()
    status, answer = client.subscribe(listener.url)
    assert (status, answer["error"]["code"]) == (400, "ValidationError")


def test_a_refused_notification_comes_again_when_the_clock_says_so(client, listener):
    client.subscribe(listener.url)
    listener.answers = [503, 302, 410]
    client.control("clock", {"now": client.control("clock")["now"]})
    client.graph("POST", "/me/events", LUNCH)
    first = listener.next()
    for pause in (10, 20, 40):
        assert listener.told.empty()
        client.control("clock", {"advance_seconds": pause})
        assert listener.next() == first
    assert [attempt["status"] for attempt in client.control("notifications")[0]["attempts"]][:3] == [503, 302, 410]


def test_after_four_hours_of_refusals_the_lifecycle_webhook_hears_of_it(client, listener):
    lifecycle = Listener()
    try:
        client.subscribe(listener.url, lifecycleNotificationUrl=lifecycle.url)
        listener.answers = [500] * 50
        client.graph("POST", "/me/events", LUNCH)
        listener.next()
        client.control("clock", {"advance_seconds": 4 * 3600})
        assert lifecycle.next()[2]["value"][0]["lifecycleEvent"] == "missed"
    finally:
        lifecycle.close()


def test_a_webhook_that_does_not_answer_in_three_seconds_gets_it_again(client, listener):
    client.subscribe(listener.url)
    listener.answers = ["wait"]
    client.graph("POST", "/me/events", LUNCH)
    record = wait_for(client, lambda notes: notes and notes[0]["attempts"])
    assert record[0]["attempts"][0]["error"] == "no answer within 3 seconds"
    assert record[0]["attempts"][0]["status"] == 0
    client.control("clock", {"advance_seconds": 10})
    assert listener.next()[2]["value"][0]["changeType"] == "created"


def test_a_webhook_that_is_slow_does_not_keep_the_tenant_or_another_webhook_waiting(client, listener):
    quick = Listener()
    try:
        client.subscribe(listener.url)
        client.subscribe(quick.url, changeType="created")
        listener.answers = ["wait"]
        assert client.graph("POST", "/me/events", LUNCH)[0] == 201
        assert quick.next()[2]["value"][0]["changeType"] == "created"
        assert client.graph("GET", "/me/events")[0] == 200
        assert listener.told.empty()
    finally:
        quick.close()


def test_nothing_comes_after_the_end(client, listener):
    _, made = client.subscribe(listener.url)
    listener.answers = [503]
    client.graph("POST", "/me/events", LUNCH)
    listener.next()
    client.control("clock", {"advance_seconds": 86400})
    client.token = client.control("token", {"user": "megan", "scopes": ["Calendars.ReadWrite"]})["access_token"]
    assert client.graph("GET", f"/subscriptions/{made['id']}")[0] == 404
    client.graph("POST", "/me/events", LUNCH)
    assert wait_for(client, lambda notes: notes)[0]["outcome"] == "withdrawn"
    assert listener.told.empty()


def wait_for(client, fulfilled):
    """The tenant's record of notifications, as soon as it is as wanted."""
    for _ in range(PATIENCE_SECONDS * 10):
        notes = client.control("notifications")
        if fulfilled(notes):
            return notes
        threading.Event().wait(0.1)
    raise AssertionError(notes)
