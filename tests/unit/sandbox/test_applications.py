from __future__ import annotations

import re

import jwt
import pytest

from certificates import base64_der, certificate
from daypass_sandbox.entra.graph_api import ROLE, SCOPE, permission_id
from daypass_sandbox.tenant import CLIENT_ID, TENANT_ID
from directory_caller import ALEX, EVENTUAL, NOBODY, App, administrator, new_group
from entra_caller import refusal
from graph_caller import MEGAN, NOW, Graph

GRAPH_APP = "00000003-0000-0000-c000-000000000000"
AZURE_CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
DEFAULT = "https://graph.microsoft.com/.default"
YEAR = 365 * 86400


@pytest.fixture
def graph(tenant):
    return administrator(tenant)


def registered(graph, name="Board", **more):
    answer = graph("POST", "/applications", {"displayName": name, **more})
    assert answer.status == 201, answer.body
    return answer.body


def needs(*names, kind=SCOPE):
    return [{"resourceAppId": GRAPH_APP, "resourceAccess": [{"id": permission_id(name, kind), "type": kind} for name in names]}]


def with_principal(graph, app):
    answer = graph("POST", "/servicePrincipals", {"appId": app["appId"]})
    assert answer.status == 201, answer.body
    return answer.body


def principal_id(graph, app_id):
    return graph("GET", f"/servicePrincipals(appId='{app_id}')").body["id"]


# --- registrations


def test_a_registration_has_what_the_documented_one_has(graph):
    made = registered(graph, "Display name")
    assert made["displayName"] == "Display name"
    assert re.fullmatch(r"[0-9a-f-]{36}", made["appId"])
    assert made["id"] != made["appId"]
    assert (made["signInAudience"], made["isFallbackPublicClient"], made["identifierUris"]) == ("AzureADMyOrg", None, [])
    assert made["web"]["implicitGrantSettings"] == {"enableAccessTokenIssuance": False, "enableIdTokenIssuance": False}
    assert made["parentalControlSettings"] == {"countriesBlockedForMinors": [], "legalAgeGroupRule": "Allow"}
    assert graph("GET", f"/applications/{made['id']}").body == made
    assert graph("GET", f"/applications(appId='{made['appId']}')").body["id"] == made["id"]
    assert not [name for name in made if name.startswith("x-")]


def test_the_app_under_test_is_registered_and_microsofts_own_are_not(graph):
    listed = graph("GET", "/applications").body["value"]
    assert [app["appId"] for app in listed] == [CLIENT_ID]
    assert graph("GET", f"/applications(appId='{AZURE_CLI}')").status == 404
    assert graph("GET", f"/applications/{NOBODY}").code == "Request_ResourceNotFound"


def test_the_permissions_of_the_app_under_test_bear_the_published_identifiers(graph):
    (resource,) = graph("GET", f"/applications(appId='{CLIENT_ID}')?$select=requiredResourceAccess").body["requiredResourceAccess"]
    assert resource["resourceAppId"] == GRAPH_APP
    assert {access["id"] for access in resource["resourceAccess"]} == {
        "1ec239c2-d7c9-4623-a91a-a9775856bb36",  # Calendars.ReadWrite
        "e1fe6dd8-ba31-4d61-89e7-88639da4683d",  # User.Read
    }


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("$filter=startswith(displayName, 'Web')", 2),
        ("$filter=startswith(displayName, 'Web')&$count=true&$top=1&$orderby=displayName", 1),
        ('$search="displayName:Web"&$count=true', 2),
        ("$filter=signInAudience eq 'AzureADMultipleOrgs'", 1),
        ("$filter=identifierUris/any(u:u eq 'api://board')", 1),
        ("$select=displayName", 4),
    ],
)
def test_registrations_are_listed_filtered_and_searched(graph, query, count):
    registered(graph, "Web shop", signInAudience="AzureADMultipleOrgs")
    registered(graph, "Web board", identifierUris=["api://board"])
    registered(graph, "Other")
    answer = graph("GET", f"/applications?{query}", headers=EVENTUAL)
    assert answer.status == 200, answer.message
    assert len(answer.body["value"]) == count


