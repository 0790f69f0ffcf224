"""iCalendar files into a mailbox: every property that Graph has words for, and a remark for each that it has not."""

from __future__ import annotations

import json

import pytest

from daypass.wire import Request
from graph_caller import ROOT, Graph, new_tenant

BERLIN = """BEGIN:VTIMEZONE
TZID:{name}
BEGIN:STANDARD
DTSTART:16010101T030000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
END:DAYLIGHT
END:VTIMEZONE
"""


def file(*events, zones=""):
    bodies = "".join(f"BEGIN:VEVENT\n{event.strip()}\nEND:VEVENT\n" for event in events)
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//Contoso//Test//EN\n{zones}{bodies}END:VCALENDAR\n"


class Mailbox:
    """Megan's, into which files are put, and which is looked at through Graph."""

    def __init__(self):
        self.tenant = new_tenant()
        self.graph = Graph(self.tenant)

    def send(self, text, query="user=megan"):
        body = text if isinstance(text, bytes) else text.encode()
        answer = self.tenant.handle(Request("POST", f"{ROOT}/sandbox/import?{query}", {"content-type": "text/calendar"}, body))
        return answer.status, json.loads(answer.body)

    def take(self, *events, zones="", query="user=megan"):
        status, report = self.send(file(*events, zones=zones), query)
        assert status == 200, report
        return report

    def events(self):
        return self.graph("GET", "/me/events?$top=100").body["value"]

    def one(self, event, **more):
        """The one event that becomes of one, nothing being refused."""
        report = self.take("UID:1\n" + event, **more)
        assert report["refused"] == []
        (found,) = self.events()
        return found

    def days(self, start="2026-11-01", end="2027-11-01"):
        view = self.graph.view(f"{start}T00:00:00Z", f"{end}T00:00:00Z", "&$top=500&$orderby=start/dateTime")
        return [event["start"]["dateTime"][:16] for event in self.graph.everything(view)]


@pytest.fixture
def box():
    return Mailbox()


def notes(report):
    return [note for each in report["notes"] for note in each["notes"]]


NOON = "DTSTART:20261125T120000Z\nDTEND:20261125T130000Z\n"


# --- times


@pytest.mark.parametrize(
    ("lines", "start", "end", "all_day"),
    [
        ("DTSTART:20261125T120000Z\nDTEND:20261125T130000Z", "2026-11-25T12:00", "2026-11-25T13:00", False),
        ("DTSTART;TZID=Europe/Berlin:20261125T120000\nDURATION:PT90M", "2026-11-25T11:00", "2026-11-25T12:30", False),
        ("DTSTART;TZID=W. Europe Standard Time:20260701T120000\nDURATION:PT1H", "2026-07-01T10:00", "2026-07-01T11:00", False),
        ('DTSTART;TZID="Pacific Standard Time":20261125T120000\nDURATION:PT1H', "2026-11-25T20:00", "2026-11-25T21:00", False),
        ("DTSTART:20261125T120000\nDURATION:PT1H", "2026-11-25T20:00", "2026-11-25T21:00", False),
        ("DTSTART:20261125T120000Z", "2026-11-25T12:00", "2026-11-25T12:00", False),
        ("DTSTART;VALUE=DATE:20261125", "2026-11-25T00:00", "2026-11-26T00:00", True),
        ("DTSTART;VALUE=DATE:20261125\nDTEND;VALUE=DATE:20261128", "2026-11-25T00:00", "2026-11-28T00:00", True),
        ("DTSTART;VALUE=DATE:20261125\nDTEND;VALUE=DATE:20261125", "2026-11-25T00:00", "2026-11-26T00:00", True),
        ("DTSTART;VALUE=DATE:20261125\nDURATION:P2D", "2026-11-25T00:00", "2026-11-27T00:00", True),
        # over the night on which clocks are put forward: a day is a day, hours are hours
        ("DTSTART;TZID=Europe/Berlin:20270327T120000\nDURATION:P1D", "2027-03-27T11:00", "2027-03-28T10:00", False),
        ("DTSTART;TZID=Europe/Berlin:20270327T120000\nDURATION:PT23H", "2027-03-27T11:00", "2027-03-28T10:00", False),
        (
            "DTSTART;TZID=Europe/Berlin:20261125T120000\nDTEND;TZID=Asia/Tokyo:20261125T210000",
            "2026-11-25T11:00",
            "2026-11-25T12:00",
            False,
        ),
    ],
)
def test_times_of_every_form(box, lines, start, end, all_day):
    event = box.one(lines)
    assert (event["start"]["dateTime"][:16], event["end"]["dateTime"][:16], event["isAllDay"]) == (start, end, all_day)


