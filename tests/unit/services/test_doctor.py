"""What doctor makes of facts: each judged both ways."""

from __future__ import annotations

import json

import pytest

from daypass.services import doctor
from daypass.services.doctor import FAIL, NOTE, OK, WARN
from daypass.wire import Response

DOCUMENT = {name: f"https://login.example/{name}" for name in ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri")}


def answer(status: int = 200, body: object = None, **headers: str) -> Response:
    return Response(status, headers, json.dumps(body if body is not None else {}).encode())


def refused(number: int, error: str) -> Response:
    return answer(400, {"error": error, "error_codes": [number], "error_description": f"AADSTS{number}: no"})


@pytest.mark.parametrize(
    ("ahead", "grade", "words"),
    [
        (0.4, OK, "within 1 s"),
        (-59.0, OK, "within 59 s"),
        (90.0, WARN, "90 seconds behind"),
        (-90.0, WARN, "90 seconds ahead of"),
        (3600.0, FAIL, "3600 seconds behind"),
        (None, NOTE, "does not tell"),
    ],
)
def test_the_clock(ahead: float | None, grade: str, words: str) -> None:
    found = doctor.clock(ahead)
    assert (found.grade, words in found.what) == (grade, True)
    assert (found.grade in (WARN, FAIL)) == bool(found.cure)


@pytest.mark.parametrize(
    ("addresses", "grade", "words"), [(["192.0.2.1"], OK, "192.0.2.1"), ([], FAIL, "no address"), (None, FAIL, "did not answer")]
)
def test_a_name(addresses: list[str] | None, grade: str, words: str) -> None:
    found = doctor.name("name", "login.example", addresses)
    assert (found.grade, words in found.what) == (grade, True)
    assert found.exit_code == (8 if grade == FAIL else 0)


@pytest.mark.parametrize(
    ("issuer", "days", "microsofts", "grade"),
    [
        ("DigiCert Inc, DigiCert Global G2", 200, True, OK),
        ("Contoso Proxy CA", 200, True, WARN),
        ("Contoso Proxy CA", 200, False, OK),
        ("DigiCert Inc", 3, True, WARN),
    ],
)
def test_a_certificate(issuer: str, days: float, microsofts: bool, grade: str) -> None:
    found = doctor.certificate("login.example", "the file ca.pem", {"issuer": issuer, "subject": "x"}, days, microsofts=microsofts)
    assert (found.grade, "the file ca.pem" in found.what) == (grade, True)


def test_the_discovery_document() -> None:
    assert doctor.discovery(answer(200, DOCUMENT), "https://login.example/d")[0].grade == OK
    unknown, nothing = doctor.discovery(refused(90002, "invalid_request"), "https://login.example/d")
    assert (unknown.grade, unknown.exit_code, nothing) == (FAIL, 10, {})
    assert "AADSTS90002" in unknown.what
    for spoilt in (Response(200, {}, b"<html>"), answer(200, {"issuer": "x"}), answer(503), answer(200, [])):
        found, _ = doctor.discovery(spoilt, "https://login.example/d")
        assert (found.grade, found.exit_code) == (FAIL, 8)


@pytest.mark.parametrize(
    ("given", "polled", "grade", "exit_code"),
    [
        (answer(200, {"user_code": "ABC"}), refused(70016, "authorization_pending"), OK, 0),
        (answer(200, {"user_code": "ABC"}), None, OK, 0),
        (answer(200, {"user_code": "ABC"}), refused(7000218, "invalid_client"), FAIL, 10),
        (refused(700016, "unauthorized_client"), None, FAIL, 10),
        (refused(53003, "invalid_grant"), None, FAIL, 5),
        (answer(502), None, FAIL, 8),
    ],
)
def test_device_codes(given: Response, polled: Response | None, grade: str, exit_code: int) -> None:
    found = doctor.device_codes(given, polled)
    assert (found.grade, found.exit_code) == (grade, exit_code)
    assert "ABC" not in found.what


@pytest.mark.parametrize(
    ("shown", "grade"),
    [
        (answer(302, location="http://localhost/?error=login_required&state=doctor"), OK),
        (Response(400, {}, b"<p>AADSTS50011</p>"), WARN),
        (answer(200), NOTE),
        (answer(302, location="https://elsewhere.example/"), NOTE),
    ],
)
def test_the_redirect(shown: Response, grade: str) -> None:
    assert doctor.redirect(shown).grade == grade


def test_graph_must_ask_for_a_token() -> None:
    assert doctor.graph_said(answer(401), "graph.example").grade == OK
    assert doctor.graph_said(answer(200), "graph.example").exit_code == 8


@pytest.mark.parametrize(
    ("signed_in", "can_read", "can_write", "grade"),
    [(False, False, False, NOTE), (True, False, False, WARN), (True, True, False, OK), (True, True, True, OK)],
)
def test_consent(signed_in: bool, can_read: bool, can_write: bool, grade: str) -> None:
    assert doctor.consent(signed_in=signed_in, granted={"User.Read"}, can_read=can_read, can_write=can_write).grade == grade


def test_the_first_failure_decides_how_it_ends() -> None:
    fine, bad, worse = doctor.Finding("a", OK, "x"), doctor.Finding("b", FAIL, "x", "", 8), doctor.Finding("c", FAIL, "x", "", 10)
    assert doctor.worst([fine]) == 0
    assert doctor.worst([fine, doctor.Finding("w", WARN, "x")]) == 0
    assert doctor.worst([fine, bad, worse]) == 8
