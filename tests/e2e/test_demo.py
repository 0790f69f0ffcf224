"""`daypass demo`, the first thing anybody runs: by itself without a terminal, and with a person and a browser on one."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys

import pytest
from terminal import Terminal

DEMO = [sys.executable, "-m", "daypass", "demo"]
SAID = (
    "Only type this code if you started this sign-in yourself",
    "Signed in as Megan Bowen",
    "Welcome, Megan Bowen!",
    "Study for the AZ-204 exam",
    "Wherever you are",
    "of the second listing is the new event, by the service's own id",
    "What to try next",
)


def test_without_a_terminal_the_demo_plays_the_second_device_and_the_whole_job() -> None:
    done = subprocess.run(
        DEMO, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout
    assert [words for words in SAID if words not in done.stdout] == []


def test_a_demo_whose_sign_in_is_refused_fails() -> None:
    done = subprocess.run(
        [*DEMO, "--auto-approve", "nobody"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 2
    assert "nobody" in done.stderr


@pytest.mark.browser
def test_on_a_terminal_the_demo_waits_for_the_person_at_the_browser() -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium on this machine: the demo's browser sign-in was NOT tested")
    from playwright.sync_api import sync_playwright

    with Terminal(DEMO) as terminal:
        address, code = terminal.wait_for(
            r"open\s+\S*?(https://localhost:\d+/devicelogin)[\s\S]*?enter code\s+(?:\x1b\[1m)?([A-Z0-9]{6,12})"
        )
        with sync_playwright() as playwright:
            flags = [
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-sync",
            ]
            browser = playwright.chromium.launch(executable_path=chromium, args=flags)
            page = browser.new_context(ignore_https_errors=True).new_page()
            page.goto(address)
            page.get_by_role("textbox").fill(code)
            page.get_by_role("button").first.click()
            page.get_by_text("Megan Bowen").first.click()
            page.get_by_role("button", name=re.compile("accept|continue", re.IGNORECASE)).first.click()
            browser.close()
        terminal.wait_for("(What to try next)")
    assert terminal.code == 0
    assert [words for words in SAID if words not in terminal.seen] == []
