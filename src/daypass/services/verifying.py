"""Whether a registration is fit for daypass: by what Graph shows of it, and by what the sign-in service answers without anybody signing in.

The second needs no token: discovery knows whether the tenant is there, the device authorization endpoint whether it knows the app and takes
its permissions; the code that it gives is left to run out. Three things do not show there: whether public client flows are allowed, which
is refused only after somebody signed in (AADSTS7000218), consent, and what Conditional Access will say to a person.
"""

from __future__ import annotations

import json
from typing import Any, cast
from urllib.parse import quote, urlencode

from ..auth.explain import explanation, failure
from ..errors import AuthError, Forbidden, TransportError
from ..graph import applications
from ..graph.applications import GRAPH, PAUSES_SECONDS, SCOPE, Application, Principal
from ..value import Value
from ..wire import Request, Response, Sleep
from .registration import AUDIENCES, REDIRECT, Plan, beyond

Json = dict[str, Any]

IMPLIED = frozenset({"openid", "profile", "offline_access"})  # come with any other consent
UPDATE = "daypass setup --with-token brings it up to date"


class Check(Value):
    """One thing that was looked at: `passed` is None where it could not be seen; `cure` is what would better it."""

    name: str
    passed: bool | None
    told: str
    cure: str = ""


class SignInService(Value):
    """Whom to ask: the sign-in service's origin, the tenant (id, domain, `organizations` …) and the app."""

    authority: str
    tenant_id: str
    client_id: str

    def url(self, path: str) -> str:
        """An address below the tenant's."""
        return f"{self.authority}/{quote(self.tenant_id, safe='')}/{path}"


class Report(Value):
    """All that was looked at of one app, and what it is; what only a token shows is None without one."""

    client_id: str
    tenant_id: str
    checks: tuple[Check, ...]
    application: Application | None = None
    principal: Principal | None = None

    @property
    def fit(self) -> bool:
        """Whether nothing that was looked at is wrong."""
        return all(check.passed is not False for check in self.checks)


async def examined(plan: Plan, found: Application, authority: str, tenant_id: str = "", *, fresh: bool = False) -> Report:
    """A registration, its service principal and the sign-in service, held against a plan; takes a token. A `fresh` one is waited for."""
    principal = await applications.principal(found.client_id)
    tenant_id = principal.home_tenant_id if principal and principal.home_tenant_id else tenant_id
    checks = [*of_registration(plan, found, principal), *([await of_consent(plan, principal)] if principal else [])]
    asked, told_id = await of_sign_in(plan, SignInService(authority, tenant_id or "organizations", found.client_id), fresh=fresh)
    return Report(found.client_id, tenant_id or told_id, (*checks, *asked), found, principal)


async def examined_from_outside(plan: Plan, service: SignInService) -> Report:
    """What the sign-in service answers for an app, and that the rest takes a token."""
    checks, tenant_id = await of_sign_in(plan, service)
    unseen = Check("registration", None, "how the app is registered, and what was consented, shows with --with-token alone")
    return Report(service.client_id, tenant_id or service.tenant_id, (*checks, unseen))


# --- by what Graph shows -------------------------------------------------------------------------------------------


def of_registration(plan: Plan, found: Application, principal: Principal | None) -> list[Check]:
    """What a registration and its service principal show, held against a plan."""
    checks = [_names(found), _audience(plan, found)]
    if plan.app_only:
        checks.append(_keys(plan, found))
    else:
        checks += [_public(found), _redirect(found)]
    return [*checks, _permissions(plan, found), _standing(principal)]


def _names(found: Application) -> Check:
    told = f"{found.name!r}, client id {found.client_id}"
    return Check("registration", not found.serves, told + (f"; it is also {' and '.join(found.serves)}" if found.serves else ""))


def _audience(plan: Plan, found: Application) -> Check:
    fits = found.audience == plan.sign_in_audience or not plan.audience
    return Check("accounts", fits and found.audience in AUDIENCES.values(), found.audience or "none", "" if fits else UPDATE)


def _public(found: Application) -> Check:
    told = "a code or a browser is enough to sign in" if found.public else "without it a sign-in fails at its very end (AADSTS7000218)"
    return Check("public client flows", found.public, told, "" if found.public else UPDATE)


def _redirect(found: Application) -> Check:
    there = REDIRECT in found.redirects
    return Check("redirect URI", there, REDIRECT if there else f"{REDIRECT} is missing", "" if there else UPDATE)


def _keys(plan: Plan, found: Application) -> Check:
    known = plan.certificate in [key.get("key") for key in found.keys] if plan.certificate else bool(found.keys or found.secrets)
    ends = sorted(str(key.get("endDateTime") or "") for key in found.keys)
    told = f"certificates: {len(found.keys)}" + (f" (the last good until {ends[-1]})" if ends else "") + f", secrets: {found.secrets}"
    cure = "" if known else "daypass setup --with-token --app-only --certificate FILE"
    return Check("credentials", known, told + ("; this certificate is not among them" if plan.certificate and not known else ""), cure)


