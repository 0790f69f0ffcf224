"""Tokens at rest: sealed, bound to their identity, never half-written, and honest about who could read them."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import resource
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from daypass.auth.login_http import STARTS_WITHIN_SECONDS
from daypass.client import TOTAL_SECONDS
from daypass.errors import ConfigError, StorageError
from daypass.keys import KEYRING_SECONDS
from daypass.private import LOCK_SECONDS, _wait_for
from daypass.sealing import GRADES, KEY_BYTES
from daypass.vault import Vault

SECRET = "eyJ0eXAiOiJKV1QiLCJub25jZSI6ImNhbmFyeSJ9"
KEY = bytes(range(KEY_BYTES))
SOMEBODY = 12345

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to another user")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A state folder whose key lies in it already, so that no keyring is asked."""
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    (state / "key").write_bytes(KEY)
    return state


@pytest.fixture
def warnings() -> list[str]:
    return []


@pytest.fixture
def vault(folder: Path, warnings: list[str]) -> Vault:
    return Vault(str(folder), "contoso|megan", warn=warnings.append)


def keep(vault: Vault, **state: object) -> None:
    with vault.transaction() as kept:
        kept.clear()
        kept.update(state)


def mode(path: str | Path) -> int:
    return stat.S_IMODE(Path(path).stat().st_mode)


def sealed_by_file(folder: Path, key_file: Path) -> Vault:
    """A vault of Megan's, sealed with a new key file."""
    key_file.write_bytes(os.urandom(KEY_BYTES))
    key_file.chmod(0o600)
    vault = Vault(str(folder), "megan", key_file=str(key_file))
    keep(vault, secret=SECRET)
    return vault


@contextmanager
def unprivileged(owner: int = SOMEBODY, permissions: int = 0o700) -> Iterator[Path]:
    """A folder in which permissions count for us, which they do not for root; our own, unless root makes it for us."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, permissions)
        if os.geteuid() != 0:
            yield Path(folder)
            return
        os.chown(folder, owner, SOMEBODY)
        os.setegid(SOMEBODY)
        os.seteuid(SOMEBODY)
        try:
            yield Path(folder)
        finally:
            os.seteuid(0)
            os.setegid(0)


@contextmanager
def holding(lock: Path) -> Iterator[None]:
    """Hold a lock, as another process does."""
    with lock.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def disk_full_after(size: int) -> Iterator[None]:
    """No file may grow beyond `size` bytes, as if the disk were full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


