from __future__ import annotations

from urllib.parse import quote

import pytest

from daypass_sandbox.directory.shapes import USER_DEFAULT
from directory_caller import ALEX, EVENTUAL, NOBODY, PASSWORD, App, administrator, new_user, reference
from graph_caller import MEGAN, Graph, new_tenant

ALL_PEOPLE = "/users?$select=displayName,id"


@pytest.fixture
def graph(tenant):
    return administrator(tenant)


def names(answer):
    return [user["displayName"] for user in answer.body["value"]]


# --- lists


def test_a_list_has_the_default_properties_and_no_annotations(graph):
    answer = graph("GET", "/users")
    assert answer.body["@odata.context"] == "https://localhost:8443/v1.0/$metadata#users"
    assert set(answer.body["value"][0]) == set(USER_DEFAULT)


def test_what_is_selected_comes_and_nothing_else_not_even_the_id(graph):
    answer = graph("GET", "/users?$select=displayName,userType")
    assert answer.body["value"][0] == {"displayName": "Megan Bowen", "userType": "Member"}
    assert answer.body["@odata.context"].endswith("$metadata#users(displayName,userType)")


def test_a_page_holds_a_hundred_and_goes_on_by_a_token():
    graph = administrator(new_tenant())
    for number in range(150):
        graph.tenant.state.users[f"u{number}"] = {
            "id": f"u{number}",
            "displayName": f"Person {number}",
            "userPrincipalName": f"p{number}@x",
        }
    first = graph("GET", ALL_PEOPLE)
    assert len(first.body["value"]) == 100
    assert "skiptoken=" in first.body["@odata.nextLink"]
    everybody = graph.everything(first)
    assert len({user["id"] for user in everybody}) == len(everybody) == len(graph.tenant.state.users)
    assert len(graph("GET", "/users?$top=999").body["value"]) == len(everybody)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("$top=0", "BadRequest"),
        ("$top=1000", "Request_UnsupportedQuery"),
        ("$top=x", "BadRequest"),
        ("$skip=5", "Request_BadRequest"),
        ("$skiptoken=nonsense", "Directory_ExpiredPageToken"),
        ("$orderby=jobTitle", "Request_UnsupportedQuery"),
        ("$orderby=displayName&$filter=startswith(displayName,'a')", "Request_UnsupportedQuery"),
        ('$search="displayName:wa"', "Request_UnsupportedQuery"),
        ("$filter=endsWith(mail,'@outlook.com')", "Request_UnsupportedQuery"),
        ("$filter=accountEnabled ne true", "Request_UnsupportedQuery"),
        ("$filter=not(displayName eq 'x')", "Request_UnsupportedQuery"),
        ("$filter=companyName eq 'Contoso'", "Request_UnsupportedQuery"),
        ("$filter=assignedLicenses/$count eq 0", "Request_UnsupportedQuery"),
        ("$filter=skills/any(s:s eq 'x')", "Request_UnsupportedQuery"),
        ("$select=shoeSize", "RequestBroker--ParseUri"),
        ("$expand=shoes", "RequestBroker--ParseUri"),
    ],
)
def test_what_a_list_does_not_take_is_refused(graph, query, code):
    answer = graph("GET", "/users?" + quote(query, safe="=&$"))
    assert (answer.status, answer.code) == (400, code), answer.message


