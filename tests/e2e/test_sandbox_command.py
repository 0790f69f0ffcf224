"""`daypass sandbox …` and `python -m daypass_sandbox …` as processes."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import signal
import socket
import ssl
import stat
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from urllib.request import HTTPSHandler, ProxyHandler, Request, build_opener

import certifi
import pytest

from daypass_sandbox import extra
from daypass_sandbox.environment import IDENTITY_HEADER

MEMBERS = {"authority", "graph_root", "tenant_id", "client_id", "ca_file", "control", "pid"}
ROOT = Path(__file__).parents[2]
# What a shell starts in the background ignores SIGINT, and so do its children; this one is to hear it all the same.
HEARING = "import runpy, signal; signal.signal(signal.SIGINT, signal.default_int_handler); runpy.run_module('{0}', run_name='__main__')"
SPELLINGS = {"product": ["-m", "daypass", "sandbox"], "alone": ["-m", "daypass_sandbox"]}


class Shell:
    """Runs the verbs in an environment of its own and ends what it started."""

    def __init__(self, folder):
        self.environ = {"PATH": os.environ["PATH"], "HOME": str(folder), "XDG_STATE_HOME": str(folder / "state"), "TMPDIR": str(folder)}
        self.folder, self.words, self.stdin = folder, SPELLINGS["alone"], ""

    def __call__(self, *words, expect=0):
        command = [sys.executable, "-W", "error", *self.words, *words]
        told, self.stdin = self.stdin, ""
        done = subprocess.run(
            command, env=self.environ, cwd=self.folder, input=told, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == expect, done.stderr
        if expect:
            assert done.stdout == ""
            assert len(done.stderr.splitlines()) == 1 or expect == 2, done.stderr
            return done.stderr
        assert done.stderr == ""
        return done.stdout

    def json(self, *words):
        return json.loads(self(*words))

    def start(self, *words):
        command = [sys.executable, *self.words, "up", "--port", "0", *words]
        return subprocess.Popen(command, env=self.environ, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.fixture
def shell(tmp_path):
    shell = Shell(tmp_path)
    yield shell
    for file in (tmp_path / "state" / "daypass" / "sandbox").glob("*.json"):
        shell("down", "--port", file.stem)


@pytest.fixture
def up(shell):
    """A tenant in the background, as it described itself."""
    return shell.json("up", "--port", "0", "--seed", "empty", "--background")


@pytest.fixture(scope="module")
def standing(tmp_path_factory):
    """A tenant in the background for the whole module, and a shell that knows of it."""
    shell = Shell(tmp_path_factory.mktemp("standing"))
    yield shell, shell.json("up", "--port", "0", "--seed", "empty", "--background")
    shell("down")


@pytest.fixture
def steered(standing, tmp_path):
    """The standing tenant as good as new, as it described itself."""
    shell, site = standing
    for name in ("policies", "quirks", "snapshot/before", "journal"):
        with contextlib.suppress(OSError, ValueError):  # there may be none, and nothing is answered
            ask(site, f"{site['control']}/{name}", method="DELETE")
    ask(site, f"{site['control']}/reset", {"seed": "empty"})
    shell.folder = tmp_path
    return site


@pytest.fixture
def steer(standing, steered):
    """The shell for the standing tenant."""
    return standing[0]


def ask(site, path, body=None, token="", method=None):
    opener = build_opener(ProxyHandler({}), HTTPSHandler(context=ssl.create_default_context(cafile=site["ca_file"])))
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    with opener.open(Request(path, data, headers, method=method), timeout=10) as answer:
        return json.load(answer)


def device_code(site):
    form = f"client_id={site['client_id']}&scope=User.Read".encode()
    return ask(site, f"{site['authority']}/{site['tenant_id']}/oauth2/v2.0/devicecode", form)


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_up_prints_one_line_env_points_there_and_down_ends_it(shell, spelling):
    shell.words = SPELLINGS[spelling]
    printed = shell("up", "--port", "0", "--background", "--seed", "empty")
    assert len(printed.splitlines()) == 1
    site = json.loads(printed)
    assert set(site) == MEMBERS
    assert ask(site, f"{site['control']}/users")

    exported = dict(shlex.split(line)[1].split("=", 1) for line in shell("env").splitlines())
    assert exported == {
        "DAYPASS_AUTHORITY": site["authority"],
        "DAYPASS_GRAPH_ROOT": site["graph_root"],
        "DAYPASS_CA_FILE": site["ca_file"],
        "CLIENT_ID": site["client_id"],
        "TENANT_ID": site["tenant_id"],
    }
    assert shell("down") == ""
    assert "no sandbox is running" in shell("env", expect=3)


def test_print_env_takes_the_place_of_the_line(shell):
    printed = shell("up", "--port", "0", "--seed", "empty", "--background", "--print-env")
    assert printed == shell("env")


def test_a_sign_in_is_approved_and_denied(steer, steered):
    code = device_code(steered)["user_code"]
    assert steer.json("approve", code, "--user", "alex") == {"user_code": code, "user": "alex@contoso.example"}
    code = device_code(steered)["user_code"]
    assert steer.json("deny")["user_code"] == code
    assert "no sign-ins wait" in steer("approve", expect=3)
    device_code(steered)
    assert "no user 'nobody'" in steer("approve", "--user", "nobody", expect=3)


def test_the_clock_is_shown_set_moved_and_let_run(steer, steered):
    assert steer.json("clock")["running"] is True
    assert steer.json("clock", "--now", "2030-01-02T03:04:05Z") == {
        "now": "2030-01-02T03:04:05Z",
        "seconds": 1893553445.0,
        "running": False,
    }
    assert steer.json("clock", "--advance", "60")["now"] == "2030-01-02T03:05:05Z"
    assert steer.json("clock", "--resume")["running"] is True
    assert "no time" in steer("clock", "--now", "tomorrow", expect=2)
    steer("reset")
    assert abs(steer.json("clock")["seconds"] - time.time()) < 60


def test_faults_are_planted_listed_and_cleared(steer, steered):
    assert steer.json("fault", "status=503", "retry_after=2", "path=/me$", "after=true")["retry_after"] == 2
    (fault,) = steer.json("fault")
    assert (fault["status"], fault["path"], fault["after"]) == (503, "/me$", True)
    assert steer.json("fault", "--clear") == []
    assert "exactly one of" in steer("fault", "path=/me", expect=2)
    assert "NAME=VALUE" in steer("fault", "503", expect=2)


def test_a_seed_file_is_planted(steer, steered):
    person = {"id": "11111111-2222-4333-8444-555555555555", "displayName": "Zoe", "userPrincipalName": "zoe@contoso.example"}
    (steer.folder / "own.json").write_text(json.dumps({"people": {"zoe": person}}))
    assert steer.json("seed", "own.json") == {"users": 1}
    assert steer.json("reset") == {"users": 1}
    assert steer.json("reset", "--seed", "contoso")["users"] > 10
    assert "no seed 'fabrikam'" in steer("seed", "fabrikam", expect=2)
    assert "cannot be read" in steer("seed", "absent.json", expect=10)


def test_a_seed_file_may_be_toml(steer, steered):
    (steer.folder / "own.toml").write_text(
        """
        like = "empty"
        [[events]]
        subject = "Lunch"
        organizer = "megan"
        workday = 0
        at = 12:30:00
        minutes = 45
        """
    )
    steer("seed", "own.toml")
    assert [event["subject"] for event in steer.json("events", "megan")] == ["Lunch"]
    (steer.folder / "wrong.toml").write_text("like = ")
    assert "not valid TOML" in steer("seed", "wrong.toml", expect=2)


LUNCH = "BEGIN:VEVENT\nUID:1\nSUMMARY:Lunch\nDTSTART:20300102T120000Z\nDURATION:PT1H\nURL:https://contoso.example\nEND:VEVENT\n"
ENDLESS = "BEGIN:VEVENT\nUID:2\nSUMMARY:Tick\nDTSTART:20300102T120000Z\nRRULE:FREQ=HOURLY\nEND:VEVENT\n"


def test_an_icalendar_file_is_put_into_a_mailbox(steer, steered):
    (steer.folder / "lunch.ics").write_text(f"BEGIN:VCALENDAR\nVERSION:2.0\n{LUNCH}END:VCALENDAR\n")
    told = steer.json("seed", "--ics", "lunch.ics", "--user", "alex", "--calendar", "Meals")
    assert (told["user"], told["calendar"], told["events"], told["refused"]) == ("alex@contoso.example", "Meals", 1, [])
    assert told["notes"] == [{"uid": "1", "subject": "Lunch", "notes": ["not kept: URL"]}]
    assert [event["subject"] for event in steer.json("events", "alex", "--calendar", "Meals")] == ["Lunch"]


def test_what_of_a_file_is_refused_is_told_by_the_exit_code_too(steer, steered):
    (steer.folder / "some.ics").write_text(f"BEGIN:VCALENDAR\nVERSION:2.0\n{LUNCH}{ENDLESS}END:VCALENDAR\n")
    command = [sys.executable, "-m", "daypass_sandbox", "seed", "--ics", "some.ics"]
    done = subprocess.run(command, env=steer.environ, cwd=steer.folder, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 9, done.stderr
    told = json.loads(done.stdout)
    assert (told["events"], [each["uid"] for each in told["refused"]]) == (1, ["2"])


def test_a_file_that_is_no_calendar_is_refused(steer, steered):
    (steer.folder / "wrong.ics").write_text("hello")
    assert "not an iCalendar file" in steer("seed", "--ics", "wrong.ics", expect=2)
    (steer.folder / "empty.ics").write_text("")
    assert "not an iCalendar file" in steer("seed", "--ics", "empty.ics", expect=2)
    assert "cannot be read" in steer("seed", "--ics", "absent.ics", expect=10)
    assert "name a seed" in steer("seed", expect=2)
    assert "name a seed" in steer("seed", "contoso", "--ics", "wrong.ics", expect=2)
    assert "no user 'nobody'" in steer("seed", "--ics", "wrong.ics", "--user", "nobody", expect=3)


def test_policies_and_quirks_are_set_listed_and_cleared(steer, steered):
    assert steer.json("policy", "require_mfa=megan,alex", "sign_in_frequency_seconds=60", "block_device_code=true")["block_device_code"][
        "value"
    ]
    listed = {name: policy["value"] for name, policy in steer.json("policy").items() if policy["value"]}
    assert len(listed.pop("require_mfa")) == 2
    assert listed == {"sign_in_frequency_seconds": 60, "block_device_code": True}
    assert not any(policy["value"] for policy in steer.json("policy", "--clear").values())
    assert "unknown member" in steer("policy", "nonsense=true", expect=2)
    assert steer.json("quirk", "repeatLastItem=true")["repeatLastItem"]["value"] is True
    assert steer.json("quirk", "--clear")["repeatLastItem"]["value"] is False


def test_one_fault_of_several_is_removed(steer, steered):
    for status in ("500", "503"):
        steer("fault", f"status={status}")
    assert [fault["status"] for fault in steer.json("fault", "--remove", "f1")] == [503]
    assert "no fault 'f9'" in steer("fault", "--remove", "f9", expect=3)


def test_users_are_listed_added_disabled_and_deleted(steer, steered):
    before = len(steer.json("users"))
    added = steer.json("users", "--add", "irvin.sayers@contoso.example", "--zone", "Europe/Berlin")
    assert (added["displayName"], added["mail"]) == ("Irvin Sayers", "irvin.sayers@contoso.example")
    assert len(steer.json("users")) == before + 1
    assert steer.json("users", "--disable", "irvin.sayers")["accountEnabled"] is False
    assert steer.json("users", "--enable", "irvin.sayers")["accountEnabled"] is True
    steer("users", "--delete", "irvin.sayers")
    assert len(steer.json("users")) == before
    assert "no user" in steer("users", "--delete", "irvin.sayers", expect=3)


def test_events_are_added_listed_and_deleted(steer, steered):
    moment = {"dateTime": "2030-01-02T09:00:00", "timeZone": "UTC"}
    event = {"subject": "Lunch", "start": moment, "end": moment}
    first = steer.json("events", "megan", "--add", json.dumps(event))
    steer.stdin = json.dumps({**event, "subject": "School play", "end": {**moment, "dateTime": "2030-01-02T10:00:00"}})
    steer("events", "megan", "--calendar", "Family", "--add", "-")
    assert [kept["subject"] for kept in steer.json("events", "megan")] == ["Lunch", "School play"]
    assert [kept["subject"] for kept in steer.json("events", "megan", "--calendar", "Family")] == ["School play"]
    steer("clock", "--now", "2030-01-01T12:00:00Z")
    shown = steer.json("events", "megan", "--days", "2")
    assert [[each["subject"] for each in day["events"]] for day in shown["days"]] == [[], ["Lunch", "School play"]]
    assert steer.json("events", "megan", "--delete", first["id"]) == {"deleted": 1}
    assert steer.json("events", "megan", "--clear") == {"deleted": 1}
    assert "not JSON" in steer("events", "megan", "--add", "{", expect=2)


def test_a_token_is_printed_and_its_sign_ins_revoked(steer, steered):
    token = steer("token", "alex", "--scope", "User.Read").strip()
    assert ask(steered, f"{steered['graph_root']}/me", token=token)["displayName"] == "Alex Wilber"
    assert steer.json("revoke", "alex")["revoked"] is True


@pytest.mark.parametrize(
    ("span", "seconds"), [("90", 90), ("90m", 5400), ("1h", 3600), ("90d", 7776000), ("2w", 1209600), ("-1.5h", -5400)]
)
def test_the_clock_is_moved_by_spans_people_say(steer, steered, span, seconds):
    before = steer.json("clock", "--stop")["seconds"]
    assert steer.json("clock", f"--advance={span}")["seconds"] == pytest.approx(before + seconds)
    assert "no span of time" in steer("clock", "--advance", "soon", expect=2)


def test_the_journal_is_printed_sifted_saved_and_forgotten(steer, steered):
    device_code(steered)
    with pytest.raises(OSError, match="401"):
        ask(steered, f"{steered['graph_root']}/me")
    first, second = (json.loads(line) for line in steer("journal").splitlines())
    assert (first["status"], second["status"]) == (200, 401)
    for sifted in (["--status", "4xx"], ["--after", str(first["number"]), "--method", "get"]):
        assert [json.loads(line)["number"] for line in steer("journal", *sifted).splitlines()] == [second["number"]]
    assert len(steer.json("journal", "--har")["log"]["entries"]) == 2
    assert steer("journal", "--brief").splitlines()[1].split()[1:3] == ["GET", "401"]
    assert "--follow" in steer("journal", "--har", "--follow", expect=2)
    assert steer("journal", "--clear") == steer("journal") == ""


def test_the_journal_is_followed_until_told_to_stop(steer, steered):
    device_code(steered)
    command = [sys.executable, "-c", HEARING.format("daypass_sandbox"), "journal", "--follow", "--brief"]
    with subprocess.Popen(command, env=steer.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline().split()[1] == "POST"
        device_code(steered)
        assert process.stdout.readline().split()[1:3] == ["POST", "200"]
        process.send_signal(signal.SIGINT)
        rest, complaints = process.communicate(timeout=30)
    assert (process.returncode, rest, complaints) == (130, "", "")


def test_snapshots_are_taken_listed_restored_and_kept_in_a_file(steer, steered):
    steer("snapshot", "before")
    state = steer("state")
    (steer.folder / "state.json").write_text(state)
    steer("users", "--delete", "megan")
    assert [each["name"] for each in steer.json("snapshot", "--list")] == ["before"]
    for restore in (["before"], ["--file", "state.json"]):
        steer("users", "--delete", "alex")
        assert steer.json("restore", *restore)["users"] == len(json.loads(state)["users"])
    assert steer.json("snapshot", "before", "--delete") == []
    assert "no snapshot 'before'" in steer("restore", "before", expect=3)
    assert "cannot be read" in steer("restore", "--file", "absent.json", expect=10)


def test_the_status_of_all_that_run_is_told(shell, up):
    second = shell.json("up", "--port", "0", "--seed", "empty", "--background")
    code = device_code(second)["user_code"]
    told = [json.loads(line) for line in shell("status").splitlines()]
    assert {each["authority"] for each in told} == {up["authority"], second["authority"]}
    (one,) = [json.loads(line) for line in shell("status", "--port", second["authority"].rpartition(":")[2]).splitlines()]
    assert (one["waiting"], one["requests"], one["running"]) == ([code], 1, True)
    assert one["page"] == f"{second['control']}/"


def test_open_prints_the_address_of_the_live_page(steer, steered):
    address = steer("open").strip()
    assert address == f"{steered['control']}/"
    opener = build_opener(ProxyHandler({}), HTTPSHandler(context=ssl.create_default_context(cafile=steered["ca_file"])))
    with opener.open(address, timeout=10) as page:
        assert b"<title>Contoso (sandbox)</title>" in page.read()


def evaluated(environ, lines):
    """The environment of a shell that has evaluated these lines."""
    done = subprocess.run(["sh", "-c", 'eval "$1"; env -0', "sh", lines], env=environ, capture_output=True, text=True, check=True)
    told = dict(pair.split("=", 1) for pair in done.stdout.split("\0") if pair)
    return {name: value for name, value in told.items() if name not in ("PWD", "SHLVL", "_", "OLDPWD")}


def test_trust_makes_other_programs_trust_the_tenant_and_all_they_trusted_before(shell, up, tmp_path):
    corporate, extra = tmp_path / "corporate.pem", tmp_path / "extra.pem"
    corporate.write_bytes(Path(certifi.where()).read_bytes())
    extra.write_bytes(b"# what Node.js was told of besides\n")
    shell.environ |= {"SSL_CERT_FILE": str(corporate), "SSL_CERT_DIR": str(tmp_path), "NODE_EXTRA_CA_CERTS": str(extra)}
    before = evaluated(shell.environ, "")
    now = evaluated(shell.environ, shell("trust"))
    bundle = Path(now["SSL_CERT_FILE"])
    assert {now[name] for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")} == {str(bundle)}
    assert "SSL_CERT_DIR" not in now
    for authorities in (Path(up["ca_file"]), corporate, extra):
        assert authorities.read_bytes() in bundle.read_bytes()
    program = "import requests, sys; print(requests.get(sys.argv[1]).status_code)"
    where = f"{up['authority']}/common/v2.0/.well-known/openid-configuration"
    done = subprocess.run([sys.executable, "-c", program, where], env=now, capture_output=True, text=True, check=False)
    assert done.stdout == "200\n", done.stderr
    shell.environ = now
    assert evaluated(now, shell("trust")) == now
    assert bundle.read_bytes().count(Path(up["ca_file"]).read_bytes()) == 1, "asked again, it does not grow"
    assert evaluated(now, shell("trust", "--unset")) == before
    down = subprocess.run([sys.executable, *shell.words, "down"], env=now, capture_output=True, text=True, check=True)
    said = down.stderr
    assert 'eval "$(daypass sandbox trust --unset)"' in said
    assert not bundle.exists()


def test_trust_takes_back_what_was_not_there_before(shell, up):
    before = evaluated(shell.environ, "")
    now = evaluated(shell.environ, shell("trust"))
    assert now["NODE_EXTRA_CA_CERTS"] == up["ca_file"]
    shell.environ = now
    shell.environ = evaluated(now, shell("trust", "--unset"))
    assert shell.environ == before


def test_every_exchange_is_recorded_without_its_secrets(shell, tmp_path):
    site = shell.json("up", "--port", "0", "--seed", "empty", "--background", "--record", "record.jsonl")
    code = device_code(site)
    token = shell("token").strip()
    ask(site, f"{site['graph_root']}/me", token=token)
    record = (tmp_path / "record.jsonl").read_text()
    assert [json.loads(line)["number"] for line in record.splitlines()] == [1, 2]
    assert all(json.loads(line)["ms"] > 0 for line in record.splitlines())
    assert token not in record
    assert code["device_code"] not in record
    assert stat.S_IMODE((tmp_path / "record.jsonl").stat().st_mode) == 0o600


def test_the_certificate_bears_the_names_that_are_asked_for(shell):
    words = ["up", "--port", "0", "--seed", "empty", "--background", "--state", "kept"]
    first = shell.json(*words, "--name", "sandbox", "--name", "10.1.2.3")
    certificate = names_of(first)
    assert {"localhost", "127.0.0.1", "sandbox", "10.1.2.3"} <= certificate
    before = Path(first["ca_file"]).read_bytes()
    shell("down")
    assert "sandbox" in names_of(shell.json(*words)), "a name less needs no other certificate"
    shell("down")
    other = shell.json(*words, "--name", "elsewhere")
    assert "elsewhere" in names_of(other)
    assert Path(other["ca_file"]).read_bytes() != before


def names_of(site):
    context = ssl.create_default_context(cafile=site["ca_file"])
    host, port = site["authority"].removeprefix("https://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as plain, context.wrap_socket(plain, server_hostname=host) as secure:
        return {name for _, name in secure.getpeercert()["subjectAltName"]}


BLOCKER = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {0}:
            raise ModuleNotFoundError(name, name=name)

sys.meta_path.insert(0, Absent())
"""


