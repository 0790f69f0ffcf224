"""The tenant behaves the same as a function and behind HTTPS; what only a network can show is proved at the end."""

from __future__ import annotations

import contextlib
import http.client
import json
import random
import socket
import ssl
import stat
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import jwt
import msal
import pytest
import requests

from daypass.wire import Request, Response
from daypass_sandbox import Tenant, serve
from daypass_sandbox.server import NAMES, Options, _ServerThread, running
from entra_caller import SCOPE, Entra, refusal


class RealClock:
    def now(self):
        return time.time()


def port_of(site):
    return urlsplit(site.authority).port


@contextlib.contextmanager
def client_of(site):
    """A client of Entra over one connection, closed in the end."""
    send = OverTls(site)
    with contextlib.closing(send.connection):
        yield Entra(send, site.authority)


@contextlib.contextmanager
def listening(**options):
    """A tenant with options that are the command's alone."""
    server = _ServerThread(Options(**options))
    server.start()
    try:
        yield server.wait_until_ready()
    finally:
        server.stop()


class OverTls:
    """Sends requests over one connection that is kept alive, as a client would; headers come back in lower case."""

    def __init__(self, site):
        context = ssl.create_default_context(cafile=site.ca_file)
        self.connection = http.client.HTTPSConnection("127.0.0.1", port_of(site), timeout=10, context=context)

    def __call__(self, request):
        url = urlsplit(request.url)
        target = url.path + (f"?{url.query}" if url.query else "")
        self.connection.request(request.method, target, request.body or None, {"Host": url.netloc, **request.headers})
        answer = self.connection.getresponse()
        return Response(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())


@pytest.fixture(scope="module")
def site():
    with serve(seed="empty", interval_seconds=1) as site:
        yield site


@pytest.fixture
def over_tls(site):
    site.tenant.reset("empty")
    with client_of(site) as entra:
        yield entra


@pytest.fixture(params=["in process", "over TLS"])
def entra(request):
    if request.param == "over TLS":
        return request.getfixturevalue("over_tls")
    return Entra(Tenant(clock=RealClock(), chance=random.Random(3), seed="empty", interval_seconds=1).handle)


# --- the same on both sides


def test_a_person_signs_in_on_a_second_device(entra):
    code = entra.device_code().json()
    assert refusal(entra.poll(code["device_code"]))[1] == "authorization_pending"
    for fields in ({}, {"user": "c04705e2-7e11-4000-8000-000000000001"}):
        assert entra.form("/devicelogin", {"code": code["user_code"], **fields}).status == 200
    done = entra.form("/devicelogin", {"code": code["user_code"], "user": "c04705e2-7e11-4000-8000-000000000001", "answer": "accept"})
    assert "signed in" in done.body.decode()
    tokens = entra.poll(code["device_code"]).json()
    assert entra.me(tokens["access_token"]).json()["displayName"] == "Megan Bowen"
    assert entra.refresh(tokens["refresh_token"], scope=SCOPE).json()["access_token"] != tokens["access_token"]


def test_an_event_is_created_and_found_again(entra):
    bearer = {
        "authorization": f"Bearer {entra.sign_in('Calendars.ReadWrite User.Read')['access_token']}",
        "content-type": "application/json",
    }
    times = {name: {"dateTime": f"2030-01-02T{hour}:00:00", "timeZone": "UTC"} for name, hour in (("start", "09"), ("end", "10"))}
    body = json.dumps({"subject": "Plan \u2713", **times}).encode()
    created = entra.send(Request("POST", f"{entra.root}/v1.0/me/events", bearer, body))
    assert created.status == 201
    window = "startDateTime=2030-01-02T00%3A00%3A00Z&endDateTime=2030-01-03T00:00:00Z"
    found = entra.send(Request("GET", f"{entra.root}/v1.0//me/calendarView?{window}&%24select=subject", bearer))
    assert [event["subject"] for event in found.json()["value"]] == ["Plan \u2713"]
    assert found.json()["@odata.context"].startswith(entra.root)
    removed = entra.send(Request("DELETE", f"{entra.root}/v1.0/me/events/{created.json()['id']}", bearer))
    assert (removed.status, removed.body) == (204, b"")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/fabrikam.example/v2.0/.well-known/openid-configuration", 400),
        ("GET", "/v1.0/me", 401),
        ("GET", "/common/oauth2/authorize", 501),
        ("GET", "/sandbox/nothing", 501),
        ("GET", "/", 501),
        ("POST", "/sandbox/clock", 400),
    ],
)
def test_refusals_are_the_same(entra, method, path, status):
    answer = entra.send(Request(method, entra.root + path, {}, b"{}" if method == "POST" else b""))
    assert answer.status == status
    assert answer.json()["error"]


