"""Graph's conventions, played through as conversations: what is repeated, how long is waited, what becomes which error."""

from __future__ import annotations

import base64
import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daypass.errors import (
    BadRequest,
    Conflict,
    Forbidden,
    GraphError,
    NotFound,
    ServiceUnavailable,
    Throttled,
    TransportError,
    Unauthorized,
)
from daypass.graph.protocol import call, claims_challenge, decipher, items, retry_after_seconds
from daypass.wire import Access, Flow, Response
from script import Script, answer

READ = ("Calendars.Read",)
HTML = b"<!DOCTYPE html><title>502</title><h1>Bad Gateway</h1>"


def error(code: str, message: str = "No.") -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "innerError": {"request-id": "r"}}}


def get(*replies: Response | TransportError) -> tuple[dict[str, Any], Script]:
    script = Script(*replies)
    return script.run(call("GET", "/me", scopes=READ)), script


def lost(kind: str) -> TransportError:
    return TransportError(f"trouble of kind {kind}", kind=kind)


def create(payload: dict[str, Any]) -> Flow[dict[str, Any]]:
    return call("POST", "/me/events", payload, scopes=READ)


async def collected(*args: Any, **kwargs: Any) -> list[dict[str, Any]]:
    return [item async for item in items(*args, **kwargs)]


class TestCall:
    def test_one_request_and_its_json(self) -> None:
        content, script = get(answer(200, {"id": "1"}))
        assert content == {"id": "1"}
        (request,) = script.requests
        assert (request.method, request.url, request.body, request.access) == ("GET", "/me", b"", Access(READ))
        assert "Content-Type" not in request.headers

    @pytest.mark.parametrize("status", [202, 204])
    def test_an_answer_without_a_body_is_empty(self, status: int) -> None:
        assert get(answer(status))[0] == {}

    def test_a_payload_goes_out_as_json_beside_the_callers_headers(self) -> None:
        script = Script(answer(201, {"id": "1"}))
        script.run(call("POST", "/me/events", {"subject": "é"}, scopes=READ, headers={"Prefer": "x"}))
        assert json.loads(script.requests[0].body) == {"subject": "é"}
        assert script.requests[0].headers == {"Content-Type": "application/json", "Prefer": "x"}


class TestThrottling:
    def test_retry_after_is_obeyed_to_the_second(self) -> None:
        content, script = get(answer(429, error("TooManyRequests"), retry_after="17"), answer(200, {"id": "1"}))
        assert (content, script.sleeps) == ({"id": "1"}, [17])

    def test_without_it_the_pauses_double(self) -> None:
        _, script = get(*[answer(429, error("TooManyRequests"))] * 4, answer(200, {}))
        assert script.sleeps == [1, 2, 4, 8]

    @pytest.mark.parametrize("text", ["", "soon", "-5", "0", "Wed, 21 Oct 2026 07:28:00 GMT", "1e3", "²", "9" * 400])
    def test_one_that_says_nothing_counts_as_none(self, text: str) -> None:
        _, script = get(answer(429, retry_after=text), answer(200, {}))
        assert script.sleeps == [1]

    def test_a_long_wait_is_the_callers_decision_and_named(self) -> None:
        with pytest.raises(Throttled) as caught:
            get(answer(429, error("TooManyRequests"), retry_after="120"))
        assert (caught.value.retry_after_seconds, caught.value.code) == (120, "TooManyRequests")

    def test_many_short_waits_are_too_long_as_well(self) -> None:
        script = Script(*[answer(429, retry_after="40")] * 5)
        with pytest.raises(Throttled) as caught:
            script.run(call("GET", "/me", scopes=READ))
        assert (script.sleeps, caught.value.retry_after_seconds) == ([40, 40], 40)

    def test_patience_ends_after_five_attempts(self) -> None:
        script = Script(*[answer(429)] * 9)
        with pytest.raises(Throttled) as caught:
            script.run(call("GET", "/me", scopes=READ))
        assert len(script.requests) == 5
        assert caught.value.retry_after_seconds is None

    def test_a_throttled_post_did_nothing_and_is_repeated(self) -> None:
        script = Script(answer(429, retry_after="1"), answer(201, {"id": "1"}))
        script.run(call("POST", "/me/events", {"subject": "x"}, scopes=READ))
        assert len(script.requests) == 2

    def test_the_repeated_request_is_the_same(self) -> None:
        script = Script(answer(429), answer(503), answer(201, {"id": "1"}))
        script.run(call("POST", "/me/events", {"transactionId": "t"}, scopes=READ, headers={"Prefer": "x"}))
        assert script.requests[0] == script.requests[1] == script.requests[2]


