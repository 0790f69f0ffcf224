from __future__ import annotations

import json
import random

import pytest

from daypass.wire import Request
from daypass_sandbox.tenant import Tenant
from entra_caller import CLIENT_ID, ROOT, Entra, refusal
from graph_caller import MEGAN, Graph, StoppedClock, timed

ALEX = "c04705e2-7e11-4000-8000-000000000002"


def complaint(answer):
    return answer.status, answer.json()["error"]["message"]


# --- approving and declining


@pytest.mark.parametrize("name", ["megan", "Megan", "megan@contoso.example", MEGAN])
def test_a_sign_in_is_approved_in_the_name_of_a_user_however_called(entra, name):
    code = entra.device_code().json()
    assert entra.approve(name, user_code=code["user_code"]) == {"user_code": code["user_code"], "user": "megan@contoso.example"}
    assert entra.poll(code["device_code"]).status == 200


def test_the_only_waiting_sign_in_needs_no_code(entra):
    code = entra.device_code().json()
    assert entra.approve("alex")["user_code"] == code["user_code"]


def test_of_several_waiting_sign_ins_one_must_be_named(entra):
    first, second = entra.device_code().json(), entra.device_code().json()
    status, message = complaint(entra.control("POST", "approve", {"user": "megan"}))
    assert status == 400
    assert "2 sign-ins wait" in message
    entra.approve("megan", user_code=second["user_code"].lower())
    assert refusal(entra.poll(first["device_code"]))[1] == "authorization_pending"
    assert entra.poll(second["device_code"]).status == 200


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"user": "megan", "user_code": "XXXXXXXXX"}, 404, "no sign-in waits for this code"),
        ({"user": "nobody"}, 404, "no user 'nobody'"),
        ({}, 400, "say who approves"),
        ({"user": "megan", "code": "X"}, 400, "unknown member 'code'"),
    ],
)
def test_a_wrong_approval_is_refused_with_what_to_do(entra, body, status, said):
    code = entra.device_code().json()
    answer = complaint(entra.control("POST", "approve", body))
    assert answer[0] == status
    assert said in answer[1]
    assert refusal(entra.poll(code["device_code"]))[1] == "authorization_pending"


def test_what_waits_is_listed_until_it_is_decided(entra):
    code = entra.device_code().json()
    entra.advance(100)
    (waiting,) = entra.ask_control("GET", "approve")
    assert (waiting["user_code"], waiting["client_id"], waiting["expires_in"]) == (code["user_code"], CLIENT_ID, 800)
    entra.ask_control("POST", "deny")
    assert entra.ask_control("GET", "approve") == []
    assert complaint(entra.control("POST", "deny"))[0] == 404


# --- the clock


def test_the_clock_is_set_moved_and_let_run(tenant, entra):
    assert entra.ask_control("POST", "clock", {"now": "2030-01-02T03:04:05Z"}) == {
        "now": "2030-01-02T03:04:05Z",
        "seconds": 1893553445.0,
        "running": False,
    }
    assert entra.ask_control("POST", "clock", {"advance_seconds": 0.5})["seconds"] == 1893553445.5
    tenant._source.seconds += 100
    assert entra.ask_control("GET", "clock")["seconds"] == 1893553445.5
    assert entra.ask_control("POST", "clock", {"run": True})["running"] is True
    tenant._source.seconds += 7
    assert entra.ask_control("GET", "clock")["seconds"] == 1893553452.5


def test_the_clock_is_stopped_where_it_is(tenant, entra):
    entra.ask_control("POST", "clock", {"advance_seconds": 5})
    shown = entra.ask_control("POST", "clock", {"stop": True})
    tenant._source.seconds += 100
    assert entra.ask_control("GET", "clock") == shown == {**shown, "seconds": tenant._source.seconds - 95, "running": False}


def test_an_offset_in_a_time_counts(entra):
    assert entra.ask_control("POST", "clock", {"now": "2030-01-02T03:04:05+02:00"})["now"] == "2030-01-02T01:04:05Z"


