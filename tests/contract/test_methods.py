"""Which methods each path takes, held against Microsoft's published contract where that is at hand."""

from __future__ import annotations

import json
import re

import pytest

import judging
from daypass_sandbox.graph import methods, paths
from daypass_sandbox.routes import Route, Router
from daypass_sandbox.tenant import GRAPH_ROUTES
from graph_caller import MEGAN, Graph, new_tenant

ROUTER = Router(GRAPH_ROUTES)
NAMED = Router(Route(method, template, lambda call: None) for method, template in methods.NOT_BUILT)
METHODS = ("GET", "POST", "PATCH", "PUT", "DELETE")


def published():
    """Method and path of every operation of the contract, the path as the tables of routes spell it."""
    contract = judging.KIT / "graph-calendar.hardened.openapi.json"
    if not contract.is_file():
        pytest.skip(f"NOT JUDGED: there is no published contract at {contract}; set DAYPASS_KIT")
    for template, operations in json.loads(contract.read_text())["paths"].items():
        filled = re.sub(r"='\{\w+\}'", "='x'", re.sub(r"\{[^}']+\}", "x", template)).strip("/")
        for method in operations:
            if method.upper() in METHODS:
                yield method.upper(), paths.canonical(filled, MEGAN, lambda key: key)[0]


def test_every_method_of_a_path_is_built_or_named():
    known = [(method, path) for method, path in published() if ROUTER.methods(path)]
    missing = [f"{method} {path}" for method, path in known if not ROUTER.find(method, path) and not NAMED.find(method, path)]
    assert missing == []
    assert len(known) > 400


@pytest.mark.parametrize(("method", "template"), methods.NOT_BUILT)
def test_what_is_named_is_not_built(method, template):
    found = ROUTER.find(method, re.sub(r"\{\w+\}", "x", template))
    assert found is None


TODO = "/me/todo/lists/x/tasks/y"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("DELETE", "/me/calendar", 405, "Request_BadRequest"),
        ("PUT", "/me/events/x", 405, "Request_BadRequest"),
        ("GET", "/me/sendMail", 405, "Request_BadRequest"),
        ("POST", "/me", 405, "Request_BadRequest"),
        ("PATCH", f"{TODO}/attachmentSessions/z", 501, "notImplemented"),
        ("POST", "/users/getByIds", 501, "notImplemented"),
        ("GET", "/me/drive", 501, "notImplemented"),
    ],
)
def test_a_method_is_refused_where_graph_has_none_and_named_where_it_is_not_built(method, path, status, code):
    answer = Graph(new_tenant())(method, path, {} if method in ("POST", "PUT", "PATCH") else None)
    assert (answer.status, answer.code) == (status, code)


def test_the_refusal_tells_which_methods_are_taken():
    answer = Graph(new_tenant())("PUT", "/me/calendar", {})
    assert answer.headers["allow"] == "GET, PATCH"
    assert answer.message == "Specified HTTP method is not allowed for the request target."


def test_of_what_beta_has_nothing_is_known():
    assert Graph(new_tenant())("PUT", "https://localhost:8443/beta/me/calendar", {}).status == 501
