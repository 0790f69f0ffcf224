"""The drivers without a network: who gets the token, which way a request goes, whom we trust."""

from __future__ import annotations

import asyncio
import ssl
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from daypass.client import AsyncClient, Client, Transport, tls_context, trusted
from daypass.errors import ConfigError, SignInRequired, TransportError
from daypass.wire import Access, Flow, Request, Response, Sleep

ROOT = "https://graph.microsoft.com/v1.0"
TOKEN = "eyJhbGciOiJub25lIn0.Y2FuYXJ5.signature"
READ = Access(("Calendars.Read",))


class Recorder(Transport):
    """A transport that sends nothing, and answers 200 to everything."""

    def __init__(self) -> None:
        super().__init__(environ={})
        self.sent: list[Request] = []

    def send(self, request: Request) -> Response:
        self.sent.append(request)
        return Response(200, {}, b"{}")


async def asking(*requests: Request) -> list[int]:
    return [(await request).status for request in requests]


def client(transport: Transport, token: Any = lambda access: TOKEN, **more: Any) -> Client:
    return Client(ROOT, token, transport, **more)


class TestOutgoing:
    def test_a_relative_request_goes_below_the_root(self) -> None:
        recorder = Recorder()
        client(recorder).run(asking(Request("GET", "/me?$select=id")))
        assert recorder.sent[0].url == "https://graph.microsoft.com/v1.0/me?$select=id"

    def test_a_token_is_given_when_it_is_asked_for_and_only_then(self) -> None:
        recorder, asked = Recorder(), list[Access]()

        def token(access: Access) -> str:
            asked.append(access)
            return TOKEN

        client(recorder, token).run(asking(Request("GET", "/open"), Request("GET", "/me", access=READ)))
        assert "Authorization" not in recorder.sent[0].headers
        assert recorder.sent[1].headers["Authorization"] == f"Bearer {TOKEN}"
        assert asked == [READ]

    def test_each_request_can_be_found_again_at_the_service(self) -> None:
        recorder = Recorder()
        client(recorder).run(asking(*[Request("GET", "/me", {"Prefer": "x"}, access=READ)] * 2))
        ids = {request.headers["client-request-id"] for request in recorder.sent}
        assert len(ids) == 2
        assert all(request.headers["User-Agent"] == "daypass" and request.headers["Prefer"] == "x" for request in recorder.sent)

    @pytest.mark.parametrize(
        "own", ["https://graph.microsoft.com/v1.0/me?$skiptoken=x", "https://graph.microsoft.com/beta/me", "/me", "//evil.example/me"]
    )
    def test_the_services_own_addresses_get_the_token(self, own: str) -> None:
        recorder = Recorder()
        client(recorder).run(asking(Request("GET", own, access=READ)))
        assert recorder.sent[0].url.startswith("https://graph.microsoft.com/")
        assert "Authorization" in recorder.sent[0].headers

    @pytest.mark.parametrize(
        "foreign",
        [
            "https://evil.example/v1.0/me",
            "http://graph.microsoft.com/v1.0/me",
            "https://graph.microsoft.com.evil.example/",
            "https://graph.microsoft.com@evil.example/",
            "https://graph.microsoft.com:8443/",
            "https://user@graph.microsoft.com/",
            "https://graph.microsoft.com\\@evil.example/",
            "https://evil.example\\graph.microsoft.com/",
            "https:graph.microsoft.com/me",
            "https://[::1/",
            "https://[graph.microsoft.com]/",
            "ftp://graph.microsoft.com/",
            "me",
            "",
            "{'x': 1}",
        ],
    )
    def test_no_other_address_gets_the_token_or_even_the_request(self, foreign: str) -> None:
        recorder, asked = Recorder(), list[Access]()
        with pytest.raises(TransportError, match=r"refused to send a token|is no address") as caught:
            client(recorder, lambda access: asked.append(access) or TOKEN).run(asking(Request("GET", foreign, access=READ)))
        assert (caught.value.kind, recorder.sent, asked) == ("garbage", [], [])

    @given(st.text())
    def test_no_text_as_address_gets_the_token_elsewhere(self, text: str) -> None:
        recorder = Recorder()
        for url in (text, "https://" + text, "https://graph.microsoft.com" + text):
            with suppress(TransportError):
                client(recorder).run(asking(Request("GET", url, access=READ)))
        for request in recorder.sent:
            host, rest = request.url[: len("https://graph.microsoft.com")], request.url[len("https://graph.microsoft.com") :]
            assert host == "https://graph.microsoft.com"
            assert rest == "" or rest[0] in "/?#\t\r\n"  # control characters are dropped by every parser of addresses