@pytest.mark.parametrize(
    "body", [{}, {"now": "tomorrow"}, {"now": [1]}, {"advance_seconds": "soon"}, {"advance_seconds": None}, {"later": 1}, {"now": True}]
)
def test_a_time_that_is_none_is_refused_and_the_clock_stays(tenant, entra, body):
    before = tenant.clock.now()
    assert complaint(entra.control("POST", "clock", body))[0] == 400
    assert tenant.clock.now() == before


@pytest.mark.parametrize(
    "body",
    [
        {"now": 1e300},
        {"now": "9999-12-31T23:59:59Z", "advance_seconds": 1e9},
        {"advance_seconds": float("inf")},
        {"now": float("nan")},
        {"now": -1e15},
    ],
)
def test_a_time_no_calendar_holds_is_refused_and_the_clock_stays(tenant, entra, body):
    before = tenant.clock.now()
    assert complaint(entra.control("POST", "clock", body))[0] == 400
    assert tenant.clock.now() == before


# --- policies, users, apps


def test_policies_are_listed_with_their_meaning(entra):
    entra.policy(block_device_code=["megan"], require_mfa=True)
    listed = entra.ask_control("GET", "policies")
    assert listed["block_device_code"]["value"] == [MEGAN]
    assert "AADSTS53003" in listed["block_device_code"]["means"]
    assert listed["require_mfa"]["value"] is True
    assert listed["user_disabled"]["value"] is False
    entra.policy(require_mfa=False)
    assert entra.ask_control("GET", "policies")["require_mfa"]["value"] is False


def test_a_policy_for_some_spares_the_others(entra):
    entra.policy(user_disabled=["megan"])
    code = entra.device_code().json()
    entra.approve("megan")
    assert refusal(entra.poll(code["device_code"]))[2] == [50057]
    assert entra.sign_in(user="alex")["access_token"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"no_such_policy": True}, 400),
        ({"require_mfa": "yes"}, 400),
        ({"require_mfa": ["nobody"]}, 404),
        ({"sign_in_frequency_seconds": True}, 400),
        ({"sign_in_frequency_seconds": -1}, 400),
    ],
)
def test_a_wrong_policy_is_refused(tenant, entra, body, status):
    assert complaint(entra.control("POST", "policies", body))[0] == status
    assert tenant.state.policies == {}


def test_users_are_listed_and_changed(entra):
    assert {"id": MEGAN, "displayName": "Megan Bowen"}.items() <= entra.ask_control("GET", "users")[0].items()
    entra.ask_control("PATCH", "users/megan", {"accountEnabled": False, "id": "other"})
    assert entra.ask_control("GET", "users")[0]["accountEnabled"] is False
    assert entra.ask_control("GET", "users")[0]["id"] == MEGAN
    code = entra.device_code().json()
    entra.approve("megan")
    assert refusal(entra.poll(code["device_code"]))[2] == [50057]


def test_an_app_is_registered(tenant, entra):
    app = entra.ask_control("POST", "apps", {"displayName": "Wall display", "permissions": ["Calendars.ReadBasic"]})
    assert app in entra.ask_control("GET", "apps")
    display = Entra(tenant.handle, client_id=app["client_id"])
    assert display.sign_in("https://graph.microsoft.com/.default")["scope"].endswith("/Calendars.ReadBasic")


def test_a_user_is_added_signs_in_and_has_a_calendar(tenant, entra):
    added = entra.ask_control(
        "POST",
        "users",
        {"displayName": "Irvin Sayers", "userPrincipalName": "irvin@contoso.example", "timeZone": "Europe/Berlin", "jobTitle": "Director"},
    )
    token = entra.sign_in(user="irvin")["access_token"]
    assert entra.me(token).json()["jobTitle"] == "Director"
    assert Graph(tenant, "irvin")("GET", "/me/calendar").body["name"] == "Calendar"
    (listed,) = [user for user in entra.ask_control("GET", "users") if user["id"] == added["id"]]
    assert (listed["timeZone"], listed["events"], listed["mail"]) == ("W. Europe Standard Time", 0, "irvin@contoso.example")
    status, message = complaint(entra.control("POST", "users", {"displayName": "X", "userPrincipalName": "Irvin@contoso.example"}))
    assert status == 409
    assert "already" in message


