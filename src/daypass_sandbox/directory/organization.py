"""The organisation that the tenant is (resources/organization)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from daypass.wire import Response

from ..graph import odata
from ..graph.odata import Kind
from ..graph.permissions import READ_ORGANIZATION
from ..routes import Call, Route
from .objects import no_such

if TYPE_CHECKING:
    from ..tenant import State

Json = dict[str, Any]

FOUNDED_AT = "2021-08-02T10:30:06Z"
PROPERTIES = (
    *("id", "deletedDateTime", "businessPhones", "city", "country", "countryLetterCode", "createdDateTime", "defaultUsageLocation"),
    *("displayName", "marketingNotificationEmails", "mobileDeviceManagementAuthority", "onPremisesLastSyncDateTime"),
    *("onPremisesSyncEnabled", "partnerTenantType", "postalCode", "preferredLanguage", "privacyProfile"),
    *("securityComplianceNotificationMails", "securityComplianceNotificationPhones", "state", "street", "technicalNotificationMails"),
    *("tenantType", "assignedPlans", "provisionedPlans", "verifiedDomains"),
)
COLLECTIONS = frozenset(
    (
        *("businessPhones", "marketingNotificationEmails", "securityComplianceNotificationMails", "securityComplianceNotificationPhones"),
        *("assignedPlans", "provisionedPlans"),
    )
)


def show(state: State) -> Json:
    """The organisation, as what is known of the tenant tells."""
    known: Json = {
        "id": state.tenant_id,
        "countryLetterCode": "US",
        "createdDateTime": FOUNDED_AT,
        "displayName": state.display_name,
        "mobileDeviceManagementAuthority": "unknown",
        "preferredLanguage": "en",
        "technicalNotificationMails": [f"admin@{state.domains[0]}"],
        "tenantType": "AAD",
        "verifiedDomains": [_domain(name, first=name == state.domains[0]) for name in state.domains],
    }
    return {name: known.get(name, [] if name in COLLECTIONS else None) for name in PROPERTIES}


def _domain(name: str, *, first: bool) -> Json:
    return {"capabilities": "Email, OfficeCommunicationsOnline", "isDefault": first, "isInitial": first, "name": name, "type": "Managed"}


ORGANIZATION: Kind[Any] = Kind(name="organization", properties=PROPERTIES, show=show, keeps_id=False)


def list_organizations(call: Call) -> Response:
    """A list with the one organisation there is (api/organization-list)."""
    return odata.listing(call, "organization", ORGANIZATION, [call.tenant.state])


def get_organization(call: Call) -> Response:
    """The organisation (api/organization-get)."""
    odata.allow(call, "$select")
    if call.path["organization_id"] != call.tenant.state.tenant_id:
        raise no_such(call.path["organization_id"])
    return odata.single(call, 200, "organization", ORGANIZATION, call.tenant.state)


_DOC = "documentation: api/"
ROUTES = [
    Route("GET", "/organization", list_organizations, READ_ORGANIZATION, _DOC + "organization-list"),
    Route("GET", "/organization/{organization_id}", get_organization, READ_ORGANIZATION, _DOC + "organization-get"),
]
