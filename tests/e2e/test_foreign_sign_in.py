"""Clients that nobody here wrote sign people and apps in against the sandbox, each in every way it knows.

Their programs lie in `clients/`: a step is a function there and a test here, and ends with a call of Graph's. Those that were built when
Microsoft's hosts were the only ones find them behind a proxy; the others are told where the tenant is.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from cli import Control
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
from detour import ALIASES, MICROSOFT, Detour
from programs import Program

import recorder
from certificates import base64_der, certificate, pem, private_key, private_pem

SECRET, PASSWORD, POD = "c0ntoso-s3cret", "c0ntoso-pfx", "system:serviceaccount:reports:nightly"


NOT_IN_1_20 = frozenset({"certificate_by_itself", "certificate_in_a_pfx_file", "assertion_by_a_callable", "federated_token_by_a_callable"})
NOT_IN_1_0 = NOT_IN_1_20 | {
    *("code_with_pkce_in_the_query", "code_with_another_state_is_refused", "code_of_a_web_app_in_a_form"),
    *("interactive", "claims_challenge", "revocation_is_explained", "assertion_as_text"),
}
TRIED = (
    Program("msal-1.0.0", "msal_sign_in.py", "msal-first", True, NOT_IN_1_0),
    Program("msal-1.20.0", "msal_sign_in.py", "tutorial-old", True, NOT_IN_1_20),
    Program("msal-newest", "msal_sign_in.py", "sign-in"),
    Program("azure-identity", "azure_sign_in.py", "sign-in"),
    Program("authlib", "authlib_sign_in.py", "sign-in"),
    Program("msal-node", "msal_sign_in.mjs", "node"),
    Program("openid-client", "openid_sign_in.mjs", "node"),
)


@pytest.fixture(scope="module")
def office(running: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An app with a secret and a certificate, and files of the latter: what a program is told of them, in its environment."""
    control, folder = Control(running.control, running.ca_file), tmp_path_factory.mktemp("certificate")
    may = {"permissions": ["User.Read", "Calendars.ReadWrite"], "roles": ["User.Read.All"]}
    named = {"displayName": "Reports", "redirectUris": ["http://localhost/signed-in"]}
    app = control.post("/apps", publicClient=False, secret=SECRET, **named, **may)
    cert = certificate(running.tenant.clock.now())
    key = {"type": "AsymmetricX509Cert", "usage": "Verify", "key": base64_der(cert), "displayName": "CN=Reports"}
    token = control.post("/token", user="megan", scopes=["Application.ReadWrite.All"])["access_token"]
    change = {"json": {"keyCredentials": [key]}, "headers": {"Authorization": f"Bearer {token}"}}
    said = requests.patch(f"{running.graph_root}/applications(appId='{app['client_id']}')", verify=running.ca_file, timeout=10, **change)
    assert said.ok, said.text
    control.post("/federated", client_id=app["client_id"], subject=POD)
    sealed = BestAvailableEncryption(PASSWORD.encode())
    files = {
        "KEY_FILE": private_pem().encode(),
        "CERT_FILE": pem(cert).encode(),
        "PEM_FILE": (private_pem() + pem(cert)).encode(),
        "FEDERATED_TOKEN_FILE": control.post("/assertion", subject=POD)["assertion"].encode(),
        "PFX_FILE": pkcs12.serialize_key_and_certificates(b"Reports", private_key(1), cert, None, sealed),
    }
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return {
        **{name: str(folder / name) for name in files},
        "PFX_PASSWORD": PASSWORD,
        "THUMBPRINT": cert.fingerprint(hashes.SHA1()).hex(),
        "APP_ID": app["client_id"],
        "APP_SECRET": SECRET,
    }


@pytest.fixture(scope="module")
def tried(running: Any, office: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Callable[[Program], dict[str, str]]:
    """What went wrong in each step of a program ("" for nothing); it runs once."""
    results: dict[Program, dict[str, str]] = {}

    def run(program: Program) -> dict[str, str]:
        if program not in results:
            with addresses(program, running) as where:
                results[program] = program.run(running.ca_file, tmp_path_factory.mktemp(program.name), {**office, **where})
            recorder.note_all(Control(running.control, running.ca_file).journal())
        return results[program]

    return run


@contextlib.contextmanager
def addresses(program: Program, running: Any) -> Iterator[dict[str, str]]:
    """Where the program finds the tenant."""
    always = {
        "CONTROL": running.control,
        "TENANT_ID": running.tenant_id,
        "CLIENT_ID": running.client_id,
        "ISSUER": f"{running.authority}/{running.tenant_id}/v2.0",
        "SCOPE": "openid profile offline_access User.Read Calendars.Read",
    }
    if not program.microsofts_hosts:
        yield {**always, "AUTHORITY": running.authority, "GRAPH_ROOT": running.graph_root}
        return
    with Detour(urlsplit(running.authority).port, MICROSOFT | ALIASES).running() as proxy:
        microsofts = {"AUTHORITY": "https://login.microsoftonline.com", "GRAPH_ROOT": "https://graph.microsoft.com/v1.0"}
        yield {**always, **microsofts, "HTTPS_PROXY": proxy}


@pytest.mark.parametrize(
    ("program", "step"), [pytest.param(program, step, id=f"{program.name}-{step}") for program in TRIED for step in program.steps]
)
def test_it_works(program: Program, step: str, tried: Callable[[Program], dict[str, str]]) -> None:
    wrong = tried(program)[step]
    assert not wrong, wrong
