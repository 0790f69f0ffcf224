"""The live page of the sandbox in a real browser: what happens appears, what is pressed takes effect, what is hostile stays text."""

from __future__ import annotations

import json
import re
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from playwright.sync_api import expect

from daypass_sandbox import serve

pytestmark = pytest.mark.browser
expect.set_options(timeout=15_000)

SIZES = {"desktop": {"width": 1280, "height": 900}, "phone": {"width": 400, "height": 850}}
FAINT, UNNAMED = ((Path(__file__).parent / "eyes" / name).read_text() for name in ("faint.js", "unnamed.js"))
HOSTILE = '<img src=x onerror="document.title=1"><script>document.title=2</script>'
MEGAN = "c04705e2-7e11-4000-8000-000000000001"


@pytest.fixture(scope="module")
def site():
    with serve(interval_seconds=1) as site:
        yield site


class Somebody:
    """An app that speaks to the tenant, and a script that steers it, while the page is looked at."""

    def __init__(self, site, session):
        self._site, self._session = site, session

    def control(self, method, where, /, **body):
        answer = self._session.request(method, f"{self._site.control}/{where}", json=body or None, timeout=10)
        assert answer.ok, answer.text
        return answer.json()

    def graph(self, method, path, user="megan", **body):
        token = self.control("POST", "token", user=user, scopes=["Calendars.ReadWrite", "User.Read"])["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        return self._session.request(method, self._site.graph_root + path, json=body or None, headers=headers, timeout=10)

    def device_code(self):
        url = f"{self._site.authority}/{self._site.tenant_id}/oauth2/v2.0/devicecode"
        return self._session.post(
            url, data={"client_id": self._site.client_id, "scope": "Calendars.Read offline_access"}, timeout=10
        ).json()

    def poll(self, code):
        url = f"{self._site.authority}/{self._site.tenant_id}/oauth2/v2.0/token"
        form = {"client_id": self._site.client_id, "grant_type": "device_code", "device_code": code["device_code"]}
        return self._session.post(url, data=form, timeout=10).json()


@pytest.fixture
def somebody(site):
    site.tenant.reset("contoso")
    with requests.Session() as session:
        session.trust_env, session.verify = False, site.ca_file
        yield Somebody(site, session)


@pytest.fixture
def complaints():
    """What the browser complained about; a test that provokes complaints takes them away."""
    return []


@pytest.fixture
def page(browser, site, somebody, complaints):
    """The page, whose every complaint about itself and its policy fails the test."""
    yield from opened(browser, site, SIZES["desktop"], complaints)


def opened(browser, site, size, complaints, **options):
    context = browser.new_context(ignore_https_errors=True, viewport=size, **options)
    page = context.new_page()
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.add_init_script("document.addEventListener('securitypolicyviolation', (event) => console.error(event.violatedDirective))")
    page.goto(f"{site.control}/")
    expect(page.locator("#live")).to_have_text("live")
    expect(page.locator("#days section")).to_have_count(7)
    yield page
    context.close()
    assert complaints == []


def rows(page):
    return page.locator("#list li:visible")


def an_event(subject, hours=1):
    start = datetime.now(UTC) + timedelta(hours=hours)
    moment = {name: {"dateTime": f"{when:%Y-%m-%dT%H:%M:%S}", "timeZone": "UTC"} for name, when in (("start", start), ("end", start))}
    return {"subject": subject, **moment}


# --- requests


def test_requests_appear_as_they_come(page, somebody):
    expect(page.get_by_text("Nothing has been asked yet.")).to_be_visible()
    somebody.graph("GET", "/me")
    expect(rows(page)).to_have_count(1)
    expect(rows(page).first).to_contain_text("GET /v1.0/me 200")
    expect(rows(page).first).to_contain_text("megan@contoso.example · Calendar app")
    assert re.search(r"\d ms", rows(page).first.inner_text())
    somebody.graph("GET", "/me/events/nothing", user="alex")
    expect(rows(page)).to_have_count(2)
    expect(rows(page).first).to_contain_text("404")


def test_one_is_opened_read_and_left_by_the_keyboard_alone(page, somebody):
    somebody.graph("GET", "/me")
    somebody.graph("POST", "/me/events", **an_event("Study for the exam"))
    somebody.graph("GET", "/me/events/nothing")
    expect(rows(page)).to_have_count(3)
    rows(page).nth(1).locator("button").focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    expect(dialog.get_by_role("heading", name="POST /v1.0/me/events")).to_be_visible()
    expect(dialog).to_contain_text("answered 201")
    expect(page.locator("#asked")).to_contain_text('"subject": "Study for the exam"')
    expect(page.locator("#asked")).to_contain_text("Bearer ***")
    expect(page.locator("#answered")).to_contain_text('"type": "singleInstance"')
    body = page.locator("#answered pre").inner_text()
    assert json.loads(body)["subject"] == "Study for the exam", "colour changes nothing"
    page.keyboard.press("ArrowRight")
    expect(dialog.get_by_role("heading", name="GET /v1.0/me/events/nothing")).to_be_visible()
    expect(dialog.get_by_role("button", name="Later")).to_be_disabled()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(rows(page).first.locator("button")).to_be_focused()


def test_words_sift_the_requests(page, somebody):
    somebody.graph("GET", "/me")
    somebody.graph("GET", "/me/events/nothing", user="alex")
    somebody.graph("GET", "/me/calendar", user="alex")
    field = page.get_by_label("Show only requests with these words")
    for words, expected in (("alex", 2), ("alex 4xx", 1), ("GET me", 3), ("POST", 0), ("", 3)):
        field.fill(words)
        expect(rows(page)).to_have_count(expected)
    field.fill("POST")
    expect(page.get_by_text("None of the 3 requests has these words.")).to_be_visible()
    field.fill("calendar app")
    somebody.graph("GET", "/me")
    expect(rows(page)).to_have_count(4)


def test_the_stream_is_paused_and_goes_on(page, somebody):
    somebody.graph("GET", "/me")
    expect(rows(page)).to_have_count(1)
    page.get_by_role("button", name="Pause").click()
    somebody.graph("GET", "/me/calendar")
    expect(page.locator("#live")).to_have_text("paused, 1 more")
    expect(rows(page)).to_have_count(1)
    page.get_by_role("button", name="Go on").click()
    expect(rows(page)).to_have_count(2)
    expect(page.locator("#live")).to_have_text("live")


def downloaded(page, name):
    """The file behind a link; on a busy machine Chromium cancels a download now and then, which is nothing of the page's."""
    for _ in range(3):
        with page.expect_download() as saved:
            page.get_by_role("link", name=name).click()
        if saved.value.failure() != "canceled":
            break
    return saved.value.path()


def test_the_list_is_cleared_and_saved(page, somebody):
    somebody.graph("GET", "/me")
    expect(rows(page)).to_have_count(1)
    for name, inside in (("HAR", '"version":"1.2"'), ("JSONL", '"number": 1')):
        assert inside in downloaded(page, name).read_text().replace('"version": "1.2"', '"version":"1.2"')
    page.get_by_role("button", name="Clear", exact=True).click()
    expect(rows(page)).to_have_count(0)
    somebody.graph("GET", "/me/calendar")
    expect(rows(page)).to_have_count(1)


def test_what_a_fault_left_without_answer_is_shown_so(page, somebody):
    somebody.control("POST", "faults", drop="before")
    with pytest.raises(requests.ConnectionError):
        somebody.graph("GET", "/me")
    expect(rows(page).first).to_contain_text("none")
    rows(page).first.click()
    expect(page.get_by_role("dialog")).to_contain_text("no answer was sent")


# --- people


def test_a_sign_in_is_approved(page, somebody):
    code = somebody.device_code()
    waiting = page.get_by_role("region", name="Waiting to sign in")
    expect(waiting).to_contain_text(code["user_code"])
    expect(waiting).to_contain_text("Calendar app asks for Calendars.Read offline_access · 15 min left")
    waiting.get_by_label(f"Who signs in with code {code['user_code']}").select_option("Alex Wilber")
    waiting.get_by_role("button", name="Approve").click()
    expect(waiting).to_be_hidden()
    assert "access_token" in somebody.poll(code)
    expect(rows(page).first).to_contain_text("alex@contoso.example")


def test_a_sign_in_is_declined(page, somebody):
    code = somebody.device_code()
    page.get_by_role("button", name="Decline").click()
    expect(page.locator("#waiting")).to_be_hidden()
    assert somebody.poll(code)["error"] == "authorization_declined"


def test_a_calendar_shows_what_an_app_creates(page, somebody):
    expect(page.get_by_label("Whose calendar")).to_have_value(MEGAN)
    expect(page.get_by_text("Times in Pacific Standard Time")).to_be_visible()
    somebody.graph("POST", "/me/events", **an_event("Study for the exam"))
    expect(page.locator(".entry", has_text="Study for the exam")).to_be_visible()
    page.get_by_label("Whose calendar").select_option("Lee Gu")
    expect(page.get_by_text("Times in Tokyo Standard Time")).to_be_visible()
    expect(page.locator(".entry", has_text="Study for the exam")).to_have_count(0)


def test_an_event_is_added_and_deleted(page, site):
    page.get_by_label("Whose calendar").select_option("Alex Wilber")
    expect(page.locator(".entry", has_text="Marketing stand-up").first).to_contain_text("by Megan Bowen")
    page.get_by_role("button", name="Add an event").click()
    page.get_by_label("Title").fill("Surprise")
    page.get_by_label("Starts").fill("06:30")
    page.get_by_role("button", name="Add", exact=True).click()
    entry = page.locator(".entry", has_text="Surprise")
    expect(entry).to_contain_text("06:30 – 07:00")
    entry.get_by_role("button", name="Delete Surprise").click()
    expect(entry).to_have_count(0)
    alex = site.tenant.state.find_user("alex")
    assert "Surprise" not in [event.get("subject") for event in site.tenant.state.mailboxes[alex]["events"].values()]


def test_another_week_is_a_week_away(page):
    first = page.locator("#days h3").first.inner_text()
    assert "today" in first
    page.get_by_role("button", name="Later", exact=True).click()
    expect(page.locator("#days h3").first).not_to_contain_text("today")
    page.get_by_role("button", name="Today", exact=True).click()
    expect(page.locator("#days h3").first).to_have_text(first)


def test_sign_ins_are_ended_and_an_account_disabled(page, site):
    page.get_by_role("button", name="End sign-ins").click()
    page.get_by_role("button", name="Disable", exact=True).click()
    expect(page.get_by_role("button", name="Enable", exact=True)).to_be_visible()
    assert site.tenant.state.session_of(MEGAN) == 1
    assert site.tenant.state.users[MEGAN]["accountEnabled"] is False
    page.get_by_role("button", name="Enable", exact=True).click()
    expect(page.get_by_role("button", name="Disable", exact=True)).to_be_visible()
    assert site.tenant.state.users[MEGAN]["accountEnabled"] is True


# --- time and weather


def test_the_clock_is_stopped_moved_and_set(page, site):
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#running")).to_have_text("stopped")
    before = site.tenant.clock.now()
    page.get_by_role("button", name="+90 days").click()
    later = datetime.fromtimestamp(before, UTC) + timedelta(days=90)
    expect(page.locator("#now")).to_contain_text(f"{later:%a, %-d %b %Y}")
    assert site.tenant.clock.now() == before + 90 * 86400
    page.get_by_role("button", name="Set …").click()
    page.get_by_label("Time, UTC").fill("2027-03-28T00:59:30")
    page.get_by_role("button", name="Set", exact=True).click()
    expect(page.locator("#now")).to_have_text("Sun, 28 Mar 2027, 00:59:30 UTC")
    page.get_by_role("button", name="+1 hour").click()
    expect(page.locator("#now")).to_have_text("Sun, 28 Mar 2027, 01:59:30 UTC")
    page.get_by_role("button", name="Run").click()
    expect(page.locator("#running")).to_have_text("running")
    expect(page.locator("#now")).to_contain_text("01:59:3")


def test_a_fault_that_is_added_strikes(page, somebody):
    page.get_by_role("heading", name="Faults").click()
    page.get_by_label("Path has").fill("/me/events$")
    page.get_by_label("Retry-After, seconds").fill("7")
    page.get_by_label("How often").fill("2")
    page.get_by_role("button", name="Add fault").click()
    expect(page.locator("#faults")).to_contain_text("429 · path /me/events$ · 2 left")
    answer = somebody.graph("GET", "/me/events")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")
    assert somebody.graph("GET", "/me").status_code == 200
    expect(page.locator("#faults")).to_contain_text("1 left")
    page.get_by_role("button", name="Remove fault f1").click()
    expect(page.locator("#faults li")).to_have_count(0)
    assert somebody.graph("GET", "/me/events").status_code == 200


def test_every_fault_that_is_offered_is_a_fault(page, site):
    page.get_by_role("heading", name="Faults").click()
    offered = page.locator("select[name=effect] option").count()
    for number in range(offered):
        page.get_by_label("What goes wrong").select_option(index=number)
        page.get_by_role("button", name="Add fault").click()
        expect(page.locator("#faults li")).to_have_count(number + 1)
    assert offered >= 10
    page.get_by_role("button", name="Clear all").click()
    expect(page.locator("#faults li")).to_have_count(0)
    assert site.tenant.state.faults == []


def test_a_fault_that_makes_no_sense_is_explained(page, complaints):
    page.get_by_role("heading", name="Faults").click()
    page.get_by_label("Path has").fill("(")
    page.get_by_role("button", name="Add fault").click()
    expect(page.get_by_role("alert")).to_contain_text("path is not a regular expression")
    assert "400" in complaints.pop()


def test_policies_and_quirks_are_switched(page, site):
    page.get_by_role("heading", name="Policies").click()
    page.get_by_label("require_mfa").check()
    expect(page.locator("#policy-count")).to_have_text("1")
    assert site.tenant.state.policies == {"require_mfa": True}
    page.get_by_label("sign_in_frequency_seconds").fill("3600")
    page.keyboard.press("Tab")
    expect(page.locator("#policy-count")).to_have_text("2")
    page.get_by_label("require_mfa").uncheck()
    expect(page.locator("#policy-count")).to_have_text("1")
    assert site.tenant.state.policies == {"sign_in_frequency_seconds": 3600}
    page.get_by_role("heading", name="Quirks").click()
    page.get_by_label("repeatLastItem").check()
    page.wait_for_function("fetch('/sandbox/quirks').then((r) => r.json()).then((q) => q.repeatLastItem.value === true)")


# --- what leaves the tenant


def test_a_message_that_leaves_is_shown(page, somebody):
    guests = [{"type": "required", "emailAddress": {"address": "alex@contoso.example"}}]
    somebody.graph("POST", "/me/events", attendees=guests, **an_event("Plans"))
    expect(page.locator("#outbox-count")).to_have_text("1")
    page.get_by_role("heading", name="Outbox").click()
    expect(page.locator("#outbox")).to_contain_text("Plans")
    expect(page.locator("#outbox")).to_contain_text("invitation · Megan Bowen to Alex Wilber")


class Webhook(BaseHTTPRequestHandler):
    """Somebody who listens for notifications."""

    def do_POST(self):
        said = parse_qs(urlsplit(self.path).query).get("validationToken", [""])[0].encode()
        self.rfile.read(int(self.headers["content-length"] or 0))
        self.send_response(200 if said else 202)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_):
        pass


