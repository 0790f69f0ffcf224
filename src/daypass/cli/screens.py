"""What is shown while somebody signs in: to a person on a terminal, to a person who listens, or to a program as events."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, Protocol

from ..auth.methods import METHODS, WORDS
from ..model.text import clean
from ..value import Value
from .bigtext import big

if TYPE_CHECKING:
    from ..auth.device import DeviceCode
    from ..auth.tokens import Account
    from ..config import Settings
    from .look import Look

WARNING = "Only type this code if you started this sign-in yourself, here, just now.\nNobody will ever send you one."
WARNING_ABOUT_ADDRESS = "Paste it here and nowhere else: whoever has that address can sign in as you."
MEANING = {
    "User.Read": "see who you are",
    "Calendars.ReadBasic": "see titles, times and places in your calendar",
    "Calendars.Read": "read your calendar",
    "Calendars.ReadWrite": "read and change your calendar",
    "Calendars.Read.Shared": "read calendars shared with you",
    "Calendars.ReadWrite.Shared": "change calendars shared with you",
    "User.RevokeSessions.All": "end your sign-ins everywhere",
}
LARGE_FROM_ROWS, QR_FROM_ROWS = 20, 38
NATO = (
    "Alfa Bravo Charlie Delta Echo Foxtrot Golf Hotel India Juliett Kilo Lima Mike November Oscar Papa Quebec Romeo Sierra Tango Uniform "
    "Victor Whiskey X-ray Yankee Zulu"
).split()


class Purpose(Value):
    """What a sign-in is for: the permissions asked for, and the settings it is made with."""

    scopes: tuple[str, ...]
    settings: Settings


class Screen(Protocol):
    """What happens during a sign-in, as it happens; seconds count from now."""

    def code(self, code: DeviceCode) -> None:
        """A code is to be typed on another device."""
        ...

    def tick(self, left_seconds: float) -> None:
        """Time has passed."""
        ...

    def note(self, text: str) -> None:
        """Something else that is worth a line."""
        ...

    def done(self, account: Account, method: str) -> None:
        """Somebody, or the app, is signed in."""
        ...


class Person:
    """For a person: on a terminal large, with a countdown and keys; plainly for one who listens, or where stderr is no terminal."""

    def __init__(self, look: Look, purpose: Purpose, methods: tuple[str, ...]) -> None:
        self._look, self._purpose, self._methods = look, purpose, methods
        self._now, self._ticking = "", False
        self.address = ""  # what a QR code may lead to

    def code(self, code: DeviceCode) -> None:
        """Show the code, large where that fits, and what it is for."""
        look, spoken = self._look, clean(code.user_code)
        minutes = max(1, round((code.expires_at - time.time()) / 60))
        self._now, self.address = "device", code.verification_uri
        lines = [
            f"To sign in, open  {look.bold(clean(code.verification_uri))}",
            f"and enter code    {look.bold(spoken)}    (good for {minutes} minutes)",
            "",
        ]
        if look.plain:
            lines += [f"Spelled out: {spelled(spoken)}.", ""]
        elif look.unicode and look.height >= LARGE_FROM_ROWS and (large := big(spoken, look.width - 4)):
            lines += [*(f"    {look.bold(line)}" for line in large), ""]
        if code.message and not code.message.startswith("To sign in, use a web browser"):  # it came in another language
            lines += [clean(code.message), ""]
        self._write([*lines, *self._purpose_lines(), WARNING, ""])
        if look.terminal and look.unicode and not look.plain and look.height >= QR_FROM_ROWS:
            self.qr(code.verification_uri)
        self._waiting("Waiting for you to finish there")

    def page(self, method: str, url: str, tunnel: str, *, opened: bool) -> None:
        """Say which page is to be visited, and how its answer gets here."""
        look = self._look
        self._now, self.address = method, ""
        if tunnel:
            self._write(
                [
                    "On the machine where your browser is, run this and leave it running:",
                    f"    {look.bold(tunnel)}",
                    "It leads the answer of the sign-in to this terminal. Then open there:",
                    f"    {look.bold(clean(url))}",
                ]
            )
        elif opened:
            self._write(["Your browser has been opened to sign in. If it shows nothing, open there:", f"    {look.faint(clean(url))}"])
        else:
            self._write(["To sign in, open in your browser:", f"    {look.bold(clean(url))}"])
        self._write(["", *self._purpose_lines(), ""])
        if method == "paste":
            told = "Your browser will end at an address it cannot open, which begins with http://localhost. That is right."
            self._write([told, WARNING_ABOUT_ADDRESS])
        else:
            self._waiting("Waiting for your browser")

    def qr(self, url: str) -> None:
        """Show an address as a QR code; never the code to be typed (RFC 8628, section 3.3.1)."""
        import segno

        self._clear()
        segno.make_qr(url, error="l").terminal(sys.stderr, border=2, compact=True)
        self._write([f"    {clean(url)}"])

    def tick(self, left_seconds: float) -> None:
        """Count down, on one line that is written again and again; not for those who listen."""
        if not self._look.terminal or self._look.plain:
            return
        keys = "  ".join(self._keys())
        left = max(0, int(left_seconds))
        self._ticking = True
        sys.stderr.write(f"\r\x1b[K{left // 60}:{left % 60:02} left   {self._look.faint(keys)}")
        sys.stderr.flush()

    def note(self, text: str) -> None:
        """A line between."""
        self._clear()
        self._write([text])

    def done(self, account: Account, method: str) -> None:
        """Say who is signed in."""
        self._clear()
        who = f"{clean(account.name)} ({clean(account.username)})" if account.home_account_id else f"the app {clean(account.username)}"
        not_you = ["Not you? daypass logout forgets it."] if self._look.terminal and account.home_account_id else []
        self._write([f"Signed in as {who}, {WORDS[method]}.", *not_you, ""])

    def _keys(self) -> list[str]:
        keys = {"c": "copy", **({"q": "QR code"} if self.address else {})}
        keys |= {rung.key: rung.name for rung in METHODS if rung.name in self._methods and rung.name != self._now}
        return [*(f"[{key}] {word}" for key, word in keys.items()), "[Esc] stop"]

    def _purpose_lines(self) -> list[str]:
        settings, scopes = self._purpose.settings, self._purpose.scopes
        asks = [f"This asks for {', '.join(scopes)}"] if scopes else ["This asks who you are, and for nothing more"]
        meant = [MEANING[scope] for scope in scopes if scope in MEANING]
        where = f"in tenant {settings.tenant_id}" if settings.signs_in_at.has_mailboxes else f"at {settings.authority}"
        named = f", profile {settings.profile}" if settings.profile_key else ""
        means = [f"({'; '.join(meant)})"] if meant else []
        return [*asks, *means, f"{clean(where)}, for app {clean(settings.client_id)}{named}."]

    def _waiting(self, text: str) -> None:
        self._write([f"{text} ... (Ctrl-C stops)"])
        if self._look.terminal and self._look.plain:
            self._write([f"Keys: {', '.join(self._keys())}."])

    def _write(self, lines: list[str]) -> None:
        sys.stderr.write("".join(f"{line}\n" for line in lines))
        sys.stderr.flush()

    def _clear(self) -> None:
        if self._ticking:
            sys.stderr.write("\r\x1b[K")
            self._ticking = False


class Events:
    """For a program: one JSON document a line, on stderr. Nothing that is secret once it has been used stands in one."""

    def __init__(self, purpose: Purpose) -> None:
        self._purpose = purpose

    def code(self, code: DeviceCode) -> None:
        """`code`: what must be shown to the person."""
        self._say(
            "code", user_code=code.user_code, verification_uri=code.verification_uri, expires_at=code.expires_at, interval=code.interval
        )

    def page(self, method: str, url: str, tunnel: str, *, opened: bool) -> None:
        """`page`: where the person's browser must go."""
        self._say("page", method=method, url=url, tunnel=tunnel or None, opened=opened)

    def tick(self, left_seconds: float) -> None:
        """Nothing: programs have clocks."""

    def note(self, text: str) -> None:
        """`note`: a sentence for a log."""
        self._say("note", text=text)

    def done(self, account: Account, method: str) -> None:
        """`signed_in`: who, and how."""
        self._say("signed_in", user=account.username, name=account.name, tenant_id=account.tenant_id, method=method)

    def failed(self, code: str, message: str) -> None:
        """`failed`: the error's code and message; the whole of it follows as every command reports it."""
        self._say("failed", code=code, message=message)

    def began(self, method: str) -> None:
        """`began`: which way is tried, for what."""
        settings = self._purpose.settings
        facts = {"client_id": settings.client_id, "tenant_id": settings.tenant_id, "profile": settings.profile}
        self._say("began", method=method, words=WORDS[method], scopes=list(self._purpose.scopes), **facts)

    def _say(self, event: str, **facts: object) -> None:
        sys.stderr.write(json.dumps({"schema": "daypass.sign_in/1", "event": event, **facts}) + "\n")
        sys.stderr.flush()


def spelled(code: str) -> str:
    """A code as it is read out: letters by the ICAO spelling alphabet, digits as they are."""
    words = {word[0]: word for word in NATO}
    return ", ".join(words.get(letter, letter) for letter in code.upper())
