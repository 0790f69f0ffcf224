"""From Entra's refusals to our errors: decided by OAuth's words, split by number, told in plain words."""

import pytest

from daypass import errors
from daypass.auth.aadsts import ADMIN, ENTRIES, FLOWS, NUMBERS
from daypass.auth.explain import BY_KIND, BY_WORD, WORDS, aadsts_number, explanation, failure, ids_in, of_text


def refusal(error: str, number: int = 0, suberror: str = "") -> dict[str, object]:
    return {
        "error": error,
        "suberror": suberror,
        "error_description": f"AADSTS{number}: Something went wrong. Trace ID: t-1 Correlation ID: c-1 Timestamp: 2026-11-22 10:00:00Z",
        "error_codes": [number],
        "correlation_id": "c-1",
        "timestamp": "2026-11-22 10:00:00Z",
    }


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (refusal("expired_token", 70020), errors.DeviceCodeExpired),
        (refusal("code_expired", 70019), errors.DeviceCodeExpired),
        (refusal("bad_verification_code", 70018), errors.DeviceCodeExpired),
        (refusal("authorization_declined", 70000), errors.SignInDeclined),
        (refusal("access_denied", 65004), errors.SignInDeclined),
        (refusal("access_denied", 53003), errors.BlockedByPolicy),
        (refusal("invalid_grant", 53003), errors.BlockedByPolicy),
        (refusal("invalid_grant", 530036), errors.BlockedByPolicy),
        (refusal("invalid_grant", 53999), errors.BlockedByPolicy),
        (refusal("invalid_grant", 65001, "consent_required"), errors.ConsentRequired),
        (refusal("invalid_grant", 65001), errors.ConsentRequired),
        (refusal("invalid_grant", 50173, "bad_token"), errors.SignInRequired),
        (refusal("invalid_grant", 700082), errors.SignInRequired),
        (refusal("interaction_required", 50076), errors.SignInRequired),
        (refusal("invalid_grant", 99), errors.SignInRequired),
        (refusal("invalid_client", 7000218), errors.AppMisconfigured),
        (refusal("unauthorized_client", 700016), errors.AppMisconfigured),
        (refusal("invalid_tenant", 90002), errors.AppMisconfigured),
        (refusal("invalid_request", 90002), errors.AppMisconfigured),
        (refusal("something_new", 99), errors.AuthError),
        ({}, errors.AuthError),
    ],
)
def test_each_refusal_has_its_class(answer: dict[str, object], kind: type[errors.AuthError]) -> None:
    assert type(failure(answer)) is kind


def test_ids_and_claims_travel_with_the_error() -> None:
    error = failure({**refusal("invalid_grant", 50076), "claims": '{"access_token":{}}'})
    assert (error.code, error.correlation_id, error.claims) == (50076, "c-1", '{"access_token":{}}')
    assert error.timestamp == "2026-11-22 10:00:00Z"


def test_the_message_is_the_descriptions_first_part_without_number_and_ids() -> None:
    assert str(failure(refusal("invalid_grant", 1))) == "Something went wrong."


@pytest.mark.parametrize(
    ("answer", "number"),
    [
        ({"error_codes": [99, 50076]}, 50076),
        ({"error_codes": [99]}, 99),
        ({"error_description": "AADSTS53003: Blocked."}, 53003),
        ({"error_description": "no number at all"}, 0),
        ({"error_codes": ["x", None]}, 0),
        ({"error_codes": None, "error_description": None}, 0),
    ],
)
def test_the_number_is_the_first_known_one(answer: dict[str, object], number: int) -> None:
    assert aadsts_number(answer) == number


@pytest.mark.parametrize("number", sorted(NUMBERS))
def test_every_number_in_the_table_has_a_kind_a_cause_and_a_cure_of_one_line(number: int) -> None:
    entry = NUMBERS[number]
    assert entry.kind in {*BY_KIND, "wait"}
    assert set(entry.flows) <= set(FLOWS)
    assert entry.flows
    assert all(text and len(text) <= 160 and "\n" not in text for text in (entry.cause, entry.cure, entry.who, *entry.here.values()))
    assert entry.here.keys() <= set(entry.flows)
    assert entry.source
    assert bool(entry.admin) >= (entry.who == ADMIN), "who must be asked is told what to do"
    told = explanation(failure(refusal("something_new", number)))
    assert told is not None
    assert (told.cause, told.code) == (entry.cause, f"AADSTS{number}")


def test_no_number_is_in_two_entries() -> None:
    assert sum(len(entry.numbers) for entry in ENTRIES) == len(NUMBERS)


def test_no_cure_weakens_anything() -> None:
    told = " ".join(f"{entry.cure} {entry.admin}" for entry in ENTRIES).lower()
    assert not [word for word in ("password grant", "ropc", "verify=false", "plaintext", "all users", "disable mfa") if word in told]


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("53003", ["AADSTS53003"]),
        ("AADSTS53003: Access has been blocked. Trace ID: 6cd0e99e-0c95-4b5a-9c0a-53a9a8f20000", ["AADSTS53003"]),
        ("aadsts 700082", ["AADSTS700082"]),
        ('{"error": "invalid_grant", "error_codes": [50173], "suberror": "bad_token"}', ["AADSTS50173"]),
        ("AADSTS50076 and then AADSTS50076, AADSTS65001", ["AADSTS50076", "AADSTS65001"]),
        ("invalid_grant", ["invalid_grant"]),
        ('{"error":"slow_down"}', ["slow_down"]),
        ("AADSTS53999", ["AADSTS53999"]),
        ("AADSTS99999", []),
        ("AADSTS99999 invalid_client", ["invalid_client"]),
        ("it does not work", []),
        ("", []),
        ("call +1 425 5550100 or see 10.0.53003.1", []),
    ],
)
def test_a_text_names_what_is_to_be_explained(text: str, codes: list[str]) -> None:
    assert [told.code for told in of_text(text)] == codes


def test_a_family_says_what_can_be_said_of_a_number_that_is_not_listed() -> None:
    (told,) = of_text("AADSTS53999")
    assert told.needs_admin
    assert "not in our list" in told.cause


def test_the_ids_of_an_attempt_are_found_in_a_message() -> None:
    message = "AADSTS53003: Blocked. Trace ID: t Correlation ID: 6cd0e99e-0c95-4b5a-9c0a-53a9a8f20000 Timestamp: 2026-11-22 10:00:00Z"
    assert ids_in(message) == {"correlation_id": "6cd0e99e-0c95-4b5a-9c0a-53a9a8f20000", "timestamp": "2026-11-22 10:00:00Z"}
    assert ids_in('{"correlation_id":"6cd0e99e-0c95-4b5a-9c0a-53a9a8f20000","timestamp":"2026-11-22 10:00:00Z"}') == ids_in(message)
    assert ids_in("nothing") == {}


def test_every_word_that_decides_is_explained() -> None:
    assert set(BY_WORD) - {"code_expired", "invalid_tenant"} <= set(WORDS)


def test_an_unknown_number_is_not_explained_by_guessing() -> None:
    assert explanation(failure(refusal("invalid_grant", 99))) is None
