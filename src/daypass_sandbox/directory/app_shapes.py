"""What app registrations and service principals have, and what a client may write (resources/application, resources/serviceprincipal)."""

from __future__ import annotations

from typing import Any

from ..graph.payload import FLAG, IGNORED, NOT_BUILT, TEXT, WHOLE, Each

Json = dict[str, Any]

_SCOPE: Json = {
    **dict.fromkeys(("adminConsentDescription", "adminConsentDisplayName", "id", "type", "userConsentDescription"), TEXT),
    "userConsentDisplayName": TEXT,
    "value": TEXT,
    "origin": TEXT,
    "isEnabled": FLAG,
}
_ROLE: Json = {
    **dict.fromkeys(("description", "displayName", "id", "origin", "value"), TEXT),
    "allowedMemberTypes": [TEXT],
    "isEnabled": FLAG,
}
_CLAIM: Json = {"additionalProperties": [TEXT], "essential": FLAG, "name": TEXT, "source": TEXT}
_PLATFORM: Json = {"redirectUris": Each(TEXT)}
PASSWORD: Json = {
    **dict.fromkeys(("customKeyIdentifier", "displayName", "endDateTime", "hint", "keyId", "startDateTime"), TEXT),
    "secretText": IGNORED,
}
KEY: Json = dict.fromkeys(("customKeyIdentifier", "displayName", "endDateTime", "key", "keyId", "startDateTime", "type", "usage"), TEXT)
_INFO = dict.fromkeys(("logoUrl", "marketingUrl", "privacyStatementUrl", "supportUrl", "termsOfServiceUrl"), TEXT)
_ADD_IN: Json = {"id": TEXT, "type": TEXT, "properties": [{"key": TEXT, "value": TEXT}]}
AUDIENCES = ("AzureADMyOrg", "AzureADMultipleOrgs", "AzureADandPersonalMicrosoftAccount", "PersonalMicrosoftAccount")

APPLICATION_READ_ONLY = (
    *("appId", "applicationTemplateId", "certification", "createdByAppId", "createdDateTime", "deletedDateTime"),
    *("disabledByMicrosoftStatus", "publisherDomain", "verifiedPublisher"),
)
APPLICATION: Json = {
    "addIns": [_ADD_IN],
    "api": {
        "acceptMappedClaims": FLAG,
        "knownClientApplications": [TEXT],
        "oauth2PermissionScopes": [_SCOPE],
        "preAuthorizedApplications": [{"appId": TEXT, "delegatedPermissionIds": [TEXT]}],
        "requestedAccessTokenVersion": WHOLE,
    },
    "appRoles": [_ROLE],
    "authenticationBehaviors": NOT_BUILT,
    "defaultRedirectUri": TEXT,
    "description": TEXT,
    "displayName": TEXT,
    "groupMembershipClaims": TEXT,
    "identifierUris": Each(TEXT),
    "info": _INFO,
    "isDeviceOnlyAuthSupported": FLAG,
    "isDisabled": FLAG,
    "isFallbackPublicClient": FLAG,
    "keyCredentials": [KEY],
    "logo": NOT_BUILT,
    "nativeAuthenticationApisEnabled": ("none", "all"),
    "notes": TEXT,
    "oauth2RequirePostResponse": FLAG,
    "optionalClaims": {"accessToken": [_CLAIM], "idToken": [_CLAIM], "saml2Token": [_CLAIM]},
    "parentalControlSettings": {"countriesBlockedForMinors": [TEXT], "legalAgeGroupRule": TEXT},
    "passwordCredentials": [PASSWORD],
    "publicClient": _PLATFORM,
    "requestSignatureVerification": NOT_BUILT,
    "requiredResourceAccess": [{"resourceAppId": TEXT, "resourceAccess": [{"id": TEXT, "type": ("Scope", "Role")}]}],
    "samlMetadataUrl": TEXT,
    "serviceManagementReference": TEXT,
    "servicePrincipalLockConfiguration": NOT_BUILT,
    "signInAudience": AUDIENCES,
    "spa": _PLATFORM,
    "tags": [TEXT],
    "tokenEncryptionKeyId": TEXT,
    "uniqueName": TEXT,
    "web": {
        "homePageUrl": TEXT,
        "implicitGrantSettings": {"enableAccessTokenIssuance": FLAG, "enableIdTokenIssuance": FLAG},
        "logoutUrl": TEXT,
        "redirectUriSettings": [{"index": WHOLE, "uri": TEXT}],
        "redirectUris": Each(TEXT),
    },
    **dict.fromkeys(APPLICATION_READ_ONLY, IGNORED),
}
NEW_APPLICATION: Json = {
    "addIns": [],
    "api": {
        "acceptMappedClaims": None,
        "knownClientApplications": [],
        "oauth2PermissionScopes": [],
        "preAuthorizedApplications": [],
        "requestedAccessTokenVersion": None,
    },
    "appRoles": [],
    "identifierUris": [],
    "info": dict.fromkeys(_INFO),
    "keyCredentials": [],
    "parentalControlSettings": {"countriesBlockedForMinors": [], "legalAgeGroupRule": "Allow"},
    "passwordCredentials": [],
    "publicClient": {"redirectUris": []},
    "requiredResourceAccess": [],
    "signInAudience": "AzureADMyOrg",
    "spa": {"redirectUris": []},
    "tags": [],
    "verifiedPublisher": {"addedDateTime": None, "displayName": None, "verifiedPublisherId": None},
    "web": {
        "homePageUrl": None,
        "implicitGrantSettings": {"enableAccessTokenIssuance": False, "enableIdTokenIssuance": False},
        "logoutUrl": None,
        "redirectUriSettings": [],
        "redirectUris": [],
    },
}
APPLICATION_UNBUILT = tuple(name for name, shape in APPLICATION.items() if shape == NOT_BUILT)
APPLICATION_NAMES = ("id", *(name for name in APPLICATION if name not in (*APPLICATION_UNBUILT, "oauth2RequirePostResponse")))
APPLICATION_LENGTHS = {"displayName": 256, "description": 1024, "notes": 1024, "uniqueName": 128}

