# What daypass uses of MSAL for Python, which carries no types of its own.
from collections.abc import Iterator, Mapping, Sequence
from threading import RLock
from typing import Any, Protocol

class _HttpResponse(Protocol):
    @property
    def status_code(self) -> int: ...
    @property
    def text(self) -> str: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    def raise_for_status(self) -> None: ...

class _HttpClient(Protocol):
    def get(self, url: str, *, params: Any = ..., headers: Any = ..., **kwargs: Any) -> _HttpResponse: ...
    def post(self, url: str, *, params: Any = ..., data: Any = ..., headers: Any = ..., **kwargs: Any) -> _HttpResponse: ...

class TokenCache:
    class CredentialType:
        ACCESS_TOKEN: str
        REFRESH_TOKEN: str
        ACCOUNT: str
        ID_TOKEN: str
        APP_METADATA: str

    _lock: RLock
    _cache: dict[str, dict[str, dict[str, Any]]]

    def add(self, event: dict[str, Any], **kwargs: Any) -> None: ...
    def modify(self, credential_type: str, old_entry: dict[str, Any], new_key_value_pairs: dict[str, Any] | None = None) -> None: ...
    def search(
        self, credential_type: str, target: Sequence[str] | None = None, query: Mapping[str, Any] | None = None, *, now: float | None = None
    ) -> Iterator[dict[str, Any]]: ...
    def find(
        self, credential_type: str, target: Sequence[str] | None = None, query: Mapping[str, Any] | None = None, *, now: float | None = None
    ) -> list[dict[str, Any]]: ...

class SerializableTokenCache(TokenCache):
    has_state_changed: bool
    def serialize(self) -> str: ...
    def deserialize(self, state: str | None) -> None: ...

class ClientApplication:
    def __init__(
        self,
        client_id: str,
        *,
        authority: str | None = None,
        token_cache: TokenCache | None = None,
        http_client: _HttpClient | None = None,
        client_capabilities: Sequence[str] | None = None,
        instance_discovery: bool | None = None,
        oidc_authority: str | None = None,
        exclude_scopes: Sequence[str] | None = None,
        client_credential: Any = None,
        app_name: str | None = None,
        app_version: str | None = None,
    ) -> None: ...
    def initiate_auth_code_flow(
        self, scopes: Sequence[str], *, redirect_uri: str | None = None, response_mode: str | None = None, **kwargs: Any
    ) -> dict[str, Any]: ...
    def acquire_token_by_auth_code_flow(
        self, auth_code_flow: dict[str, Any], auth_response: dict[str, Any], scopes: Sequence[str] | None = None, **kwargs: Any
    ) -> dict[str, Any]: ...
    def acquire_token_silent_with_error(
        self,
        scopes: Sequence[str],
        account: dict[str, Any] | None,
        *,
        force_refresh: bool = False,
        claims_challenge: str | None = None,
        **kwargs: Any,
    ) -> dict[str, Any] | None: ...
    def get_accounts(self, username: str | None = None) -> list[dict[str, Any]]: ...
    def remove_account(self, account: dict[str, Any]) -> None: ...

class PublicClientApplication(ClientApplication):
    def initiate_device_flow(
        self, scopes: Sequence[str] | None = None, *, claims_challenge: str | None = None, **kwargs: Any
    ) -> dict[str, Any]: ...
    def acquire_token_by_device_flow(self, flow: dict[str, Any], claims_challenge: str | None = None, **kwargs: Any) -> dict[str, Any]: ...

class ConfidentialClientApplication(ClientApplication):
    def acquire_token_for_client(
        self, scopes: Sequence[str], claims_challenge: str | None = None, **kwargs: Any
    ) -> dict[str, Any] | None: ...

class SystemAssignedManagedIdentity:
    def __init__(self) -> None: ...

class UserAssignedManagedIdentity:
    def __init__(self, *, client_id: str | None = None, resource_id: str | None = None, object_id: str | None = None) -> None: ...

class ManagedIdentityClient:
    def __init__(
        self,
        managed_identity: SystemAssignedManagedIdentity | UserAssignedManagedIdentity,
        *,
        http_client: _HttpClient,
        token_cache: TokenCache | None = None,
        client_capabilities: Sequence[str] | None = None,
    ) -> None: ...
    def acquire_token_for_client(self, *, resource: str, claims_challenge: str | None = None) -> dict[str, Any]: ...
