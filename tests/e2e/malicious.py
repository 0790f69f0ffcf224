"""A sign-in service that means harm, over HTTPS on loopback, for tests of what clients let be done to them.

    def test_a_drip_ends(malicious):
        malicious.behave("drip", at="token")
        ...

As it starts (`"honest"`) it signs Megan Bowen in at once, whatever the client's id: by device code, with a code that its authorization
endpoint sends back without a question, by refresh token, as an app; and it has her `/v1.0/me`. `behave` makes one of its endpoints
(`PLACES`), or those that a misdeed is about, do a thing of:

  `WIRE`       how an answer comes: endless, slow, broken, in disguise, or from elsewhere (everywhere)
  `TEXTS`      JSON that is none, or not what was agreed (everywhere)
  `DISCOVERY`  endpoints and issuers that are somebody else's
  `DEVICE`     what a device would show to a person, and how long things last
  `LANDING`    what the browser brings back
  `KEYS`       published keys that are the wrong ones
  `ID_TOKENS`  proofs of who signed in that are forged

What each does stands in its docstring, in `misdeeds` and `forging`. `asked` has what clients asked; `elsewhere.asked` and
`in_the_clear.asked` what they asked of two other servers, which would sign them in too: one with a certificate as good as this one's, one
without any.
"""

from __future__ import annotations

import base64
import contextlib
import html
import json
import secrets
import socket
import ssl
import struct
import threading
import time
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit

import trustme
from forging import ID_TOKENS, KEYS, jwk, signed
from misdeeds import DEVICE, DISCOVERY, LANDING, TEXTS, WIRE

Json = dict[str, Any]

TENANT = "0c0470de-c0de-4a11-8c07-c04705000001"
ACCESS_TOKEN, REFRESH_TOKEN, DEVICE_CODE = "access-token-of-megan", "refresh-token-of-megan", "device-code-of-megan"
USER_CODE, CODE = "BCDFGHJKL", "code-of-megan"
MEGAN = {"name": "Megan Bowen", "preferred_username": "megan@contoso.example", "oid": "48d31887-5fad-4d73-a9f5-3c356e68a038"}
PLACES = {
    "discovery": "/.well-known/openid-configuration",
    "device": "/devicecode",
    "authorize": "/authorize",
    "token": "/token",
    "keys": "/keys",
    "me": "/me",
}
ABOUT = {**dict.fromkeys(DISCOVERY, "discovery"), **dict.fromkeys(DEVICE, "device"), **dict.fromkeys(LANDING, "authorize")}
ABOUT |= {**dict.fromkeys(KEYS, "keys"), **dict.fromkeys(ID_TOKENS, "token")}
CHANGES = {**DISCOVERY, **DEVICE, **LANDING}
HONEST = "honest"


class Asked(NamedTuple):
    """One request: at which of `PLACES` ("" for none), how, where (with its query), its headers by lower-case names, query and form."""

    place: str
    method: str
    path: str
    headers: dict[str, str]
    form: dict[str, str]


class Malicious:
    """The service: `url` is an authority as Entra's are, `issuer` one for clients that know of no Entra.

    `pending` is how often devices hear that nobody has decided yet, `drip_seconds` the pause between two bytes.
    """

    def __init__(self, folder: Path) -> None:
        vouching = trustme.CA()
        vouching.cert_pem.write_to_path(folder / "ca.pem")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        vouching.issue_cert("localhost", "127.0.0.1").configure_cert(context)
        self.ca_file, self.tenant_id = str(folder / "ca.pem"), TENANT
        self.pending, self.drip_seconds = 0, 0.05
        self.ended = threading.Event()
        self._how: dict[str, str] = {}
        self.here, self.elsewhere, self.in_the_clear = _Server(self, context), _Server(self, context), _Server(self, None)
        self.asked, self.origin = self.here.asked, self.here.origin
        self.url = self.issuer = f"{self.origin}/{TENANT}"
        self.graph_root = f"{self.origin}/v1.0"

    def behave(self, how: str, at: str = "") -> None:
        """Do this from now on at one of `PLACES`, or without one wherever it makes sense; `"honest"` makes good again."""
        if how != HONEST and not any(how in kind for kind in (WIRE, TEXTS, ABOUT)):
            raise ValueError(f"it knows no {how!r}")
        places = [at] if at else [ABOUT[how]] if how in ABOUT else list(PLACES)
        if not set(places) <= PLACES.keys():
            raise ValueError(f"there is no {at!r}; there are {', '.join(PLACES)}")
        self._how.update(dict.fromkeys(places, how))

    def how(self, place: str) -> str:
        """What is done at a place."""
        return self._how.get(place, HONEST)

    @contextlib.contextmanager
    def running(self) -> Iterator[Malicious]:
        """Listen for as long as the block lasts."""
        servers = (self.here, self.elsewhere, self.in_the_clear)
        threads = [threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}) for server in servers]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self.ended.set()
            for server, thread in zip(servers, threads, strict=True):
                server.end()
                thread.join()


