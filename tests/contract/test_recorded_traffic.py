"""What the whole suite said to the tenant and heard from it, judged by Microsoft's own published contract.

These come last. Run by themselves they have nothing to judge and say so; with `pytest tests/unit/sandbox tests/contract` they have most.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest

import judging
from daypass_sandbox.directory.people import resolve
from daypass_sandbox.graph import paths
from daypass_sandbox.routes import Fault, Router
from daypass_sandbox.tenant import GRAPH_ROUTES
from graph_caller import MEGAN, new_tenant
from recorder import NOTED

pytestmark = pytest.mark.last

ENOUGH = 150  # exchanges of different shape, fewer than the unit tests of the sandbox alone make
MOST = 2_000  # fewer than those make together with the other tests of this folder
MADE_UP = re.compile(r"/v1\.0/(people|pets|many|halls)\b")  # lists that tests of the query language make for themselves

# What the service takes although its contract says otherwise, and who saw it do so. All else that is taken must be within the contract.
TAKEN_ALL_THE_SAME = {
    "any letter case of enumerations and of members (36 examples of the documentation itself)": r"in another letter case|is spelled '",
    "truth values and numbers in quotes (7 examples of the documentation itself)": r"quoted (boolean|integer|number)",
    "a dateTime with an offset of its own, which then counts (the tutorial's own program)": r"is not \{date\}T\{time\} without offset",
    "keys in parentheses with the padding that ids end in (OData 4.01, URL conventions 4.3.1)": r"\('[^']*='\)\S* no such path",
    "anything within members that only the service writes, which passes them over": (
        r"\$\.(responseStatus|attendees\[\d+\]\.(status|proposedNewTime)|calendar|onlineMeeting|(instances|exceptionOccurrences)\[\d+\])\."
    ),
    "whole addresses in a batch, and the spelling of dependsOn (what Microsoft's own SDK for Python sends)": (
        r"\$batch -> 200: \$\.requests\[\d+\](\.depends_on unknown property| url must be relative)"
    ),
    "an action without a body, where no parameter is required (OData 4.01, part 1, 11.5.5.1)": (
        r"/(accept|decline|tentativelyAccept|cancel|addPassword|findMeetingTimes) -> 20\d: - MissingRequiredRequestBody"
    ),
    "null where the contract has none, which then is as if it were not there; nobody is known to have seen what the service says": (
        r"None (for not nullable|is not of type|is not one of)"
    ),
    "events without a window, which beta has (api/event-delta)": r"/beta/\S*/events/delta\S* -> 200: - MissingRequiredParameter",
    "the window of expanded instances (api/event-list-instances)": r"undeclared query parameter (start|end)DateTime",
    "options of OData that are not declared one by one (concepts/query-parameters)": r"undeclared query parameter \$(format|count)",
    "files of To Do in the words of its pages (api/todotask-post-attachments, api/taskfileattachment-createuploadsession)": (
        r"/todo/\S*/attachments(/createUploadSession)? -> 201: \$\.(contentBytes|attach)"
    ),
    "attachments whose kind is told by what they have": r"/attachments -> 201: \$\.\w+ unknown property .*belongs to derived",
}

# Routes that nobody is granted, whoever asks, and such whose bytes go past the recorder, with the tests that see to them.
NOT_GRANTED = {
    "nobody has a photo": r"GET /users/\{user_id\}/photos?(/.*)?",
    "the default calendar stays (test_calendar_crud)": r"POST /users/\{user_id\}/calendar/permanentDelete",
    "in the metadata, without a page": r"GET /subscriptions/getVapidPublicKey",
    "a session of To Do does not tell where it stands (test_todo_parts)": r"GET .*/attachmentSessions/\{session_id\}(/content)?",
    "bytes of To Do's files (test_todo_parts)": r"GET .*/attachments/\{file_id\}/\$value|PUT .*/attachmentSessions/\{session_id\}/content",
}


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    kit = judging.command()
    if len(NOTED) < ENOUGH:
        pytest.skip(f"NOTHING TO JUDGE: {len(NOTED)} exchanges were recorded; run the other tests too")
    exchanges = [exchange for exchange in NOTED.values() if not MADE_UP.match(urlsplit(exchange["url"]).path)]
    return judging.judge(kit, exchanges, tmp_path_factory.mktemp("judged"))


def test_what_was_granted_is_answered_within_the_contract(judged):
    told = judging.told([verdict for verdict in judged if verdict[0]["status"] < 400], "response")
    wrong = judging.unknown(told, judging.ANSWERED_ALL_THE_SAME)
    assert not wrong, "\n".join(wrong)


def test_what_was_refused_is_refused_in_the_declared_form(judged):
    told = judging.told([verdict for verdict in judged if verdict[0]["status"] >= 400], "response")
    wrong = judging.unknown(told, judging.ANSWERED_ALL_THE_SAME)
    assert not wrong, "\n".join(wrong)


def test_what_was_granted_was_asked_within_the_contract_or_is_known_to_be_taken(judged):
    asked = judging.told([verdict for verdict in judged if verdict[0]["status"] < 400], "request")
    wrong = judging.unknown(asked, {**TAKEN_ALL_THE_SAME, **judging.ANSWERED_ALL_THE_SAME})
    assert not wrong, "\n".join(wrong)


def granted():
    """The routes that a recorded request was granted by."""
    router, state = Router(GRAPH_ROUTES), new_tenant().state
    for exchange in NOTED.values():
        path = urlsplit(exchange["url"]).path.strip("/").partition("/")[2]
        try:
            canonical, _ = paths.canonical(path, MEGAN, lambda key: resolve(state, key) or MEGAN)
        except Fault:
            continue
        found = router.find(exchange["method"], canonical)
        if found and exchange["status"] < 400:
            yield found[0]


def test_every_route_was_asked_and_granted():
    judging.command()  # without the kit the tests that ask the rarer routes are skipped, and so is this one
    if len(NOTED) < MOST:
        pytest.skip(f"NOTHING TO JUDGE: {len(NOTED)} exchanges were recorded; run the other tests too")
    done, never = set(granted()), re.compile("|".join(NOT_GRANTED.values()))
    missing = [f"{route.method} {route.template}" for route in GRAPH_ROUTES if route not in done]
    missing = [line for line in missing if not never.fullmatch(line)]
    assert not missing, "\n".join(missing)
