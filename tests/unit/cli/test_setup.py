"""`setup` at the command line: what goes together, what is printed where, what is read and written; without a network."""

from __future__ import annotations

import io
import json
import os
import stat
import time
from pathlib import Path

import pytest

from certificates import certificate, pem
from daypass import cli
from daypass.cli.setup_files import EnvFile, SecretFile, certificate_in, token_from_stdin
from daypass.errors import ConfigError, StorageError, UsageError

CLIENT = "11111111-2222-3333-4444-555555555555"
OTHER = "99999999-9999-4999-8999-999999999999"
TENANT = "da70a550-7e4a-4a11-8c07-c04705000001"
IDS = {"CLIENT_ID": CLIENT, "TENANT_ID": TENANT}


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    code = cli.main(["setup", *words])
    out, err = capsys.readouterr()
    assert out == ""
    return code, err


# --- what goes together


@pytest.mark.parametrize(
    "words",
    [
        ["--print", "az", "--with-token"],
        ["verify", "--print", "az"],
        ["verify", "--consent-for-all"],
        ["admin-guide", "--with-token"],
        ["admin-guide", "-o", "json"],
        ["--print", "az", "-o", "json"],
        ["--print", "az", "--yes"],
        ["--print", "az", "--client-id", CLIENT],
        ["--with-token", "--secret"],
        ["--with-token", "--secret", "--secret-file", "x"],
        ["--with-token", "--app-only", "--secret-file", "x"],
        ["--with-token", "--app-only", "--secret", "--secret-file", "x", "--secret-days", "0"],
        ["--with-token", "--secret-days", "9"],
        ["--print", "az", "--app-only", "--shared"],
        ["--print", "az", "--name", ""],
        ["--print", "bash"],
        ["elsewhere"],
    ],
)
def test_what_does_not_go_together_is_refused_before_anything_is_read_or_sent(capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    assert refused(capsys, *words)[0] == 2


def test_a_certificate_must_be_one(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "der").write_bytes(b"\x30\x82\xff")
    for path, words in ((tmp_path / "none", "cannot read"), (tmp_path / "der", "openssl x509")):
        code, told = refused(capsys, "--print", "az", "--app-only", "--certificate", str(path))
        assert code == 2
        assert words in told
    (tmp_path / "pem").write_text(pem(certificate(time.time())))
    assert certificate_in(str(tmp_path / "pem")).startswith("MI")


# --- printing


def test_alone_it_tells_the_clicks_and_the_other_ways(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["setup"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("# Registering daypass by hand\n")
    assert "--print az|powershell|terraform|graph" in err


@pytest.mark.parametrize("form", ["az", "powershell", "terraform", "portal", "graph"])
def test_the_steps_go_to_stdout_and_nothing_beside_them(capsys: pytest.CaptureFixture[str], form: str) -> None:
    assert cli.main(["setup", "--print", form, "--name", "Contoso calendar", "--access", "read", "--tenant-id", TENANT]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert "Contoso calendar" in out
    assert "Calendars.ReadWrite" not in out
    assert out.endswith("\n")
    assert not out.endswith("\n\n")


def test_an_app_on_its_own_gets_the_least_unless_more_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["setup", "--print", "terraform", "--app-only"])
    assert "Calendars.ReadBasic.All" in capsys.readouterr().out


def test_a_national_cloud_of_the_settings_is_that_of_the_steps(capsys: pytest.CaptureFixture[str]) -> None:
    os.environ |= {"DAYPASS_AUTHORITY": "https://login.microsoftonline.us", "DAYPASS_GRAPH_ROOT": "https://graph.microsoft.us/v1.0"}
    cli.main(["setup", "--print", "az"])
    out = capsys.readouterr().out
    assert "az cloud set --name AzureUSGovernment" in out
    assert "https://login.microsoftonline.us/organizations/v2.0/adminconsent" in out


def test_the_guide_is_filled_in_from_the_settings(capsys: pytest.CaptureFixture[str]) -> None:
    os.environ |= IDS
    assert cli.main(["setup", "admin-guide"]) == 0
    out = capsys.readouterr().out
    assert f"`{CLIENT}`" in out
    assert f"`{TENANT}`" in out


def test_without_an_app_there_is_nothing_to_verify(capsys: pytest.CaptureFixture[str]) -> None:
    code, told = refused(capsys, "verify")
    assert code == 10
    assert "CLIENT_ID" in told
    assert "daypass setup tells how to get them" in told


# --- the token


@pytest.mark.parametrize(
    "text", ["ey.J.x\n", "  ey.J.x", "Bearer ey.J.x", '"ey.J.x"', '{"accessToken": "ey.J.x", "tenant": "t"}', '{"access_token": "ey.J.x"}']
)
def test_a_token_is_taken_as_tools_print_it(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    assert token_from_stdin() == "ey.J.x"


@pytest.mark.parametrize(
    "text", ["", "\n", "{}", '{"accessToken": null}', "[1]", "{broken", "two words", "bréak", "a\x00b", "ERROR: az login\n"]
)
def test_what_is_no_token_is_refused_and_not_repeated(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    with pytest.raises(UsageError, match="no access token") as told:
        token_from_stdin()
    assert text.strip() not in str(told.value) or not text.strip()


# --- a file such as .env


def env(tmp_path: Path, text: str | None = None) -> Path:
    path = tmp_path / ".env"
    if text is not None:
        path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, f"CLIENT_ID={CLIENT}\nTENANT_ID={TENANT}\n"),
        ("# ours\nTZ=UTC", f"# ours\nTZ=UTC\nCLIENT_ID={CLIENT}\nTENANT_ID={TENANT}\n"),
        (f"export CLIENT_ID='{CLIENT.upper()}'\n", f"export CLIENT_ID='{CLIENT.upper()}'\nTENANT_ID={TENANT}\n"),
        (f"DAYPASS_TENANT_ID={TENANT}\nCLIENT_ID=\n", f"DAYPASS_TENANT_ID={TENANT}\nCLIENT_ID=\nCLIENT_ID={CLIENT}\n"),
        (f"CLIENT_ID={CLIENT}\nTENANT_ID={TENANT}", f"CLIENT_ID={CLIENT}\nTENANT_ID={TENANT}"),
    ],
)
def test_the_ids_are_added_where_they_are_not_yet(tmp_path: Path, before: str | None, after: str) -> None:
    path = env(tmp_path, before)
    EnvFile(str(path)).add(IDS)
    assert path.read_text() == after


@pytest.mark.parametrize("line", [f"CLIENT_ID={OTHER}", f"DAYPASS_CLIENT_ID={OTHER}", f'export TENANT_ID="{OTHER}"', "TENANT_ID=common"])
def test_another_id_is_never_overwritten(tmp_path: Path, line: str) -> None:
    path = env(tmp_path, line)
    with pytest.raises(ConfigError, match="not overwritten"):
        EnvFile(str(path)).add(IDS)
    assert path.read_text() == line


def test_a_file_that_cannot_be_read_or_written_says_so(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="Cannot read"):
        EnvFile(str(tmp_path))
    (tmp_path / "latin").write_bytes(b"NAME=\xe9")
    with pytest.raises(StorageError, match="UTF-8"):
        EnvFile(str(tmp_path / "latin"))
    with pytest.raises(StorageError, match="Cannot write"):
        EnvFile(str(tmp_path / "no" / "such" / "folder")).add(IDS)


# --- a secret


def test_a_secret_stands_in_a_new_file_that_its_owner_alone_can_read(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    before = os.umask(0)
    try:
        with SecretFile(str(path)) as file:
            assert stat.S_IMODE(path.stat().st_mode) == 0o600  # before there is anything in it
            file.keep("s3cret")
    finally:
        os.umask(before)
    assert path.read_text() == "s3cret"
    with pytest.raises(UsageError, match="there already"):
        SecretFile(str(path))


def test_a_file_without_a_secret_is_taken_away(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    with pytest.raises(KeyboardInterrupt), SecretFile(str(path)):
        raise KeyboardInterrupt
    assert not path.exists()
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UsageError):
        SecretFile(str(tmp_path / "link"))
    assert not (tmp_path / "elsewhere").exists()
    with pytest.raises(StorageError):
        SecretFile(str(tmp_path / "no" / "folder"))


def test_where_the_service_cannot_be_reached_nothing_is_proved_and_one_document_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    import certifi

    nowhere = {
        "DAYPASS_AUTHORITY": "https://localhost:1",
        "DAYPASS_GRAPH_ROOT": "https://localhost:1/v1.0",
        "DAYPASS_CA_FILE": certifi.where(),
    }
    os.environ |= {**IDS, **nowhere}
    assert cli.main(["setup", "verify", "-o", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["fit"] is True
    assert {check["passed"] for check in document["checks"]} == {None}
