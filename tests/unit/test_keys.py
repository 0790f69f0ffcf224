"""The keepers of keys: each seals and opens, none that is away costs a sign-in, and a new key for all is safe at every moment."""

from __future__ import annotations

import base64
import os
import stat
import sys
from pathlib import Path

import pytest

from daypass import sealing
from daypass.errors import ConfigError, StorageError, UsageError
from daypass.keys import Keys, passphrase_in, systemd_key
from daypass.sealing import KEY_BYTES
from daypass.vault import Vault

STATE = {"secret": "eyJ0eXAiOiJKV1QiLCJub25jZSI6ImNhbmFyeSJ9"}


def program(folder: Path, text: str) -> str:
    path = folder / f"program{len(list(folder.iterdir()))}"
    path.write_text(f"#!{sys.executable}\nimport sys, time\n{text}\n")
    path.chmod(0o700)
    return str(path)


def kept(vault: Vault) -> None:
    with vault.transaction() as state:
        state.update(STATE)


@pytest.fixture
def folder(tmp_path: Path) -> str:
    made = tmp_path / "state"
    made.mkdir(mode=0o700)
    return str(made)


class TestCommand:
    @pytest.mark.parametrize("text", ["sys.stdout.buffer.write(bytes(range(32)))", f"print({base64.b64encode(bytes(32)).decode()!r})"])
    def test_what_it_prints_is_the_key(self, text: str, folder: str, tmp_path: Path) -> None:
        command = f"{program(tmp_path, text)} 'an argument'"
        kept(Vault(folder, "megan", keys=Keys(folder, command=command)))
        again = Vault(folder, "megan", keys=Keys(folder, command=command))
        assert (again.read(), again.keeper, again.grade[0]) == (STATE, "command", "B")
        assert sorted(os.listdir(folder)) == sorted([Path(again.path).name, Path(again.lock_path).name])

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ("print('too short')", "did not print 32 bytes"),
            ("sys.exit(3)", "ended with 3"),
            ("sys.stderr.write('canary'); sys.exit(1)", "ended with 1"),
        ],
    )
    def test_one_that_fails_costs_nothing_and_its_words_are_not_repeated(self, text: str, told: str, folder: str, tmp_path: Path) -> None:
        good = program(tmp_path, "sys.stdout.buffer.write(bytes(32))")
        kept(Vault(folder, "megan", keys=Keys(folder, command=good)))
        with pytest.raises(StorageError, match=told) as caught:
            Vault(folder, "megan", keys=Keys(folder, command=program(tmp_path, text))).read()
        assert "canary" not in str(caught.value)
        assert Vault(folder, "megan", keys=Keys(folder, command=good)).read() == STATE

    @pytest.mark.parametrize(
        ("command", "told"), [("pass show key", "whole path"), ("/nowhere/program", "cannot be run"), ("'/bin/echo", "quotation")]
    )
    def test_one_that_cannot_be_run_is_a_setting_to_mend(self, command: str, told: str, folder: str) -> None:
        with pytest.raises(ConfigError, match=told) as caught:
            kept(Vault(folder, "megan", keys=Keys(folder, command=command)))
        assert caught.value.setting == "DAYPASS_KEY_COMMAND"

    def test_another_key_is_told_and_nothing_set_aside(self, folder: str, tmp_path: Path) -> None:
        kept(Vault(folder, "megan", keys=Keys(folder, command=program(tmp_path, "sys.stdout.buffer.write(bytes(32))"))))
        other = Keys(folder, command=program(tmp_path, "sys.stdout.buffer.write(bytes([7] * 32))"))
        with pytest.raises(ConfigError, match="another key"):
            Vault(folder, "megan", keys=other).read()
        assert not [name for name in os.listdir(folder) if ".bad-" in name]


class TestPassphrase:
    def keys(self, folder: str, said: str, asked: list[str] | None = None) -> Keys:
        def ask() -> str:
            if asked is not None:
                asked.append(said)
            return said

        return Keys(folder, keeper="passphrase", ask=ask)

    def test_it_is_asked_once_and_kept_nowhere(self, folder: str) -> None:
        asked: list[str] = []
        vault = Vault(folder, "megan", keys=self.keys(folder, "correct horse", asked))
        kept(vault)
        assert (vault.read(), vault.keeper, vault.grade[0], len(asked)) == (STATE, "passphrase", "A", 1)
        assert not [path for path in Path(folder).iterdir() if b"correct horse" in path.read_bytes()]

    def test_what_is_sealed_with_one_remembers_it_without_the_setting(self, folder: str) -> None:
        kept(Vault(folder, "megan", keys=self.keys(folder, "correct horse")))
        assert Vault(folder, "megan", keys=Keys(folder, ask=lambda: "correct horse")).read() == STATE

    def test_another_or_none_costs_nothing(self, folder: str) -> None:
        kept(Vault(folder, "megan", keys=self.keys(folder, "correct horse")))
        with pytest.raises(ConfigError, match="another key"):
            Vault(folder, "megan", keys=self.keys(folder, "wrong horse")).read()
        with pytest.raises(ConfigError, match="nobody is here to type it"):
            Vault(folder, "megan", keys=Keys(folder)).read()
        assert Vault(folder, "megan", keys=self.keys(folder, "correct horse")).read() == STATE

    def test_a_file_may_hold_it(self, folder: str, tmp_path: Path) -> None:
        (tmp_path / "words").write_text("correct horse\n")
        kept(Vault(folder, "megan", keys=Keys(folder, passphrase_file=str(tmp_path / "words"), keeper="passphrase")))
        assert Vault(folder, "megan", keys=self.keys(folder, "correct horse")).read() == STATE

    @pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe", b"x" * 2000])
    def test_a_file_that_holds_none_is_a_setting_to_mend(self, content: bytes, tmp_path: Path) -> None:
        (tmp_path / "words").write_bytes(content)
        with pytest.raises(ConfigError):
            passphrase_in(str(tmp_path / "words"))

    @pytest.mark.parametrize("log_n", ["1", "40", "x", ""])
    def test_a_file_that_asks_for_a_senseless_cost_is_not_obeyed(self, log_n: str, folder: str) -> None:
        vault = Vault(folder, "megan", keys=self.keys(folder, "correct horse"))
        kept(vault)
        sealed = Path(vault.path).read_bytes()
        Path(vault.path).write_bytes(sealed.replace(b".15\n", f".{log_n}\n".encode(), 1))
        assert vault.read() == {}  # set aside