@pytest.mark.parametrize(
    ("name", "rules", "zone", "note"),
    [
        ("Europe/Berlin", "", "W. Europe Standard Time", ""),
        ("/freeassociation.sourceforge.net/Tzfile/Europe/Berlin", "", "W. Europe Standard Time", ""),
        ("/citadel.org/20210210_1/America/Argentina/Buenos_Aires", "", "Argentina Standard Time", ""),
        ("(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna", "", "W. Europe Standard Time", ""),
        ("Customized Time Zone", BERLIN, "Central Europe Standard Time", "is taken for Central Europe Standard Time"),
        ("Nowhere", "", "UTC", "is known to nobody"),
        ("Nowhere", BERLIN.replace("YEARLY", "SECONDLY"), "UTC", "is known to nobody"),
        ("Nowhere", BERLIN.replace("+0100", "+0117").replace("+0200", "+0217"), "UTC", "is known to nobody"),
        ("Nowhere", BERLIN.replace("+0100", "soon"), "UTC", "is known to nobody"),
        ("Nowhere", BERLIN.replace("-1SU", "-1XX"), "UTC", "is known to nobody"),
        ("Nowhere", BERLIN.replace("16010101T", "00010101T"), "Central Europe Standard Time", "is taken for"),
    ],
)
def test_zones_by_every_name_and_by_their_rules(box, name, rules, zone, note):
    report = box.take(f'UID:1\nDTSTART;TZID="{name}":20261125T120000\nDURATION:PT1H', zones=rules.format(name=name))
    assert box.events()[0]["originalStartTimeZone"] == zone
    assert note in str(notes(report))
    assert bool(notes(report)) == bool(note)


def test_a_zone_by_rules_prefers_the_mailboxs_own(box):
    pacific = BERLIN.replace("+0200", "-0700").replace("+0100", "-0800").replace("BYDAY=-1SU;BYMONTH=10", "BYDAY=1SU;BYMONTH=11")
    pacific = pacific.replace("BYDAY=-1SU;BYMONTH=3", "BYDAY=2SU;BYMONTH=3").replace("T030000", "T020000")
    box.take("UID:1\nDTSTART;TZID=X:20261125T120000", zones=pacific.format(name="X"))
    assert box.events()[0]["originalStartTimeZone"] == "Pacific Standard Time"


# --- what it says


def test_all_that_graph_has_words_for(box):
    event = box.one(
        NOON
        + """SUMMARY:Design review\\, last one
DESCRIPTION:Agenda\\n1. Colours
LOCATION:Conf Room Adams
GEO:47.6;-122.1
CATEGORIES:Team,Milestones
CATEGORIES:Team
CLASS:CONFIDENTIAL
PRIORITY:1
TRANSP:OPAQUE
STATUS:TENTATIVE
CREATED:20261001T080000Z
LAST-MODIFIED:20261002T080000Z
SEQUENCE:3
DTSTAMP:20261002T080000Z
BEGIN:VALARM
ACTION:DISPLAY
TRIGGER:-PT30M
END:VALARM"""
    )
    assert event["subject"] == "Design review, last one"
    assert "Agenda" in event["body"]["content"]
    assert event["bodyPreview"].startswith("Agenda")
    assert event["location"]["displayName"] == "Conf Room Adams"
    assert event["location"]["coordinates"] == {"latitude": 47.6, "longitude": -122.1}
    assert event["categories"] == ["Team", "Milestones"]
    assert (event["sensitivity"], event["importance"], event["showAs"]) == ("confidential", "high", "tentative")
    assert (event["isReminderOn"], event["reminderMinutesBeforeStart"]) == (True, 30)
    assert event["createdDateTime"].startswith("2026-10-01T08:00:00")
    assert event["lastModifiedDateTime"].startswith("2026-10-02T08:00:00")
    assert (event["isOrganizer"], event["organizer"]["emailAddress"]["address"]) == (True, "megan@contoso.example")


