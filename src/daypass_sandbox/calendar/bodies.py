"""The body of an event: as HTML, as plain text, and in short.

Plain text names the target of a link behind its words, as Exchange does, so that a body that was read as text and is written back
still bears its join link.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from html.parser import HTMLParser

PREVIEW_LENGTH = 255


def as_html(body: Mapping[str, str]) -> str:
    """The content of a body as HTML."""
    return body["content"] if body["contentType"] == "html" else html.escape(body["content"]).replace("\n", "<br>\n")


def plain_text(body: Mapping[str, str]) -> str:
    """The text of a body, with the targets of its links."""
    return _text(body, with_links=True)


def preview(body: Mapping[str, str]) -> str:
    """The beginning of the text of a body, without the targets of links."""
    return _text(body, with_links=False)[:PREVIEW_LENGTH]


def _text(body: Mapping[str, str], *, with_links: bool) -> str:
    if body["contentType"] != "html":
        return body["content"]
    reader = _TextOfHtml(with_links=with_links)
    reader.feed(body["content"])
    reader.close()
    return re.sub(r"[ \t]*\n[ \t]*", "\n", re.sub(r"[ \t\r\f]+", " ", "".join(reader.parts))).strip()


class _TextOfHtml(HTMLParser):
    """Collects what a reader would see; paragraphs and breaks become line ends."""

    def __init__(self, *, with_links: bool) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._hidden = 0
        self._with_links, self._links = with_links, [""][:0]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in ("script", "style", "head")
        if tag in ("br", "p", "div", "tr", "li"):
            self.parts.append("\n")
        if tag == "a":
            self._links.append(dict(attrs).get("href") or "")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("script", "style", "head") and self._hidden > 0
        if tag == "a" and self._links:
            link = self._links.pop()
            if self._with_links and link and not self._hidden and link != (self.parts or [""])[-1].strip():
                self.parts.append(f"<{link}>")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data.replace("\n", " "))
