from __future__ import annotations

import pytest

from daypass_sandbox.calendar.calendars import new_mailbox
from daypass_sandbox.calendar.sharing import EVERYBODYS_ID
from graph_caller import PACIFIC, Graph, at, new_tenant, series, timed

MEGAN, ALEX, ADELE = (f"{name}@contoso.example" for name in ("megan", "alex", "adele"))
MEGAN_ID = "c04705e2-7e11-4000-8000-000000000001"
ALEX_ID = "c04705e2-7e11-4000-8000-000000000002"
ADELE_ID = "c04705e2-7e11-4000-8000-000000000003"
IN_PACIFIC = f'outlook.timezone="{PACIFIC}"'
CUSTOM_PACIFIC = {
    "@odata.type": "#microsoft.graph.customTimeZone",
    "bias": 480,
    "name": "Customized Time Zone",
    "standardOffset": {"time": "02:00:00.0000000", "dayOccurrence": 1, "dayOfWeek": "sunday", "month": 11, "year": 0},
    "daylightOffset": {"daylightBias": -60, "time": "02:00:00.0000000", "dayOccurrence": 2, "dayOfWeek": "sunday", "month": 3, "year": 0},
}


@pytest.fixture
def megan(tenant):
    return Graph(tenant)


def alex_on(tenant):
    return Graph(tenant, user="alex")


def schedule(graph, *addresses, start="2026-12-01T09:00:00", end="2026-12-01T17:00:00", zone="UTC", minutes=60, prefer="", **more):
    body = {"schedules": addresses, "startTime": at(start, zone), "endTime": at(end, zone), "availabilityViewInterval": minutes, **more}
    return graph("POST", "/me/calendar/getSchedule", body, prefer=prefer)


def one(graph, address=MEGAN, **more):
    answer = schedule(graph, address, **more)
    assert answer.status == 200, answer.body
    return answer.body["value"][0]


def share(tenant, owner_id, role, address=None):
    """Let a calendar's owner give a role to somebody, or to everybody."""
    calendar = next(iter(tenant.state.mailboxes[owner_id]["calendars"].values()))
    named = {"name": "My Organization"} if address is None else {"name": address, "address": address}
    calendar.setdefault("permissions", []).append(
        {"id": EVERYBODYS_ID if "address" not in named else named["name"], "role": role, "emailAddress": named}
    )


def test_the_documented_schedules_of_two_people_are_told(tenant, megan):
    """api/calendar-getschedule: one lets titles be seen, the other only when she is taken, and works by the clock of a custom zone."""
    adele = Graph(tenant, user="adele", scopes=("Calendars.ReadWrite", "MailboxSettings.ReadWrite"))
    for start, end, shown in (
        ("08:30", "09:30", "busy"),
        ("12:00", "14:00", "busy"),
        ("12:00", "13:00", "tentative"),
        ("13:00", "14:00", "busy"),
    ):
        adele.create(**timed("X", f"2019-03-15T{start}:00", f"2019-03-15T{end}:00", PACIFIC, showAs=shown))
    adele.create(**timed("X", "2019-03-15T16:00:00", "2019-03-15T17:00:00", PACIFIC, showAs="tentative"))
    adele("PATCH", "/me/mailboxSettings", {"workingHours": {"timeZone": CUSTOM_PACIFIC}})
    lunch = timed("Let's go for lunch", "2019-03-15T12:00:00", "2019-03-15T14:00:00", PACIFIC, location={"displayName": "Harry's Bar"})
    alex_on(tenant).create(**lunch)
    share(tenant, ALEX_ID, "limitedRead")

    window = {"start": "2019-03-15T09:00:00", "end": "2019-03-15T18:00:00", "zone": PACIFIC}
    answer = schedule(megan, ALEX, ADELE, minutes=60, prefer=IN_PACIFIC, **window)
    assert answer.status == 200
    assert answer.headers["preference-applied"] == IN_PACIFIC
    assert answer.body["@odata.context"].endswith("$metadata#Collection(microsoft.graph.scheduleInformation)")
    first, second = answer.body["value"]
    hours = {
        "daysOfWeek": ["monday", "tuesday", "wednesday", "thursday", "friday"],
        "startTime": "08:00:00.0000000",
        "endTime": "17:00:00.0000000",
    }
    when = {"start": at("2019-03-15T12:00:00.0000000", PACIFIC), "end": at("2019-03-15T14:00:00.0000000", PACIFIC)}
    assert first == {
        "scheduleId": ALEX,
        "availabilityView": "000220000",
        "scheduleItems": [{"isPrivate": False, "status": "busy", "subject": "Let's go for lunch", "location": "Harry's Bar", **when}],
        "workingHours": {**hours, "timeZone": {"name": PACIFIC}},
    }
    assert second["availabilityView"] == "200220010"
    assert [(item["start"]["dateTime"][11:16], item["end"]["dateTime"][11:16], item["status"]) for item in second["scheduleItems"]] == [
        ("08:30", "09:30", "busy"),
        ("12:00", "13:00", "tentative"),
        ("12:00", "14:00", "busy"),
        ("13:00", "14:00", "busy"),
        ("16:00", "17:00", "tentative"),
    ]
    assert all(set(item) == {"status", "start", "end"} for item in second["scheduleItems"])
    assert second["workingHours"] == {**hours, "timeZone": CUSTOM_PACIFIC}


