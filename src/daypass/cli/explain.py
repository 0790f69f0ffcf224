"""The command that explains what the sign-in service refused: offline, for people, for whoever administers, and for programs."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from ..errors import UsageError
from ..model.text import clean
from .output import write_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..auth.explain import Explanation

FLOWS = {"device": "D", "browser": "A", "app": "C", "renewal": "R", "setup": "S"}
FLOW_OF = {"device": "device", "browser": "browser", "relay": "browser", "paste": "browser", "renewal": "renewal"}
LONGEST_INPUT = 100_000  # characters


def configure_explain(parser: argparse.ArgumentParser) -> None:
    """Arguments of `explain`."""
    parser.add_argument("text", nargs="*", metavar="TEXT", help="a number (53003), a word (invalid_grant) or a whole message; or on stdin")
    parser.add_argument("--last", action="store_true", help="the last refusal met here, with a paragraph to forward to an administrator")
    parser.add_argument("--flow", choices=tuple(FLOWS), help="the way of signing in that it is about")
    parser.add_argument("-o", "--output", choices=("plain", "json"), help="how to show it")
    parser.set_defaults(run=explain)


def explain(arguments: argparse.Namespace) -> int:
    """Say in plain words what each number or word in a text means; UsageError where there is none that means anything."""
    from ..auth.explain import ids_in, of_text

    if arguments.last:
        from .account import explain_last

        return explain_last(arguments)
    text = " ".join(arguments.text) or ("" if sys.stdin.isatty() else sys.stdin.read(LONGEST_INPUT))
    told = of_text(text)
    if not told:
        what = (
            f"{clean(text)[:60]!r} names no error of Microsoft's sign-in service that is known here"
            if text.strip()
            else "say what is to be explained"
        )
        raise UsageError(what, ("daypass explain 53003", "daypass explain invalid_grant"))
    flow = FLOWS.get(arguments.flow or "", "")
    if arguments.output == "json":
        write_json({"schema": "daypass.explanation/1", "explanations": [as_json(one, flow) for one in told], **ids_in(text)})
    else:
        print("\n\n".join(as_text(one, flow, ids_in(text)) for one in told))
    return 0


def as_text(told: Explanation, flow: str, ids: Mapping[str, str]) -> str:
    """An explanation as lines; `flow` is a letter of `aadsts.FLOWS`, "" for all."""
    from ..auth.aadsts import FLOWS as WAYS

    where = ", ".join(WAYS[way] for way in told.flows)
    lines = [
        f"{told.code}  {told.cause}",
        *(f"{WAYS[way]}: {said}" for way, said in told.here.items() if flow in ("", way)),
        f"do: {told.cure}",
        f"who: {told.who}",
        f"admin: {told.admin}" if told.admin else "",
        "  ".join(f"{name.replace('_', ' ')}: {value}" for name, value in ids.items()) if told.needs_admin or told.admin else "",
        f"met: {where}" if where else "",
        f"source: {told.source}" if told.source else "",
    ]
    first, *rest = (clean(line) for line in lines if line)
    return "\n".join([first, *(f"  {line}" for line in rest)])


def as_json(told: Explanation, flow: str) -> dict[str, object]:
    """An explanation for programs."""
    from ..auth.aadsts import FLOWS as WAYS

    return {
        "code": told.code,
        "cause": told.cause,
        "in_this_flow": {WAYS[way]: said for way, said in told.here.items() if flow in ("", way)},
        "do": told.cure,
        "who": told.who,
        "admin": told.admin,
        "flows": [WAYS[way] for way in told.flows],
        "source": told.source,
    }
