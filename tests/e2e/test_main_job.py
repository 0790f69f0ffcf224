"""The tutorial's whole job through the command line: sign in, greet, list, create, find again."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from cli import Cli


def test_signing_in_shows_address_code_and_warning_and_names_who_signed_in(cli: Cli) -> None:
    cli.control.when_asked({"user": "megan"})
    done = cli("login", "--device")
    assert done.returncode == 0
    assert done.stdout == ""
    assert "/devicelogin" in done.stderr
    assert "Only type this code if you started this sign-in yourself" in done.stderr
    assert "User.Read, Calendars.Read" in done.stderr
    assert "Signed in as Megan Bowen" in done.stderr


def test_the_bare_command_greets_and_lists_what_is_coming_up(megan: Cli) -> None:
    done = megan()
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Welcome, Megan Bowen!\n")
    assert len(done.stdout.splitlines()) > 5


def test_an_agenda_is_complete_in_order_without_repetition_and_holds_occurrences(megan: Cli) -> None:
    document = megan.json("agenda", "--days", "14")
    events = document["events"]
    assert document["schema"] == "daypass.events/1"
    assert document["tz"] == "Europe/London"
    assert document["meta"]["complete"] is True
    assert len(events) > 10, "more than one page of the service's ten"
    assert len({event["id"] for event in events}) == len(events)
    assert [event["number"] for event in events] == list(range(1, len(events) + 1))
    assert {"occurrence", "singleInstance"} <= {event["type"] for event in events}
    assert "seriesMaster" not in {event["type"] for event in events}
    starts = [event["start"]["utc"] for event in events if "utc" in event["start"]]
    assert all({"local", "zone", "utc"} == set(event["start"]) for event in events if not event["all_day"])
    assert all({"date"} == set(event["start"]) for event in events if event["all_day"])
    assert starts == sorted(starts)


def test_an_agenda_with_a_valid_token_is_one_request_to_graph_and_none_to_the_login_host(megan: Cli) -> None:
    megan.control.forget_journal()
    assert megan("agenda").returncode == 0
    asked = [exchange["url"] for exchange in megan.control.journal() if "/sandbox/" not in exchange["url"]]
    assert len(asked) == 1, asked
    assert "/v1.0/me/calendarView?" in asked[0]


def test_a_created_event_is_shown_as_the_service_keeps_it_and_is_found_by_a_second_listing(megan: Cli) -> None:
    done = megan("add", "--title", "Study for the AZ-204 exam", "--start", "+5m", "--duration", "30m", "--where", "Wherever you are")
    assert done.returncode == 0, done.stderr
    details = dict(line.split(maxsplit=1) for line in done.stdout.splitlines() if line and not line.startswith(" "))
    assert details["Subject"] == "Study for the AZ-204 exam"
    assert details["Location"] == "Wherever you are"
    found = [event for event in megan.json("agenda", "--days", "2")["events"] if event["id"] == details["Id"]]
    assert [event["subject"] for event in found] == ["Study for the AZ-204 exam"]
    start, end = (datetime.fromisoformat(found[0][side]["utc"]) for side in ("start", "end"))
    assert end - start == timedelta(minutes=30)
    assert abs(start - datetime.now(UTC) - timedelta(minutes=5)) < timedelta(minutes=2)


def test_everything_that_can_be_said_of_a_new_event_reaches_the_service(megan: Cli) -> None:
    body = megan.folder / "body.txt"
    body.write_text("First line\nsecond – ünïcode ✓\n", encoding="utf-8")
    made = json.loads(
        megan(
            *("add", "--title", "Café ☕ <b>&", "--start", "2027-07-01 09:30", "--end", "11:00", "--where", "Room 5; Baker's"),
            *("--with", "adele@contoso.example,alex@contoso.example", "--with", "lee@contoso.example"),
            *("--body", f"@{body}", "--tz", "America/New_York", "-o", "json"),
        ).stdout
    )["event"]
    assert made["start"] == {"local": "2027-07-01T09:30:00-04:00", "zone": "America/New_York", "utc": "2027-07-01T13:30:00Z"}
    assert made["end"]["utc"] == "2027-07-01T15:00:00Z"
    assert made["subject"] == "Café ☕ <b>&"
    assert made["location"] == "Room 5; Baker's"
    assert [one["address"] for one in made["attendees"]] == ["adele@contoso.example", "alex@contoso.example", "lee@contoso.example"]
    kept = next(event for event in megan.control.events() if event["id"] == made["id"])
    assert kept["start"]["timeZone"] == "Eastern Standard Time"
    shown = megan("show", made["id"])
    assert "second – ünïcode ✓" in shown.stdout


def test_an_all_day_event_stays_on_its_days_in_every_zone(megan: Cli) -> None:
    made = megan.json("add", "--title", "Offsite", "--start", "2027-03-27", "--end", "2027-03-29")["event"]
    assert (made["start"], made["end"]) == ({"date": "2027-03-27"}, {"date": "2027-03-30"})
    for zone in ("Pacific/Auckland", "America/Los_Angeles", "Asia/Kathmandu"):
        listed = megan.json("agenda", "2027-03-27", "2027-03-29", "--tz", zone)["events"]
        assert [event["start"] for event in listed if event["id"] == made["id"]] == [{"date": "2027-03-27"}]
        for outside in ("2027-03-26", "2027-03-30"):
            assert made["id"] not in [event["id"] for event in megan.json("agenda", outside, outside, "--tz", zone)["events"]]


def test_a_number_of_the_last_listing_names_an_event_and_so_does_a_part_of_its_title(megan: Cli) -> None:
    listed = megan.json("agenda", "--days", "14")["events"]
    assert megan.json("show", "3")["event"]["id"] == listed[2]["id"]
    megan("add", "--title", "Quaxolotl review", "--start", "+1h")
    assert megan.json("show", "--match", "quaxOLOTL")["event"]["subject"] == "Quaxolotl review"
    megan("add", "--title", "Quaxolotl again", "--start", "+2h")
    done = megan("show", "--match", "quaxolotl")
    assert done.returncode == 3
    assert "Quaxolotl review" in done.stderr


def test_plain_lines_are_what_a_pipe_gets_and_carry_the_year(megan: Cli) -> None:
    piped, plain = megan("agenda"), megan("agenda", "-o", "plain")
    assert piped.stdout == plain.stdout
    assert "\033" not in piped.stdout
    assert all(str(datetime.now(UTC).year)[:3] in line for line in piped.stdout.splitlines())


def test_hostile_titles_cannot_steer_the_terminal(megan: Cli) -> None:
    token = megan.control.post("/token", user="megan", scopes=["Calendars.ReadWrite"])["access_token"]
    hostile = "\x1b[2Jgone\x1b]0;pwned\x07 \u202egnp.exe\r\n\x9b31m"
    start = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S")
    end = (datetime.now(UTC) + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%S")
    event = {"subject": hostile, "location": {"displayName": hostile}, "body": {"contentType": "text", "content": hostile * 3}}
    times = {"start": {"dateTime": start, "timeZone": "UTC"}, "end": {"dateTime": end, "timeZone": "UTC"}}
    made = _post(megan, token, {**event, **times})
    for words in (("agenda", "-o", "table"), ("agenda", "-o", "plain"), ("show", made["id"])):
        printed = megan(*words).stdout
        assert "gone" in printed
        assert not {"\x1b", "\x07", "\u202e", "\r", "\x9b"} & set(printed)


def test_the_library_does_the_same_job(megan: Cli) -> None:
    program = (
        "from datetime import UTC, datetime, timedelta\n"
        "import asyncio, os\n"
        "from daypass import AsyncClient, Client, NewEvent\n"
        "now = datetime.now(UTC)\n"
        "with Client() as client:\n"
        "    assert client.me().display_name == 'Megan Bowen'\n"
        "    made = client.create_event(NewEvent('By library', now + timedelta(hours=1), now + timedelta(hours=2)))\n"
        "    listed = client.calendar_view(now, now + timedelta(days=14))\n"
        "    assert made.id in [event.id for event in listed]\n"
        "    assert all(event.is_all_day or event.start.tzinfo for event in listed)\n"
        "async def main():\n"
        "    async with AsyncClient() as client:\n"
        "        assert (await client.me()).display_name == 'Megan Bowen'\n"
        "        assert await client.calendar_view(now, now + timedelta(days=14)) == listed\n"
        "        assert (await client.get_event(made.id)).subject == 'By library'\n"
        "asyncio.run(main())\n"
    )
    import subprocess
    import sys

    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], env=megan.environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr


def _post(cli: Cli, token: str, event: dict[str, object]) -> dict[str, str]:
    import ssl
    from urllib.request import HTTPSHandler, ProxyHandler, Request, build_opener

    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    request = Request(f"{cli.environ['DAYPASS_GRAPH_ROOT']}/me/events", json.dumps(event).encode(), headers, method="POST")
    opener = build_opener(ProxyHandler({}), HTTPSHandler(context=ssl.create_default_context(cafile=cli.environ["DAYPASS_CA_FILE"])))
    with opener.open(request, timeout=10) as answer:
        return json.load(answer)
