"""Signing a person in: one rung of the ladder after another, as the person steps, and what is learnt on the way."""

from __future__ import annotations

import getpass
import os
import sys
import time
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from ..auth.methods import METHODS, Place, ladder, place_of, tunnel
from ..auth.wanted import Expected, Wanted
from ..config import contradiction
from ..errors import AppMisconfigured, AuthError, BlockedByPolicy, DaypassError, DeviceCodeExpired, UsageError
from ..profiles import Profile
from ..value import Value
from .look import look, person_is_there
from .screens import Events, Person, Purpose
from .terminal import ESCAPE, Keyboard, copy, open_browser

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..app import App
    from ..auth.device import DeviceCode
    from ..auth.tokens import Account
    from ..credentials.people import BrowserQuestion
    from ..loopback import Loopback, Visit

CODES_AT_MOST = 4  # the first, and three more on request
BROWSER_SECONDS = 900.0
BEAT_SECONDS = 0.1
RELAY_PORT = 8400
LONGEST_ADDRESS = 16_384


class Choice(Value):
    """How a person wants to sign in: by one `method` or down the ladder, seen as `plain` text or `events`, on a `port` of their choice."""

    method: str = ""
    plain: bool = False
    events: bool = False
    port: int = 0


def sign_in(app: App, wanted: Wanted, choice: Choice | None = None) -> Account:
    """Sign a person in, and remember with which profile; an expired code is replaced on request. Raises AuthError, UsageError."""
    app.vault.prove_writable()  # before anybody is sent away to sign in
    expected = wanted.expected if wanted.expected != Expected() else pins(app)
    return _Ladder(app, wanted.replace(expected=expected), choice or Choice(), os.environ).run()


def pins(app: App) -> Expected:
    """Who must sign in with this profile, as it was pinned."""
    profile = app.profiles.get(app.settings.profile)
    return Expected(user=profile.pinned_user, tenant_id=profile.pinned_tenant) if profile else Expected()


def remember(app: App, account: Account, method: str, expected: Expected) -> None:
    """Let the profile know who signed in, how and with what; an earlier one's pins stay unless there are new ones."""
    settings, before = app.settings, app.profiles.get(app.settings.profile)
    kept = before or Profile(settings.profile, settings.profile_key)
    app.profiles.keep(
        kept.replace(
            settings=settings.remembered(),
            pinned_user=expected.user or kept.pinned_user,
            pinned_tenant=expected.tenant_id or kept.pinned_tenant,
            user=account.username,
            tenant_id=account.tenant_id,
            method=method,
            signed_in_at=time.time(),
        )
    )


