"""The steps for other tools: complete, parsable, and safe for names that hold what shells, PowerShell and HCL would act on."""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from certificates import base64_der, certificate
from daypass.graph.applications import GRAPH
from daypass.services.recipes import CLOUDS, FORMS, PLACEHOLDER, Place, filled, recipe
from daypass.services.registration import REDIRECT, Plan

NASTY = 'O\'Brien "$HOME" `id` $(id) ${var.x} %{if} \\ # <<NAME>> ’quoted‘'
CERTIFICATE = base64_der(certificate(1_795_000_000.0))
PLANS = {
    "people": Plan(),
    "nasty": Plan(name=NASTY, access="read", shared=True),
    "personal": Plan(audience="personal"),
    "screen": Plan(app_only=True, access="read-basic"),
    "certificate": Plan(app_only=True, certificate=CERTIFICATE),
}
TENANT = "da70a550-7e4a-4a11-8c07-c04705000001"
EVERY = [*itertools.product(FORMS, PLANS, (False, True), ("", TENANT))]


@pytest.mark.parametrize(("form", "plan", "consent", "tenant"), EVERY)
def test_nothing_is_left_to_be_filled_in_and_everything_is_in_it(form: str, plan: str, consent: bool, tenant: str) -> None:
    text = recipe(form, PLANS[plan], Place(tenant_id=tenant), consent=consent)
    assert not PLACEHOLDER.search(text.replace("<<NAME>>", "")), text
    if form != "portal":
        assert all(one.id in text for one in PLANS[plan].permissions)
        assert GRAPH in text
        assert (CERTIFICATE[:60] in text) == (plan == "certificate")
    assert (REDIRECT in text) == (not PLANS[plan].app_only)
    assert text.count("\n\n\n") == 0


def test_a_value_that_looks_like_a_placeholder_is_not_filled_again() -> None:
    assert filled("a <<X>>\n<<Y>>\n", X="<<Y>>", Y="") == "a <<Y>>\n"