def test_registrations_are_counted(graph):
    assert graph("GET", "/applications/$count", headers=EVENTUAL).body == 1
    assert graph("GET", "/applications/$count").code == "Request_BadRequest"


def test_a_change_keeps_what_it_does_not_name(graph):
    app = registered(graph, web={"redirectUris": ["https://a.example"], "homePageUrl": "https://home.example"})
    path = f"/applications/{app['id']}"
    assert graph("PATCH", path, {"displayName": "New", "web": {"redirectUris": ["https://b.example"]}}).status == 204
    now = graph("GET", path).body
    assert (now["displayName"], now["web"]["redirectUris"], now["web"]["homePageUrl"]) == (
        "New",
        ["https://b.example"],
        "https://home.example",
    )
    assert graph("PATCH", f"/applications(appId='{app['appId']}')", {"notes": "x"}).status == 204


FOR_NOBODY = (
    "javascript:alert(1)",
    "JavaScript://x/%0aalert(1)",
    "data:text/html,x",
    "vbscript:x",
    "blob:https://a.example/1",
    "file:///etc",
    "about:blank",
)
UNREADABLE = (
    "https://a.example/a b",
    "https://a.example/\n",
    "https://a@b.example",
    "https://a.example\\b",
    "https://*.example",
    "https:a.example",
)


@pytest.mark.parametrize("platform", ["web", "spa", "publicClient"])
@pytest.mark.parametrize("uri", [*FOR_NOBODY, *UNREADABLE, "http://a.example"])
def test_no_platform_takes_an_address_that_runs_or_is_read_in_two_ways(graph, platform, uri):
    answer = graph("PATCH", f"/applications/{registered(graph)['id']}", {platform: {"redirectUris": [uri]}})
    assert (answer.status, answer.code) == (400, "Request_BadRequest")


@pytest.mark.parametrize(
    ("uri", "web", "own"),
    [
        ("https://a.example/cb", 204, 204),
        ("http://127.0.0.1:3000/cb", 204, 204),
        ("http://[::1]/", 204, 204),
        ("myapp://auth", 400, 204),
        ("msal00000000-0000-4000-8000-000000000001://auth", 400, 204),
        ("msauth://com.contoso.board/c2lnbmF0dXJl%3D", 400, 204),
        ("urn:ietf:wg:oauth:2.0:oob", 400, 204),
    ],
)
def test_a_scheme_of_ones_own_is_for_installed_programs(graph, uri, web, own):
    path = f"/applications/{registered(graph)['id']}"
    for platform, status in (("web", web), ("spa", web), ("publicClient", own)):
        assert graph("PATCH", path, {platform: {"redirectUris": [uri]}}).status == status


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"displayName": ""}, 400),
        ({"displayName": "x" * 257}, 400),
        ({"shoeSize": 44}, 400),
        ({"signInAudience": "Everybody"}, 400),
        ({"isFallbackPublicClient": "perhaps"}, 400),
        ({"appId": NOBODY}, 400),
        ({"web": {"redirectUris": ["http://a.example"]}}, 400),
        ({"web": {"redirectUris": ["nonsense"]}}, 400),
        ({"web": {"redirectUris": ["https://a.example/#x"]}}, 400),
        ({"web": {"redirectUris": ["http://[x"]}}, 400),
        ({"web": {"redirectUris": ["http://localhost:3000/cb", "https://a.example"]}}, 204),
        ({"publicClient": {"redirectUris": ["http://localhost", "msal123://auth"]}}, 204),
        ({"identifierUris": ["no scheme"]}, 400),
        ({"identifierUris": ["api://taken"]}, 400),
        ({"requiredResourceAccess": [{"resourceAppId": "graph", "resourceAccess": []}]}, 400),
        ({"requiredResourceAccess": [{"resourceAppId": GRAPH_APP, "resourceAccess": [{"id": "x", "type": "Scope"}]}]}, 400),
        ({"requiredResourceAccess": [{"resourceAppId": GRAPH_APP, "resourceAccess": [{"id": NOBODY, "type": "Thing"}]}]}, 400),
        ({"requiredResourceAccess": [{"resourceAppId": GRAPH_APP, "resourceAccess": [{"id": NOBODY, "type": "scope"}]}]}, 204),
        ({"logo": "x"}, 501),
        ({"keyCredentials": [{"type": "AsymmetricX509Cert", "usage": "Verify", "key": "bm9uc2Vuc2U="}]}, 400),
        ({"passwordCredentials": [{"displayName": "mine"}]}, 400),
        ({"tags": ["a"], "notes": "n", "description": "d"}, 204),
    ],
)
def test_what_a_registration_can_hold(graph, change, status):
    registered(graph, "Other", identifierUris=["api://taken"])
    app = registered(graph)
    answer = graph("PATCH", f"/applications/{app['id']}", change)
    assert answer.status == status, answer.body
    assert status != 400 or answer.code == "Request_BadRequest"


