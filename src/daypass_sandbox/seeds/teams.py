"""The groups of a seed, and who reports to whom."""

from __future__ import annotations

from typing import Any

from ..calendar.calendars import new_mailbox
from ..clock import graph_stamp
from ..directory import written
from .document import check
from .ground import Ground

Json = dict[str, Any]

KINDS = ("microsoft365", "security", "distribution")
OWN = ("kind", "members", "owners")
GROUP = {"id": str, "displayName": str, "mailNickname": str, "kind": str, "members": list, "owners": list}


def plant_managers(ground: Ground, managers: Json) -> None:
    """Give people their managers: both by short names."""
    for key, manager in managers.items():
        person = ground.tenant.state.users[ground.user_id(key, "managers")]
        person["x-manager"] = ground.user_id(manager, f"managers.{key}")


def plant_groups(ground: Ground, groups: Json) -> None:
    """Found groups: `kind` is microsoft365, security or distribution; members and owners are people or groups by their short names."""
    for key, group in groups.items():
        where = f"groups.{key}"
        check(group, GROUP, where, required=("id", "displayName", "mailNickname", "kind"), open_ended=True)
        if group["kind"] not in KINDS:
            raise ValueError(f"{where}: '{group['kind']}' is none of {', '.join(KINDS)}")
        ground.tenant.state.groups[group["id"]] = _group(ground, groups, group, where)
        if group["kind"] == "microsoft365":
            ground.tenant.state.mailboxes[group["id"]] = new_mailbox(ground.tenant.new_id, ground.zone)


def _group(ground: Ground, groups: Json, given: Json, where: str) -> Json:
    state, unified, mail_enabled = ground.tenant.state, given["kind"] == "microsoft365", given["kind"] != "security"
    mail = f"{given['mailNickname']}@{state.domains[0]}" if mail_enabled else None

    try:
        members = written.group({name: value for name, value in given.items() if name not in OWN}, GROUP)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None

    def ids(relation: str) -> list[str]:
        keys = [str(key) for key in given.get(relation, [])]
        return [groups[key]["id"] if key in groups else ground.user_id(key, f"{where}.{relation}") for key in keys]

    return {
        "createdDateTime": graph_stamp(ground.settled_at),
        "groupTypes": ["Unified"] if unified else [],
        "mail": mail,
        "mailEnabled": mail_enabled,
        "proxyAddresses": [f"SMTP:{mail}"] if mail else [],
        "renewedDateTime": graph_stamp(ground.settled_at),
        "securityEnabled": given["kind"] == "security",
        "visibility": "Public" if unified else None,
        **members,
        "x-members": ids("members"),
        "x-owners": ids("owners"),
    }
