"""Meetings for tests: several people of one tenant, and the shortest words for what they do to each other's calendars."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from daypass_sandbox.tenant import Tenant
from graph_caller import Answer, Graph, at, new_tenant, series, timed

DOMAIN = "contoso.example"
WEEK = {"type": "daily"}
WINDOW = "startDateTime=2026-12-01T00:00:00Z&endDateTime=2027-01-31T00:00:00Z"


def guest(name: str, kind: str = "required") -> dict[str, Any]:
    """An attendee: a short name of the tenant, or an address from elsewhere."""
    return {"type": kind, "emailAddress": {"address": name if "@" in name else f"{name}@{DOMAIN}"}}


def guests(*names: str) -> list[dict[str, Any]]:
    return [guest(name) for name in names]


@dataclass
class Company:
    """`company.megan("GET", …)` is what she does; `invite` makes a meeting of hers with others."""

    tenant: Tenant = field(default_factory=new_tenant)
    _people: dict[str, Graph] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Graph:
        return self.of(name)

    def of(self, name: str) -> Graph:
        if name not in self._people:
            self._people[name] = Graph(self.tenant, name, ("Calendars.ReadWrite", "User.Read", "Mail.Send", "Mail.Read"))
        return self._people[name]

    def invite(self, *names: str, organizer: str = "megan", **more: Any) -> dict[str, Any]:
        """A meeting on Monday 7 December, 10 to 11; the event as its organizer has it."""
        return self.of(organizer).create(
            **{**timed("Plan", "2026-12-07T10:00:00", "2026-12-07T11:00:00"), "attendees": guests(*names), **more}
        )

    def invite_daily(self, *names: str, organizer: str = "megan", times: int = 5, **more: Any) -> dict[str, Any]:
        """A daily series from Monday 7 December on."""
        whole = series("Stand-up", "2026-12-07T09:00:00", "2026-12-07T09:30:00", WEEK, type="numbered", numberOfOccurrences=times)
        return self.of(organizer).create(**{**whole, "attendees": guests(*names), **more})

    def events(self, name: str) -> list[dict[str, Any]]:
        return self.of(name)("GET", "/me/events?$top=100").body["value"]

    def copy(self, name: str) -> dict[str, Any]:
        """The only event in somebody's calendar."""
        (event,) = self.events(name)
        return event

    def days(self, name: str, event: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        """The occurrences of the only series in somebody's calendar, in order of time."""
        event = event or self.copy(name)
        found = self.of(name)("GET", f"/me/events/{quote(event['id'])}/instances?{WINDOW}&$top=100").body["value"]
        return sorted(found, key=lambda day: day["start"]["dateTime"])

    def act(self, name: str, event: dict[str, Any], action: str, **body: Any) -> Answer:
        return self.of(name)("POST", f"/me/events/{quote(event['id'])}/{action}", body)

    def change(self, name: str, event: dict[str, Any], **body: Any) -> Answer:
        return self.of(name)("PATCH", f"/me/events/{quote(event['id'])}", body)

    def delete(self, name: str, event: dict[str, Any]) -> Answer:
        return self.of(name)("DELETE", f"/me/events/{quote(event['id'])}")

    def statuses(self, event: dict[str, Any], organizer: str = "megan") -> dict[str, str]:
        """What the organizer knows of everybody's answer, by short name."""
        now = self.of(organizer)("GET", f"/me/events/{quote(event['id'])}").body
        return {one["emailAddress"]["address"].partition("@")[0]: one["status"]["response"] for one in now["attendees"]}

    def outbox(self, **filters: str) -> list[dict[str, Any]]:
        query = "&".join(f"{name}={value}" for name, value in filters.items())
        return self.megan("GET", f"https://localhost:8443/sandbox/outbox?{query}").body

    def sent(self, **filters: str) -> list[tuple[str, str, list[str]]]:
        """The messages in the outbox: kind, subject, and to whom by short name."""
        return [
            (one["kind"], one["subject"], [to["emailAddress"]["address"].partition("@")[0] for to in one["toRecipients"]])
            for one in self.outbox(**filters)
        ]


__all__ = ["DOMAIN", "WINDOW", "Company", "at", "guest", "guests", "series", "timed"]