def test_a_registration_needs_a_name(graph):
    assert graph("POST", "/applications", {}).message == "A value is required for property 'displayName' of resource 'Application'."


# --- one truth with sign-in


def test_a_new_registration_signs_in_by_device_code_once_it_is_public(graph, entra):
    app = registered(graph, "Wall display")
    entra.client_id = app["appId"]
    code = entra.device_code("User.Read").json()["device_code"]
    entra.approve("megan")
    assert refusal(entra.poll(code)) == (401, "invalid_client", [7000218], "")
    graph("PATCH", f"/applications/{app['id']}", {"isFallbackPublicClient": True})
    tokens = entra.poll(code).json()
    claims = jwt.decode(tokens["access_token"], options={"verify_signature": False})
    assert (claims["appid"], claims["app_displayname"]) == (app["appId"], "Wall display")
    graph("PATCH", f"/applications/{app['id']}", {"isFallbackPublicClient": False})
    code = entra.device_code("User.Read").json()["device_code"]
    entra.approve("megan")
    assert refusal(entra.poll(code))[2] == [7000218]


def test_what_a_registration_lists_is_what_default_asks_for(graph, entra):
    app = registered(graph, isFallbackPublicClient=True, requiredResourceAccess=needs("Calendars.Read", "Mail.Send", "openid"))
    entra.client_id = app["appId"]
    assert entra.sign_in(DEFAULT)["scope"] == " ".join(
        f"https://graph.microsoft.com/{name}" for name in (".default", "Calendars.Read", "Mail.Send")
    )


def test_a_deleted_registration_is_not_found_by_sign_in(graph, entra):
    app = registered(graph, isFallbackPublicClient=True)
    entra.client_id = app["appId"]
    tokens = entra.sign_in("User.Read offline_access")
    assert graph("DELETE", f"/applications/{app['id']}").status == 204
    assert graph("GET", f"/applications/{app['id']}").status == 404
    assert refusal(entra.device_code("User.Read"))[2] == [700016]
    assert refusal(entra.refresh(tokens["refresh_token"]))[2] == [700016]
    assert graph("GET", f"/servicePrincipals(appId='{app['appId']}')").status == 404


def test_a_registered_address_takes_the_answer_of_a_browser_sign_in(graph, entra):
    app = registered(graph, publicClient={"redirectUris": ["http://localhost/done"]})
    query = f"client_id={app['appId']}&response_type=code&scope=User.Read&redirect_uri="
    authorize = f"/{TENANT_ID}/oauth2/v2.0/authorize?{query}"
    assert entra.get(f"{authorize}http://localhost:1234/done").status == 200
    assert entra.get(f"{authorize}http://localhost:1234/other").status == 400


def test_an_api_of_ones_own_has_its_own_roles(graph, entra):
    role = {"id": "11111111-2222-4333-8444-555555555555", "value": "Board.Read", "displayName": "Read", "isEnabled": True}
    api = registered(graph, "Board API", identifierUris=["api://board"], appRoles=[{**role, "allowedMemberTypes": ["Application"]}])
    resource = with_principal(graph, api)
    client = registered(graph, "Reader")
    own = with_principal(graph, client)
    body = {"principalId": own["id"], "resourceId": resource["id"], "appRoleId": role["id"]}
    assert graph("POST", f"/servicePrincipals/{own['id']}/appRoleAssignments", body).status == 201
    secret = graph("POST", f"/applications/{client['id']}/addPassword").body["secretText"]
    entra.client_id = client["appId"]
    token = entra.token(grant_type="client_credentials", client_secret=secret, scope="api://board/.default").json()["access_token"]
    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["aud"], claims["roles"]) == ("api://board", ["Board.Read"])


