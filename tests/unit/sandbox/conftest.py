"""What most tests of the sandbox begin with: an empty tenant, and somebody who speaks to it."""

from __future__ import annotations

import pytest

from entra_caller import Entra
from graph_caller import Graph, new_tenant
from meeting_room import Company
from todo_caller import Todo
from webhooks import Webhook


@pytest.fixture
def tenant():
    return new_tenant()


@pytest.fixture
def entra(tenant):
    return Entra(tenant.handle)


@pytest.fixture
def graph(tenant):
    return Graph(tenant)


@pytest.fixture
def company():
    return Company()


@pytest.fixture
def todo():
    return Todo.new()


@pytest.fixture
def webhook():
    return Webhook()