@pytest.fixture
def webhook():
    with ThreadingHTTPServer(("127.0.0.1", 0), Webhook) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/hook"
        server.shutdown()
        thread.join()


def test_a_subscription_is_shown_with_what_it_was_told(page, somebody, webhook):
    until = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    watch = {"changeType": "created", "resource": "me/events", "notificationUrl": webhook, "lifecycleNotificationUrl": webhook}
    answer = somebody.graph("POST", "/subscriptions", expirationDateTime=until, **watch)
    assert answer.status_code == 201, answer.text
    expect(page.locator("#subscription-count")).to_have_text("1")
    page.get_by_role("heading", name="Subscriptions").click()
    expect(page.locator("#subscriptions")).to_contain_text("me/events · created")
    somebody.graph("POST", "/me/events", **an_event("News"))
    expect(page.locator("#notifications")).to_contain_text("created · ")
    page.get_by_label("Let happen to the subscription").select_option("subscriptionRemoved")
    expect(page.locator("#subscriptions")).to_contain_text("None.")
    expect(page.locator("#notifications")).to_contain_text("subscriptionRemoved")


# --- the whole


def test_a_snapshot_is_taken_and_restored(page, somebody):
    page.get_by_role("heading", name="Snapshots and seeds").click()
    page.get_by_label("Name of the snapshot").fill("before")
    page.get_by_role("button", name="Take a snapshot").click()
    expect(page.get_by_role("button", name="Restore before")).to_be_visible()
    somebody.graph("POST", "/me/events", **an_event("Gone again"))
    expect(page.locator(".entry", has_text="Gone again")).to_be_visible()
    page.get_by_role("button", name="Restore before").click()
    expect(page.locator(".entry", has_text="Gone again")).to_have_count(0)
    page.get_by_role("button", name="Forget before").click()
    expect(page.get_by_role("button", name="Restore before")).to_have_count(0)


