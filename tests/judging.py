"""The judge of the sandbox's answers: Microsoft's own published contract.

It is a conformance kit that lies beside the repository (`../shared/kit`, or where DAYPASS_KIT says) and is no part of it. It needs packages
of its own: DAYPASS_KIT_PYTHON names a Python that has them. Without either, what needs it is skipped.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from daypass_sandbox.routes import Route

KIT = Path(os.environ.get("DAYPASS_KIT") or Path(__file__).resolve().parents[2] / "shared" / "kit")
KIT_PYTHON = os.environ.get("DAYPASS_KIT_PYTHON") or sys.executable
NEEDED = "import jsonschema, openapi_core, openapi_schema_validator, openapi_spec_validator, tzdata, tzlocal"
ONLY_DOCUMENTED = "in the documentation, not in the metadata"
SPELT_OTHERWISE_BY_THE_SERVICE = ("$.error.innerError", "$.error.innerError.date")  # the metadata has innererror and Date

# What the service answers although its contract says nothing of it, or the judge's cut of the contract does not reach so far.
ANSWERED_ALL_THE_SAME = {
    "the code and the message within a refusal (concepts/delta-query-overview; observed by others of To Do)": (
        r"innerError\.(code|message) unknown"
    ),
    "routes that are documented, each with its page, and not in the judge's cut": r" no such path in the contract",
    "the kinds of a place's mode, of which the judge's cut has only the base (resources/placemode)": r"\w+PlaceMode where",
    "places of other kinds than rooms (api/place-get, api/place-update)": (
        r"/places/\S+ -> 200: \$(\.\w+)* (@odata\.type \S+ where|unknown property \(not in microsoft\.graph\.room\))"
    ),
}


def command() -> list[str]:
    """The command of the judge; the test is skipped, saying why, where it cannot be had."""
    if not (KIT / "validate.py").is_file():
        pytest.skip(f"NOT JUDGED by Microsoft's published contract: that kit is kept elsewhere, not at {KIT} (DAYPASS_KIT)")
    if subprocess.run([KIT_PYTHON, "-c", NEEDED], capture_output=True, timeout=60, check=False).returncode:
        pytest.skip(
            f"NOT JUDGED: {KIT_PYTHON} lacks the kit's packages; set DAYPASS_KIT_PYTHON to one with {NEEDED.removeprefix('import ')}"
        )
    return [KIT_PYTHON, str(KIT / "validate.py"), "--json", "--warn"]


def judge(kit: list[str], exchanges: list[dict], folder: Path) -> list[tuple[dict, list[dict]]]:
    """Each exchange with the kit's findings on it."""
    record = folder / "exchanges.jsonl"
    record.write_text("".join(json.dumps(exchange) + "\n" for exchange in exchanges))
    ran = subprocess.run([*kit, str(record)], capture_output=True, text=True, timeout=300, check=False)
    verdicts = [json.loads(line) for line in ran.stdout.split("\n") if line]  # not splitlines: hostile text has line separators of its own
    assert len(verdicts) == len(exchanges), ran.stderr
    return [(exchange, verdict["findings"]) for exchange, verdict in zip(exchanges, verdicts, strict=True)]


def told(judged: list[tuple[dict, list[dict]]], side: str) -> list[str]:
    """The findings on one side, "request" or "response", each with the exchange it is on."""
    return [
        f"{exchange['method']} {exchange['url']} -> {exchange['status']}: {finding['where']} {finding['message']}"
        for exchange, findings in judged
        for finding in findings
        if finding["side"] == side and finding["where"] not in SPELT_OTHERWISE_BY_THE_SERVICE and ONLY_DOCUMENTED not in finding["message"]
    ]


def unknown(findings: list[str], known: dict[str, str]) -> list[str]:
    """The findings that no known exception covers."""
    pattern = re.compile("|".join(known.values()), re.DOTALL)
    return [finding for finding in findings if not pattern.search(finding)]


def least_permissions(routes: Iterable[Route]) -> Iterator[tuple[Route, set[str]]]:
    """The routes that Microsoft's permission table has, with their least delegated permissions; the test is skipped without the table."""
    table = KIT / "permissions.json"
    if not table.is_file():
        pytest.skip(f"NOT JUDGED: there is no table of permissions at {table}; set DAYPASS_KIT")
    published = json.loads(table.read_text())
    for route in routes:
        generic = re.sub(r"\{\w+\}", "{id}", route.template).lower()
        rows = [published.get(f"{route.method} {path}") for path in (generic, generic.replace("/users/{id}", "/me", 1))]
        least = {name for row in rows if row for name in row["least"].get("DelegatedWork", [])}
        if least:
            yield route, least