@pytest.mark.parametrize(
    ("lines", "member", "value"),
    [
        ("TRANSP:TRANSPARENT", "showAs", "free"),
        ("TRANSP:TRANSPARENT\nX-MICROSOFT-CDO-BUSYSTATUS:OOF", "showAs", "oof"),
        ("X-MICROSOFT-CDO-BUSYSTATUS:WORKINGELSEWHERE", "showAs", "workingElsewhere"),
        ("X-MICROSOFT-CDO-BUSYSTATUS:NONSENSE", "showAs", "busy"),
        ("STATUS:CANCELLED", "isCancelled", True),
        ("STATUS:CANCELLED", "showAs", "free"),
        ("STATUS:CONFIRMED", "showAs", "busy"),
        ("CLASS:PRIVATE", "sensitivity", "private"),
        ("PRIORITY:0", "importance", "normal"),
        ("PRIORITY:9", "importance", "low"),
        ("PRIORITY:1\nX-MICROSOFT-CDO-IMPORTANCE:0", "importance", "low"),
        ("DESCRIPTION:plain\nX-ALT-DESC;FMTTYPE=text/html:<p>rich</p>", "bodyPreview", "rich"),
        ("SUMMARY:", "subject", ""),
        ("", "isReminderOn", False),
    ],
)
def test_one_thing_it_says(box, lines, member, value):
    assert box.one(f"{NOON}{lines}")[member] == value


GUESTS = """ORGANIZER;CN=Robin Counts:mailto:robin@fabrikam.example
ATTENDEE;CN=Robin Counts;ROLE=CHAIR;PARTSTAT=ACCEPTED:mailto:Robin@fabrikam.example
ATTENDEE;CN="Bowen, Megan";PARTSTAT=TENTATIVE;RSVP=TRUE:MAILTO:megan@contoso.example
ATTENDEE;ROLE=OPT-PARTICIPANT;PARTSTAT=DECLINED:mailto:alex@contoso.example
ATTENDEE;CUTYPE=ROOM;PARTSTAT=ACCEPTED:mailto:adams@contoso.example
ATTENDEE:mailto:mona@fabrikam.example"""


def test_anothers_meeting_has_its_organizer_and_everybodys_answers(box):
    event = box.one(NOON + GUESTS)
    assert event["organizer"]["emailAddress"] == {"name": "Robin Counts", "address": "robin@fabrikam.example"}
    assert (event["isOrganizer"], event["responseStatus"]["response"], event["responseRequested"]) == (False, "tentativelyAccepted", True)
    guests = {guest["emailAddress"]["address"]: (guest["type"], guest["status"]["response"]) for guest in event["attendees"]}
    assert guests == {
        "megan@contoso.example": ("required", "tentativelyAccepted"),
        "alex@contoso.example": ("optional", "declined"),
        "adams@contoso.example": ("resource", "accepted"),
        "mona@fabrikam.example": ("required", "notResponded"),
    }
    assert event["attendees"][0]["emailAddress"]["name"] == "Bowen, Megan"


def test_ones_own_meeting_is_ones_own(box):
    event = box.one(NOON + "ORGANIZER:mailto:Megan@contoso.example\nATTENDEE:mailto:alex@contoso.example")
    assert (event["isOrganizer"], event["responseStatus"]["response"], event["responseRequested"]) == (True, "organizer", False)


def test_the_same_meeting_has_one_icaluid_in_every_mailbox(box):
    for user in ("megan", "alex"):
        box.take(f"UID:x@fabrikam.example\n{NOON}", query=f"user={user}")
    box.take(f"UID:y@fabrikam.example\n{NOON}")
    megan, alex = box.events(), Graph(box.tenant, "alex")("GET", "/me/events").body["value"]
    assert megan[0]["iCalUId"] == alex[0]["iCalUId"] != megan[1]["iCalUId"]