class _Ladder:
    """One sign-in of a person's."""

    def __init__(self, app: App, wanted: Wanted, choice: Choice, environ: Mapping[str, str]) -> None:
        self._app, self._wanted, self._choice, self._environ = app, wanted, choice, environ
        self._tenant = app.settings.signs_in_at.url
        self._place = place_here(environ)
        self._habits = app.profiles.habits(self._tenant)
        self._rungs = ladder(self._place, frozenset(self._habits.blocked))
        purpose = Purpose(wanted.scopes, app.settings)
        self._events = Events(purpose) if choice.events else None
        names = tuple(rung.name for rung in METHODS if rung.name != "browser" or self._place.browser)
        self._person = Person(look(environ, plain=choice.plain), purpose, names)
        self._screen = self._events or self._person
        self._keyboard = Keyboard()
        self._codes, self._copied, self._ends_at = 0, "", 0.0

    def run(self) -> Account:
        """Begin with the rung that was chosen, or the best; step as the person does."""
        method = self._first()
        while True:
            if self._events:
                self._events.began(method)
            try:
                with self._keyboard:
                    account = self._by(method)()
            except KeyboardInterrupt as stop:
                if not stop.args:
                    raise
                method = str(stop.args[0])  # the person stepped to another rung
                self._screen.note("")
                continue
            except DeviceCodeExpired:
                if self._codes >= CODES_AT_MOST or not person_is_there() or not self._wants_another():
                    raise
                continue
            except AuthError as error:
                error.flow = "D" if method == "device" else "A"
                self._learn(method, error)
                raise
            self._learn(method, None)
            remember(self._app, account, method, self._wanted.expected)
            self._screen.done(account, method)
            if told := contradiction(self._app.settings, self._environ):
                self._screen.note(told)
            return account

    def _first(self) -> str:
        if self._choice.method:
            return self._choice.method
        if not person_is_there():
            raise UsageError(
                "nobody is at a terminal here, so the way to sign in must be said",
                ("daypass login --device", "daypass login --app --certificate FILE", "daypass login --help"),
            )
        first, blocked = self._rungs[0].name, self._habits.blocked
        if blocked:
            names = ", ".join(f"{name} (AADSTS{code})" if code else name for name, code in sorted(blocked.items()))
            self._screen.note(f"This tenant refused before: {names}. Beginning with: {self._rungs[0].words}.")
        return first

    def _by(self, method: str) -> Callable[[], Account]:
        return {"device": self._device, "browser": self._browser, "relay": self._relay, "paste": self._paste}[method]

    # -- the rungs

    def _device(self) -> Account:
        self._codes += 1
        return self._app.credentials_that_wait(self._pause).sign_in_by_device_code(self._wanted, self._show_code)

    def _show_code(self, code: DeviceCode) -> None:
        self._copied, self._ends_at = code.user_code, code.expires_at
        self._screen.code(code)

    def _browser(self) -> Account:
        with self._listening(self._choice.port) as loopback:
            question = self._ask(loopback.uri)
            loopback.leads_to = question.url
            opened = open_browser(loopback.uri)  # which leads on: what a program is started with, others can see
            self._show_page("browser", question.url, loopback.uri, opened=opened)
            return self._await(loopback, question, "browser")

    def _relay(self) -> Account:
        with self._listening(self._choice.port or RELAY_PORT) as loopback:
            question = self._ask(loopback.uri)
            loopback.leads_to = question.url
            command = tunnel(self._environ, loopback.port, getpass.getuser())
            self._show_page("relay", question.url, loopback.uri, command)
            return self._await(loopback, question, "relay")

    def _paste(self) -> Account:
        if not self._keyboard.files:
            raise UsageError("pasting an address needs somebody at a terminal", ("daypass login --device",))
        question = self._ask("http://localhost", mode="query")
        self._show_page("paste", question.url, "")
        while True:
            typed = self._keyboard.line("Its whole address (Esc, then Enter, stops): ", LONGEST_ADDRESS)
            if not typed:
                raise KeyboardInterrupt
            answer = dict(parse_qsl(urlsplit(typed).query))
            if question.fits(answer):
                return self._app.credentials.keep_answer(question, answer, "paste")
            self._screen.note(
                "That is not where this sign-in ends: the address begins with http://localhost and has code= and state= in it."
            )

    def _show_page(self, method: str, url: str, short: str, command: str = "", *, opened: bool = False) -> None:
        self._copied = url if self._events else short or url
        if self._events:
            self._events.page(method, url, command, opened=opened)
        else:
            self._person.page(method, short or url, command, opened=opened)

    def _listening(self, port: int) -> Loopback:
        from ..loopback import Loopback

        return Loopback(port)

    def _ask(self, redirect_uri: str, mode: str = "form_post") -> BrowserQuestion:
        question = self._app.credentials.ask_browser(self._wanted, redirect_uri, mode)
        self._ends_at = time.time() + BROWSER_SECONDS
        return question

    def _await(self, loopback: Loopback, question: BrowserQuestion, method: str) -> Account:
        while (left := self._ends_at - time.time()) > 0:
            self._screen.tick(left)
            visit = loopback.wait(min(1.0, left), question.fits, self._keyboard.files)
            if visit is None:
                self._heed(self._keyboard.wait(0))
                continue
            with visit:
                return self._received(visit, question, method)
        raise AuthError("nobody finished the sign-in in the browser in time; nothing was kept", error="expired_token")

    def _received(self, visit: Visit, question: BrowserQuestion, method: str) -> Account:
        try:
            account = self._app.credentials.keep_answer(question, visit.fields, method)
        except DaypassError as error:
            visit.turn_away("The sign-in failed", f"{error} Go back to the terminal for what to do.")
            raise
        visit.welcome(f"Signed in as {account.name}", "You can close this page and go back to the terminal.")
        return account

    # -- the person

    def _pause(self, seconds: float) -> None:
        """Let time pass between two polls; the person may press keys, and time ticks."""
        if not self._keyboard.files and self._events:
            time.sleep(seconds)
            return
        ends_at = time.time() + seconds
        while (left := ends_at - time.time()) > 0:
            self._screen.tick(self._ends_at - time.time())
            if self._keyboard.files:
                self._heed(self._keyboard.wait(min(1.0, left)))
            else:
                time.sleep(min(1.0, left))

    def _heed(self, key: str) -> None:
        if key == ESCAPE:
            raise KeyboardInterrupt
        if key == "c":
            copy(self._copied, self._environ)
            self._screen.note("Copied.")
        elif key == "q" and self._person.address:
            self._person.qr(self._person.address)
        else:
            for rung in METHODS:
                if key == rung.key and (rung.name != "browser" or self._place.browser):
                    raise KeyboardInterrupt(rung.name)

    def _wants_another(self) -> bool:
        sys.stderr.write("The code ran out before it was used. Get a new one? [Y/n] ")
        sys.stderr.flush()
        answer = sys.stdin.readline()
        return bool(answer) and answer.strip().lower() in ("", "y", "yes")

    def _learn(self, method: str, error: AuthError | None) -> None:
        """Remember that this tenant refuses a way of signing in, or does not any more, and what it said."""
        blocked = {name: code for name, code in self._habits.blocked.items() if name != method}
        if isinstance(error, BlockedByPolicy | AppMisconfigured) and method == "device":
            blocked[method] = error.code
            others = [rung.name for rung in self._rungs if rung.name not in blocked] or ["browser"]
            error.cure = f"daypass login --{others[0]}"
        elif error is not None:
            blocked = dict(self._habits.blocked)
        habits = self._habits.replace(blocked=blocked, refusal=self._refusal(method, error) if error else {})
        self._app.profiles.learn(self._tenant, habits)

    def _refusal(self, method: str, error: AuthError) -> dict[str, str]:
        told = {name: str(getattr(error, name)) for name in ("error", "code", "correlation_id", "timestamp")}
        return {**told, "message": str(error), "method": method, "client_id": self._app.settings.client_id}


def place_here(environ: Mapping[str, str]) -> Place:
    """Where this process runs."""
    container = os.path.exists("/.dockerenv") or os.path.exists("/run/.containerenv") or "KUBERNETES_SERVICE_HOST" in environ
    return place_of(environ, sys.platform, container=container)
