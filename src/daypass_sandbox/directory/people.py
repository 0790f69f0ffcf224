"""The people of the tenant: `GET /me` and `GET /users/{id}`, and who is meant by a name in a path."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from daypass.wire import Response

from ..graph import odata
from ..graph.permissions import READ_ME
from ..routes import Call, Fault, Route

if TYPE_CHECKING:
    from ..tenant import State

DEFAULT_PROPERTIES = (
    *("businessPhones", "displayName", "givenName", "jobTitle", "mail", "mobilePhone", "officeLocation", "preferredLanguage", "surname"),
    *("userPrincipalName", "id"),
)
ON_SELECT = (
    *(
        "aboutMe",
        "accountEnabled",
        "birthday",
        "city",
        "companyName",
        "country",
        "createdDateTime",
        "department",
        "employeeId",
        "faxNumber",
    ),
    *("hireDate", "mailNickname", "mySite", "postalCode", "preferredName", "state", "streetAddress", "usageLocation", "userType"),
)
OTHERS_SCOPES = frozenset({"User.ReadBasic.All", "User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"})
BASIC_PROPERTIES = frozenset({"displayName", "givenName", "id", "mail", "surname", "userPrincipalName"})


def resolve(state: State, key: str) -> str | None:
    """The object id of the user with this id, user principal name or mail address (any letter case); None if nobody has it."""
    if key in state.users:
        return key
    wanted = key.lower()
    for user_id, user in state.users.items():
        if wanted in (user_id.lower(), str(user.get("userPrincipalName")).lower(), str(user.get("mail")).lower()):
            return user_id
    return None


def display_name(users: Mapping[str, Mapping[str, Any]], address: str) -> str | None:
    """The display name of whoever has this mail address in the tenant, or None."""
    wanted = address.lower()
    return next((user["displayName"] for user in users.values() if str(user.get("mail")).lower() == wanted), None)


def get_user(call: Call) -> Response:
    """One user. Everybody may read themselves; others take a permission for the directory (api/user-get)."""
    odata.allow(call, "$select")
    user_id = call.path["user_id"]
    user = call.tenant.state.users[user_id]
    granted = call.caller.scopes & OTHERS_SCOPES
    if user_id != call.caller.user_id and not granted:
        raise Fault(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
    known = DEFAULT_PROPERTIES + ON_SELECT
    names = odata.selected(call, known, "user", unbuilt=None) or frozenset(DEFAULT_PROPERTIES)
    if user_id != call.caller.user_id and granted == frozenset({"User.ReadBasic.All"}):
        names &= BASIC_PROPERTIES
    values = {name: user.get(name, [] if name == "businessPhones" else None) for name in known if name in names}
    context = "users" if "$select" not in call.query else f"users({call.query['$select']})"
    return odata.entity(call, 200, context, values)


ROUTES = [
    Route("GET", "/users/{user_id}", get_user, READ_ME, "documentation: api/user-get"),
]