class TestANewKey:
    def vaults(self, folder: str) -> list[Vault]:
        return [Vault(folder, name) for name in ("megan", "alex", "adele")]

    def test_every_moment_of_it_leaves_everything_readable(self, folder: str) -> None:
        for vault in self.vaults(folder):
            kept(vault)
        before = Path(folder, "key").read_bytes()

        def all_readable() -> bool:
            return all(vault.read() == STATE for vault in self.vaults(folder))

        Keys(folder).begin_anew()
        assert all_readable()
        for vault in self.vaults(folder):
            assert vault.reseal("sibling")
            assert all_readable()
            Keys(folder).begin_anew()  # stopped here, and begun again
            assert all_readable()
        Keys(folder).end_anew(keep_old=False)
        assert all_readable()
        assert before != Path(folder, "key").read_bytes()
        assert not {"key.new", "key.old"} & set(os.listdir(folder))
        assert stat.S_IMODE(os.stat(Path(folder, "key")).st_mode) == 0o600

    def test_what_cannot_be_sealed_anew_keeps_its_key(self, folder: str) -> None:
        for vault in self.vaults(folder):
            kept(vault)
        keys = Keys(folder)
        keys.begin_anew()
        self.vaults(folder)[0].reseal("sibling")
        keys.end_anew(keep_old=True)
        assert all(vault.read() == STATE for vault in self.vaults(folder))
        assert len(Path(folder, "key.old").read_bytes()) == KEY_BYTES

    def test_what_is_written_meanwhile_is_sealed_with_the_new_one(self, folder: str) -> None:
        first, second, _ = self.vaults(folder)
        kept(first)
        Keys(folder).begin_anew()
        kept(second)
        Keys(folder).end_anew(keep_old=True)
        Path(folder, "key.old").unlink()
        assert second.read() == STATE

    def test_another_keeper_can_take_over(self, folder: str, tmp_path: Path) -> None:
        vault = Vault(folder, "megan")
        kept(vault)
        (tmp_path / "key").write_bytes(bytes(32))
        moved = Vault(folder, "megan", keys=Keys(folder, key_file=str(tmp_path / "key")))
        assert moved.reseal("keyfile")
        assert (moved.keeper, moved.read()) == ("keyfile", STATE)

    def test_nothing_is_sealed_anew_where_nothing_is(self, folder: str) -> None:
        assert not Vault(folder, "megan").reseal()


class TestCopies:
    def test_what_goes_in_comes_out_for_the_passphrase_alone(self) -> None:
        copy = sealing.seal_copy(STATE, "correct horse")
        assert sealing.open_copy(copy, "correct horse") == STATE
        assert STATE["secret"].encode() not in copy
        with pytest.raises(StorageError, match="passphrase is another"):
            sealing.open_copy(copy, "wrong horse")

    @pytest.mark.parametrize(
        "spoilt", [b"", b"daypass-vault-2 sibling x\n", b"daypass-copy-1 zz.15\n" + bytes(40), b"daypass-copy-1 00.99\n"]
    )
    def test_what_is_none_is_told(self, spoilt: bytes) -> None:
        with pytest.raises((UsageError, StorageError)):
            sealing.open_copy(spoilt, "correct horse")

    def test_one_bit_is_enough(self) -> None:
        copy = bytearray(sealing.seal_copy(STATE, "correct horse"))
        copy[-1] ^= 1
        with pytest.raises(StorageError):
            sealing.open_copy(bytes(copy), "correct horse")


def test_an_earlier_file_still_opens(folder: str) -> None:
    vault = Vault(folder, "megan")
    kept(vault)
    key, nonce = Path(folder, "key").read_bytes(), bytes(12)
    line = b"daypass-vault-1 sibling\n"
    Path(vault.path).write_bytes(line + nonce + sealing.aes_gcm(key).encrypt(nonce, b'{"old": 1}', line + b"megan"))
    assert vault.read() == {"old": 1}


def test_systemds_credential_is_a_key_file(tmp_path: Path) -> None:
    assert systemd_key({}) == ""
    assert systemd_key({"CREDENTIALS_DIRECTORY": str(tmp_path)}) == ""
    (tmp_path / "daypass-key").write_bytes(bytes(32))
    assert systemd_key({"CREDENTIALS_DIRECTORY": str(tmp_path)}) == str(tmp_path / "daypass-key")
