"""Azure's library signs people and apps in with each of its credentials; each step ends with a call of Graph's.

Run by its test with the addresses in the environment and the steps to take on the command line.
"""

from __future__ import annotations

import os
import socket
from typing import Any
from urllib.parse import urlencode

import steps
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import (
    AuthenticationRequiredError,
    AuthorizationCodeCredential,
    CertificateCredential,
    ClientAssertionCredential,
    ClientSecretCredential,
    DeviceCodeCredential,
    EnvironmentCredential,
    InteractiveBrowserCredential,
    WorkloadIdentityCredential,
)
from plain_browser import sign_in

READ = ("https://graph.microsoft.com/User.Read", "https://graph.microsoft.com/Calendars.Read")
APP_ONLY = "https://graph.microsoft.com/.default"
SIGNED_IN = "http://localhost:53682/signed-in"
APP, TENANT, SECRET = os.environ["APP_ID"], os.environ["TENANT_ID"], os.environ["APP_SECRET"]
WHERE: dict[str, Any] = {"authority": os.environ["AUTHORITY"], "disable_instance_discovery": True}


def by_device_code(**more: Any) -> DeviceCodeCredential:
    def prompt(_uri: str, user_code: str, _expires_on: object) -> None:
        steps.approve(user_code)

    return DeviceCodeCredential(os.environ["CLIENT_ID"], tenant_id=TENANT, prompt_callback=prompt, **WHERE, **more)


def by_browser(**more: Any) -> InteractiveBrowserCredential:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    return InteractiveBrowserCredential(
        client_id=os.environ["CLIENT_ID"], tenant_id=TENANT, redirect_uri=f"http://localhost:{port}", timeout=20, **WHERE, **more
    )


def device_code() -> None:
    credential = by_device_code()
    record = credential.authenticate(scopes=READ)
    assert (record.username, record.tenant_id) == (steps.MEGAN, TENANT)
    token = credential.get_token(*READ).token
    steps.is_megans(token)
    assert credential.get_token(*READ).token == token


def interactive_browser() -> None:
    credential = by_browser()
    steps.is_megans(credential.get_token(*READ).token)
    assert credential.authenticate(scopes=READ).username == steps.MEGAN


def authorization_code() -> None:
    question = {
        "client_id": APP,
        "response_type": "code",
        "redirect_uri": SIGNED_IN,
        "scope": " ".join((*READ, "offline_access")),
        "state": "af0ifjsldkj",
    }
    code = sign_in(f"{os.environ['AUTHORITY']}/{TENANT}/oauth2/v2.0/authorize?{urlencode(question)}").answer["code"]
    credential = AuthorizationCodeCredential(TENANT, APP, code, SIGNED_IN, client_secret=SECRET, **WHERE)
    steps.is_megans(credential.get_token(*READ).token)


def claims_challenge() -> None:
    credential = by_device_code(disable_automatic_authentication=True)
    credential.authenticate(scopes=READ, enable_cae=True)
    token = credential.get_token(*READ, enable_cae=True).token
    steps.is_megans(token)
    steps.control("revoke", user="megan")
    claims = steps.challenge_to(token)
    needed = steps.refusal(AuthenticationRequiredError, lambda: credential.get_token(*READ, claims=claims, enable_cae=True))
    credential.authenticate(scopes=needed.scopes, claims=needed.claims, enable_cae=True)
    fresh = credential.get_token(*READ, enable_cae=True).token
    assert fresh != token
    steps.is_megans(fresh)


def client_secret() -> None:
    steps.is_the_apps(ClientSecretCredential(TENANT, APP, SECRET, **WHERE).get_token(APP_ONLY).token)


def client_secret_that_is_wrong() -> None:
    credential = ClientSecretCredential(TENANT, APP, "nonsense", **WHERE)
    assert "AADSTS7000215" in steps.refusal(ClientAuthenticationError, lambda: credential.get_token(APP_ONLY)).message


def certificate() -> None:
    for more in ({}, {"send_certificate_chain": True}):
        steps.is_the_apps(CertificateCredential(TENANT, APP, os.environ["PEM_FILE"], **WHERE, **more).get_token(APP_ONLY).token)


def certificate_in_a_pfx_file() -> None:
    credential = CertificateCredential(TENANT, APP, os.environ["PFX_FILE"], password=os.environ["PFX_PASSWORD"], **WHERE)
    steps.is_the_apps(credential.get_token(APP_ONLY).token)


def assertion_of_ones_own() -> None:
    steps.is_the_apps(ClientAssertionCredential(TENANT, APP, steps.assertion, **WHERE).get_token(APP_ONLY).token)


def federated_token_in_a_file() -> None:
    credential = WorkloadIdentityCredential(tenant_id=TENANT, client_id=APP, token_file_path=os.environ["FEDERATED_TOKEN_FILE"], **WHERE)
    steps.is_the_apps(credential.get_token(APP_ONLY).token)


def what_the_environment_says() -> None:
    os.environ.update(AZURE_TENANT_ID=TENANT, AZURE_CLIENT_ID=APP, AZURE_CLIENT_SECRET=SECRET)
    steps.is_the_apps(EnvironmentCredential(**WHERE).get_token(APP_ONLY).token)


if __name__ == "__main__":
    steps.run(globals())
