"""A client that follows a calendar by the documented rules always ends up with what calendarView shows."""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import quote

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from daypass_sandbox.calendar.mailbox import open_mailbox
from graph_caller import MEGAN, Graph, at, new_tenant, series, timed

FIRST_DAY = datetime(2026, 12, 1)
WINDOW = "startDateTime=2026-12-01T00:00:00Z&endDateTime=2026-12-15T00:00:00Z"
PLACES = ("/me", "/me/calendars/family")
IDS = ("", ', IdType="ImmutableId"')  # the second follower keeps ids in the immutable form
BRIEF = ("id", "type", "seriesMasterId", "start", "end", "@odata.etag")

picks = st.integers(0, 40)
sizes = st.integers(1, 5)
days = st.integers(-6, 18)
hours = st.integers(0, 47)
likely = st.sampled_from([0.3, 0.7])
quirks = st.fixed_dictionaries(
    {"seed": st.integers(0, 1000), "wholeSeries": st.booleans(), "deletedOccurrenceSilent": st.booleans()},
    optional=dict.fromkeys(("emptyPages", "repeatedItems", "repeatedLinks", "replays"), likely),
)
patterns = st.fixed_dictionaries({"type": st.just("daily"), "interval": st.integers(1, 4)}) | st.fixed_dictionaries(
    {
        "type": st.just("weekly"),
        "interval": st.integers(1, 2),
        "daysOfWeek": st.sampled_from([["monday"], ["tuesday", "friday"], ["sunday"]]),
    }
)
limits = st.sampled_from([{}, {"type": "numbered", "numberOfOccurrences": 1}, {"type": "numbered", "numberOfOccurrences": 9}])


def wall(day, hour=9) -> str:
    return (FIRST_DAY + timedelta(days=day, hours=hour)).isoformat()


class Follower:
    """A client of one calendar: what it holds, and the link it goes on with."""

    def __init__(self, graph: Graph, place: str, ids: str) -> None:
        self.graph, self.place, self.ids = graph, place, ids
        self.restart()

    def restart(self) -> None:
        self.items: dict[str, dict] = {}
        self.link = f"{self.place}/calendarView/delta?{WINDOW}"
        self.in_round = True

    def take_page(self, size: int) -> None:
        answer = self.graph("GET", self.link, prefer=f"odata.maxpagesize={size}{self.ids}")
        if answer.status == 410:
            assert answer.code == "SyncStateNotFound"
            self.restart()
            return
        assert answer.status == 200, answer.body
        for item in answer.body["value"]:
            self.apply(item)
        self.in_round = "@odata.nextLink" in answer.body
        self.link = answer.body["@odata.nextLink" if self.in_round else "@odata.deltaLink"]

    def apply(self, item: dict) -> None:
        if item.get("type") not in ("occurrence", "exception"):
            self.items = {known: other for known, other in self.items.items() if other.get("seriesMasterId") != item["id"]}
        if "@removed" in item:
            self.items.pop(item["id"], None)
        else:
            self.items[item["id"]] = item

    def catch_up(self, size: int) -> None:
        """To the end of the round, and one round more: what changed during a first round is told in the next."""
        for _ in range(2):
            self.take_page(size)
            for _ in range(500):
                if not self.in_round:
                    break
                self.take_page(size)
            assert not self.in_round, "the round does not end"


