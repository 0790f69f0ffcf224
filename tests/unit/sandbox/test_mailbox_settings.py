from __future__ import annotations

import pytest

from daypass_sandbox.outlook.settings import automatic_reply
from graph_caller import MEGAN, NOW, PACIFIC, Graph, at, new_tenant

SETTINGS = ("MailboxSettings.ReadWrite",)
ALEX = "c04705e2-7e11-4000-8000-000000000002"
ADAMS = "c04705e2-7e11-4000-8000-000000000101"
MONDAY_TO_FRIDAY = ["monday", "tuesday", "wednesday", "thursday", "friday"]
CUSTOM = {
    "@odata.type": "#microsoft.graph.customTimeZone",
    "bias": -300,
    "name": "Customized Time Zone",
    "standardOffset": {"time": "02:00:00.0000000", "dayOccurrence": 2, "dayOfWeek": "Sunday", "month": 10, "year": 0},
    "daylightOffset": {"daylightBias": 100, "time": "02:00:00.0000000", "dayOccurrence": 4, "dayOfWeek": "Sunday", "month": 5, "year": 0},
}


@pytest.fixture
def graph():
    return Graph(new_tenant("contoso"), scopes=SETTINGS)


def app_of(tenant):
    class App(Graph):
        @property
        def token(self):
            return self.tenant.mint_app("da70a550-0000-4000-8000-000000000000", ["MailboxSettings.ReadWrite"])

    return App(tenant)


def test_a_new_mailbox_has_the_documented_defaults(graph):
    settings = graph("GET", "/me/mailboxSettings").body
    assert settings["@odata.context"].endswith(f"#users('{MEGAN}')/mailboxSettings")
    assert settings["timeZone"] == PACIFIC
    assert settings["language"] == {"locale": "en-US", "displayName": "English (United States)"}
    hours = {"daysOfWeek": MONDAY_TO_FRIDAY, "startTime": "08:00:00.0000000", "endTime": "17:00:00.0000000", "timeZone": {"name": PACIFIC}}
    assert settings["workingHours"] == hours
    assert settings["automaticRepliesSetting"]["status"] == "disabled"
    assert settings["delegateMeetingMessageDeliveryOptions"] == "sendToDelegateOnly"
    assert settings["userPurpose"] == "user"


def test_only_what_is_selected_is_answered(graph):
    answer = graph("GET", "/me/mailboxSettings?$select=timeZone,dateFormat")
    assert set(answer.body) == {"@odata.context", "timeZone", "dateFormat"}
    assert graph("GET", "/me/mailboxSettings?$select=archiveFolder").status == 501
    assert graph("GET", "/me/mailboxSettings?$select=shoeSize").status == 400


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("timeZone", PACIFIC),
        ("dateFormat", "M/d/yyyy"),
        ("timeFormat", "h:mm tt"),
        ("delegateMeetingMessageDeliveryOptions", "sendToDelegateOnly"),
        ("userPurpose", "user"),
    ],
)
def test_a_plain_setting_by_itself_is_a_value(graph, name, value):
    answer = graph("GET", f"/me/mailboxSettings/{name}")
    assert answer.body == {"@odata.context": answer.body["@odata.context"], "value": value}
    assert answer.body["@odata.context"].endswith(f"/mailboxSettings/{name}")


@pytest.mark.parametrize("name", ["automaticRepliesSetting", "language", "workingHours"])
def test_a_setting_of_several_parts_by_itself_is_an_object(graph, name):
    answer = graph("GET", f"/me/mailboxSettings/{name}").body
    assert answer.pop("@odata.context").endswith(f"/mailboxSettings/{name}")
    assert answer == graph("GET", "/me/mailboxSettings").body[name]


def test_the_answer_to_a_change_has_what_was_sent(graph):
    answer = graph("PATCH", "/me/mailboxSettings", {"dateFormat": "dd.MM.yyyy", "timeFormat": "HH:mm"})
    assert answer.status == 200
    assert {name: value for name, value in answer.body.items() if "@" not in name} == {"dateFormat": "dd.MM.yyyy", "timeFormat": "HH:mm"}
    assert graph("GET", "/me/mailboxSettings/timeFormat").body["value"] == "HH:mm"


