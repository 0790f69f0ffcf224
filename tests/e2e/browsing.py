"""Plays the browser of a sign-in without a screen: picks a user, accepts or declines, and brings the answer where the page says.

As a program it is what BROWSER names: `python browsing.py URL`; PLAY_USER (Megan) signs in, PLAY_ANSWER is `accept` or `cancel`,
DAYPASS_CA_FILE says whom to trust. In a test: `sign_in(url, ca_file)`.
"""

from __future__ import annotations

import html
import os
import re
import ssl
import sys
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin, urlsplit
from urllib.request import HTTPCookieProcessor, HTTPSHandler, ProxyHandler, Request, build_opener

PAGES_AT_MOST = 6


def sign_in(url: str, ca_file: str, user: str = "Megan Bowen", answer: str = "accept") -> tuple[int, str]:
    """Go through the pages from `url` on; the status and text of the last, which is the program's that asked."""
    opener = build_opener(ProxyHandler({}), HTTPCookieProcessor(), HTTPSHandler(context=ssl.create_default_context(cafile=ca_file)))
    status, at, page = _ask(opener, Request(url))
    for _ in range(PAGES_AT_MOST):
        form = re.search(r"<form[^>]*?(?:action=\"([^\"]*)\"[^>]*)?>", page)
        if form is None:
            break
        fields = {
            html.unescape(name): html.unescape(value)
            for name, value in re.findall(r"<input[^>]*name=\"([^\"]+)\"[^>]*value=\"([^\"]*)\"", page)
        }
        person = re.search(rf"<button[^>]*name=\"user\"[^>]*value=\"([^\"]+)\"[^>]*>(?:(?!</button>).)*{re.escape(user)}", page, re.DOTALL)
        if person:
            fields["user"] = person[1]
        elif 'value="accept"' in page:
            fields["answer"] = answer
        target = urljoin(at, html.unescape(form[1])) if form[1] else at
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(at))
        status, at, page = _ask(opener, Request(target, urlencode(fields).encode(), {"Origin": origin}))
        if urlsplit(at).hostname == "localhost" and urlsplit(at).scheme == "http":
            break
    return status, page


def _ask(opener: Any, request: Request) -> tuple[int, str, str]:
    try:
        with opener.open(request, timeout=20) as answer:
            return answer.status, answer.geturl(), answer.read().decode()
    except HTTPError as refusal:
        return refusal.code, request.full_url, refusal.read().decode()


if __name__ == "__main__":
    print(
        *sign_in(
            sys.argv[1], os.environ["DAYPASS_CA_FILE"], os.environ.get("PLAY_USER", "Megan Bowen"), os.environ.get("PLAY_ANSWER", "accept")
        )
    )
