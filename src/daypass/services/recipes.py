"""A registration as steps for other tools, complete as they stand: az, PowerShell, Terraform, the portal, and Graph by curl.

Each looks for the name first where its tool can, so that a second run makes no second app. Sources: `az ad app create`, `New-MgApplication`
with `-BodyParameter`, the azuread provider's `azuread_application`, Graph's application and oAuth2PermissionGrant, "Admin consent on the
Microsoft identity platform" and "Grant tenant-wide admin consent"; for the clouds "Microsoft Graph national cloud deployments",
`Get-MgEnvironment`, `az cloud list` and the azuread provider's `environment`.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, cast
from urllib.parse import quote, urlencode, urlsplit

from ..graph.applications import GRAPH
from ..value import Value
from .registration import REDIRECT, Permission, Plan

PLACEHOLDER = re.compile(r"<<(\w+)>>")


class Cloud(Value):
    """How the tools call one of Microsoft's clouds."""

    portal: str
    az: str
    powershell: str
    terraform: str


CLOUDS: Mapping[str, Cloud] = MappingProxyType(  # by the host of its Graph
    {
        "graph.microsoft.com": Cloud("https://entra.microsoft.com", "AzureCloud", "Global", "public"),
        "graph.microsoft.us": Cloud("https://portal.azure.us", "AzureUSGovernment", "USGov", "usgovernment"),
        "dod-graph.microsoft.us": Cloud("https://portal.azure.us", "AzureUSGovernment", "USGovDoD", "dod"),
        "microsoftgraph.chinacloudapi.cn": Cloud("https://portal.azure.cn", "AzureChinaCloud", "China", "china"),
    }
)
PUBLIC = "graph.microsoft.com"
CLIENT = "APPLICATION-ID"  # stands for the id that there will be


class Place(Value):
    """Where an app is registered: the sign-in service's origin, Graph's root, and the tenant, "" where it is not known."""

    authority: str = "https://login.microsoftonline.com"
    graph_root: str = f"https://{PUBLIC}/v1.0"
    tenant_id: str = ""

    @property
    def tenant(self) -> str:
        """The tenant, "" where it is not known or a word for several."""
        return "" if self.tenant_id.lower() in ("common", "organizations", "consumers") else self.tenant_id

    @property
    def cloud(self) -> Cloud:
        """How the tools call it; Microsoft's public cloud where it is none of theirs."""
        return CLOUDS.get(urlsplit(self.graph_root).hostname or "", CLOUDS[PUBLIC])

    def consent_link(self, plan: Plan, client_id: str) -> str:
        """Where an administrator grants what the registration lists, for everybody.

        The browser is sent back to the loopback address, where nobody listens: that page's failing to load means nothing. An app on
        its own has no address to be sent back to, and takes the form without one.
        """
        tenant = quote(self.tenant or "organizations", safe="")
        if plan.app_only:
            return f"{self.authority}/{tenant}/adminconsent?client_id={client_id}"
        host = urlsplit(self.graph_root).hostname or ""
        scope = f"https://{host if host in CLOUDS else PUBLIC}/.default"  # all that the registration lists
        asked = {"client_id": client_id, "scope": scope, "redirect_uri": REDIRECT, "state": "daypass"}
        return f"{self.authority}/{tenant}/v2.0/adminconsent?{urlencode(asked)}"


def recipe(form: str, plan: Plan, place: Place, *, consent: bool) -> str:
    """The steps in one of FORMS, everybody's consent among them if wanted."""
    return FORMS[form](plan, place, consent).rstrip("\n")


def filled(template: str, **values: str) -> str:
    """A template with its <<PLACEHOLDERS>> replaced, in one pass; a line of nothing but an empty one goes."""
    kept = [line for line in template.splitlines() if not (found := PLACEHOLDER.fullmatch(line.strip())) or values[found[1]]]
    return PLACEHOLDER.sub(lambda found: values[found[1]], "\n".join(kept)) + "\n"


# --- the Azure CLI -------------------------------------------------------------------------------------------------