def test_an_icaluid_of_outlooks_own_is_kept(box):
    known = f"040000008200E00074C5B7101A82E008{'0' * 32}10000000{'0123456789ABCDEF' * 2}"
    box.take(f"UID:{known}\n{NOON}")
    assert box.events()[0]["iCalUId"] == known


# --- what Graph has no words for


@pytest.mark.parametrize(
    ("lines", "note"),
    [
        ("URL:https://contoso.example\nATTACH:https://contoso.example/a.pdf\nX-OURS:1", "not kept: ATTACH, URL, X-OURS"),
        ("CLASS:SECRET", "its class SECRET is kept as private"),
        ("GEO:47.6;-122.1", "its position has no place"),
        ("ATTENDEE:urn:uuid:1\nATTENDEE:mailto:", "2 of those who are asked have no mail address"),
        ("ORGANIZER:urn:uuid:1", "its organizer has no mail address"),
        ("BEGIN:VALARM\nTRIGGER:PT5M\nEND:VALARM", "1 of its alarms is not kept"),
        ("BEGIN:VALARM\nTRIGGER;RELATED=END:-PT5M\nEND:VALARM", "1 of its alarms is not kept"),
        ("BEGIN:VALARM\nTRIGGER:-PT5M\nEND:VALARM\n" * 3, "2 of its alarms are not kept"),
        ("PRIORITY:1\nDTEND:never", "cannot be read: DTEND"),
        ("RRULE:FREQ=DAILY;COUNT=2\nEXDATE:20261225T120000Z", "it excludes 2026-12-25, on which it has no occurrence"),
        ("RDATE:20261201T120000Z,20261202T120000Z", "its 2 added dates are kept as single events"),
        ("RDATE;VALUE=PERIOD:20261201T120000Z/PT1H\nRDATE:20261203T120000Z", "its 2 added dates are kept as single events"),
        ("RRULE:FREQ=DAILY;COUNT=2\nRRULE:FREQ=DAILY;COUNT=3", "it has several rules; the first is kept"),
    ],
)
def test_what_is_not_kept_is_said(box, lines, note):
    report = box.take(f"UID:1\nSUMMARY:Fair\nDTSTART:20261125T120000Z\n{lines}")
    assert report["refused"] == []
    (about,) = report["notes"]
    assert (about["uid"], about["subject"]) == ("1", "Fair")
    assert note in str(about["notes"])


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ("SUMMARY:X", "it has no start that can be read"),
        ("DTSTART:never", "it has no start that can be read"),
        ("DTSTART;VALUE=DATE:20261125\nDTEND:20261126T120000Z", "begins on a day and ends at a time"),
        (NOON.replace("T13", "T11"), "end is before start"),
        (f"{NOON}RRULE:FREQ=HOURLY", "no pattern for FREQ=HOURLY"),
        (f"{NOON}RRULE:FREQ=SECONDLY;COUNT=3", "no pattern for FREQ=SECONDLY;COUNT=3"),
        (f"{NOON}RRULE:FREQ=MONTHLY;BYDAY=5MO", "no pattern for FREQ=MONTHLY;BYDAY=5MO"),
        (f"{NOON}RRULE:FREQ=YEARLY;BYWEEKNO=20", "no pattern for"),
        (f"{NOON}RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "no pattern for"),
        (f"{NOON}RRULE:FREQ=DAILY;UNTIL=20200101T000000Z", "ends before it begins"),
        (f"{NOON}RRULE:FREQ=DAILY;INTERVAL=5000", "no pattern for"),
        ("\n".join([NOON, *(f"ATTENDEE:mailto:guest{number}@fabrikam.example" for number in range(501))]), "at most 500 attendees"),
        ("DTSTART:99990101T000000Z", "dateTime '9999-01-01T00:00:00' is not of the form"),
    ],
)
def test_what_cannot_be_an_event_is_refused_with_the_reason_and_the_rest_is_kept(box, lines, reason):
    report = box.take(f"UID:1\nSUMMARY:Fair\n{lines}" if "SUMMARY" not in lines else f"UID:1\n{lines}", f"UID:2\nSUMMARY:Lunch\n{NOON}")
    (refused,) = report["refused"]
    assert refused["uid"] == "1"
    assert reason in refused["reason"]
    assert [event["subject"] for event in box.events()] == ["Lunch"]
    assert report["events"] == 1