FOUND = [
    ("$filter=startswith(displayName,'A')", {"Alex Wilber", "Adele Vance"}),
    ("$filter=userType eq 'Guest'", set()),
    ("$filter=jobTitle in ('President','Accountant')", {"Patti Fernandez", "Pradeep Gupta"}),
    ("$filter=businessPhones/any(p:p eq '+1 412 555 0109')", {"Megan Bowen"}),
    ("$filter=proxyAddresses/any(p:startswith(p,'smtp:megan'))", {"Megan Bowen"}),
    ("$filter=identities/any(c:c/issuerAssignedId eq 'megan@contoso.example' and c/issuer eq 'contoso.example')", set()),
    ("$filter=assignedLicenses/any(u:u/skuId eq cbdc14ab-d96c-4c30-b9f4-6ada7cdc1d46)", set()),
    ("$filter=imAddresses/any(s:s eq 'admin@contoso.example')", set()),
    ("$filter=endsWith(mail,'n@contoso.example')&$count=true", {"Megan Bowen", "Patti Fernandez"} - {"Patti Fernandez"}),
    ("$filter=companyName eq 'Contoso'&$count=true", set()),
    ("$filter=department eq 'Marketing'&$orderby=displayName desc&$count=true", {"Megan Bowen", "Alex Wilber"}),
    ('$search="displayName:wil"', {"Alex Wilber", "Nestor Wilke"}),
    ('$search="displayName:wil" AND "mail:alex"', {"Alex Wilber"}),
]


@pytest.mark.parametrize(("query", "expected"), FOUND)
def test_people_are_found_by_what_they_have(graph, query, expected):
    path = f"/users?$select=displayName,jobTitle&{quote(query, safe='=&$')}"
    answer = graph("GET", path, headers=EVENTUAL)
    assert answer.status == 200, answer.message
    assert set(names(answer)) == expected


def test_counting_is_for_those_who_accept_that_it_may_be_behind(graph):
    assert graph("GET", "/users/$count").code == "Request_BadRequest"
    assert graph("GET", "/users/$count").message == "$count is not currently supported."
    assert "@odata.count" not in graph("GET", "/users?$count=true").body
    counted = graph("GET", "/users?$count=true&$top=1", headers=EVENTUAL)
    assert counted.body["@odata.count"] == len(graph.tenant.state.users)


def test_the_number_alone_is_plain_text(tenant, graph):
    from daypass.wire import Request

    answer = tenant.handle(
        Request(
            "GET", "https://localhost:8443/v1.0/users/$count", {"authorization": f"Bearer {graph.token}", "ConsistencyLevel": "eventual"}
        )
    )
    assert answer.headers["content-type"].startswith("text/plain")
    assert int(answer.body) == len(tenant.state.users)


def test_what_sharepoint_keeps_is_not_to_be_had_of_a_list(graph):
    answer = graph("GET", "/users/?$select=skills")
    assert (answer.status, answer.code, answer.message) == (501, "NotImplemented", "This operation target is not yet supported.")
    assert graph("GET", "/me?$select=skills").body["skills"] == []


# --- one user


@pytest.mark.parametrize("key", ["aline@contoso.example", "ALINE@CONTOSO.EXAMPLE", "('aline@contoso.example')"])
def test_a_user_is_found_by_its_names(graph, key):
    made = new_user(graph, "Aline")
    path = f"/users{key}" if key.startswith("(") else f"/users/{key}"
    assert graph("GET", path).body["id"] == made["id"]


def test_a_guest_is_found_by_its_strange_name_and_has_no_mailbox(graph, tenant):
    upn = "alex_fabrikam.example#EXT#@contoso.example"
    guest = new_user(graph, "Guest", userPrincipalName=upn, userType="Guest", mail="alex@fabrikam.example")
    assert graph("GET", f"/users/{quote(upn)}").body["id"] == guest["id"]
    assert graph("GET", f"/users/{quote(upn)}?$select=userType,mail").body["mail"] == "alex@fabrikam.example"
    assert guest["id"] not in tenant.state.mailboxes


def test_a_name_with_a_dollar_is_found_in_parentheses(graph):
    tenant = graph.tenant
    tenant.state.users["d"] = {"id": "d", "displayName": "Dollar", "userPrincipalName": "$dollar@contoso.example"}
    assert graph("GET", "/users('$dollar@contoso.example')").body["id"] == "d"


# --- creating


