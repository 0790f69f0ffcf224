"""Each error has its own name, exit code and words, in at most eight lines."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stderr

import pytest

from daypass import errors
from daypass.auth.explain import failure
from daypass.cli.advice import KINDS, advise, report

SAMPLES: tuple[tuple[errors.DaypassError, int], ...] = (
    (errors.UsageError("nonsense", ("better",)), 2),
    (errors.AmbiguousTime("two readings", ("2026-03-04", "2026-04-03")), 2),
    (errors.NoSuchEvent("no event is called that"), 3),
    (errors.ConfigError("CLIENT_ID", "is not set", ("the environment", ".env")), 10),
    (errors.StorageError("cannot write"), 10),
    (errors.SignInRequired("nobody"), 4),
    (errors.SignInDeclined("no", error="authorization_declined"), 5),
    (errors.DeviceCodeExpired("late", error="expired_token"), 4),
    (errors.BlockedByPolicy("blocked", error="access_denied", code=53003, correlation_id="c", timestamp="t"), 5),
    (errors.ConsentRequired("missing", error="invalid_grant", suberror="consent_required"), 5),
    (errors.AppMisconfigured("wrong", error="invalid_client"), 10),
    (errors.AuthError("odd", error="odd"), 4),
    (errors.Unauthorized(401, "InvalidAuthenticationToken", "no"), 4),
    (errors.Forbidden(403, "ErrorAccessDenied", "no"), 5),
    (errors.NotFound(404, "ErrorItemNotFound", "no"), 3),
    (errors.Conflict(412, "ErrorIrresolvableConflict", "no"), 6),
    (errors.Throttled(429, "ApplicationThrottled", "no"), 7),
    (errors.ServiceUnavailable(503, "ServiceUnavailable", "no"), 8),
    (errors.BadRequest(400, "ErrorInvalidRequest", "no"), 2),
    (errors.TransportError("gone", kind="reset"), 8),
    (errors.NoMailbox("none"), 5),
)


def said(error: errors.DaypassError, *, as_json: bool) -> tuple[int, str]:
    with redirect_stderr(io.StringIO()) as out:
        code = report(error, as_json=as_json)
    return code, out.getvalue()


def test_every_error_class_is_in_the_table() -> None:
    sampled = {type(error) for error, _ in SAMPLES}
    assert {kind for kind in vars(errors).values() if isinstance(kind, type)} == sampled | {errors.GraphError, errors.DaypassError}
    assert set(KINDS) == sampled | {errors.DaypassError}


@pytest.mark.parametrize(("error", "exit_code"), SAMPLES, ids=lambda part: type(part).__name__)
def test_each_error_has_its_exit_code_and_a_short_text(error: errors.DaypassError, exit_code: int) -> None:
    code, text = said(error, as_json=False)
    assert code == exit_code
    assert text.startswith("daypass: ")
    assert 1 <= len(text.splitlines()) <= 8


@pytest.mark.parametrize(("error", "exit_code"), SAMPLES, ids=lambda part: type(part).__name__)
def test_each_error_has_the_same_in_json(error: errors.DaypassError, exit_code: int) -> None:
    code, text = said(error, as_json=True)
    document = json.loads(text)
    assert document["schema"] == "daypass.error/1"
    assert document["error"]["exit_code"] == code == exit_code
    assert document["error"]["message"]


def test_a_block_by_policy_names_who_can_cure_it_and_the_ids_to_find_it() -> None:
    answer = {"error": "access_denied", "error_codes": [53003], "correlation_id": "c-1", "timestamp": "2026-11-22 10:00:00Z"}
    _, text = said(failure(answer), as_json=False)
    assert "Conditional Access" in text
    assert "your administrator can cure this" in text
    assert "AADSTS53003 · correlation c-1 · 2026-11-22 10:00:00Z" in text


def test_a_throttled_call_says_how_long_to_wait() -> None:
    error = errors.Throttled(429, "ApplicationThrottled", "slow down")
    error.retry_after_seconds = 120.0
    assert advise(error).do == "repeat the command in 120 seconds"


def test_a_work_that_was_done_in_part_says_what_was_done_and_ends_with_9_whatever_ended_it() -> None:
    error = errors.Forbidden(403, "Authorization_RequestDenied", "no")
    error.made, error.cure = ("the app 'daypass'", "its service principal"), "ask an administrator"
    code, text = said(error, as_json=False)
    assert code == 9
    assert "made:    the app 'daypass'; its service principal\ndo:      ask an administrator\n" in text
    document = json.loads(said(error, as_json=True)[1])["error"]
    assert (document["code"], document["exit_code"], document["made"]) == ("forbidden", 9, list(error.made))


def test_a_cure_of_its_own_stands_for_that_of_its_kind_and_for_looking_first() -> None:
    error = errors.TransportError("gone", kind="reset")
    error.maybe_done = True
    assert "look before you repeat it" in advise(error).do
    error.cure = "repeat the command"
    assert advise(error).do == "repeat the command"


def test_hostile_words_of_a_service_cannot_steer_the_terminal_or_fill_it() -> None:
    hostile = errors.BadRequest(400, "E\x1b[2J", "line\r\nline\u202e" + "x" * 10_000, "id\x07")
    _, text = said(hostile, as_json=False)
    assert not {"\x1b", "\r", "\x07", "\u202e"} & set(text)
    assert max(map(len, text.splitlines())) <= 400
    assert len(text.splitlines()) <= 8


@pytest.mark.parametrize(("wait", "do"), [(0.0, "try again in a minute"), (3600.0, "repeat the command in 3600 seconds")])
def test_a_busy_sign_in_service_is_given_the_time_it_asks_for(wait, do):
    assert advise(errors.TransportError("busy", kind="busy", retry_after_seconds=wait)).do == do
