"""What OpenID Connect and MSAL ask before and after a sign-in: where the endpoints are, the keys, and who signed in.

After "OpenID Connect on the Microsoft identity platform" (Microsoft Learn), OpenID Connect Discovery 1.0 and Core section 5.3. All
addresses are built from the Host the client used.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from daypass.wire import Response

from ..routes import Call, Route, reply
from . import refusals
from .forms import ANY_TENANT
from .refusals import Refusal
from .tokens import caller_of, issuer, pairwise_subject

MICROSOFT_HOSTS = frozenset({"login.microsoftonline.com", "login.microsoft.com", "login.windows.net", "sts.windows.net"})


def _openid_configuration(call: Call) -> Response:
    segment = call.path["tenant"]
    base = f"{call.root}/{segment if segment.lower() in ANY_TENANT else call.tenant.state.tenant_id}"
    oauth = f"{base}/oauth2/v2.0"
    return reply(
        200,
        {
            "issuer": issuer(call.tenant, call.root),
            "authorization_endpoint": f"{oauth}/authorize",
            "token_endpoint": f"{oauth}/token",
            "device_authorization_endpoint": f"{oauth}/devicecode",
            "jwks_uri": f"{base}/discovery/v2.0/keys",
            "userinfo_endpoint": f"{call.root}/oidc/userinfo",
            "end_session_endpoint": f"{oauth}/logout",
            "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
            "response_modes_supported": ["query", "fragment", "form_post"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "claims_supported": ["sub", "iss", "aud", "exp", "iat", "nonce", "preferred_username", "name", "tid", "oid", "ver"],
            "request_uri_parameter_supported": False,
            "http_logout_supported": True,
            "frontchannel_logout_supported": True,
            "tenant_region_scope": None,
            "cloud_instance_name": "microsoftonline.com",
            "cloud_graph_host_name": "graph.windows.net",
            "msgraph_host": urlsplit(call.root).netloc,
        },
    )


def _instance_discovery(call: Call) -> Response:
    asked = urlsplit(call.query.get("authorization_endpoint", ""))
    own_host = urlsplit(call.root).hostname or ""
    if asked.hostname not in (own_host, *MICROSOFT_HOSTS):
        raise Refusal(refusals.UNKNOWN_INSTANCE)
    segment = asked.path.strip("/").split("/")[0] or "common"
    body: dict[str, Any] = {"tenant_discovery_endpoint": f"{call.root}/{segment}/v2.0/.well-known/openid-configuration"}
    body["api-version"] = call.query.get("api-version", "1.0")
    if body["api-version"] != "1.0":
        aliases = [own_host] if own_host not in MICROSOFT_HOSTS else sorted(MICROSOFT_HOSTS)
        body["metadata"] = [{"preferred_network": own_host, "preferred_cache": own_host, "aliases": aliases}]
    return reply(200, body)


def _keys(call: Call) -> Response:
    return reply(200, {"keys": [{**call.tenant.key.jwk(), "issuer": issuer(call.tenant, call.root)}]})


def _user_info(call: Call) -> Response:
    """Who the bearer of an access token for Graph is; an app on its own is nobody."""
    caller = caller_of(call)
    user = call.tenant.state.users.get(caller.user_id)
    if user is None:
        raise Refusal(refusals.TOKEN_OF_NOBODY)
    claims = {"name": "displayName", "family_name": "surname", "given_name": "givenName", "email": "mail"}
    told = {claim: user[name] for claim, name in claims.items() if user.get(name)}
    picture = f"{call.root}/v1.0/me/photo/$value"
    return reply(200, {"sub": pairwise_subject(caller.user_id, caller.client_id), **told, "picture": picture})


_DOCS = "https://learn.microsoft.com/entra/identity-platform/"
ROUTES = (
    Route("GET", "/{tenant}/v2.0/.well-known/openid-configuration", _openid_configuration, source=_DOCS + "v2-protocols-oidc"),
    Route("GET", "/{tenant}/.well-known/openid-configuration", _openid_configuration, source=_DOCS + "v2-protocols-oidc"),
    Route("GET", "/{tenant}/discovery/v2.0/keys", _keys, source=_DOCS + "access-tokens"),
    Route("GET", "/{tenant}/discovery/keys", _keys, source=_DOCS + "access-tokens"),
    Route("GET", "/discovery/keys", _keys, source=_DOCS + "access-tokens"),
    Route("GET", "/common/discovery/instance", _instance_discovery, source="observed: what MSAL asks"),
    *(Route(method, "/oidc/userinfo", _user_info, source=_DOCS + "userinfo") for method in ("GET", "POST")),
)
