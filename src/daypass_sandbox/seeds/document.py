"""Seed documents as they are written: JSON or TOML, built in or brought along, and what is wrong with them."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from datetime import date, datetime, time
from importlib import resources
from typing import Any, cast

Json = dict[str, Any]

BUILT_IN = ("contoso", "empty")


def parse(seed: str) -> Json:
    """The document of a seed, given by its name or as text (JSON if it begins with `{`, else TOML).

    A document that is `like` a built-in one has that one's members where it has none of its own. ValueError when there is no such
    seed or it cannot be read.
    """
    document = _read(seed)
    if "like" not in document:
        return document
    if document["like"] not in BUILT_IN:
        raise ValueError(f"the seed is like '{document['like']}', which is none of {', '.join(BUILT_IN)}")
    inherited = parse(document["like"])
    if "rooms" in document:  # what its rooms lie in is of no use to others
        inherited.pop("places", None)
    return {**inherited, **document}


def _read(seed: str) -> Json:
    if seed in BUILT_IN:
        return json.loads(resources.files(__package__ or "").joinpath(f"{seed}.json").read_text("utf-8"))
    if seed.lstrip().startswith("{"):
        return _from_json(seed)
    if not seed.strip():
        raise ValueError("the seed is empty")
    if "=" in seed or "\n" in seed or "[" in seed:
        return _from_toml(seed)
    raise ValueError(f"there is no seed {seed[:40]!r}: known are {', '.join(BUILT_IN)}, or the content of a seed file (JSON or TOML)")


def _from_json(text: str) -> Json:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"the seed is not valid JSON: {error}") from None


def _from_toml(text: str) -> Json:
    try:
        return _plain(tomllib.loads(text))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"the seed is not valid TOML: {error}") from None


def _plain(value: Any) -> Any:
    """TOML's own dates and times as text, as JSON has them."""
    if isinstance(value, dict):
        return {name: _plain(member) for name, member in cast("Json", value).items()}
    if isinstance(value, list):
        return [_plain(item) for item in cast("list[Any]", value)]
    return value.isoformat() if isinstance(value, date | datetime | time) else value


def check(value: Any, known: Mapping[str, Any], where: str, *, required: tuple[str, ...] = (), open_ended: bool = False) -> None:
    """ValueError unless the value is an object with the required members, each of its type and (unless open-ended) known."""
    if not isinstance(value, dict):
        raise ValueError(f"{where} is not a JSON object")
    for name in required:
        if name not in value:
            raise ValueError(f"{where} lacks '{name}'")
    for name, member in cast("Json", value).items():
        if name not in known:
            if not open_ended:
                raise ValueError(f"{where} has an unknown member '{name}'; known are {', '.join(known)}")
        elif not isinstance(member, known[name]) or (isinstance(member, bool) and known[name] is not bool):
            raise ValueError(f"{where}: '{name}' is not of the right type")
