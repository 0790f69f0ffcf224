"""Notifications with resource data, opened as an app would: written after Microsoft's page, and not with the sandbox's own code."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from daypass.wire import Response
from daypass_sandbox.tenant import CLIENT_ID, TENANT_ID
from graph_caller import MEGAN, NOW, ROOT, Graph, new_tenant, series, timed
from webhooks import LIFECYCLE, Webhook, ask, control, subscribe

PUBLISHER = "0bf30f3b-4a52-48df-9a82-234910c4a086"
LUNCH = timed("Lunch", "2026-12-01T12:00:00", "2026-12-01T13:00:00", categories=["Red"], location={"displayName": "Café Größe"})


class App:
    """An app with a key of its own."""

    def __init__(self):
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Northwind")])
        start, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
        built = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(self.key.public_key()).serial_number(7)
        self.certificate = built.not_valid_before(start).not_valid_after(end).sign(self.key, hashes.SHA256())

    @property
    def wish(self):
        der = self.certificate.public_bytes(serialization.Encoding.DER)
        return {
            "includeResourceData": True,
            "encryptionCertificate": base64.b64encode(der).decode(),
            "encryptionCertificateId": "the first",
        }

    def open(self, sealed):
        """The content of a notification's `encryptedContent`; fails when it is not what it says."""
        key = self.key.decrypt(base64.b64decode(sealed["dataKey"]), padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None))
        assert len(key) == 32
        data = base64.b64decode(sealed["data"])
        assert hmac.new(key, data, hashlib.sha256).digest() == base64.b64decode(sealed["dataSignature"])
        opener = Cipher(algorithms.AES(key), modes.CBC(key[:16])).decryptor()
        padded = opener.update(data) + opener.finalize()
        assert 1 <= padded[-1] <= 16
        return json.loads(padded[: -padded[-1]])


@pytest.fixture(scope="module")
def app():
    return App()


@pytest.fixture
def tenant():
    tenant = new_tenant()
    tenant.outside = Webhook()
    return tenant


def bodies(tenant):
    tenant.deliver()
    return [body for _, body in tenant.outside.taken]


def test_the_selected_properties_come_sealed_for_the_app_alone(tenant, graph, app):
    subscribe(graph, resource=f"users/{MEGAN}/events?$select=Subject,start,location,CATEGORIES", **app.wish)
    event = graph.create(**LUNCH)
    ((item,),) = [body["value"] for body in bodies(tenant)]
    sealed = item["encryptedContent"]
    assert sealed["encryptionCertificateId"] == "the first"
    assert sealed["encryptionCertificateThumbprint"] == app.certificate.fingerprint(hashes.SHA1()).hex().upper()
    assert app.open(sealed) == {name: event[name] for name in ("subject", "start", "location", "categories")}
    assert "Lunch" not in json.dumps(item)


def test_beside_it_the_resource_is_named_as_such_notifications_name_it(tenant, graph, app):
    subscribe(graph, resource="me/events?$select=subject", **app.wish)
    event = graph.create(**LUNCH)
    ((item,),) = [body["value"] for body in bodies(tenant)]
    assert item["resource"] == f"Users('{MEGAN}')/events('{event['id']}')"
    assert item["resourceData"] == {
        "@odata.type": "#microsoft.graph.event",
        "@odata.id": item["resource"],
        "@odata.etag": event["@odata.etag"],
        "id": event["id"],
    }
    assert graph("GET", f"/{item['resource']}").body["id"] == event["id"]


def test_every_item_has_a_key_of_its_own(tenant, graph, app):
    subscribe(graph, resource="me/events?$select=subject", **app.wish)
    graph.create(**LUNCH)
    graph.create(**LUNCH)
    (body,) = bodies(tenant)
    first, second = (item["encryptedContent"] for item in body["value"])
    assert first["data"] != second["data"]
    assert app.open(first) == app.open(second) == {"subject": "Lunch"}


def test_the_data_is_that_of_the_change_however_late_it_arrives(tenant, graph, app):
    subscribe(graph, resource="me/events?$select=subject", **app.wish)
    tenant.outside.answer = lambda request: Response(503)
    event = graph.create(**LUNCH)
    tenant.deliver()
    graph("PATCH", f"/me/events/{event['id']}", {"subject": "Supper"})
    tenant.outside.answer = lambda request: Response(202)
    tenant.clock.advance(3600)
    items = [item for body in bodies(tenant) for item in body["value"]]
    assert sorted(app.open(item["encryptedContent"])["subject"] for item in items) == ["Lunch", "Supper"]


def test_of_a_deleted_event_nothing_is_left_to_seal(tenant, graph, app):
    event = graph.create(**LUNCH)
    subscribe(graph, resource="me/events?$select=subject", **app.wish)
    graph("DELETE", f"/me/events/{event['id']}")
    ((item,),) = [body["value"] for body in bodies(tenant)]
    assert (item["changeType"], "encryptedContent" in item) == ("deleted", False)