def test_discovery_speaks_of_the_address_the_client_used(entra):
    found = entra.get("/common/v2.0/.well-known/openid-configuration").json()
    assert found["issuer"].startswith(entra.root + "/")
    assert entra.get(urlsplit(found["jwks_uri"]).path).json()["keys"]


def test_a_moved_clock_expires_tokens(entra):
    token = entra.sign_in()["access_token"]
    assert entra.me(token).status == 200
    entra.advance(5400)
    assert entra.me(token).status == 401


def test_a_status_fault_strikes_once(entra):
    token = entra.sign_in()["access_token"]
    entra.ask_control("POST", "faults", {"status": 503, "retry_after": 1, "path": "/me$"})
    answer = entra.me(token)
    assert (answer.status, answer.headers["retry-after"]) == (503, "1")
    assert entra.me(token).status == 200


def test_a_truncated_document_is_a_complete_message(entra):
    token = entra.sign_in()["access_token"]
    entra.ask_control("POST", "faults", {"truncate": 15, "path": "/me$"})
    assert len(entra.me(token).body) == 15


# --- what only the network shows


def fault(entra, **members):
    entra.ask_control("POST", "faults", {"path": "/openid-configuration$", **members})


def ask(entra):
    return entra.get("/common/v2.0/.well-known/openid-configuration")


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_drop_closes_the_connection_without_an_answer(over_tls, when):
    fault(over_tls, drop=when)
    with pytest.raises((ConnectionError, ssl.SSLError, http.client.HTTPException)):
        ask(over_tls)
    over_tls.send.connection.close()
    assert ask(over_tls).status == 200


def test_a_cut_breaks_off_in_the_middle_of_the_body(over_tls):
    fault(over_tls, cut=10)
    with pytest.raises(http.client.IncompleteRead) as broken:
        ask(over_tls)
    assert len(broken.value.partial) == 10
    over_tls.send.connection.close()
    assert ask(over_tls).status == 200


def test_a_stalled_request_is_never_answered(over_tls):
    fault(over_tls, stall=True)
    over_tls.send.connection.close()
    over_tls.send.connection.connect()
    over_tls.send.connection.sock.settimeout(0.3)
    with pytest.raises(TimeoutError):
        ask(over_tls)
    over_tls.send.connection.close()
    assert ask(over_tls).status == 200


@pytest.mark.parametrize(("effect", "least_seconds"), [({"latency_ms": 200}, 0.2), ({"drip": 8000}, 0.1)])
def test_slowness_takes_its_time_and_loses_nothing(over_tls, effect, least_seconds):
    whole = ask(over_tls).body
    fault(over_tls, **effect)
    began = time.monotonic()
    assert ask(over_tls).body == whole
    assert time.monotonic() - began >= least_seconds


def test_one_connection_serves_many_requests(over_tls):
    ask(over_tls)
    first = over_tls.send.connection.sock
    for _ in range(20):
        ask(over_tls)
    assert over_tls.send.connection.sock is first


def test_the_date_of_an_answer_is_the_tenants(over_tls):
    over_tls.ask_control("POST", "clock", {"now": "2031-02-03T04:05:06Z"})
    assert ask(over_tls).headers["date"] == "Mon, 03 Feb 2031 04:05:06 GMT"


def test_a_body_beyond_all_reason_is_refused(over_tls):
    answer = over_tls.send(Request("POST", f"{over_tls.root}/sandbox/clock", {}, b" " * (9 * 1024 * 1024)))
    assert answer.status == 413