def test_what_becomes_of_users_is_news_to_delta_queries(tenant, entra):
    graph = Graph(tenant, scopes=("User.Read.All",))
    link = graph("GET", "/users/delta?$deltatoken=latest").body["@odata.deltaLink"]
    added = entra.ask_control("POST", "users", {"displayName": "Irvin Sayers", "userPrincipalName": "irvin@contoso.example"})
    entra.ask_control("PATCH", "users/alex", {"jobTitle": "Director"})
    entra.ask_control("DELETE", "users/lee")
    told = {user.get("displayName"): user.get("@removed") for user in graph("GET", link).body["value"]}
    assert {"Irvin Sayers", "Alex Wilber"} <= told.keys()
    assert any(told.values())
    assert added["id"]


def test_a_user_without_a_mailbox_is_given_one_later(tenant, entra):
    entra.ask_control("POST", "users", {"displayName": "Irvin", "userPrincipalName": "irvin@contoso.example", "mailbox": False})
    assert Graph(tenant, "irvin")("GET", "/me/calendar").code == "MailboxNotEnabledForRESTAPI"
    given = entra.ask_control("POST", "mailbox", {"user": "irvin", "calendars": ["Family"]})
    assert given == {"user": "irvin@contoso.example", "timeZone": "UTC", "calendars": ["Calendar", "Family"]}
    named = Graph(tenant, "irvin")("GET", "/me/calendars").body["value"]
    assert [(calendar["name"], calendar["isDefaultCalendar"]) for calendar in named] == [("Calendar", True), ("Family", False)]
    assert complaint(entra.control("POST", "mailbox", {"user": "irvin"}))[0] == 409


def test_a_user_who_is_deleted_is_gone_with_all_sign_ins(tenant, entra):
    tokens, waiting = entra.sign_in(), entra.device_code().json()
    entra.approve("megan")
    assert entra.ask_control("DELETE", "users/megan") == {"deleted": MEGAN}
    assert entra.me(tokens["access_token"]).json()["error"]["code"] == "InvalidAuthenticationToken"
    assert refusal(entra.refresh(tokens["refresh_token"]))[1] == "invalid_grant"
    assert entra.poll(waiting["device_code"]).status == 400
    assert MEGAN not in tenant.state.mailboxes
    assert complaint(entra.control("DELETE", "users/megan"))[0] == 404


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("users", {"displayName": "X"}, "say who"),
        ("users", {"displayName": 1, "userPrincipalName": "x@contoso.example"}, "say who"),
        ("users", {"displayName": "X", "userPrincipalName": "x y@contoso.example"}, "say who"),
        ("users", {"displayName": "X", "userPrincipalName": "x@contoso.example", "timeZone": "Mars"}, "'Mars' is not a time zone"),
        ("mailbox", {"user": "megan", "calendars": "Family"}, "list of names"),
        ("mailbox", {"user": "megan", "calendar": "Family"}, "unknown member"),
    ],
)
def test_a_user_or_mailbox_that_makes_no_sense_is_refused(entra, path, body, said):
    status, message = complaint(entra.control("POST", path, body))
    assert status == 400
    assert said in message
    assert len(entra.ask_control("GET", "users")) == 21


@pytest.mark.parametrize(
    "body",
    [{"publicClient": "no"}, {"permissions": "User.Read"}, {"name": "x"}, {"permissions": ["Calender.Read"]}, {"roles": ["User.Reed.All"]}],
)
def test_a_wrong_app_is_refused(entra, body):
    assert complaint(entra.control("POST", "apps", body))[0] == 400


