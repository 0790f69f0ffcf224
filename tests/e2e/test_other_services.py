"""daypass at sign-in services that are not ours: one that nobody here wrote, and one that means harm."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import plain_browser
import pytest
from cli import Cli, Control
from foreign_issuer import ForeignIssuer, Options
from forging import ID_TOKENS, KEYS
from malicious import Malicious
from misdeeds import DEVICE, DISCOVERY, LANDING, TEXTS, WIRE

HARMLESS = {"huge_numbers", "no_numbers", "not_utf8", "wrong_type"}  # these spoil no more than what nobody reads
SLOW = {"drip", "silence"}  # these end by the transport's time-outs, which have tests of their own
GOOD_ALL_THE_SAME = {"fresh_key", "honest"}


@pytest.fixture
def away(tmp_path: Path) -> Callable[..., Cli]:
    """A command line that knows of no tenant of ours; keyword arguments are its environment."""
    return lambda **environ: Cli(tmp_path, environ, Control("", environ["DAYPASS_CA_FILE"]))


@pytest.fixture
def issuer(foreign_issuer: ForeignIssuer, away: Callable[..., Cli]) -> Cli:
    """The command line at the issuer that nobody here wrote."""
    return away(
        CLIENT_ID=foreign_issuer.client_id,
        DAYPASS_AUTHORITY=foreign_issuer.url,
        DAYPASS_CA_FILE=foreign_issuer.ca_file,
    )


def code_of(process) -> str:
    return next(json.loads(line)["user_code"] for line in iter(process.stderr.readline, "") if '"code"' in line)


class TestAnIssuerThatNobodyHereWrote:
    def test_a_person_signs_in_by_device_code_and_is_known_by_name(self, issuer: Cli, foreign_issuer: ForeignIssuer) -> None:
        process = issuer.start("login", "--device", "--events")
        foreign_issuer.approve(code_of(process))
        _, said = process.communicate(timeout=60)
        assert process.returncode == 0, said
        assert json.loads(said.splitlines()[-1])["event"] == "signed_in"
        status = issuer.json("status")
        assert (status["signed_in"], status["name"], status["method"]) == (True, "Megan Bowen", "device")
        assert "no mailbox" in status["mailbox"]
        assert status["renews_itself"]

    @pytest.mark.parametrize("foreign_issuer", [Options(), Options(form_post=False)], indirect=True, ids=["form_post", "query"])
    def test_a_person_signs_in_in_a_browser(self, issuer: Cli) -> None:
        issuer.environ["BROWSER"] = f"{sys.executable} {plain_browser.__file__} open %s &"
        done = issuer("login", "--browser", SSL_CERT_FILE=issuer.environ["DAYPASS_CA_FILE"])
        assert done.returncode == 0, done.stderr
        assert issuer.json("status")["name"] == "Megan Bowen"

    def test_a_person_may_decline(self, issuer: Cli, foreign_issuer: ForeignIssuer) -> None:
        process = issuer.start("login", "--device", "--events")
        foreign_issuer.decline(code_of(process))
        _, said = process.communicate(timeout=60)
        assert process.returncode == 5, said
        assert issuer("status").returncode == 4

    def test_its_tokens_never_go_to_graph(self, issuer: Cli, foreign_issuer: ForeignIssuer) -> None:
        process = issuer.start("login", "--device", "--events")
        foreign_issuer.approve(code_of(process))
        process.communicate(timeout=60)
        for words in (("agenda",), ("token",), ()):
            done = issuer(*words)
            assert done.returncode == 5
            assert "no calendar" in done.stderr

    @pytest.mark.parametrize("foreign_issuer", [Options(device_flow=False)], indirect=True)
    def test_one_without_device_codes_says_so(self, issuer: Cli) -> None:
        done = issuer("login", "--device")
        assert done.returncode == 10
        assert "no device codes" in done.stderr

    def test_another_certificate_is_not_trusted(self, issuer: Cli, tmp_path: Path) -> None:
        import trustme

        trustme.CA().cert_pem.write_to_path(tmp_path / "other.pem")
        done = issuer("login", "--device", DAYPASS_CA_FILE=str(tmp_path / "other.pem"))
        assert done.returncode == 8
        assert "not trusted" in done.stderr

    def test_none_is_taken_without_its_certificate_named(self, issuer: Cli) -> None:
        done = issuer("login", "--device", DAYPASS_CA_FILE=None)
        assert done.returncode == 10
        assert "DAYPASS_CA_FILE" in done.stderr


@pytest.fixture
def harmed(malicious: Malicious, away: Callable[..., Cli]) -> Cli:
    """The command line at the service that means harm."""
    return away(
        CLIENT_ID="11111111-2222-3333-4444-555555555555",
        TENANT_ID=malicious.tenant_id,
        DAYPASS_AUTHORITY=malicious.origin,
        DAYPASS_GRAPH_ROOT=malicious.graph_root,
        DAYPASS_CA_FILE=malicious.ca_file,
    )


def tried(cli: Cli, malicious: Malicious, *words: str) -> str:
    """What a sign-in says that must fail in good order: in time, in few words, with nothing kept and nothing told to others."""
    began = time.monotonic()
    done = cli("login", *(words or ("--device",)))
    assert time.monotonic() - began < 60
    assert done.returncode in (4, 5, 8, 10), (done.returncode, done.stderr)
    assert "Traceback" not in done.stderr
    assert not {"\x1b", "\x07", "\u202e"} & set(done.stderr)
    assert cli("status").returncode == 4
    assert (malicious.elsewhere.asked, malicious.in_the_clear.asked) == ([], [])
    return done.stderr


class TestOneThatMeansHarm:
    def test_as_long_as_it_behaves_a_person_signs_in(self, harmed: Cli) -> None:
        assert harmed("login", "--device").returncode == 0
        assert harmed.json("status")["name"] == "Megan Bowen"

    @pytest.mark.parametrize("how", [how for how in ID_TOKENS if how not in GOOD_ALL_THE_SAME])
    def test_a_forged_proof_of_who_signed_in_is_refused(self, how: str, harmed: Cli, malicious: Malicious) -> None:
        malicious.behave(how)
        if how in ("wrong_nonce", "no_nonce"):  # a device's sign-in asks no such question
            harmed.environ["BROWSER"] = f"{sys.executable} {plain_browser.__file__} open %s &"
            harmed.environ["SSL_CERT_FILE"] = malicious.ca_file
            said = tried(harmed, malicious, "--browser")
        else:
            said = tried(harmed, malicious)
        assert "daypass: " in said

    @pytest.mark.parametrize("how", [how for how in KEYS if how not in GOOD_ALL_THE_SAME])
    def test_keys_that_are_not_the_signers_prove_nothing(self, how: str, harmed: Cli, malicious: Malicious) -> None:
        malicious.behave(how)
        tried(harmed, malicious)

    @pytest.mark.parametrize("place", ["discovery", "device"])
    @pytest.mark.parametrize("how", [how for how in (*TEXTS, *WIRE) if how not in HARMLESS | SLOW])
    def test_an_answer_that_is_none_ends_it(self, how: str, place: str, harmed: Cli, malicious: Malicious) -> None:
        malicious.behave(how, at=place)
        tried(harmed, malicious)

    @pytest.mark.parametrize("how", DISCOVERY)
    def test_no_secret_goes_where_a_document_leads(self, how: str, harmed: Cli, malicious: Malicious) -> None:
        malicious.behave(how)
        tried(harmed, malicious)

    @pytest.mark.parametrize("how", ["terminal_escapes", "page_that_is_a_script", "page_that_is_a_file"])
    def test_what_cannot_be_a_code_or_a_page_is_not_shown(self, how: str, harmed: Cli, malicious: Malicious) -> None:
        assert how in DEVICE
        malicious.behave(how)
        assert "makes no sense" in tried(harmed, malicious)

    @pytest.mark.parametrize("how", LANDING)
    def test_an_answer_that_the_browser_should_not_bring_is_not_taken(self, how: str, harmed: Cli, malicious: Malicious) -> None:
        malicious.behave(how)
        harmed.environ["BROWSER"] = f"{sys.executable} {plain_browser.__file__} open %s &"
        harmed.environ["SSL_CERT_FILE"] = malicious.ca_file
        process = harmed.start("login", "--browser", "--events")
        deadline = time.monotonic() + 20
        while process.poll() is None and time.monotonic() < deadline and not any(asked.place == "authorize" for asked in malicious.asked):
            time.sleep(0.05)
        if process.poll() is None:
            time.sleep(1.0)
        code, said = harmed.interrupt(process)
        assert code in (4, 5, 8, 10, 130), said
        assert harmed("status").returncode == 4
        assert (malicious.elsewhere.asked, malicious.in_the_clear.asked) == ([], [])
