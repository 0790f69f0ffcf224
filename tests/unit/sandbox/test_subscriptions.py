"""Subscriptions: who may watch what, for how long, and the handshake with the webhook."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from daypass.errors import TransportError
from daypass.wire import Request, Response
from daypass_sandbox.tenant import CLIENT_ID
from graph_caller import MEGAN, NOW, ROOT, Graph, new_tenant
from webhooks import HOOK, LIFECYCLE, Webhook, ask, control, echoed, later, subscribe

ALEX = "c04705e2-7e11-4000-8000-000000000002"
READ = ("Calendars.Read",)
OTHER_APP = "11111111-2222-3333-4444-555555555555"


@pytest.fixture
def tenant():
    tenant = new_tenant()
    tenant.outside = Webhook()
    return tenant


@pytest.fixture
def graph(tenant):
    return Graph(tenant, scopes=READ)


class App(Graph):
    """An app on its own."""

    client_id = CLIENT_ID

    @property
    def token(self):
        return self.tenant.mint_app(self.client_id, self.scopes)


def app(tenant, *roles, client_id=CLIENT_ID):
    caller = App(tenant, scopes=roles)
    caller.client_id = client_id
    return caller


def certificate(key):
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Contoso")])
    start, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    built = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(7)
    signed = built.not_valid_before(start).not_valid_after(end).sign(key, hashes.SHA256())
    return base64.b64encode(signed.public_bytes(serialization.Encoding.DER)).decode()


# --- what a subscription looks like


def test_a_subscription_is_answered_with_what_was_asked_and_what_the_service_adds(graph):
    made = subscribe(graph, lifecycleNotificationUrl=LIFECYCLE)
    assert made["@odata.context"] == f"{ROOT}/v1.0/$metadata#subscriptions/$entity"
    assert made["applicationId"] == CLIENT_ID
    assert made["creatorId"] == MEGAN
    assert (made["resource"], made["changeType"], made["clientState"]) == ("me/events", "created,updated,deleted", "a secret")
    assert (made["notificationUrl"], made["lifecycleNotificationUrl"]) == (HOOK, LIFECYCLE)
    assert made["expirationDateTime"] == "2026-11-26T18:00:00.0000000Z"
    assert made["latestSupportedTlsVersion"] == "v1_2"
    assert not any(name.startswith("x-") for name in made)


def test_read_again_it_keeps_its_secret(graph):
    made = subscribe(graph)
    one = graph("GET", f"/subscriptions/{made['id']}").body
    assert one.pop("@odata.context") == made.pop("@odata.context")
    assert one == {**made, "clientState": None}
    assert graph("GET", "/subscriptions").body["value"] == [one]
    assert control(graph.tenant, "GET", "subscriptions")[1][0]["clientState"] == "a secret"


def test_an_app_on_its_own_is_its_own_creator(tenant):
    made = subscribe(app(tenant, "Calendars.Read"), resource=f"users/{MEGAN}/events")
    assert made["creatorId"] not in ("", MEGAN)


# --- what can be watched


@pytest.mark.parametrize(
    "resource",
    ["me/events", "/me/events", "/Me/Events/", f"users/{MEGAN}/events", f"/users('{MEGAN}')/events", "users/megan@contoso.example/events"],
)
def test_the_events_of_the_own_mailbox_are_watched_however_spelt(graph, resource):
    made = subscribe(graph, resource=resource)
    assert made["resource"] == resource
    assert control(graph.tenant, "GET", "subscriptions")[1][0]["watches"] == f"users/{MEGAN}/events"


@pytest.mark.parametrize(
    ("resource", "status", "code"),
    [
        ("me/calendars/AAMkAG=/events", 400, "ExtensionError"),
        ("me/calendar/events", 400, "ExtensionError"),
        ("me/calendarView?startDateTime=2026-11-01&endDateTime=2026-12-01", 400, "ExtensionError"),
        ("me/events/AAMkAG=", 400, "ExtensionError"),
        ("groups/7/events", 400, "ExtensionError"),
        ("me", 403, "ExtensionError"),
        ("nonsense", 400, "ExtensionError"),
        ("https://graph.microsoft.com/v1.0/me/events", 400, "ExtensionError"),
        ("me/events?$top=5&$select=subject", 400, "ExtensionError"),
        ("me/events?$select=body", 400, "ExtensionError"),
        ("me/events?$expand=attachments", 501, "notImplemented"),
        ("me/events?$search=Lunch", 501, "notImplemented"),
        ("me/events?$filter=shoeSize eq 44", 400, "BadRequest"),
        ("me/events?$filter=subject eq", 400, "BadRequest"),
        ("users/nobody@contoso.example/events", 404, "Request_ResourceNotFound"),
        ("users/alex@contoso.example/events", 403, "ExtensionError"),
        ("me/mailFolders('Inbox')/messages", 501, "notImplemented"),
        ("/teams/getAllMessages", 501, "notImplemented"),
        ("groups/7/members", 501, "notImplemented"),
    ],
)
def test_what_cannot_be_watched_is_refused(graph, resource, status, code):
    answer = ask(graph, resource=resource)
    assert (answer.status, answer.code) == (status, code), answer.body
    assert graph.tenant.outside.requests == [], "nobody is asked to prove itself for what is refused"


@pytest.mark.parametrize(
    ("scopes", "resource", "status"),
    [
        (("Calendars.Read",), "me/events", 201),
        (("Calendars.ReadWrite",), "me/events", 201),
        (("Calendars.ReadBasic",), "me/events", 403),
        (("Calendars.Read.Shared",), "me/events", 403),
        (("Calendars.ReadWrite.Shared",), "me/events", 403),
        (("Calendars.ReadWrite.Shared", "Calendars.Read"), f"users/{ALEX}/events", 403),
        (("User.Read",), "users", 403),
        (("User.Read.All",), "users", 201),
        (("User.Read.All",), f"users/{ALEX}", 201),
        (("User.Read.All",), "groups", 403),
        (("Group.Read.All",), "/groups", 201),
    ],
)
def test_watching_takes_the_permission_to_read(tenant, scopes, resource, status):
    change = "updated" if "events" not in resource else "created"
    assert ask(Graph(tenant, scopes=scopes), resource=resource, changeType=change).status == status


@pytest.mark.parametrize(
    ("role", "resource", "status"),
    [
        ("Calendars.Read", f"users/{ALEX}/events", 201),
        ("Calendars.ReadBasic", f"users/{ALEX}/events", 403),
        ("Calendars.Read", "me/events", 400),
        ("Tasks.Read.All", f"users/{ALEX}/todo/lists/x/tasks", 403),
        ("Directory.Read.All", "groups", 201),
    ],
)
def test_an_app_on_its_own_watches_any_mailbox(tenant, role, resource, status):
    change = "updated" if "groups" in resource else "created"
    assert ask(app(tenant, role), resource=resource, changeType=change).status == status


# --- what else a subscription says


@pytest.mark.parametrize(
    ("members", "code", "said"),
    [
        ({"changeType": None}, "InvalidRequest", "changeType is a required property"),
        ({"notificationUrl": None}, "InvalidRequest", "notificationUrl is a required property"),
        ({"resource": ""}, "InvalidRequest", "resource is a required property"),
        ({"expirationDateTime": None}, "InvalidRequest", "expirationDateTime is a required property for subscription creation"),
        ({"changeType": "created,moved"}, "InvalidRequest", "Invalid 'changeType' attribute: 'moved'."),
        ({"changeType": "created,"}, "InvalidRequest", "Invalid 'changeType' attribute: ''."),
        ({"clientState": "x" * 129}, "InvalidRequest", "clientState"),
        ({"expirationDateTime": "2026-11-5T10:00:00Z"}, "InvalidRequest", "spelled and camelCased properly"),
        ({"expirationDateTime": later(minutes=-1)}, "InvalidRequest", "in the future"),
        (
            {"expirationDateTime": later(minutes=10_081)},
            "ExtensionError",
            "Subscription expiration can only be 10080 minutes in the future.",
        ),
        ({"notificationUrl": "http://app.example/hook"}, "InvalidRequest", "notificationUrl"),
        ({"notificationUrl": "app.example/hook"}, "InvalidRequest", "notificationUrl"),
        ({"notificationUrl": "https://app.example:port/"}, "InvalidRequest", "notificationUrl"),
        ({"lifecycleNotificationUrl": "ftp://app.example/"}, "InvalidRequest", "lifecycleNotificationUrl"),
        ({"latestSupportedTlsVersion": "v1_9"}, "InvalidRequest", "spelled and camelCased properly"),
        ({"shoeSize": 44}, "InvalidRequest", "spelled and camelCased properly"),
        ({"includeResourceData": True}, "ExtensionError", "select clause should be present in query string"),
    ],
)
def test_what_is_written_wrongly_is_refused(graph, members, code, said):
    answer = ask(graph, **members)
    assert (answer.status, answer.code) == (400, code), answer.body
    assert said in answer.message


@pytest.mark.parametrize("url", ["EventHub:https://vault.example/secrets/x?tenantId=contoso.example", "EventGrid:?azuresubscriptionid=1"])
def test_other_channels_than_webhooks_are_refused_by_name(graph, url):
    answer = ask(graph, notificationUrl=url)
    assert (answer.status, answer.code) == (501, "notImplemented")


@pytest.mark.parametrize("change", ["created", "updated,created", "created,deleted,updated", " Updated , deleted "])
def test_any_set_of_change_types_will_do(graph, change):
    assert subscribe(graph, changeType=change)["changeType"] == change.lower().replace(" ", "")


@pytest.mark.parametrize("resource", ["users", "groups"])
def test_of_directory_objects_creation_is_told_as_an_update(tenant, resource):
    directory = Graph(tenant, scopes=("Directory.Read.All",))
    assert ask(directory, resource=resource, changeType="created").message == "Invalid 'changeType' attribute: 'created'."
    assert subscribe(directory, resource=resource, changeType="updated,deleted")


@pytest.mark.parametrize(
    ("resource", "scopes", "minutes"),
    [("me/events", ("Calendars.Read",), 10_080), ("users", ("User.Read.All",), 41_760), ("groups", ("Group.Read.All",), 41_760)],
)
def test_the_longest_life_is_to_the_minute(tenant, resource, scopes, minutes):
    caller = Graph(tenant, scopes=scopes)
    made = subscribe(caller, resource=resource, changeType="updated", expirationDateTime=later(minutes=minutes))
    assert made["expirationDateTime"].startswith(later(minutes=minutes)[:-1])
    longer = {"expirationDateTime": later(minutes=minutes + 1)}
    answer = caller("PATCH", f"/subscriptions/{made['id']}", longer)
    assert answer.message == f"Subscription expiration can only be {minutes} minutes in the future."


def test_a_life_shorter_than_45_minutes_is_made_one_of_45(graph):
    made = subscribe(graph, expirationDateTime=later(minutes=3))
    assert made["expirationDateTime"] == later(minutes=45).replace("Z", ".0000000Z")


def test_an_end_without_offset_is_utc_and_one_with_an_offset_is_that_instant(graph):
    assert subscribe(graph, expirationDateTime="2026-11-26T12:00:00.1234567")["expirationDateTime"].startswith("2026-11-26T12:00:00.123456")
    made = subscribe(graph, changeType="created", expirationDateTime="2026-11-26T12:00:00+02:00")
    assert made["expirationDateTime"] == "2026-11-26T10:00:00.0000000Z"


# --- the same again, and too many


def test_the_same_again_is_refused_with_the_id_of_the_first(graph):
    made = subscribe(graph)
    again = ask(graph, resource=f"/users/{MEGAN}/events", changeType="deleted,created,updated", notificationUrl="https://app.example/2")
    assert (again.status, again.code) == (409, "ObjectIdentifierInUse")
    assert again.message == f"Subscription Id {made['id']} already exists for the requested combination"


def test_another_change_type_resource_or_app_is_not_the_same(tenant, graph):
    subscribe(graph)
    subscribe(graph, changeType="created")
    subscribe(app(tenant, "Calendars.Read", client_id=OTHER_APP), resource=f"users/{MEGAN}/events")
    subscribe(app(tenant, "Calendars.Read"), resource=f"users/{ALEX}/events")
    assert len(control(tenant, "GET", "subscriptions")[1]) == 4


def test_two_that_ask_for_the_same_at_once_do_not_both_get_it(tenant, graph):
    def meanwhile(request):
        tenant.outside = Webhook()
        subscribe(graph)
        return echoed(request)

    tenant.outside = Webhook(validate=meanwhile)
    assert ask(graph).status == 409
    assert len(graph("GET", "/subscriptions").body["value"]) == 1


def test_a_mailbox_has_room_for_a_thousand_of_all_apps(tenant, graph):
    made = subscribe(app(tenant, "Calendars.Read", client_id=OTHER_APP), resource=f"users/{MEGAN}/events")
    kept = tenant.state.subscriptions[made["id"]]
    fill(tenant, [{**kept, "id": f"{number:08}-2222-3333-4444-555555555555"} for number in range(998)])
    assert ask(graph).status == 201
    answer = ask(graph, changeType="created")
    assert (answer.status, answer.code) == (403, "ExtensionError")
    assert "limit of 1000" in answer.message
    assert ask(app(tenant, "Calendars.Read"), resource=f"users/{ALEX}/events").status == 201


def fill(tenant, subscriptions):
    """Let the tenant have these as well."""
    saved = json.loads(json.dumps(tenant.state.to_json()))
    saved["subscriptions"] |= {one["id"]: one for one in subscriptions}
    tenant.restore(saved)


@pytest.mark.parametrize(("app_id", "most"), [(CLIENT_ID, 100), (OTHER_APP, 1000)])
def test_an_app_watches_a_hundred_things_of_the_directory_and_all_apps_a_thousand(tenant, app_id, most):
    directory = Graph(tenant, scopes=("Directory.Read.All",))
    made = subscribe(directory, resource="users", changeType="updated")
    kept = {**tenant.state.subscriptions[made["id"]], "applicationId": app_id}
    fill(tenant, [{**kept, "id": f"{number:08}-2222-3333-4444-555555555555"} for number in range(most - 2)])
    assert ask(directory, resource="groups", changeType="updated").status == 201
    answer = ask(directory, resource="groups", changeType="deleted")
    assert answer.status == 403
    assert f"limit of {most} " in answer.message


# --- the handshake


def test_the_webhook_is_asked_for_a_token_that_must_be_decoded(graph):
    subscribe(graph, notificationUrl=f"{HOOK}?key=a%20b&for=megan")
    (asked,) = graph.tenant.outside.requests
    assert asked.method == "POST"
    assert asked.body == b""
    assert asked.headers["content-type"] == "text/plain; charset=utf-8"
    assert asked.within_seconds == 10
    query = urlsplit(asked.url).query
    assert query.startswith("key=a%20b&for=megan&validationToken=")
    assert "+" in query
    assert "%3A" in query


def test_both_webhooks_are_asked_even_if_they_are_the_same(graph):
    subscribe(graph, lifecycleNotificationUrl=HOOK)
    assert [urlsplit(asked.url).path for asked in graph.tenant.outside.requests] == ["/hook", "/hook"]


def still(request):
    raise TransportError("it does not answer", kind="timeout")


def unreachable(request):
    raise TransportError("nobody is there")


PLAIN = {"content-type": "text/plain"}
ENDPOINT = "Subscription validation request failed. Notification endpoint must respond with 200 OK to validation request."
FAILURES = {
    "nobody there": (unreachable, ENDPOINT),
    "no answer": (still, "Subscription validation request timed out."),
    "an error": (lambda request: Response(404), "HTTP status code is 'NotFound'. Notification endpoint must respond with 200 OK"),
    "accepted": (lambda request: Response(202, PLAIN, echoed(request).body), "HTTP status code is 'Accepted'."),
    "a redirect": (lambda request: Response(302, {"location": "/elsewhere"}), "HTTP status code is 'Found'."),
    "html": (lambda request: Response(200, {"content-type": "text/html"}, echoed(request).body), "text/plain"),
    "no content type": (lambda request: Response(200, {}, echoed(request).body), "text/plain"),
    "the token as it came": (
        lambda request: Response(200, PLAIN, request.url.partition("validationToken=")[2].encode()),
        "Response must exactly match validationToken query parameter.",
    ),
    "more than the token": (lambda request: Response(200, PLAIN, echoed(request).body + b"\n"), "exactly match"),
    "an unknown status": (lambda request: Response(799), "HTTP status code is '799'."),
}


@pytest.mark.parametrize("name", FAILURES)
@pytest.mark.parametrize("which", ["notificationUrl", "lifecycleNotificationUrl"])
def test_a_webhook_that_does_not_prove_itself_gets_no_subscription(tenant, graph, name, which):
    failing, said = FAILURES[name]
    tenant.outside = Webhook(
        validate=lambda request: failing(request) if request.url.startswith("https://bad.example/") else echoed(request)
    )
    answer = ask(graph, **{"lifecycleNotificationUrl": LIFECYCLE, which: "https://bad.example/hook"})
    assert (answer.status, answer.code) == (400, "ValidationError")
    assert said in answer.message
    assert graph("GET", "/subscriptions").body["value"] == []


@pytest.mark.parametrize(("seconds", "status"), [(10, 201), (10.5, 400)])
def test_a_webhook_has_ten_seconds_by_the_tenants_clock(tenant, graph, seconds, status):
    def slow(request):
        tenant.clock.advance(seconds)
        return echoed(request)

    tenant.outside = Webhook(validate=slow)
    assert ask(graph).status == status


@pytest.mark.parametrize("url", ["http://localhost:8090/hook", "http://127.0.0.1/hook", "http://[::1]:9/hook", "https://app.example"])
def test_a_webhook_on_this_machine_needs_no_https(graph, url):
    assert subscribe(graph, notificationUrl=url)["notificationUrl"] == url


def test_a_tenant_without_a_way_outside_validates_nobody():
    answer = ask(Graph(new_tenant(), scopes=READ))
    assert (answer.status, answer.code) == (400, "ValidationError")


# --- reading, renewing, ending


def test_each_caller_sees_the_subscriptions_of_its_own(tenant, graph):
    mine = subscribe(graph)
    alex = Graph(tenant, "alex", scopes=READ)
    alexs = subscribe(alex)
    of_app = subscribe(app(tenant, "Calendars.Read"), resource=f"users/{ALEX}/events", changeType="deleted")
    others = subscribe(app(tenant, "Calendars.Read", client_id=OTHER_APP), resource=f"users/{MEGAN}/events")

    def seen(caller):
        return {one["id"] for one in caller("GET", "/subscriptions").body["value"]}

    assert seen(graph) == {mine["id"]}
    assert seen(alex) == {alexs["id"]}
    assert seen(app(tenant, "Calendars.Read", client_id=OTHER_APP)) == {others["id"]}
    assert seen(app(tenant, "Calendars.Read")) == {mine["id"], alexs["id"], of_app["id"]}, "an app sees all it made, in whosever name"
    assert seen(Graph(tenant, scopes=("User.Read",))) == set()
    assert seen(Graph(tenant, scopes=("Subscription.Read.All",))) == {mine["id"]}


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_what_is_not_ones_own_is_not_there(tenant, graph, method):
    made = subscribe(graph)
    body = {"expirationDateTime": later(days=2)} if method == "PATCH" else None
    for caller in (Graph(tenant, "alex", scopes=READ), app(tenant, "Calendars.Read", client_id=OTHER_APP)):
        answer = caller(method, f"/subscriptions/{made['id']}", body)
        assert (answer.status, answer.code, answer.message) == (404, "ResourceNotFound", "The object was not found.")
    assert graph(method, "/subscriptions/00000000-0000-0000-0000-000000000000", body).status == 404
    assert graph("GET", f"/subscriptions/{made['id'].upper()}").status == 200


def test_a_long_list_comes_in_pages(tenant, graph):
    kept = tenant.state.subscriptions[subscribe(graph)["id"]]
    fill(tenant, [{**kept, "id": f"{number:08}-2222-3333-4444-555555555555"} for number in range(119)])
    first = graph("GET", "/subscriptions")
    assert len(first.body["value"]) == 100
    assert len({one["id"] for one in graph.everything(first)}) == 120


def test_renewing_moves_the_end(graph):
    made = subscribe(graph)
    renewed = graph("PATCH", f"/subscriptions/{made['id']}", {"expirationDateTime": later(days=6)})
    assert renewed.status == 200
    assert renewed.body == {**made, "expirationDateTime": "2026-12-01T18:00:00.0000000Z"}
    graph.tenant.clock.advance(5 * 86400)
    assert graph("GET", f"/subscriptions/{made['id']}").status == 200


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "must contain either the 'expirationDateTime' or 'notificationUrl' property"),
        ({"clientState": "a secret"}, "must contain either"),
        ({"lifecycleNotificationUrl": LIFECYCLE}, "'lifecycleNotificationUrl' of a subscription cannot be changed"),
        ({"expirationDateTime": later(days=2), "changeType": "created"}, "'changeType' of a subscription cannot be changed"),
        ({"expirationDateTime": later(days=-2)}, "in the future"),
        ({"expirationDateTime": later(days=8)}, "can only be 10080 minutes"),
        ({"notificationUrl": "http://app.example"}, "notificationUrl"),
        ({"encryptionCertificate": "AAAA"}, "Certificate validation error: Cannot find the requested object."),
    ],
)
def test_what_cannot_be_changed_is_refused(graph, body, said):
    made = subscribe(graph)
    answer = graph("PATCH", f"/subscriptions/{made['id']}", body)
    assert answer.status == 400
    assert said in answer.message
    assert graph("GET", f"/subscriptions/{made['id']}").body["expirationDateTime"] == made["expirationDateTime"]


def test_a_whole_subscription_sent_back_with_another_end_renews_it(graph):
    made = subscribe(graph)
    whole = {name: value for name, value in made.items() if name != "@odata.context"}
    assert graph("PATCH", f"/subscriptions/{made['id']}", {**whole, "expirationDateTime": later(days=2)}).status == 200


def test_a_new_webhook_must_prove_itself_too(graph):
    made = subscribe(graph)
    graph.tenant.outside.validate = unreachable
    answer = graph("PATCH", f"/subscriptions/{made['id']}", {"notificationUrl": "https://app.example/new"})
    assert (answer.status, answer.code) == (400, "ValidationError")
    graph.tenant.outside.validate = echoed
    assert graph("PATCH", f"/subscriptions/{made['id']}", {"notificationUrl": "https://app.example/new"}).status == 200
    assert graph("GET", f"/subscriptions/{made['id']}").body["notificationUrl"] == "https://app.example/new"


def test_deleting_ends_it_and_makes_room_for_the_same_again(graph):
    made = subscribe(graph)
    assert graph("DELETE", f"/subscriptions/{made['id']}").status == 204
    assert graph("DELETE", f"/subscriptions/{made['id']}").status == 404
    assert subscribe(graph)["id"] != made["id"]


def test_an_expired_one_is_gone(graph):
    made = subscribe(graph)
    graph.tenant.clock.advance(86399)
    assert graph("GET", f"/subscriptions/{made['id']}").status == 200
    graph.tenant.clock.advance(1)
    assert graph("GET", f"/subscriptions/{made['id']}").status == 404
    assert graph("PATCH", f"/subscriptions/{made['id']}", {"expirationDateTime": later(days=3)}).status == 404
    assert graph("POST", f"/subscriptions/{made['id']}/reauthorize").status == 404
    assert graph("GET", "/subscriptions").body["value"] == []
    assert subscribe(graph)


def test_reauthorizing_answers_204(graph):
    made = subscribe(graph)
    answer = graph("POST", f"/subscriptions/{made['id']}/reauthorize")
    assert (answer.status, answer.body) == (204, None)


@pytest.mark.parametrize("path", ["getVapidPublicKey()", "getVapidPublicKey", "microsoft.graph.getVapidPublicKey()"])
def test_web_push_is_refused_by_name(graph, path):
    answer = graph("GET", f"/subscriptions/{path}")
    assert (answer.status, answer.code) == (501, "notImplemented")
    assert "web push" in answer.message


def test_subscriptions_are_made_in_a_batch_too(graph):
    body = {"changeType": "created", "notificationUrl": HOOK, "resource": "me/events", "expirationDateTime": later(days=1)}
    part = {"id": "1", "method": "POST", "url": "/subscriptions", "body": body, "headers": {"content-type": "application/json"}}
    answer = graph("POST", "/$batch", {"requests": [part]})
    assert answer.body["responses"][0]["status"] == 201


def test_subscriptions_are_kept_with_the_state(tenant, graph):
    made = subscribe(graph)
    control(tenant, "POST", "snapshot", {"name": "with"})
    assert graph("DELETE", f"/subscriptions/{made['id']}").status == 204
    control(tenant, "POST", "restore", {"name": "with"})
    assert graph("GET", f"/subscriptions/{made['id']}").status == 200
    control(tenant, "POST", "reset", {"seed": "empty"})
    assert graph("GET", f"/subscriptions/{made['id']}").status == 404


def test_a_handshake_does_not_outlive_the_tenant_it_began_in(graph):
    tenant = graph.tenant

    def begins_again(request):
        tenant.reset("empty")
        return echoed(request)

    tenant.outside = Webhook(validate=begins_again)
    answer = ask(graph)
    assert (answer.status, answer.code) == (503, "ServiceUnavailable")
    assert tenant.state.subscriptions == {}


# --- certificates


@pytest.fixture(scope="module")
def rsa_key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def rich(graph, text, **more):
    return ask(
        graph,
        **{
            "resource": "me/events?$select=subject,start",
            "includeResourceData": True,
            "encryptionCertificate": text,
            "encryptionCertificateId": "the first",
            **more,
        },
    )


def test_with_a_certificate_resource_data_can_be_had_for_a_day(graph, rsa_key):
    text = certificate(rsa_key)
    made = rich(graph, text, expirationDateTime=later(minutes=1440))
    assert made.status == 201
    assert (made.body["includeResourceData"], made.body["encryptionCertificateId"]) == (True, "the first")
    longer = rich(graph, text, expirationDateTime=later(minutes=1441), changeType="created")
    assert longer.message == "Subscription expiration can only be 1440 minutes in the future."


def test_a_certificate_may_come_in_lines_or_as_pem(graph, rsa_key):
    text = certificate(rsa_key)
    in_lines = "\n".join(text[at : at + 64] for at in range(0, len(text), 64))
    assert rich(graph, in_lines).status == 201
    pem = f"-----BEGIN CERTIFICATE-----\n{in_lines}\n-----END CERTIFICATE-----\n"
    assert rich(graph, base64.b64encode(pem.encode()).decode(), changeType="deleted").status == 201


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"encryptionCertificate": None}, "encryptionCertificate is a required property when includeResourceData is true."),
        ({"encryptionCertificateId": None}, "encryptionCertificateId is a required property"),
        ({"encryptionCertificateId": "x" * 129}, "encryptionCertificateId"),
        ({"encryptionCertificate": "not base64!"}, "Cannot find the requested object."),
        ({"encryptionCertificate": base64.b64encode(b"no certificate").decode()}, "Cannot find the requested object."),
        ({"resource": "me/events"}, "select clause should be present"),
        ({"resource": "me/events?$select="}, "select clause should be present"),
    ],
)
def test_what_is_missing_for_resource_data_is_told(graph, rsa_key, members, said):
    answer = rich(graph, certificate(rsa_key), **members)
    assert answer.status == 400
    assert said in answer.message


def test_a_key_that_is_too_small_or_of_another_kind_is_refused(graph):
    small = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    assert "between 2048 and 4096 bits" in rich(graph, certificate(small)).message
    curve = ec.generate_private_key(ec.SECP256R1())
    assert "must be of type RSA" in rich(graph, certificate(curve)).message


def test_only_events_come_with_resource_data(tenant, rsa_key):
    directory = Graph(tenant, scopes=("User.Read.All",))
    answer = rich(directory, certificate(rsa_key), resource="users?$select=displayName", changeType="updated")
    assert answer.status == 400


def test_a_certificate_can_be_exchanged(graph, rsa_key):
    made = rich(graph, certificate(rsa_key)).body
    new = {"encryptionCertificate": certificate(rsa.generate_private_key(65537, 2048)), "encryptionCertificateId": "the second"}
    answer = graph("PATCH", f"/subscriptions/{made['id']}", new)
    assert (answer.status, answer.body["encryptionCertificateId"]) == (200, "the second")


def test_conditions_that_nobody_keeps_are_refused_by_name(graph):
    answer = ask(graph, notificationQueryOptions="$filter=isFetchable eq true")
    assert (answer.status, answer.code) == (501, "notImplemented")


def test_the_clock_that_counts_is_the_tenants(graph):
    graph.tenant.clock.stop_at(NOW + 30 * 86400)
    assert ask(graph, expirationDateTime=later(days=1)).message.endswith("must be in the future.")
    assert subscribe(graph)


def test_a_request_without_a_token_gets_none(tenant):
    answer = tenant.handle(Request("GET", f"{ROOT}/v1.0/subscriptions"))
    assert answer.status == 401