class TestSealing:
    def test_what_is_kept_comes_back(self, folder: Path, vault: Vault) -> None:
        keep(vault, cache={"AccessToken": {"a": {"secret": SECRET}}})
        assert Vault(str(folder), "contoso|megan").read() == {"cache": {"AccessToken": {"a": {"secret": SECRET}}}}

    def test_a_new_vault_is_empty_and_reading_it_makes_nothing(self, tmp_path: Path) -> None:
        assert Vault(str(tmp_path / "nowhere"), "megan").read() == {}
        assert not (tmp_path / "nowhere").exists()

    def test_no_token_stands_in_any_file_in_the_clear(self, folder: Path, vault: Vault) -> None:
        keep(vault, secret=SECRET)
        for file in folder.iterdir():
            for form in (SECRET.encode(), base64.b64encode(SECRET.encode())):
                assert form not in file.read_bytes()

    def test_the_same_state_is_never_sealed_the_same_way_twice(self, vault: Vault) -> None:
        sealed: set[bytes] = set()
        for _ in range(20):
            keep(vault, n=0)
            keep(vault, secret=SECRET)
            sealed.add(Path(vault.path).read_bytes())
        assert len(sealed) == 20

    def test_an_unchanged_state_is_not_written_again(self, vault: Vault) -> None:
        keep(vault, secret=SECRET)
        before = Path(vault.path).read_bytes()
        keep(vault, secret=SECRET)
        assert Path(vault.path).read_bytes() == before

    def test_a_file_moved_to_another_identity_does_not_open(self, folder: Path, vault: Vault, warnings: list[str]) -> None:
        keep(vault, secret=SECRET)
        other = Vault(str(folder), "contoso|alex", warn=warnings.append)
        assert other.path != vault.path
        os.replace(vault.path, other.path)
        assert other.read() == {}
        assert "damaged, or its key is another" in warnings[0]

    def test_identities_in_one_folder_are_kept_apart(self, folder: Path, vault: Vault) -> None:
        other = Vault(str(folder), "contoso|alex")
        keep(vault, who="megan")
        keep(other, who="alex")
        assert (vault.read(), other.read()) == ({"who": "megan"}, {"who": "alex"})
        other.erase()
        assert vault.read() == {"who": "megan"}

    def test_files_are_their_owners_alone_whatever_the_umask(self, tmp_path: Path) -> None:
        (tmp_path / "key").write_bytes(KEY)
        before = os.umask(0)
        try:
            vault = Vault(str(tmp_path / "made" / "state"), "megan", key_file=str(tmp_path / "key"))
            keep(vault, secret=SECRET)
        finally:
            os.umask(before)
        assert mode(Path(vault.path).parent) == 0o700
        assert {mode(file) for file in Path(vault.path).parent.iterdir()} == {0o600}

    def test_erasing_leaves_no_sealed_file_and_may_be_repeated(self, vault: Vault) -> None:
        keep(vault, secret=SECRET)
        assert vault.erase() == {"secret": SECRET}
        assert not Path(vault.path).exists()
        assert (vault.erase(), vault.read()) == ({}, {})

    def test_erasing_in_memory_forgets(self) -> None:
        vault = Vault("", "megan")
        keep(vault, secret=SECRET)
        assert (vault.erase(), vault.erase(), vault.read()) == ({"secret": SECRET}, {}, {})

    def test_erasing_where_nothing_is_makes_nothing(self, tmp_path: Path) -> None:
        assert Vault(str(tmp_path / "nowhere"), "megan").erase() == {}
        assert not (tmp_path / "nowhere").exists()

    def test_erasing_takes_what_was_set_aside_along_and_leaves_other_identities_alone(self, folder: Path, vault: Vault) -> None:
        other = Vault(str(folder), "contoso|alex")
        for spoilt in (vault, other):
            keep(spoilt, secret=SECRET)
            Path(spoilt.path).write_bytes(b"x")
            assert spoilt.read() == {}
        Path(vault.path + ".tmp").write_bytes(b"what a killed writer left")
        keep(vault, secret=SECRET)
        vault.erase()
        assert not [file for file in folder.iterdir() if file.name.startswith(Path(vault.path).name)]
        assert len(list(folder.glob(f"{Path(other.path).name}.bad-*"))) == 1


