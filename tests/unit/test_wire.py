"""HTTP as values: what a flow may await, and how it is stepped."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from daypass.errors import TransportError
from daypass.wire import Access, Request, Response, Sleep, step


async def asks_twice() -> list[int]:
    first = await Request("GET", "/1")
    await Sleep(2)
    second = await Request("GET", "/2")
    return [first.status, second.status]


class TestStepping:
    def test_a_flow_asks_and_is_told_until_it_has_its_result(self) -> None:
        flow = asks_twice()
        assert step(flow, None) == Request("GET", "/1")
        assert step(flow, Response(200)) == Sleep(2)
        assert step(flow, None) == Request("GET", "/2")
        with pytest.raises(StopIteration) as done:
            step(flow, Response(404))
        assert done.value.value == [200, 404]

    def test_trouble_is_thrown_at_the_request_it_belongs_to(self) -> None:
        async def flow() -> str:
            try:
                await Request("GET", "/1")
            except TransportError as error:
                return error.kind
            return ""

        running = flow()
        step(running, None)
        with pytest.raises(StopIteration) as done:
            step(running, TransportError("closed", kind="reset"))
        assert done.value.value == "reset"

    def test_trouble_that_a_flow_does_not_handle_leaves_it(self) -> None:
        flow = asks_twice()
        step(flow, None)
        trouble = TransportError("closed")
        with pytest.raises(TransportError) as caught:
            step(flow, trouble)
        assert caught.value is trouble

    def test_a_flow_is_used_once(self) -> None:
        flow = asks_twice()
        for reply in (None, Response(200), None):
            step(flow, reply)
        with pytest.raises(StopIteration):
            step(flow, Response(200))
        with pytest.raises(RuntimeError, match="cannot reuse already awaited coroutine"):
            step(flow, None)

    def test_nothing_else_may_be_awaited(self) -> None:
        class Other:
            def __await__(self) -> Any:
                return (yield self)

        async def flow() -> None:
            await Other()

        running = flow()
        with pytest.raises(TypeError, match="a flow may await only Request and Sleep"):
            step(running, None)
        running.close()

    def test_flows_within_flows_are_one_conversation(self) -> None:
        async def outer() -> list[int]:
            return [*await asks_twice(), 0]

        flow = outer()
        assert [step(flow, reply) for reply in (None, Response(200), None)] == [Request("GET", "/1"), Sleep(2), Request("GET", "/2")]
        with pytest.raises(StopIteration) as done:
            step(flow, Response(201))
        assert done.value.value == [200, 201, 0]

    def test_a_request_alone_does_nothing(self) -> None:
        assert not inspect.iscoroutine(Request("GET", "/1"))


class TestValues:
    def test_equal_parts_make_equal_values(self) -> None:
        assert Request("GET", "/", {"a": "b"}, b"", Access(("x",))) == Request("GET", "/", {"a": "b"}, access=Access(("x",)))
        assert Access(("x",)) != Access(("x",), renew=True)
        assert Sleep(1) != Sleep(2)

    @pytest.mark.parametrize("value", [Request("GET", "/"), Response(200), Access(()), Sleep(1)])
    def test_they_do_not_change(self, value: Any) -> None:
        with pytest.raises(AttributeError):
            value.status = 1

    @pytest.mark.parametrize("value", [Request("GET", "/"), Response(200)])
    def test_what_one_is_not_given_it_does_not_share(self, value: Any) -> None:
        with pytest.raises(TypeError):
            value.headers["a"] = "b"

    def test_a_body_is_read_as_json(self) -> None:
        assert Response(200, {}, b'{"id": "\xc3\xa9"}').json() == {"id": "é"}

    @pytest.mark.parametrize("body", [b"", b"<html>", b'{"id"', b"\xff\xfe"])
    def test_a_body_that_is_none_is_a_value_error(self, body: bytes) -> None:
        with pytest.raises(ValueError, match=r".+"):
            Response(200, {}, body).json()