class TestRunning:
    def test_what_the_token_costs_is_told_as_it_is(self) -> None:
        recorder = Recorder()

        def token(access: Access) -> str:
            raise SignInRequired("nobody is signed in")

        with pytest.raises(SignInRequired):
            client(recorder, token).run(asking(Request("GET", "/me", access=READ)))
        assert recorder.sent == []

    def test_trouble_in_getting_a_token_ends_the_flow_for_nothing_was_sent(self) -> None:
        def token(access: Access) -> str:
            raise TransportError("login.example closed the connection", kind="reset")

        async def flow(told: list[str]) -> None:
            try:
                await Request("POST", "/me/events", access=READ)
            except TransportError as error:
                told.append(error.kind)

        heard: list[str] = []
        with pytest.raises(TransportError, match=r"login\.example"):
            client(Recorder(), token).run(flow(heard))
        with pytest.raises(TransportError, match=r"login\.example"):
            asyncio.run(AsyncClient(ROOT, token, environ={}).run(flow(heard)))
        assert heard == []

    def test_a_refusal_tells_the_flow_which_token_was_refused(self) -> None:
        class Refusing(Recorder):
            def send(self, request: Request) -> Response:
                return super().send(request).replace(status=401)

        async def flow() -> list[str]:
            return [(await Request("GET", "/me", access=access)).refused for access in (READ, None)]

        assert client(Refusing()).run(flow()) == [TOKEN, ""]

    def test_trouble_is_thrown_into_the_flow(self) -> None:
        class Broken(Recorder):
            def send(self, request: Request) -> Response:
                raise TransportError("closed", kind="reset")

        async def flow() -> str:
            try:
                await Request("GET", "/me")
            except TransportError as error:
                return error.kind
            return ""

        assert client(Broken()).run(flow()) == "reset"

    def test_pauses_are_passed_by_the_sleep_that_was_given(self) -> None:
        async def flow() -> int:
            await Sleep(3)
            await Sleep(4)
            return 7

        slept: list[float] = []

        async def pause(seconds: float) -> None:
            slept.append(seconds)

        assert client(Recorder(), sleep=slept.append).run(flow()) == 7
        assert asyncio.run(AsyncClient(ROOT, lambda access: TOKEN, environ={}, sleep=pause).run(flow())) == 7
        assert slept == [3, 4, 3, 4]

    def test_a_flow_is_closed_however_it_ends(self) -> None:
        closed: list[str] = []

        async def flow(name: str) -> None:
            try:
                await Request("GET", "https://elsewhere.example/", access=READ)
            finally:
                closed.append(name)

        with pytest.raises(TransportError):
            client(Recorder()).run(flow("blocking"))
        with pytest.raises(TransportError):
            asyncio.run(AsyncClient(ROOT, lambda access: TOKEN, environ={}).run(flow("async")))
        assert closed == ["blocking", "async"]

    def test_only_flows_are_run(self) -> None:
        class Other:
            def __await__(self) -> Any:
                return (yield self)

        async def flow() -> None:
            await Other()

        with pytest.raises(TypeError, match="only Request and Sleep"):
            client(Recorder()).run(flow())

    def test_both_close_what_they_opened_when_the_block_ends(self) -> None:
        async def run(flow: Flow[list[int]]) -> list[int]:
            async with AsyncClient(ROOT, lambda access: TOKEN, environ={}) as async_client:
                return await async_client.run(flow)

        with client(Recorder()) as blocking:
            assert blocking.run(asking(Request("GET", "/me"))) == [200]
        assert asyncio.run(run(asking())) == []


class TestCancelling:
    def test_nobody_waits_for_a_token_that_is_no_longer_wanted(self) -> None:
        asked, enough = threading.Event(), threading.Event()

        def token(access: Access) -> str:
            asked.set()
            enough.wait(30)
            raise SignInRequired("too late to be told")

        async def impatient() -> None:
            running = asyncio.ensure_future(AsyncClient(ROOT, token, environ={}).run(asking(Request("GET", "/me", access=READ))))
            await asyncio.to_thread(asked.wait, 30)
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running

        began = time.monotonic()
        try:
            asyncio.run(impatient())
            assert time.monotonic() - began < 10
        finally:
            enough.set()


class TestProxy:
    @pytest.mark.parametrize(
        "proxy",
        [
            *("socks5://user:secret@proxy.example:1080", "https://user:secret@proxy.example", "http://user:secret@:8080", "http://"),
            *(f"http://user:secret@{rest}" for rest in ("proxy.example:port", "[::1", "proxy.example:99999", "proxy.example:0")),
        ],
    )
    def test_a_proxy_that_cannot_be_used_is_named_without_its_password(self, proxy: str) -> None:
        with pytest.raises(TransportError, match="the proxy") as caught:
            Transport(environ={"HTTPS_PROXY": proxy}).send(Request("GET", "https://graph.microsoft.com/"))
        assert "secret" not in str(caught.value)