def test_a_new_user_has_what_was_written_and_a_mailbox(graph, tenant):
    made = new_user(graph, city="Redmond", employeeHireDate="2026-01-02T03:04:05+01:00", otherMails=["a@b.example"], usageLocation="US")
    assert made["mail"] == "alinedupuy@contoso.example"
    kept = graph("GET", f"/users/{made['id']}?$select=city,employeeHireDate,otherMails,createdDateTime,proxyAddresses,passwordProfile").body
    assert (kept["city"], kept["otherMails"]) == ("Redmond", ["a@b.example"])
    assert kept["employeeHireDate"] == "2026-01-02T02:04:05Z"
    assert kept["createdDateTime"] == "2026-11-25T18:00:00Z"
    assert kept["proxyAddresses"] == ["SMTP:alinedupuy@contoso.example"]
    assert kept["passwordProfile"] == {"forceChangePasswordNextSignIn": False}
    own = Graph(tenant, "alinedupuy@contoso.example")
    assert own("GET", "/me/calendar").body["name"] == "Calendar"
    assert own("GET", "/me").body["id"] == made["id"]


def test_a_user_by_identities_alone_gets_a_name_and_no_mailbox(graph, tenant):
    identity = {"signInType": "emailAddress", "issuer": "contoso.example", "issuerAssignedId": "jsmith@yahoo.example"}
    body = {
        "displayName": "John Smith",
        "identities": [identity],
        "passwordProfile": PASSWORD,
        "passwordPolicies": "DisablePasswordExpiration",
    }
    made = graph("POST", "/users", body)
    assert made.status == 201, made.body
    assert made.body["userPrincipalName"] == f"{made.body['id']}@contoso.example"
    kept = graph("GET", f"/users/{made.body['id']}?$select=identities,creationType").body
    assert (kept["identities"], kept["creationType"]) == ([identity], "LocalAccount")
    assert made.body["id"] not in tenant.state.mailboxes


WHOLE = {
    "accountEnabled": True,
    "displayName": "Aline Dupuy",
    "mailNickname": "aline",
    "passwordProfile": PASSWORD,
    "userPrincipalName": "aline@contoso.example",
}


@pytest.mark.parametrize("lacking", list(WHOLE))
def test_what_a_new_user_must_have_is_named(graph, lacking):
    answer = graph("POST", "/users", {name: value for name, value in WHOLE.items() if name != lacking})
    assert (answer.status, answer.code) == (400, "Request_BadRequest")
    assert answer.message == f"A value is required for property '{lacking}' of resource 'User'."


