"""The body of an event: as HTML, as plain text, and in short.

Plain text names the target of a link behind its words, as Exchange does, so that a body that was read as text and is written back
still bears its join link.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping

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
    words = "".join(_words(body["content"], with_links=with_links))
    return re.sub(r"[ \t]*\n[ \t]*", "\n", re.sub(r"[ \t\r\f]+", " ", words)).strip()


# A tag, to the end that its quoted values leave it. Possessive: what is hostile is read once, and never tried another way.
_TAG = re.compile(r"</?([a-z][^\s/>]*+)((?:=\s*+\"[^\"]*\"|=\s*+'[^']*'|[^>])*+)>", re.IGNORECASE)
_HREF = re.compile(r"(?:^|\s)href\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>]+))", re.IGNORECASE)
_LINES = frozenset({"br", "p", "div", "tr", "li"})
_HIDES = {"head": 1, "/head": -1}
_RAW = {name: re.compile(f"</{name}", re.IGNORECASE) for name in ("script", "style")}


def _words(content: str, *, with_links: bool) -> Iterator[str]:
    """What a reader of HTML would see, in pieces; paragraphs and breaks are line ends. What is not closed goes on to the end."""
    links, hidden, last = list[str](), 0, ""
    for tag, attributes, text in _pieces(content):
        if text and not hidden:
            last = html.unescape(text).replace("\n", " ")
            yield last
        if tag in _LINES:
            yield "\n"
        elif tag == "a":
            links.append(_target(attributes))
        elif tag == "/a" and links:
            link = links.pop()
            yield f"<{link}>" if with_links and not hidden and link not in ("", last.strip()) else ""
        else:
            hidden = max(0, hidden + _HIDES.get(tag, 0))


def _target(attributes: str) -> str:
    """Where a link leads, "" for nowhere."""
    found = _HREF.search(attributes)
    return html.unescape(next((part for part in found.groups() if part), "")) if found else ""


def _pieces(content: str) -> Iterator[tuple[str, str, str]]:
    """The tags of a document (`/` before the name of one that ends) with their attributes, and the text before each."""
    at, begun = 0, 0
    while (at := content.find("<", at)) >= 0:
        tag = _TAG.match(content, at)
        if tag:
            name = tag[1].lower()
            yield f"/{name}" if content[at + 1] == "/" else name, tag[2], content[begun:at]
            at = begun = _after_raw(content, name, tag.end()) if content[at + 1] != "/" else tag.end()
        elif content.startswith(("<!", "<?"), at) or content[at + 1 : at + 3].lstrip("/")[:1].isalpha():
            yield "", "", content[begun:at]
            closing = "-->" if content.startswith("<!--", at) else ">"
            end = content.find(closing, at)
            at = begun = end + len(closing) if end >= 0 else len(content)
        else:
            at += 1
    yield "", "", content[begun:]


def _after_raw(content: str, name: str, at: int) -> int:
    """Where a document goes on after a tag: behind the content of a script or a style, which nobody reads."""
    end = _RAW[name].search(content, at) if name in _RAW else None
    return at if name not in _RAW else end.start() if end else len(content)
