"""Subscriptions over HTTP: made, listed, renewed, reauthorized, ended.

Facts: Graph's pages resources/subscription and api/subscription-*. Refusals are worded as others saw them (issues 2231, 4092 and 2988 of
microsoft-graph-docs, 221 of msgraph-sdk-php, 9498 of microsoft-graph-docs-contrib; `ObjectIdentifierInUse` in the OneDrive client).
"""

from __future__ import annotations

from typing import Any

from daypass.wire import Response

from ..calendar.events import timestamp
from ..clock import parse_instant
from ..graph import odata, payload
from ..graph.payload import FLAG, TEXT, read_only
from ..routes import Call, Fault, Route
from . import sealing
from .conditions import fulfilling
from .handshake import shake_hands, webhook_url
from .registry import Json
from .watching import DIRECTORY_QUOTA, OUTLOOK_QUOTA, TENANT_QUOTA, Topic, Watched, changes_of, invalid, may_manage, refused, watched

PAGE_SIZE = 100
SHORTEST_MINUTES = 45
LONGEST_SECRET = 128  # letters of a clientState, and of the id of a certificate
READ_ALL = "Subscription.Read.All"
TLS_VERSIONS = ("v1_0", "v1_1", "v1_2", "v1_3")
SHAPE: dict[str, Any] = {
    "changeType": TEXT,
    "notificationUrl": TEXT,
    "lifecycleNotificationUrl": TEXT,
    "resource": TEXT,
    "expirationDateTime": TEXT,
    "clientState": TEXT,
    "latestSupportedTlsVersion": TLS_VERSIONS,
    "includeResourceData": FLAG,
    "encryptionCertificate": TEXT,
    "encryptionCertificateId": TEXT,
    "notificationQueryOptions": TEXT,
    "notificationUrlAppId": TEXT,
    **read_only(TEXT, "id", "applicationId", "creatorId", "notificationContentType"),
}
PROPERTIES = tuple(SHAPE)
CHANGEABLE = ("expirationDateTime", "notificationUrl", "encryptionCertificate", "encryptionCertificateId")
SUBSCRIPTION: odata.Kind[Json] = odata.Kind("subscription", PROPERTIES)


async def create_subscription(call: Call) -> Response:
    """Subscribe, once the webhooks have proved to be some (api/subscription-post-subscriptions).

    Fault 400 for what is not written as it must be or a webhook that fails the validation, 403 over a quota, 409 for the same again.
    """
    odata.allow(call)
    given, asked = _given(call), odata.preferences(call)
    for name in ("changeType", "notificationUrl", "resource", "expirationDateTime"):
        if not given.get(name):
            raise invalid(f"{name} is a required property for subscription creation")
    rich = bool(given.get("includeResourceData"))
    what = watched(call, given["resource"], rich=rich)
    changes = changes_of(what.topic, given["changeType"])
    if what.condition:
        fulfilling(call.tenant, what.owner_id, what.condition)  # one that cannot be read is refused before anybody is asked
    expires = _expiry(call, given["expirationDateTime"], what.topic, rich=rich)
    urls = [webhook_url(given[name], name) for name in ("notificationUrl", "lifecycleNotificationUrl") if given.get(name)]
    _check_secrets(given, rich=rich)
    _check_room(call, what, changes)
    await shake_hands(call, *urls)
    _check_room(call, what, changes)  # others may have come in the meantime
    subscription = {**_new(call, given, what, changes, expires), "x-immutable": asked.immutable_ids}
    call.tenant.post.registry.add(subscription)
    call.tenant.post.attend(subscription)
    return odata.entity(call, 201, "subscriptions", shown(subscription), asked.applied)


def list_subscriptions(call: Call) -> Response:
    """The subscriptions the caller may manage, and with `Subscription.Read.All` all of the user (api/subscription-list)."""
    odata.allow(call, "$skip", "$top")
    all_of_user = READ_ALL in call.caller.scopes and not call.caller.is_app
    kept = [
        shown(one, secrets=False)
        for one in call.tenant.post.registry
        if may_manage(call, one) or (all_of_user and one["creatorId"] == call.caller.user_id)
    ]
    cut = odata.page(call, len(kept), PAGE_SIZE)
    return odata.collection(call, "subscriptions", kept[cut.first : cut.last], len(kept), cut)


def get_subscription(call: Call) -> Response:
    """One subscription; its `clientState` is not told again (api/subscription-get)."""
    odata.allow(call, "$select")
    return odata.single(call, 200, "subscriptions", SUBSCRIPTION, shown(_found(call), secrets=False))