# --- secrets and certificates


def app_only(entra, app, secret):
    entra.client_id = app["appId"]
    return entra.token(grant_type="client_credentials", client_secret=secret, scope=DEFAULT)


def test_a_secret_is_told_once_and_opens_the_door_until_it_is_removed(graph, entra):
    app = registered(graph)
    with_principal(graph, app)
    made = graph("POST", f"/applications/{app['id']}/addPassword", {"passwordCredential": {"displayName": "Password friendly name"}})
    assert made.status == 200
    secret = made.body["secretText"]
    assert (len(secret), made.body["hint"], made.body["displayName"]) == (40, secret[:3], "Password friendly name")
    assert (made.body["startDateTime"], made.body["endDateTime"]) == ("2026-11-25T18:00:00Z", "2028-11-24T18:00:00Z")
    (kept,) = graph("GET", f"/applications/{app['id']}").body["passwordCredentials"]
    assert kept == {**{n: v for n, v in made.body.items() if "@" not in n}, "secretText": None}
    assert secret not in str(graph.tenant.state.to_json())
    assert app_only(entra, app, secret).status == 200
    assert graph("POST", f"/applications/{app['id']}/removePassword", {"keyId": kept["keyId"]}).status == 204
    assert refusal(app_only(entra, app, secret))[2] == [7000215]
    assert graph("POST", f"/applications/{app['id']}/removePassword", {"keyId": kept["keyId"]}).code == "Request_BadRequest"


def test_a_secret_lives_as_long_as_it_was_made_for(graph, entra):
    app = registered(graph)
    with_principal(graph, app)
    times = {"startDateTime": "2026-11-26T00:00:00Z", "endDateTime": "2026-11-27T00:00:00Z"}
    secret = graph("POST", f"/applications(appId='{app['appId']}')/addPassword", {"passwordCredential": times}).body["secretText"]
    assert refusal(app_only(entra, app, secret))[2] == [7000215], "not yet"
    entra.advance(86400)
    assert app_only(entra, app, secret).status == 200
    entra.advance(86400)
    assert refusal(app_only(entra, app, secret))[2] == [7000222]
    wrong = {"startDateTime": "2026-11-26T00:00:00Z", "endDateTime": "2026-11-25T00:00:00Z"}
    assert graph("POST", f"/applications/{app['id']}/addPassword", {"passwordCredential": wrong}).status == 400


def test_secrets_may_be_asked_for_with_a_new_registration_and_left_out_later(graph, entra):
    app = registered(graph, passwordCredentials=[{"displayName": "a"}, {"displayName": "b"}])
    with_principal(graph, app)
    first, second = app["passwordCredentials"]
    assert app_only(entra, app, first["secretText"]).status == 200
    assert graph("PATCH", f"/applications/{app['id']}", {"passwordCredentials": [{"keyId": second["keyId"]}]}).status == 204
    assert refusal(app_only(entra, app, first["secretText"]))[2] == [7000215]
    assert app_only(entra, app, second["secretText"]).status == 200


def test_a_service_principal_may_have_secrets_too(graph, entra):
    app = registered(graph)
    own = with_principal(graph, app)
    made = graph("POST", f"/servicePrincipals/{own['id']}/addPassword", {}).body
    assert app_only(entra, app, made["secretText"]).status == 200
    assert graph("POST", f"/servicePrincipals/{own['id']}/removePassword", {"keyId": made["keyId"]}).status == 204
    assert refusal(app_only(entra, app, made["secretText"]))[2] == [7000215]


