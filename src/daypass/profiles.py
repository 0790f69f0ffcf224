"""Profiles: several sign-ins side by side, each with its app, tenant and cloud under a name. No secret is kept here.

One object, kept in the state folder as `profiles.json`: which profile is used when nobody names one, what each stands for and who signed
in with it, and what was learnt of each tenant (which ways of signing in it refuses), so that the next sign-in begins with one that may
work. Tokens are in the vault; a profile's `key` is part of the identity that its tokens are bound to, so renaming moves nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from types import MappingProxyType
from typing import Any, Protocol, cast

from .errors import UsageError
from .value import Value

DEFAULT = "default"
TEXTS = ("key", "pinned_user", "pinned_tenant", "user", "tenant_id", "method")
REFUSAL = ("message", "error", "code", "correlation_id", "timestamp", "method", "client_id")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")

Json = dict[str, Any]


class Profile(Value):
    """A named sign-in: its settings (by the names of `config.Settings`), who must sign in with it (pins), and who did, when and how.

    `key` tells its tokens from those of other profiles, "" for `default`; `signed_in_at` is seconds since the epoch, 0 for never.
    """

    name: str
    key: str = ""
    settings: Mapping[str, str] = MappingProxyType({})
    pinned_user: str = ""
    pinned_tenant: str = ""
    user: str = ""
    tenant_id: str = ""
    method: str = ""
    signed_in_at: float = 0.0


class Habits(Value):
    """What was learnt of a tenant: the ways of signing in it refused, by method the AADSTS number, and how long a sign-in lasts there.

    `lasts_seconds` is the longest that a sign-in can have lasted when a policy on sign-in frequency ended it, 0 while none did. `refusal`
    is the last sign-in that was refused, in texts (`REFUSAL`), {} once one succeeded.
    """

    blocked: Mapping[str, int] = MappingProxyType({})
    lasts_seconds: float = 0.0
    refusal: Mapping[str, str] = MappingProxyType({})


class Shelf(Protocol):
    """Where a JSON object is kept: read as it stands, or changed while others wait."""

    def read(self) -> Json:
        """The object, {} when there is none."""
        ...

    def change(self) -> AbstractContextManager[Json]:
        """The object; what the body leaves in it is kept."""
        ...


class Profiles:
    """The profiles on a shelf; `new_id` makes a text that no other has. Raises UsageError for a name that will not do."""

    def __init__(self, shelf: Shelf, new_id: Callable[[], str]) -> None:
        self._shelf, self._new_id = shelf, new_id

    def current(self) -> str:
        """The profile that is used when nobody names one."""
        return str(self._shelf.read().get("current") or DEFAULT)

    def all(self) -> list[Profile]:
        """Every profile, by name."""
        return [_profile(name, kept) for name, kept in sorted(_section(self._shelf.read(), "profiles").items())]

    def get(self, name: str) -> Profile | None:
        """A profile by its name, None when there is none."""
        kept = _section(self._shelf.read(), "profiles").get(name)
        return None if kept is None else _profile(name, kept)

    def new_key(self, name: str, *, may_be_new: bool) -> str:
        """The key for a profile that is not there yet; UsageError when it `may_be_new` not, but `default` always may."""
        if name == DEFAULT:
            return ""
        if not may_be_new:
            raise no_such_profile(name, [profile.name for profile in self.all()])
        check_name(name)
        return self._new_id()

    def keep(self, profile: Profile) -> None:
        """Add a profile, or change the one of its name; the first that is added is the one used from then on."""
        check_name(profile.name)
        with self._shelf.change() as content:
            profiles = _section(content, "profiles")
            if not profiles:
                content["current"] = profile.name
            texts = {field: getattr(profile, field) for field in TEXTS}
            profiles[profile.name] = {**texts, "settings": dict(profile.settings), "signed_in_at": profile.signed_in_at}
            content["profiles"] = profiles

    def switch(self, name: str) -> None:
        """Use this profile from now on when nobody names one."""
        with self._shelf.change() as content:
            self._must_have(content, name)
            content["current"] = name

    def rename(self, old: str, new: str) -> None:
        """Give a profile another name; its sign-in stays."""
        check_name(new)
        with self._shelf.change() as content:
            profiles = self._must_have(content, old)
            if new in profiles:
                raise UsageError(f"there is a profile {new!r} already", ("daypass accounts list",))
            content["profiles"] = {(new if name == old else name): kept for name, kept in profiles.items()}
            if content.get("current", DEFAULT) == old:
                content["current"] = new

    def remove(self, name: str) -> None:
        """Forget a profile; its tokens are the vault's business."""
        with self._shelf.change() as content:
            profiles = self._must_have(content, name)
            del profiles[name]
            if content.get("current", DEFAULT) == name:
                content["current"] = next(iter(sorted(profiles)), DEFAULT)

    def habits(self, tenant: str) -> Habits:
        """What was learnt of a tenant (its sign-in address)."""
        kept = _section(_section(self._shelf.read(), "tenants"), tenant)
        blocked = {str(method): int(code) for method, code in _section(kept, "blocked").items() if isinstance(code, int)}
        lasts = kept.get("lasts_seconds", 0.0)
        refusal = {name: str(value) for name, value in _section(kept, "refusal").items() if name in REFUSAL}
        return Habits(blocked, float(lasts) if isinstance(lasts, int | float) else 0.0, refusal)

    def learn(self, tenant: str, habits: Habits) -> None:
        """Remember what was learnt of a tenant."""
        if habits != self.habits(tenant):
            with self._shelf.change() as content:
                tenants = _section(content, "tenants")
                kept = {"blocked": dict(habits.blocked), "lasts_seconds": habits.lasts_seconds, "refusal": dict(habits.refusal)}
                tenants[tenant] = kept
                content["tenants"] = tenants

    def _must_have(self, content: Json, name: str) -> Json:
        profiles = _section(content, "profiles")
        if name not in profiles:
            raise no_such_profile(name, list(profiles))
        return profiles


def check_name(name: str) -> None:
    """Raise UsageError for a name that would make trouble in a shell or a table."""
    if not NAME.fullmatch(name):
        raise UsageError(f"{name[:70]!r} will not do as a profile's name: letters, digits and . _ @ - it may have, at most 64")


def no_such_profile(name: str, known: list[str]) -> UsageError:
    """The error for a profile that is not there, with those that are."""
    return UsageError(
        f"there is no profile {name!r}", tuple(f"--profile {other}" for other in sorted(known)) or ("daypass login --profile NAME",)
    )


def _profile(name: str, kept: Any) -> Profile:
    """A profile as it was kept; members that are of no use are passed over."""
    fields = cast("Json", kept) if isinstance(kept, dict) else {}
    texts = {field: str(fields[field]) for field in TEXTS if isinstance(fields.get(field), str)}
    settings = {str(setting): str(value) for setting, value in _section(fields, "settings").items()}
    at = fields.get("signed_in_at", 0.0)
    return Profile(name=name, **texts, settings=settings, signed_in_at=float(at) if isinstance(at, int | float) else 0.0)


def _section(content: Mapping[str, Any], name: str) -> Json:
    section: Any = content.get(name)
    return cast("Json", section) if isinstance(section, dict) else {}