def test_parameters_are_known_in_any_letter_case_and_numbers_as_text(tenant, megan):
    """concepts/outlook-get-free-busy-schedule."""
    alex = alex_on(tenant)
    alex.create(**timed("X", "2018-08-06T09:00:00", "2018-08-06T10:30:00", PACIFIC, showAs="tentative"))
    alex.create(**timed("X", "2018-08-06T11:00:00", "2018-08-06T13:00:00", PACIFIC))
    window = {"StartTime": at("2018-08-06T09:00:00", PACIFIC), "EndTime": at("2018-08-06T18:00:00", PACIFIC)}
    answer = megan("POST", "/me/calendar/getschedule", {"Schedules": ["Alex@contoso.Example"], **window, "availabilityViewInterval": "15"})
    assert answer.body["value"][0]["availabilityView"] == "111111002222222200000000000000000000"
    assert answer.body["value"][0]["scheduleId"] == "Alex@contoso.Example"
    assert answer.body["value"][0]["scheduleItems"][0]["start"] == at("2018-08-06T16:00:00.0000000")


@pytest.mark.parametrize(
    ("status", "digit"), [("free", "0"), ("workingElsewhere", "0"), ("unknown", "0"), ("tentative", "1"), ("busy", "2"), ("oof", "3")]
)
def test_each_status_has_its_digit_and_is_told_by_name(megan, status, digit):
    megan.create(**timed("X", "2026-12-01T10:00:00", "2026-12-01T11:00:00", showAs=status))
    told = one(megan)
    assert told["availabilityView"] == f"0{digit}000000"
    assert [item["status"] for item in told["scheduleItems"]] == [status]


def test_the_strongest_of_several_statuses_counts(megan):
    for number, status in enumerate(("busy", "free", "oof", "tentative", "workingElsewhere")):
        megan.create(**timed("X", "2026-12-01T10:00:00", f"2026-12-01T1{5 - number}:00:00", showAs=status))
    assert one(megan)["availabilityView"] == "03332200"


def test_a_step_counts_as_taken_when_any_part_of_it_is(megan):
    megan.create(**timed("X", "2026-12-01T09:55:00", "2026-12-01T10:05:00"))
    assert one(megan, minutes=30)["availabilityView"] == "0" + "22" + "0" * 13
    assert one(megan, minutes=5)["availabilityView"] == "0" * 11 + "22" + "0" * 83
    assert one(megan, minutes=480)["availabilityView"] == "2"


def test_the_last_step_may_be_shorter_and_half_an_hour_is_usual(megan):
    assert one(megan, end="2026-12-01T10:10:00", minutes=30)["availabilityView"] == "000"
    body = {"schedules": [MEGAN], "startTime": at("2026-12-01T09:00:00"), "endTime": at("2026-12-01T10:10:00")}
    assert megan("POST", "/me/calendar/getSchedule", body).body["value"][0]["availabilityView"] == "000"


def test_what_only_touches_the_window_is_left_out_and_what_reaches_into_it_is_told_whole(megan):
    megan.create(**timed("before", "2026-12-01T08:00:00", "2026-12-01T09:00:00"))
    megan.create(**timed("after", "2026-12-01T17:00:00", "2026-12-01T18:00:00"))
    megan.create(**timed("across", "2026-11-30T20:00:00", "2026-12-01T10:00:00"))
    (item,) = one(megan)["scheduleItems"]
    assert (item["subject"], item["start"]["dateTime"]) == ("across", "2026-11-30T20:00:00.0000000")


