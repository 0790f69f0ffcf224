"""The pace of device polls (RFC 8628, section 3.5)."""

import pytest

from daypass.auth.device import DeviceCode, Pace, Trouble


def test_pending_keeps_the_interval() -> None:
    pace = Pace(5)
    assert [pace.after("authorization_pending") for _ in range(3)] == [5, 5, 5]


def test_slow_down_adds_five_seconds_for_good() -> None:
    pace = Pace(5)
    assert [pace.after(word) for word in ("slow_down", "authorization_pending", "slow_down", "authorization_pending")] == [10, 10, 15, 15]


def test_trouble_backs_off_exponentially_up_to_a_minute_and_success_forgets_it() -> None:
    pace = Pace(5)
    assert [pace.after(Trouble("reset")) for _ in range(6)] == [5, 10, 20, 40, 60, 60]
    assert pace.after("authorization_pending") == 5
    assert pace.after(Trouble("reset")) == 5


def test_a_busy_service_is_given_the_time_it_asks_for() -> None:
    assert Pace(5).after(Trouble("HTTP 429", retry_after_seconds=17)) == 17


def test_a_zero_interval_never_becomes_a_spin() -> None:
    assert Pace(0).after("authorization_pending") == 1


def test_the_service_answer_is_read_with_the_rfcs_defaults() -> None:
    code = DeviceCode.from_answer({"user_code": "ABC", "verification_uri": "https://x.example/d"}, now=1000)
    assert (code.user_code, code.verification_uri, code.expires_at, code.interval) == ("ABC", "https://x.example/d", 1900, 5)


@pytest.mark.parametrize("spelling", ["verification_uri", "verification_url"])
def test_both_spellings_of_the_address_are_read(spelling: str) -> None:
    assert DeviceCode.from_answer({"user_code": "ABC", spelling: "https://x.example"}, now=0).verification_uri == "https://x.example"


@pytest.mark.parametrize(
    ("told", "expires_in", "interval"),
    [
        (None, 900, 5),
        ("soon", 900, 5),
        ([], 900, 5),
        ("nan", 1, 1),
        (-7, 1, 1),
        (10**400, 24 * 3600, 300),
        (1e18, 24 * 3600, 300),
        ("30", 30, 30),
    ],
)
def test_times_that_make_no_sense_become_the_rfcs_or_the_nearest_that_do(told: object, expires_in: float, interval: float) -> None:
    code = DeviceCode.from_answer(
        {"user_code": "ABC", "verification_uri": "https://x.example", "expires_in": told, "interval": told}, now=1000
    )
    assert (code.expires_at, code.interval) == (1000 + expires_in, interval)


HERE = {"verification_uri": "https://x.example"}


@pytest.mark.parametrize(
    "answer",
    [
        *({**HERE, **told} for told in ({}, {"user_code": None}, {"user_code": ""}, {"user_code": 7})),
        *({**HERE, "user_code": code} for code in ("AB CD\nSigned in.", "A" * 40, "-ABC", "ABC\x1b[2J", "É123")),
        *(
            {"user_code": "ABC", "verification_uri": page}
            for page in ("", "javascript:alert(1)", "file:///etc/passwd", "http://x.example", 7)
        ),
        {"user_code": "ABC", "verification_uri": "https://x.example/ and more"},
    ],
)
def test_an_answer_without_a_code_is_none(answer: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"without a (code|page)"):
        DeviceCode.from_answer(answer, now=0)
