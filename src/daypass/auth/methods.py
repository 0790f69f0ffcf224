"""The ladder of ways to sign in, as a table: which there are, when each can be tried, and which comes after which.

  rung              the person's browser is         offered when
  ----------------  ------------------------------  ------------------------------------------------------------
  browser           on this machine                 a browser can be opened here
  relay             elsewhere, its answer forwarded  over SSH: `ssh -L` leads it here
  device            anywhere, with a code to type    always, unless the tenant is known to refuse it
  paste             elsewhere, its address pasted    when asked for: the last resort

Rungs from the top down are tried by the person, who can step to another while one waits; nothing is guessed where nobody is there.
Device code comes after the others because it can be phished and is blocked in many tenants (RFC 10027, section 6; Microsoft Entra
Conditional Access: authentication flows). An app signs in as itself in the ways of APP_METHODS, without a person.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..value import Value


class Place(Value):
    """Where daypass runs: whether a browser can be opened here, whether somebody is here over SSH, whether in a container."""

    browser: bool = False
    ssh: bool = False
    container: bool = False


class Method(Value):
    """A way for a person to sign in: its `name` (the option's, too), the `key` that switches to it while another waits, what it is."""

    name: str
    key: str
    words: str
    fits: Callable[[Place], bool]


METHODS = (
    Method("browser", "b", "in a browser on this machine", lambda place: place.browser),
    Method("relay", "r", "in your own browser, through an SSH tunnel", lambda place: place.ssh),
    Method("device", "d", "by a code typed on another device", lambda place: True),
    Method("paste", "p", "in any browser, whose last address is pasted here", lambda place: False),
)
APP_METHODS: Mapping[str, str] = {
    "secret": "as an app, with its secret",
    "certificate": "as an app, with its certificate",
    "federated": "as an app, with a token of its platform",
    "managed_identity": "as the managed identity of this machine",
}
IN_ADDRESS = frozenset("0123456789abcdefABCDEF:.")
GIVEN = "token"  # a token that somebody else got
WORDS: Mapping[str, str] = {**{method.name: method.words for method in METHODS}, **APP_METHODS, GIVEN: "with a token that was given"}


def ladder(place: Place, blocked: frozenset[str] = frozenset()) -> tuple[Method, ...]:
    """The rungs worth trying here, the best first; those that the tenant is known to refuse come last."""
    fitting = [method for method in METHODS if method.fits(place)]
    return (*(method for method in fitting if method.name not in blocked), *(method for method in fitting if method.name in blocked))


def method_named(name: str) -> Method:
    """A rung by its name; LookupError for none."""
    return next(method for method in METHODS if method.name == name)


def place_of(environ: Mapping[str, str], platform: str, *, container: bool) -> Place:
    """Where a process with this environment runs, on `linux`, `darwin` or another platform.

    A desktop is seen by its display; BROWSER, which names a program to show pages with, stands for one, as in Codespaces and under WSL.
    """
    ssh = bool(environ.get("SSH_CONNECTION") or environ.get("SSH_TTY"))
    desktop = bool(environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY")) if platform == "linux" else platform in ("darwin", "win32")
    windows_beside = bool(environ.get("WSL_DISTRO_NAME"))
    return Place(bool(environ.get("BROWSER")) or ((desktop or windows_beside) and not ssh), ssh, container)


def tunnel(environ: Mapping[str, str], port: int, user: str) -> str:
    """The command that leads the browser's answer here, to be run where the browser is; as SSH_CONNECTION tells (ssh(1))."""
    parts = environ.get("SSH_CONNECTION", "").split()
    sensible = len(parts) == 4 and set(parts[2]) <= IN_ADDRESS and parts[3].isdecimal()  # it is to be run: nothing else gets in
    host, ssh_port = (parts[2], parts[3]) if sensible else ("this-machine", "22")
    other_port = f" -p {ssh_port}" if ssh_port != "22" else ""
    return f"ssh -N -L {port}:127.0.0.1:{port}{other_port} {user}@{host}"
