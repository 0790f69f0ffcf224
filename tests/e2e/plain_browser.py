"""A browser without a screen: goes to pages over HTTP, keeps cookies, presses buttons, and follows where it is sent.

Needs the standard library alone, so that programs in other environments can use it. It knows the pages of the sandbox and those of the
issuer in `foreign_issuer`, which asks for any name and password. Run as a program, it is what other libraries open
(`BROWSER="python plain_browser.py open %s &"`: the answer is brought back to whoever opened it), or tells where the browser was sent.
"""

from __future__ import annotations

import json
import re
import ssl
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.message import Message
from html.parser import HTMLParser
from http.cookiejar import CookieJar
from typing import NamedTuple
from urllib.error import HTTPError
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit
from urllib.request import HTTPCookieProcessor, HTTPRedirectHandler, HTTPSHandler, Request, build_opener

PATIENCE_SECONDS = 20.0
MOST_REDIRECTS = 20
MOST_STEPS = 10
BUTTONS = ("Sign-in", "Accept", "Next", "Continue")  # those that lead on, of the pages of either


class Landing(NamedTuple):
    """How a browser is to come to an address: a GET of it as it stands, or a POST of these fields."""

    url: str
    posted: dict[str, str] | None = None

    @property
    def answer(self) -> dict[str, str]:
        """The parameters that are brought, in whichever way."""
        parts = urlsplit(self.url)
        return self.posted if self.posted is not None else dict(parse_qsl(parts.query or parts.fragment))


@dataclass
class Form:
    """A form of a page: where it goes, what it holds, and its buttons: what is written on each, and what it adds to the fields."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, dict[str, str]]] = field(default_factory=list)


class _Reader(HTMLParser):
    """Finds the forms of a page."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._url, self._by_id = url, dict[str, Form]()
        self._button: tuple[Form, dict[str, str]] | None = None
        self._written = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        named = {said["name"]: said.get("value", "")} if said.get("name") else {}
        if tag == "form":
            self.forms.append(Form(urljoin(self._url, said.get("action") or self._url), said.get("method", "get").upper()))
            self._by_id[said.get("id", "")] = self.forms[-1]
        elif tag == "input" and self.forms:
            self.forms[-1].fields.update(named)
        elif tag == "button" and self.forms:
            self._button, self._written = (self._by_id.get(said.get("form", ""), self.forms[-1]), named), ""

    def handle_data(self, data: str) -> None:
        self._written += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "button" and self._button:
            form, adds = self._button
            form.buttons.append((" ".join(self._written.split()), adds))
            self._button = None


@dataclass
class Page:
    """What a browser shows."""

    url: str
    status: int
    text: str

    @property
    def forms(self) -> list[Form]:
        reader = _Reader(self.url)
        reader.feed(self.text)
        return reader.forms

    def button(self, written: str) -> tuple[Form, dict[str, str]] | None:
        """The form that a button sends and what it adds; None where there is no such button."""
        found = ((form, adds) for form in self.forms for label, adds in form.buttons if written in label)
        return next(found, None)


class _Still(HTTPRedirectHandler):
    """Redirects are the browser's own business."""

    def redirect_request(self, *_: object) -> None:
        return None


class PlainBrowser:
    """One person's browser; trusts `ca_file` beside (or without it what the environment says)."""

    def __init__(self, ca_file: str | None = None) -> None:
        context = ssl.create_default_context(cafile=ca_file)
        self._opener = build_opener(HTTPCookieProcessor(CookieJar()), HTTPSHandler(context=context), _Still)

    def go(self, url: str, posted: dict[str, str] | None = None, origin: str = "", until: str = "") -> Page | Landing:
        """The page at an address, after all redirects; or, where one leads to an address that begins with `until`, that address."""
        for _ in range(MOST_REDIRECTS):
            if until and _begins(url, until):
                return Landing(url, posted)
            status, headers, text = self._ask(url, posted, origin)
            if status not in (301, 302, 303, 307, 308):
                return Page(url, status, text)
            url, posted = urljoin(url, headers["Location"]), posted if status in (307, 308) else None
        raise AssertionError(f"redirected more than {MOST_REDIRECTS} times, at last to {url}")

    def led_to(self, url: str) -> str:
        """Where an address leads on to, one step."""
        _, headers, _ = self._ask(url, None, "")
        return urljoin(url, headers["Location"])

    def press(self, page: Page, button: str, until: str = "", **typed: str) -> Page | Landing:
        """Fill in the fields of these names and press the button on which something is written; AssertionError where there is none."""
        form, adds = page.button(button) or (None, None)
        assert form is not None, f"no button {button!r} on {page}"
        known = {name: value for name, value in typed.items() if name in form.fields}
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(page.url))
        return self.go(form.action, {**form.fields, **known, **adds}, origin, until)

    def walk(self, step: Page | Landing, buttons: Sequence[str], until: str = "", **typed: str) -> Page | Landing:
        """Press on each page the first of these buttons there is, to the last page, which has none."""
        for _ in range(MOST_STEPS):
            there = [] if isinstance(step, Landing) else [button for button in buttons if step.button(button)]
            if not there:
                return step
            step = self.press(step, there[0], until, **typed)
        raise AssertionError(f"no end after {MOST_STEPS} pages, at last {step.url}")

    def _ask(self, url: str, posted: dict[str, str] | None, origin: str) -> tuple[int, Message, str]:
        body = None if posted is None else urlencode(posted).encode()
        request = Request(url.partition("#")[0], body, {"Origin": origin} if origin and body is not None else {})
        try:
            with self._opener.open(request, timeout=PATIENCE_SECONDS) as answer:
                return answer.status, answer.headers, answer.read().decode()
        except HTTPError as answer:
            with answer:
                return answer.code, answer.headers, answer.read().decode()


def _begins(url: str, wanted: str) -> bool:
    return re.match(rf"{re.escape(wanted)}(?=[/?#:]|$)", url) is not None


def sign_in(url: str, ca_file: str | None = None, who: str = "Megan Bowen") -> Landing:
    """Somebody signs in where an app sent their browser, and accepts what it asks; where the browser is sent in the end.

    An app may send it to a short address of its own, which leads on to the sign-in page.
    """
    browser = PlainBrowser(ca_file)
    question = url if "redirect_uri=" in url else browser.led_to(url)
    until = dict(parse_qsl(urlsplit(question).query))["redirect_uri"]
    end = browser.walk(browser.go(question, until=until), (who, *BUTTONS), until, **_typed(who))
    assert isinstance(end, Landing), end
    return end


def approve(page: str, user_code: str, ca_file: str | None = None, who: str = "Megan Bowen") -> None:
    """Somebody types the code that a device shows, signs in, and accepts what it asks."""
    browser = PlainBrowser(ca_file)
    end = browser.walk(browser.go(page), (who, *BUTTONS), code=user_code, user_code=user_code, **_typed(who))
    assert isinstance(end, Page), end
    assert end.status == 200, end
    assert not end.forms, end


def _typed(who: str) -> dict[str, str]:
    first_name = who.partition(" ")[0].lower()
    return {"login": f"{first_name}@contoso.example", "password": "any"}


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["open", address]:
            there = sign_in(address)
            PlainBrowser().go(there.url, there.posted)
        case ["sign_in", address]:
            print(json.dumps(sign_in(address)._asdict()))
        case ["approve", address, code]:
            approve(address, code)