class TestPassingTrouble:
    @pytest.mark.parametrize("status", [502, 503, 504])
    @pytest.mark.parametrize("body", [None, HTML, error("ServiceUnavailable")])
    def test_a_gateways_trouble_is_waited_out(self, status: int, body: Any) -> None:
        content, script = get(answer(status, body), answer(status, body, retry_after="5"), answer(200, {"id": "1"}))
        assert (content, script.sleeps) == ({"id": "1"}, [1, 5])

    @pytest.mark.parametrize("status", [500, 501, 505, 507])
    def test_other_troubles_of_the_service_are_not(self, status: int) -> None:
        with pytest.raises(ServiceUnavailable):
            get(answer(status, error("x")))

    def test_a_reset_connection_is_tried_again(self) -> None:
        _, script = get(lost("reset"), lost("reset"), answer(200, {}))
        assert script.sleeps == [1, 2]

    def test_resets_without_end_have_an_end(self) -> None:
        script = Script(*[lost("reset")] * 9)
        with pytest.raises(TransportError):
            script.run(call("GET", "/me", scopes=READ))
        assert len(script.requests) == 5

    @pytest.mark.parametrize("kind", ["dns", "connect", "tls", "timeout", "garbage", "busy"])
    def test_what_a_repetition_would_not_help_is_told_at_once(self, kind: str) -> None:
        with pytest.raises(TransportError, match=kind):
            get(lost(kind))

    @pytest.mark.parametrize("trouble", [lost("reset"), answer(503, error("x")), answer(504, HTML)], ids=["reset", "503", "504"])
    def test_a_post_of_unknown_effect_is_repeated_only_with_a_transaction_id(self, trouble: Response | TransportError) -> None:
        script = Script(trouble, answer(201, {"id": "1"}))
        with pytest.raises((TransportError, ServiceUnavailable)):
            script.run(call("POST", "/me/events", {"subject": "x"}, scopes=READ))
        assert len(script.requests) == 1
        script = Script(trouble, answer(201, {"id": "1"}))
        assert script.run(call("POST", "/me/events", {"subject": "x", "transactionId": "t"}, scopes=READ)) == {"id": "1"}

    @pytest.mark.parametrize(
        "trouble",
        [
            *(lost("garbage"), lost("timeout"), answer(500, error("x")), answer(201), answer(201, HTML), answer(201, b'{"id": "1')),
            *(answer(200, b"[]"), answer(201, b"\xff\xfe"), answer(201, b"{}")),
        ],
        ids=["garbage", "timeout", "500", "empty", "HTML", "cut short", "a list", "bytes", "{}"],
    )
    def test_a_creation_that_may_have_taken_effect_is_asked_for_again_with_the_same_transaction_id(self, trouble: Any) -> None:
        script = Script(trouble, answer(201, {"id": "1"}))
        assert script.run(create({"transactionId": "t"})) == {"id": "1"}
        assert script.requests[0] == script.requests[1]
        assert script.sleeps == [1]

    def test_a_server_that_stalls_is_waited_for_twice_at_most(self) -> None:
        script = Script(*[lost("timeout")] * 5)
        with pytest.raises(TransportError):
            script.run(create({"transactionId": "t"}))
        assert len(script.requests) == 2

    def test_a_body_that_came_spoilt_is_asked_for_again(self) -> None:
        content, script = get(answer(200, b'{"id": "1'), answer(200, HTML), answer(200, {"id": "1"}))
        assert (content, script.sleeps) == ({"id": "1"}, [1, 2])

    def test_and_if_it_stays_so_that_is_told(self) -> None:
        script = Script(*[answer(200, b'{"id": "1')] * 9)
        with pytest.raises(TransportError, match="cut short"):
            script.run(call("GET", "/me", scopes=READ))
        assert len(script.requests) == 5

    @pytest.mark.parametrize("method", ["PATCH", "DELETE", "PUT"])
    def test_methods_that_may_be_repeated_are(self, method: str) -> None:
        script = Script(lost("reset"), answer(200, {}))
        script.run(call(method, "/me/events/1", scopes=READ))
        assert len(script.requests) == 2