@pytest.mark.parametrize("name", [name for name in NAMES if not name[0].isdigit()])
def test_the_certificate_holds_for_the_real_names(site, name):
    port = port_of(site)
    context = ssl.create_default_context(cafile=site.ca_file)
    with socket.create_connection(("127.0.0.1", port), 5) as plain, context.wrap_socket(plain, server_hostname=name) as secure:
        secure.sendall(f"GET /common/v2.0/.well-known/openid-configuration HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: secure.recv(65536), b""))
    expected = b'"issuer":"https://%s/' % name.encode()
    assert (expected in answer) == (name != "graph.microsoft.com")


def test_other_names_and_other_authorities_are_not_trusted(site, tmp_path):
    port = port_of(site)
    with serve(seed="empty") as other:
        for ca_file, name in ((site.ca_file, "evil.example"), (other.ca_file, "localhost")):
            context = ssl.create_default_context(cafile=ca_file)
            with socket.create_connection(("127.0.0.1", port), 5) as plain, pytest.raises(ssl.SSLCertVerificationError):
                context.wrap_socket(plain, server_hostname=name)


def test_the_certificates_stand_up_to_strict_checking(site):
    port = port_of(site)
    context = ssl.create_default_context(cafile=site.ca_file)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    with socket.create_connection(("127.0.0.1", port), 5) as plain, context.wrap_socket(plain, server_hostname="localhost") as secure:
        assert secure.version() in ("TLSv1.2", "TLSv1.3")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has more than one loopback address")
def test_it_listens_on_one_address_alone(site):
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", port_of(site)), 2).close()


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.7", "example.org"])
def test_another_address_needs_a_word_of_consent(host):
    import asyncio

    async def listen():
        async with running(Options(host=host, seed="empty")):
            raise AssertionError("it listens")

    with pytest.raises(ValueError, match="--i-know"):
        asyncio.run(listen())


# --- what is kept across restarts


def test_certificate_key_sign_ins_and_events_survive_a_restart(tmp_path):
    folder = tmp_path / "tenant"
    with serve(seed="empty", state_dir=str(folder)) as site, client_of(site) as entra:
        tokens, ca = entra.sign_in(), Path(site.ca_file).read_bytes()
        entra.policy(strict_polling=True)
    with serve(seed="empty", state_dir=str(folder)) as site, client_of(site) as entra:
        assert Path(site.ca_file).read_bytes() == ca
        assert entra.refresh(tokens["refresh_token"]).status == 200
        assert entra.me(tokens["access_token"]).status == 200
        assert entra.ask_control("GET", "policies")["strict_polling"]["value"] is True


def test_what_is_kept_is_for_the_owner_alone_and_the_authoritys_key_is_not_kept(tmp_path):
    folder = tmp_path / "tenant"
    with serve(seed="empty", state_dir=str(folder)):
        pass
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == dict.fromkeys(
        ("ca.pem", "lock", "server.pem", "signing-key.pem", "state.json"), 384
    )
    assert b"PRIVATE KEY" not in (folder / "ca.pem").read_bytes()
    assert (folder / "server.pem").read_bytes().count(b"PRIVATE KEY-----") == 2


@pytest.mark.parametrize("damage", [b"{", b"[]", b'{"users": 1}', b"\xff"])
def test_a_damaged_state_is_not_overwritten(tmp_path, damage):
    (tmp_path / "state.json").write_bytes(damage)
    with pytest.raises(ValueError, match=r"state\.json"), serve(seed="empty", state_dir=str(tmp_path)):
        pass
    assert (tmp_path / "state.json").read_bytes() == damage


def test_two_tenants_do_not_keep_their_state_in_one_folder(tmp_path):
    folder = str(tmp_path)
    refused = pytest.raises(ValueError, match="in use by another sandbox")
    with serve(seed="empty", state_dir=folder), refused, serve(seed="empty", state_dir=folder):
        pass
    with serve(seed="empty", state_dir=folder):
        pass


@pytest.mark.parametrize("file", ["ca.pem", "server.pem", "signing-key.pem"])
@pytest.mark.parametrize("damage", [b"", b"nonsense"])
def test_a_damaged_certificate_or_key_is_named(tmp_path, file, damage):
    with serve(seed="empty", state_dir=str(tmp_path)):
        pass
    (tmp_path / file).write_bytes(damage)
    with pytest.raises(ValueError, match=file.replace(".", r"\.")), serve(seed="empty", state_dir=str(tmp_path)):
        pass


def test_names_in_other_letters_have_the_same_certificate(tmp_path):
    certificates = []
    for names in (("MyBox.Local", "b\u00fccher.example"), ("mybox.local", "xn--bcher-kva.example")):
        with listening(seed="empty", state_dir=str(tmp_path), names=names) as site:
            certificates.append(Path(site.ca_file).read_bytes())
    assert certificates[0] == certificates[1]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no disk is always full here")
def test_a_record_that_cannot_be_written_ends_and_the_tenant_goes_on(capfd):
    with listening(seed="empty", record="/dev/full") as site, client_of(site) as entra:
        assert [entra.get("/common/v2.0/.well-known/openid-configuration").status for _ in range(2)] == [200, 200]
    assert capfd.readouterr().err.count("nothing more is recorded") == 1


# --- bodies on the wire


def spoken(site, *parts):
    """What the server says to raw bytes, part by part, each sent when the one before was answered."""
    context = ssl.create_default_context(cafile=site.ca_file)
    heard = []
    with (
        socket.create_connection(("127.0.0.1", port_of(site)), 5) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as secure,
    ):
        for part in parts:
            secure.sendall(part)
            heard.append(secure.recv(65536))
    return heard


def test_a_client_that_waits_before_its_body_is_told_to_go_on(site):
    head = b"POST /common/oauth2/v2.0/devicecode HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    first, then = spoken(site, head + b"Expect: 100-continue\r\nContent-Length: 11\r\n\r\n", b"client_id=x")
    assert first == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert then.startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        (b"Content-Encoding: gzip\r\nContent-Length: 2\r\n", b"{}", 400),
        (b"Content-Length: 900000000\r\n", b"", 413),
    ],
)
def test_a_body_that_cannot_be_read_is_refused_in_graphs_form(site, headers, body, status):
    (answer,) = spoken(site, b"POST /v1.0/me/events HTTP/1.1\r\nHost: localhost\r\n" + headers + b"Connection: close\r\n\r\n" + body)
    assert answer.startswith(f"HTTP/1.1 {status} ".encode())
    assert b"application/json" in answer
    assert b'{"error": {"code": ' in answer


