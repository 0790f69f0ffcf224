"""python-o365 does a calendar's work with Microsoft's hosts hard-coded: sign in for the app alone, view, create, a series, change, delete.

Run by its test behind a proxy that leads those hosts to the sandbox; each step asserts what a user would see and prints its name.
"""

from __future__ import annotations

import datetime as dt
import os
from zoneinfo import ZoneInfo

from O365 import Account, MSGraphProtocol
from O365.utils.token import MemoryTokenBackend

PACIFIC = ZoneInfo("America/Los_Angeles")
FIRST = dt.datetime(2027, 3, 1, tzinfo=PACIFIC)


def main() -> None:
    account = Account(
        (os.environ["APP_ID"], os.environ["APP_SECRET"]),
        auth_flow_type="credentials",
        tenant_id=os.environ["TENANT_ID"],
        protocol=MSGraphProtocol(timezone=PACIFIC),
        main_resource="megan@contoso.example",
        token_backend=MemoryTokenBackend(),
    )
    assert account.authenticate()
    print("signs_in", flush=True)

    schedule = account.schedule()
    calendar = schedule.get_default_calendar()
    assert calendar.name == "Calendar"
    event = calendar.new_event("Campaign kick-off")
    event.start, event.end = FIRST.replace(hour=9), FIRST.replace(hour=10)
    event.location = "Conf Room Adams"
    event.attendees.add("alex@contoso.example")
    event.body = "Agenda"
    assert event.save()
    print("creates", flush=True)

    month = {"start_recurring": FIRST, "end_recurring": FIRST + dt.timedelta(days=30), "limit": 50}
    (found,) = calendar.get_events(**month)
    assert (found.subject, found.start) == ("Campaign kick-off", FIRST.replace(hour=9)), (found.subject, found.start)
    starting = calendar.new_query().chain_and(
        calendar.new_query().startswith("subject", "Campaign"), calendar.new_query().greater_equal("start", FIRST)
    )
    assert [one.object_id for one in calendar.get_events(query=starting, include_recurring=False)] == [found.object_id]
    print("views", flush=True)

    found.subject = "Campaign kick-off (new title)"
    assert found.save()
    assert calendar.get_event(found.object_id).subject == "Campaign kick-off (new title)"
    print("changes", flush=True)

    series = calendar.new_event("Stand-up")
    series.start, series.end = FIRST.replace(day=2, hour=9), FIRST.replace(day=2, hour=10)
    days = {"days_of_week": ["tuesday", "thursday"], "first_day_of_week": "monday"}
    series.recurrence.set_weekly(1, **days, start=dt.date(2027, 3, 2), end=dt.date(2027, 3, 18))
    assert series.save()
    occurrences = [one for one in calendar.get_events(**month) if one.subject == "Stand-up"]
    assert [one.start.astimezone(PACIFIC).hour for one in occurrences] == [9] * 6, occurrences
    assert occurrences[0].delete()
    left = [one for one in calendar.get_events(**month) if one.subject == "Stand-up"]
    assert len(left) == 5
    print("keeps_a_series", flush=True)

    (free,) = schedule.get_availability(["alex@contoso.example"], FIRST, FIRST + dt.timedelta(days=1))
    assert "scheduleItems" in free
    print("sees_when_people_are_free", flush=True)

    other = schedule.new_calendar("Trade fair")
    assert schedule.get_calendar(calendar_name="Trade fair").calendar_id == other.calendar_id
    assert other.delete()
    print("keeps_calendars", flush=True)

    assert found.cancel_event("The client called it off")
    assert "Campaign kick-off (new title)" not in [one.subject for one in calendar.get_events(**month)]
    print("cancels", flush=True)


main()