_AZ = """\
#!/bin/sh
# Registers <<COMMENT>> with the Azure CLI (az), signed in as somebody who may register apps. If one has this name
# already, it is made into this one.
set -eu
<<CLOUD>>
<<LOGIN>>
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/access.json" <<'JSON'
<<ACCESS>>
JSON
<<CERTIFICATE>>
client_id=$(az ad app create --display-name <<NAME>> --sign-in-audience <<AUDIENCE>> \\
  <<KIND>> --required-resource-accesses "@$work/access.json" --query appId --output tsv)
<<UPLOAD>>
az ad sp show --id "$client_id" --output none 2>/dev/null || az ad sp create --id "$client_id" --output none
<<CONSENT>>
printf 'CLIENT_ID=%s\\nTENANT_ID=%s\\n' "$client_id" "$(az account show --query tenantId --output tsv)"
"""


def _az(plan: Plan, place: Place, consent: bool) -> str:
    kind = (
        "--is-fallback-public-client false"
        if plan.app_only
        else f"--is-fallback-public-client true --public-client-redirect-uris {REDIRECT}"
    )
    if plan.token_version:
        kind += f" --requested-access-token-version {plan.token_version}"  # az 2.68 or newer
    return filled(
        _AZ,
        COMMENT=plan.name,
        NAME=shlex.quote(plan.name),
        CLOUD="" if place.cloud == CLOUDS[PUBLIC] else f"az cloud set --name {place.cloud.az}",
        LOGIN=_login_az(place.tenant),
        ACCESS=json.dumps(plan.access_list(), indent=2),
        AUDIENCE=plan.sign_in_audience,
        KIND=kind,
        CERTIFICATE=f"cat >\"$work/certificate.pem\" <<'PEM'\n{_pem(plan.certificate)}\nPEM" if plan.certificate else "",
        UPLOAD=_AZ_UPLOAD if plan.certificate else "# no certificate: az ad app credential reset --append --cert @FILE" * plan.app_only,
        CONSENT='az ad app permission admin-consent --id "$client_id"' if consent else _said_in_sh(plan, place),
    )


def _login_az(tenant: str) -> str:
    login = "az login --allow-no-subscriptions --output none"
    if not tenant:
        return f"az account show --output none 2>/dev/null || {login}"
    here = shlex.quote(tenant)
    return f'[ "$(az account show --query tenantId --output tsv 2>/dev/null)" = {here} ] || {login} --tenant {here}'


_AZ_UPLOAD = 'az ad app credential reset --id "$client_id" --append --cert "@$work/certificate.pem" --output none'


def _said_in_sh(plan: Plan, place: Place) -> str:
    before, _, after = place.consent_link(plan, CLIENT).partition(CLIENT)
    told = shlex.quote(f"An administrator consents for everybody at {before}")
    return f"printf '%s%s%s\\n' {told} \"$client_id\" {shlex.quote(after)} >&2"


def _pem(certificate: str) -> str:
    lines = [certificate[start : start + 64] for start in range(0, len(certificate), 64)]
    return "\n".join(["-----BEGIN CERTIFICATE-----", *lines, "-----END CERTIFICATE-----"])


# --- PowerShell ----------------------------------------------------------------------------------------------------

