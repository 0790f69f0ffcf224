"""The service's odd habits, each with a name: some are on as they are in the service, some come now and then, and all can be switched.

A quirk is a yes or no, a likelihood from 0 to 1 (drawn with `seed`, so that a run can be repeated), or one of some words. The state
keeps only what was set; what was not set is as the service has it.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from .tenant import State


DRAWN = "drawn"  # in the state: how often was drawn with the present seed


class Quirk(NamedTuple):
    """One habit: its value where none was set, what it means, and where it was seen; `words` are its values if they are words."""

    default: bool | float | str
    meaning: str
    words: tuple[str, ...] = ()


QUIRKS: Mapping[str, Quirk] = {
    "repeatLastItem": Quirk(
        False, "the last item of a page comes again as the first of the next one (microsoft-graph-docs-contrib issue 2285)"
    ),
    "deletedOccurrenceSilent": Quirk(
        True,
        "delta: a deleted occurrence gives no sign of its own; its series comes again without it "
        "(microsoft-graph-docs pull request 4501). Switched off, it comes as @removed as well",
    ),
    "wholeSeries": Quirk(
        True,
        "delta: a series with its occurrences is never parted, so a page may be larger than asked (microsoft-graph-docs pull request 4501)",
    ),
    "emptyPages": Quirk(0.0, "delta: how likely a page comes empty, with a link to the next (concepts/delta-query-overview)"),
    "repeatedItems": Quirk(0.0, "delta: how likely the last item of a page comes again on the next (concepts/delta-query-overview)"),
    "repeatedLinks": Quirk(0.0, "delta: how likely a page's nextLink leads to the same page again (observed by others)"),
    "replays": Quirk(0.0, "delta: how likely a round begins with changes that an earlier round had (concepts/delta-query-overview)"),
    "todoQueryLimits": Quirk(
        True,
        "To Do refuses $select, ignores $count=true, gives extensions only by a filtered $expand, lists none of them, and keeps the order "
        "of steps (planetaryescape/ms-todo, spikes S2, S3 and S15). Switched off, these work as documented",
    ),
    "taskRecurrenceShift": Quirk(
        True,
        "To Do moves a recurring task to its next occurrence when its due midnight is none in the recurrence's zone, which is UTC where it "
        "names none (planetaryescape/ms-todo, spikes S12 and S14)",
    ),
    "taskRecurrenceOmitted": Quirk(False, "To Do never tells the recurrence of a task (MS365-ToDo issue 133)"),
    "stepUncheckedByRename": Quirk(
        True, "To Do unchecks a step by every change that does not say isChecked (planetaryescape/ms-todo, spike S1)"
    ),
    "staleToken": Quirk(
        "",
        "delta: the refusal of a stale token: SyncStateNotFound is 410 (what Outlook answers), syncStateNotFound 400 (what the directory "
        "answers); SyncStateInvalid and resyncRequired are 410 with a Location to begin anew; empty: as the service does",
        ("", "SyncStateNotFound", "syncStateNotFound", "SyncStateInvalid", "resyncRequired"),
    ),
    "preserveDeclinedMeetings": Quirk(
        False, "a declined meeting stays in the attendee's calendar, shown as free, instead of leaving it (Exchange's setting of this name)"
    ),
    "repeatedPushes": Quirk(False, "notifications: each update is pushed three times (microsoft-graph-docs-contrib issue 3072)"),
    "reminderPushes": Quirk(False, "notifications: an event is pushed as updated when its reminder falls due (observed by others)"),
    "slowEndpoints": Quirk(
        True,
        "notifications: for webhooks that answer slowly they come ten minutes late, or are dropped "
        "(concepts/change-notifications-delivery-webhooks)",
    ),
    "tokenHoldsPush": Quirk(
        False,
        "notifications: they wait, for up to 4 hours, once the token has expired that the subscription was last authorized by (the same "
        "page; others see Outlook's go on to the end of the subscription)",
    ),
    "validationTokensV2": Quirk(False, "notifications: validation tokens are of version 2.0, with azp in place of appid"),
    "nullIntervalFails": Quirk(
        True, "getSchedule: an availabilityViewInterval of null is answered with 500 (microsoft-graph-docs issue 4494), not taken for 30"
    ),
    "formerSchedule": Quirk(
        False,
        "getSchedule as its pages had it before 2024: a window of less than 42 days, not 62, and 4 in availabilityView while somebody "
        "works elsewhere, not 0 (microsoft-graph-docs-contrib pull request 9360)",
    ),
    "privateDetailsShown": Quirk(
        False, "everybody with whom a calendar is shared sees all of its private events (observed by others with delegates)"
    ),
    "seed": Quirk(0.0, "the seed of everything that is drawn"),
}


def value(state: State, name: str) -> Any:
    """What a quirk is set to, or the service's own habit."""
    return state.quirks.get(name, QUIRKS[name].default)


def happens(state: State, name: str) -> bool:
    """Draw whether a quirk that comes now and then comes now; the same seed gives the same row of answers."""
    likelihood = value(state, name)
    if not likelihood:
        return False
    state.quirks[DRAWN] = state.quirks.get(DRAWN, 0) + 1
    return random.Random(f"{value(state, 'seed')}:{state.quirks[DRAWN]}").random() < likelihood


def checked(name: str, given: Any) -> Any:
    """A value for a quirk as it is kept; ValueError says what it must be."""
    known = QUIRKS[name]
    if known.words and given not in known.words:
        raise ValueError(f"{name} must be one of {', '.join(repr(word) for word in known.words)}")
    if isinstance(known.default, bool) and not isinstance(given, bool):
        raise ValueError(f"{name} must be true or false")
    if isinstance(known.default, float):
        most = float("inf") if name == "seed" else 1
        if isinstance(given, bool) or not isinstance(given, int | float) or not 0 <= given <= most:
            raise ValueError(f"{name} must be a number from 0 {'on' if name == 'seed' else 'to 1'}")
    return given