@pytest.mark.parametrize(
    ("given", "kept"), [("tokyo standard time", "Tokyo Standard Time"), ("Europe/Berlin", "Europe/Berlin"), ("utc", "UTC")]
)
def test_the_time_zone_is_answered_in_the_form_it_was_set_in(graph, given, kept):
    graph("PATCH", "/me/mailboxSettings", {"timeZone": given})
    assert graph("GET", "/me/mailboxSettings/timeZone").body["value"] == kept
    assert graph("GET", "/me/mailboxSettings/workingHours").body["timeZone"] == {"name": kept}
    assert graph.tenant.state.mailboxes[MEGAN]["timeZone"] == kept


def test_working_hours_keep_what_is_not_sent(graph):
    graph("PATCH", "/me/mailboxSettings", {"workingHours": {"startTime": "09:00:00"}})
    answer = graph("PATCH", "/me/mailboxSettings", {"workingHours": {"endTime": "18:30:00.5", "daysOfWeek": ["Monday", "SATURDAY"]}})
    hours = answer.body["workingHours"]
    assert (hours["startTime"], hours["endTime"]) == ("09:00:00.0000000", "18:30:00.5000000")
    assert hours["daysOfWeek"] == ["monday", "saturday"]


def test_working_hours_may_have_a_zone_with_rules_of_its_own(graph):
    hours = graph("PATCH", "/me/mailboxSettings", {"workingHours": {"timeZone": CUSTOM}}).body["workingHours"]
    assert hours["timeZone"]["@odata.type"] == "#microsoft.graph.customTimeZone"
    assert (hours["timeZone"]["bias"], hours["timeZone"]["daylightOffset"]["daylightBias"]) == (-200, -100)
    assert hours["timeZone"]["daylightOffset"]["month"] == 10
    assert graph("GET", "/me/mailboxSettings/workingHours").body["timeZone"] == hours["timeZone"]
    named = graph("PATCH", "/me/mailboxSettings", {"workingHours": {"timeZone": {"name": "Asia/Kolkata"}}})
    assert named.body["workingHours"]["timeZone"] == {"name": "Asia/Kolkata"}


def test_a_schedule_of_automatic_replies_is_kept_in_utc(graph):
    replies = {
        "status": "Scheduled",
        "externalAudience": "All",
        "internalReplyMessage": "Away",
        "scheduledStartDateTime": at("2026-12-01T09:00:00", PACIFIC),
        "scheduledEndDateTime": at("2026-12-04T17:00:00", PACIFIC),
    }
    kept = graph("PATCH", "/me/mailboxSettings", {"automaticRepliesSetting": replies}).body["automaticRepliesSetting"]
    assert (kept["status"], kept["externalAudience"]) == ("scheduled", "all")
    assert kept["scheduledStartDateTime"] == at("2026-12-01T17:00:00.0000000")
    assert kept["scheduledEndDateTime"] == at("2026-12-05T01:00:00.0000000")
    assert kept["externalReplyMessage"] == ""


