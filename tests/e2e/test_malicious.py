"""The sign-in service that means harm does what its tables say, as a plain client sees it: what tests of ours lean on is true."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import socket
import ssl
import time
import zlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import jwt
import misdeeds
import pytest
import requests
from forging import ID_TOKENS, KEYS, public_pem
from jwt.utils import base64url_decode
from malicious import ACCESS_TOKEN, DEVICE_CODE, PLACES, REFRESH_TOKEN, Malicious
from misdeeds import DEVICE, DISCOVERY, LANDING, TEXTS, WIRE
from plain_browser import Landing, PlainBrowser

CLIENT = "contoso-calendar"
REDIRECT = "http://localhost:53682/signed-in"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


@pytest.fixture
def http(malicious: Malicious) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env, session.verify = False, malicious.ca_file
        yield session


def discovered(malicious: Malicious, http: requests.Session) -> Any:
    return http.get(f"{malicious.url}/v2.0{PLACES['discovery']}", timeout=10).json()


def tokens(malicious: Malicious, http: requests.Session, **form: str) -> Any:
    form = {"client_id": CLIENT, "grant_type": DEVICE_GRANT, "device_code": DEVICE_CODE, **form}
    return http.post(discovered(malicious, http)["token_endpoint"], data=form, timeout=10).json()


def authorize(malicious: Malicious, http: requests.Session, **more: str) -> Landing:
    asked = {"client_id": CLIENT, "redirect_uri": REDIRECT, "response_type": "code", "state": "ours", "nonce": "n-0S6_WzA2Mj", **more}
    url = requests.Request("GET", discovered(malicious, http)["authorization_endpoint"], params=asked).prepare().url
    browser = PlainBrowser(malicious.ca_file)
    landing = browser.walk(browser.go(url, until=REDIRECT), ["Continue"], REDIRECT)
    assert isinstance(landing, Landing), landing
    return landing


def verified(malicious: Malicious, http: requests.Session, id_token: str, nonce: str = "") -> Any:
    """The claims of an ID token as a careful client reads it: by the published key of that name, RS256 alone, for us, from them, now."""
    told = discovered(malicious, http)
    published = {key["kid"]: key for key in http.get(told["jwks_uri"], timeout=10).json()["keys"]}
    key = jwt.PyJWK(published[jwt.get_unverified_header(id_token)["kid"]], "RS256")
    must = {"require": ["exp", "iat", "iss", "aud", "sub"]}
    claims = jwt.decode(id_token, key, ["RS256"], must, audience=CLIENT, issuer=told["issuer"])
    if claims.get("nonce", "") != nonce:
        raise jwt.InvalidTokenError("nonce")
    if claims["tid"] != malicious.tenant_id:
        raise jwt.InvalidTokenError("tid")
    if claims.get("azp", CLIENT) != CLIENT:
        raise jwt.InvalidTokenError("azp")
    return claims


class TestHonestly:
    def test_it_signs_in_by_device_code(self, malicious: Malicious, http: requests.Session) -> None:
        malicious.pending = 1
        told = discovered(malicious, http)
        given = http.post(told["device_authorization_endpoint"], data={"client_id": CLIENT, "scope": "User.Read"}, timeout=10).json()
        assert tokens(malicious, http, device_code=given["device_code"])["error"] == "authorization_pending"
        answer = tokens(malicious, http, device_code=given["device_code"])
        assert answer["scope"] == "User.Read"
        assert verified(malicious, http, answer["id_token"])["name"] == "Megan Bowen"
        bearer = {"Authorization": f"Bearer {answer['access_token']}"}
        assert http.get(f"{malicious.graph_root}/me", headers=bearer, timeout=10).json()["displayName"] == "Megan Bowen"
        assert http.get(f"{malicious.graph_root}/me", timeout=10).status_code == 401

    @pytest.mark.parametrize("mode", ["query", "form_post"])
    def test_it_signs_in_with_a_code(self, mode: str, malicious: Malicious, http: requests.Session) -> None:
        landing = authorize(malicious, http, response_mode=mode)
        assert (landing.answer["state"], landing.posted is not None) == ("ours", mode == "form_post")
        answer = tokens(malicious, http, grant_type="authorization_code", code=landing.answer["code"])
        assert verified(malicious, http, answer["id_token"], "n-0S6_WzA2Mj")["preferred_username"] == "megan@contoso.example"

    def test_it_renews_and_knows_apps(self, malicious: Malicious, http: requests.Session) -> None:
        assert tokens(malicious, http, grant_type="refresh_token", refresh_token=REFRESH_TOKEN)["access_token"] == ACCESS_TOKEN
        assert (
            tokens(malicious, http, grant_type="client_credentials", client_secret="any").keys().isdisjoint({"id_token", "refresh_token"})
        )

    def test_it_is_an_issuer_to_those_who_know_of_no_entra(self, malicious: Malicious, http: requests.Session) -> None:
        assert http.get(malicious.issuer + PLACES["discovery"], timeout=10).json()["issuer"] == malicious.issuer

    def test_it_notes_what_is_asked(self, malicious: Malicious, http: requests.Session) -> None:
        tokens(malicious, http)
        last = malicious.asked[-1]
        assert (last.place, last.method, last.form["device_code"]) == ("token", "POST", DEVICE_CODE)

    def test_it_refuses_to_do_what_it_does_not_know(self, malicious: Malicious) -> None:
        for how, at in (("nonsense", ""), ("drip", "nowhere")):
            with pytest.raises(ValueError, match=at or how):
                malicious.behave(how, at)

    def test_it_mends(self, malicious: Malicious, http: requests.Session) -> None:
        malicious.behave("html")
        malicious.behave("honest")
        assert discovered(malicious, http)["issuer"] == f"{malicious.url}/v2.0"


def test_each_misdeed_says_what_it_is() -> None:
    every = {**WIRE, **TEXTS, **DISCOVERY, **DEVICE, **LANDING, **KEYS, **ID_TOKENS}
    assert len(every) == sum(map(len, (WIRE, TEXTS, DISCOVERY, DEVICE, LANDING, KEYS, ID_TOKENS)))  # no name means two things
    assert all(misdeed.__doc__ for misdeed in every.values())


# --- how an answer comes


def ask(malicious: Malicious, http: requests.Session, how: str, **options: Any) -> requests.Response:
    malicious.behave(how, at="token")
    url = f"{malicious.url}/oauth2/v2.0/token"
    return http.post(url, data={"client_id": CLIENT, "device_code": DEVICE_CODE}, timeout=5, **options)


class TestWire:
    def test_redirects(self, malicious: Malicious, http: requests.Session) -> None:
        with pytest.raises(requests.TooManyRedirects):
            ask(malicious, http, "redirects")
        assert len(malicious.asked) > 20

    @pytest.mark.parametrize(("how", "there"), [("redirect_elsewhere", "elsewhere"), ("redirect_into_the_clear", "in_the_clear")])
    def test_redirects_to_others(self, how: str, there: str, malicious: Malicious, http: requests.Session) -> None:
        assert ask(malicious, http, how).json()["access_token"] == ACCESS_TOKEN
        (asked,) = getattr(malicious, there).asked
        assert (asked.method, asked.form["device_code"]) == ("POST", DEVICE_CODE)

    @pytest.mark.parametrize("how", ["huge", "endless"])
    def test_more_than_anybody_wants(self, how: str, malicious: Malicious, http: requests.Session) -> None:
        with ask(malicious, http, how, stream=True) as answer:
            assert answer.headers.get("Content-Length") == (str(misdeeds.GIGABYTE) if how == "huge" else None)
            read = 0
            for piece in answer.iter_content(1 << 20):
                read += len(piece)
                if read > 16 << 20:
                    break
        assert read > 16 << 20

    def test_a_bomb(self, malicious: Malicious, http: requests.Session) -> None:
        with ask(malicious, http, "bomb", stream=True) as answer:
            whole = answer.raw.read(decode_content=False)
        assert len(whole) < 2 << 20
        member = zlib.decompressobj(31)
        assert len(member.decompress(whole)) == 16 << 20
        assert len(whole) // (len(whole) - len(member.unused_data)) == 64

    def test_a_drip(self, malicious: Malicious, http: requests.Session) -> None:
        with ask(malicious, http, "drip", stream=True) as answer:
            began = time.monotonic()
            assert [answer.raw.read(1) for _ in range(4)] == [b" "] * 4
            assert time.monotonic() - began > 2 * malicious.drip_seconds
            assert int(answer.headers["Content-Length"]) > 1_000_000

    @pytest.mark.parametrize(("how", "begins"), [("drip_of_headers", b"HTTP/1.1 200 OK"), ("no_http", b"SSH-2.0"), ("silence", b"")])
    def test_what_is_no_answer(self, how: str, begins: bytes, malicious: Malicious) -> None:
        malicious.drip_seconds = 0.01
        malicious.behave(how)
        address, context = ("127.0.0.1", urlsplit(malicious.url).port), ssl.create_default_context(cafile=malicious.ca_file)
        with socket.create_connection(address, 5) as plain, context.wrap_socket(plain, server_hostname="localhost") as connection:
            connection.sendall(f"GET /{PLACES['me']} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            connection.settimeout(0.3)
            heard = b""
            with contextlib.suppress(TimeoutError):
                while len(heard) < 1000 and (piece := connection.recv(100)):
                    heard += piece
        assert heard.startswith(begins)
        assert b"\r\n\r\n" not in heard
        assert bool(heard) == bool(begins)

    @pytest.mark.parametrize("how", ["hang_up", "cut_short", "long_header"])
    def test_what_breaks_off(self, how: str, malicious: Malicious, http: requests.Session) -> None:
        with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
            ask(malicious, http, how)

    @pytest.mark.parametrize(
        ("how", "status", "kind", "is_json"),
        [("html", 200, "text/html", False), ("wrong_type", 200, "image/png", True), ("broken", 500, "text/html", False)],
    )
    def test_disguises(self, how: str, status: int, kind: str, is_json: bool, malicious: Malicious, http: requests.Session) -> None:
        answer = ask(malicious, http, how)
        assert (answer.status_code, answer.headers["Content-Type"].partition(";")[0]) == (status, kind)
        assert answer.text.startswith("{") == is_json

    def test_busy_for_ever(self, malicious: Malicious, http: requests.Session) -> None:
        answer = ask(malicious, http, "busy_for_ever")
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1000000000")


# --- what stands in place of JSON


def text_of(malicious: Malicious, http: requests.Session, how: str) -> bytes:
    malicious.behave(how, at="device")
    answer = http.post(f"{malicious.url}/oauth2/v2.0/devicecode", data={"client_id": CLIENT}, timeout=5)
    assert answer.headers["Content-Type"] == "application/json"
    return answer.content


class TestTexts:
    @pytest.mark.parametrize(
        ("how", "failure"),
        [
            ("html_as_json", json.JSONDecodeError),
            ("empty", json.JSONDecodeError),
            ("deep", RecursionError),
            ("not_utf8", UnicodeDecodeError),
            ("huge_numbers", ValueError),
        ],
    )
    def test_those_that_no_reader_takes(self, how: str, failure: type[Exception], malicious: Malicious, http: requests.Session) -> None:
        with pytest.raises(failure):
            json.loads(text_of(malicious, http, how))

    def test_those_that_are_no_objects(self, malicious: Malicious, http: requests.Session) -> None:
        assert isinstance(json.loads(text_of(malicious, http, "a_list")), list)
        assert json.loads(text_of(malicious, http, "null")) is None

    def test_those_whose_values_are_wrong(self, malicious: Malicious, http: requests.Session) -> None:
        assert (
            json.loads(text_of(malicious, http, "no_numbers"))["interval"] != json.loads(text_of(malicious, http, "no_numbers"))["interval"]
        )
        assert json.loads(text_of(malicious, http, "half_letters"))["user_code"].endswith("\ud800")
        assert set(json.loads(text_of(malicious, http, "nulls")).values()) == {None}
        wrong = json.loads(text_of(malicious, http, "wrong_kinds"))
        assert (wrong["user_code"], wrong["expires_in"]) == ({"a": 1}, "soon")


# --- documents


class TestDocuments:
    @pytest.mark.parametrize(
        ("how", "there"), [("other_hosts", "elsewhere"), ("in_the_clear", "in_the_clear"), ("disguised_hosts", "elsewhere")]
    )
    def test_endpoints_of_others(self, how: str, there: str, malicious: Malicious, http: requests.Session) -> None:
        malicious.behave(how)
        assert tokens(malicious, http)["access_token"] == ACCESS_TOKEN
        (asked,) = getattr(malicious, there).asked
        assert asked.form["device_code"] == DEVICE_CODE
        assert [asked.place for asked in malicious.asked] == ["discovery"]

    def test_keys_of_others(self, malicious: Malicious, http: requests.Session) -> None:
        malicious.behave("other_keys")
        told = discovered(malicious, http)
        assert told["jwks_uri"].startswith(malicious.elsewhere.origin)
        assert told["token_endpoint"].startswith(malicious.origin)

    def test_what_else_discovery_tells(self, malicious: Malicious, http: requests.Session) -> None:
        malicious.behave("files")
        assert discovered(malicious, http)["token_endpoint"] == "file:///etc/passwd"
        malicious.behave("other_issuer")
        assert not discovered(malicious, http)["issuer"].startswith(malicious.origin)
        malicious.behave("no_endpoints")
        assert discovered(malicious, http).keys() == {"issuer"}

    @pytest.mark.parametrize(
        ("how", "name", "value"),
        [
            ("terminal_escapes", "user_code", "BCDFGHJKL" + misdeeds.ESCAPES),
            ("page_that_is_a_script", "verification_uri", "javascript:alert(document.domain)"),
            ("page_that_is_a_file", "verification_uri", "file:///etc/passwd"),
            ("page_of_another", "verification_uri", "https://login.microsoftonline.com@fabrikam.example/devicelogin"),
            ("long_message", "message", "x" * 1_000_000),
            ("impatient", "interval", 0),
            ("sluggish", "interval", 1_000_000_000),
            ("over_already", "expires_in", -1),
            ("lives_for_ever", "expires_in", 10**15),
        ],
    )
    def test_what_devices_are_told(self, how: str, name: str, value: Any, malicious: Malicious, http: requests.Session) -> None:
        malicious.behave(how)
        given = http.post(f"{malicious.url}/oauth2/v2.0/devicecode", data={"client_id": CLIENT}, timeout=5).json()
        assert given[name] == value
        assert given["device_code"] == DEVICE_CODE

    @pytest.mark.parametrize("mode", ["query", "form_post"])
    def test_what_browsers_bring(self, mode: str, malicious: Malicious, http: requests.Session) -> None:
        def brought(how: str) -> dict[str, str]:
            malicious.behave(how)
            return authorize(malicious, http, response_mode=mode).answer

        assert brought("other_state")["state"] == "another"
        assert brought("no_state").keys() == {"code"}
        assert brought("from_another_issuer")["iss"] == "https://login.fabrikam.example/v2.0"
        assert brought("no_code").keys() == {"state"}
        assert "<script>" in brought("refusal_with_a_script")["error_description"]


# --- forgeries

FOUND_BY = {
    "alg_none": jwt.InvalidAlgorithmError,
    "no_signature": jwt.InvalidSignatureError,
    "hs256_with_the_public_key": jwt.InvalidAlgorithmError,
    "changed_after_signing": jwt.InvalidSignatureError,
    "another_key": jwt.InvalidSignatureError,
    "key_in_the_header": jwt.InvalidSignatureError,
    "unknown_kid": KeyError,
    "expired": jwt.ExpiredSignatureError,
    "not_yet_good": jwt.ImmatureSignatureError,
    "no_expiry": jwt.MissingRequiredClaimError,
    "wrong_audience": jwt.InvalidAudienceError,
    "given_to_another": jwt.InvalidTokenError,
    "wrong_issuer": jwt.InvalidIssuerError,
    "wrong_nonce": jwt.InvalidTokenError,
    "no_nonce": jwt.InvalidTokenError,
    "nobody": jwt.MissingRequiredClaimError,
    "another_tenant": jwt.InvalidTokenError,
}


class TestForgeries:
    @pytest.mark.parametrize("how", ID_TOKENS)
    def test_a_careful_client_finds_it(self, how: str, malicious: Malicious, http: requests.Session) -> None:
        malicious.behave(how)
        landing = authorize(malicious, http)
        forged = tokens(malicious, http, grant_type="authorization_code", code=landing.answer["code"])["id_token"]
        with pytest.raises(FOUND_BY[how]) as found:
            verified(malicious, http, forged, "n-0S6_WzA2Mj")
        assert found.type is FOUND_BY[how]
        malicious.behave("honest")
        honest = tokens(malicious, http, grant_type="authorization_code", code=landing.answer["code"])["id_token"]
        verified(malicious, http, honest, "n-0S6_WzA2Mj")

    @pytest.mark.parametrize("how", ["alg_none", "hs256_with_the_public_key", "key_in_the_header"])
    def test_a_careless_one_does_not(self, how: str, malicious: Malicious, http: requests.Session) -> None:
        malicious.behave(how)
        token = tokens(malicious, http)["id_token"]
        text, _, signature = token.rpartition(".")
        header = jwt.get_unverified_header(token)
        if header["alg"] == "none":
            assert signature == ""
        elif header["alg"] == "HS256":
            assert base64url_decode(signature) == hmac.digest(public_pem(), text.encode(), hashlib.sha256)
        else:
            assert jwt.decode(token, jwt.PyJWK(header["jwk"]), ["RS256"], audience=CLIENT)["name"] == "Megan Bowen"

    def test_keys(self, malicious: Malicious, http: requests.Session) -> None:
        url = discovered(malicious, http)["jwks_uri"]
        (right,) = http.get(url, timeout=5).json()["keys"]

        def published(how: str) -> list[Any]:
            malicious.behave(how)
            return http.get(url, timeout=5).json()["keys"]

        (other,) = published("other_key")
        assert (other["kid"], other["n"] != right["n"]) == (right["kid"], True)
        (private,) = published("private_key")
        assert (private["n"], "d" in private) == (right["n"], True)
        assert published("symmetric_key")[0]["kty"] == "oct"
        assert published("two_keys_of_one_name") == [other, right]
        assert published("no_keys") == []
        assert None in published("no_objects")
