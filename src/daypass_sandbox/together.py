"""Several flows as one, their pauses at the same time."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterable
from typing import TypeVar

from daypass.errors import TransportError
from daypass.wire import Flow, Reply, Sleep, step

T = TypeVar("T")


async def together(flows: Iterable[Flow[T]], most: int) -> list[T]:
    """The results of flows in their order, of which up to `most` are under way at a time.

    They pause at the same time; what they ask of others (a `Request`) is asked one after the other. What one of them raises ends all.
    """
    flows = list(flows)
    waiting, asleep, results, now = deque(enumerate(flows)), list[tuple[float, int, Flow[T]]](), dict[int, T](), 0.0
    try:
        while waiting or asleep:
            if waiting and len(asleep) < most:
                number, flow = waiting.popleft()
            else:
                due, number, flow = heapq.heappop(asleep)
                if due > now:
                    await Sleep(due - now)
                    now = due
            pause = await _on(flow, number, results)
            if pause:
                heapq.heappush(asleep, (now + pause.seconds, number, flow))
    finally:
        for flow in flows:
            flow.close()
    return [results[number] for number in sorted(results)]


async def _on(flow: Flow[T], number: int, results: dict[int, T]) -> Sleep | None:
    """Go on with a flow until it pauses; None when it has ended, its result noted."""
    reply: Reply = None
    while True:
        try:
            effect = step(flow, reply)
        except StopIteration as done:
            results[number] = done.value
            return None
        if isinstance(effect, Sleep):
            return effect
        try:
            reply = await effect
        except TransportError as error:
            reply = error