def test_a_certificate_is_read_shown_and_kept(graph):
    app = registered(graph)
    path = f"/applications/{app['id']}"
    key = {"type": "AsymmetricX509Cert", "usage": "Verify", "key": base64_der(certificate(NOW)), "displayName": "CN=Test"}
    assert graph("PATCH", path, {"keyCredentials": [key]}).status == 204
    (kept,) = graph("GET", path).body["keyCredentials"]
    assert (kept["key"], kept["displayName"]) == (None, "CN=Test")
    assert (kept["startDateTime"], kept["endDateTime"]) == ("2026-11-24T18:00:00Z", "2027-11-24T18:00:00Z")
    (whole,) = graph("GET", f"{path}?$select=keyCredentials").body["keyCredentials"]
    assert whole["key"] == key["key"]
    other = {**key, "key": base64_der(certificate(NOW, number=2))}
    assert graph("PATCH", path, {"keyCredentials": [{"keyId": kept["keyId"]}, other]}).status == 204
    assert len(graph("GET", path).body["keyCredentials"]) == 2
    assert graph("GET", f"{path}?$select=keyCredentials").body["keyCredentials"][0] == whole


# --- service principals


def test_microsoft_graph_has_a_service_principal_with_every_permission(graph):
    found = graph("GET", f"/servicePrincipals(appId='{GRAPH_APP}')").body
    scopes = {scope["value"]: scope for scope in found["oauth2PermissionScopes"]}
    roles = {role["value"]: role["id"] for role in found["appRoles"]}
    assert scopes["Calendars.ReadWrite"]["id"] == "1ec239c2-d7c9-4623-a91a-a9775856bb36"
    assert (scopes["User.Read"]["type"], scopes["User.Read.All"]["type"]) == ("User", "Admin")
    assert roles["Calendars.ReadWrite"] == "ef54d2bf-783f-4e0f-bca1-3210c0444d99"
    assert found["appDisplayName"] == "Microsoft Graph"
    assert graph("GET", "/servicePrincipals?$filter=displayName eq 'Microsoft Graph'&$select=id").body["value"] == [{"id": found["id"]}]


def test_a_service_principal_takes_over_from_its_app(graph):
    app = registered(graph, web={"redirectUris": ["https://a.example"]}, identifierUris=["api://board"])
    own = with_principal(graph, app)
    shown = graph("GET", f"/servicePrincipals/{own['id']}").body
    assert (shown["appDisplayName"], shown["replyUrls"]) == ("Board", ["https://a.example"])
    assert shown["servicePrincipalNames"] == [app["appId"], "api://board"]
    assert (shown["accountEnabled"], shown["appOwnerOrganizationId"]) == (True, TENANT_ID)


def test_there_is_one_for_an_app_and_none_for_nothing(graph):
    app = registered(graph)
    with_principal(graph, app)
    again = graph("POST", "/servicePrincipals", {"appId": app["appId"]})
    assert (again.status, again.code) == (409, "Request_MultipleObjectsWithSameKeyValue")
    assert graph("POST", "/servicePrincipals", {"appId": NOBODY}).code == "Request_BadRequest"
    assert graph("POST", "/servicePrincipals", {}).code == "Request_BadRequest"
    assert graph("GET", "/servicePrincipals/$count", headers=EVENTUAL).body == 5


def test_the_first_consent_makes_one(graph, entra):
    app = registered(graph, isFallbackPublicClient=True)
    assert graph("GET", f"/servicePrincipals(appId='{app['appId']}')").status == 404
    entra.client_id = app["appId"]
    entra.sign_in("User.Read")
    assert graph("GET", f"/servicePrincipals(appId='{app['appId']}')").body["displayName"] == "Board"


def test_a_disabled_one_gets_no_tokens(graph, entra):
    app = registered(graph)
    own = with_principal(graph, app)
    secret = graph("POST", f"/applications/{app['id']}/addPassword").body["secretText"]
    assert graph("PATCH", f"/servicePrincipals/{own['id']}", {"accountEnabled": False, "appRoleAssignmentRequired": True}).status == 204
    assert refusal(app_only(entra, app, secret))[2] == [7000112]
    assert graph("DELETE", f"/servicePrincipals/{own['id']}").status == 204
    assert refusal(app_only(entra, app, secret))[2] == [7000229]


def test_what_a_service_principal_can_hold(graph):
    own = with_principal(graph, registered(graph))
    path = f"/servicePrincipals/{own['id']}"
    for good in ({"preferredSingleSignOnMode": "saml"}, {"preferredTokenSigningKeyThumbprint": "A7D3"}, {"tags": ["x"]}, {"notes": "n"}):
        assert graph("PATCH", path, good).status == 204
    for wrong in ({"notes": "x" * 1025}, {"shoeSize": 1}, {"appId": NOBODY}, {"signInAudience": "AzureADMyOrg"}):
        assert graph("PATCH", path, wrong).code == "Request_BadRequest"


