"""The person's terminal: what it can show, keys as they are pressed, the clipboard, and a browser if there is one."""

from __future__ import annotations

import base64
import os
import sys
from typing import TYPE_CHECKING, Any

from .look import person_is_there

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType
    from typing import Self

ESCAPE = "\x1b"
COPY_SECONDS, OPEN_SECONDS = 2.0, 1.0
# Programs that take the clipboard's new content on stdin, by what they need; where none is there the terminal is asked (OSC 52).
COPIERS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("WAYLAND_DISPLAY", "wl-copy", ()),
    ("DISPLAY", "xclip", ("-selection", "clipboard")),
    ("DISPLAY", "xsel", ("--clipboard", "--input")),
    ("", "pbcopy", ()),
    ("WSL_DISTRO_NAME", "clip.exe", ()),
)


class Keyboard:
    """Keys as they are pressed, while this is entered; nothing where nobody types."""

    def __init__(self) -> None:
        self._before: list[Any] | None = None

    def __enter__(self) -> Self:
        if person_is_there():
            import termios
            import tty

            self._before = termios.tcgetattr(sys.stdin.fileno())
            tty.setcbreak(sys.stdin.fileno())
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._before is not None:
            import termios

            termios.tcsetattr(sys.stdin.fileno(), termios.TCSADRAIN, self._before)
            self._before = None

    @property
    def files(self) -> tuple[int, ...]:
        """What to watch for keys."""
        return () if self._before is None else (sys.stdin.fileno(),)

    def wait(self, seconds: float) -> str:
        """The key that is pressed within so many seconds, "" for none; of keys that send several characters only ESCAPE is told."""
        import select

        if not select.select(self.files, (), (), max(0.0, seconds))[0]:
            return ""
        typed = os.read(self.files[0], 32).decode(errors="replace")
        return typed.lower() if len(typed) == 1 else ""

    def line(self, prompt: str, most: int) -> str:
        """A line typed in answer to a prompt, echoed; a long one too, which a terminal's own line editing would cut off."""
        sys.stderr.write(prompt)
        sys.stderr.flush()
        typed = b""
        while not typed.endswith((b"\n", b"\r", ESCAPE.encode())) and len(typed) < most:
            more = os.read(sys.stdin.fileno(), 4096)
            if not more:
                break
            typed += more
        sys.stderr.write("\n")
        return "" if typed.endswith(ESCAPE.encode()) else typed.decode(errors="replace").strip()


def copy(text: str, environ: Mapping[str, str]) -> None:
    """Put a text on the clipboard: by the desktop's own program, else by asking the terminal, which works over SSH too (xterm: OSC 52)."""
    import shutil
    import subprocess

    for needs, program, options in COPIERS:
        path = shutil.which(program) if not needs or environ.get(needs) else None
        if path:
            try:
                done = subprocess.run(
                    [path, *options],
                    input=text.encode(),
                    timeout=COPY_SECONDS,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    check=False,
                )
            except (OSError, subprocess.TimeoutExpired):
                continue
            if done.returncode == 0:
                return
    sys.stderr.write(f"\x1b]52;c;{base64.b64encode(text.encode()).decode()}\x07")
    sys.stderr.flush()


OPENER = "import sys, webbrowser; sys.exit(not webbrowser.open(sys.argv[1]))"


def open_browser(url: str) -> bool:
    """Show a page in the person's browser, and say whether that began well.

    In a process of its own without this terminal: some browsers stay until they are closed, some write, and some would fill the screen.
    """
    import subprocess

    nowhere = subprocess.DEVNULL
    command = [sys.executable, "-I", "-c", OPENER, url]
    opener = subprocess.Popen(command, stdin=nowhere, stdout=nowhere, stderr=nowhere, start_new_session=True)
    try:
        return opener.wait(OPEN_SECONDS) == 0
    except subprocess.TimeoutExpired:
        return True
