"""A first Microsoft Graph program, written the way people write their first one.

It knows nothing of daypass or its sandbox: the hosts are hard-coded, replies are indexed without a look, times are
whatever `isoformat` says. The test beside it runs it unmodified against the sandbox.
"""

import os
import sys
from datetime import UTC, datetime, timedelta

import msal
import requests

AUTHORITY = "https://login.microsoftonline.com/" + os.environ["TENANT_ID"]
GRAPH = "https://graph.microsoft.com/v1.0"
SCOPES = ["User.Read", "Calendars.ReadWrite"]


def sign_in() -> str:
    """Sign in with a code typed on another device; the access token."""
    app = msal.PublicClientApplication(os.environ["CLIENT_ID"], authority=AUTHORITY)
    flow = app.initiate_device_flow(scopes=SCOPES)
    if "user_code" not in flow:
        sys.exit(f"no code: {flow}")
    print(flow["message"], flush=True)
    result = app.acquire_token_by_device_flow(flow)
    if "access_token" not in result:
        sys.exit(f"not signed in: {result['error']}: {result['error_description']}")
    return result["access_token"]


def show(headline: str, events: list[dict]) -> None:
    """Print events, one line each."""
    print(headline)
    for event in events:
        organizer = event["organizer"]["emailAddress"]["name"]
        print(f"* {event['subject']} | {organizer} | {event['start']['dateTime']} to {event['end']['dateTime']} {event['end']['timeZone']}")


def main() -> None:
    """Greet, list, look at the week, book, list again."""
    headers = {"Authorization": "Bearer " + sign_in()}

    me = requests.get(GRAPH + "/me", headers=headers, timeout=30)
    me.raise_for_status()
    print("Hello, " + me.json()["displayName"])

    listed = requests.get(GRAPH + "/me/events?$select=subject,organizer,start,end&$top=5", headers=headers, timeout=30)
    listed.raise_for_status()
    show("My events:", listed.json()["value"])

    now = datetime.now(UTC)
    week = {"startDateTime": now.isoformat(), "endDateTime": (now + timedelta(days=7)).isoformat()}
    in_pacific_time = headers | {"Prefer": 'outlook.timezone="Pacific Standard Time"'}
    viewed = requests.get(GRAPH + "/me/calendarView", params=week, headers=in_pacific_time, timeout=30)
    viewed.raise_for_status()
    show("This week, in Redmond:", viewed.json()["value"])

    start = now + timedelta(minutes=5)
    study = {
        "subject": "Read about Graph",
        "start": {"dateTime": start.isoformat(), "timeZone": "UTC"},
        "end": {"dateTime": (start + timedelta(minutes=30)).isoformat(), "timeZone": "UTC"},
        "location": {"displayName": "At my desk"},
    }
    created = requests.post(GRAPH + "/me/events", json=study, headers=headers, timeout=30)
    if created.status_code != 201:
        sys.exit(f"not created: {created.status_code} {created.text}")
    event = created.json()
    print(f"Created {event['subject']} at {event['location']['displayName']}, {event['start']['dateTime']} {event['start']['timeZone']}")

    found = requests.get(GRAPH + "/me/events/" + event["id"], headers=headers, timeout=30)
    found.raise_for_status()
    show("Found again:", [found.json()])


if __name__ == "__main__":
    main()
