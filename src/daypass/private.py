"""Files of ours alone: in a folder only their owner enters, put in place whole, trusted only if nobody else can have written them."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import stat
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import Any, cast

from .errors import StorageError

LOCK_SECONDS = 120.0  # the longest that a holder takes is a renewal, which ends after 90 seconds, and a few answers of the keyring
MOST_BYTES = 16_777_216  # no file of ours comes near it


def make_private_folder(folder: str) -> None:
    """Make a folder that only we can enter, or close one that is ours; StorageError says what is wrong with any other.

    A folder that is ours and holds other things is closed only if others can write in it. One with the sticky bit is meant
    for everybody (/tmp) and stays as it is, even if it is ours.
    """
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        found = os.stat(folder)
    except OSError as error:
        raise storage_error("make", folder, error) from None
    if found.st_uid not in (os.geteuid(), 0):
        raise StorageError(f"The state folder {folder} belongs to another user (uid {found.st_uid}). Use your own: set DAYPASS_STATE_DIR.")
    others_write = found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    if found.st_uid == os.geteuid() and not found.st_mode & stat.S_ISVTX:
        if others_write or (found.st_mode & 0o077 and _holds_nothing_else(folder)):
            _close(folder)
    elif others_write:
        raise StorageError(
            f"Other users can write in the state folder {folder}. Use a folder of your own: set DAYPASS_STATE_DIR (a folder in it will do)."
        )


def _holds_nothing_else(folder: str) -> bool:
    ours = ("key", "lock", "last-listing", "profiles")
    with suppress(OSError):  # one that we cannot look into serves nobody else
        return all(name.startswith(ours) or name.endswith(".lock") or ".vault" in name for name in os.listdir(folder))
    return True


def _close(folder: str) -> None:
    try:
        os.chmod(folder, 0o700)
    except OSError as error:
        raise storage_error("close", f"{folder} to others", error) from None


def read_own(path: str) -> bytes | None:
    """The content of a file in the state folder, None when there is none; StorageError if others may have put it there."""
    try:
        content, found = read_file(path, os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise storage_error("read", path, error) from None
    if found.st_uid not in (os.geteuid(), 0):
        raise StorageError(
            f"{path} belongs to another user (uid {found.st_uid}). Delete it, or set DAYPASS_STATE_DIR to a folder of yours."
        )
    if found.st_mode & stat.S_IWOTH:
        raise StorageError(f"{path} is not to be trusted: every user can write it. Delete it, and sign in again.")
    return content


def read_file(path: str, flags: int = 0) -> tuple[bytes, os.stat_result]:
    """A regular file's content, and what it was when it was opened; a pipe or a device is an OSError, and makes nobody wait."""
    with open(path, "rb", opener=lambda path, given: os.open(path, given | flags | os.O_NONBLOCK)) as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file")
        return file.read(MOST_BYTES), found


def others_can_read(path: str) -> bool:
    """Whether a file shows its content to anybody but us."""
    try:
        found = os.stat(path)
    except OSError:
        return False
    return found.st_uid != os.geteuid() or bool(found.st_mode & 0o077)


def write_whole(path: str, content: bytes) -> None:
    """Put a file in place in one step, readable by its owner alone; a reader meets all of it or none. The lock is held."""
    temporary = f"{path}.tmp"
    try:
        with suppress(FileNotFoundError):
            os.unlink(temporary)  # what a killed writer left, or somebody laid ready for us to write in
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with open(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary)
            raise
    except OSError as error:
        raise storage_error("write", path, error) from None


def write_new(path: str, content: bytes) -> None:
    """Write a file that is not there yet, readable by its owner alone; StorageError when it is."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except FileExistsError:
        raise StorageError(f"{path} is there already. Name a new file, or delete that one.") from None
    except OSError as error:
        raise storage_error("write", path, error) from None
    with open(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def delete(path: str) -> None:
    """Delete a file, if it is there; StorageError when that cannot be done."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        return
    except OSError as error:
        raise storage_error("delete", path, error) from None


@contextmanager
def locked(path: str) -> Generator[None]:
    """Hold a lock against every other process and thread; the file stays, for deleting it would let two in."""
    try:
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise storage_error("lock", path, error) from None
    try:
        _wait_for(lock, path)
        yield
    finally:
        os.close(lock)


def _wait_for(lock: int, path: str) -> None:
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            return fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise StorageError(f"Others have held {path} for {LOCK_SECONDS:.0f} seconds. End them and try again.") from None
            time.sleep(0.02)
        except OSError as error:
            raise storage_error("lock", path, error) from None


def storage_error(verb: str, path: str, error: OSError) -> StorageError:
    """The error for something that cannot be done to a path, with what the system says and what to do."""
    return StorageError(f"Cannot {verb} {path} ({error.strerror}). Free or unlock it, or set DAYPASS_STATE_DIR to a folder of yours.")


class JsonFile:
    """A JSON object in a file of ours; a `path` of "" keeps it in memory. Raises StorageError, also when what is there is none."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._memory: dict[str, Any] = {}

    def read(self) -> dict[str, Any]:
        """The object, {} when there is none."""
        if not self._path:
            return self._memory
        try:
            content: Any = json.loads(read_own(self._path) or b"{}")
        except (ValueError, RecursionError):
            content = None
        if not isinstance(content, dict):
            raise StorageError(f"{self._path} is damaged. Move it away; what it tells is learnt again, and no sign-in is lost.")
        return cast("dict[str, Any]", content)

    @contextmanager
    def change(self) -> Generator[dict[str, Any]]:
        """The object, locked against others; what the body leaves in it is written."""
        if not self._path:
            yield self._memory
            return
        make_private_folder(os.path.dirname(self._path))
        with locked(f"{self._path}.lock"):
            content = self.read()
            yield content
            write_whole(self._path, json.dumps(content, indent=1, sort_keys=True).encode())