_POWERSHELL = """\
# Registers <<COMMENT>> with Microsoft Graph PowerShell (Install-Module Microsoft.Graph). If one has
# this name already, it is made into this one.
$ErrorActionPreference = 'Stop'
Connect-MgGraph -NoWelcome<<WHERE>> -Scopes <<SCOPES>>
$registration = <<REGISTRATION>>
<<CERTIFICATE>>
$found = @(Get-MgApplication -All -Filter <<FILTER>>)
if ($found.Count -gt 1) { throw "Several apps have this name: $($found.AppId -join ', ')" }
if ($found) {
    $app = $found[0]
    Update-MgApplication -ApplicationId $app.Id -BodyParameter $registration
} else {
    $app = New-MgApplication -BodyParameter $registration
}
$principal = Get-MgServicePrincipal -Filter "appId eq '$($app.AppId)'"
if (-not $principal) { $principal = New-MgServicePrincipal -BodyParameter @{ appId = $app.AppId } }
<<CONSENT>>
"CLIENT_ID=$($app.AppId)"
"TENANT_ID=$((Get-MgContext).TenantId)"
"""
_POWERSHELL_GRANT = """\
$graph = Get-MgServicePrincipal -Filter "appId eq '<<GRAPH>>'"
$grants = Get-MgOauth2PermissionGrant -All -Filter "clientId eq '$($principal.Id)' and consentType eq 'AllPrincipals'"
$grant = $grants | Where-Object { $_.ResourceId -eq $graph.Id }
if ($grant) {
    $scope = (@($grant.Scope -split ' ') + @(<<SCOPES>>) | Where-Object { $_ } | Sort-Object -Unique) -join ' '
    Update-MgOauth2PermissionGrant -OAuth2PermissionGrantId $grant.Id -BodyParameter @{ scope = $scope }
} else {
    $consent = @{ clientId = $principal.Id; consentType = 'AllPrincipals'; resourceId = $graph.Id; scope = @(<<SCOPES>>) -join ' ' }
    New-MgOauth2PermissionGrant -BodyParameter $consent | Out-Null
}"""
_POWERSHELL_ASSIGN = """\
$graph = Get-MgServicePrincipal -Filter "appId eq '<<GRAPH>>'"
$roles = (Get-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $principal.Id -All).AppRoleId
foreach ($role in @(<<ROLES>>) | Where-Object { $_ -notin $roles }) {
    $assignment = @{ principalId = $principal.Id; resourceId = $graph.Id; appRoleId = $role }
    New-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $principal.Id -BodyParameter $assignment | Out-Null
}"""


def _powershell(plan: Plan, place: Place, consent: bool) -> str:
    scopes = ["Application.ReadWrite.All"]
    if consent:
        scopes.append("AppRoleAssignment.ReadWrite.All" if plan.app_only else "DelegatedPermissionGrant.ReadWrite.All")
    where = "" if place.cloud == CLOUDS[PUBLIC] else f" -Environment {place.cloud.powershell}"
    body = {name: value for name, value in plan.body().items() if name != "keyCredentials"}
    key = f"key = [Convert]::FromBase64String({_quoted_ps(plan.certificate)})"
    return filled(
        _POWERSHELL,
        COMMENT=plan.name,
        WHERE=where + (f" -TenantId {_quoted_ps(place.tenant)}" if place.tenant else ""),
        SCOPES=", ".join(map(_quoted_ps, scopes)),
        REGISTRATION=_literal_ps(body, 0),
        CERTIFICATE=f"$registration.keyCredentials = @(@{{ type = 'AsymmetricX509Cert'; usage = 'Verify'; {key} }})"
        if plan.certificate
        else "",
        FILTER=_quoted_ps(f"displayName eq '{_doubled(plan.name)}'"),
        CONSENT=_consent_ps(plan) if consent else _said_in_ps(plan, place),
    )


def _consent_ps(plan: Plan) -> str:
    names, ids = (", ".join(_quoted_ps(getattr(one, field)) for one in plan.permissions) for field in ("name", "id"))
    return filled(_POWERSHELL_ASSIGN if plan.app_only else _POWERSHELL_GRANT, GRAPH=GRAPH, SCOPES=names, ROLES=ids).rstrip("\n")


def _said_in_ps(plan: Plan, place: Place) -> str:
    link = place.consent_link(plan, CLIENT).replace(CLIENT, "{0}")
    return f"Write-Warning ({_quoted_ps(f'An administrator consents for everybody at {link}')} -f $app.AppId)"


def _doubled(text: str) -> str:
    return text.replace("'", "''")


def _quoted_ps(text: str) -> str:
    """A PowerShell string in single quotes; the curly ones end such a string too, and are doubled like the straight one."""
    return "'" + re.sub(r"(['\u2018\u2019\u201a\u201b])", r"\1\1", text) + "'"