class TestDamage:
    @pytest.mark.parametrize(
        "spoil",
        [
            pytest.param(lambda sealed: b"", id="empty"),
            pytest.param(lambda sealed: bytes(len(sealed)), id="zeros"),
            pytest.param(lambda sealed: os.urandom(200), id="garbage"),
            pytest.param(lambda sealed: sealed[:-1], id="one byte short"),
            pytest.param(lambda sealed: sealed[: sealed.index(b"\n")], id="header cut"),
            pytest.param(lambda sealed: sealed[: sealed.index(b"\n") + 1], id="header alone"),
            pytest.param(lambda sealed: sealed[: sealed.index(b"\n") + 5], id="nonce cut"),
            pytest.param(lambda sealed: sealed[: sealed.index(b"\n") + 13], id="nonce alone"),
            pytest.param(lambda sealed: sealed + b"x", id="one byte more"),
            pytest.param(lambda sealed: sealed[:-3] + bytes([sealed[-3] ^ 1]) + sealed[-2:], id="one bit"),
            pytest.param(lambda sealed: sealed.replace(b"-2 ", b"-3 "), id="a later version"),
            pytest.param(lambda sealed: sealed.replace(b" sibling", b" memory"), id="another keeper"),
            pytest.param(lambda sealed: sealed.replace(b" sibling", b" nobody"), id="a keeper unknown"),
            pytest.param(lambda sealed: json.dumps({"AccessToken": {}}).encode(), id="a plain cache"),
        ],
    )
    def test_what_cannot_be_opened_is_set_aside_and_said(self, spoil, folder: Path, vault: Vault, warnings: list[str]) -> None:
        keep(vault, secret=SECRET)
        spoilt = spoil(Path(vault.path).read_bytes())
        Path(vault.path).write_bytes(spoilt)
        assert vault.read() == {}
        (aside,) = folder.glob("*.bad-*")
        assert aside.read_bytes() == spoilt
        (warning,) = warnings
        assert warning.endswith(f"it was set aside as {aside}.")  # facts alone: what to do about it is said elsewhere
        keep(vault, secret="new")
        assert vault.read() == {"secret": "new"}

    def test_a_header_that_names_another_keeper_does_not_open(self, tmp_path: Path, vault: Vault, warnings: list[str]) -> None:
        keep(vault, secret=SECRET)
        (tmp_path / "key").write_bytes(KEY)  # even one with the very same key
        Path(vault.path).write_bytes(Path(vault.path).read_bytes().replace(b" sibling", b" keyfile"))
        other = Vault(str(Path(vault.path).parent), "contoso|megan", key_file=str(tmp_path / "key"), warn=warnings.append)
        with pytest.raises(ConfigError, match="does not open the stored sign-in"):
            other.read()
        assert warnings == []
        assert Path(vault.path).exists(), "a key that a setting names must not cost what another key opens"

    def test_a_transaction_begins_anew_after_damage(self, vault: Vault, warnings: list[str]) -> None:
        keep(vault, secret=SECRET)
        Path(vault.path).write_bytes(b"x")
        with vault.transaction() as state:
            assert state == {}
            state["secret"] = "new"
        assert vault.read() == {"secret": "new"}
        assert len(warnings) == 1

    def test_a_good_file_that_another_process_just_put_in_place_is_not_set_aside(
        self, folder: Path, vault: Vault, warnings: list[str]
    ) -> None:
        keep(vault, secret=SECRET)
        good = Path(vault.path).read_bytes()
        Path(vault.path).write_bytes(b"damaged")
        found: list[object] = []
        with holding(folder / f"{Path(vault.path).stem}.lock"):  # while the reader meets the damage
            reader = threading.Thread(target=lambda: found.append(vault.read()))
            reader.start()
            reader.join(0.1)
            Path(vault.path).write_bytes(good)
        reader.join()
        assert (found, warnings) == ([{"secret": SECRET}], [])
        assert Path(vault.path).read_bytes() == good

    @pytest.mark.parametrize("key", [None, b"", b"short", bytes(33), bytes(32)], ids=["gone", "empty", "short", "long", "another"])
    def test_a_key_beside_that_is_no_longer_the_key_costs_the_sign_in_and_no_more(self, key, folder: Path, vault: Vault, warnings) -> None:
        keep(vault, secret=SECRET)
        (folder / "key").unlink()
        if key is not None:
            (folder / "key").write_bytes(key)
        assert vault.read() == {}
        assert len(warnings) == 1
        (folder / "key").write_bytes(KEY)
        keep(vault, secret="new")
        assert vault.read() == {"secret": "new"}


