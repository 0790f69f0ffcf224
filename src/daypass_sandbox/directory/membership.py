"""Who is in a group, as the group itself keeps it: ids of people and of other groups, under a name that Graph does not show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

MEMBERS = "x-members"


def direct_members(group: Mapping[str, Any]) -> Sequence[str]:
    """The ids of those who are in a group by themselves, not through a group within it."""
    return group.get(MEMBERS, ())