def test_a_managed_identity_answers_in_the_clear_at_a_port_of_its_own(shell):
    site = shell.json("up", "--port", "0", "--seed", "empty", "--background", "--managed-identity")
    assert set(site) == MEMBERS | {"identity_endpoint"}
    printed = shell("env", "--port", site["authority"].rpartition(":")[2])
    assert f"export IDENTITY_ENDPOINT={site['identity_endpoint']}" in printed
    assert "IDENTITY_HEADER" in printed
    request = Request(f"{site['identity_endpoint']}?resource=https://graph.microsoft.com", headers={"X-IDENTITY-HEADER": IDENTITY_HEADER})
    with build_opener(ProxyHandler({})).open(request, timeout=10) as answer:
        assert json.load(answer)["token_type"] == "Bearer"
    taken = site["identity_endpoint"].split(":")[2].split("/")[0]
    assert "taken" in shell("up", "--port", "0", "--seed", "empty", "--managed-identity", taken, expect=10)
    shell("up", "--managed-identity", "70000", expect=2)


@pytest.mark.parametrize("words", [["sandbox", "up"], ["sandbox", "up", "--background"], ["demo"]])
def test_without_the_extra_it_says_what_to_install(shell, words):
    """The packages of the extra are made impossible to import, also in processes that are started."""
    (shell.folder / "sitecustomize.py").write_text(BLOCKER.format(sorted(extra.PACKAGES)))
    shell.environ["PYTHONPATH"] = f"{shell.folder}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
    done = subprocess.run(
        [sys.executable, "-m", "daypass", *words], env=shell.environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (10, "")
    assert done.stderr == f"daypass {words[0]}: {extra.ADVICE}\n"


def test_the_advice_knows_all_packages_of_the_extra():
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]["sandbox"]
    imported = {"pyjwt": "jwt", "python-dateutil": "dateutil"}
    names = {re.match(r"[\w-]+", line)[0] for line in listed}
    assert {imported.get(name, name) for name in names} | {"markupsafe"} == extra.PACKAGES


