"""Who is signed in to the tenant in this browser: a cookie that names the user and the number of their session."""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie

from ..routes import Call
from .login import may_sign_in

COOKIE = "DAYPASS-SANDBOX"


def user_of(call: Call) -> str | None:
    """The user this browser is signed in as; None where nobody is, or their sign-ins were revoked."""
    try:
        cookies = SimpleCookie(call.request.headers.get("cookie", ""))
    except CookieError:
        return None
    user_id, _, session = cookies[COOKIE].value.partition(".") if COOKIE in cookies else ("", "", "")
    state = call.tenant.state
    known = user_id in state.users and session == str(state.session_of(user_id))
    return user_id if known and may_sign_in(call, user_id) else None


def signed_in(call: Call, user_id: str) -> dict[str, str]:
    """The header that keeps a user signed in."""
    return {"set-cookie": f"{COOKIE}={user_id}.{call.tenant.state.session_of(user_id)}; Path=/; Secure; HttpOnly; SameSite=None"}


def signed_out() -> dict[str, str]:
    """The header that ends it."""
    return {"set-cookie": f"{COOKIE}=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=None"}
