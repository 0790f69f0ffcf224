"""The sign-in page as a person meets it on the second device: in a real browser, over HTTPS, without scripts."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
import requests
from playwright.sync_api import expect

from daypass_sandbox import serve

pytestmark = pytest.mark.browser

SCOPE = "User.Read Calendars.ReadWrite openid profile offline_access"
SIZES = {"desktop": {"width": 1280, "height": 800}, "phone": {"width": 400, "height": 800}}


@pytest.fixture(scope="module")
def site():
    with serve(interval_seconds=1) as site:
        yield site


class Device:
    """The device that waits: it has a code, and asks whether somebody used it."""

    def __init__(self, site, session):
        self._site, self._session = site, session
        self.code, self._device_code = "", ""

    def _post(self, path, **fields):
        url = f"{self._site.authority}/{self._site.tenant_id}/oauth2/v2.0/{path}"
        return self._session.post(url, data={"client_id": self._site.client_id, **fields}, timeout=10).json()

    def ask(self, scope=SCOPE):
        answer = self._post("devicecode", scope=scope)
        self.code, self._device_code = answer["user_code"], answer["device_code"]
        return answer["verification_uri"]

    def poll(self):
        return self._post("token", grant_type="device_code", device_code=self._device_code)

    def control(self, path, **body):
        assert self._session.post(f"{self._site.control}/{path}", json=body, timeout=10).ok


@pytest.fixture
def device(site):
    site.tenant.reset("contoso")
    with requests.Session() as session:
        session.trust_env, session.verify = False, site.ca_file
        yield Device(site, session)


@pytest.fixture(params=SIZES)
def page(request, browser):
    """A page without scripts whose every complaint about itself fails the test."""
    context = browser.new_context(ignore_https_errors=True, java_script_enabled=False, viewport=SIZES[request.param])
    page, complaints = context.new_page(), []
    page.on("console", lambda message: complaints.append(message.text))
    yield page
    context.close()
    assert complaints == []


def fits(page):
    """Whether nothing sticks out sideways."""
    return page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_a_person_signs_in_with_the_code(page, device):
    page.goto(device.ask())
    assert fits(page)
    expect(page.get_by_text("Pretend tenant.")).to_be_visible()
    expect(page.get_by_label("Code")).to_be_focused()
    page.keyboard.type(device.code.lower())
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="Pick an account")).to_be_visible()
    assert fits(page)
    page.get_by_role("button", name="Megan Bowen").click()

    expect(page.get_by_role("heading", name="Are you trying to sign in to Calendar app?")).to_be_visible()
    expect(page.get_by_text("Read and change your calendars")).to_be_visible()
    expect(page.get_by_text("Accept only if you started this sign-in yourself")).to_be_visible()
    assert fits(page)
    assert device.poll()["error"] == "authorization_pending"
    page.get_by_role("button", name="Accept").click()

    expect(page.get_by_role("heading", name="You are signed in")).to_be_visible()
    assert fits(page)
    assert "Calendars.ReadWrite" in device.poll()["scope"]


def test_a_person_says_no(page, device):
    page.goto(device.ask())
    page.get_by_label("Code").fill(device.code)
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Alex Wilber").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("heading", name="You cancelled the sign-in")).to_be_visible()
    assert device.poll()["error"] == "authorization_declined"


def test_a_wrong_code_can_be_mended(page, device):
    page.goto(device.ask())
    page.get_by_label("Code").fill("WRONGCODE")
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("alert")).to_contain_text("don't know this code")
    assert fits(page)
    page.get_by_label("Code").fill(device.code)
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("heading", name="Pick an account")).to_be_visible()


def test_an_expired_code_is_told_kindly(page, device):
    page.goto(device.ask())
    device.control("clock", advance_seconds=901)
    page.get_by_label("Code").fill(device.code)
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("alert")).to_contain_text("expired")


def test_the_second_time_nothing_is_asked_again(page, device):
    device.ask()
    device.control("approve", user="megan")
    page.goto(device.ask())
    page.get_by_label("Code").fill(device.code)
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Megan Bowen").click()
    expect(page.get_by_text("You have granted it all it asks for before.")).to_be_visible()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="You are signed in")).to_be_visible()


def test_the_style_sheet_passes_the_pages_own_policy(page, device):
    page.goto(device.ask())
    assert page.locator("main .card").bounding_box()["width"] <= 29 * 16
    corner = page.locator("button.act").bounding_box()
    assert corner["height"] >= 40, "big enough for a thumb"


def test_a_hostile_app_name_is_shown_and_not_obeyed(browser, device, site):
    site.tenant.state.apps[site.client_id]["displayName"] = '<img src=x onerror="document.title=1">'
    context = browser.new_context(ignore_https_errors=True)
    page = context.new_page()
    page.goto(device.ask())
    page.get_by_label("Code").fill(device.code)
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_text("<img src=x")).to_be_visible()
    assert "Pick an account" in page.title()
    context.close()


def test_the_error_page_of_a_refusal_explains_it(page, site):
    page.goto(f"{site.authority}/error?code=53003")
    expect(page.get_by_role("heading", name="AADSTS53003")).to_be_visible()
    assert urlsplit(page.url).path == "/error"
    assert fits(page)