WRONG = {
    "a name somebody has": ({"userPrincipalName": "megan@contoso.example"}, "ObjectConflict", "userPrincipalName"),
    "an address somebody has": ({"mail": "MEGAN@contoso.example"}, "ObjectConflict", "proxyAddresses"),
    "a foreign domain": ({"userPrincipalName": "aline@fabrikam.example"}, "InvalidValue", "userPrincipalName"),
    "a name with accents": ({"userPrincipalName": "alin\u00e9@contoso.example"}, "InvalidValue", "userPrincipalName"),
    "no address at all": ({"userPrincipalName": "aline"}, "InvalidValue", "userPrincipalName"),
    "a weak password": ({"passwordProfile": {"password": "password"}}, "PasswordNotComplex", "password"),
    "a number for a name": ({"displayName": ["x"]}, "InvalidValue", "displayName"),
    "a word for a flag": ({"accountEnabled": "banana"}, "InvalidValue", "accountEnabled"),
    "a name beyond all length": ({"givenName": "x" * 65}, "InvalidValue", "givenName"),
    "two telephones": ({"businessPhones": ["1", "2"]}, "InvalidValue", "businessPhones"),
    "a country of three letters": ({"usageLocation": "USA"}, "InvalidValue", "usageLocation"),
    "a day that is none": ({"employeeHireDate": "2026-02-30T00:00:00Z"}, "InvalidValue", "employeeHireDate"),
    "a word for a day": ({"employeeHireDate": "soon"}, "InvalidValue", "employeeHireDate"),
    "a nickname with blanks": ({"mailNickname": "a b"}, "InvalidValue", "mailNickname"),
    "an identity without issuer": ({"identities": [{"signInType": "userName"}]}, "InvalidValue", "identities"),
    "what only the service sets": ({"createdDateTime": "2026-01-01T00:00:00Z"}, "InvalidValue", "createdDateTime"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_a_user_cannot_have_is_refused_with_a_detail(graph, name):
    change, code, target = WRONG[name]
    for answer in (graph("POST", "/users", {**WHOLE, **change}), graph("PATCH", f"/users/{ALEX}", change)):
        assert (answer.status, answer.code) == (400, "Request_BadRequest"), answer.body
        (detail,) = answer.body["error"]["details"]
        assert (detail["code"], detail["target"]) == (code, target)


def test_properties_that_do_not_exist_and_extensions_are_told_apart(graph):
    unknown = graph("PATCH", "/me", {"shoeSize": 44})
    assert (unknown.status, unknown.code) == (400, "Request_BadRequest")
    extension = graph("PATCH", "/me", {"extension_b7d8e648520f41d3b9c0fdeb91768a0a_jobGroup": "E4"})
    assert (extension.status, "jobGroup" in extension.message) == (501, True)


# --- changing


def test_a_change_keeps_what_it_does_not_name(graph):
    attributes = {"extensionAttribute1": "one", "extensionAttribute13": "thirteen"}
    assert graph("PATCH", "/me", {"onPremisesExtensionAttributes": attributes, "jobTitle": "Director"}).status == 204
    graph("PATCH", "/me", {"onPremisesExtensionAttributes": {"extensionAttribute13": None}, "officeLocation": None})
    kept = graph("GET", "/me?$select=jobTitle,officeLocation,onPremisesExtensionAttributes,surname").body
    assert (kept["jobTitle"], kept["officeLocation"], kept["surname"]) == ("Director", None, "Bowen")
    assert kept["onPremisesExtensionAttributes"] == {"extensionAttribute1": "one", "extensionAttribute13": None}


def test_a_new_address_leaves_the_old_one_as_an_alias(graph):
    graph("PATCH", f"/users/{ALEX}", {"mail": "alexw@contoso.example"})
    kept = graph("GET", f"/users/{ALEX}?$select=mail,proxyAddresses").body
    assert kept["proxyAddresses"] == ["SMTP:alexw@contoso.example", "smtp:alex@contoso.example"]
    assert graph("GET", "/users/alexw@contoso.example").body["id"] == ALEX


def test_names_in_any_letter_case_are_understood(graph):
    assert graph("PATCH", "/me", {"JOBTITLE": "Director", "@odata.type": "#microsoft.graph.user", "id": NOBODY}).status == 204
    assert graph("GET", "/me").body["jobTitle"] == "Director"


def test_a_user_cannot_lose_its_name(graph):
    assert graph("PATCH", "/me", {"displayName": ""}).code == "Request_BadRequest"


@pytest.mark.parametrize(
    ("scopes", "path", "change", "status"),
    [
        (("User.ReadWrite",), "/me", {"mobilePhone": "1"}, 204),
        (("User.ReadWrite",), "/me", {"accountEnabled": False}, 403),
        (("User.ReadWrite",), f"/users/{ALEX}", {"mobilePhone": "1"}, 403),
        (("User.Read",), "/me", {"mobilePhone": "1"}, 403),
        (("User-Phone.ReadWrite.All",), f"/users/{ALEX}", {"mobilePhone": "1"}, 204),
        (("User-Phone.ReadWrite.All",), f"/users/{ALEX}", {"jobTitle": "x"}, 403),
        (("User.EnableDisableAccount.All",), f"/users/{ALEX}", {"accountEnabled": False}, 204),
        (("User.ReadWrite.All",), f"/users/{ALEX}", {"accountEnabled": False}, 204),
    ],
)
def test_permissions_reach_as_far_as_they_say(tenant, scopes, path, change, status):
    answer = Graph(tenant, scopes=scopes)("PATCH", path, change)
    assert answer.status == status
    assert status == 204 or answer.code == "Authorization_RequestDenied"


def test_an_app_changes_people_too(tenant):
    assert App(tenant, roles=("User.ReadWrite.All",))("PATCH", f"/users/{ALEX}", {"jobTitle": "x"}).status == 204
    assert App(tenant, roles=("User.Read.All",))("PATCH", f"/users/{ALEX}", {"jobTitle": "x"}).status == 403
    assert App(tenant, roles=("User.Read.All",))("GET", "/me").status == 400


def test_the_basic_permission_shows_only_basics_in_lists_and_to_apps(tenant):
    shown = {"displayName", "givenName", "id", "mail", "surname", "userPrincipalName"}
    assert set(Graph(tenant, scopes=("User.ReadBasic.All",))("GET", "/users").body["value"][0]) == shown
    app = App(tenant, roles=("User.ReadBasic.All",))
    assert set(app("GET", f"/users/{ALEX}").body) - {"@odata.context"} == shown


# --- deleting


def test_a_deleted_user_is_gone_with_mailbox_and_tokens(graph, tenant):
    alex = Graph(tenant, "alex")
    assert alex("GET", "/me/calendar").status == 200
    assert graph("DELETE", f"/users/{ALEX}").status == 204
    assert graph("GET", f"/users/{ALEX}").code == "Request_ResourceNotFound"
    assert "Alex Wilber" not in names(graph("GET", "/users"))
    assert ALEX not in tenant.state.mailboxes
    assert alex("GET", "/me/calendar").status == 401
    assert graph("DELETE", f"/users/{ALEX}").status == 404


def test_a_deleted_user_cannot_renew_a_sign_in(tenant, graph):
    from entra_caller import Entra, refusal

    entra = Entra(tenant.handle)
    tokens = entra.sign_in(user="alex")
    graph("DELETE", f"/users/{ALEX}")
    assert refusal(entra.refresh(tokens["refresh_token"]))[1] == "invalid_grant"


def test_ending_sessions_revokes_refresh_tokens(tenant):
    from entra_caller import Entra, refusal

    entra = Entra(tenant.handle)
    tokens = entra.sign_in("User.ReadWrite offline_access")
    own = Graph(tenant, scopes=("User.ReadWrite",))
    answer = own("POST", "/me/revokeSignInSessions")
    assert (answer.status, answer.body["value"]) == (200, True)
    assert refusal(entra.refresh(tokens["refresh_token"]))[2] == [50173]
    assert own("POST", f"/users/{ALEX}/revokeSignInSessions").code == "Authorization_RequestDenied"


# --- licences


def test_licences_are_given_and_taken_where_a_location_is_known(graph):
    sku = "c7df2760-2c81-4ef7-b578-5b5392b571df"
    give = {"addLicenses": [{"skuId": sku, "disabledPlans": []}], "removeLicenses": []}
    assert "usage location" in graph("POST", f"/users/{ALEX}/assignLicense", give).message
    graph("PATCH", f"/users/{ALEX}", {"usageLocation": "US"})
    assert graph("POST", f"/users/{ALEX}/assignLicense", give).status == 200
    assert graph("GET", f"/users/{ALEX}?$select=assignedLicenses").body["assignedLicenses"] == [{"disabledPlans": [], "skuId": sku}]
    graph("POST", f"/users/{ALEX}/assignLicense", {"addLicenses": [], "removeLicenses": [sku]})
    assert graph("GET", f"/users/{ALEX}?$select=assignedLicenses").body["assignedLicenses"] == []
    assert (
        graph("POST", f"/users/{ALEX}/assignLicense", {"addLicenses": [{"skuId": "x"}], "removeLicenses": []}).code == "Request_BadRequest"
    )


# --- managers


def test_a_manager_is_set_read_expanded_and_taken_away(graph):
    made = new_user(graph)
    path = f"/users/{made['id']}/manager"
    assert (graph("GET", path).status, graph("GET", path).code) == (404, "Request_ResourceNotFound")
    assert graph("PUT", f"{path}/$ref", reference(ALEX)).status == 204
    graph("PUT", f"/users/{ALEX}/manager/$ref", {"@odata.id": "https://graph.microsoft.com/v1.0/users/megan@contoso.example"})
    assert graph("GET", path).body["@odata.type"] == "#microsoft.graph.user"
    assert graph("GET", path).body["displayName"] == "Alex Wilber"
    assert names(graph("GET", f"/users/{ALEX}/directReports")) == ["Aline Dupuy"]
    one = graph("GET", f"/users/{made['id']}?$expand=manager($select=displayName)&$select=id").body["manager"]
    assert one == {"@odata.type": "#microsoft.graph.user", "displayName": "Alex Wilber"}
    chain = graph("GET", f"/users/{made['id']}?$expand=manager($levels=max;$select=displayName)").body["manager"]
    above = []
    while chain:
        above.append(chain["displayName"])
        chain = chain["manager"]
    assert above == ["Alex Wilber", "Megan Bowen", "Miriam Graham", "Patti Fernandez"]
    assert graph("DELETE", f"{path}/$ref").status == 204
    assert graph("DELETE", f"{path}/$ref").status == 404


@pytest.mark.parametrize("target", [NOBODY, MEGAN])
def test_nobody_is_managed_by_nobody_or_themselves(graph, target):
    assert graph("PUT", "/me/manager/$ref", reference(target)).status in (400, 404)
    assert graph("PUT", "/me/manager/$ref", {}).code == "Request_BadRequest"


@pytest.mark.parametrize("path", ["photo", "photo/$value", "photos/48x48/$value"])
def test_nobody_has_a_photo(graph, path):
    assert graph("GET", f"/me/{path}").code == "ImageNotFound"


# --- following


def test_a_client_follows_who_comes_changes_and_goes(graph):
    first = graph("GET", "/users/delta?$select=displayName,jobTitle")
    assert {"id", "displayName", "jobTitle"} >= set(first.body["value"][0])
    assert len(first.body["value"]) == len(graph.tenant.state.users)
    link = first.body["@odata.deltaLink"]
    assert graph("GET", link).body["value"] == []
    made = new_user(graph)
    graph("PATCH", f"/users/{ALEX}", {"jobTitle": "Director"})
    graph("DELETE", f"/users/{MEGAN}")
    later = graph_of(graph.tenant)("GET", link).body
    changed = {item["id"]: item for item in later["value"]}
    assert changed[made["id"]] == {"id": made["id"], "displayName": "Aline Dupuy"}
    assert changed[ALEX]["jobTitle"] == "Director"
    assert changed[MEGAN] == {"id": MEGAN, "@removed": {"reason": "changed"}}


def graph_of(tenant):
    """Another administrator, for when the first one is gone."""
    return administrator(tenant, "alex")


def test_a_user_gone_for_good_is_told_so(graph):
    link = graph("GET", "/users/delta?$deltatoken=latest").body["@odata.deltaLink"]
    graph("DELETE", f"/users/{ALEX}")
    graph.tenant.state.deleted[ALEX]["at"] -= 31 * 86400
    assert graph("GET", link).body["value"] == [{"id": ALEX, "@removed": {"reason": "deleted"}}]


def test_following_can_be_narrowed_to_a_few(graph):
    answer = graph("GET", f"/users/delta?$filter=id eq '{ALEX}' or id eq '{MEGAN}'&$select=displayName")
    assert {user["displayName"] for user in answer.body["value"]} == {"Alex Wilber", "Megan Bowen"}
    many = " or ".join(f"id eq '{number}'" for number in range(51))
    for wrong in ("displayName eq 'x'", many):
        assert graph("GET", f"/users/delta?$filter={quote(wrong)}").code == "Request_BadRequest"