def test_components_of_other_kinds_are_counted(box):
    todo = "BEGIN:VTODO\nUID:9\nSUMMARY:Milk\nEND:VTODO\n"
    assert notes(box.take(f"UID:1\n{NOON}", zones=todo * 2)) == ["2 VTODO not kept: this is a calendar"]


# --- series


@pytest.mark.parametrize(
    ("rule", "pattern"),
    [
        ("FREQ=DAILY", {"type": "daily", "interval": 1}),
        ("FREQ=DAILY;INTERVAL=3", {"type": "daily", "interval": 3}),
        ("FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR", {"type": "weekly", "daysOfWeek": ["monday", "tuesday", "wednesday", "thursday", "friday"]}),
        ("FREQ=WEEKLY", {"type": "weekly", "daysOfWeek": ["wednesday"], "firstDayOfWeek": "monday"}),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=WE,SU;WKST=SU", {"interval": 2, "daysOfWeek": ["wednesday", "sunday"], "firstDayOfWeek": "sunday"}),
        ("FREQ=MONTHLY", {"type": "absoluteMonthly", "dayOfMonth": 25}),
        ("FREQ=MONTHLY;BYMONTHDAY=25;INTERVAL=2", {"type": "absoluteMonthly", "dayOfMonth": 25, "interval": 2}),
        ("FREQ=MONTHLY;BYDAY=4WE", {"type": "relativeMonthly", "daysOfWeek": ["wednesday"], "index": "fourth"}),
        ("FREQ=MONTHLY;BYDAY=-1WE", {"type": "relativeMonthly", "daysOfWeek": ["wednesday"], "index": "last"}),
        ("FREQ=MONTHLY;BYDAY=WE;BYSETPOS=4", {"type": "relativeMonthly", "daysOfWeek": ["wednesday"], "index": "fourth"}),
        ("FREQ=YEARLY", {"type": "absoluteYearly", "month": 11, "dayOfMonth": 25}),
        ("FREQ=YEARLY;BYMONTH=11;BYMONTHDAY=25", {"type": "absoluteYearly", "month": 11, "dayOfMonth": 25}),
        ("FREQ=YEARLY;BYMONTH=11;BYDAY=4WE", {"type": "relativeYearly", "month": 11, "index": "fourth"}),
    ],
)
def test_rules_that_graph_has_a_pattern_for(box, rule, pattern):
    event = box.one(f"{NOON}RRULE:{rule}")
    assert event["type"] == "seriesMaster"
    assert pattern.items() <= event["recurrence"]["pattern"].items()
    assert event["recurrence"]["range"]["type"] == "noEnd"


@pytest.mark.parametrize(
    ("rule", "span"),
    [
        ("COUNT=7", {"type": "numbered", "numberOfOccurrences": 7}),
        ("COUNT=2000", {"type": "endDate", "endDate": "2032-05-16"}),
        ("UNTIL=20261130", {"type": "endDate", "endDate": "2026-11-30"}),
        ("UNTIL=20261130T120000Z", {"type": "endDate", "endDate": "2026-11-30"}),
        ("UNTIL=20261130T115959Z", {"type": "endDate", "endDate": "2026-11-29"}),
    ],
)
def test_ends_of_rules(box, rule, span):
    assert span.items() <= box.one(f"{NOON}RRULE:FREQ=DAILY;{rule}")["recurrence"]["range"].items()


def test_an_end_counts_by_the_clock_of_the_series(box):
    event = box.one("DTSTART;TZID=Pacific Standard Time:20261125T190000\nRRULE:FREQ=DAILY;UNTIL=20261128T030000Z")
    assert event["recurrence"]["range"]["endDate"] == "2026-11-27"