async def update_subscription(call: Call) -> Response:
    """Renew a subscription, which also reauthorizes it, or give it another webhook or certificate (api/subscription-update)."""
    odata.allow(call)
    subscription, given = _found(call), _given(call)
    for name, value in given.items():
        if name not in CHANGEABLE and value != subscription[name] and value is not None:
            raise invalid(f"'{name}' of a subscription cannot be changed; delete the subscription and create another one.")
    changes: Json = {name: value for name, value in given.items() if name in CHANGEABLE and value}
    if not changes:
        raise invalid("Subscription must contain either the 'expirationDateTime' or 'notificationUrl' property and its value.")
    topic, rich = call.tenant.post.topic(subscription), bool(subscription["includeResourceData"])
    if "expirationDateTime" in changes:
        expires = _expiry(call, changes["expirationDateTime"], topic, rich=rich)
        now = call.tenant.clock.now()
        changes |= {"expirationDateTime": timestamp(expires), "x-expires": expires, "x-since": now, "x-answered": 0.0}
    _check_secrets({**subscription, **changes}, rich=rich)
    if changes.get("notificationUrl", subscription["notificationUrl"]) != subscription["notificationUrl"]:
        await shake_hands(call, webhook_url(changes["notificationUrl"], "notificationUrl"))
    subscription = _found(call)  # it may have ended in the meantime
    subscription.update({**changes, "x-authorized": _authorized_until(call), "x-held": False})
    call.tenant.post.attend(subscription)
    call.tenant.post.release(subscription)
    return odata.entity(call, 200, "subscriptions", shown(subscription))


def reauthorize_subscription(call: Call) -> Response:
    """Answer a `reauthorizationRequired`: notifications flow on, to the same end as before (api/subscription-reauthorize)."""
    odata.allow(call)
    subscription = _found(call)
    subscription.update({"x-authorized": _authorized_until(call), "x-answered": subscription["x-expires"], "x-held": False})
    call.tenant.post.attend(subscription)
    call.tenant.post.release(subscription)
    return Response(204)


def delete_subscription(call: Call) -> Response:
    """End a subscription; what still waits for it is not sent any more (api/subscription-delete)."""
    odata.allow(call)
    call.tenant.post.remove(_found(call)["id"])
    return Response(204)


def vapid_key(call: Call) -> Response:
    """Web push is in Microsoft's metadata, without a page that says how it works."""
    raise Fault(501, "notImplemented", f"Notifications by web push are not implemented in this sandbox ({call.request.method}).")


def shown(subscription: Json, *, secrets: bool = True) -> Json:
    """A subscription as Graph's resource, without our own members; its `clientState` is told only to who sends it."""
    whole = {name: value for name, value in subscription.items() if not name.startswith("x-")}
    return whole if secrets else {**whole, "clientState": None}


def _given(call: Call) -> Json:
    try:
        return payload.read(call.json(), SHAPE, "subscription")
    except Fault as fault:
        if fault.code != "RequestBodyRead":
            raise
        hint = "Are all property names spelled and camelCased properly?"
        raise invalid(f"Could not process subscription creation payload. {hint} {fault}") from None


def _found(call: Call) -> Json:
    subscription = call.tenant.post.registry.find(call.path["subscription_id"].lower())
    if subscription is None or not may_manage(call, subscription):
        raise Fault(404, "ResourceNotFound", "The object was not found.")
    return subscription


def _expiry(call: Call, text: str, topic: Topic, *, rich: bool) -> float:
    """The end of a subscription's life (seconds since 1970), at least 45 minutes away; Fault 400 for the past and beyond the longest."""
    try:
        expires = parse_instant(text)
    except (ValueError, OverflowError):
        hint = "Are all property names spelled and camelCased properly?"
        raise invalid(f"Could not process subscription creation payload. {hint} (expirationDateTime)") from None
    now, minutes = call.tenant.clock.now(), topic.rich_minutes if rich else topic.minutes
    if expires <= now:
        raise invalid(f"Subscription expirationDateTime '{text}' must be in the future.")
    if expires > now + 60 * minutes:
        raise Fault(400, "ExtensionError", f"Subscription expiration can only be {minutes} minutes in the future.")
    return max(expires, now + 60 * SHORTEST_MINUTES)


