"""Meetings between a few people and a room, whatever they do to them in whatever order."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from meeting_room import WINDOW, Company, at, guest

PEOPLE = ("megan", "alex", "lee")
ROOM = "adams"
UNANSWERED = ("none", "notResponded")
RESPONSES = {"accept": "accepted", "tentativelyAccept": "tentativelyAccepted", "decline": "declined"}
hours = st.integers(8, 17)
crowds = st.sets(st.sampled_from((*PEOPLE, ROOM)), min_size=1)
people = st.sampled_from(PEOPLE)
picks = st.integers(0, 10**6)


@dataclass
class Meeting:
    """What the test knows of a meeting: who called it, and which answers nobody was told of."""

    organizer: str
    event: dict[str, Any]
    cancelled: bool = False
    gone: dict[tuple[str, str], str] = field(default_factory=dict)  # (person, day or "") -> what their removal said
    untold: set[str] = field(default_factory=set)  # people who kept an answer to themselves since they were last asked

    @property
    def is_series(self) -> bool:
        return self.event["type"] == "seriesMaster"


def times(day: str, hour: int) -> dict[str, Any]:
    return {"start": at(f"{day}T{hour:02}:00:00"), "end": at(f"{day}T{hour + 1:02}:00:00")}


def asked(event: dict[str, Any]) -> dict[str, str]:
    return {one["emailAddress"]["address"].partition("@")[0]: one["status"]["response"] for one in event["attendees"]}


def day_of(occurrence: dict[str, Any]) -> str:
    """The original day of an occurrence; here an occurrence never leaves it."""
    return occurrence["start"]["dateTime"][:10]


class Office(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.company = Company()
        self.meetings: list[Meeting] = []
        self.seen: dict[str, list[dict[str, Any]]] = {}  # everybody's events, as they were after the last step

    # --- looking ---------------------------------------------------------------------------------------------

    def copies(self, name: str, meeting: Meeting) -> list[dict[str, Any]]:
        """What somebody has of a meeting: the whole of it, or single days, whose iCalUId bears the day."""
        uid = meeting.event["iCalUId"]
        return [event for event in self.seen[name] if event["iCalUId"][:32] + event["iCalUId"][40:] == uid[:32] + uid[40:]]

    def days(self, name: str, event: dict[str, Any]) -> dict[str, dict[str, Any]]:
        if event["type"] != "seriesMaster":
            return {day_of(event): event}
        found = self.company.of(name)("GET", f"/me/events/{quote(event['id'])}/instances?{WINDOW}&$top=100").body["value"]
        return {day_of(day): day for day in found}

    def organized(self, meeting: Meeting) -> dict[str, Any]:
        answer = self.company.of(meeting.organizer)("GET", f"/me/events/{quote(meeting.event['id'])}")
        assert answer.status == 200
        return answer.body

    def standing(self, pick: int, *, series: bool = False) -> Meeting | None:
        found = [meeting for meeting in self.meetings if not meeting.cancelled and (meeting.is_series or not series)]
        return found[pick % len(found)] if found else None

    def anew(self, meeting: Meeting, day: str | None = None) -> None:
        """Everybody's answers to a meeting (or to one day) are forgotten, and what was thrown away may be back."""
        if day is None:
            meeting.gone.clear()
            meeting.untold.clear()
        else:
            meeting.gone = {key: value for key, value in meeting.gone.items() if key[1] != day}

    # --- organizing ------------------------------------------------------------------------------------------

    @initialize(hour=hours, other=hours)
    def call_two(self, hour: int, other: int) -> None:
        self.call("megan", {"alex", "lee", ROOM}, hour, 8, repeat=False)
        self.call("alex", {"megan", "lee", ROOM}, other, 7, repeat=True)

    @rule(organizer=people, crowd=crowds, hour=hours, day=st.integers(7, 9), repeat=st.booleans())
    def call(self, organizer: str, crowd: set[str], hour: int, day: int, repeat: bool) -> None:
        date = f"2026-12-{day:02}"
        span = {"type": "numbered", "startDate": date, "numberOfOccurrences": 3}
        series = {"recurrence": {"pattern": {"type": "daily", "interval": 1}, "range": span}} if repeat else {}
        guests = [guest(name, "resource" if name == ROOM else "required") for name in sorted(crowd - {organizer})]
        event = self.company.of(organizer).create(subject="Plan", **times(date, hour), attendees=guests, **series)
        self.meetings.append(Meeting(organizer, event))

    @rule(pick=picks, subject=st.sampled_from(["Plan A", "Plan B"]))
    def rename(self, pick: int, subject: str) -> None:
        meeting = self.standing(pick)
        if meeting:
            assert self.company.change(meeting.organizer, meeting.event, subject=subject).status == 200

    @rule(pick=picks, hour=hours)
    def move(self, pick: int, hour: int) -> None:
        meeting = self.standing(pick)
        if meeting:
            before = self.days(meeting.organizer, meeting.event)
            start = self.organized(meeting)["start"]
            after = self.company.change(meeting.organizer, meeting.event, **times(meeting.event["start"]["dateTime"][:10], hour)).body
            if start != after["start"]:
                self.anew(meeting)
            for day, occurrence in self.days(meeting.organizer, after).items():
                if day not in before or before[day]["start"] != occurrence["start"]:
                    self.anew(meeting, day)  # also a day that was moved or called off is as the rule has it again

    @rule(pick=picks, crowd=crowds)
    def ask_others(self, pick: int, crowd: set[str]) -> None:
        meeting = self.standing(pick)
        if meeting:
            before = asked(self.organized(meeting))
            guests = [guest(name, "resource" if name == ROOM else "required") for name in sorted(crowd - {meeting.organizer})]
            assert self.company.change(meeting.organizer, meeting.event, attendees=guests).status == 200
            for name in before.keys() ^ (crowd - {meeting.organizer}):
                meeting.gone = {key: value for key, value in meeting.gone.items() if key[0] != name}
                meeting.untold.discard(name)

    @rule(pick=picks, which=picks, hour=hours)
    def move_a_day(self, pick: int, which: int, hour: int) -> None:
        meeting = self.standing(pick, series=True)
        days = self.days(meeting.organizer, meeting.event) if meeting else {}
        if meeting and days:
            day = sorted(days)[which % len(days)]
            after = self.company.change(meeting.organizer, days[day], **times(day, hour)).body
            if after["start"] != days[day]["start"]:
                self.anew(meeting, day)

    @rule(pick=picks, which=picks, name=st.sampled_from((*PEOPLE, ROOM)))
    def ask_to_a_day_or_not(self, pick: int, which: int, name: str) -> None:
        meeting = self.standing(pick, series=True)
        days = self.days(meeting.organizer, meeting.event) if meeting else {}
        if meeting and days and name != meeting.organizer:
            day = sorted(days)[which % len(days)]
            guests = [guest(other, "resource" if other == ROOM else "required") for other in sorted({*asked(days[day])} ^ {name})]
            assert self.company.change(meeting.organizer, days[day], attendees=guests).status == 200
            meeting.gone.pop((name, day), None)

    @rule(pick=picks, which=picks, remove=st.booleans())
    def call_off_a_day(self, pick: int, which: int, remove: bool) -> None:
        meeting = self.standing(pick, series=True)
        days = self.days(meeting.organizer, meeting.event) if meeting else {}
        if meeting and len(days) > 1:
            day = days[sorted(days)[which % len(days)]]
            if remove or not day["attendees"]:
                assert self.company.delete(meeting.organizer, day).status == 204
            else:
                assert self.company.act(meeting.organizer, day, "cancel", comment="No").status == 202

    @rule(pick=picks, remove=st.booleans())
    def call_off(self, pick: int, remove: bool) -> None:
        meeting = self.standing(pick)
        if meeting:
            if remove or not self.organized(meeting)["attendees"]:
                assert self.company.delete(meeting.organizer, meeting.event).status == 204
            else:
                assert self.company.act(meeting.organizer, meeting.event, "cancel").status == 202
            meeting.cancelled = True

    # --- taking part -----------------------------------------------------------------------------------------

    def taken_part(self, pick: int) -> tuple[str, Meeting, dict[str, Any]] | None:
        """Somebody, a meeting of somebody else, and their copy of it."""
        found = [
            (name, meeting, copy)
            for meeting in self.meetings
            for name in PEOPLE
            if name != meeting.organizer
            for copy in self.copies(name, meeting)
        ]
        return found[pick % len(found)] if found else None

    def some_of(self, name: str, copy: dict[str, Any], which: int | None) -> tuple[str, dict[str, Any], bool]:
        """A whole copy (""), or one day of it, and whether that is its last: a series goes with it."""
        days = self.days(name, copy) if copy["type"] == "seriesMaster" and which is not None else {}
        day = sorted(days)[which % len(days)] if days and which is not None else ""
        return day, days.get(day, copy), len(days) == 1

    @rule(pick=picks, which=st.none() | picks, action=st.sampled_from(list(RESPONSES)), told=st.booleans())
    def answer(self, pick: int, which: int | None, action: str, told: bool) -> None:
        found = self.taken_part(pick)
        if found is None:
            return
        name, meeting, copy = found
        day, part, last = self.some_of(name, copy, which)
        answer = self.company.act(name, part, action, sendResponse=told)
        if copy["isCancelled"] or part["isCancelled"]:
            assert answer.code == "ErrorInvalidRequest"
            return
        assert answer.status == 202
        if not day:
            meeting.untold.discard(name)
        if not told:
            meeting.untold.add(name)
        if action == "decline":
            meeting.gone |= {(name, day): "declined" if told else "?"} | ({(name, ""): "?"} if last else {})

    @rule(pick=picks, which=st.none() | picks)
    def throw_away(self, pick: int, which: int | None) -> None:
        found = self.taken_part(pick)
        if found:
            name, meeting, copy = found
            day, part, last = self.some_of(name, copy, which)
            assert self.company.delete(name, part).status == 204
            meeting.gone |= {(name, day): "?"} | ({(name, ""): "?"} if last else {})

    @rule(pick=picks, categories=st.sampled_from([["Red"], []]))
    def mark(self, pick: int, categories: list[str]) -> None:
        found = self.taken_part(pick)
        if found:
            name, meeting, copy = found
            before = self.organized(meeting) if not meeting.cancelled else None
            assert self.company.change(name, copy, categories=categories).body["categories"] == categories
            assert before is None or self.organized(meeting) == before

    @rule(pick=picks, to=people)
    def pass_on(self, pick: int, to: str) -> None:
        found = self.taken_part(pick)
        if found and to not in (found[0], found[1].organizer):
            name, meeting, copy = found
            before = {} if meeting.cancelled else asked(self.organized(meeting))
            answer = self.company.act(name, copy, "forward", toRecipients=[{"emailAddress": guest(to)["emailAddress"]}])
            assert answer.status == 202
            if to not in before:
                meeting.gone = {key: value for key, value in meeting.gone.items() if key[0] != to}
                meeting.untold.discard(to)

    # --- what always holds -----------------------------------------------------------------------------------

    @invariant()
    def all_is_well(self) -> None:
        self.seen = {name: self.company.events(name) for name in (*PEOPLE, ROOM)}
        self.everybody_has_each_meeting_once()
        self.cancelled_is_cancelled_everywhere()
        self.copies_are_at_the_organizers_times_and_answers_are_known()
        self.the_room_is_booked_once_at_a_time()

    def everybody_has_each_meeting_once(self) -> None:
        for meeting in self.meetings:
            for name in (*PEOPLE, ROOM):
                copies = self.copies(name, meeting)
                uids = [copy["iCalUId"] for copy in copies]
                assert len(uids) == len(set(uids))
                standing = [copy["iCalUId"] for copy in copies if not copy["isCancelled"]]
                assert len(standing) <= 1 or meeting.event["iCalUId"] not in standing
                assert all(copy["isOrganizer"] == (name == meeting.organizer) for copy in copies)

    def cancelled_is_cancelled_everywhere(self) -> None:
        for meeting in self.meetings:
            event = None if meeting.cancelled else self.organized(meeting)
            days = self.days(meeting.organizer, event) if event else {}
            for name in (*PEOPLE, ROOM):
                for copy in self.copies(name, meeting):
                    whole = copy["iCalUId"] == meeting.event["iCalUId"]
                    part = event if whole else days.get(day_of(copy))
                    invited = part is not None and (name == meeting.organizer or name in asked(part))
                    assert copy["isCancelled"] != invited
                    assert copy["subject"].startswith("Canceled: ") != invited
            if meeting.cancelled:
                assert self.copies(meeting.organizer, meeting) == []

    def copies_are_at_the_organizers_times_and_answers_are_known(self) -> None:
        for meeting in self.meetings:
            if meeting.cancelled:
                continue
            event = self.organized(meeting)
            here = self.days(meeting.organizer, event)
            for day, occurrence in here.items():
                for name in asked(occurrence).keys() - asked(event).keys():
                    self.is_asked_to_one_day(meeting, name, day, occurrence)
            for name in asked(event):
                copies = self.copies(name, meeting)
                if not copies:
                    assert name == ROOM or (name, "") in meeting.gone
                    said = meeting.gone.get((name, ""), "declined")
                    assert said == "?" or asked(event)[name] == said
                    continue
                there = self.days(name, copies[0])
                for day, occurrence in there.items():
                    assert occurrence["isCancelled"] == (day not in here or name not in asked(here[day]))
                    if not occurrence["isCancelled"]:
                        self.same(meeting, name, here[day], occurrence)
                for day in [day for day in here.keys() - there.keys() if name in asked(here[day])]:
                    assert name == ROOM or (name, day) in meeting.gone
                    said = meeting.gone.get((name, day), "declined")
                    assert said == "?" or asked(here[day])[name] == said

    def is_asked_to_one_day(self, meeting: Meeting, name: str, day: str, occurrence: dict[str, Any]) -> None:
        copies = [copy for copy in self.copies(name, meeting) if copy["iCalUId"] == occurrence["iCalUId"]]
        if not copies:
            assert (name, day) in meeting.gone or (name, "") in meeting.gone
        for copy in copies:
            assert copy["type"] == "singleInstance"
            self.same(meeting, name, occurrence, copy)

    def same(self, meeting: Meeting, name: str, ours: dict[str, Any], theirs: dict[str, Any]) -> None:
        assert {part: ours[part] for part in ("start", "end", "iCalUId")} == {part: theirs[part] for part in ("start", "end", "iCalUId")}
        assert name == ROOM or ours["subject"] == theirs["subject"]
        answer = theirs["responseStatus"]["response"]
        shown = {"accepted": "busy", "tentativelyAccepted": "tentative", "notResponded": "tentative"}
        assert theirs["showAs"] == shown[answer]
        if name not in meeting.untold:
            known = asked(ours)[name]
            assert known == answer or (known in UNANSWERED and answer in UNANSWERED)

    def the_room_is_booked_once_at_a_time(self) -> None:
        busy = [
            (day["start"]["dateTime"], day["end"]["dateTime"])
            for event in self.seen[ROOM]
            for day in self.days(ROOM, event).values()
            if not day["isCancelled"]
        ]
        for first, second in zip(sorted(busy), sorted(busy)[1:], strict=False):
            assert first[1] <= second[0]


Office.TestCase.settings = settings(max_examples=30, stateful_step_count=25, deadline=None, phases=[Phase.reuse, Phase.generate])
TestOffice = Office.TestCase