class TestWhetherItMayBeDone:
    """What a failed change says of itself: may it have taken effect?"""

    def failed(self, method: str, *replies: Response | TransportError, **payload: str) -> TransportError | GraphError:
        with pytest.raises((TransportError, GraphError)) as caught:
            Script(*replies).run(call(method, "/me/events", {"subject": "x", **payload}, scopes=READ))
        assert isinstance(caught.value, TransportError | GraphError)
        return caught.value

    @pytest.mark.parametrize(
        "trouble",
        [*(lost(kind) for kind in ("reset", "timeout", "garbage", "busy")), *(answer(status) for status in (500, 502, 503, 504))],
        ids=lambda trouble: trouble.kind if isinstance(trouble, TransportError) else str(trouble.status),
    )
    @pytest.mark.parametrize("payload", [{}, {"transactionId": "t"}], ids=["once", "repeatable"])
    def test_where_the_answer_was_lost_nobody_knows(self, trouble: Response | TransportError, payload: dict[str, str]) -> None:
        assert self.failed("POST", *[trouble] * 5, **payload).maybe_done
        assert self.failed("PATCH", *[trouble] * 5).maybe_done

    @pytest.mark.parametrize("spoilt", [answer(201), answer(201, HTML), answer(200, b"[]")])
    def test_what_took_effect_and_cannot_be_read_may_be_done(self, spoilt: Response) -> None:
        assert self.failed("POST", *[spoilt] * 5).maybe_done
        assert self.failed("POST", *[spoilt] * 5, transactionId="t").maybe_done

    @pytest.mark.parametrize(
        "trouble",
        [*(lost(kind) for kind in ("dns", "connect", "tls")), *(answer(status) for status in (400, 403, 409))],
        ids=lambda trouble: trouble.kind if isinstance(trouble, TransportError) else str(trouble.status),
    )
    def test_a_refusal_and_a_request_that_never_arrived_did_nothing(self, trouble: Response | TransportError) -> None:
        assert not self.failed("POST", trouble).maybe_done

    def test_a_creation_that_is_refused_after_an_answer_was_lost_may_be_done(self) -> None:
        assert self.failed("POST", lost("timeout"), answer(409, error("Conflict")), transactionId="t").maybe_done
        assert self.failed("POST", lost("reset"), lost("connect"), transactionId="t").maybe_done

    def test_throttling_alone_did_nothing(self) -> None:
        assert not self.failed("POST", *[answer(429)] * 5).maybe_done

    def test_a_question_does_nothing(self) -> None:
        with pytest.raises(TransportError) as caught:
            get(lost("timeout"))
        assert not caught.value.maybe_done


def challenge(claims: str) -> str:
    return f'Bearer realm="", error="insufficient_claims", claims="{base64.b64encode(claims.encode()).decode()}"'


CLAIMS = '{"access_token": {"nbf": {"essential": true, "value": "1700000000"}}}'


