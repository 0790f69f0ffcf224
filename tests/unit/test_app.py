"""Where the settings say that tokens rest, and where they do rest."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

import pytest

from daypass.app import App
from daypass.auth.authorities import login_hosts
from daypass.config import Settings

SHARED = "/dev/shm"  # mounted everywhere, and everybody may write in it, as in many a container's volume
SETTINGS = Settings(client_id="11111111-2222-3333-4444-555555555555", tenant_id="contoso.example")


def resting_place(storage: str, folder: str) -> tuple[str, list[str]]:
    """The vault's folder, and what was said about it."""
    said: list[str] = []
    return App(SETTINGS.replace(storage=storage, state_dir=folder), warn=said.append).vault.folder, said


def test_on_disk_they_rest_in_the_state_folder(tmp_path: Path) -> None:
    assert resting_place("disk", str(tmp_path)) == (str(tmp_path), [])


def test_in_memory_they_rest_in_no_folder(tmp_path: Path) -> None:
    assert resting_place("memory", str(tmp_path)) == ("", ["The sign-in is kept in memory and ends with this command."])


def test_without_a_volume_they_stay_in_memory_and_that_is_said(tmp_path: Path) -> None:
    folder, said = resting_place("volume", str(tmp_path))
    assert folder == ""
    assert f"No writable volume is mounted at {tmp_path}" in said[0]


@pytest.mark.skipif(os.stat("/").st_uid != os.geteuid(), reason="no mount is ours here")
def test_a_volume_that_is_ours_holds_them_itself() -> None:
    assert resting_place("volume", "/") == ("/", [])


@pytest.mark.skipif(not os.path.ismount(SHARED), reason="there is no shared mount here")
def test_on_a_volume_that_is_everybodys_they_rest_in_a_folder_of_our_own() -> None:
    folder, said = resting_place("volume", SHARED)
    assert (folder, said) == (f"{SHARED}/daypass-{os.geteuid()}", [])
    before = os.stat(SHARED).st_mode
    try:
        App(SETTINGS.replace(storage="volume", state_dir=SHARED)).vault.prove_writable()
        assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700
        assert os.stat(SHARED).st_mode == before
    finally:
        shutil.rmtree(folder)


def test_a_sign_in_service_may_answer_under_the_names_of_its_own_cloud_alone() -> None:
    assert login_hosts("login.microsoftonline.com") == {"login.microsoftonline.com", "login.microsoft.com", "login.windows.net"}
    assert login_hosts("login.microsoftonline.us") == {"login.microsoftonline.us"}
    assert login_hosts("localhost:8443") == {"localhost:8443"}