class TestKeyFile:
    @pytest.mark.parametrize(
        "content", [KEY, base64.b64encode(KEY), base64.b64encode(KEY) + b"\n", b"  " + base64.b64encode(KEY) + b"\r\n"], ids=repr
    )
    def test_raw_and_base64_are_the_same_key(self, content: bytes, tmp_path: Path) -> None:
        (tmp_path / "raw").write_bytes(KEY)
        (tmp_path / "key").write_bytes(content)
        keep(Vault(str(tmp_path / "state"), "megan", key_file=str(tmp_path / "raw")), secret=SECRET)
        assert Vault(str(tmp_path / "state"), "megan", key_file=str(tmp_path / "key")).read() == {"secret": SECRET}

    @pytest.mark.parametrize(
        "content", [b"", b"x" * 31, b"x" * 33, base64.b64encode(KEY[:16]), b"\xff" * 44, b"not base64 at all, and long", KEY * 200]
    )
    def test_a_key_of_the_wrong_size_is_refused_with_the_cure(self, content: bytes, tmp_path: Path) -> None:
        (tmp_path / "key").write_bytes(content)
        vault = Vault(str(tmp_path / "state"), "megan", key_file=str(tmp_path / "key"))
        with pytest.raises(ConfigError, match="openssl rand -base64 32") as caught:
            vault.prove_writable()
        assert caught.value.setting == "DAYPASS_KEY_FILE"
        assert "not base64 at all" not in str(caught.value)

    def test_a_missing_key_file_is_refused_before_anything_is_written(self, tmp_path: Path) -> None:
        vault = Vault(str(tmp_path / "state"), "megan", key_file=str(tmp_path / "none"))
        with pytest.raises(ConfigError, match=r"DAYPASS_KEY_FILE: cannot read .*none \(No such file"):
            vault.prove_writable()
        assert not Path(vault.path).exists()

    def test_an_unreadable_key_file_is_refused(self) -> None:
        with unprivileged() as folder:
            key = folder / "secret"
            key.write_bytes(KEY)
            key.chmod(0)
            with pytest.raises(ConfigError, match="Permission denied"):
                Vault(str(folder / "state"), "megan", key_file=str(key)).prove_writable()

    def test_a_folder_is_no_key_file(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match="Is a directory"):
            Vault(str(tmp_path / "state"), "megan", key_file=str(tmp_path)).prove_writable()

    def test_a_key_file_no_longer_named_is_said_with_the_cure_and_nothing_is_set_aside(self, folder: Path, tmp_path: Path) -> None:
        sealed_by_file(folder, tmp_path / "key")
        with pytest.raises(ConfigError, match=r"DAYPASS_KEY_FILE: the stored sign-in is sealed with a key file.* or sign in again"):
            Vault(str(folder), "megan").read()
        assert Vault(str(folder), "megan", key_file=str(tmp_path / "key")).read() == {"secret": SECRET}

    def test_a_key_file_that_is_gone_is_said_with_the_cure_and_nothing_is_set_aside(self, folder: Path, tmp_path: Path) -> None:
        vault = sealed_by_file(folder, tmp_path / "key")
        (tmp_path / "key").rename(tmp_path / "elsewhere")
        for act in (vault.read, vault.prove_writable):  # the second, so that nobody signs in first and is told afterwards
            with pytest.raises(ConfigError, match=r"DAYPASS_KEY_FILE: cannot read .*\(No such file.*unset it and sign in again"):
                act()
        (tmp_path / "elsewhere").rename(tmp_path / "key")
        assert vault.read() == {"secret": SECRET}

    def test_a_new_sign_in_without_the_key_file_sets_the_old_one_aside(self, folder: Path, tmp_path: Path, warnings: list[str]) -> None:
        before = Path(sealed_by_file(folder, tmp_path / "key").path).read_bytes()
        without = Vault(str(folder), "megan", warn=warnings.append)
        without.prove_writable()
        (aside,) = folder.glob("*.bad-*")
        assert aside.read_bytes() == before
        assert [str(aside) in warning for warning in warnings] == [True]
        keep(without, secret="new")
        assert without.read() == {"secret": "new"}

    @pytest.mark.parametrize("gone", [False, True], ids=["no longer named", "deleted"])
    def test_a_sign_in_that_cannot_be_read_any_more_can_be_erased(self, gone: bool, folder: Path, tmp_path: Path, warnings) -> None:
        sealed_by_file(folder, tmp_path / "key")
        (tmp_path / "key").unlink()
        vault = Vault(str(folder), "megan", key_file=str(tmp_path / "key") if gone else "", warn=warnings.append)
        assert vault.erase() == {}
        assert not Path(vault.path).exists()
        assert len(warnings) == 1

    def test_a_key_file_that_everybody_can_write_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "key").write_bytes(KEY)
        (tmp_path / "key").chmod(0o666)
        with pytest.raises(ConfigError, match=r"DAYPASS_KEY_FILE: every user can write .*key"):
            Vault(str(tmp_path / "state"), "megan", key_file=str(tmp_path / "key")).prove_writable()

    @pytest.mark.parametrize("permissions", [0o400, 0o600])
    def test_a_key_file_that_is_its_owners_alone_is_worth_a_plain_b(self, permissions: int, folder: Path, tmp_path: Path) -> None:
        vault = sealed_by_file(folder, tmp_path / "key")
        (tmp_path / "key").chmod(permissions)
        assert vault.grade == GRADES["keyfile"]

    @pytest.mark.parametrize("permissions", [0o444, 0o640])
    def test_a_key_file_that_others_can_read_is_used_and_the_grade_says_so(self, permissions: int, folder: Path, tmp_path: Path) -> None:
        vault = sealed_by_file(folder, tmp_path / "key")
        (tmp_path / "key").chmod(permissions)
        assert vault.read() == {"secret": SECRET}
        assert vault.grade == GRADES["keyfile"] + ", and others can read that file"

    @needs_root
    def test_a_key_file_of_somebody_else_is_used_and_the_grade_says_so(self, folder: Path, tmp_path: Path) -> None:
        vault = sealed_by_file(folder, tmp_path / "key")
        os.chown(tmp_path / "key", SOMEBODY, SOMEBODY)  # the owner outside of a container has another number inside
        assert vault.read() == {"secret": SECRET}
        assert vault.grade.endswith("others can read that file")

    def test_a_secret_behind_a_link_is_followed(self, folder: Path, tmp_path: Path) -> None:
        vault = sealed_by_file(folder, tmp_path / "key")
        (tmp_path / "key").rename(tmp_path / "..data")
        (tmp_path / "key").symlink_to("..data")  # as clusters mount their secrets
        assert vault.read() == {"secret": SECRET}

    def test_a_pipe_is_no_key_file_and_is_not_waited_for(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "key", 0o600)
        with pytest.raises(ConfigError, match="is not a regular file"):
            Vault(str(tmp_path / "state"), "megan", key_file=str(tmp_path / "key")).prove_writable()

    def test_naming_a_key_file_seals_the_next_state_with_it(self, folder: Path, tmp_path: Path, vault: Vault) -> None:
        keep(vault, n=1)
        (tmp_path / "key").write_bytes(os.urandom(KEY_BYTES))
        stronger = Vault(str(folder), "contoso|megan", key_file=str(tmp_path / "key"))
        assert stronger.read() == {"n": 1}
        assert stronger.grade.startswith("C")
        keep(stronger, n=2)
        assert stronger.read() == {"n": 2}
        assert stronger.grade.startswith("B")