class TestUnauthorized:
    def test_a_refused_token_is_renewed_once(self) -> None:
        content, script = get(answer(401, error("InvalidAuthenticationToken")), answer(200, {"id": "1"}))
        assert content == {"id": "1"}
        assert [request.access for request in script.requests] == [Access(READ), Access(READ, renew=True)]
        assert script.sleeps == []

    def test_a_claims_challenge_goes_with_the_renewal(self) -> None:
        _, script = get(answer(401, www_authenticate=challenge(CLAIMS)), answer(200, {}))
        assert script.requests[1].access == Access(READ, renew=True, claims=CLAIMS)

    def test_a_fresh_token_that_is_refused_is_the_end(self) -> None:
        with pytest.raises(Unauthorized) as caught:
            get(answer(401), answer(401, error("InvalidAuthenticationToken")))
        assert caught.value.code == "InvalidAuthenticationToken"

    def test_the_renewed_token_stays_in_use(self) -> None:
        _, script = get(answer(401), answer(503), lost("reset"), answer(200, {}))
        assert [request.access and request.access.renew for request in script.requests] == [False, True, True, True]

    def test_a_post_that_was_refused_did_nothing_and_is_repeated(self) -> None:
        script = Script(answer(401), answer(201, {"id": "1"}))
        assert script.run(call("POST", "/me/events", {"subject": "x"}, scopes=READ)) == {"id": "1"}

    @pytest.mark.parametrize("before", [0, 1, 2, 3, 4])
    def test_it_may_come_at_any_attempt(self, before: int) -> None:
        script = Script(*[answer(503)] * before, *[answer(401, error("InvalidAuthenticationToken"))] * 2)
        with pytest.raises(Unauthorized):
            script.run(call("GET", "/me", scopes=READ))
        assert script.requests[-1].access == Access(READ, renew=True)
        assert script.left == []

    @pytest.mark.parametrize(
        "header",
        [
            "",
            "Bearer",
            'Bearer claims="e30="',
            'Bearer error="insufficient_claims"',
            'Bearer error="insufficient_claims", claims=""',
            'Bearer error="insufficient_claims", claims="!"',
            'Bearer error="insufficient_claims", claims="/w=="',
            challenge("not JSON"),
            challenge("[1]"),
            challenge('"text"'),
            challenge("[" * 50_000),
        ],
    )
    def test_a_challenge_that_makes_no_sense_is_none(self, header: str) -> None:
        assert claims_challenge(answer(401, www_authenticate=header)) == ""

    def test_a_challenge_is_read_without_its_padding_too(self) -> None:
        header = challenge('{"a": 1}').replace("=", "=", 1)
        assert claims_challenge(answer(401, www_authenticate=header.replace('=="', '"').replace('="', '="', 1))) == '{"a": 1}'

    @given(st.text())
    def test_no_challenge_raises(self, text: str) -> None:
        for header in (text, f'error="insufficient_claims", claims="{text}"', challenge(text.encode(errors="replace").decode())):
            found = claims_challenge(answer(401, www_authenticate=header))
            assert found == "" or isinstance(json.loads(found), dict)