def test_a_rule_without_pattern_that_ends_becomes_single_events(box):
    report = box.take(f"UID:1\nSUMMARY:Fifth\n{NOON}RRULE:FREQ=MONTHLY;BYDAY=5MO;COUNT=3\nEXDATE:20270329T120000Z")
    assert (report["events"], report["series"]) == (3, 0)
    assert "its 4 occurrences are kept as single events" in str(notes(report))
    assert box.days() == ["2026-11-25T12:00", "2026-11-30T12:00", "2027-05-31T12:00"]


def test_a_first_day_that_does_not_fit_its_rule_is_kept_beside_the_series(box):
    report = box.take(f"UID:1\n{NOON}RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=2")
    assert (report["events"], report["series"]) == (2, 1)
    assert box.days() == ["2026-11-25T12:00", "2026-11-30T12:00", "2026-12-07T12:00"]


def test_a_late_day_of_the_month_is_said_to_be_otherwise_with_outlook(box):
    report = box.take("UID:1\nDTSTART:20260131T120000Z\nRRULE:FREQ=MONTHLY;BYMONTHDAY=31")
    assert "Outlook takes the last day" in str(notes(report))
    assert notes(box.take("UID:2\nDTSTART:20260131T120000Z\nRRULE:FREQ=MONTHLY;BYMONTHDAY=-1")) == []


DAILY = "UID:1\nSUMMARY:Stand-up\nLOCATION:Desk\nDTSTART;TZID=Europe/Berlin:20261123T100000\nDURATION:PT30M\nRRULE:FREQ=DAILY;COUNT=5"


def changed(day, *lines):
    return "\n".join(["UID:1", f"RECURRENCE-ID;TZID=Europe/Berlin:202611{day:02d}T100000", *lines])


def test_a_series_with_everything(box):
    moved = changed(24, "SUMMARY:Later", "DTSTART;TZID=Europe/Berlin:20261124T150000", "DURATION:PT15M")
    gone = changed(25, "DTSTART;TZID=Europe/Berlin:20261125T100000", "STATUS:CANCELLED")
    by_utc = "UID:1\nRECURRENCE-ID:20261127T090000Z\nSUMMARY:Last\nDTSTART;TZID=Europe/Berlin:20261127T100000\nDURATION:PT30M"
    report = box.take(f"{DAILY}\nEXDATE;TZID=Europe/Berlin:20261126T100000", moved, gone, by_utc)
    assert (report["events"], report["series"], report["notes"]) == (1, 1, [])
    found = box.graph.view("2026-11-20T00:00:00Z", "2026-11-30T00:00:00Z", "&$orderby=start/dateTime").body["value"]
    assert [(event["subject"], event["start"]["dateTime"][:16], event["type"]) for event in found] == [
        ("Stand-up", "2026-11-23T09:00", "occurrence"),
        ("Later", "2026-11-24T14:00", "exception"),
        ("Last", "2026-11-27T09:00", "exception"),
    ]
    assert [event["location"]["displayName"] for event in found] == ["Desk", "", ""], "a changed occurrence is told as a whole"
    assert found[1]["end"]["dateTime"][:16] == "2026-11-24T14:15"


def test_an_occurrence_moved_across_another_is_kept_apart(box):
    report = box.take(DAILY, changed(24, "SUMMARY:Far", "DTSTART;TZID=Europe/Berlin:20261126T180000", "DURATION:PT15M"))
    assert "its occurrence of 2026-11-24 was moved across another one" in str(notes(report))
    assert report["events"] == 2
    assert box.days() == [f"2026-11-{day}" for day in ("23T09:00", "25T09:00", "26T09:00", "26T17:00", "27T09:00")]


def test_a_change_of_what_is_no_occurrence_is_kept_apart(box):
    report = box.take(DAILY, changed(30, "SUMMARY:Extra", "DTSTART;TZID=Europe/Berlin:20261130T100000"))
    assert "none of its own" in str(notes(report))
    assert box.days()[-1] == "2026-11-30T09:00"


