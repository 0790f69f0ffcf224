"""The many spellings of a path of Graph, and the one spelling that the tables of routes use.

`me/…`, `users/{upn}` and `users('upn')` become `users/{object id}`; `events('id')` becomes `events/id`; the empty parentheses and
the namespace of functions and of casts (`microsoft.graph.delta()`, `graph.room`) go, and the arguments of a function
(`supportedTimeZones(TimeZoneStandard=…'Iana')`) become options like those of a query. An alternate key stays one segment:
`applications(appId='…')` becomes `applications/appId=…`. After OData 4.01, URL Conventions, sections 4.3, 4.4 and 4.11.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote, unquote

from ..routes import Fault

_CALLED = re.compile(r"([\w$.]+)\((.*)\)")
_ARGUMENT = re.compile(r"\s*(@?\w+)\s*=\s*(?:[\w.]*)'((?:[^']|'')*)'\s*(?:,|$)|\s*(\w+)\s*=\s*([^,']+)\s*(?:,|$)")
_NAMESPACES = ("microsoft.graph.", "graph.")
_KEYED_BY_NAME = frozenset({"applications", "serviceprincipals", "users", "groups", "devices"})
_TAKES_ARGUMENTS = frozenset({"supportedtimezones", "supportedlanguages", "reminderview", "allowedcalendarsharingroles", "delta"})
_COLLECTION_WORDS = frozenset(
    ("delta", "$count", "validateproperties", "getbyids", "getuserownedobjects", "getavailableextensionproperties"),
)


def canonical(path: str, caller_id: str, resolve_user: Callable[[str], str | None]) -> tuple[str, dict[str, str]]:
    """The path (without version) in the tables' spelling, and the arguments of functions in it, names in lower case.

    Fault 400 for `me` without a user, 404 for a user who does not exist (or no longer does).
    """
    parts: list[str] = []
    arguments: dict[str, str] = {}
    for part in _split(path):
        parts += _plain(part, arguments)
    if parts[0].lower() == "me":
        if not caller_id:
            raise Fault(400, "BadRequest", "/me request is only valid with delegated authentication flow.")
        if resolve_user(caller_id) is None:
            raise no_such_resource(caller_id)
        parts[:1] = ["users", caller_id]
    elif parts[0].lower() == "users" and len(parts) > 1 and parts[1].lower() not in _COLLECTION_WORDS:
        key = unquote(parts[1])
        user_id = resolve_user(key)
        if user_id is None:
            raise no_such_resource(key)
        parts[1] = user_id
    return "/".join(parts), arguments


def no_such_resource(key: str) -> Fault:
    """The directory's refusal for a key that nothing has."""
    message = f"Resource '{key}' does not exist or one of its queried reference-property objects are not present."
    return Fault(404, "Request_ResourceNotFound", message)


def _split(path: str) -> list[str]:
    """The segments; a slash within parentheses parts nothing."""
    spelt = path.replace("%27", "'").replace("%28", "(").replace("%29", ")").replace("%2C", ",").replace("%2c", ",").replace("%3D", "=")
    if "(" not in spelt:
        return spelt.split("/")
    parts = [""]
    depth = 0
    for letter in spelt:
        depth += (letter == "(") - (letter == ")")
        if letter == "/" and depth <= 0:
            parts.append("")
        else:
            parts[-1] += letter
    return parts


def _plain(part: str, arguments: dict[str, str]) -> list[str]:
    """One segment as the tables have it, or two where it bears a key."""
    called = _CALLED.fullmatch(part)
    name, within = (called[1], called[2]) if called else (part, "")
    for namespace in _NAMESPACES:
        name = name.removeprefix(namespace)
    if not called or not within:
        return [name]
    if within.startswith("'") and within.endswith("'") and len(within) > 1:
        return [name, quote(within[1:-1].replace("''", "'"), safe="%")]
    named = {found[1] or found[3]: unquote((found[2] if found[1] else found[4]).replace("''", "'")) for found in _ARGUMENT.finditer(within)}
    if name.lower() in _KEYED_BY_NAME:
        return [name, *(f"{key}={quote(value, safe='')}" for key, value in list(named.items())[:1])]
    if name.lower() not in _TAKES_ARGUMENTS:
        return [part]  # an id may hold parentheses too
    arguments.update({key.lower(): value for key, value in named.items()})
    return [name]