class TestErrors:
    @pytest.mark.parametrize(
        ("status", "kind"),
        [
            *((status, BadRequest) for status in (302, 304, 400, 405, 413, 422)),
            *((status, ServiceUnavailable) for status in (500, 501, 507)),
            *((403, Forbidden), (404, NotFound), (409, Conflict), (410, NotFound), (412, Conflict)),
        ],
    )
    def test_each_status_has_its_class(self, status: int, kind: type[GraphError]) -> None:
        with pytest.raises(kind) as caught:
            get(answer(status, error("ErrorSomething", "Say what."), request_id="r-1"))
        told = caught.value
        assert (type(told), told.status, told.code, told.message, told.request_id) == (kind, status, "ErrorSomething", "Say what.", "r-1")
        assert str(told) == "ErrorSomething: Say what."

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            HTML,
            b'{"error": {"code": "Err',
            b"null",
            b"[]",
            b'"text"',
            b"{}",
            b'{"error": null}',
            b'{"error": "x"}',
            b'{"error": {}}',
            b"\xff\xfe",
            b"[" * 100_000,
        ],
        ids=lambda body: repr(body[:12]),
    )
    def test_an_error_without_an_envelope_is_named_by_its_status(self, body: bytes) -> None:
        with pytest.raises(Forbidden) as caught:
            get(answer(403, body))
        assert (caught.value.code, caught.value.message, str(caught.value)) == ("HTTP 403", "", "HTTP 403")

    @pytest.mark.parametrize(
        "body",
        [HTML, b'{"id": "1', b"null", b"[]", b"17", b'"x"', b"\xff\xfe", b"[" * 100_000, b'{"a":' * 100_000],
        ids=lambda body: repr(body[:12]),
    )
    def test_a_success_that_is_no_json_object_is_garbage(self, body: bytes) -> None:
        with pytest.raises(TransportError, match="cut short or is not JSON") as caught:
            get(*[answer(200, body)] * 5)
        assert caught.value.kind == "garbage"

    @given(
        status=st.integers(100, 599),
        body=st.binary()
        | st.recursive(
            st.none() | st.text() | st.integers(), lambda inner: st.dictionaries(st.sampled_from(["error", "code", "message"]), inner)
        ).map(lambda value: json.dumps(value).encode()),
    )
    def test_whatever_comes_is_an_object_or_one_of_our_errors(self, status: int, body: bytes) -> None:
        with suppress(TransportError if 200 <= status < 300 else GraphError):
            assert isinstance(decipher(Response(status, {}, body)), dict)

    @given(st.text())
    def test_no_retry_after_raises(self, text: str) -> None:
        seconds = retry_after_seconds(answer(429, retry_after=text))
        assert seconds is None or 0 <= seconds < 1e9


class TestPages:
    def test_links_are_followed_to_the_letter_with_the_same_headers_and_permissions(self) -> None:
        second = "https://graph.microsoft.com/v1.0/me/calendarView?$skiptoken=a%2Fb+c&x=%20'é"
        script = Script(answer(200, {"value": [{"id": "1"}], "@odata.nextLink": second}), answer(200, {"value": [{"id": "2"}]}))
        assert script.run(collected("/me/calendarView", scopes=READ, headers={"Prefer": "x"})) == [{"id": "1"}, {"id": "2"}]
        assert [request.url for request in script.requests] == ["/me/calendarView", second]
        assert {request.headers["Prefer"] for request in script.requests} == {"x"}
        assert {request.access for request in script.requests} == {Access(READ)}

    def test_an_empty_page_is_not_the_last_one(self) -> None:
        script = Script(
            *[answer(200, {"value": [], "@odata.nextLink": f"/p{page}"}) for page in range(3)], answer(200, {"value": [{"id": "1"}]})
        )
        assert script.run(collected("/p", scopes=READ)) == [{"id": "1"}]

    def test_trouble_on_a_page_costs_that_page_alone(self) -> None:
        script = Script(
            answer(200, {"value": [{"id": "1"}], "@odata.nextLink": "/p2"}),
            lost("reset"),
            answer(429, retry_after="2"),
            answer(200, {"value": [{"id": "2"}]}),
        )
        assert script.run(collected("/p1", scopes=READ)) == [{"id": "1"}, {"id": "2"}]
        assert [request.url for request in script.requests] == ["/p1", "/p2", "/p2", "/p2"]

    @pytest.mark.parametrize("links", [["/p"], ["/a", "/p"], ["/a", "/b", "/a"]])
    def test_a_circle_is_detected(self, links: list[str]) -> None:
        script = Script(*[answer(200, {"value": [], "@odata.nextLink": link}) for link in links])
        with pytest.raises(TransportError, match="round in a circle"):
            script.run(collected("/p", scopes=READ))
        assert not script.left

    @pytest.mark.parametrize(
        "page", [{}, {"value": None}, {"value": {}}, {"value": "x"}, {"value": [1]}, {"value": [{"id": "1"}, None]}, {"value": [[]]}]
    )
    def test_a_page_without_a_list_of_items_is_garbage(self, page: dict[str, Any]) -> None:
        with pytest.raises(TransportError, match="list of items") as caught:
            Script(answer(200, page)).run(collected("/p", scopes=READ))
        assert caught.value.kind == "garbage"
