"""The ids of items: a plain one changes when its item moves to another calendar, an immutable one does not.

Both are the same letters behind another beginning, so that each follows from the other as long as the item was never moved; of a
moved item the mailbox remembers the first id. Pages: concepts/outlook-immutable-id, api/user-translateexchangeids.
"""

from __future__ import annotations

import base64
import hashlib

PLAIN = "AAMkAG"
IMMUTABLE = "AAkALgAAAAAAHYQDEapmEc2byACqAC-EWg0AAA"


def immutable(item_id: str) -> str:
    """The immutable form of a plain id; anything else stays as it is."""
    return IMMUTABLE + item_id.removeprefix(PLAIN) if item_id.startswith(PLAIN) else item_id


def plain(item_id: str) -> str:
    """The plain form of an immutable id; anything else stays as it is."""
    return PLAIN + item_id.removeprefix(IMMUTABLE) if is_immutable(item_id) else item_id


def is_immutable(item_id: str) -> bool:
    """Whether an id has the immutable form."""
    return item_id.startswith(IMMUTABLE)


def change_key(*parts: object) -> str:
    """A change key that follows from what it is made of, best from the item's id and the key before."""
    return base64.b64encode(hashlib.sha256(" ".join(str(part) for part in parts).encode()).digest()[:22]).decode()


def derived(*parts: object) -> str:
    """A plain id that follows from what it is made of: the same parts give the same id."""
    digest = hashlib.sha384(" ".join(str(part) for part in parts).encode()).digest()
    return f"{PLAIN}{base64.urlsafe_b64encode(digest).decode()}A="