def test_auto_approval_needs_nobody(shell):
    site = shell.json("up", "--port", "0", "--seed", "empty", "--background", "--auto-approve", "megan")
    code = device_code(site)["device_code"]
    form = f"client_id={site['client_id']}&grant_type=device_code&device_code={code}".encode()
    token = ask(site, f"{site['authority']}/common/oauth2/v2.0/token", form)["access_token"]
    assert ask(site, f"{site['graph_root']}/me", token=token)["displayName"] == "Megan Bowen"


def test_the_state_outlives_the_process(shell):
    words = ["up", "--port", "0", "--seed", "empty", "--background", "--state", "kept"]
    site = shell.json(*words)
    code = device_code(site)["user_code"]
    ca = Path(site["ca_file"]).read_bytes()
    shell("down")
    assert Path(shell.json(*words)["ca_file"]).read_bytes() == ca
    assert shell.json("approve")["user_code"] == code


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_without_a_word(shell, number):
    with shell.start("--seed", "empty") as process:
        site = json.loads(process.stdout.readline())
        process.send_signal(number)
        rest, complaints = process.communicate(timeout=30)
    assert (process.returncode, rest, complaints) == (0, "", "")
    assert not Path(site["ca_file"]).exists()
    assert "no sandbox is running" in shell("down", expect=3)


