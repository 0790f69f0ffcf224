"""What all tests of a run said to Graph and heard from it, one exchange of each shape: for the judge, who comes last.

An exchange is a JSON-able object: method, url, request_headers, request_body, status, response_headers, response_body. Two have the same
shape when method, path (ids aside), names of query options, status and the members of both bodies are the same.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

NOTED: dict[Any, dict[str, Any]] = {}
LONGEST_NAME = 30  # a segment that is longer, or bears a digit, is an id


def note(exchange: dict[str, Any]) -> None:
    """Keep an exchange with Graph if it is the first of its shape; the judge misses annotations where none were accepted."""
    if any("metadata=none" in value for name, value in exchange["request_headers"].items() if name.lower() == "accept"):
        return
    key = kind(exchange)
    if urlsplit(exchange["url"]).path.lower().startswith(("/v1.0/", "/beta/")) and key not in NOTED:
        NOTED[key] = json.loads(json.dumps(exchange))  # a copy: tests go on with theirs


def kind(exchange: Mapping[str, Any]) -> tuple[Any, ...]:
    """What exchanges of the same shape have in common."""
    url = urlsplit(exchange["url"])
    path = tuple("*" if len(part) > LONGEST_NAME or any(letter.isdigit() for letter in part) else part for part in url.path.split("/")[2:])
    options = frozenset(name.lower() for name, _ in parse_qsl(url.query, keep_blank_values=True))
    bodies = shape(exchange["request_body"]), shape(exchange["response_body"])
    return exchange["method"], path, options, exchange["status"], bodies


def note_all(exchanges: Iterable[dict[str, Any]]) -> None:
    """Keep what is new of a journal; what a fault spoilt on the way (no answer, half of one, a gateway's page) is not the tenant's."""
    for exchange in exchanges:
        kind = exchange["response_headers"].get("content-type", "")
        spoilt = isinstance(exchange["response_body"], str) and ("json" in kind or "html" in kind)
        if exchange["status"] is not None and not spoilt:
            note(exchange)


def save(folder: Path) -> None:
    """Leave what this process noted in a folder, for another to judge."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = (json.dumps(exchange) + "\n" for exchange in NOTED.values())
    (folder / f"{os.getpid()}.jsonl").write_text("".join(lines))


def load(folder: Path) -> None:
    """Note what other processes left in a folder."""
    for left in sorted(folder.glob("*.jsonl")):
        for line in left.read_text().splitlines():  # JSON as `save` writes it is ASCII
            note(json.loads(line))


def shape(value: Any) -> Any:
    """The members of a value at every depth, and of what kind they are."""
    if isinstance(value, Mapping):
        return frozenset((name, shape(member)) for name, member in value.items())
    if isinstance(value, list):
        return ("list", frozenset(shape(item) for item in value))
    return type(value).__name__