PRINCIPAL_READ_ONLY = (
    *("appDescription", "appDisplayName", "appOwnerOrganizationId", "applicationTemplateId", "deletedDateTime"),
    *("disabledByMicrosoftStatus", "oauth2PermissionScopes", "resourceSpecificApplicationPermissions", "signInAudience"),
    *("verifiedPublisher", "createdByAppId"),
)
PRINCIPAL: Json = {
    "accountEnabled": FLAG,
    "addIns": [_ADD_IN],
    "alternativeNames": [TEXT],
    "appId": TEXT,
    "appRoleAssignmentRequired": FLAG,
    "appRoles": [_ROLE],
    "customSecurityAttributes": NOT_BUILT,
    "description": TEXT,
    "displayName": TEXT,
    "homepage": TEXT,
    "info": _INFO,
    "isDisabled": FLAG,
    "keyCredentials": [KEY],
    "loginUrl": TEXT,
    "logoutUrl": TEXT,
    "notes": TEXT,
    "notificationEmailAddresses": [TEXT],
    "passwordCredentials": [PASSWORD],
    "preferredSingleSignOnMode": TEXT,
    "preferredTokenSigningKeyThumbprint": TEXT,
    "replyUrls": [TEXT],
    "samlSingleSignOnSettings": {"relayState": TEXT},
    "servicePrincipalNames": [TEXT],
    "servicePrincipalType": TEXT,
    "tags": [TEXT],
    "tokenEncryptionKeyId": TEXT,
    **dict.fromkeys(PRINCIPAL_READ_ONLY, IGNORED),
}
PRINCIPAL_NAMES = ("id", *(name for name in PRINCIPAL if name != "customSecurityAttributes"))
PRINCIPAL_COLLECTIONS = (
    *("addIns", "alternativeNames", "appRoles", "keyCredentials", "notificationEmailAddresses", "oauth2PermissionScopes"),
    *("passwordCredentials", "replyUrls", "resourceSpecificApplicationPermissions", "servicePrincipalNames", "tags"),
)
PRINCIPAL_LENGTHS = {"description": 1024, "notes": 1024}