# --- assigned roles


def test_an_assigned_role_is_in_the_next_token_and_a_taken_one_is_not(graph, entra):
    app = registered(graph, requiredResourceAccess=needs("Calendars.Read", kind=ROLE))
    own = with_principal(graph, app)
    secret = graph("POST", f"/applications/{app['id']}/addPassword").body["secretText"]
    resource = principal_id(graph, GRAPH_APP)
    path = f"/servicePrincipals/{own['id']}/appRoleAssignments"
    body = {"principalId": own["id"], "resourceId": resource, "appRoleId": permission_id("Calendars.Read", ROLE)}

    def roles():
        token = app_only(entra, app, secret).json()["access_token"]
        return jwt.decode(token, options={"verify_signature": False}).get("roles")

    assert roles() is None, "listed is not granted"
    made = graph("POST", path, body)
    assert made.status == 201
    assert (made.body["principalDisplayName"], made.body["principalType"]) == ("Board", "ServicePrincipal")
    assert made.body["resourceDisplayName"] == "Microsoft Graph"
    assert roles() == ["Calendars.Read"]
    again = graph("POST", path, body)
    assert (again.status, again.message) == (400, "Permission being assigned already exists on the object")
    assert graph("GET", path).body["value"] == [{n: v for n, v in made.body.items() if "@" not in n}]
    assert graph("GET", f"/servicePrincipals/{resource}/appRoleAssignedTo").body["value"][0]["id"] == made.body["id"]
    assert graph("GET", f"{path}/{made.body['id']}").body["appRoleId"] == body["appRoleId"]
    assert graph("DELETE", f"/servicePrincipals/{resource}/appRoleAssignedTo/{made.body['id']}").status == 204
    assert roles() is None
    assert graph("DELETE", f"{path}/{made.body['id']}").status == 404


@pytest.mark.parametrize("whose", ["user", "group", "app"])
def test_an_assignment_is_read_and_taken_back_where_it_was_made(graph, whose):
    resource = with_principal(graph, registered(graph))["id"]
    app = with_principal(graph, registered(graph, "Bare"))["id"]
    holder = {"user": MEGAN, "group": new_group(graph)["id"], "app": app}[whose]
    shelf = {"user": "users", "group": "groups", "app": "servicePrincipals"}[whose]
    path = f"/{shelf}/{holder}/appRoleAssignments"
    body = {"principalId": holder, "resourceId": resource, "appRoleId": "00000000-0000-0000-0000-000000000000"}
    made = graph("POST", path, body).body["id"]
    assert [one["id"] for one in graph("GET", path).body["value"]] == [made]
    assert graph("GET", f"{path}/{made}").body["resourceId"] == resource
    assert graph("GET", f"/servicePrincipals/{resource}/appRoleAssignedTo/{made}").body["principalId"] == holder
    assert graph("DELETE", f"{path}/{made}").status == 204
    assert graph("GET", path).body["value"] == []


def test_people_and_groups_are_assigned_roles_of_apps(graph):
    role = {"id": "11111111-2222-4333-8444-555555555555", "value": "Admin", "displayName": "Admin", "isEnabled": True}
    resource = with_principal(graph, registered(graph, appRoles=[{**role, "allowedMemberTypes": ["User"]}]))
    group = new_group(graph)
    for path, principal, kind in (("/me", MEGAN, "User"), (f"/groups/{group['id']}", group["id"], "Group")):
        body = {"principalId": principal, "resourceId": resource["id"], "appRoleId": role["id"]}
        assert graph("POST", f"{path}/appRoleAssignments", body).body["principalType"] == kind
    assert len(graph("GET", f"/servicePrincipals/{resource['id']}/appRoleAssignedTo").body["value"]) == 2
    bare = with_principal(graph, registered(graph, "Bare"))
    body = {"principalId": ALEX, "resourceId": bare["id"], "appRoleId": "00000000-0000-0000-0000-000000000000"}
    assert graph("POST", f"/servicePrincipals/{bare['id']}/appRoleAssignedTo", body).status == 201


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"principalId": NOBODY}, 400),
        ({"principalId": None}, 400),
        ({"resourceId": NOBODY}, 404),
        ({"resourceId": "graph"}, 400),
        ({"appRoleId": NOBODY}, 400),
        ({"shoeSize": 44}, 400),
    ],
)
def test_a_wrong_assignment_is_refused(graph, change, status):
    own = with_principal(graph, registered(graph))
    body = {"principalId": own["id"], "resourceId": principal_id(graph, GRAPH_APP), "appRoleId": permission_id("Calendars.Read", ROLE)}
    assert graph("POST", f"/servicePrincipals/{own['id']}/appRoleAssignments", {**body, **change}).status == status


