"""What `explain` prints: plain words for people, one document for programs, and nothing of a stranger's text but its ids."""

from __future__ import annotations

import io
import json

import pytest

from daypass import cli

MESSAGE = "AADSTS53003: Blocked. Correlation ID: 6cd0e99e-0c95-4b5a-9c0a-53a9a8f20000 Timestamp: 2026-11-22 10:00:00Z"


def test_a_refusal_is_told_with_who_can_cure_it_and_what_they_need(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["explain", MESSAGE]) == 0
    first, *rest = capsys.readouterr().out.splitlines()
    assert first.startswith("AADSTS53003  Conditional Access refused")
    assert len(rest) <= 8
    assert "  who: your administrator" in rest
    assert "  correlation id: 6cd0e99e-0c95-4b5a-9c0a-53a9a8f20000  timestamp: 2026-11-22 10:00:00Z" in rest


def test_a_way_of_signing_in_leaves_out_what_is_particular_to_others(capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["explain", "53003", "--flow", "renewal"])
    told = capsys.readouterr().out
    assert "renewing a sign-in: " in told
    assert "signing in by device code: " not in told


def test_several_numbers_are_told_one_after_the_other(capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["explain", "50076", "65001"])
    assert [block.split()[0] for block in capsys.readouterr().out.split("\n\n")] == ["AADSTS50076", "AADSTS65001"]


def test_a_message_may_come_in_a_pipe(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(MESSAGE))
    assert cli.main(["explain", "-o", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == "daypass.explanation/1"
    assert [one["code"] for one in document["explanations"]] == ["AADSTS53003"]
    assert document["timestamp"] == "2026-11-22 10:00:00Z"


@pytest.mark.parametrize("text", ["it does not work", "99999", "\x1b[2J\u202eevil", ""])
def test_what_means_nothing_is_said_so(text: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert cli.main(["explain", text]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "daypass explain 53003" in told.err
    assert not {"\x1b", "\u202e"} & set(told.err)
