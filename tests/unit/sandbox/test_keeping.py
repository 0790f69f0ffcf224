from __future__ import annotations

import pytest

from daypass_sandbox.keeping import Store
from graph_caller import Graph, new_tenant, timed


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