# --- granted permissions


def grant(graph, app_id=CLIENT_ID, **more):
    usual = {"clientId": principal_id(graph, app_id), "consentType": "AllPrincipals", "resourceId": principal_id(graph, GRAPH_APP)}
    return graph("POST", "/oauth2PermissionGrants", {**usual, "scope": "User.Read Calendars.Read", **more})


def test_what_a_person_consents_to_is_a_grant_and_taking_it_back_ends_it(graph, entra):
    tokens = entra.sign_in("Calendars.Read User.Read offline_access")
    (shown,) = graph("GET", "/me/oauth2PermissionGrants").body["value"]
    assert (shown["consentType"], shown["principalId"], shown["scope"]) == ("Principal", MEGAN, "Calendars.Read User.Read")
    assert shown["clientId"] == principal_id(graph, CLIENT_ID)
    assert graph("GET", f"/oauth2PermissionGrants/{shown['id']}").body["scope"] == shown["scope"]
    assert graph("GET", f"/servicePrincipals/{shown['clientId']}/oauth2PermissionGrants").body["value"] == [shown]
    assert graph("GET", f"/oauth2PermissionGrants?$filter=clientId eq '{shown['clientId']}'").body["value"] == [shown]
    assert graph("DELETE", f"/oauth2PermissionGrants/{shown['id']}").status == 204
    assert refusal(entra.refresh(tokens["refresh_token"]))[2] == [65001]


def test_a_grant_for_everybody_is_respected_by_sign_in(graph, entra):
    made = grant(graph)
    assert made.status == 201
    assert (made.body["principalId"], made.body["scope"]) == (None, "Calendars.Read User.Read")
    assert len(made.body["id"]) == 43
    page = f"/{TENANT_ID}/oauth2/v2.0/authorize?client_id={CLIENT_ID}&response_type=code&redirect_uri=http://localhost&scope=Calendars.Read"
    assert "You have granted it all it asks for before" in entra.get(f"{page}&login_hint=alex").body.decode()
    tokens = entra.sign_in("User.Read offline_access", user="alex")
    assert set(tokens["scope"].split()) == {"User.Read", "Calendars.Read"}, "what was ever granted comes with what is asked"
    assert graph("PATCH", f"/oauth2PermissionGrants/{made.body['id']}", {"scope": "User.ReadBasic.All"}).status == 204
    assert graph("GET", f"/oauth2PermissionGrants/{made.body['id']}").body["scope"] == "User.ReadBasic.All"
    assert refusal(entra.refresh(tokens["refresh_token"], scope="Calendars.Read"))[2] == [65001]


def test_a_grant_for_one_user_has_a_longer_id(graph):
    made = grant(graph, consentType="Principal", principalId=ALEX)
    assert (made.status, len(made.body["id"])) == (201, 64)


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"consentType": "Principal"}, 400, "Request_BadRequest"),
        ({"consentType": "Everybody"}, 400, "Request_BadRequest"),
        ({"consentType": "Principal", "principalId": NOBODY}, 404, "Request_ResourceNotFound"),
        ({"principalId": ALEX}, 400, "Request_BadRequest"),
        ({"clientId": NOBODY}, 404, "Request_ResourceNotFound"),
        ({"resourceId": NOBODY}, 404, "Request_ResourceNotFound"),
        ({"scope": None}, 400, "Request_BadRequest"),
    ],
)
def test_a_wrong_grant_is_refused(graph, change, status, code):
    answer = grant(graph, **change)
    assert (answer.status, answer.code) == (status, code)