def test_the_tenant_begins_again(page, somebody, site):
    somebody.graph("GET", "/me")
    expect(rows(page)).to_have_count(1)
    somebody.control("POST", "clock", now="2027-03-01T12:00:00Z")
    page.get_by_role("heading", name="Snapshots and seeds").click()
    page.get_by_role("button", name="Begin again …").click()
    page.get_by_label("From which seed").select_option("empty")
    page.get_by_label("Keep the time").check()
    page.get_by_role("dialog").get_by_role("button", name="Begin again").click()
    expect(rows(page)).to_have_count(0)
    expect(page.locator(".entry")).to_have_count(0)
    expect(page.locator("#now")).to_contain_text("1 Mar 2027")
    assert site.tenant.seed == "empty"


def test_it_finds_back_to_a_tenant_that_was_away(browser, somebody):
    with serve(interval_seconds=1) as short:
        port = int(short.authority.rpartition(":")[2])
        context = browser.new_context(ignore_https_errors=True)
        page = context.new_page()
        page.goto(f"{short.control}/")
        expect(page.locator("#live")).to_have_text("live")
    expect(page.locator("#live")).to_have_text("not reached, trying again")
    with serve(port=port, interval_seconds=1) as again:
        expect(page.locator("#live")).to_have_text("live", timeout=15000)
        requests.get(f"{again.graph_root}/me", verify=again.ca_file, timeout=10)
        expect(rows(page)).to_have_count(1)
        context.close()


