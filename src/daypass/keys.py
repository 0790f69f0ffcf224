"""The keys that seal sign-ins, and who keeps them. What a sealed file says of its keeper decides where its key is looked for.

  keeper      the key is                                              worth
  ----------  ------------------------------------------------------  -----
  keyfile     in the file that DAYPASS_KEY_FILE names (or systemd's   B
              $CREDENTIALS_DIRECTORY/daypass-key)
  command     what the program of DAYPASS_KEY_COMMAND prints          B
  keyring     in the system's keyring                                 A
  passphrase  made of a passphrase (scrypt, RFC 7914)                 A
  sibling     in a file beside what it seals                          C

The first that is configured keeps new keys, in this order; without any, what is there goes on being used. A keeper that does not answer now
may do so later: nothing is given up for that.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress

from .errors import ConfigError, StorageError
from .private import delete, locked, others_can_read, read_file, read_own, write_whole
from .sealing import GRADES, KEY_BYTES, LEAST_LOG_N, MOST_LOG_N, READABLE, SALT_BYTES, SCRYPT_LOG_N, Unreadable, scrypt

KEYRING_SECONDS = 3.0
COMMAND_SECONDS = 10.0
LONGEST_PASSPHRASE = 1024

PLACES = ("key", "key.new", "key.old")  # beside what they seal; the second while all is sealed anew, the third for what could not be


class Keys:
    """The keys of one state folder.

    `key_file`, `command` and `passphrase_file` are settings, `keeper` names the keeper to use for new keys ("" for the first that is
    configured); `ask` gives a passphrase from whoever is there, or raises. Raises ConfigError and StorageError.
    """

    def __init__(
        self,
        folder: str,
        key_file: str = "",
        command: str = "",
        passphrase_file: str = "",
        keeper: str = "",
        ask: Callable[[], str] | None = None,
    ) -> None:
        self.folder, self._key_file, self._command = folder, key_file, command
        self._passphrase_file, self._keeper, self._ask = passphrase_file, keeper, ask
        self._made: dict[bytes, bytes] = {}
        self._passphrase = ""

    def wanted(self, remembered: str) -> str:
        """The keeper for what is sealed next; `remembered` keeps the key of what is there, "" when nothing is."""
        if self._key_file:
            return "keyfile"
        if self._command:
            return "command"
        if self._keeper:
            return self._keeper
        if remembered in ("keyring", "sibling", "passphrase"):
            return remembered
        if os.path.exists(self._beside("key")):
            return "sibling"
        return "keyring" if _keyring("probe", self.folder) is not None else "sibling"

    def grade(self, keeper: str) -> str:
        """What a keeper is worth, in words."""
        return GRADES[keeper] + (READABLE if keeper == "keyfile" and others_can_read(self._key_file) else "")

    def new(self, keeper: str, note: str = "") -> tuple[bytes, str]:
        """The key to seal with, made if there is none yet, and what must be noted beside it to find it again ("" for nothing).

        `note` is the one of before, if the same keeper goes on.
        """
        if keeper == "passphrase":
            note = note or f"{os.urandom(SALT_BYTES).hex()}.{SCRYPT_LOG_N}"
            return next(self.candidates(keeper, note)), note
        if keeper in ("keyfile", "command"):
            return next(self.candidates(keeper, "")), ""
        look = self._in_keyring if keeper == "keyring" else self._beside_now
        if key := look():
            return key, ""
        with locked(os.path.join(self.folder, "lock")):  # the folder's identities share this key, though not their own locks
            return look() or self._make(keeper), ""

    def candidates(self, keeper: str, note: str) -> Iterator[bytes]:
        """The keys that may open what this keeper's key sealed, the likeliest first; Unreadable when there is none any more."""
        match keeper:
            case "keyfile":
                yield self._from_file()
            case "command":
                yield self._from_command()
            case "passphrase":
                salt, _, log_n = note.partition(".")
                if not log_n.isdecimal() or not LEAST_LOG_N <= int(log_n) <= MOST_LOG_N:
                    raise Unreadable("how its key is made of a passphrase is not told")
                yield self._of_passphrase(bytes.fromhex(salt), int(log_n))
            case "keyring":
                if (key := self._in_keyring()) is None:
                    raise Unreadable("its key is gone")
                yield key
            case _:
                found = [key for place in PLACES if len(key := read_own(self._beside(place)) or b"") == KEY_BYTES]
                if not found:
                    raise Unreadable("its key is gone")
                yield from found

    def setting_of(self, keeper: str) -> str:
        """The setting that says where a keeper's key is; "" for keepers that know it themselves. A wrong one must not cost a sign-in."""
        return {"keyfile": "DAYPASS_KEY_FILE", "command": "DAYPASS_KEY_COMMAND", "passphrase": "DAYPASS_PASSPHRASE_FILE"}.get(keeper, "")

    # -- a new key for everything

    def begin_anew(self) -> None:
        """Make the next key of the folder, which seals from now on; the present one still opens. Again: go on with it."""
        if not os.path.exists(self._beside("key.new")):
            write_whole(self._beside("key.new"), os.urandom(KEY_BYTES))

    def end_anew(self, *, keep_old: bool) -> None:
        """Forget the present key for the next, or keep it for what could not be sealed anew."""
        if keep_old and os.path.exists(self._beside("key")):
            os.replace(self._beside("key"), self._beside("key.old"))
        os.replace(self._beside("key.new"), self._beside("key"))
        if not keep_old:
            delete(self._beside("key.old"))

    def forget_sibling(self) -> None:
        """Delete the keys that lie beside; nothing is sealed with them any more."""
        for place in PLACES:
            delete(self._beside(place))

    # -- the keepers

    def _beside(self, place: str) -> str:
        return os.path.join(self.folder, place)

    def _beside_now(self) -> bytes | None:
        for place in ("key.new", "key"):
            key = read_own(self._beside(place)) or b""
            if len(key) == KEY_BYTES:
                return key
        return None

    def _make(self, keeper: str) -> bytes:
        key = os.urandom(KEY_BYTES)
        if keeper == "sibling":
            write_whole(self._beside("key"), key)
        elif _keyring("set", self.folder, key) != key:
            raise StorageError("The system's keyring did not keep the key. Unlock it, or set DAYPASS_KEY_FILE.")
        return key

    def _in_keyring(self) -> bytes | None:
        """The key, None when the keyring has none. A keyring that does not answer may do so later: what it seals stays where it is."""
        kept = _keyring("get", self.folder)
        if kept is None:
            raise StorageError(
                f"The system's keyring, with the key of {self.folder}, does not answer. "
                "Unlock it, or set DAYPASS_KEY_FILE and sign in again."
            )
        return kept if len(kept) == KEY_BYTES else None

    def _from_file(self) -> bytes:
        if not self._key_file:
            reason = "the stored sign-in is sealed with a key file, and none is named here: name it, or sign in again without it"
            raise ConfigError("DAYPASS_KEY_FILE", reason, ("environment",))
        try:
            content, found = read_file(self._key_file)
        except OSError as error:
            reason = f"cannot read {self._key_file} ({error.strerror}): name a file that can be read, or unset it and sign in again"
            raise ConfigError("DAYPASS_KEY_FILE", reason) from None
        if found.st_mode & stat.S_IWOTH:
            raise ConfigError("DAYPASS_KEY_FILE", f"every user can write {self._key_file}: close it (chmod 600)")
        key = _as_key(content)
        if key is None:
            raise ConfigError("DAYPASS_KEY_FILE", f"{self._key_file} must hold 32 bytes, raw or in base64 (openssl rand -base64 32)")
        return key

    def _from_command(self) -> bytes:
        """What the key command prints; it is run without a shell, and what it says on stderr is not repeated: it may be secret."""
        import shlex
        import subprocess

        if not self._command:
            reason = "the stored sign-in is sealed with a key command's key, and none is named here: name it, or sign in again without it"
            raise ConfigError("DAYPASS_KEY_COMMAND", reason, ("environment",))
        try:
            words = shlex.split(self._command)
            if not words or not os.path.isabs(words[0]):
                raise ConfigError("DAYPASS_KEY_COMMAND", "must begin with the whole path of a program")
            done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, timeout=COMMAND_SECONDS, check=False)
        except ValueError:
            raise ConfigError("DAYPASS_KEY_COMMAND", "has a quotation that does not end") from None
        except subprocess.TimeoutExpired:
            raise StorageError(f"The key command did not end within {COMMAND_SECONDS:.0f} seconds. Run it by hand to see why.") from None
        except OSError as error:
            raise ConfigError("DAYPASS_KEY_COMMAND", f"cannot be run ({error.strerror})") from None
        key = _as_key(done.stdout)
        if done.returncode or key is None:
            what = f"ended with {done.returncode}" if done.returncode else "did not print 32 bytes, raw or in base64"
            raise StorageError(f"The key command {what}. Run it by hand to see why; nothing was changed.")
        return key

    def _of_passphrase(self, salt: bytes, log_n: int) -> bytes:
        if salt not in self._made:
            self._made[salt] = scrypt(self._secret(), salt, log_n)
        return self._made[salt]

    def _secret(self) -> str:
        if not self._passphrase:
            if self._passphrase_file:
                self._passphrase = passphrase_in(self._passphrase_file)
            elif self._ask:
                self._passphrase = self._ask()
            else:
                reason = "the sign-in is sealed with a passphrase, and nobody is here to type it: name a file that holds it"
                raise ConfigError("DAYPASS_PASSPHRASE_FILE", reason, ("environment",))
        return self._passphrase