def test_this_and_all_that_follow_is_said_to_be_kept_for_one(box):
    lines = ["DTSTART;TZID=Europe/Berlin:20261124T110000", "DURATION:PT15M"]
    change = changed(24, *lines).replace("RECURRENCE-ID;", "RECURRENCE-ID;RANGE=THISANDFUTURE;")
    assert "kept for that day alone" in str(notes(box.take(DAILY, change)))


def test_a_change_without_its_series_is_a_single_event(box):
    report = box.take(changed(24, "SUMMARY:Alone", "DTSTART;TZID=Europe/Berlin:20261124T150000"))
    assert "the series it changes is not in the file" in str(notes(report))
    assert box.events()[0]["type"] == "singleInstance"


def test_of_several_events_with_one_uid_the_first_is_kept(box):
    report = box.take(f"UID:1\nSUMMARY:First\n{NOON}", f"UID:1\nSUMMARY:Second\n{NOON}")
    assert notes(report) == ["1 more events bear this UID; the first is kept"]
    assert [event["subject"] for event in box.events()] == ["First"]


def test_events_without_uid_are_events_all_the_same(box):
    assert box.take(NOON, NOON)["events"] == 2


def test_an_all_day_series_excludes_days(box):
    box.take("UID:1\nDTSTART;VALUE=DATE:20261123\nRRULE:FREQ=DAILY;COUNT=3\nEXDATE;VALUE=DATE:20261124")
    assert box.days() == ["2026-11-23T00:00", "2026-11-25T00:00"]


# --- where it goes, and what is no file


def test_a_calendar_that_is_not_there_is_made(box):
    report = box.take(f"UID:1\n{NOON}", query="user=megan&calendar=Public%20holidays")
    assert report["calendar"] == "Public holidays"
    box.take(f"UID:2\n{NOON}", query="user=megan&calendar=Public%20holidays")
    named = [calendar["name"] for calendar in box.graph("GET", "/me/calendars").body["value"]]
    assert named.count("Public holidays") == 1
    assert len(box.events()) == 2


def test_what_is_imported_is_news(box):
    window = "startDateTime=2026-11-25T00:00:00Z&endDateTime=2026-11-26T00:00:00Z"
    link = box.graph("GET", f"/me/calendarView/delta?{window}").body["@odata.deltaLink"]
    box.take(f"UID:1\nSUMMARY:News\n{NOON}")
    assert box.graph("GET", link).subjects == ["News"]


def test_lines_may_be_folded_and_end_as_they_like(box):
    text = file(f"UID:1\nSUMMARY:Long\n  title\n{NOON}")
    for ending in ("\n", "\r\n"):
        assert box.send(("\ufeff" + text.replace("\n", ending)).encode())[0] == 200
    assert [event["subject"] for event in box.events()] == ["Long title"] * 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it has no VCALENDAR"),
        ("hello", "this is not an iCalendar file"),
        ("BEGIN:VEVENT\nEND:VEVENT\n", "it has no VCALENDAR"),
        ("BEGIN:VCALENDAR\n", "it has no VCALENDAR"),
        (b"\xff\xfe", "must be text in UTF-8"),
        ("BEGIN:VCALENDAR\n" + "BEGIN:VEVENT\nEND:VEVENT\n" * 20_001 + "END:VCALENDAR\n", "this file has 20001 events; 20000 can be taken"),
    ],
)
def test_what_is_no_calendar_is_refused(box, text, said):
    status, answer = box.send(text)
    assert status == 400
    assert said in answer["error"]["message"]
    assert len(answer["error"]["message"]) < 400
    assert box.events() == []


@pytest.mark.parametrize(("query", "status"), [("", 404), ("user=nobody", 404), ("user=megan&name=x", 400)])
def test_a_file_for_nobody_is_refused(box, query, status):
    assert box.send(file(NOON), query)[0] == status


def test_an_added_period_counts_by_its_start(box):
    box.take("UID:1\nSUMMARY:Fair\nDTSTART:20261123T100000Z\nDTEND:20261123T110000Z\nRDATE;VALUE=PERIOD:20261130T100000Z/PT1H")
    assert sorted(event["start"]["dateTime"][:10] for event in box.events()) == ["2026-11-23", "2026-11-30"]