def test_of_a_series_its_master_is_sealed(tenant, graph, app):
    subscribe(graph, resource="me/events?$select=subject,recurrence,type", **app.wish)
    graph.create(**series("Stand-up", "2026-12-01T09:00:00", "2026-12-01T09:15:00", {"type": "daily"}))
    ((item,),) = [body["value"] for body in bodies(tenant)]
    opened = app.open(item["encryptedContent"])
    assert (opened["subject"], opened["type"], opened["recurrence"]["pattern"]["type"]) == ("Stand-up", "seriesMaster", "daily")


def test_a_new_certificate_serves_what_comes_after_it(tenant, graph, app):
    made = subscribe(graph, resource="me/events?$select=subject", **app.wish)
    other = App()
    change = {name: value for name, value in other.wish.items() if name != "includeResourceData"} | {"encryptionCertificateId": "2"}
    assert graph("PATCH", f"/subscriptions/{made['id']}", change).status == 200
    graph.create(**LUNCH)
    ((item,),) = [body["value"] for body in bodies(tenant)]
    assert item["encryptedContent"]["encryptionCertificateId"] == "2"
    assert other.open(item["encryptedContent"]) == {"subject": "Lunch"}


def test_a_property_that_does_not_exist_cannot_be_selected(tenant, graph, app):
    answer = ask(graph, resource="me/events?$select=shoeSize", **app.wish)
    assert answer.status == 400
    assert "Could not find a property named 'shoeSize'" in answer.message


# --- who sealed it


def key_set(tenant):
    answer = Graph(tenant)("GET", f"{ROOT}/common/discovery/keys")
    return {key["kid"]: jwt.PyJWK(key) for key in answer.body["keys"]}


def claims_of(tenant, token, audience=CLIENT_ID):
    key = key_set(tenant)[jwt.get_unverified_header(token)["kid"]]
    unjudged = {"verify_exp": False, "verify_iat": False, "verify_nbf": False}  # the tenant's clock is not this machine's
    return jwt.decode(token, key.key, algorithms=["RS256"], audience=audience, options=unjudged)


def test_a_token_says_that_the_publisher_of_notifications_sent_it(tenant, graph, app):
    subscribe(graph, resource="me/events?$select=subject", **app.wish)
    graph.create(**LUNCH)
    (body,) = bodies(tenant)
    (token,) = body["validationTokens"]
    claims = claims_of(tenant, token)
    assert (claims["appid"], claims["tid"], claims["ver"]) == (PUBLISHER, TENANT_ID, "1.0")
    assert claims["iss"] == f"https://sts.windows.net/{TENANT_ID}/"
    assert claims["iat"] == claims["nbf"] == NOW
    assert claims["exp"] > NOW
    assert claims["sandbox"] is True


def test_the_token_opens_no_door(tenant, graph, app):
    subscribe(graph, resource="me/events?$select=subject", **app.wish)
    graph.create(**LUNCH)
    (body,) = bodies(tenant)
    answer = graph("GET", "/me", headers={"Authorization": f"Bearer {body['validationTokens'][0]}"})
    assert answer.status == 401


def test_with_the_quirk_the_token_is_of_version_2(tenant, graph, app):
    control(tenant, "POST", "quirks", {"validationTokensV2": True})
    subscribe(graph, resource="me/events?$select=subject", **app.wish)
    graph.create(**LUNCH)
    (body,) = bodies(tenant)
    claims = claims_of(tenant, body["validationTokens"][0])
    assert (claims["azp"], claims["ver"], "appid" in claims) == (PUBLISHER, "2.0", False)
    discovered = graph("GET", f"{ROOT}/{TENANT_ID}/v2.0/.well-known/openid-configuration").body
    assert claims["iss"] == discovered["issuer"]


def test_there_is_one_token_for_each_app(tenant, graph, app):
    other_app = "11111111-2222-3333-4444-555555555555"
    subscribe(graph, resource="me/events?$select=subject", **app.wish)
    subscribe(graph, resource="me/events?$select=start", **app.wish)
    subscribe(graph, resource="me/events?$select=end", notificationUrlAppId=other_app, **app.wish)
    graph.create(**LUNCH)
    (body,) = bodies(tenant)
    assert len(body["value"]) == 3
    first, second = body["validationTokens"]
    assert claims_of(tenant, first)["aud"] == CLIENT_ID
    assert claims_of(tenant, second, other_app)["aud"] == other_app


def test_without_resource_data_there_is_no_token(tenant, graph):
    subscribe(graph)
    graph.create(**LUNCH)
    assert bodies(tenant)[0].keys() == {"value"}


@pytest.mark.parametrize("event", ["missed", "reauthorizationRequired", "subscriptionRemoved"])
def test_lifecycle_notifications_of_such_a_subscription_bear_a_token_too(tenant, graph, app, event):
    made = subscribe(graph, resource="me/events?$select=subject", lifecycleNotificationUrl=LIFECYCLE, **app.wish)
    control(tenant, "POST", "lifecycle", {"subscription": made["id"], "event": event})
    (body,) = bodies(tenant)
    assert body["value"][0]["lifecycleEvent"] == event
    assert claims_of(tenant, body["validationTokens"][0])["appid"] == PUBLISHER
