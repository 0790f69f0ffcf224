from __future__ import annotations

import random
from urllib.parse import urlencode

import pytest

from daypass_sandbox.keeping import Store
from daypass_sandbox.tenant import CLIENT_ID, Tenant
from entra_caller import Entra
from graph_caller import Graph, StoppedClock, new_tenant, timed


def test_a_save_that_failed_is_told_once_and_made_up_for(tmp_path, capsys):
    folder, away = tmp_path / "kept", tmp_path / "away"
    folder.mkdir()
    tenant = new_tenant()
    store = Store(tenant, folder / "state.json")
    folder.rename(away)
    Graph(tenant).create(**timed("Kept after all", "2026-11-26T09:00:00", "2026-11-26T09:15:00"))
    store.save_if_possible()
    store.save_if_possible()
    assert capsys.readouterr().err.count("cannot be saved") == 1
    away.rename(folder)
    store.save_if_possible()
    assert "Kept after all" in (folder / "state.json").read_text()
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"users": {"x": 5}}', '{"apps": {"a": 5}}', '{"subscriptions": {"a": {}}}', "[" * 100_000, "\udcff"]
)
def test_a_damaged_state_is_refused_with_what_to_do(tmp_path, text):
    file = tmp_path / "state.json"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ValueError, match="move it away to begin again"):
        Store(new_tenant(), file)


@pytest.mark.parametrize("fault", [{"status": 500, "count": 9}, {"status": 500, "probability": 0.5, "seed": 1}])
def test_a_fault_that_strikes_a_get_is_saved_as_used(tmp_path, fault):
    tenant, file = new_tenant(), tmp_path / "state.json"
    store, graph = Store(tenant, file), Graph(tenant)
    assert Entra(tenant.handle).control("POST", "faults", fault).status == 201
    store.save()
    before = file.read_text()
    graph("GET", "/me/calendar")
    store.save()
    assert file.read_text() != before


def test_a_sign_in_in_the_browser_is_saved_and_reading_saves_nothing(tmp_path):
    tenant, file = Tenant(clock=StoppedClock(), chance=random.Random(7), seed="empty", auto_approve="megan"), tmp_path / "state.json"
    store, graph = Store(tenant, file), Graph(tenant)
    store.save()
    before, changes = file.read_text(), tenant.changes
    graph("GET", "/me/calendar")
    assert tenant.changes == changes
    asked = {"client_id": CLIENT_ID, "response_type": "code", "redirect_uri": "http://localhost", "scope": "User.Read"}
    assert Entra(tenant.handle).get(f"/common/oauth2/v2.0/authorize?{urlencode(asked)}").status == 302
    store.save()
    assert file.read_text() != before
