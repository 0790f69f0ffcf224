"""Flows that run together: a driver that writes down every pause and answers every request stands for the clock and the world."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daypass.errors import TransportError
from daypass.wire import Request, Response, Sleep, step
from daypass_sandbox.together import together

NOTHING = Response(204)


def run(flow, answer=NOTHING):
    """The result of a flow, and what it asked for on the way."""
    asked, reply = [], None
    while True:
        try:
            effect = step(flow, reply)
        except StopIteration as done:
            return done.value, asked
        asked.append(effect)
        reply = None if isinstance(effect, Sleep) else answer


async def pausing(name, *pauses):
    for seconds in pauses:
        await Sleep(seconds)
    return name


def slept(asked):
    return sum(effect.seconds for effect in asked)


def test_pauses_are_made_at_the_same_time_and_results_keep_their_order():
    result, asked = run(together([pausing("slow", 3.0), pausing("quick", 1.0), pausing("two", 1.0, 1.5)], 4))
    assert result == ["slow", "quick", "two"]
    assert asked == [Sleep(1.0), Sleep(1.5), Sleep(0.5)]


def test_no_more_than_so_many_are_under_way():
    result, asked = run(together([pausing(number, 1.0) for number in range(10)], 4))
    assert (result, slept(asked)) == (list(range(10)), 3.0)


def test_none_is_nothing_to_wait_for():
    assert run(together([], 4)) == ([], [])
    assert run(together([pausing("at once"), pausing("no time", 0.0)], 1)) == (["at once", "no time"], [])


@given(st.lists(st.lists(st.integers(0, 50), max_size=4), max_size=12), st.integers(1, 5))
def test_everybody_ends_no_sooner_than_alone_and_no_later_than_one_by_one(pauses, most):
    result, asked = run(together([pausing(number, *given) for number, given in enumerate(pauses)], most))
    lengths = [sum(given) for given in pauses]
    assert result == list(range(len(pauses)))
    assert max([*lengths, sum(lengths) / most]) <= slept(asked) <= sum(lengths)


async def asking(url):
    try:
        return (await Request("GET", url)).status
    except TransportError as error:
        return error.kind


def test_what_is_asked_of_others_is_answered_or_fails_for_the_one_who_asked():
    result, asked = run(together([asking("https://a.example/"), pausing("slow", 1.0), asking("https://b.example/")], 2))
    assert result == [204, "slow", 204]
    assert [effect.url for effect in asked if isinstance(effect, Request)] == ["https://a.example/", "https://b.example/"]
    assert run(together([asking("https://a.example/")], 2), TransportError("nobody listens", kind="refused"))[0] == ["refused"]


async def failing():
    await Sleep(1.0)
    raise KeyError("gone")


def test_a_failure_ends_all_and_leaves_none_half_done():
    ended = []

    async def watched():
        try:
            await Sleep(9.0)
        finally:
            ended.append("watched")

    with pytest.raises(KeyError):
        run(together([watched(), failing(), pausing("never begun")], 2))
    assert ended == ["watched"]


def test_who_stops_driving_stops_all():
    ended = []

    async def watched(name):
        try:
            await Sleep(9.0)
        finally:
            ended.append(name)

    flow = together([watched("one"), watched("two"), watched("three")], 2)
    assert step(flow, None) == Sleep(9.0)
    flow.close()
    assert ended == ["one", "two"]
    flow = together([asking("https://a.example/"), watched("four")], 2)
    assert step(flow, None) == Request("GET", "https://a.example/")
    flow.close()
    assert ended == ["one", "two"]