def test_a_whole_day_is_a_day_of_the_zone_that_the_request_is_in(megan):
    megan.create(subject="Fair", isAllDay=True, start=at("2026-12-01T00:00:00"), end=at("2026-12-02T00:00:00"))
    told = one(megan, start="2026-11-30T22:00:00", end="2026-12-02T02:00:00", zone=PACIFIC, minutes=120)
    assert told["availabilityView"] == "0" + "2" * 12 + "0"
    assert told["scheduleItems"][0]["start"] == at("2026-12-01T08:00:00.0000000")
    tokyo = one(megan, start="2026-12-01T00:00:00", end="2026-12-02T00:00:00", zone="Tokyo Standard Time", minutes=1440)
    assert (tokyo["availabilityView"], tokyo["scheduleItems"][0]["start"]) == ("2", at("2026-11-30T15:00:00.0000000"))


def test_a_series_is_told_by_its_occurrences_as_they_are_now(megan):
    daily = megan.create(**series("Daily", "2026-12-01T10:00:00", "2026-12-01T11:00:00", {"type": "daily"}))
    window = "startDateTime=2026-12-01T00:00:00Z&endDateTime=2026-12-04T00:00:00Z"
    instances = megan("GET", f"/me/events/{daily['id']}/instances?{window}").body["value"]
    megan(
        "PATCH",
        f"/me/events/{instances[1]['id']}",
        {"showAs": "tentative", "subject": "Moved", "start": at("2026-12-02T12:00:00"), "end": at("2026-12-02T13:00:00")},
    )
    megan("DELETE", f"/me/events/{instances[2]['id']}")
    told = one(megan, start="2026-12-01T10:00:00", end="2026-12-04T11:00:00", minutes=60)
    assert [(item["subject"], item["start"]["dateTime"][:13]) for item in told["scheduleItems"]] == [
        ("Daily", "2026-12-01T10"),
        ("Moved", "2026-12-02T12"),
        ("Daily", "2026-12-04T10"),
    ]
    assert told["availabilityView"].count("2") == 2
    assert told["availabilityView"].count("1") == 1


def test_only_the_default_calendar_counts(tenant):
    contoso = Graph(new_tenant("contoso"))
    family = contoso("GET", "/me/calendars").body["value"][1]["id"]
    contoso("POST", f"/me/calendars/{family}/events", timed("Play", "2026-12-20T10:00:00", "2026-12-20T11:00:00"))
    path = f"/me/calendars/{family}/getSchedule"
    body = {"schedules": [MEGAN], "startTime": at("2026-12-20T09:00:00"), "endTime": at("2026-12-20T12:00:00")}
    assert "2" not in contoso("POST", path, body).body["value"][0]["availabilityView"]
    assert contoso("POST", "/me/calendars/nothing/getSchedule", body).status == 404


def test_a_cancelled_meeting_leaves_one_free(tenant, megan):
    event = megan.create(**timed("X", "2026-12-01T10:00:00", "2026-12-01T11:00:00"))
    events = tenant.state.mailboxes[MEGAN_ID]["events"]
    events[event["id"]] = {**events[event["id"]], "isCancelled": True, "showAs": "busy"}
    told = one(megan)
    assert (told["availabilityView"], told["scheduleItems"][0]["status"]) == ("00000000", "free")


SENSITIVITIES = ("normal", "personal", "private", "confidential")


@pytest.mark.parametrize(
    ("role", "to", "seen"),
    [
        (None, None, ()),
        ("freeBusyRead", None, ()),
        ("limitedRead", None, ("normal", "personal")),
        ("limitedRead", ALEX, ("normal", "personal")),
        ("read", ALEX, ("normal", "personal")),
        ("write", ALEX, ("normal", "personal")),
        ("delegateWithoutPrivateEventAccess", ALEX, ("normal", "personal")),
        ("delegateWithPrivateEventAccess", ALEX, SENSITIVITIES),
        ("custom", ALEX, ()),
        ("read", ADELE, ()),
    ],
)
def test_others_see_what_the_owner_lets_them_see(tenant, megan, role, to, seen):
    if role:
        share(tenant, MEGAN_ID, role, to)
    for number, sensitivity in enumerate(SENSITIVITIES):
        megan.create(**timed(sensitivity, f"2026-12-01T1{number}:00:00", f"2026-12-01T1{number + 1}:00:00", sensitivity=sensitivity))
    told = one(alex_on(tenant))
    assert told["availabilityView"] == "02222000"
    assert tuple(item["subject"] for item in told["scheduleItems"] if "subject" in item) == seen
    assert {frozenset(item) for item in told["scheduleItems"] if "subject" not in item} <= {frozenset({"status", "start", "end"})}
    private = [item["isPrivate"] for item in told["scheduleItems"] if "isPrivate" in item]
    assert private == [name == "private" for name in seen]