def test_a_token_is_minted_for_scripts(entra):
    minted = entra.ask_control("POST", "token", {"user": "alex", "scopes": ["User.Read"], "lifetime_seconds": 60})
    assert entra.me(minted["access_token"]).json()["id"] == ALEX
    entra.advance(60)
    assert entra.me(minted["access_token"]).status == 401
    assert complaint(entra.control("POST", "token", {"user": "alex", "scopes": "User.Read"}))[0] == 400
    status, said = complaint(entra.control("POST", "token", {"user": "alex", "scopes": ["Calender.Read"]}))
    assert (status, said) == (400, "there is no delegated permission 'Calender.Read' of Microsoft Graph; is 'Calendars.Read' meant?")


# --- the whole


def test_a_snapshot_brings_everything_back(tenant, entra):
    token = entra.sign_in()["refresh_token"]
    entra.ask_control("POST", "snapshot", {"name": "signed in"})
    Graph(tenant).create(**timed("Later", "2026-11-26T09:00:00", "2026-11-26T09:15:00"))
    entra.ask_control("POST", "revoke", {"user": "megan"})
    entra.advance(1000)
    entra.ask_control("POST", "restore", {"name": "signed in"})
    assert entra.refresh(token).status == 200
    assert entra.ask_control("GET", "events?user=megan") == []
    assert tenant.clock.now() == tenant._source.now()


BROKEN = {
    "an end that is none": {"end": "x"},
    "exceptions that are none": {"exceptions": True},
    "a time that is none": {"start": {"dateTime": "soon", "timeZone": "UTC"}},
    "a calendar of nobody": {"calendarId": "x"},
    "attachments that are none": {"attachments": 5},
}


@pytest.mark.parametrize("damage", BROKEN.values(), ids=BROKEN)
def test_a_state_with_a_broken_event_is_refused_and_all_stays_as_it_was(tenant, entra, damage):
    graph = Graph(tenant)
    lunch = graph.create(**timed("Lunch", "2026-12-07T12:00:00", "2026-12-07T13:00:00"))
    before = json.dumps(tenant.state.to_json())
    state = json.loads(before)
    (event,) = state["mailboxes"][tenant.state.find_user("megan")]["events"].values()
    event.update(damage)
    status, said = complaint(entra.control("POST", "restore", {"state": state}))
    assert status == 400
    assert said
    assert json.dumps(tenant.state.to_json()) == before
    assert graph("GET", f"/me/events/{lunch['id']}").body["subject"] == "Lunch"


def test_a_snapshot_can_be_restored_twice(tenant, entra):
    entra.ask_control("POST", "snapshot")
    for _ in range(2):
        Graph(tenant).create(**timed("Gone again", "2026-11-26T09:00:00", "2026-11-26T09:15:00"))
        entra.ask_control("POST", "restore")
        assert entra.ask_control("GET", "events?user=megan") == []


def test_the_state_is_read_and_put_back(entra):
    state = entra.ask_control("GET", "state")
    entra.policy(require_mfa=True)
    entra.ask_control("POST", "restore", {"state": state})
    assert entra.ask_control("GET", "policies")["require_mfa"]["value"] is False


def test_snapshots_are_twenty_at_most(entra):
    for number in range(20):
        entra.ask_control("POST", "snapshot", {"name": f"number {number}"})
    status, message = complaint(entra.control("POST", "snapshot", {"name": "one too many"}))
    assert status == 409
    assert "forget one" in message
    entra.ask_control("POST", "snapshot", {"name": "number 7"})
    entra.ask_control("DELETE", "snapshot/number%207")
    entra.ask_control("POST", "snapshot", {"name": "in its place"})


def test_snapshots_are_listed_and_forgotten(entra):
    entra.ask_control("POST", "snapshot", {"name": "one"})
    entra.ask_control("POST", "snapshot", {"name": "two words"})
    listed = entra.ask_control("GET", "snapshot")
    assert [each["name"] for each in listed] == ["one", "two words"]
    assert all(each["bytes"] > 1000 for each in listed)
    assert [each["name"] for each in entra.ask_control("DELETE", "snapshot/two%20words")] == ["one"]
    status, message = complaint(entra.control("DELETE", "snapshot/two"))
    assert status == 404
    assert "there are: one" in message


