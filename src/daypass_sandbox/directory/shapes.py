"""What people and groups have and what a client may write of it (resources/user, resources/group)."""

from __future__ import annotations

from typing import Any

from ..graph.payload import FLAG, IGNORED, NOT_BUILT, TEXT

Json = dict[str, Any]

_INSTANT = TEXT  # its form is checked when it is written (`objects.instant`)
_IDENTITY = {"signInType": TEXT, "issuer": TEXT, "issuerAssignedId": TEXT}
_EXTENSION_ATTRIBUTES = {f"extensionAttribute{number}": TEXT for number in range(1, 16)}
_PASSWORD = {"password": TEXT, "forceChangePasswordNextSignIn": FLAG, "forceChangePasswordNextSignInWithMfa": FLAG}

USER_DEFAULT = (
    *("businessPhones", "displayName", "givenName", "jobTitle", "mail", "mobilePhone", "officeLocation", "preferredLanguage", "surname"),
    *("userPrincipalName", "id"),
)
USER_BASIC = frozenset({"displayName", "givenName", "id", "mail", "surname", "userPrincipalName"})  # what User.ReadBasic.All shows
# kept by SharePoint: to be had of one user, never of a list
USER_PROFILE: Json = {
    "aboutMe": TEXT,
    "birthday": _INSTANT,
    "hireDate": _INSTANT,
    "interests": [TEXT],
    "mySite": TEXT,
    "pastProjects": [TEXT],
    "preferredName": TEXT,
    "responsibilities": [TEXT],
    "schools": [TEXT],
    "skills": [TEXT],
}
USER_READ_ONLY = (
    *("assignedLicenses", "assignedPlans", "createdDateTime", "creationType", "deletedDateTime", "externalUserState"),
    *(
        "externalUserStateChangeDateTime",
        "imAddresses",
        "isManagementRestricted",
        "lastPasswordChangeDateTime",
        "legalAgeGroupClassification",
    ),
    *("licenseAssignmentStates", "onPremisesDistinguishedName", "onPremisesDomainName", "onPremisesLastSyncDateTime"),
    *("onPremisesProvisioningErrors", "onPremisesSamAccountName", "onPremisesSecurityIdentifier", "onPremisesSyncEnabled"),
    *("onPremisesUserPrincipalName", "provisionedPlans", "proxyAddresses", "securityIdentifier"),
    *("serviceProvisioningErrors", "signInSessionsValidFromDateTime"),
)
USER_UNBUILT = (
    *("authorizationInfo", "customSecurityAttributes", "deviceEnrollmentLimit", "identityParentId", "mailboxSettings"),
    *("signInActivity",),
)
USER: Json = {
    "accountEnabled": FLAG,
    "ageGroup": ("Minor", "NotAdult", "Adult"),
    "businessPhones": [TEXT],
    "city": TEXT,
    "companyName": TEXT,
    "consentProvidedForMinor": ("Granted", "Denied", "NotRequired"),
    "country": TEXT,
    "department": TEXT,
    "displayName": TEXT,
    "employeeHireDate": _INSTANT,
    "employeeId": TEXT,
    "employeeLeaveDateTime": _INSTANT,
    "employeeOrgData": {"division": TEXT, "costCenter": TEXT},
    "employeeType": TEXT,
    "faxNumber": TEXT,
    "givenName": TEXT,
    "identities": [_IDENTITY],
    "isResourceAccount": FLAG,
    "jobTitle": TEXT,
    "mail": TEXT,
    "mailNickname": TEXT,
    "mobilePhone": TEXT,
    "officeLocation": TEXT,
    "onPremisesExtensionAttributes": _EXTENSION_ATTRIBUTES,
    "onPremisesImmutableId": TEXT,
    "otherMails": [TEXT],
    "passwordPolicies": TEXT,
    "passwordProfile": _PASSWORD,
    "postalCode": TEXT,
    "preferredDataLocation": TEXT,
    "preferredLanguage": TEXT,
    "showInAddressList": FLAG,
    "state": TEXT,
    "streetAddress": TEXT,
    "surname": TEXT,
    "usageLocation": TEXT,
    "userPrincipalName": TEXT,
    "userType": ("Member", "Guest"),
    **USER_PROFILE,
    **dict.fromkeys(USER_READ_ONLY, IGNORED),
    **dict.fromkeys(USER_UNBUILT, NOT_BUILT),
}
USER_INSTANTS = ("birthday", "employeeHireDate", "employeeLeaveDateTime", "hireDate")
USER_COLLECTIONS = (
    *("assignedLicenses", "assignedPlans", "businessPhones", "identities", "imAddresses", "interests", "licenseAssignmentStates"),
    *("onPremisesProvisioningErrors", "otherMails", "pastProjects", "provisionedPlans", "proxyAddresses", "responsibilities", "schools"),
    *("serviceProvisioningErrors", "skills"),
)
USER_LENGTHS = {
    **dict.fromkeys(("companyName", "department", "givenName", "mailNickname", "mobilePhone", "surname"), 64),
    **dict.fromkeys(("city", "country", "jobTitle", "state"), 128),
    "displayName": 256,
    "employeeId": 16,
    "postalCode": 40,
    "streetAddress": 1024,
    "userPrincipalName": 113,
}
# filtered by only with the advanced options; by the others of USER_FILTERABLE at once (includes/filter-directory-objects)
USER_ADVANCED_ONLY = (
    *("companyName", "createdDateTime", "deletedDateTime", "employeeHireDate", "employeeType", "mobilePhone", "officeLocation"),
    *("onPremisesExtensionAttributes", "onPremisesImmutableId", "onPremisesLastSyncDateTime", "onPremisesSamAccountName"),
    *("passwordPolicies", "postalCode", "preferredLanguage", "showInAddressList", "streetAddress"),
)
USER_FILTERABLE = (
    *("accountEnabled", "ageGroup", "assignedLicenses", "assignedPlans", "businessPhones", "city", "consentProvidedForMinor", "country"),
    *("creationType", "department", "displayName", "employeeId", "givenName", "id", "identities", "imAddresses", "isResourceAccount"),
    *("jobTitle", "mail", "mailNickname", "onPremisesSecurityIdentifier", "onPremisesSyncEnabled", "onPremisesUserPrincipalName"),
    *("otherMails", "proxyAddresses", "state", "surname", "usageLocation", "userPrincipalName", "userType"),
    *USER_ADVANCED_ONLY,
)

