"""An authorization server that nobody here wrote: panva's oidc-provider over HTTPS on loopback, and a person who signs in there.

    def test_device_code(foreign_issuer):
        given = start(foreign_issuer.url, foreign_issuer.client_id, ca_file=foreign_issuer.ca_file)
        foreign_issuer.approve(given.user_code)

    @pytest.mark.parametrize("foreign_issuer", [Options(device_flow=False)], indirect=True)
    def test_without_device_codes(foreign_issuer): ...

It has one client, public and native (`client_id`), for which PKCE with S256 is a must; discovery, published keys, `iss` in its answers
(RFC 9207), userinfo, revocation (RFC 7009), and opaque access tokens. It needs Node.js and npm; the test is skipped where there are none.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import trustme
from environments import node_with_clients
from plain_browser import Landing, Page, PlainBrowser, approve, sign_in

START_SECONDS = 30.0


@dataclass(frozen=True)
class Options:
    """What the server is like; as it stands it is friendly to programs that were written for Microsoft's.

    `device_flow` and `form_post` switch the device grant and `response_mode=form_post` on, in discovery too. Lifetimes are in seconds;
    `interval_seconds` is how long devices are told to wait between polls. Refresh tokens are given out `"always"`, or with
    `"offline_access"` only where that scope was granted, which OpenID Connect does only where `prompt=consent` was asked; with
    `rotate_refresh_tokens` each is good once, and who shows it again loses the whole grant. `scopes` are those it grants beside `openid`
    and `offline_access`; others it passes over. Where not `claims_in_id_token`, names are told by userinfo alone. `redirect_uris` on
    loopback stand for any port. `path` is that of its identifier: MSAL takes none that is a host alone.
    """

    device_flow: bool = True
    form_post: bool = True
    interval_seconds: int = 1
    access_token_seconds: int = 3600
    id_token_seconds: int = 3600
    refresh_token_seconds: int = 14 * 24 * 3600
    device_code_seconds: int = 900
    code_seconds: int = 60
    refresh_tokens: str = "always"
    rotate_refresh_tokens: bool = True
    claims_in_id_token: bool = True
    scopes: tuple[str, ...] = ("profile", "email", "User.Read", "Calendars.ReadBasic", "Calendars.Read", "Calendars.ReadWrite")
    redirect_uris: tuple[str, ...] = tuple(
        f"http://{host}{path}" for host in ("localhost", "127.0.0.1") for path in ("", "/", "/signed-in")
    )
    client_id: str = "contoso-calendar"
    path: str = "/contoso"


@dataclass(frozen=True)
class ForeignIssuer:
    """The running server: its issuer identifier, the CA file to trust, its client's id, and what it is like."""

    url: str
    ca_file: str
    client_id: str
    options: Options

    @property
    def device_page(self) -> str:
        """Where user codes are typed."""
        return f"{self.url}/device"

    def approve(self, user_code: str, who: str = "Megan Bowen") -> None:
        """Megan, or Alex Wilber, types the code that a device shows, signs in, and accepts; AssertionError where that fails."""
        approve(self.device_page, user_code, self.ca_file, who)

    def decline(self, user_code: str) -> None:
        """Somebody types the code that a device shows, and thinks better of it."""
        browser = PlainBrowser(self.ca_file)
        asked = browser.press(browser.go(self.device_page), "Continue", user_code=user_code)
        browser.press(asked, "Abort")

    def sign_in(self, authorize_url: str, who: str = "Megan Bowen") -> Landing:
        """Somebody signs in where an app sent their browser, and accepts; where the browser is sent in the end, and with what.

        The app is told nothing yet: `landing.url` and `landing.answer` are for those that take a pasted address, `deliver` brings it.
        """
        return sign_in(authorize_url, self.ca_file, who)

    def deliver(self, landing: Landing) -> Page:
        """Bring an answer to the program that listens for it, as the browser would (a GET, or the POST of a form); the page it shows."""
        page = PlainBrowser(self.ca_file).go(landing.url, landing.posted)
        assert isinstance(page, Page), page
        return page


@contextlib.contextmanager
def serve(folder: Path, options: Options) -> Iterator[ForeignIssuer]:
    """Run the server for as long as the block lasts; certificates and what it printed lie in the folder."""
    node, programs = node_with_clients()
    authority, said = trustme.CA(), folder / "said.txt"
    authority.cert_pem.write_to_path(folder / "ca.pem")
    server = authority.issue_cert("localhost", "127.0.0.1")
    server.private_key_pem.write_to_path(folder / "key.pem")
    for number, pem in enumerate(server.cert_chain_pems):
        pem.write_to_path(folder / "cert.pem", append=number > 0)
    wanted = json.dumps({**asdict(options), "key_file": str(folder / "key.pem"), "cert_file": str(folder / "cert.pem")})
    with (
        said.open("w") as errors,
        subprocess.Popen(
            [node, programs / "oidc_provider.mjs", wanted], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True
        ) as process,
    ):
        killer = threading.Timer(START_SECONDS, process.kill)
        killer.start()
        try:
            line = process.stdout.readline()
            killer.cancel()
            assert line, f"it did not start: {said.read_text()}"
            yield ForeignIssuer(json.loads(line)["issuer"], str(folder / "ca.pem"), options.client_id, options)
        finally:
            killer.cancel()
            process.kill()
