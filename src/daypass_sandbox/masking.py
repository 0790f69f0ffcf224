"""What is shown of an exchange: its addresses, headers and bodies with `***` in the place of secrets.

A secret is known by its name, in any letter case, and by the endpoint: what is sent to sign-in is a form whatever it says it is, because
the tenant reads it as one. What cannot be read where secrets travel is not shown at all.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import parse_qsl, unquote, unquote_plus, urlencode, urlsplit

MASK = "***"
HEADERS = {"authorization": f"Bearer {MASK}", "proxy-authorization": MASK, "cookie": MASK, "set-cookie": MASK}
MEMBERS = frozenset(
    {
        *("access_token", "assertion", "authorization", "authtoken", "client_assertion", "client_secret", "clientstate", "code_verifier"),
        *("cookie", "device_code", "id_token", "id_token_hint", "newpassword", "currentpassword", "password", "proxy-authorization"),
        *("refresh_token", "secrettext", "set-cookie", "uploadurl", "user_code", "validationtokens"),
    }
)  # of JSON
FIELDS = MEMBERS | {"code", "otc"}  # of forms, addresses, and JSON sent to sign-in
BEARING = frozenset({"$batch", "addpassword", "applications", "changepassword", "createuploadsession", "subscriptions", "users"})
_ELSEWHERE = ("/v1.0/", "/beta/", "/api/v2.0/")
_FIELD_NAME = re.compile(r"[\w.$~-]+", re.ASCII)
_NAMED = re.compile("|".join(sorted(map(re.escape, MEMBERS))), re.IGNORECASE)
_WITHIN = re.compile(rf"({'|'.join(sorted(map(re.escape, FIELDS)))})\W*[=:]", re.IGNORECASE)
_DEEPEST = 4  # addresses within addresses


def address(url: str, depth: int = 0) -> str:
    """An address, the secrets of its query and fragment masked, and those of an address that a field holds."""
    return "".join(_part(part, depth) for part in re.split(r"([?&#])", url))


def _part(part: str, depth: int) -> str:
    name, equals, value = part.partition("=")
    if not equals:
        return part
    if unquote_plus(name).strip().lower() in FIELDS:
        return f"{name}={MASK}"
    held = unquote_plus(value)
    if held == value or "=" not in unquote(unquote(held)):
        return part
    return f"{name}={MASK}" if depth >= _DEEPEST or address(held, depth + 1) != held else part


def headers(given: Mapping[str, str]) -> dict[str, str]:
    """Headers, those masked that say who speaks, and the secrets of addresses in the others."""
    return {name: HEADERS.get(name.lower()) or address(value) for name, value in given.items()}


def body(url: str, given: Mapping[str, str], sent: bytes, *, request: bool) -> Any:
    """A body for people and checkers: JSON as JSON, anything else as text; None if it is empty."""
    kind, text = given.get("content-type", "").lower(), sent.decode("utf-8", "replace")
    path = unquote(urlsplit(url).path).lower()
    sign_in = not path.startswith(_ELSEWHERE)
    if not sent:
        return None
    if sign_in and request:
        return _form(text)
    if "html" in kind:
        return f"({len(sent)} bytes of HTML)"
    if "form-urlencoded" in kind:
        return _form(text)
    try:
        return _json(json.loads(text), MEMBERS)
    except (ValueError, RecursionError):
        return MASK if sign_in or BEARING & set(path.split("/")) or _NAMED.search(text) else text


def _form(text: str) -> Any:
    """A form; JSON where it is that; MASK for what is neither."""
    fields = parse_qsl(text, keep_blank_values=True)
    if fields and all(_is_field(name, value) for name, value in fields):
        return urlencode([(name, _shown_value(name, value)) for name, value in fields])
    try:
        value = json.loads(text)
        return _json(value, FIELDS) if isinstance(value, dict) else MASK
    except (ValueError, RecursionError):
        return MASK


def _is_field(name: str, value: str) -> bool:
    """Whether it is a field, and not some text, such as a token alone, that reads as a name without a value."""
    return _FIELD_NAME.fullmatch(name) is not None and bool(value.strip("=") or name.lower() in FIELDS)


def _shown_value(name: str, value: str) -> str:
    return MASK if name.lower() in FIELDS or _WITHIN.search(value) else value


def _json(value: Any, secret: frozenset[str]) -> Any:
    if isinstance(value, list):
        return [_json(item, secret) for item in cast("list[Any]", value)]
    if isinstance(value, str):
        return _text(value)
    if not isinstance(value, dict):
        return value
    members = cast("dict[str, Any]", value)
    names = {name.lower() for name in members}
    if "user_code" in names:
        secret |= {"message"}  # the sentence repeats the code
    inner = {"method", "url"} <= names or {"status", "headers"} <= names  # a request or an answer of a batch
    return {
        name: MASK
        if (name.lower() in secret and item is not None) or (inner and name.lower() == "body" and _bears(item))
        else _json(item, secret)
        for name, item in members.items()
    }


def _text(value: str) -> str:
    return address(value) if "=" in value and " " not in value and ("?" in value or "#" in value) else value


def _bears(item: Any) -> bool:
    """Whether the body of a request in a batch is a text, as it is or in Base64, that names a secret."""
    if not isinstance(item, str):
        return False
    try:
        decoded = base64.b64decode(item, validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        decoded = ""
    return bool(_NAMED.search(item) or _NAMED.search(decoded))