class TestGrades:
    def test_a_key_file_is_worth_a_b(self, tmp_path: Path) -> None:
        assert Vault(str(tmp_path), "megan", key_file="key").grade == "B: sealed, the key is in the file that DAYPASS_KEY_FILE names"

    def test_a_key_that_lies_beside_is_worth_a_c_and_says_so(self, vault: Vault) -> None:
        before = vault.grade
        keep(vault, secret=SECRET)
        assert vault.grade == before
        assert before.startswith("C: ")
        assert "does not protect" in before

    def test_memory_is_worth_an_m(self) -> None:
        assert Vault("", "megan").grade.startswith("M: in memory only")

    def test_a_damaged_header_does_not_change_the_grade(self, vault: Vault) -> None:
        Path(vault.path).write_bytes(b"daypass-vault-1 memory\n")
        assert vault.grade.startswith("C")


class TestTransactions:
    @pytest.mark.parametrize("memory", [False, True])
    def test_the_old_state_stands_when_the_body_fails(self, memory: bool, vault: Vault) -> None:
        vault = Vault("", "megan") if memory else vault
        keep(vault, n=1)
        with pytest.raises(ZeroDivisionError), vault.transaction() as state:
            state.update(n=2, more=1 / len(state.setdefault("none", [])))
        assert vault.read() == {"n": 1}
        keep(vault, n=3)  # and the lock is free
        assert vault.read() == {"n": 3}

    @pytest.mark.parametrize("memory", [False, True])
    def test_nothing_is_seen_before_the_end(self, memory: bool, vault: Vault) -> None:
        vault = Vault("", "megan") if memory else vault
        keep(vault, n=1)
        with vault.transaction() as state:
            state["n"] = 2
            assert vault.read() == {"n": 1}
        assert vault.read() == {"n": 2}

    @pytest.mark.parametrize("memory", [False, True])
    def test_what_was_read_is_the_readers_own(self, memory: bool, vault: Vault) -> None:
        vault = Vault("", "megan") if memory else vault
        keep(vault, tokens=["a"])
        vault.read()["tokens"].append("b")
        assert vault.read() == {"tokens": ["a"]}

    @pytest.mark.parametrize("memory", [False, True])
    def test_threads_exclude_each_other(self, memory: bool, vault: Vault) -> None:
        vault = Vault("", "megan") if memory else vault
        keep(vault, n=0)
        together = threading.Barrier(4)

        def count() -> None:
            together.wait()
            for _ in range(5):
                with vault.transaction() as state:
                    state["n"] += 1

        threads = [threading.Thread(target=count) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert vault.read() == {"n": 20}

    def test_an_identity_does_not_wait_for_another_in_the_same_folder(self, folder: Path, vault: Vault) -> None:
        found: list[object] = []

        def second() -> None:
            other = Vault(str(folder), "alex")
            keep(other, who="alex")
            found.append(other.read())

        with vault.transaction():
            thread = threading.Thread(target=second)
            thread.start()
            thread.join(5)
            assert found == [{"who": "alex"}]
        thread.join()

    def test_identities_that_begin_at_once_agree_on_the_key_beside_them(self, folder: Path) -> None:
        for _ in range(10):
            (folder / "key").unlink()
            vaults = [Vault(str(folder), f"user {number}", warn=pytest.fail) for number in range(8)]
            together = threading.Barrier(len(vaults))
            (folder / "key").write_bytes(b"spoilt")  # so that no keyring is asked, and each has to make one

            def begin(vault: Vault, together: threading.Barrier = together) -> None:
                together.wait()
                keep(vault, secret=SECRET)

            threads = [threading.Thread(target=begin, args=(vault,)) for vault in vaults]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert [vault.read() for vault in vaults] == [{"secret": SECRET}] * len(vaults)
            for vault in vaults:
                vault.erase()

    def test_who_waits_for_a_lock_waits_longer_than_a_renewal_with_every_question_to_the_keyring_can_take(self) -> None:
        assert LOCK_SECONDS > STARTS_WITHIN_SECONDS + TOTAL_SECONDS + 5 * KEYRING_SECONDS

    def test_a_file_system_that_cannot_lock_is_told(self) -> None:
        with pytest.raises(StorageError, match=r"Cannot lock /state/lock \(Bad file descriptor\)"):
            _wait_for(9_999, "/state/lock")

    def test_memory_is_forgotten_with_the_vault(self) -> None:
        vault = Vault("", "megan")
        keep(vault, secret=SECRET)
        assert vault.path == ""
        assert Vault("", "megan").read() == {}
        vault.erase()
        assert vault.read() == {}


class TestFolders:
    def test_proving_leaves_nothing_but_the_key_and_the_lock(self, folder: Path, vault: Vault) -> None:
        vault.prove_writable()
        assert sorted(file.name for file in folder.iterdir()) == [f"{Path(vault.path).stem}.lock", "key"]

    def test_proving_keeps_the_state(self, vault: Vault) -> None:
        keep(vault, secret=SECRET)
        vault.prove_writable()
        assert vault.read() == {"secret": SECRET}

    def test_memory_is_always_writable(self) -> None:
        Vault("", "megan").prove_writable()

    def test_a_read_only_folder_is_told_before_the_sign_in(self) -> None:
        with unprivileged() as folder:
            folder.chmod(0o500)
            with pytest.raises(StorageError, match=r"Cannot lock .*\(Permission denied\).*DAYPASS_STATE_DIR"):
                Vault(str(folder), "megan").prove_writable()

    def test_a_folder_that_cannot_be_made_is_told(self) -> None:
        with unprivileged() as folder:
            folder.chmod(0o500)
            with pytest.raises(StorageError, match="Cannot make"):
                Vault(str(folder / "deep" / "state"), "megan").prove_writable()

    def test_a_file_where_the_folder_should_be_is_told(self, tmp_path: Path) -> None:
        (tmp_path / "state").write_text("")
        with pytest.raises(StorageError, match="Cannot make"):
            Vault(str(tmp_path / "state"), "megan").prove_writable()

    def test_an_unreadable_sealed_file_stays_where_it_is(self) -> None:
        with unprivileged() as folder:
            (folder / "key").write_bytes(KEY)
            vault = Vault(str(folder), "megan")
            keep(vault, secret=SECRET)
            Path(vault.path).chmod(0)
            with pytest.raises(StorageError, match=r"Cannot read .*Permission denied"):
                vault.read()
            Path(vault.path).chmod(0o600)
            assert vault.read() == {"secret": SECRET}

    def test_damage_in_a_read_only_folder_is_told(self) -> None:
        with unprivileged() as folder:
            (folder / "key").write_bytes(KEY)
            vault = Vault(str(folder), "megan")
            keep(vault, secret=SECRET)
            Path(vault.path).write_bytes(b"x")
            folder.chmod(0o500)
            with pytest.raises(StorageError, match="Cannot set aside"):
                vault.read()
            folder.chmod(0o700)

    @needs_root
    @pytest.mark.parametrize("act", ["prove_writable", "read"])
    def test_a_folder_of_somebody_else_gets_no_tokens(self, act: str, folder: Path, vault: Vault) -> None:
        Path(vault.path).write_bytes(b"planted")
        os.chown(folder, SOMEBODY, SOMEBODY)
        with pytest.raises(StorageError, match=rf"belongs to another user \(uid {SOMEBODY}\).*DAYPASS_STATE_DIR"):
            getattr(vault, act)()

    @needs_root
    @pytest.mark.parametrize("permissions", [0o770, 0o2770, 0o777, 0o1777])
    def test_a_folder_of_roots_that_others_can_write_is_refused(self, permissions: int) -> None:
        with unprivileged(owner=0, permissions=permissions) as folder:
            with pytest.raises(StorageError, match=r"Other users can write in the state folder .*a folder in it will do"):
                Vault(str(folder), "megan").prove_writable()
            assert list(folder.iterdir()) == []
            Vault(str(folder / "of mine"), "megan").prove_writable()
            assert mode(folder / "of mine") & 0o777 == 0o700

    @pytest.mark.parametrize("permissions", [0o777, 0o775, 0o755, 0o770, 0o2770, 0o710, 0o701])
    def test_our_own_folder_is_closed_to_others(self, permissions: int, folder: Path, vault: Vault) -> None:
        folder.chmod(permissions)
        keep(vault, secret=SECRET)
        assert mode(folder) & 0o1777 == 0o700

    @pytest.mark.parametrize(("permissions", "after"), [(0o755, 0o755), (0o775, 0o700)])
    def test_a_folder_with_other_things_in_it_is_closed_only_if_others_can_write(self, permissions: int, after: int, folder: Path) -> None:
        (folder / "letters").mkdir()  # somebody named a folder that serves other ends, which closing might spoil
        folder.chmod(permissions)
        keep(Vault(str(folder), "megan"), secret=SECRET)
        assert mode(folder) == after

    def test_a_folder_that_everybody_shares_is_refused_though_it_is_ours_and_stays_as_it_is(self, folder: Path, vault: Vault) -> None:
        folder.chmod(0o1777)  # /tmp, for root
        with pytest.raises(StorageError, match="Other users can write in the state folder"):
            vault.prove_writable()
        assert mode(folder) == 0o1777

    @pytest.mark.skipif(subprocess.run(["unshare", "-m", "true"], check=False).returncode != 0, reason="nothing can be mounted here")
    def test_a_folder_that_cannot_be_closed_is_told(self, tmp_path: Path) -> None:
        program = "import sys; from daypass.vault import Vault; Vault(sys.argv[1], 'megan').prove_writable()"
        mount = 'mount -t tmpfs none "$0" && mkdir -m 777 "$0/state" && mount -o remount,ro "$0" && exec "$1" -c "$2" "$0/state"'
        command = ["unshare", "-m", "sh", "-c", mount, str(tmp_path), sys.executable, program]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        said = f"daypass.errors.StorageError: Cannot close {tmp_path}/state to others (Read-only file system)."
        assert said in done.stderr

    @needs_root
    @pytest.mark.parametrize("planted", ["key", "vault", "both"])
    def test_what_another_user_planted_is_not_opened(self, planted: str, folder: Path, vault: Vault) -> None:
        keep(vault, secret="of the attacker")
        files = {"key": [folder / "key"], "vault": [Path(vault.path)], "both": [folder / "key", Path(vault.path)]}
        for file in files[planted]:
            os.chown(file, SOMEBODY, SOMEBODY)
        with pytest.raises(StorageError, match="belongs to another user"):
            vault.read()

    @pytest.mark.parametrize("name", ["key", "vault"])
    def test_what_everybody_can_write_is_not_opened(self, name: str, folder: Path, vault: Vault) -> None:
        keep(vault, secret=SECRET)
        (folder / "key" if name == "key" else Path(vault.path)).chmod(0o606)
        with pytest.raises(StorageError, match="every user can write"):
            vault.read()

    @pytest.mark.parametrize("name", ["key", "vault"])
    def test_neither_links_nor_pipes_are_opened(self, name: str, folder: Path, vault: Vault) -> None:
        keep(vault, secret=SECRET)
        file = folder / "key" if name == "key" else Path(vault.path)
        file.rename(folder / "moved")
        file.symlink_to(folder / "moved")
        with pytest.raises(StorageError, match="Cannot read"):
            vault.read()
        file.unlink()
        os.mkfifo(file, 0o600)
        with pytest.raises(StorageError, match="is not a regular file"):
            vault.read()

    @needs_root
    def test_a_file_that_another_user_laid_ready_for_us_to_write_in_gets_no_key(self) -> None:
        with tempfile.TemporaryDirectory() as place:
            trap = Path(place) / "key.tmp"
            trap.touch()
            trap.chmod(0o666)
            os.chown(trap, SOMEBODY, SOMEBODY)
            with trap.open("rb") as watched:
                (Path(place) / "key").write_bytes(b"spoilt")  # so that no keyring is asked
                keep(Vault(place, "megan"), secret=SECRET)
                assert watched.read() == b""
            assert (Path(place) / "key").stat().st_uid == os.geteuid()

    def test_a_full_disk_is_told_before_the_sign_in_and_leaves_no_rest(self, folder: Path, vault: Vault) -> None:
        with disk_full_after(8_192), pytest.raises(StorageError, match=r"Cannot write .*File too large"):
            vault.prove_writable()
        assert sorted(file.name for file in folder.iterdir()) == [f"{Path(vault.path).stem}.lock", "key"]

    def test_a_full_disk_costs_the_new_state_and_not_the_old(self, folder: Path, vault: Vault) -> None:
        keep(vault, secret=SECRET)
        with disk_full_after(100), pytest.raises(StorageError, match="Cannot write"):
            keep(vault, secret="x" * 500)
        assert vault.read() == {"secret": SECRET}
        assert not list(folder.glob("*.tmp"))

    @pytest.mark.parametrize("end", [".lock", ".vault.tmp"])
    def test_a_planted_link_is_not_followed(self, end: str, folder: Path, tmp_path: Path, vault: Vault) -> None:
        victim = tmp_path / "victim"
        victim.write_text("precious")
        (folder / (Path(vault.path).stem + end)).symlink_to(victim)
        with suppress(StorageError):
            keep(vault, secret=SECRET)
        assert victim.read_text() == "precious"
        assert not Path(vault.path).is_symlink()