class _Server(ThreadingHTTPServer):
    """One address; `asked` has what came."""

    daemon_threads = False
    request_queue_size = 64

    def __init__(self, authority: Malicious, context: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", 0), Exchange)
        self.authority, self._context, self._open = authority, context, set[socket.socket]()
        self.asked: list[Asked] = []
        self.question: dict[str, str] = {}  # the last that was asked of a person
        self.polls, self.issuer = 0, ""
        self.origin = f"{'https' if context else 'http'}://localhost:{self.server_port}"

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Serve one connection, in a thread of its own; a client that hangs up has its reasons."""
        with contextlib.suppress(OSError), contextlib.ExitStack() as opened:
            if self._context:
                request = opened.enter_context(self._context.wrap_socket(request, server_side=True, do_handshake_on_connect=False))
            self._open.add(request)
            opened.callback(self._open.discard, request)
            if self._context:
                request.do_handshake()
            super().finish_request(request, client_address)

    def end(self) -> None:
        """Hang up on everybody, and stop."""
        self.shutdown()
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.server_close()


class Exchange(BaseHTTPRequestHandler):
    """One request and the means to answer it, well or otherwise."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body go by themselves
    server: _Server

    @property
    def authority(self) -> Malicious:
        return self.server.authority

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""

    # --- what misdeeds are done with

    def begin(self, status: int, headers: Mapping[str, str]) -> None:
        """Send the head, of JSON unless the headers say otherwise; after the body, however much that is, the connection ends."""
        self.close_connection = True
        self._head(status, headers)

    def _head(self, status: int, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def send(self, status: int, headers: Mapping[str, str], body: bytes = b"") -> None:
        """Send a whole answer."""
        self._head(status, {**headers, "Content-Length": str(len(body))})
        self.write(body)

    def write(self, body: bytes) -> None:
        self.wfile.write(body)

    def pour(self, piece: bytes, most: int) -> None:
        """Send a body of so many bytes: this piece, then blanks."""
        blanks, sent = b" " * len(piece), 0
        while sent < most and not self.authority.ended.is_set():
            self.write((blanks if sent else piece)[: most - sent])
            sent += len(piece)

    def pause(self) -> bool:
        """Wait a little; whether it is time to end."""
        return self.authority.ended.wait(self.authority.drip_seconds)

    def reset(self) -> None:
        """End the connection as a crash does."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    # --- what it answers

    def _answer(self) -> None:
        asked = self._asked()
        self.server.asked.append(asked)
        how = self.authority.how(asked.place) if self.server is self.authority.here else HONEST
        status, document = self._document(asked, how)
        document = CHANGES[how](document, self.authority) if how in CHANGES else document
        body = TEXTS[how](document) if how in TEXTS else json.dumps(document).encode()
        if how in WIRE:
            WIRE[how](self, body)
        elif asked.place == "authorize" and how not in TEXTS:
            self._send_browser_back(asked.form, document)
        else:
            self.send(status, {}, body)

    def _asked(self) -> Asked:
        parts = urlsplit(self.path)
        text = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        place = next((place for place, end in PLACES.items() if parts.path.endswith(end)), "")
        headers = {name.lower(): value for name, value in self.headers.items()}
        return Asked(place, self.command, self.path, headers, {**dict(parse_qsl(parts.query)), **dict(parse_qsl(text))})

    def _document(self, asked: Asked, how: str) -> tuple[int, Json]:
        """The status and the JSON of the honest answer, but for forged keys and tokens."""
        match asked.place:
            case "discovery":
                return 200, self._discovery()
            case "device":
                self.server.question, self.server.polls = asked.form, 0
                page = f"{self.server.origin}/device"
                said = {"user_code": USER_CODE, "verification_uri": page, "message": f"Open {page} and enter the code {USER_CODE}."}
                return 200, {**said, "device_code": DEVICE_CODE, "expires_in": 900, "interval": 1}
            case "authorize":
                self.server.question = asked.form
                return 200, {"code": CODE, **{name: value for name, value in asked.form.items() if name == "state"}}
            case "token":
                return self._token(asked.form, how)
            case "keys":
                return 200, {"keys": KEYS[how]() if how in KEYS else [jwk()]}
            case "me" if asked.headers.get("authorization") == f"Bearer {ACCESS_TOKEN}":
                return 200, {"id": MEGAN["oid"], "displayName": MEGAN["name"], "userPrincipalName": MEGAN["preferred_username"]}
            case "me":
                return 401, {"error": {"code": "InvalidAuthenticationToken", "message": "Access token is empty."}}
            case _:
                return 404, {"error": "not_found"}

    def _discovery(self) -> Json:
        self.server.issuer = self.server.origin + urlsplit(self.path).path.removesuffix(PLACES["discovery"])
        oauth = f"{self.server.origin}/{TENANT}/oauth2/v2.0"
        return {
            "issuer": self.server.issuer,
            "authorization_endpoint": f"{oauth}/authorize",
            "token_endpoint": f"{oauth}/token",
            "device_authorization_endpoint": f"{oauth}/devicecode",
            "jwks_uri": f"{self.server.origin}/{TENANT}/discovery/v2.0/keys",
            "response_types_supported": ["code"],
            "response_modes_supported": ["query", "form_post"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }

    def _token(self, form: Mapping[str, str], how: str) -> tuple[int, Json]:
        grant = form.get("grant_type", "").rpartition(":")[2]
        answer = {"token_type": "Bearer", "expires_in": 3599, "access_token": ACCESS_TOKEN}
        if grant == "client_credentials":
            return 200, answer
        if grant == "device_code" and self.server.polls < self.authority.pending:
            self.server.polls += 1
            return 400, {"error": "authorization_pending", "error_description": "Nobody has decided yet."}
        claims = self._claims(form)
        who = {"uid": MEGAN["oid"], "utid": TENANT}
        return 200, {
            **answer,
            "refresh_token": REFRESH_TOKEN,
            "scope": form.get("scope") or self.server.question.get("scope", ""),
            "id_token": ID_TOKENS[how](claims) if how in ID_TOKENS else signed(claims),
            "client_info": base64.urlsafe_b64encode(json.dumps(who).encode()).rstrip(b"=").decode(),
        }

    def _claims(self, form: Mapping[str, str]) -> Json:
        """What an honest ID token says; the nonce is that of the question."""
        now, nonce = int(time.time()), self.server.question.get("nonce")
        claims = {"iss": self.server.issuer, "aud": form.get("client_id", ""), "iat": now, "nbf": now, "exp": now + 3600}
        claims |= {**MEGAN, "sub": "pairwise-subject-of-megan", "tid": TENANT, "ver": "2.0", "jti": secrets.token_hex(8)}
        return {**claims, "nonce": nonce} if nonce and form.get("grant_type") == "authorization_code" else claims

    def _send_browser_back(self, question: Mapping[str, str], answer: Json) -> None:
        address = question.get("redirect_uri", "")
        if question.get("response_mode") != "form_post":
            return self.send(302, {"Location": f"{address}{'&' if '?' in address else '?'}{urlencode(answer)}"})
        fields = "".join(f'<input name="{name}" value="{html.escape(value)}">' for name, value in answer.items())
        page = f'<form method="post" action="{html.escape(address)}">{fields}<button>Continue</button></form>'
        return self.send(200, {"Content-Type": "text/html"}, page.encode())