def _permissions(plan: Plan, found: Application) -> Check:
    listed = set(found.access.get(GRAPH, ()))
    lacking = [one.name for one in plan.permissions if (one.id, one.kind) not in listed]
    extra = beyond(plan, found)
    if lacking:
        return Check("permissions", False, f"not listed: {', '.join(lacking)}", UPDATE)
    told = ", ".join(one.name for one in plan.permissions)
    return Check("permissions", True, told + (f"; beyond these: {', '.join(extra)}" if extra else ""))


def _standing(principal: Principal | None) -> Check:
    if principal is None:
        return Check("service principal", False, "none in this tenant", UPDATE)
    if not principal.enabled:
        return Check("service principal", False, "it is disabled: nobody can sign in", "enable it: Enterprise applications, Properties")
    only = "; only people assigned to it may sign in" if principal.only_assigned else ""
    return Check("service principal", True, f"object id {principal.object_id}{only}")


async def of_consent(plan: Plan, principal: Principal) -> Check:
    """What was granted for everybody; not needed where people may consent for themselves, and not seen with every token."""
    wanted = {one.name: one.id for one in plan.permissions if one.name not in IMPLIED}
    try:
        resource = await applications.principal(GRAPH)
        granted = await _granted(plan, principal, resource) if resource else frozenset[str]()
    except Forbidden:
        needed = applications.ASSIGN if plan.app_only else applications.CONSENT
        return Check("consent", None, f"this token may not see what was granted ({needed[0]} may)")
    lacking = [name for name, identifier in wanted.items() if not {name, identifier} & granted]
    if not lacking:
        return Check("consent", True, "given for everybody")
    if plan.app_only:
        return Check(
            "consent", None, "not given; it would open every mailbox", "daypass setup admin-guide --app-only tells how to scope it"
        )
    what = "" if len(lacking) == len(wanted) else f" for {', '.join(lacking)}"
    return Check("consent", None, f"not given for everybody{what}: each person is asked, or an administrator consents")


async def _granted(plan: Plan, principal: Principal, resource: Principal) -> frozenset[str]:
    if plan.app_only:
        return await applications.assigned_roles(principal.object_id, resource.object_id)
    grant = await applications.granted_for_all(principal.object_id, resource.object_id)
    return grant.scopes if grant else frozenset()


# --- by what the sign-in service answers ---------------------------------------------------------------------------


async def of_sign_in(plan: Plan, service: SignInService, *, fresh: bool = False) -> tuple[list[Check], str]:
    """What the sign-in service answers for an app, and the id of the tenant ("" when it tells none).

    Of a `fresh` one it may not have heard yet: it is asked again for some seconds.
    """
    tenant, tenant_id = await _tenant(service)
    checks = [tenant]
    if tenant.passed:
        known = await _known(plan, service)
        for pause in PAUSES_SECONDS if fresh else ():
            if known.passed is not False:
                break
            await Sleep(pause)
            known = await _known(plan, service)
        checks.append(known)
    return checks, tenant_id


async def _tenant(service: SignInService) -> tuple[Check, str]:
    try:
        answer = await _asked(Request("GET", service.url("v2.0/.well-known/openid-configuration")))
    except AuthError as error:
        return _refused("tenant", error), ""
    except TransportError as error:
        return Check("tenant", None, f"could not be asked: {error}"), ""
    issuer = str(answer.get("issuer") or "").rstrip("/").removesuffix("/v2.0")
    tenant_id = issuer.rpartition("/")[2]
    return Check("tenant", True, f"{service.tenant_id} is known to {service.authority}"), "" if "{" in tenant_id else tenant_id


async def _known(plan: Plan, service: SignInService) -> Check:
    form = {"client_id": service.client_id, "scope": " ".join(one.name for one in plan.permissions if one.kind == SCOPE) or "openid"}
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    try:
        await _asked(Request("POST", service.url("oauth2/v2.0/devicecode"), headers, urlencode(form).encode()))
    except AuthError as error:
        return _refused("app", error)
    except TransportError as error:
        return Check("app", None, f"could not be asked: {error}")
    return Check("app", True, f"the device code endpoint answers for {service.client_id}")


def _refused(name: str, error: AuthError) -> Check:
    known = explanation(error)
    number = f" (AADSTS{error.code})" if error.code else ""
    return Check(name, False, f"{known.cause if known else error}{number}", known.cure if known else "")


async def _asked(request: Request) -> Json:
    """What the sign-in service answers; AuthError for a refusal, TransportError when it is busy or makes no sense."""
    response: Response = await request
    try:
        content: Any = json.loads(response.body)
    except (ValueError, RecursionError):
        content = None
    answer = cast("Json", content) if isinstance(content, dict) else {}
    if response.status == 429 or response.status >= 500 or not answer:
        raise TransportError(f"the sign-in service answered HTTP {response.status}", kind="busy")
    if response.status >= 400:
        raise failure(answer)
    return answer
