from __future__ import annotations

from urllib.parse import urlencode

from entra_caller import CLIENT_ID, refusal

DAY = 24 * 3600


def test_device_codes_that_ran_out_long_ago_are_forgotten(tenant, entra):
    code = entra.device_code().json()["device_code"]
    entra.advance(900)
    entra.device_code()
    assert refusal(entra.poll(code))[2] == [70020]
    entra.advance(900)
    entra.device_code()
    assert code not in tenant.state.device_codes
    assert len(tenant.state.device_codes) == 2


def test_authorization_codes_that_ran_out_long_ago_are_forgotten(tenant, entra):
    tenant.auto_approve = "megan"
    asked = {"client_id": CLIENT_ID, "response_type": "code", "redirect_uri": "http://localhost", "scope": "User.Read"}
    for kept in (1, 2, 2, 2):
        assert entra.get(f"/common/oauth2/v2.0/authorize?{urlencode(asked)}").status == 302
        assert len(tenant.state.auth_codes) == kept
        entra.advance(600)


def test_a_sign_in_keeps_its_newest_refresh_tokens(tenant, entra):
    first = token = entra.sign_in()["refresh_token"]
    other = entra.sign_in(user="alex")["refresh_token"]
    for _ in range(60):
        token = entra.refresh(token).json()["refresh_token"]
    assert len(tenant.state.refresh_tokens) == 51
    assert (entra.refresh(token).status, entra.refresh(other).status) == (200, 200)
    assert entra.refresh(first).status == 400


def test_a_refresh_token_that_is_used_again_and_again_stays(entra):
    token = entra.sign_in()["refresh_token"]
    assert {entra.refresh(token).status for _ in range(60)} == {200}


def test_refresh_tokens_that_ran_out_long_ago_are_forgotten(tenant, entra):
    token = entra.sign_in()["refresh_token"]
    entra.advance(90 * DAY)
    entra.sign_in(user="alex")
    assert refusal(entra.refresh(token))[2] == [700082]
    entra.advance(90 * DAY)
    entra.sign_in(user="alex")
    assert token not in tenant.state.refresh_tokens