def _check_secrets(given: Json, *, rich: bool) -> None:
    """Fault 400 for a clientState that is too long, or a certificate that will not do; 501 for conditions nobody here keeps."""
    if given.get("notificationQueryOptions"):
        raise Fault(501, "notImplemented", "'notificationQueryOptions' of a subscription is not implemented in this sandbox.")
    for name in ("clientState", "encryptionCertificateId"):
        if len(given.get(name) or "") > LONGEST_SECRET:
            raise invalid(f"The value of '{name}' is longer than {LONGEST_SECRET} characters.")
    if rich:
        for name in ("encryptionCertificate", "encryptionCertificateId"):
            if not given.get(name):
                raise invalid(f"{name} is a required property when includeResourceData is true.")
    if given.get("encryptionCertificate"):
        sealing.certificate(given["encryptionCertificate"])


def _check_room(call: Call, what: Watched, changes: tuple[str, ...]) -> None:
    """Fault 409 when the app watches the same already, 403 when there are too many subscriptions of this kind."""
    others = list(call.tenant.post.registry)
    app_id = call.caller.client_id
    for other in others:
        same = (other["applicationId"], other["x-path"], other["x-query"]) == (app_id, what.path, what.query)
        if same and set(other["changeType"].split(",")) == set(changes):
            message = f"Subscription Id {other['id']} already exists for the requested combination"
            raise Fault(409, "ObjectIdentifierInUse", message)
    if what.topic.in_mailbox:
        _check_quota(sum(other["x-path"] == what.path for other in others), OUTLOOK_QUOTA, "for this mailbox")
    elif not what.owner_id:
        directory = [other for other in others if other["x-type"] in ("user", "group")]
        _check_quota(sum(other["applicationId"] == app_id for other in directory), DIRECTORY_QUOTA, "for this app in this tenant")
        _check_quota(len(directory), TENANT_QUOTA, "for this tenant")


def _check_quota(count: int, most: int, whose: str) -> None:
    if count >= most:
        raise refused(403, "Forbidden", f"The limit of {most} subscriptions {whose} has been reached.")


def _new(call: Call, given: Json, what: Watched, changes: tuple[str, ...], expires: float) -> Json:
    tenant, claims = call.tenant, _claims(call)
    return {
        "id": tenant.new_id("guid"),
        "resource": given["resource"],
        "applicationId": call.caller.client_id,
        "changeType": ",".join(changes),
        "clientState": given.get("clientState"),
        "notificationUrl": given["notificationUrl"],
        "notificationQueryOptions": None,
        "notificationContentType": None,
        "lifecycleNotificationUrl": given.get("lifecycleNotificationUrl"),
        "expirationDateTime": timestamp(expires),
        "creatorId": claims["oid"],
        "includeResourceData": given.get("includeResourceData"),
        "latestSupportedTlsVersion": given.get("latestSupportedTlsVersion") or "v1_2",
        "encryptionCertificate": given.get("encryptionCertificate"),
        "encryptionCertificateId": given.get("encryptionCertificateId"),
        "notificationUrlAppId": given.get("notificationUrlAppId"),
        "x-path": what.path,
        "x-type": what.topic.type_name,
        "x-query": what.query,
        "x-select": list(what.select),
        "x-filter": what.condition,
        "x-fulfilling": fulfilling(tenant, what.owner_id, what.condition) if what.condition else {},
        "x-root": call.root,
        "x-since": tenant.clock.now(),
        "x-expires": expires,
        "x-authorized": float(claims["exp"]),
        "x-answered": 0.0,
        "x-held": False,
        "x-session": tenant.state.session_of(claims["oid"]),
    }


def _claims(call: Call) -> Json:
    return call.tenant.read_token(call.request.headers["authorization"].partition(" ")[2].strip())


def _authorized_until(call: Call) -> float:
    return float(_claims(call)["exp"])


_DOC = "documentation: api/subscription-"
_ONE = "/subscriptions/{subscription_id}"
ROUTES = (
    Route("POST", "/subscriptions", create_subscription, None, f"{_DOC}post-subscriptions; the permission is that to read the resource"),
    Route("GET", "/subscriptions", list_subscriptions, None, f"{_DOC}list"),
    Route("GET", "/subscriptions/getVapidPublicKey", vapid_key, None, "observed by others: in the metadata, without a page; answered 501"),
    Route("GET", _ONE, get_subscription, None, f"{_DOC}get"),
    Route("PATCH", _ONE, update_subscription, None, f"{_DOC}update"),
    Route("DELETE", _ONE, delete_subscription, None, f"{_DOC}delete"),
    Route("POST", f"{_ONE}/reauthorize", reauthorize_subscription, None, f"{_DOC}reauthorize"),
)