class TestTransport:
    @pytest.mark.parametrize(
        "url",
        ["http://graph.microsoft.com/", "/me", "ftp://x/", "https://", "https:///x", "https://[::1", "https://h:99999/", "https://h:x/"],
    )
    def test_nothing_but_https_is_spoken(self, url: str) -> None:
        with pytest.raises(TransportError) as caught:
            Transport(environ={}).send(Request("GET", url))
        assert caught.value.kind == "garbage"

    @pytest.mark.parametrize(
        "request_",
        [
            *(Request("GET", f"https://localhost:1/{path}") for path in ("é", " x", "\x7f")),
            *(Request("GET", "https://localhost:1/", {"Authorization": TOKEN + more}) for more in ("\r\nb: c", "\u2603", "\n")),
            Request("G E T", "https://localhost:1/"),
        ],
    )
    def test_what_cannot_be_said_in_http_is_not_sent_and_not_quoted(self, request_: Request) -> None:
        with pytest.raises(TransportError) as caught:
            Transport(environ={}).send(request_)
        assert TOKEN not in str(caught.value)


class TestTrust:
    def ca_file(self, folder: Path) -> str:
        path = folder / "ca.pem"
        trustme.CA().cert_pem.write_to_path(str(path))
        return str(path)

    def test_a_named_file_is_all_that_is_trusted(self, tmp_path: Path) -> None:
        path = self.ca_file(tmp_path)
        for context in (
            tls_context(path, {"SSL_CERT_FILE": "/nowhere"}),
            tls_context("", {"SSL_CERT_FILE": path}),
            tls_context("", {"REQUESTS_CA_BUNDLE": path}),
        ):
            assert context.cert_store_stats()["x509_ca"] == 1

    def test_the_first_that_is_named_is_trusted_and_it_can_be_told_which(self, tmp_path: Path) -> None:
        (tmp_path / "12345678.0").write_text("")
        named = {"REQUESTS_CA_BUNDLE": "/bundle.pem", "SSL_CERT_FILE": "/file.pem", "SSL_CERT_DIR": str(tmp_path)}
        told: list[tuple[str, str]] = []
        for ca_file, environ in (
            ("/ours.pem", named),
            ("", named),
            ("", dict(list(named.items())[1:])),
            ("", dict(list(named.items())[2:])),
        ):
            trust = trusted(ca_file, environ)
            told.append((trust.setting, trust.cafile or trust.capath))
            assert (trust.cafile or trust.capath) in trust.source
        ours = [("DAYPASS_CA_FILE", "/ours.pem"), ("REQUESTS_CA_BUNDLE", "/bundle.pem"), ("SSL_CERT_FILE", "/file.pem")]
        assert told == [*ours, ("SSL_CERT_DIR", str(tmp_path))]
        assert trusted("", {}).setting == ""

    def test_names_and_certificates_are_always_checked(self, tmp_path: Path) -> None:
        for context in (tls_context(self.ca_file(tmp_path), {}), tls_context("", {})):
            assert context.check_hostname
            assert context.verify_mode == ssl.CERT_REQUIRED
            assert context.minimum_version >= ssl.TLSVersion.TLSv1_2

    @pytest.mark.parametrize(
        ("setting", "content"),
        [("DAYPASS_CA_FILE", None), ("SSL_CERT_FILE", None), ("REQUESTS_CA_BUNDLE", "no certificate"), ("DAYPASS_CA_FILE", "")],
    )
    def test_a_file_that_cannot_be_used_is_named_with_its_setting(self, setting: str, content: str | None, tmp_path: Path) -> None:
        path = tmp_path / "ca.pem"
        if content is not None:
            path.write_text(content)
        with pytest.raises(ConfigError) as caught:
            tls_context(str(path) if setting == "DAYPASS_CA_FILE" else "", {} if setting == "DAYPASS_CA_FILE" else {setting: str(path)})
        assert caught.value.setting == setting
        assert str(path) in str(caught.value)
        assert ("No such file" if content is None else "no PEM certificate") in str(caught.value)

    def test_a_folder_with_hashed_names_is_taken_before_the_systems_bundle(self, tmp_path: Path) -> None:
        (tmp_path / "12345678.0").write_text("")
        assert tls_context("", {"SSL_CERT_DIR": str(tmp_path)}).cert_store_stats()["x509"] == 0  # read when it is needed

    def test_a_folder_without_them_is_passed_over(self, tmp_path: Path) -> None:
        for folder in (str(tmp_path), str(tmp_path / "none")):
            assert tls_context("", {"SSL_CERT_DIR": folder}).cert_store_stats()["x509_ca"] > 0