def test_after_a_kill_the_others_say_that_none_runs(shell):
    with shell.start("--seed", "empty") as process:
        process.stdout.readline()
        process.kill()
        process.communicate(timeout=30)
    assert "no sandbox is running" in shell("env", expect=3)
    for file in (shell.folder / "state" / "daypass" / "sandbox").glob("*.json"):
        file.unlink()


def test_of_several_one_must_be_named(shell, up):
    second = shell.json("up", "--port", "0", "--seed", "empty", "--background")
    assert "--port" in shell("env", expect=2)
    port = second["authority"].rsplit(":", 1)[1]
    assert second["authority"] in shell("env", "--port", port)
    assert "no sandbox runs on port 1;" in shell("env", "--port", "1", expect=3)


@pytest.mark.parametrize("background", [[], ["--background"]])
def test_a_taken_port_is_said_to_be_taken(shell, up, background):
    port = up["authority"].rsplit(":", 1)[1]
    assert f"port {port} is taken" in shell("up", "--port", port, *background, expect=10)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--port", "70000"], 2, "--port"),
        (["--latency", "-1"], 2, "--latency"),
        (["--interval", "0"], 2, "--interval"),
        (["--seed", "fabrikam"], 10, "no seed 'fabrikam'"),
        (["--seed", "absent.json"], 10, "cannot be read"),
        (["--host", "0.0.0.0"], 10, "--i-know"),
        (["--auto-approve", "nobody"], 10, "no user 'nobody'"),
        (["--state", "/proc/nothing"], 10, "cannot start"),
        (["--throttle", "much"], 2, "--throttle"),
    ],
)
def test_what_makes_no_sense_is_one_line_and_an_exit_code(shell, words, code, said):
    assert said in shell("up", "--port", "0", *words, expect=code)