def test_a_permission_of_ones_own_goes_before_everybodys(tenant, megan):
    share(tenant, MEGAN_ID, "limitedRead")
    share(tenant, MEGAN_ID, "freeBusyRead", ALEX.upper())
    megan.create(**timed("X", "2026-12-01T10:00:00", "2026-12-01T11:00:00"))
    assert "subject" not in one(alex_on(tenant))["scheduleItems"][0]
    assert "subject" in one(Graph(tenant, user="adele"))["scheduleItems"][0]


def test_who_may_see_nothing_is_told_so(tenant):
    share(tenant, MEGAN_ID, "none")
    told = one(alex_on(tenant))
    assert told == {"scheduleId": MEGAN, "error": {"message": told["error"]["message"], "responseCode": "5037"}}


def test_everybody_sees_all_of_their_own(megan):
    for sensitivity in SENSITIVITIES:
        megan.create(**timed(sensitivity, "2026-12-01T10:00:00", "2026-12-01T11:00:00", sensitivity=sensitivity))
    assert {item["subject"] for item in one(megan)["scheduleItems"]} == set(SENSITIVITIES)


def test_an_app_alone_sees_what_the_user_of_its_path_sees(tenant, megan):
    megan.create(**timed("X", "2026-12-01T10:00:00", "2026-12-01T11:00:00"))
    body = {"schedules": [MEGAN], "startTime": at("2026-12-01T09:00:00"), "endTime": at("2026-12-01T12:00:00")}
    token = tenant.mint_app("da70a550-0000-4000-8000-000000000000", ["Calendars.ReadBasic"])
    app = {"Authorization": f"Bearer {token}"}
    own, other = (megan("POST", f"/users/{user}/calendar/getSchedule", body, app).body["value"][0] for user in (MEGAN, ALEX))
    assert own["scheduleItems"][0]["subject"] == "X"
    assert "subject" not in other["scheduleItems"][0]


@pytest.mark.parametrize("address", ["nobody@contoso.example", "someone@fabrikam.example", "megan", MEGAN_ID, "", "@"])
def test_an_address_nobody_has_is_an_error_in_its_place(megan, address):
    answer = schedule(megan, address, MEGAN)
    assert answer.status == 200
    first, second = answer.body["value"]
    message = f"Unable to resolve e-mail address {address} to an Active Directory object."
    assert first == {"scheduleId": address, "error": {"message": message, "responseCode": "5009"}}
    assert second["availabilityView"] == "00000000"


def test_an_account_without_a_mailbox_is_an_error_in_its_place(tenant, megan):
    del tenant.state.mailboxes[ALEX_ID]
    assert one(megan, ALEX)["error"]["responseCode"] == "5009"


def test_a_list_of_rooms_is_one_entry_with_its_rooms_merged(tenant, megan):
    for room, hour, shown in (("adams", 10, "busy"), ("hood", 11, "tentative"), ("lakeview", 12, "oof")):
        Graph(tenant, user=f"{room}@contoso.example").create(
            **timed("X", f"2026-12-01T{hour}:00:00", f"2026-12-01T{hour + 1}:00:00", showAs=shown)
        )
    told = one(megan, "building32@contoso.example")
    assert told == {"scheduleId": "building32@contoso.example", "availabilityView": "02130000", "scheduleItems": []}


def test_a_group_is_one_entry_with_its_members_merged_and_the_groups_within_it(tenant, megan):
    tenant.state.groups |= {
        "g1": {"id": "g1", "mail": "team@contoso.example", "x-members": [MEGAN_ID, "g2"]},
        "g2": {"id": "g2", "mail": "inner@contoso.example", "x-members": [ALEX_ID, "g1", "nobody"]},
    }
    megan.create(**timed("X", "2026-12-01T10:00:00", "2026-12-01T11:00:00"))
    alex_on(tenant).create(**timed("X", "2026-12-01T11:00:00", "2026-12-01T12:00:00", showAs="oof"))
    assert one(megan, "TEAM@contoso.example")["availabilityView"] == "02300000"
    share(tenant, ALEX_ID, "none")
    assert one(megan, "team@contoso.example")["availabilityView"] == "02000000"


def test_a_list_of_too_many_is_an_error_in_its_place(tenant, megan):
    members = [f"u{number}" for number in range(101)]
    tenant.state.users |= {user_id: {"id": user_id, "mail": f"{user_id}@contoso.example", "displayName": "X"} for user_id in members}
    tenant.state.groups["g1"] = {"id": "g1", "mail": "all@contoso.example", "x-members": members}
    assert one(megan, "all@contoso.example")["error"]["responseCode"] == "5043"