class Calendars(RuleBasedStateMachine):
    """Two calendars in which things happen, and a follower of each."""

    @initialize(quirks=quirks)
    def begin(self, quirks):
        self.graph = Graph(new_tenant())
        self.graph.tenant.state.quirks = dict(quirks)
        calendars = self.graph.tenant.state.mailboxes[MEGAN]["calendars"]
        calendars["family"] = {**next(iter(calendars.values())), "id": "family", "isDefaultCalendar": False}
        self.known: list[str] = []
        for place in PLACES:
            for day in range(3):
                self.create(place, timed("First", wall(day), wall(day, 10)))
            self.create(place, series("Daily", wall(-2), wall(-2, 10), {"type": "daily"}, type="numbered", numberOfOccurrences=9))
        self.followers = [Follower(self.graph, place, ids) for place, ids in zip(PLACES, IDS, strict=True)]

    def change(self, method, event_id, body=None):
        answer = self.graph(method, f"/me/events/{quote(event_id)}", body)
        assert answer.status in (200, 204, 400, 404), answer.body

    def create(self, place, event):
        answer = self.graph("POST", f"{place}/events", event)
        assert answer.status == 201, answer.body
        self.known.append(answer.body["id"])

    @rule(place=st.sampled_from(PLACES), day=days, hour=hours, length=st.integers(0, 60))
    def create_single(self, place, day, hour, length):
        self.create(place, timed("Single", wall(day, hour), wall(day, hour + length)))

    @rule(place=st.sampled_from(PLACES), day=days, pattern=patterns, limit=limits)
    def create_series(self, place, day, pattern, limit):
        self.create(place, series("Series", wall(day), wall(day, 10), pattern, "Pacific Standard Time", **limit))

    @rule(pick=picks, text=st.text("abc", max_size=3))
    def rename(self, pick, text):
        self.change("PATCH", self.event(pick), {"subject": text})

    @rule(pick=picks, day=days, hour=hours)
    def move(self, pick, day, hour):
        self.change("PATCH", self.event(pick), {"start": at(wall(day, hour)), "end": at(wall(day, hour + 1))})

    @rule(pick=picks, place=st.sampled_from(["family", None]))
    def move_to_another_calendar(self, pick, place):
        box = open_mailbox(self.graph.tenant, MEGAN)
        event_id = self.event(pick)
        if event_id in box.events:
            moved = box.move(event_id, place or box.calendar(None)["id"], self.graph.tenant.clock.now())
            self.known[pick % len(self.known)] = moved["id"]

    @rule(pick=picks)
    def stop_repeating(self, pick):
        self.change("PATCH", self.event(pick), {"recurrence": None})

    @rule(pick=picks)
    def delete(self, pick):
        self.change("DELETE", self.event(pick))

    def event(self, pick) -> str:
        return self.known[pick % len(self.known)]

    def occurrence(self, pick) -> str | None:
        shown = self.view(PLACES[pick % 2])
        ids = sorted(event["id"] for event in shown.values() if event["seriesMasterId"])
        return ids[pick % len(ids)] if ids else None

    @rule(pick=picks, hour=st.integers(-30, 30), text=st.text("xyz", max_size=2))
    def change_an_occurrence(self, pick, hour, text):
        occurrence = self.occurrence(pick)
        if occurrence:
            start = datetime.fromisoformat(self.graph("GET", f"/me/events/{quote(occurrence)}").body["start"]["dateTime"][:19])
            start += timedelta(hours=hour)
            moved = {"start": at(start.isoformat()), "end": at((start + timedelta(hours=1)).isoformat())}
            self.change("PATCH", occurrence, {"subject": text, **(moved if hour else {})})

    @rule(pick=picks)
    def delete_an_occurrence(self, pick):
        occurrence = self.occurrence(pick)
        if occurrence:
            self.change("DELETE", occurrence)

    @rule(follower=st.integers(0, 1), size=sizes, pages=st.integers(1, 3))
    def take_pages(self, follower, size, pages):
        for _ in range(pages):
            self.followers[follower].take_page(size)

    @rule()
    def forget_the_deltas(self):
        assert self.graph("POST", "https://localhost:8443/sandbox/delta", {"expire": "megan"}).status == 200

    @rule(size=sizes)
    def everybody_catches_up(self, size):
        for follower in self.followers:
            follower.catch_up(size)
            shown = self.view(follower.place, follower.ids)
            held = {event_id: item for event_id, item in follower.items.items() if item["type"] != "seriesMaster"}
            assert held.keys() == shown.keys()
            for event_id, item in held.items():
                wanted = shown[event_id]
                if item["type"] == "occurrence":
                    assert wanted["seriesMasterId"] in follower.items
                    wanted = {name: wanted[name] for name in BRIEF}
                assert item == {"@odata.type": "#microsoft.graph.event", **wanted}

    def view(self, place, ids="") -> dict[str, dict]:
        listed = self.graph("GET", f"{place}/calendarView?{WINDOW}&$top=1000", prefer=ids.removeprefix(", "))
        return {event["id"]: event for event in listed.body["value"]}

    def teardown(self):
        if hasattr(self, "followers"):
            self.everybody_catches_up(3)


TestCalendars = Calendars.TestCase
TestCalendars.settings = settings(stateful_step_count=25)
