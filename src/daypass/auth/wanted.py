"""What a sign-in is to bring, and who must be the one to sign in."""

from __future__ import annotations

from ..errors import AuthError
from ..value import Value
from .tokens import Account


class Expected(Value):
    """Who must sign in; what is empty does not matter. `account` is a home account id, `user` a user name, `tenant_id` a directory's id."""

    account: str = ""
    user: str = ""
    tenant_id: str = ""

    def check(self, came: Account) -> None:
        """Raise AuthError when somebody else came; nothing must be kept then."""
        pairs = ((self.account, came.home_account_id), (self.user, came.username))
        if any(wanted and wanted.lower() != found.lower() for wanted, found in pairs):
            expected = self.user or "the person who was signed in"
            raise AuthError(f"{came.username} signed in, where {expected} was expected; nothing was changed", error="other_account")
        if self.tenant_id and self.tenant_id.lower() != came.tenant_id.lower():
            told = f"{came.username} signed in in tenant {came.tenant_id}, where {self.tenant_id} was expected; nothing was changed"
            raise AuthError(told, error="other_tenant")


class Wanted(Value):
    """What to ask the sign-in service for.

    `scopes` are permissions without OpenID's own, `claims` is the challenge (JSON text) to be answered; without `renewable` no refresh
    token is asked for, and the sign-in ends with its access token. `language` (`de-DE`) is for the service's own words, `hint` who is
    likely to sign in.
    """

    scopes: tuple[str, ...]
    claims: str = ""
    renewable: bool = True
    language: str = ""
    hint: str = ""
    expected: Expected = Expected()
