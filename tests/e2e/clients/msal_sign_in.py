"""Microsoft's library for Python signs people and apps in, in every way its version knows; each step ends with a call of Graph's.

Run by its test with the addresses in the environment and the steps to take on the command line.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msal
import steps
from plain_browser import sign_in

READ = ["User.Read", "Calendars.Read"]
APP_ONLY = ["https://graph.microsoft.com/.default"]
SIGNED_IN = "http://localhost:53682/signed-in"
AUTHORITY = f"{os.environ['AUTHORITY']}/{os.environ['TENANT_ID']}"
PRIVATE = {} if "login.microsoftonline.com" in AUTHORITY else {"instance_discovery": False}


def public(**more: Any) -> msal.PublicClientApplication:
    return msal.PublicClientApplication(os.environ["CLIENT_ID"], authority=AUTHORITY, **PRIVATE, **more)


def confidential(credential: object) -> msal.ConfidentialClientApplication:
    return msal.ConfidentialClientApplication(os.environ["APP_ID"], client_credential=credential, authority=AUTHORITY, **PRIVATE)


def token_of(answer: Any) -> str:
    assert "access_token" in answer, answer
    return answer["access_token"]


def by_device_code(app: msal.PublicClientApplication, **more: Any) -> str:
    flow = app.initiate_device_flow(READ)
    assert flow["user_code"] in flow["message"], flow
    steps.approve(flow["user_code"])
    return token_of(app.acquire_token_by_device_flow(flow, **more))


def device_code() -> None:
    app = public()
    token = by_device_code(app)
    steps.is_megans(token)
    (account,) = app.get_accounts()
    assert account["username"] == steps.MEGAN
    assert app.acquire_token_silent(READ, account)["access_token"] == token


def silent_refresh() -> None:
    app = public()
    first = by_device_code(app)
    (account,) = app.get_accounts()
    second = token_of(app.acquire_token_silent(READ, account, force_refresh=True))
    assert first != second
    steps.is_megans(second)


def refresh_after_revocation() -> None:
    app = public()
    by_device_code(app)
    (account,) = app.get_accounts()
    steps.control("revoke", user="megan")
    assert app.acquire_token_silent(READ, account, force_refresh=True) is None
    steps.is_megans(by_device_code(app))
    assert len(app.get_accounts()) == 1
    token_of(app.acquire_token_silent(READ, account, force_refresh=True))


def revocation_is_explained() -> None:
    app = public()
    by_device_code(app)
    (account,) = app.get_accounts()
    steps.control("revoke", user="megan")
    told = app.acquire_token_silent_with_error(READ, account, force_refresh=True)
    assert (told["error"], told["error_codes"]) == ("invalid_grant", [50173]), told


def client_secret() -> None:
    app = confidential(os.environ["APP_SECRET"])
    steps.is_the_apps(token_of(app.acquire_token_for_client(APP_ONLY)))


def client_secret_that_is_wrong() -> None:
    told = confidential("nonsense").acquire_token_for_client(APP_ONLY)
    assert (told["error"], told["error_codes"]) == ("invalid_client", [7000215]), told


def certificate_by_thumbprint() -> None:
    app = confidential({"private_key": Path(os.environ["KEY_FILE"]).read_text(), "thumbprint": os.environ["THUMBPRINT"]})
    steps.is_the_apps(token_of(app.acquire_token_for_client(APP_ONLY)))


def certificate_by_itself() -> None:
    both = {"private_key": Path(os.environ["KEY_FILE"]).read_text(), "public_certificate": Path(os.environ["CERT_FILE"]).read_text()}
    steps.is_the_apps(token_of(confidential(both).acquire_token_for_client(APP_ONLY)))


def certificate_in_a_pfx_file() -> None:
    pfx = {"private_key_pfx_path": os.environ["PFX_FILE"], "passphrase": os.environ["PFX_PASSWORD"]}
    for with_chain in ({}, {"public_certificate": True}):
        steps.is_the_apps(token_of(confidential({**pfx, **with_chain}).acquire_token_for_client(APP_ONLY)))


def assertion_as_text() -> None:
    app = confidential({"client_assertion": steps.assertion()})
    steps.is_the_apps(token_of(app.acquire_token_for_client(APP_ONLY)))


def assertion_by_a_callable() -> None:
    app = confidential({"client_assertion": steps.assertion})
    steps.is_the_apps(token_of(app.acquire_token_for_client(APP_ONLY)))


def federated_token_by_a_callable() -> None:
    app = confidential({"client_assertion": Path(os.environ["FEDERATED_TOKEN_FILE"]).read_text})
    steps.is_the_apps(token_of(app.acquire_token_for_client(APP_ONLY)))


def code_redeemed_by_hand() -> None:
    app = confidential(os.environ["APP_SECRET"])
    brought = sign_in(app.get_authorization_request_url(READ, redirect_uri=SIGNED_IN, state="af0ifjsldkj")).answer
    assert brought["state"] == "af0ifjsldkj"
    answer = app.acquire_token_by_authorization_code(brought["code"], READ, redirect_uri=SIGNED_IN)
    steps.is_megans(token_of(answer))
    again = app.acquire_token_by_authorization_code(brought["code"], READ, redirect_uri=SIGNED_IN)
    assert again["error"] == "invalid_grant", again


def code_with_pkce_in_the_query() -> None:
    app = public()
    flow = app.initiate_auth_code_flow(READ, redirect_uri="http://localhost:53682", response_mode="query")
    assert flow["code_verifier"]
    landing = sign_in(flow["auth_uri"])
    assert landing.posted is None
    answer = app.acquire_token_by_auth_code_flow(flow, landing.answer)
    steps.is_megans(token_of(answer))
    assert answer["id_token_claims"]["preferred_username"] == steps.MEGAN


def code_of_a_web_app_in_a_form() -> None:
    app = confidential(os.environ["APP_SECRET"])
    flow = app.initiate_auth_code_flow(READ, redirect_uri=SIGNED_IN, response_mode="form_post")
    landing = sign_in(flow["auth_uri"])
    assert landing.posted
    steps.is_megans(token_of(app.acquire_token_by_auth_code_flow(flow, landing.posted)))


def code_with_another_state_is_refused() -> None:
    app = public()
    flow = app.initiate_auth_code_flow(READ, redirect_uri="http://localhost:53682", response_mode="query")
    landing = sign_in(flow["auth_uri"])
    brought = {**landing.answer, "state": "another"}
    assert "state" in str(steps.refusal(ValueError, lambda: app.acquire_token_by_auth_code_flow(flow, brought)))


def interactive() -> None:
    answer = public().acquire_token_interactive(READ, timeout=20)
    steps.is_megans(token_of(answer))
    assert answer["id_token_claims"]["name"] == "Megan Bowen"


def claims_challenge() -> None:
    app = public(client_capabilities=["CP1"])
    token = by_device_code(app)
    (account,) = app.get_accounts()
    steps.is_megans(token)
    steps.control("revoke", user="megan")
    claims = steps.challenge_to(token)
    told = app.acquire_token_silent_with_error(READ, account, claims_challenge=claims)
    assert told["error_codes"] == [50173], told
    flow = app.initiate_auth_code_flow(READ, redirect_uri="http://localhost:53682", response_mode="query", claims_challenge=claims)
    fresh = token_of(app.acquire_token_by_auth_code_flow(flow, sign_in(flow["auth_uri"]).answer))
    steps.is_megans(fresh)
    past_the_cache = token_of(app.acquire_token_silent_with_error(READ, account, claims_challenge=claims))
    assert past_the_cache != fresh
    steps.is_megans(past_the_cache)


if __name__ == "__main__":
    steps.run(globals())