def _literal_ps(value: Any, depth: int) -> str:
    """JSON data as a PowerShell literal."""
    inner, outer = "    " * (depth + 1), "    " * depth
    if isinstance(value, dict):
        members = cast("dict[str, Any]", value).items()
        return "@{\n" + "".join(f"{inner}{name} = {_literal_ps(member, depth + 1)}\n" for name, member in members) + outer + "}"
    if isinstance(value, list):
        parts = [_literal_ps(one, depth + 1) for one in cast("list[Any]", value)]
        return "@(\n" + "".join(f"{inner}{part}\n" for part in parts) + outer + ")"
    if isinstance(value, bool):
        return "$true" if value else "$false"
    return str(value) if isinstance(value, int) else _quoted_ps(str(value))


# --- Terraform -----------------------------------------------------------------------------------------------------

_TERRAFORM = """\
# Registers <<COMMENT>> with Terraform. If the name is taken, the plan fails instead of making a second app: import the first.
terraform {
  required_providers {
    azuread = {
      source  = "hashicorp/azuread"
      version = ">= 3.0"
    }
  }
}

provider "azuread" {
  environment = <<ENVIRONMENT>>
  <<TENANT>>
}

data "azuread_client_config" "current" {}

resource "azuread_application" "daypass" {
  display_name                   = <<NAME>>
  sign_in_audience               = <<AUDIENCE>>
  fallback_public_client_enabled = <<PUBLIC>>
  prevent_duplicate_names        = true
  owners                         = [data.azuread_client_config.current.object_id]

<<BLOCKS>>
}

resource "azuread_service_principal" "daypass" {
  client_id = azuread_application.daypass.client_id
}
<<CERTIFICATE>>
<<CONSENT>>

output "client_id" {
  value = azuread_application.daypass.client_id
}

output "tenant_id" {
  value = data.azuread_client_config.current.tenant_id
}
"""
_TERRAFORM_CERTIFICATE = """
variable "certificate_end_date" {
  type        = string
  description = "When the certificate ends, in RFC 3339, such as 2027-05-01T00:00:00Z"
}

resource "azuread_application_certificate" "daypass" {
  application_id = azuread_application.daypass.id
  type           = "AsymmetricX509Cert"
  encoding       = "base64"
  end_date       = var.certificate_end_date
  value          = <<KEY>>
}"""
_TERRAFORM_GRANT = """
data "azuread_service_principal" "graph" {
  client_id = <<GRAPH>>
}

resource "azuread_service_principal_delegated_permission_grant" "everybody" {
  service_principal_object_id          = azuread_service_principal.daypass.object_id
  resource_service_principal_object_id = data.azuread_service_principal.graph.object_id
  claim_values                         = <<SCOPES>>
}"""
_TERRAFORM_ASSIGN = """
data "azuread_service_principal" "graph" {
  client_id = <<GRAPH>>
}

resource "azuread_app_role_assignment" "everybody" {
  app_role_id         = <<ROLE>> # <<ROLE_NAME>>
  principal_object_id = azuread_service_principal.daypass.object_id
  resource_object_id  = data.azuread_service_principal.graph.object_id
}"""


def _terraform(plan: Plan, place: Place, consent: bool) -> str:
    role = plan.permissions[0]
    names = "[" + ", ".join(_quoted_hcl(one.name) for one in plan.permissions) + "]"
    given = {"GRAPH": _quoted_hcl(GRAPH), "SCOPES": names, "ROLE": _quoted_hcl(role.id), "ROLE_NAME": role.name}
    return filled(
        _TERRAFORM,
        COMMENT=plan.name,
        ENVIRONMENT=_quoted_hcl(place.cloud.terraform),
        TENANT=f"tenant_id   = {_quoted_hcl(place.tenant)}" if place.tenant else "",
        NAME=_quoted_hcl(plan.name),
        AUDIENCE=_quoted_hcl(plan.sign_in_audience),
        PUBLIC="false" if plan.app_only else "true",
        BLOCKS="\n\n".join(_blocks(plan)),
        CERTIFICATE=filled(_TERRAFORM_CERTIFICATE, KEY=_quoted_hcl(plan.certificate)).rstrip("\n") if plan.certificate else "",
        CONSENT=filled(_TERRAFORM_ASSIGN if plan.app_only else _TERRAFORM_GRANT, **given).rstrip("\n") if consent else "",
    )


