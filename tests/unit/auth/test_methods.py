"""The ladder: what is worth trying where, and the line that leads a browser's answer through SSH."""

from __future__ import annotations

import pytest

from daypass.auth.methods import METHODS, Place, ladder, method_named, place_of, tunnel


@pytest.mark.parametrize(
    ("place", "blocked", "names"),
    [
        (Place(browser=True), (), ["browser", "device"]),
        (Place(ssh=True), (), ["relay", "device"]),
        (Place(browser=True, ssh=True), (), ["browser", "relay", "device"]),
        (Place(container=True), (), ["device"]),
        (Place(browser=True), ("browser",), ["device", "browser"]),
        (Place(ssh=True), ("relay", "device"), ["relay", "device"]),
        (Place(), ("device",), ["device"]),
    ],
)
def test_the_best_comes_first_and_what_is_refused_last(place: Place, blocked: tuple[str, ...], names: list[str]) -> None:
    assert [method.name for method in ladder(place, frozenset(blocked))] == names


@pytest.mark.parametrize(
    ("environ", "platform", "browser", "ssh"),
    [
        ({}, "linux", False, False),
        ({"DISPLAY": ":0"}, "linux", True, False),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", True, False),
        ({"DISPLAY": "localhost:10.0", "SSH_CONNECTION": "a 1 b 22"}, "linux", False, True),
        ({"SSH_TTY": "/dev/pts/0"}, "darwin", False, True),
        ({}, "darwin", True, False),
        ({"WSL_DISTRO_NAME": "Debian"}, "linux", True, False),
        ({"BROWSER": "/helper"}, "linux", True, False),
        ({"BROWSER": "/helper", "SSH_CONNECTION": "a 1 b 22"}, "linux", True, True),
        ({"DISPLAY": ""}, "linux", False, False),
    ],
)
def test_where_this_is(environ: dict[str, str], platform: str, browser: bool, ssh: bool) -> None:
    place = place_of(environ, platform, container=False)
    assert (place.browser, place.ssh) == (browser, ssh)


@pytest.mark.parametrize(
    ("connection", "line"),
    [
        ("198.51.100.7 51514 203.0.113.9 22", "ssh -N -L 8400:127.0.0.1:8400 megan@203.0.113.9"),
        ("198.51.100.7 51514 203.0.113.9 2222", "ssh -N -L 8400:127.0.0.1:8400 -p 2222 megan@203.0.113.9"),
        ("2001:db8::7 51514 2001:db8::9 22", "ssh -N -L 8400:127.0.0.1:8400 megan@2001:db8::9"),
        ("", "ssh -N -L 8400:127.0.0.1:8400 megan@this-machine"),
        ("nonsense", "ssh -N -L 8400:127.0.0.1:8400 megan@this-machine"),
        ("1.2.3.4 1 $(reboot) 22", "ssh -N -L 8400:127.0.0.1:8400 megan@this-machine"),
        ("1.2.3.4 1 203.0.113.9 22;reboot", "ssh -N -L 8400:127.0.0.1:8400 megan@this-machine"),
    ],
)
def test_the_line_for_the_tunnel(connection: str, line: str) -> None:
    assert tunnel({"SSH_CONNECTION": connection}, 8400, "megan") == line


def test_each_rung_has_its_own_key_and_name() -> None:
    assert len({method.key for method in METHODS}) == len({method.name for method in METHODS}) == len(METHODS)
    assert method_named("device").key == "d"
    assert not {method.key for method in METHODS} & {"c", "q"}