def test_there_is_one_grant_for_each(graph):
    made = grant(graph).body
    again = grant(graph)
    assert (again.status, again.message) == (409, "Permission entry already exists.")
    assert graph("PATCH", f"/oauth2PermissionGrants/{made['id']}", {"clientId": NOBODY}).code == "Request_BadRequest"
    assert graph("GET", "/oauth2PermissionGrants/nothing").code == "Request_ResourceNotFound"
    assert graph("GET", "/oauth2PermissionGrants/$count", headers=EVENTUAL).body == 1


# --- following


@pytest.mark.parametrize("collection", ["applications", "servicePrincipals", "oauth2PermissionGrants"])
def test_each_collection_can_be_followed(graph, collection):
    first = graph("GET", f"/{collection}/delta")
    link = first.body["@odata.deltaLink"]
    assert graph("GET", link).body["value"] == []
    app = registered(graph)
    own = with_principal(graph, app)
    made = {"applications": app["id"], "servicePrincipals": own["id"], "oauth2PermissionGrants": grant(graph, app["appId"]).body["id"]}
    (came,) = graph("GET", link).body["value"]
    assert came["id"] == made[collection]
    graph("DELETE", f"/applications/{app['id']}")
    (gone,) = graph("GET", link).body["value"]
    assert gone == {"id": made[collection], "@removed": {"reason": "deleted" if collection == "oauth2PermissionGrants" else "changed"}}


# --- who may


def test_readers_read_and_writers_write(tenant):
    reader = Graph(tenant, scopes=("Application.Read.All",))
    assert reader("GET", "/applications").status == 200
    assert reader("POST", "/applications", {"displayName": "x"}).code == "Authorization_RequestDenied"
    assert Graph(tenant, scopes=("User.Read",))("GET", "/applications").code == "Authorization_RequestDenied"
    assert reader("GET", "/oauth2PermissionGrants").code == "Authorization_RequestDenied"


def test_an_app_with_a_permission_for_its_own_reaches_those_alone(tenant, graph):
    foreign = registered(graph, "Foreign")
    own = App(tenant, client_id=CLIENT_ID, roles=("Application.ReadWrite.OwnedBy",))
    made = own("POST", "/applications", {"displayName": "Mine"}).body
    assert own("PATCH", f"/applications/{made['id']}", {"notes": "x"}).status == 204
    assert own("POST", f"/applications/{made['id']}/addPassword").status == 200
    assert own("POST", "/servicePrincipals", {"appId": made["appId"]}).status == 201
    assert own("GET", f"/applications(appId='{CLIENT_ID}')").status == 200, "itself"
    for method, body in (("GET", None), ("PATCH", {"notes": "x"}), ("DELETE", None)):
        assert own(method, f"/applications/{foreign['id']}", body).code == "Authorization_RequestDenied"
    assert {app["displayName"] for app in own("GET", "/applications").body["value"]} == {"Calendar app", "Mine"}
    assert own("POST", "/servicePrincipals", {"appId": foreign["appId"]}).code == "Authorization_RequestDenied"
    assert own("GET", f"/servicePrincipals(appId='{GRAPH_APP}')").code == "Authorization_RequestDenied"


def test_states_of_earlier_versions_are_understood(tenant, entra):
    saved = tenant.state.to_json()
    old = {"displayName": "Old app", "publicClient": True, "permissions": ["User.Read", "Shoes.Wear"]}
    tenant.restore({**saved, "apps": {CLIENT_ID: old}, "service_principals": {}})
    assert entra.ask_control("GET", "apps")[0] | {"redirectUris": []} == {
        "client_id": CLIENT_ID,
        "displayName": "Old app",
        "publicClient": True,
        "permissions": ["User.Read", "Shoes.Wear"],
        "roles": [],
        "redirectUris": [],
    }
    assert entra.sign_in("User.Read")["scope"] == "User.Read"
    assert administrator(tenant)("GET", f"/servicePrincipals(appId='{GRAPH_APP}')").status == 200