def _blocks(plan: Plan) -> list[str]:
    blocks: list[str] = []
    if plan.token_version:
        blocks.append(f"  api {{\n    requested_access_token_version = {plan.token_version}\n  }}")
    if not plan.app_only:
        blocks.append(f'  public_client {{\n    redirect_uris = ["{REDIRECT}"]\n  }}')
    listed = "\n\n".join(_block(one) for one in plan.permissions)
    blocks.append(f'  required_resource_access {{\n    resource_app_id = "{GRAPH}" # Microsoft Graph\n\n{listed}\n  }}')
    return blocks


def _block(permission: Permission) -> str:
    return f'    resource_access {{\n      id   = "{permission.id}" # {permission.name}\n      type = "{permission.kind}"\n    }}'


def _quoted_hcl(text: str) -> str:
    """A quoted string of HCL: backslash and quote escaped, and `${`, `%{` taken literally (HCL, string literals)."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("${", "$${").replace("%{", "%%{") + '"'


# --- the portal ----------------------------------------------------------------------------------------------------

_PORTAL = """\
# Registering <<NAME>> by hand

1. Open <<PORTAL>> and there *App registrations*, *New registration*.
2. As name type <<NAME>>. As supported account types choose *<<ACCOUNTS>>*. <<REDIRECT>> Register.
3. <<KIND>>
4. Under *API permissions*, *Add a permission*, *Microsoft Graph*, *<<SORT>> permissions*, add:
<<PERMISSIONS>>
5. <<CONSENT>>
6. From *Overview* copy the two ids into a file named `.env` in the folder you work in, or into the environment:

   CLIENT_ID=<Application (client) ID>
   TENANT_ID=<Directory (tenant) ID>

7. Check it: daypass setup verify
"""
_ACCOUNTS = {
    "tenant": "Accounts in this organizational directory only",
    "organizations": "Accounts in any organizational directory",
    "personal": "Accounts in any organizational directory and personal Microsoft accounts",
}


def _portal(plan: Plan, place: Place, consent: bool) -> str:
    del consent  # in the portal it is a button beside the list
    link = place.consent_link(plan, CLIENT)
    alone = "Under *Certificates & secrets*, *Certificates*, upload the public certificate. Leave *Allow public client flows* at No."
    people = "Under *Authentication*, *Settings*, set *Allow public client flows* to Yes and save: device codes need it."
    opens = (
        "*Grant admin consent* opens every mailbox to the app. To open some alone, do not press it: daypass setup admin-guide --app-only"
    )
    return filled(
        _PORTAL,
        NAME=plan.name,
        PORTAL=place.cloud.portal,
        ACCOUNTS=_ACCOUNTS[plan.audience or "tenant"],
        REDIRECT="Leave the redirect URI empty."
        if plan.app_only
        else f"As redirect URI choose *Public client/native* and type {REDIRECT}.",
        KIND=alone if plan.app_only else people,
        SORT="Application" if plan.app_only else "Delegated",
        PERMISSIONS="\n".join(f"   - {one.name}: {one.why}" for one in plan.permissions),
        CONSENT=opens if plan.app_only else f"If people may not consent for themselves: *Grant admin consent*, or {link}",
    )


# --- Graph, by curl ------------------------------------------------------------------------------------------------

_GRAPH = """\
#!/bin/sh
# Registers <<COMMENT>> with Microsoft Graph, by curl. If one has this name already, it is made into this one.
# GRAPH_TOKEN is an access token with <<NEEDS>>.
set -eu
: "${GRAPH_TOKEN:?put an access token for Microsoft Graph into it}"
ask() { # METHOD PATH [BODY]
  printf 'Authorization: Bearer %s' "$GRAPH_TOKEN" | curl --silent --show-error --fail-with-body --header @- \\
    --header 'Content-Type: application/json' --request "$1" ${3:+--data-raw "$3"} <<ROOT>>"$2"
}
member() { # NAME, of the JSON on stdin
  grep -o "\\"$1\\" *: *\\"[^\\"]*\\"" | cut -d '"' -f 4
}
registration=<<BODY>>
answer=$(ask GET <<FIND>>)
client_id=$(printf '%s' "$answer" | member appId)
case $client_id in
  *"
"*) echo "Several apps have this name: $client_id" >&2; exit 1 ;;
  '') answer=$(ask POST /applications "$registration")
    client_id=$(printf '%s' "$answer" | member appId) ;;
  *) ask PATCH "/applications(appId='$client_id')" "$registration" ;;