def test_a_calendar_with_more_than_a_thousand_entries_in_the_window_is_an_error_in_its_place(megan):
    megan.create(**series("X", "2026-12-01T09:00:00", "2026-12-01T09:05:00", {"type": "daily"}))
    for _ in range(38):
        megan.create(**series("X", "2026-12-01T09:00:00", "2026-12-01T09:05:00", {"type": "daily"}))
    told = one(megan, start="2026-12-01T00:00:00", end="2026-12-27T00:00:00", minutes=1440)
    assert told["error"] == {
        "message": "The result set contains too many calendar entries. The allowed size is 1000; the actual size is 1014.",
        "responseCode": "5006",
    }


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"schedules": []}, 400, "ErrorMailboxDataArrayEmpty"),
        ({"schedules": None}, 400, "ErrorMailboxDataArrayEmpty"),
        ({"schedules": [MEGAN] * 101}, 400, "ErrorMailboxDataArrayTooBig"),
        ({"schedules": MEGAN}, 400, "RequestBodyRead"),
        ({"startTime": None}, 400, "ErrorPropertyValidationFailure"),
        ({"startTime": at("soon")}, 400, "ErrorPropertyValidationFailure"),
        ({"startTime": at("2026-12-01T09:00:00", "Mars/Olympus")}, 400, "TimeZoneNotSupportedException"),
        ({"endTime": at("2026-12-01T09:00:00")}, 400, "ErrorInvalidTimeInterval"),
        ({"endTime": at("2026-12-01T08:00:00")}, 400, "ErrorInvalidTimeInterval"),
        ({"endTime": at("2027-02-02T09:00:00")}, 400, "ErrorTimeIntervalTooBig"),
        ({"availabilityViewInterval": 4}, 400, "ErrorInvalidMergedFreeBusyInterval"),
        ({"availabilityViewInterval": 1441}, 400, "ErrorInvalidMergedFreeBusyInterval"),
        ({"availabilityViewInterval": 481}, 400, "ErrorInvalidMergedFreeBusyInterval"),
        ({"availabilityViewInterval": "often"}, 400, "RequestBodyRead"),
        ({"availabilityViewInterval": None}, 500, "ErrorInternalServerError"),
        ({"people": [MEGAN]}, 400, "RequestBodyRead"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused_as_the_service_does(megan, change, status, code):
    answer = schedule(megan, MEGAN, **change)
    assert (answer.status, answer.code) == (status, code)


def test_a_hundred_addresses_and_sixty_two_days_are_the_most(megan):
    answer = schedule(megan, *[MEGAN] * 100, end="2027-02-01T09:00:00", minutes=1440)
    assert len(answer.body["value"]) == 100
    assert answer.body["value"][99]["availabilityView"] == "0" * 62
    refused = schedule(megan, *[MEGAN] * 101)
    message = "There are too many target users in the EmailAddress array. The allowed size = 100; the actual size = 101."
    assert refused.message == message


def test_the_service_of_before_2024_can_be_had(tenant, megan):
    tenant.state.quirks |= {"formerSchedule": True, "nullIntervalFails": False}
    megan.create(**timed("X", "2026-12-01T10:00:00", "2026-12-01T11:00:00", showAs="workingElsewhere"))
    assert one(megan)["availabilityView"] == "04000000"
    assert one(megan, end="2027-01-12T08:00:00", minutes=1440)["availabilityView"]
    assert schedule(megan, MEGAN, end="2027-01-12T09:00:00").code == "ErrorTimeIntervalTooBig"
    assert len(one(megan, minutes=None)["availabilityView"]) == 16


def test_it_takes_a_permission_for_calendars(tenant):
    assert schedule(Graph(tenant, scopes=("Calendars.ReadBasic",)), MEGAN).status == 200
    assert schedule(Graph(tenant, scopes=("User.Read",)), MEGAN).status == 403
    assert Graph(tenant)("POST", f"/users/{ALEX}/calendar/getSchedule", {"schedules": [ALEX]}).status == 403


@pytest.mark.parametrize(("scopes", "status"), [(("Calendars.ReadBasic",), 200), (("Group.Read.All",), 403)])
def test_a_groups_calendar_can_be_asked_too(tenant, scopes, status):
    tenant.state.groups["g"] = {"id": "g", "mail": "team@contoso.example", "x-members": [MEGAN_ID]}
    tenant.state.mailboxes["g"] = new_mailbox(tenant.new_id, PACIFIC)
    body = {"schedules": ["team@contoso.example"], "startTime": at("2026-12-01T09:00:00"), "endTime": at("2026-12-01T10:00:00")}
    answer = Graph(tenant, scopes=scopes)("POST", "/groups/g/calendar/getSchedule", body)
    assert answer.status == status
    assert status == 403 or answer.body["value"][0]["availabilityView"] == "00"