@pytest.mark.parametrize(("member", "value"), [("pid", 10**30), ("pid", "1"), ("control", "https://[bad"), ("control", 5)])
def test_a_spoilt_description_is_nobodys_or_does_not_answer(shell, tmp_path, member, value):
    whole = {"authority": "https://localhost:1", "control": "https://localhost:1/sandbox", "ca_file": "x", "pid": os.getpid()}
    folder = Path(shell.environ["XDG_STATE_HOME"]) / "daypass" / "sandbox"
    folder.mkdir(parents=True)
    (folder / "1.json").write_text(json.dumps({**dict.fromkeys(MEMBERS, "x"), **whole, member: value}))
    said = shell("users", expect=8 if value == "https://[bad" else 3)
    assert ("does not answer" if value == "https://[bad" else "no sandbox is running") in said
    (folder / "1.json").unlink()


def test_descriptions_are_for_their_owner_alone(shell, up):
    folder = shell.folder / "state" / "daypass" / "sandbox"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.glob("*.json")} == {0o600}


def test_a_server_that_hangs_is_unreachable_not_waited_for(shell, up):
    os.kill(up["pid"], signal.SIGSTOP)
    try:
        began = time.monotonic()
        assert "does not answer" in shell("clock", expect=8)
        assert time.monotonic() - began < 20
    finally:
        os.kill(up["pid"], signal.SIGCONT)


def test_help_of_the_verbs_loads_nothing_heavy(shell):
    code = "import sys, daypass_sandbox.__main__; print(sorted({'aiohttp', 'jwt', 'jinja2', 'trustme', 'asyncio'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], env=shell.environ, capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout.strip() == "[]"
