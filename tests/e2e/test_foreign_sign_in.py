"""Clients that nobody here wrote sign people and apps in against the sandbox, each in every way it knows.

Their programs lie in `clients/`: a step is a function there and a test here, and ends with a call of Graph's. Those that were built when
Microsoft's hosts were the only ones find them behind a proxy; the others are told where the tenant is.
"""

from __future__ import annotations

import ast
import contextlib
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
import requests
from cli import Control
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
from detour import ALIASES, MICROSOFT, Detour
from environments import CLIENTS, node_with_clients, python_with

import recorder
from certificates import base64_der, certificate, pem, private_key, private_pem

E2E = CLIENTS.parent
SECRET, PASSWORD = "c0ntoso-s3cret", "c0ntoso-pfx"


class Client(NamedTuple):
    """A program and the environment that it runs in; `lacks` are the steps that the version there does not know."""

    name: str
    program: str
    environment: str
    microsofts_hosts: bool = False
    lacks: frozenset[str] = frozenset()

    def command(self) -> list[str | Path]:
        """What starts it, its environment made on first use."""
        if self.environment == "node":
            node, folder = node_with_clients()
            return [node, folder / self.program]
        return [python_with(self.environment), CLIENTS / self.program]

    @property
    def steps(self) -> list[str]:
        """The steps that it is to take: the functions of its program that neither take nor return anything."""
        if self.program.endswith(".mjs"):
            return re.findall(r"^  async (\w+)\(\)", (CLIENTS / self.program).read_text(), re.MULTILINE)
        tree = ast.parse((CLIENTS / self.program).read_text())
        functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
        return [one.name for one in functions if ast.unparse(one).startswith(f"def {one.name}() -> None:") and one.name not in self.lacks]


NOT_IN_1_20 = frozenset({"certificate_by_itself", "certificate_in_a_pfx_file"})
NOT_IN_1_0 = NOT_IN_1_20 | {
    *("code_with_pkce_in_the_query", "code_with_another_state_is_refused", "code_of_a_web_app_in_a_form"),
    *("interactive", "claims_challenge", "revocation_is_explained"),
}
TRIED = (
    Client("msal-1.0.0", "msal_sign_in.py", "msal-first", True, NOT_IN_1_0),
    Client("msal-1.20.0", "msal_sign_in.py", "tutorial-old", True, NOT_IN_1_20),
    Client("msal-newest", "msal_sign_in.py", "sign-in"),
    Client("azure-identity", "azure_sign_in.py", "sign-in"),
    Client("authlib", "authlib_sign_in.py", "sign-in"),
    Client("msal-node", "msal_sign_in.mjs", "node"),
    Client("openid-client", "openid_sign_in.mjs", "node"),
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
    sealed = BestAvailableEncryption(PASSWORD.encode())
    files = {
        "KEY_FILE": private_pem().encode(),
        "CERT_FILE": pem(cert).encode(),
        "PEM_FILE": (private_pem() + pem(cert)).encode(),
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
def tried(running: Any, office: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Callable[[Client], dict[str, str]]:
    """What went wrong in each step of a client ("" for nothing); its program runs once."""
    results: dict[Client, dict[str, str]] = {}

    def run(client: Client) -> dict[str, str]:
        if client not in results:
            results[client] = run_program(client, running, office, tmp_path_factory.mktemp(client.name))
            recorder.note_all(Control(running.control, running.ca_file).journal())
        return results[client]

    return run


def run_program(client: Client, running: Any, office: dict[str, str], home: Path) -> dict[str, str]:
    person, command = [sys.executable, str(E2E / "plain_browser.py")], client.command()
    with addresses(client, running) as where:
        environment = {
            **office,
            **where,
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "PYTHONPATH": str(E2E),
            "BROWSER": f"{shlex.join(person)} open %s &",
            "PERSON": json.dumps(person),
            "CONTROL": running.control,
            "ISSUER": f"{running.authority}/{running.tenant_id}/v2.0",
            "SCOPE": "openid profile offline_access User.Read Calendars.Read",
            "CLIENT_ID": running.client_id,
            "TENANT_ID": running.tenant_id,
            "SSL_CERT_FILE": running.ca_file,
            "REQUESTS_CA_BUNDLE": running.ca_file,
            "NODE_EXTRA_CA_CERTS": running.ca_file,
        }
        ran = subprocess.run([*command, *client.steps], env=environment, cwd=home, capture_output=True, text=True, timeout=180, check=False)
    assert ran.returncode == 0, f"after {ran.stdout}\n{ran.stderr[-6000:]}"
    return dict(json.loads(line) for line in ran.stdout.splitlines())


@contextlib.contextmanager
def addresses(client: Client, running: Any) -> Iterator[dict[str, str]]:
    """Where the program finds the tenant."""
    if not client.microsofts_hosts:
        yield {"AUTHORITY": running.authority, "GRAPH_ROOT": running.graph_root}
        return
    with Detour(urlsplit(running.authority).port, MICROSOFT | ALIASES).running() as proxy:
        microsofts = {"AUTHORITY": "https://login.microsoftonline.com", "GRAPH_ROOT": "https://graph.microsoft.com/v1.0"}
        yield {**microsofts, "HTTPS_PROXY": proxy}


@pytest.mark.parametrize(
    ("client", "step"), [pytest.param(client, step, id=f"{client.name}-{step}") for client in TRIED for step in client.steps]
)
def test_it_works(client: Client, step: str, tried: Callable[[Client], dict[str, str]]) -> None:
    wrong = tried(client)[step]
    assert not wrong, wrong