# --- what is hostile, and who looks


def test_hostile_text_is_shown_and_not_obeyed(page, somebody, site):
    title = page.title()
    site.tenant.state.apps[site.client_id]["displayName"] = HOSTILE
    somebody.control("POST", "users", displayName=HOSTILE, userPrincipalName="x@contoso.example")
    somebody.control("PATCH", "users/megan", displayName=HOSTILE)
    somebody.graph("POST", "/me/events", location={"displayName": HOSTILE}, **an_event(HOSTILE))
    somebody.graph("GET", f"/me/events/{HOSTILE}?$filter={HOSTILE}")
    somebody.control("POST", "faults", path=re.escape(HOSTILE), status=500)
    somebody.control("POST", "snapshot", name=HOSTILE)
    somebody.device_code()
    expect(rows(page)).to_have_count(3)
    expect(page.locator(".entry .title", has_text="<img src=x")).to_be_visible()
    expect(page.locator("#waiting")).to_contain_text("<script>")
    for row in rows(page).all():
        row.click()
        expect(page.get_by_role("dialog")).to_be_visible()
        page.keyboard.press("Escape")
    assert page.locator("main img, main script").count() == 0
    assert page.title() == title


def test_no_text_becomes_markup_by_the_pages_own_policy(page, complaints):
    with page.expect_console_message(lambda message: message.text == "that was all"):
        refused = page.evaluate("""async () => {
          try { document.body.innerHTML = "<p>x"; } catch (error) { return error.name; }
          finally { await new Promise((done) => setTimeout(done, 0)); console.log("that was all"); }
        }""")
    assert refused == "TypeError"
    assert "require-trusted-types-for" in complaints
    complaints.clear()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_and_can_be_read(browser, site, somebody, size, scheme, complaints):
    somebody.graph("GET", f"/me/events/{'x' * 300}")
    somebody.graph("POST", "/me/events", **an_event("W" * 200))
    for page in opened(browser, site, SIZES[size], complaints, color_scheme=scheme):
        page.locator("details.card:visible").evaluate_all("all => all.forEach((card) => { card.open = true; })")
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        assert page.evaluate(FAINT) == []
        assert page.evaluate(UNNAMED) == []


def test_without_its_script_it_says_what_to_do(browser, site):
    context = browser.new_context(ignore_https_errors=True, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site.control}/")
    expect(page.get_by_text("This page needs its script.")).to_be_visible()
    context.close()