esac
# The directory needs some seconds to know a new app everywhere.
patiently() {
  tries=0
  until answer=$(ask "$@"); do
    tries=$((tries + 1)); [ "$tries" -lt 6 ] || exit 1; sleep 5
  done
}
principal="/servicePrincipals(appId='$client_id')?\\$select=id,appOwnerOrganizationId"
ask GET "$principal" >/dev/null 2>&1 || patiently POST /servicePrincipals "{\\"appId\\": \\"$client_id\\"}"
patiently GET "$principal"
principal_id=$(printf '%s' "$answer" | member id)
tenant_id=$(printf '%s' "$answer" | member appOwnerOrganizationId)
<<CONSENT>>
printf 'CLIENT_ID=%s\\nTENANT_ID=%s\\n' "$client_id" "$tenant_id"
"""
_GRAPH_RESOURCE = """\
answer=$(ask GET "/servicePrincipals(appId='<<GRAPH>>')?\\$select=id")
resource_id=$(printf '%s' "$answer" | member id)
"""
_GRAPH_GRANT = """\
scope='<<SCOPE>>'
patiently GET "/oauth2PermissionGrants?\\$filter=clientId%20eq%20'$principal_id'%20and%20consentType%20eq%20'AllPrincipals'\\
%20and%20resourceId%20eq%20'$resource_id'"
grant_id=$(printf '%s' "$answer" | member id)
if [ -n "$grant_id" ]; then
  ask PATCH "/oauth2PermissionGrants/$grant_id" "{\\"scope\\": \\"$scope\\"}"
else
  patiently POST /oauth2PermissionGrants "{\\"clientId\\": \\"$principal_id\\", \\"consentType\\": \\"AllPrincipals\\",
    \\"resourceId\\": \\"$resource_id\\", \\"scope\\": \\"$scope\\"}"
fi"""
_GRAPH_ASSIGN = """\
patiently GET "/servicePrincipals/$principal_id/appRoleAssignments"
case $answer in
  *<<ROLE>>*) ;;
  *) patiently POST "/servicePrincipals/$principal_id/appRoleAssignments" "{\\"principalId\\": \\"$principal_id\\",
    \\"resourceId\\": \\"$resource_id\\", \\"appRoleId\\": \\"<<ROLE>>\\"}" ;;
esac"""


def _graph(plan: Plan, place: Place, consent: bool) -> str:
    needs = ["Application.ReadWrite.All"]
    if consent:
        needs.append("AppRoleAssignment.ReadWrite.All" if plan.app_only else "DelegatedPermissionGrant.ReadWrite.All")
    find = f"/applications?$filter={quote(f'displayName eq {chr(39)}{_doubled(plan.name)}{chr(39)}', safe='')}&$select=appId"
    return filled(
        _GRAPH,
        COMMENT=plan.name,
        NEEDS=" and ".join(needs),
        ROOT=shlex.quote(place.graph_root),
        BODY=shlex.quote(json.dumps(plan.body(), indent=2)),
        FIND=shlex.quote(find),
        CONSENT=_consent_sh(plan) if consent else _said_in_sh(plan, place),
    )


def _consent_sh(plan: Plan) -> str:
    scope, role = " ".join(one.name for one in plan.permissions), plan.permissions[0].id
    given = filled(_GRAPH_ASSIGN if plan.app_only else _GRAPH_GRANT, SCOPE=scope, ROLE=role)
    return (filled(_GRAPH_RESOURCE, GRAPH=GRAPH) + given).rstrip("\n")


FORMS: Mapping[str, Callable[[Plan, Place, bool], str]] = MappingProxyType(
    {"az": _az, "powershell": _powershell, "terraform": _terraform, "portal": _portal, "graph": _graph}
)
