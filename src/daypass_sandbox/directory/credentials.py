"""The secrets and certificates of apps: making, keeping and removing them (api/application-addpassword, -removepassword)."""

from __future__ import annotations

import base64
import string
from dataclasses import replace
from typing import Any

from daypass.wire import Response

from ..clock import graph_stamp, parse_instant
from ..entra.clients import digest, read_certificate, thumbprint
from ..graph import odata, payload
from ..graph.odata import Kind
from ..graph.permissions import WRITE_APPS, WRITE_PRINCIPALS
from ..routes import Call, Route
from . import app_shapes as shapes
from .app_kinds import application_of, check_owner, principal_of
from .log import note
from .objects import GUID, bad_request, instant

Json = dict[str, Any]

SECRET_LETTERS = string.ascii_letters + string.digits + "-_.~"
SECRET_LIFE_SECONDS = 2 * 365 * 86400  # unless something else is asked (api/application-addpassword)


def new_secret(call: Call) -> str:
    """A secret of forty letters, of the look that the service's have."""
    pick = call.tenant.chance.choice
    return "".join(pick(string.ascii_letters) for _ in range(3)) + "8Q~" + "".join(pick(SECRET_LETTERS) for _ in range(34))


def make_password(call: Call, given: Json) -> tuple[Json, str]:
    """A password credential as it is kept, and its text."""
    now, secret = call.tenant.clock.now(), new_secret(call)
    start = instant(given["startDateTime"], "startDateTime", "PasswordCredential") if given.get("startDateTime") else graph_stamp(now)
    latest = graph_stamp(parse_instant(start) + SECRET_LIFE_SECONDS)
    end = instant(given["endDateTime"], "endDateTime", "PasswordCredential") if given.get("endDateTime") else latest
    if parse_instant(end) <= parse_instant(start):
        raise bad_request("The endDateTime of a credential must be after its startDateTime.", target="endDateTime", code="InvalidValue")
    kept: Json = {
        "customKeyIdentifier": None,
        "displayName": given.get("displayName"),
        "endDateTime": end,
        "hint": secret[:3],
        "keyId": call.tenant.new_id("app"),
        "startDateTime": start,
        "x-digest": digest(secret),
    }
    return kept, secret


def _record(call: Call) -> tuple[Json, str]:
    """The registration or service principal of the path, and the collection it is in."""
    if "principal_id" not in call.path:
        return application_of(call), "applications"
    record = principal_of(call)
    check_owner(call, record["appId"], record.get("x-owners", ()))
    return record, "servicePrincipals"


def add_password(call: Call) -> Response:
    """Make a secret; its text is told this once."""
    odata.allow(call)
    record, collection = _record(call)
    body: Json = payload.read(call.json(), {"passwordCredential": shapes.PASSWORD}, "addPassword")
    kept, secret = make_password(call, body.get("passwordCredential") or {})
    record["passwordCredentials"] = [*record.get("passwordCredentials", []), kept]
    note(call.tenant, collection, record["id"], aspects=["passwordCredentials"])
    told = {name: value for name, value in kept.items() if not name.startswith("x-")}
    context = f"{odata.service_root(call)}/$metadata#microsoft.graph.passwordCredential"
    return odata.answer(call, 200, {"@odata.context": context, **told, "secretText": secret})


def remove_password(call: Call) -> Response:
    """Remove a secret by its `keyId`."""
    odata.allow(call)
    record, collection = _record(call)
    body: Json = payload.read(call.json(), {"keyId": payload.TEXT}, "removePassword")
    kept = [password for password in record.get("passwordCredentials", []) if password["keyId"] != body.get("keyId")]
    if len(kept) == len(record.get("passwordCredentials", [])):
        raise bad_request(f"No password credential found with keyId '{body.get('keyId')}'.", target="keyId", code="InvalidValue")
    record["passwordCredentials"] = kept
    note(call.tenant, collection, record["id"], aspects=["passwordCredentials"])
    return Response(204)


def kept_passwords(call: Call, record: Json, given: list[Json], *, fresh: bool) -> tuple[list[Json], list[Json]]:
    """The secrets after a write, and those made by it with their text: a new object may ask for some, a change can only leave some out."""
    known = {password["keyId"]: password for password in record.get("passwordCredentials", ())}
    if fresh:
        made = [make_password(call, one) for one in given]
        return [kept for kept, _ in made], [{**kept, "secretText": secret} for kept, secret in made]
    if any(one.get("keyId") not in known for one in given):
        message = "New password credentials must be generated with service actions."
        raise bad_request(message, target="passwordCredentials", code="InvalidValue")
    return [known[one["keyId"]] for one in given], []


def kept_keys(call: Call, record: Json, given: list[Json]) -> list[Json]:
    """The certificates after a write: known ones may come without their content, new ones must be certificates with an RSA key."""
    known = {key["keyId"]: key for key in record.get("keyCredentials", ())}
    return [known[one["keyId"]] if one.get("keyId") in known and not one.get("key") else _key(call, one) for one in given]


def _key(call: Call, given: Json) -> Json:
    certificate = read_certificate(given.get("key") or "")
    if certificate is None or given.get("type") != "AsymmetricX509Cert" or given.get("usage") not in ("Verify", "Sign"):
        raise bad_request("New keycredential must have valid value", target="keyCredentials", code="InvalidValue")
    if given.get("keyId") and not GUID.fullmatch(given["keyId"]):
        raise bad_request("The keyId of a key credential must be a GUID.", target="keyCredentials", code="InvalidValue")
    times = {"startDateTime": certificate.not_valid_before_utc, "endDateTime": certificate.not_valid_after_utc}
    return {
        "customKeyIdentifier": given.get("customKeyIdentifier") or base64.b64encode(thumbprint(certificate)).decode(),
        "displayName": given.get("displayName") or certificate.subject.rfc4514_string(),
        **{name: instant(given.get(name) or moment.isoformat(), name, "KeyCredential") for name, moment in times.items()},
        "key": given["key"],
        "keyId": given.get("keyId") or call.tenant.new_id("app"),
        "type": given["type"],
        "usage": given["usage"],
    }


def whole_keys(call: Call, kind: Kind[Json]) -> Kind[Json]:
    """The kind with certificates whole where $select asks one object for them, as the service shows them then alone."""
    if "keycredentials" not in call.query.get("$select", "").lower():
        return kind
    show = kind.show

    def show_whole(record: Json) -> Json:
        return {**show(record), "keyCredentials": list(record.get("keyCredentials", ()))}

    return replace(kind, show=show_whole)


_DOC = "documentation: api/"
ROUTES = [
    Route("POST", f"{path}/{action}", handler, permissions, f"{_DOC}{kind}-{action.lower()}")
    for path, kind, permissions in (
        ("/applications/{application_id}", "application", WRITE_APPS),
        ("/servicePrincipals/{principal_id}", "serviceprincipal", WRITE_PRINCIPALS),
    )
    for action, handler in (("addPassword", add_password), ("removePassword", remove_password))
]