def passphrase_in(path: str) -> str:
    """The passphrase that a file holds, its last line break left out; ConfigError when it cannot be read or is empty."""
    try:
        content, _ = read_file(path)
        text = content.decode().rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ConfigError("DAYPASS_PASSPHRASE_FILE", f"cannot read {path} ({reason})") from None
    if not text or len(text) > LONGEST_PASSPHRASE:
        raise ConfigError("DAYPASS_PASSPHRASE_FILE", f"{path} holds no passphrase of 1 to {LONGEST_PASSPHRASE} characters")
    return text


def systemd_key(environ: Mapping[str, str]) -> str:
    """The key file that systemd hands to a service (`LoadCredentialEncrypted=daypass-key`), "" when there is none."""
    path = os.path.join(environ.get("CREDENTIALS_DIRECTORY", ""), "daypass-key")
    return path if environ.get("CREDENTIALS_DIRECTORY") and os.path.exists(path) else ""


def _as_key(content: bytes) -> bytes | None:
    if len(content) == KEY_BYTES:
        return content
    import base64
    import binascii

    with suppress(binascii.Error, ValueError):
        key = base64.b64decode(content.strip(), validate=True)
        if len(key) == KEY_BYTES:
            return key
    return None


KEYRING_CHILD = """
import base64, sys
import keyring
verb, name = sys.argv[1:]
if verb == "probe":
    kind = type(keyring.get_keyring()).__module__
    sys.exit("fail" in kind or "null" in kind or "plaintext" in kind.lower())
if verb == "set":
    keyring.set_password("daypass", name, sys.stdin.read())
print(keyring.get_password("daypass", name) or "")
"""


def _keyring(verb: str, folder: str, key: bytes = b"") -> bytes | None:
    """Ask the system's keyring in a child process, for it may hang for ever on a machine without a session.

    The verbs: `probe` (is there one worth using?), `get`, `set`. Answers what is kept now, b"" for nothing; None when there
    is no keyring, or it does not answer.
    """
    from importlib.util import find_spec

    if find_spec("keyring") is None:
        return None
    import base64
    import binascii
    import subprocess

    command = [sys.executable, "-I", "-c", KEYRING_CHILD, verb, f"vault key of {folder}"]
    try:
        done = subprocess.run(
            command, input=base64.b64encode(key).decode(), capture_output=True, text=True, timeout=KEYRING_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    if done.returncode:
        return None
    try:
        return base64.b64decode(done.stdout.strip(), validate=True)
    except binascii.Error:
        return b""  # somebody else's