REFUSED = {
    "a time of day that is none": ({"workingHours": {"startTime": "08"}}, "RequestBodyRead"),
    "an hour that no clock has": ({"workingHours": {"startTime": "25:00:00"}}, "RequestBodyRead"),
    "hours that end before they begin": ({"workingHours": {"startTime": "18:00:00"}}, "ErrorInvalidTimeSettings"),
    "a day that no week has": ({"workingHours": {"daysOfWeek": ["RandomDay"]}}, "InvalidArguments"),
    "working hours in a zone nobody knows": ({"workingHours": {"timeZone": {"name": "Mars/Olympus"}}}, "InvalidTimeZone"),
    "rules of a zone that make no sense": ({"workingHours": {"timeZone": {**CUSTOM, "bias": 5000}}}, "InvalidTimeZone"),
    "a time zone nobody knows": ({"timeZone": "Mars/Olympus"}, "InvalidTimeZone"),
    "a language nobody offers": ({"language": {"locale": "tlh-KX"}}, "ErrorUnsupportedCulture"),
    "a status that is none": ({"automaticRepliesSetting": {"status": "sometimes"}}, "RequestBodyRead"),
    "a setting that does not exist": ({"shoeSize": 44}, "RequestBodyRead"),
    "replies that end before they begin": (
        {
            "automaticRepliesSetting": {
                "status": "scheduled",
                "scheduledStartDateTime": at("2026-12-04T09:00:00"),
                "scheduledEndDateTime": at("2026-12-01T09:00:00"),
            }
        },
        "ErrorInvalidScheduledOofDuration",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_makes_no_sense_is_refused_and_changes_nothing(graph, name):
    body, code = REFUSED[name]
    before = graph("GET", "/me/mailboxSettings").body
    answer = graph("PATCH", "/me/mailboxSettings", {"dateFormat": "yyyy", **body})
    assert (answer.status, answer.code) == (400, code)
    assert graph("GET", "/me/mailboxSettings").body == before


def test_a_language_is_set_by_its_locale_and_named_in_itself(graph):
    answer = graph("PATCH", "/me/mailboxSettings", {"language": {"locale": "DE-de"}})
    assert answer.body["language"] == {"locale": "de-DE", "displayName": "Deutsch (Deutschland)"}


def test_what_a_mailbox_is_for_cannot_be_changed(graph):
    assert graph("PATCH", "/me/mailboxSettings", {"userPurpose": "room"}).body.get("userPurpose") is None
    assert graph("GET", "/me/mailboxSettings/userPurpose").body["value"] == "user"


def test_a_room_says_that_it_is_one(graph):
    app = app_of(graph.tenant)
    assert app("GET", f"/users/{ADAMS}/mailboxSettings/userPurpose").body["value"] == "room"


def test_settings_are_ones_own(graph):
    refused = graph("GET", f"/users/{ALEX}/mailboxSettings")
    assert (refused.status, refused.code) == (403, "ErrorAccessDenied")
    assert app_of(graph.tenant)("PATCH", f"/users/{ALEX}/mailboxSettings", {"timeFormat": "HH:mm"}).status == 200


def test_reading_settings_takes_no_permission_to_change_them():
    graph = Graph(new_tenant(), scopes=("MailboxSettings.Read",))
    assert graph("GET", "/me/mailboxSettings").status == 200
    assert graph("PATCH", "/me/mailboxSettings", {"timeFormat": "HH:mm"}).status == 403


@pytest.mark.parametrize(
    ("replies", "inside", "outside"),
    [
        ({}, None, None),
        ({"status": "alwaysEnabled"}, "in", "out"),
        ({"status": "alwaysEnabled", "externalAudience": "none"}, "in", None),
        ({"status": "alwaysEnabled", "externalAudience": "contactsOnly"}, "in", None),
        ({"status": "scheduled", "from": "2026-11-25T17:00:00", "to": "2026-11-25T19:00:00"}, "in", "out"),
        ({"status": "scheduled", "from": "2026-11-25T18:00:01", "to": "2026-11-25T19:00:00"}, None, None),
        ({"status": "scheduled", "from": "2026-11-25T17:00:00", "to": "2026-11-25T18:00:00"}, None, None),
    ],
)
def test_automatic_replies_are_given_to_whom_and_when_they_are_meant(replies, inside, outside):
    setting = {"internalReplyMessage": "in", "externalReplyMessage": "out", **replies}
    setting |= {"scheduledStartDateTime": at(replies.get("from", "")), "scheduledEndDateTime": at(replies.get("to", ""))}
    mailbox = {"settings": {"automaticRepliesSetting": setting}}
    assert automatic_reply(mailbox, NOW) == inside
    assert automatic_reply(mailbox, NOW, external=True) == outside
    assert automatic_reply({}, NOW) is None
