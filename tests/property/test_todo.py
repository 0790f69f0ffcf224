"""Recurring tasks of To Do, completed over and over: against dateutil, and a client that follows them by delta queries."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from urllib.parse import urlencode

from dateutil import rrule
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from daypass_sandbox.todo import shapes
from graph_caller import at
from todo_caller import Todo, day, repeating

TODAY = date(2026, 11, 25)
WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

starts = st.dates(TODAY - timedelta(days=60), TODAY + timedelta(days=60))
intervals = st.integers(1, 4)
weekdays = st.lists(st.sampled_from(WEEK), min_size=1, max_size=3, unique=True)
patterns = (
    st.fixed_dictionaries({"type": st.just("daily"), "interval": intervals})
    | st.fixed_dictionaries({"type": st.just("weekly"), "interval": intervals, "daysOfWeek": weekdays, "firstDayOfWeek": st.just("monday")})
    | st.fixed_dictionaries({"type": st.just("absoluteMonthly"), "interval": intervals, "dayOfMonth": st.integers(1, 28)})
)
limits = st.just({}) | st.fixed_dictionaries({"type": st.just("numbered"), "numberOfOccurrences": st.integers(1, 6)})


def days_of(pattern, limit, start) -> list[date]:
    """The first days of a series, by dateutil alone."""
    frequency = {"daily": rrule.DAILY, "weekly": rrule.WEEKLY, "absoluteMonthly": rrule.MONTHLY}[pattern["type"]]
    by = {}
    if "daysOfWeek" in pattern:
        by["byweekday"] = [WEEK.index(name) for name in pattern["daysOfWeek"]]
    if "dayOfMonth" in pattern:
        by["bymonthday"] = pattern["dayOfMonth"]
    count = limit.get("numberOfOccurrences", 500)  # more than the waits can use up
    begin = datetime(start.year, start.month, start.day)
    return [
        moment.date() for moment in rrule.rrule(frequency, dtstart=begin, interval=pattern["interval"], wkst=rrule.MO, count=count, **by)
    ]


@given(starts, patterns, limits, st.lists(st.integers(0, 40), min_size=1, max_size=5))
@settings(max_examples=60)
def test_a_recurring_task_comes_again_on_the_next_day_that_is_still_to_come(start, pattern, limit, waits):
    todo = Todo.new()
    task = todo.add(**repeating(start.isoformat(), pattern, **limit))
    days, due, today, done = days_of(pattern, limit, start), start, TODAY, 0
    for wait in waits:
        todo("POST", "https://localhost:8443/sandbox/clock", {"advance_seconds": wait * 86400})
        today += timedelta(days=wait)
        upcoming = next((one for one in days if one > max(due, today)), None)
        answer = todo.change(task, status="completed")
        done += 1
        if upcoming is None:
            assert answer["status"] == "completed"
            break
        assert (answer["status"], day(answer["dueDateTime"])) == ("notStarted", upcoming.isoformat())
        due = upcoming
    tasks = todo.all()
    assert [one["id"] for one in tasks if one["status"] != "completed"] == ([task["id"]] if upcoming else [])
    assert sum(one["status"] == "completed" for one in tasks) == done


class Errands(RuleBasedStateMachine):
    """Two lists in which things are done, and a client that follows one of them and the lists."""

    @initialize(
        chances=st.fixed_dictionaries(dict.fromkeys(("emptyPages", "repeatedItems", "repeatedLinks", "replays"), st.sampled_from([0, 0.5])))
    )
    def begin(self, chances):
        self.todo = Todo.new()
        self.todo.tenant.state.quirks = dict(chances)
        self.there = self.todo("POST", "/me/todo/lists", {"displayName": "Travel items"}).body["id"]
        self.known = [self.todo.add(f"Task {number}", **repeating()) for number in range(3)]
        self.held: dict[str, dict] = {}
        self.link = "tasks/delta"

    def task(self, pick) -> str:
        return f"tasks/{self.known[pick % len(self.known)]['id']}"

    @rule(title=st.text("abc", max_size=3))
    def add(self, title):
        self.known.append(self.todo.add(title))

    @rule(pick=st.integers(0, 20), title=st.text("xyz", max_size=3))
    def rename(self, pick, title):
        self.todo("PATCH", self.task(pick), {"title": title})

    @rule(pick=st.integers(0, 20), status=st.sampled_from(["completed", "inProgress"]))
    def complete(self, pick, status):
        self.todo("PATCH", self.task(pick), {"status": status})

    @rule(pick=st.integers(0, 20), offset=st.integers(-9, 9))
    def put_off(self, pick, offset):
        self.todo("PATCH", self.task(pick), {"dueDateTime": at((TODAY + timedelta(days=offset)).isoformat())})

    @rule(pick=st.integers(0, 20))
    def add_a_step(self, pick):
        self.todo("POST", f"{self.task(pick)}/checklistItems", {"displayName": "Bread"})

    @rule(pick=st.integers(0, 20))
    def delete(self, pick):
        self.todo("DELETE", self.task(pick))

    @rule(pick=st.integers(0, 20))
    def move_away(self, pick):
        body = {"user": "megan", "task": self.task(pick).removeprefix("tasks/"), "to": self.there}
        self.todo("POST", "https://localhost:8443/sandbox/todo/move", body)

    @rule(size=st.integers(1, 4))
    def take_a_page(self, size):
        answer = self.todo("GET", self.link, prefer=f"odata.maxpagesize={size}")
        assert answer.status == 200, answer.body
        for item in answer.body["value"]:
            if "@removed" in item:
                self.held.pop(item["id"], None)
            else:
                self.held[item["id"]] = item
        self.link = answer.body.get("@odata.nextLink") or answer.body["@odata.deltaLink"]

    @rule(size=st.integers(1, 4))
    def catch_up(self, size):
        for _ in range(2):
            self.take_a_page(size)
            for _ in range(200):
                if "deltatoken" in self.link:
                    break
                self.take_a_page(size)
            assert "deltatoken" in self.link, "the round does not end"
        assert self.held == {task["id"]: task for task in self.todo.all()}

    def teardown(self):
        if hasattr(self, "held"):
            self.catch_up(3)


TestErrands = Errands.TestCase
TestErrands.settings = settings(stateful_step_count=20)


scalars = (
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.text(max_size=8)
    | st.sampled_from(["2026-12-01T10:00:00", "UTC", "9999-12-31", "4499-12-31"])
)
anything = st.recursive(
    scalars, lambda deeper: st.lists(deeper, max_size=2) | st.dictionaries(st.text(max_size=5), deeper, max_size=2), max_leaves=5
)


def of_shape(shape):
    """What fits a member of a task, now and then something else."""
    if isinstance(shape, dict):
        fitting = st.fixed_dictionaries({}, optional={name: of_shape(part) for name, part in shape.items()})
    elif isinstance(shape, list):
        fitting = st.lists(of_shape(shape[0]), max_size=2)
    elif isinstance(shape, tuple):
        fitting = st.sampled_from(shape)
    else:
        fitting = scalars
    return st.one_of(fitting, fitting, fitting, fitting, anything)


bodies = st.fixed_dictionaries({}, optional={**{name: of_shape(shape) for name, shape in shapes.TASK.items()}, "extensions": anything})


@given(bodies, bodies, st.sampled_from(["completed", "notStarted"]))
def test_no_body_whatever_brings_todo_down(first, second, status):
    todo = Todo.new()
    created = todo("POST", "tasks", first)
    assert created.status in (201, 400, 501)
    if created.status == 201:
        there = f"tasks/{created.body['id']}"
        assert todo("PATCH", there, second).status in (200, 400, 501)
        assert todo("PATCH", there, {"status": status}).status == 200
        assert todo("GET", "tasks", prefer='outlook.timezone="Pacific/Kiritimati"').status == 200
        assert todo("GET", "tasks/delta").status == 200


@given(
    st.dictionaries(
        st.sampled_from(["$select", "$top", "$filter", "$expand", "$orderby", "$skiptoken", "$deltatoken", "startDateTime"]),
        st.text(max_size=20),
    )
)
def test_no_query_whatever_brings_a_delta_down(options):
    todo = Todo.new()
    todo.scopes = ("Tasks.ReadWrite", "Calendars.Read")
    for path in ("tasks/delta", "/me/todo/lists/delta", "/me/calendarView/delta", "/me/events/delta"):
        assert todo("GET", f"{path}?{urlencode(options)}").status in (200, 400, 501)