GROUP_DEFAULT = (
    *("id", "deletedDateTime", "classification", "createdDateTime", "description", "displayName", "expirationDateTime"),
    *("groupTypes", "isAssignableToRole", "mail", "mailEnabled", "mailNickname", "membershipRule", "membershipRuleProcessingState"),
    *("onPremisesDomainName", "onPremisesLastSyncDateTime", "onPremisesNetBiosName", "onPremisesSamAccountName"),
    *("onPremisesSecurityIdentifier", "onPremisesSyncEnabled", "preferredDataLocation", "preferredLanguage", "proxyAddresses"),
    *("renewedDateTime", "resourceBehaviorOptions", "resourceProvisioningOptions", "securityEnabled", "securityIdentifier", "theme"),
    *("uniqueName", "visibility", "onPremisesProvisioningErrors", "serviceProvisioningErrors"),
)
# kept by Exchange: to be had of one group, never of a list, and changed alone
GROUP_EXCHANGE: Json = {
    "allowExternalSenders": FLAG,
    "autoSubscribeNewMembers": FLAG,
    "hideFromAddressLists": FLAG,
    "hideFromOutlookClients": FLAG,
    "isSubscribedByMail": FLAG,
}
GROUP_READ_ONLY = (
    *("createdDateTime", "deletedDateTime", "expirationDateTime", "mail", "onPremisesDomainName", "onPremisesLastSyncDateTime"),
    *("onPremisesNetBiosName", "onPremisesProvisioningErrors", "onPremisesSamAccountName", "onPremisesSecurityIdentifier"),
    *("onPremisesSyncEnabled", "proxyAddresses", "renewedDateTime", "securityIdentifier", "serviceProvisioningErrors", "assignedLicenses"),
    *("licenseProcessingState", "hasMembersWithLicenseErrors", "isManagementRestricted", "unseenCount"),
)
GROUP_ON_SELECT = ("assignedLabels", "assignedLicenses", "licenseProcessingState", "isManagementRestricted")
GROUP: Json = {
    "classification": TEXT,
    "description": TEXT,
    "displayName": TEXT,
    "groupTypes": [TEXT],
    "isAssignableToRole": FLAG,
    "mailEnabled": FLAG,
    "mailNickname": TEXT,
    "membershipRule": TEXT,
    "membershipRuleProcessingState": ("On", "Paused"),
    "preferredDataLocation": TEXT,
    "preferredLanguage": TEXT,
    "resourceBehaviorOptions": [TEXT],
    "resourceProvisioningOptions": [TEXT],
    "securityEnabled": FLAG,
    "theme": TEXT,
    "uniqueName": TEXT,
    "visibility": ("Public", "Private", "HiddenMembership"),
    **GROUP_EXCHANGE,
    **dict.fromkeys(GROUP_READ_ONLY, IGNORED),
}
GROUP_COLLECTIONS = (
    *("assignedLabels", "assignedLicenses", "groupTypes", "onPremisesProvisioningErrors", "proxyAddresses"),
    *("resourceBehaviorOptions", "resourceProvisioningOptions", "serviceProvisioningErrors"),
)
GROUP_LENGTHS = {"displayName": 256, "description": 1024, "mailNickname": 64}


GROUP_ADVANCED_ONLY = ("classification", "description", "membershipRule", "preferredLanguage")
GROUP_FILTERABLE = (
    *("assignedLicenses", "createdDateTime", "deletedDateTime", "displayName", "expirationDateTime", "groupTypes"),
    *("hasMembersWithLicenseErrors", "id", "isAssignableToRole", "mail", "mailEnabled", "mailNickname", "membershipRuleProcessingState"),
    *("onPremisesLastSyncDateTime", "onPremisesSamAccountName", "onPremisesSecurityIdentifier", "onPremisesSyncEnabled", "proxyAddresses"),
    *("renewedDateTime", "resourceProvisioningOptions", "securityEnabled", "uniqueName", "visibility"),
    *GROUP_ADVANCED_ONLY,
)


def shown(record: Json, names: tuple[str, ...], collections: tuple[str, ...]) -> Json:
    """An object with every property of these names: empty collections and nulls where it has nothing."""
    return {name: record.get(name, [] if name in collections else None) for name in names}
