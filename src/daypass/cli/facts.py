"""What there is to say of a sign-in: as facts for programs, and as lines for people."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ..auth.explain import of_refusal
from ..auth.forecast import person_needed
from ..auth.methods import APP_METHODS, WORDS
from ..auth.tokens import covers
from ..graph.operations import READ, READ_BASIC, WRITE
from ..model.text import clean

if TYPE_CHECKING:
    from ..auth.standing import Standing
    from ..config import Settings
    from ..profiles import Habits


def facts_of(settings: Settings, standing: Standing, habits: Habits, store: str, grade: str) -> dict[str, Any]:
    """What there is to say of a sign-in, for programs; None where there is nothing."""
    who = standing.account
    forecast = person_needed(
        renewable=standing.renewable,
        alone=standing.method in APP_METHODS,
        expires_on=standing.expires_on,
        renewed_at=standing.renewed_at or standing.signed_in_at,
        signed_in_at=standing.signed_in_at,
        lasts_seconds=habits.lasts_seconds,
    )
    return {
        "signed_in": who is not None,
        "profile": settings.profile,
        "user": who.username if who else None,
        "name": who.name if who else None,
        "tenant_id": who.tenant_id if who else settings.tenant_id,
        "client_id": settings.client_id,
        "authority": settings.authority,
        "mailbox": settings.mailbox or None if settings.signs_in_at.has_mailboxes else "none: such an account carries no mailbox",
        "method": standing.method or None,
        "signed_in_at": utc(standing.signed_in_at),
        "scopes": sorted(standing.granted),
        "needs": _needs(settings, standing) if who else [],
        "token_expires_at": utc(standing.expires_on),
        "renews_itself": standing.renewable,
        "person_needed_at": utc(forecast.at) if who else None,
        "person_needed_because": forecast.why if who else None,
        "refused_methods": dict(habits.blocked),
        "store": store or "memory",
        "protection": grade,
        "last_error": _explained(last_refusal(standing, habits, settings.client_id)),
    }


def _needs(settings: Settings, standing: Standing) -> list[dict[str, Any]]:
    """What reading and changing the calendar need, whether it was granted, and the command that gets it."""
    if not settings.signs_in_at.has_mailboxes:
        return []
    admin = "an administrator grants it to the app: daypass setup admin-guide"
    cures = ("daypass login --basic", "daypass login", "daypass login --write")
    return [
        {"for": what, "scopes": list(scopes), "granted": (good := covers(standing.granted, scopes)), "cure": None if good else cure}
        for (what, scopes), cure in zip(
            (("listing events", READ_BASIC), ("reading events", READ), ("changing events", WRITE)),
            [admin] * 3 if standing.method in APP_METHODS else cures,
            strict=True,
        )
    ]


def last_refusal(standing: Standing, habits: Habits, client_id: str) -> dict[str, str]:
    """The last refusal, of a renewal or of a sign-in, in texts (`profiles.REFUSAL`), {} where there was none."""
    failure = standing.failure
    if failure is None:
        return dict(habits.refusal)
    told = {name: str(getattr(failure, name)) for name in ("message", "error", "code", "correlation_id", "timestamp")}
    return {**told, "method": "renewal", "client_id": client_id}


def _explained(refusal: Mapping[str, str]) -> dict[str, Any] | None:
    """The last refusal with what cures it, None where there was none."""
    if not refusal:
        return None
    known, code = of_refusal(refusal), refusal.get("code", "0")
    return {
        "message": refusal.get("message"),
        "error": refusal.get("error") or None,
        "code": f"AADSTS{code}" if code != "0" else None,
        "at": refusal.get("timestamp") or None,
        "cause": known.cause if known else None,
        "cure": known.cure if known else "daypass login",
        "correlation_id": refusal.get("correlation_id") or None,
    }


def for_people(facts: dict[str, Any], standing: Standing, now: float) -> dict[str, object]:
    """The facts as lines: spans beside moments, what is granted and what is not in words, the last error with its cure."""
    needs = {f"for {need['for']}": "granted" if need["granted"] else f"not granted; {need['cure']}" for need in facts["needs"]}
    failure: dict[str, Any] = facts["last_error"] or {}
    parts = (failure.get("code") or failure.get("error"), failure.get("cause") or failure.get("message"), failure.get("cure"))
    person = facts["person_needed_at"]
    because = facts["person_needed_because"] or ""
    checked: dict[str, Any] = facts.get("checked") or {}
    hidden = ("needs", "person_needed_because", "refused_methods", "checked")
    return {
        **{name: value for name, value in facts.items() if name not in hidden},
        "method": WORDS.get(standing.method, standing.method),
        "scopes": " ".join(facts["scopes"]),
        **needs,
        "token_expires_at": _with_span(standing.expires_on, now, "past; it is renewed when needed"),
        "person_needed_at": f"{person}: {because}" if person else because,
        "refused_methods": ", ".join(f"{name} (AADSTS{code})" for name, code in facts["refused_methods"].items()),
        "last_error": " · ".join(str(part) for part in parts if part),
        "checked": checked.get("message"),
    }


def print_facts(facts: dict[str, object]) -> None:
    """Print each fact there is, its name first; whether somebody is signed in shows in the rest."""
    for name, value in facts.items():
        if name != "signed_in" and value not in (None, ""):
            print(f"{name.replace('_', ' '):<20} {clean(_words(value))}")


def utc(seconds: float) -> str | None:
    """A moment as it is shown, None for none; `seconds` since the epoch."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if seconds else None


def _with_span(moment: float, now: float, past: str) -> str:
    if not moment:
        return ""
    left = moment - now
    how_long = f"{left / 60:.0f} min" if left < 7200 else f"{left / 3600:.0f} h"
    return f"{utc(moment)} (in {how_long})" if left > 0 else f"{utc(moment)} ({past})"


def _words(value: object) -> str:
    return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)