@pytest.mark.parametrize(
    ("body", "status"),
    [({"name": "never taken"}, 404), ({"state": {"nonsense": 1}}, 400), ({"state": 7}, 400), ({"state": {"users": 1}}, 400)],
)
def test_what_is_no_snapshot_is_refused(tenant, entra, body, status):
    assert complaint(entra.control("POST", "restore", body))[0] == status
    assert MEGAN in tenant.state.users


def test_a_reset_begins_again_from_the_same_or_another_seed(tenant, entra):
    entra.ask_control("POST", "seed", {"seed": "contoso"})
    full = len(entra.ask_control("GET", "events?user=megan"))
    assert full > 10
    Graph(tenant).create(**timed("Extra", "2026-11-26T09:00:00", "2026-11-26T09:15:00"))
    entra.ask_control("POST", "reset")
    assert len(entra.ask_control("GET", "events?user=megan")) == full
    own = {
        "people": {"zoe": {"id": "11111111-2222-4333-8444-555555555555", "displayName": "Zoe", "userPrincipalName": "zoe@contoso.example"}}
    }
    assert entra.ask_control("POST", "reset", {"seed": own}) == {"users": 1}
    assert complaint(entra.control("POST", "reset", {"seed": "fabrikam"}))[0] == 400


def test_a_seed_is_planted_around_the_tenants_time_and_a_reset_around_the_real_one(tenant, entra):
    def months():
        return {event["start"]["dateTime"][:7] for event in entra.ask_control("GET", "events?user=megan")}

    entra.ask_control("POST", "clock", {"now": "2031-05-15T12:00:00Z"})
    entra.ask_control("POST", "seed", {"seed": "contoso"})
    assert "2031-05" in months()
    entra.ask_control("POST", "reset")
    assert "2026-11" in months()
    assert tenant.clock.now() == tenant._source.now()


# --- its door


@pytest.mark.parametrize(("method", "path"), [("GET", "nothing"), ("POST", ""), ("DELETE", "approve"), ("PUT", "users/megan")])
def test_an_unknown_verb_is_refused_by_name(entra, method, path):
    status, message = complaint(entra.control(method, path))
    assert status == 501
    assert f"{method} /sandbox/{path}" in message


@pytest.mark.parametrize("body", [b"{", b"[]", b'"x"'])
def test_a_body_that_is_no_object_is_refused(tenant, body):
    assert tenant.handle(Request("POST", f"{ROOT}/sandbox/clock", {}, body)).status == 400


@pytest.mark.parametrize(("site", "status"), [("cross-site", 403), ("same-site", 403), ("same-origin", 200), ("none", 200)])
def test_what_a_browser_sends_for_another_site_is_refused(tenant, site, status):
    assert tenant.handle(Request("GET", f"{ROOT}/sandbox/state", {"Sec-Fetch-Site": site})).status == status


@pytest.mark.parametrize(
    ("root", "status"),
    [
        (ROOT, 200),
        ("https://LOCALHOST", 200),
        ("https://tenant.contoso.example:8443", 200),
        ("https://rebound.example:8443", 403),
        ("https://a.tenant.contoso.example", 403),
    ],
)
def test_the_control_plane_answers_under_its_own_names_alone(root, status):
    tenant = Tenant(
        clock=StoppedClock(), chance=random.Random(7), seed="empty", control_hosts=("localhost", "127.0.0.1", "tenant.contoso.example")
    )
    assert tenant.handle(Request("GET", f"{root}/sandbox/state", {})).status == status


def test_a_foreign_web_page_cannot_steer_the_tenant(tenant, entra):
    entra.device_code()
    sent = {"origin": "https://evil.example", "content-type": "text/plain"}
    answer = tenant.handle(Request("POST", f"{ROOT}/sandbox/approve", sent, b'{"user": "megan"}'))
    assert answer.status == 403
    assert len(entra.ask_control("GET", "approve")) == 1