def test_a_taken_port_is_said_to_be_taken(site):
    with pytest.raises(OSError, match="in use"), serve(seed="empty", port=port_of(site)):
        pass


def test_an_unknown_seed_is_refused():
    with pytest.raises(ValueError, match="no seed 'fabrikam'"), serve(seed="fabrikam"):
        pass


# --- a client nobody here wrote


def test_msal_signs_in_by_device_code_and_refreshes(over_tls, site):
    with requests.Session() as session:
        session.trust_env, session.verify = False, site.ca_file
        app = msal.PublicClientApplication(
            site.client_id, authority=f"{site.authority}/{site.tenant_id}", instance_discovery=False, http_client=session
        )
        flow = app.initiate_device_flow(["User.Read", "Calendars.ReadWrite"])
        assert flow["user_code"] in flow["message"]
        over_tls.approve("megan", user_code=flow["user_code"])
        signed_in = app.acquire_token_by_device_flow(flow)
        assert signed_in["id_token_claims"]["preferred_username"] == "megan@contoso.example"
        (account,) = app.get_accounts()
        assert account["home_account_id"] == f"{signed_in['id_token_claims']['oid']}.{site.tenant_id}"

        cached = app.acquire_token_silent_with_error(["User.Read"], account=account)
        assert (cached["token_source"], cached["access_token"]) == ("cache", signed_in["access_token"])
        fresh = app.acquire_token_silent_with_error(["User.Read", "Calendars.ReadWrite"], account=account, force_refresh=True)
        assert (fresh["token_source"], fresh["access_token"] != signed_in["access_token"]) == ("identity_provider", True)
        me = session.get(f"{site.graph_root}/me", headers={"Authorization": f"Bearer {fresh['access_token']}"}, timeout=10)
        assert me.json()["displayName"] == "Megan Bowen"


def test_msal_hears_why_a_refresh_was_refused(over_tls, site):
    with requests.Session() as session:
        session.trust_env, session.verify = False, site.ca_file
        app = msal.PublicClientApplication(
            site.client_id, authority=f"{site.authority}/{site.tenant_id}", instance_discovery=False, http_client=session
        )
        flow = app.initiate_device_flow(["User.Read"])
        over_tls.approve("megan")
        app.acquire_token_by_device_flow(flow)
        over_tls.policy(require_mfa=True)
        refused = app.acquire_token_silent_with_error(["User.Read"], account=app.get_accounts()[0], force_refresh=True)
        assert (refused["error"], refused["suberror"]) == ("interaction_required", "basic_action")


def test_pyjwts_own_client_verifies_an_id_token_from_discovery(over_tls, site):
    id_token = over_tls.sign_in()["id_token"]
    found = ask(over_tls).json()
    keys = jwt.PyJWKClient(found["jwks_uri"], ssl_context=ssl.create_default_context(cafile=site.ca_file))
    claims = jwt.decode(
        id_token, keys.get_signing_key_from_jwt(id_token), algorithms=["RS256"], audience=site.client_id, issuer=found["issuer"]
    )
    assert claims["name"] == "Megan Bowen"


def test_a_failure_of_the_tenant_itself_is_told_and_stands_in_the_journal(site, over_tls, capfd):
    bearer = {"authorization": f"Bearer {site.tenant.mint('megan', ['Calendars.ReadWrite'])}", "content-type": "application/json"}
    site.tenant.state.mailboxes[site.tenant.state.find_user("megan")]["events"] = None  # as nothing but a bug could leave it
    answer = over_tls.send(Request("GET", f"{over_tls.root}/v1.0/me/calendarView?startDateTime=2030-01-02&endDateTime=2030-01-03", bearer))
    assert (answer.status, answer.json()["error"]["code"]) == (500, "sandboxFailure")
    assert "Error" in answer.json()["error"]["message"]
    assert "Traceback" in capfd.readouterr().err
    (entry,) = site.tenant.journal.entries()
    assert (entry["status"], entry["user"]) == (500, "megan@contoso.example")
    assert over_tls.get("/common/v2.0/.well-known/openid-configuration").status == 200
