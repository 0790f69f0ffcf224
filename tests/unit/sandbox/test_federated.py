"""Workload identities: another issuer's token proves an app; and the machine's own identity."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from daypass_sandbox.entra.federated import APP_SERVICE, AUDIENCE, IMDS, MACHINE
from daypass_sandbox.environment import IDENTITY_HEADER
from entra_caller import Entra, refusal
from graph_caller import MEGAN, NOW

SERVICE = "11111111-2222-4333-8444-555555555555"
DEFAULT = "https://graph.microsoft.com/.default"
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
POD = "system:serviceaccount:reports:nightly"
PIPELINE = "https://token.actions.example"
ASKED = {"api-version": "2018-02-01", "resource": "https://graph.microsoft.com/"}
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
ANOTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def jwks_of(key):
    return {"keys": [{**json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key())), "kid": "one", "use": "sig"}]}


@pytest.fixture
def entra(tenant):
    entra = Entra(tenant.handle, client_id=SERVICE)
    made = {"client_id": SERVICE, "displayName": "Calendar service", "publicClient": False, "permissions": []}
    entra.ask_control("POST", "apps", {**made, "roles": ["Calendars.Read"]})
    return entra


def ask(entra, token):
    return entra.token(grant_type="client_credentials", scope=DEFAULT, client_assertion_type=JWT_BEARER, client_assertion=token)


def workload(entra, **said):
    return entra.ask_control("POST", "assertion", {"subject": POD, **said})["assertion"]


def of_the_pipeline(key=KEY, **claims):
    plain = {"iss": PIPELINE, "sub": "repo:contoso", "aud": AUDIENCE, "iat": NOW, "nbf": NOW, "exp": NOW + 600}
    return jwt.encode({**plain, **claims}, key, algorithm="RS256", headers={"kid": "one"})


class TestAPlatformsToken:
    def test_of_the_sandboxs_own_platform_opens_what_the_app_was_granted(self, entra):
        entra.ask_control("POST", "federated", {"client_id": SERVICE, "subject": POD})
        answer = ask(entra, workload(entra))
        assert answer.status == 200, answer.body
        bearer = {"authorization": f"Bearer {answer.json()['access_token']}"}
        assert entra.get(f"/v1.0/users/{MEGAN}/calendar/events", **bearer).status == 200

    def test_of_another_issuer_by_the_keys_that_were_given(self, entra):
        said = {"client_id": SERVICE, "subject": "repo:contoso", "issuer": PIPELINE, "jwks": jwks_of(KEY)}
        entra.ask_control("POST", "federated", said)
        assert ask(entra, of_the_pipeline()).status == 200
        assert ask(entra, of_the_pipeline(aud=[AUDIENCE])).status == 200
        assert refusal(ask(entra, of_the_pipeline(ANOTHER_KEY)))[2] == [700027]
        assert refusal(ask(entra, of_the_pipeline()[:-6] + "AAAAAA"))[2] == [700027]

    @pytest.mark.parametrize(
        ("said", "number"),
        [
            ({"issuer": "https://elsewhere.example"}, 70021),
            ({"subject": "system:serviceaccount:reports:another"}, 700213),
            ({"audience": "https://graph.microsoft.com"}, 700212),
            ({"lifetime_seconds": -3600}, 700024),
        ],
    )
    def test_that_fits_no_credential_is_refused(self, said, number, entra):
        entra.ask_control("POST", "federated", {"client_id": SERVICE, "subject": POD})
        status, error, numbers, _ = refusal(ask(entra, workload(entra, **said)))
        assert (status, error, numbers) == (401, "invalid_client", [number])

    def test_a_persons_token_proves_no_app(self, entra, tenant):
        entra.ask_control("POST", "federated", {"client_id": SERVICE, "subject": POD})
        token = Entra(tenant.handle).sign_in()["access_token"]
        assert refusal(ask(entra, token))[2] == [700229]

    @pytest.mark.parametrize("claims", [{"exp": "soon"}, {"nbf": None, "exp": None}, {"aud": None}, {"aud": []}, {"sub": ["a"]}])
    def test_a_token_of_odd_shape_is_refused_and_breaks_nothing(self, claims, entra):
        said = {"client_id": SERVICE, "subject": "repo:contoso", "issuer": PIPELINE, "jwks": jwks_of(KEY)}
        entra.ask_control("POST", "federated", said)
        payload = {"iss": PIPELINE, "sub": "repo:contoso", "aud": AUDIENCE, "iat": NOW, "nbf": NOW, "exp": NOW + 600, **claims}
        token = jwt.PyJWS().encode(json.dumps(payload).encode(), KEY, algorithm="RS256", headers={"kid": "one"})
        assert refusal(ask(entra, token))[0] in (400, 401)

    @pytest.mark.parametrize(
        ("path", "said"),
        [
            ("federated", {"client_id": "unknown", "subject": POD}),
            ("federated", {"client_id": SERVICE}),
            ("federated", {"client_id": SERVICE, "subject": POD, "jwks": "none"}),
            ("assertion", {}),
            ("assertion", {"subject": POD, "lifetime_seconds": True}),
        ],
    )
    def test_the_control_plane_says_what_it_wants(self, path, said, entra):
        assert entra.control("POST", path, said).status == 400


class TestTheMachinesIdentity:
    """https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token"""

    def imds(self, entra, asked=None, **headers):
        return entra.get(f"{IMDS}?{urlencode(ASKED if asked is None else asked)}", **headers)

    def test_it_gets_a_token_that_opens_what_it_was_granted(self, entra):
        assert self.imds(entra, metadata="true").status == 200
        entra.ask_control("POST", "apps", {"client_id": MACHINE, "roles": ["Calendars.Read"]})
        answer = self.imds(entra, metadata="true").json()
        assert set(answer) == {"access_token", "client_id", "resource", "token_type", "expires_in", "expires_on", "not_before"}
        assert (answer["client_id"], answer["expires_in"], answer["expires_on"]) == (MACHINE, "86399", str(int(NOW) + 86399))
        bearer = {"authorization": f"Bearer {answer['access_token']}"}
        assert entra.get(f"/v1.0/users/{MEGAN}/calendar/events", **bearer).status == 200

    def test_one_of_several_is_named(self, entra):
        answer = self.imds(entra, {**ASKED, "client_id": SERVICE}, metadata="true")
        assert jwt.decode(answer.json()["access_token"], options={"verify_signature": False})["appid"] == SERVICE

    @pytest.mark.parametrize(
        ("asked", "headers"),
        [
            (None, {}),
            ({"resource": "https://graph.microsoft.com"}, {"metadata": "true"}),
            ({"api-version": "2018-02-01"}, {"metadata": "true"}),
            ({**ASKED, "client_id": "unknown"}, {"metadata": "true"}),
        ],
    )
    def test_a_question_that_is_not_whole_is_refused(self, asked, headers, entra):
        assert self.imds(entra, asked, **headers).status == 400

    def test_app_services_endpoint_wants_its_header(self, entra):
        path = f"{APP_SERVICE}?{urlencode({'api-version': '2019-08-01', 'resource': 'https://graph.microsoft.com'})}"
        assert entra.get(path).status == 401
        assert entra.get(path, x_identity_header=IDENTITY_HEADER).status == 200