# --- shells


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("consent", [False, True])
@pytest.mark.parametrize("form", ["az", "graph"])
def test_the_scripts_are_shell(form: str, plan: str, consent: bool) -> None:
    text = recipe(form, PLANS[plan], Place(), consent=consent)
    checked = subprocess.run(["sh", "-n"], input=text, text=True, capture_output=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")


FAKE_AZ = """#!/usr/bin/env python3
import json, os, sys
words = sys.argv[1:]
files = {word: open(word[1:]).read() for word in words if word.startswith("@")}
with open(os.environ["AZ_LOG"], "a") as log:
    log.write(json.dumps([words, files]) + "\\n")
answers = {("ad", "app", "create"): "c-1", ("account", "show"): "t-1"}
known = next((answer for words_, answer in answers.items() if tuple(words[:len(words_)]) == words_), "")
if words[:3] == ["ad", "sp", "show"]:
    sys.exit(3)
if words[-2:] != ["--output", "none"]:
    print(known)
"""


def run_az(plan: Plan, place: Place, folder: Path, *, consent: bool) -> tuple[str, list[tuple[list[str], dict[str, str]]]]:
    """What the script prints, and what it tells `az`, played by a program that notes it."""
    (folder / "az").write_text(FAKE_AZ)
    (folder / "az").chmod(0o755)
    environ = {"PATH": f"{folder}:{os.environ['PATH']}", "AZ_LOG": str(folder / "log"), "TMPDIR": str(folder)}
    text = recipe("az", plan, place, consent=consent)
    done = subprocess.run(["sh"], input=text, text=True, capture_output=True, env=environ, cwd=folder, check=True)
    said = [(words, files) for words, files in map(json.loads, (folder / "log").read_text().splitlines())]
    assert sorted(path.name for path in folder.iterdir()) == ["az", "log"]  # what it needed on the way is gone
    return done.stdout, said


@pytest.mark.parametrize("plan", PLANS)
def test_az_is_told_the_whole_registration_word_for_word(plan: str, tmp_path: Path) -> None:
    printed, said = run_az(PLANS[plan], Place(), tmp_path, consent=False)
    words, files = next((words, files) for words, files in said if words[:3] == ["ad", "app", "create"])
    given = dict(itertools.pairwise(words))
    assert given["--display-name"] == PLANS[plan].name
    assert given["--sign-in-audience"] == PLANS[plan].sign_in_audience
    assert given["--is-fallback-public-client"] == str(not PLANS[plan].app_only).lower()
    assert given.get("--public-client-redirect-uris") == (None if PLANS[plan].app_only else REDIRECT)
    assert given.get("--requested-access-token-version") == ("2" if plan == "personal" else None)
    assert json.loads(files[given["--required-resource-accesses"]]) == PLANS[plan].access_list()
    assert ["ad", "sp", "create", "--id", "c-1", "--output", "none"] in [words for words, _ in said]
    assert printed == "CLIENT_ID=c-1\nTENANT_ID=t-1\n"


def test_az_is_given_the_certificate_as_it_is_and_consents_if_wanted(tmp_path: Path) -> None:
    _, said = run_az(PLANS["certificate"], Place(), tmp_path, consent=True)
    uploaded = next(files for words, files in said if words[:4] == ["ad", "app", "credential", "reset"])
    (pem,) = uploaded.values()
    assert "".join(pem.splitlines()[1:-1]) == CERTIFICATE
    assert ["ad", "app", "permission", "admin-consent", "--id", "c-1"] in [words for words, _ in said]


def test_az_signs_in_to_the_tenant_that_is_meant(tmp_path: Path) -> None:
    _, said = run_az(Plan(), Place(tenant_id=TENANT), tmp_path, consent=False)
    assert ["login", "--allow-no-subscriptions", "--output", "none", "--tenant", TENANT] in [words for words, _ in said]


@pytest.mark.parametrize("plan", PLANS)
def test_the_calls_by_curl_send_the_body_of_the_plan(plan: str) -> None:
    text = recipe("graph", PLANS[plan], Place(), consent=False)
    assignment = text[text.index("registration=") : text.index("\nanswer=")]
    shown = subprocess.run(["sh"], input=f'{assignment}\nprintf %s "$registration"', text=True, capture_output=True, check=True).stdout
    assert json.loads(shown) == PLANS[plan].body()


# --- PowerShell, Terraform


def test_a_powershell_string_ends_where_it_should() -> None:
    text = recipe("powershell", PLANS["nasty"], Place(), consent=True)
    quoted = re.search(r"displayName = '((?:[^'’‘]|['’‘]{2})*)'$", text, re.MULTILINE)
    assert quoted
    assert re.sub(r"(['’‘])\1", r"\1", quoted[1]) == NASTY


def test_powershell_asks_for_the_consent_permission_only_if_it_consents() -> None:
    assert "DelegatedPermissionGrant" not in recipe("powershell", Plan(), Place(), consent=False)
    assert "DelegatedPermissionGrant.ReadWrite.All" in recipe("powershell", Plan(), Place(), consent=True)
    assert "AppRoleAssignment.ReadWrite.All" in recipe("powershell", PLANS["screen"], Place(), consent=True)


def test_an_hcl_string_is_literal() -> None:
    text = recipe("terraform", PLANS["nasty"], Place(), consent=False)
    (quoted,) = re.findall(r'display_name += (".*")$', text, re.MULTILINE)
    assert not re.search(r"(?<!\$)\$\{|(?<!%)%\{", quoted)
    assert json.loads(quoted).replace("$${", "${").replace("%%{", "%{") == NASTY


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("consent", [False, True])
def test_terraform_reads_it_and_would_write_it_just_so(plan: str, consent: bool, tmp_path: Path) -> None:
    terraform = shutil.which("terraform")
    if terraform is None:
        pytest.skip("NO TERRAFORM ON THIS MACHINE: the configuration was not parsed")
    text = recipe("terraform", PLANS[plan], Place(tenant_id=TENANT), consent=consent) + "\n"
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TF_CLI_CONFIG_FILE": os.devnull, "CHECKPOINT_DISABLE": "1"}
    done = subprocess.run([terraform, "fmt", "-"], input=text, text=True, capture_output=True, env=environ, cwd=tmp_path, check=False)
    assert (done.returncode, done.stdout) == (0, text), done.stderr


# --- places


@pytest.mark.parametrize("host", CLOUDS)
def test_a_national_cloud_is_named_to_each_tool(host: str) -> None:
    place = Place("https://login.example", f"https://{host}/v1.0")
    az, powershell, terraform, portal = (recipe(form, Plan(), place, consent=False) for form in ("az", "powershell", "terraform", "portal"))
    cloud = CLOUDS[host]
    public = host == "graph.microsoft.com"
    assert ("az cloud set" in az, "-Environment" in powershell) == (not public, not public)
    assert public or (f"az cloud set --name {cloud.az}\n" in az and f"-Environment {cloud.powershell} " in powershell)
    assert f'environment = "{cloud.terraform}"' in terraform
    assert cloud.portal in portal
    assert f"scope=https%3A%2F%2F{host}%2F.default" in place.consent_link(Plan(), "c-1")


@pytest.mark.parametrize("word", ["common", "organizations", "Consumers", ""])
def test_a_word_for_many_tenants_is_none_to_register_in(word: str) -> None:
    place = Place(tenant_id=word)
    assert place.tenant == ""
    assert "/organizations/v2.0/adminconsent?client_id=c-1&" in place.consent_link(Plan(), "c-1")
    assert "--tenant" not in recipe("az", Plan(), place, consent=False)


def test_an_app_on_its_own_has_no_address_to_be_sent_back_to() -> None:
    link = Place(tenant_id=TENANT).consent_link(PLANS["screen"], "c-1")
    assert link == f"https://login.microsoftonline.com/{TENANT}/adminconsent?client_id=c-1"
