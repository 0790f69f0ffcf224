"""Microsoft's own Python SDK does a calendar's work: sign in, view, create, a series, change, answer, cancel, delta, batch, To Do.

Run by its test with the addresses in the environment; each step asserts what a user of the SDK would see and prints its name.
"""

from __future__ import annotations

import asyncio
import json
import os
import ssl
import urllib.request
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta

from azure.identity import DeviceCodeCredential
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_abstractions.headers_collection import HeadersCollection
from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph.generated.models.attendee import Attendee
from msgraph.generated.models.attendee_type import AttendeeType
from msgraph.generated.models.body_type import BodyType
from msgraph.generated.models.checklist_item import ChecklistItem
from msgraph.generated.models.date_time_time_zone import DateTimeTimeZone
from msgraph.generated.models.day_of_week import DayOfWeek
from msgraph.generated.models.email_address import EmailAddress
from msgraph.generated.models.event import Event
from msgraph.generated.models.event_type import EventType
from msgraph.generated.models.free_busy_status import FreeBusyStatus
from msgraph.generated.models.item_body import ItemBody
from msgraph.generated.models.linked_resource import LinkedResource
from msgraph.generated.models.location import Location
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.patterned_recurrence import PatternedRecurrence
from msgraph.generated.models.recurrence_pattern import RecurrencePattern
from msgraph.generated.models.recurrence_pattern_type import RecurrencePatternType
from msgraph.generated.models.recurrence_range import RecurrenceRange
from msgraph.generated.models.recurrence_range_type import RecurrenceRangeType
from msgraph.generated.models.response_type import ResponseType
from msgraph.generated.models.task_status import TaskStatus
from msgraph.generated.models.todo_task import TodoTask
from msgraph.generated.models.todo_task_list import TodoTaskList
from msgraph.generated.users.item.calendar.get_schedule.get_schedule_post_request_body import GetSchedulePostRequestBody
from msgraph.generated.users.item.calendar_view.calendar_view_request_builder import CalendarViewRequestBuilder
from msgraph.generated.users.item.calendar_view.delta.delta_request_builder import DeltaRequestBuilder
from msgraph.generated.users.item.events.events_request_builder import EventsRequestBuilder
from msgraph.generated.users.item.events.item.accept.accept_post_request_body import AcceptPostRequestBody
from msgraph.generated.users.item.events.item.cancel.cancel_post_request_body import CancelPostRequestBody
from msgraph_core.requests.batch_request_builder import BatchRequestBuilder
from msgraph_core.requests.batch_request_content import BatchRequestContent
from msgraph_core.requests.batch_request_item import BatchRequestItem

SCOPES = ["User.Read", "Calendars.ReadWrite", "Tasks.ReadWrite"]
PACIFIC = "Pacific Standard Time"
MONDAY = datetime(2027, 3, 1, tzinfo=UTC)  # far from the seed's events; clocks change on the 14th


def control(path: str, **said: object) -> object:
    request = urllib.request.Request(f"{os.environ['CONTROL']}/{path}", json.dumps(said).encode(), {"Content-Type": "application/json"})
    context = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
    with opener.open(request, timeout=10) as answer:
        return json.load(answer)


def client_of(person: str) -> GraphServiceClient:
    credential = DeviceCodeCredential(
        client_id=os.environ["CLIENT_ID"],
        tenant_id=os.environ["TENANT_ID"],
        authority=os.environ["AUTHORITY"],
        disable_instance_discovery=True,
        prompt_callback=lambda _uri, code, _expires: control("approve", user_code=code, user=person),
    )
    provider = AzureIdentityAuthenticationProvider(credential, scopes=SCOPES, allowed_hosts=["localhost"])
    adapter = GraphRequestAdapter(provider)
    adapter.base_url = os.environ["GRAPH_ROOT"]
    return GraphServiceClient(request_adapter=adapter)


def moment(day: int, hour: int, zone: str = "UTC") -> DateTimeTimeZone:
    wall = (MONDAY + timedelta(days=day)).replace(hour=hour, tzinfo=None)
    return DateTimeTimeZone(date_time=wall.isoformat(), time_zone=zone)


def guest(name: str) -> Attendee:
    return Attendee(email_address=EmailAddress(address=f"{name}@contoso.example"), type=AttendeeType.Required)


async def view(client: GraphServiceClient, days: int = 30, zone: str = "UTC") -> list[Event]:
    """Every event of a window, page by page."""
    parameters = CalendarViewRequestBuilder.CalendarViewRequestBuilderGetQueryParameters(
        start_date_time=MONDAY.isoformat(), end_date_time=(MONDAY + timedelta(days=days)).isoformat(), orderby=["start/dateTime"], top=3
    )
    headers = HeadersCollection()
    headers.add("Prefer", f'outlook.timezone="{zone}"')
    page = await client.me.calendar_view.get(RequestConfiguration(query_parameters=parameters, headers=headers))
    events: list[Event] = list(page.value)
    while page.odata_next_link:
        page = await client.me.calendar_view.with_url(page.odata_next_link).get(RequestConfiguration(headers=headers))
        events += page.value
    return events


async def signs_in(megan: GraphServiceClient) -> None:
    me = await megan.me.get()
    assert (me.display_name, me.user_principal_name) == ("Megan Bowen", "megan@contoso.example")


async def creates_and_views(megan: GraphServiceClient) -> None:
    made = await megan.me.events.post(
        Event(
            subject="Campaign kick-off",
            body=ItemBody(content_type=BodyType.Html, content="<p>Agenda</p>"),
            start=moment(0, 9, PACIFIC),
            end=moment(0, 10, PACIFIC),
            location=Location(display_name="Conf Room Adams"),
            attendees=[guest("alex"), guest("adele")],
            transaction_id="7E163156-7762-4BEB-A1C6-729EA81755A7",
        )
    )
    assert made.is_organizer
    assert made.response_status.response == ResponseType.Organizer
    again = await megan.me.events.by_event_id(made.id).get()
    assert again.subject == "Campaign kick-off"
    (seen,) = await view(megan, zone=PACIFIC)
    assert (seen.id, seen.start.date_time, seen.start.time_zone) == (made.id, "2027-03-01T09:00:00.0000000", PACIFIC)


async def answers(megan: GraphServiceClient, alex: GraphServiceClient) -> None:
    (invitation,) = await view(alex)
    assert not invitation.is_organizer
    assert invitation.show_as == FreeBusyStatus.Tentative
    await alex.me.events.by_event_id(invitation.id).accept.post(AcceptPostRequestBody(comment="Gladly", send_response=True))
    (mine,) = await view(alex)
    assert mine.response_status.response == ResponseType.Accepted
    (hers,) = await view(megan)
    told = {one.email_address.address: one.status.response for one in hers.attendees}
    assert told["alex@contoso.example"] == ResponseType.Accepted
    assert mine.i_cal_u_id == hers.i_cal_u_id


async def changes(megan: GraphServiceClient, alex: GraphServiceClient) -> None:
    (event,) = await view(megan)
    later = Event(start=moment(0, 18), end=moment(0, 19), subject="Campaign kick-off (new time)")
    changed = await megan.me.events.by_event_id(event.id).patch(later)
    assert changed.subject == "Campaign kick-off (new time)"
    (his,) = await view(alex)
    assert (his.subject, his.start.date_time) == (changed.subject, "2027-03-01T18:00:00.0000000")


async def keeps_a_series(megan: GraphServiceClient) -> None:
    pattern = RecurrencePattern(type=RecurrencePatternType.Weekly, interval=1, days_of_week=[DayOfWeek.Tuesday, DayOfWeek.Thursday])
    limits = RecurrenceRange(type=RecurrenceRangeType.Numbered, start_date=(MONDAY + timedelta(days=1)).date(), number_of_occurrences=6)
    master = await megan.me.events.post(
        Event(
            subject="Stand-up",
            start=moment(1, 9, PACIFIC),
            end=moment(1, 10, PACIFIC),
            recurrence=PatternedRecurrence(pattern=pattern, range=limits),
        )
    )
    assert master.type == EventType.SeriesMaster
    occurrences = [event for event in await view(megan) if event.series_master_id == master.id]
    hours = [event.start.date_time[11:13] for event in occurrences]
    assert hours == ["17", "17", "17", "17", "16", "16"]  # UTC; in Seattle it is always nine
    later = Event(subject="Stand-up, later", start=moment(3, 20), end=moment(3, 21))
    moved = await megan.me.events.by_event_id(occurrences[1].id).patch(later)
    assert moved.type == EventType.Exception
    await megan.me.events.by_event_id(occurrences[2].id).delete()
    left = [event for event in await view(megan) if event.series_master_id == master.id]
    assert len(left) == 5
    assert sum(event.type == EventType.Exception for event in left) == 1
    asked = EventsRequestBuilder.EventsRequestBuilderGetQueryParameters(filter="startswith(subject,'Stand')", select=["subject", "type"])
    found = await megan.me.events.get(RequestConfiguration(query_parameters=asked))
    assert "Stand-up" in [event.subject for event in found.value]


async def follows_changes(megan: GraphServiceClient) -> None:
    parameters = DeltaRequestBuilder.DeltaRequestBuilderGetQueryParameters(
        start_date_time=MONDAY.isoformat(), end_date_time=(MONDAY + timedelta(days=30)).isoformat()
    )
    page = await megan.me.calendar_view.delta.get(RequestConfiguration(query_parameters=parameters))
    seen = {event.id for event in page.value}
    while page.odata_next_link:
        page = await megan.me.calendar_view.delta.with_url(page.odata_next_link).get()
        seen |= {event.id for event in page.value}
    assert {event.id for event in await view(megan)} <= seen
    made = await megan.me.events.post(Event(subject="News", start=moment(2, 12), end=moment(2, 13)))
    page = await megan.me.calendar_view.delta.with_url(page.odata_delta_link).get()
    assert [event.subject for event in page.value] == ["News"]
    await megan.me.events.by_event_id(made.id).delete()
    page = await megan.me.calendar_view.delta.with_url(page.odata_delta_link).get()
    (gone,) = page.value
    assert (gone.id, gone.additional_data["@removed"]["reason"]) == (made.id, "deleted")


async def batches(megan: GraphServiceClient) -> None:
    adapter = megan.request_adapter
    asked = [megan.me.to_get_request_information(), megan.me.calendars.to_get_request_information()]
    items = {item.id: item for item in (BatchRequestItem(request_information=one) for one in asked)}
    answer = await BatchRequestBuilder(adapter).post(BatchRequestContent(items))
    statuses = [answer.get_response_by_id(number).status for number in items]
    assert statuses == [200, 200]


async def sees_when_people_are_free(megan: GraphServiceClient) -> None:
    body = GetSchedulePostRequestBody(
        schedules=["alex@contoso.example"], start_time=moment(0, 0), end_time=moment(1, 0), availability_view_interval=60
    )
    answer = await megan.me.calendar.get_schedule.post(body)
    (alex,) = answer.value
    assert len(alex.availability_view) == 24
    assert alex.availability_view[18] in "12"


async def keeps_tasks(megan: GraphServiceClient) -> None:
    made = await megan.me.todo.lists.post(TodoTaskList(display_name="Trade fair"))
    tasks = megan.me.todo.lists.by_todo_task_list_id(made.id).tasks
    stand = LinkedResource(application_name="Fair", display_name="Stand 12")
    task = await tasks.post(TodoTask(title="Order the stand", due_date_time=moment(3, 0), linked_resources=[stand]))
    await tasks.by_todo_task_id(task.id).checklist_items.post(ChecklistItem(display_name="Measure it"))
    done = await tasks.by_todo_task_id(task.id).patch(TodoTask(status=TaskStatus.Completed))
    assert done.status == TaskStatus.Completed
    steps = await tasks.by_todo_task_id(task.id).checklist_items.get()
    assert [step.display_name for step in steps.value] == ["Measure it"]
    await megan.me.todo.lists.by_todo_task_list_id(made.id).delete()


async def cancels(megan: GraphServiceClient, alex: GraphServiceClient) -> None:
    event = next(event for event in await view(megan) if event.subject.startswith("Campaign"))
    await megan.me.events.by_event_id(event.id).cancel.post(CancelPostRequestBody(comment="The client called it off"))
    his = [one for one in await view(alex) if one.i_cal_u_id == event.i_cal_u_id]
    assert all(one.is_cancelled for one in his)
    assert await code_of(megan.me.events.by_event_id(event.id).get()) == "ErrorItemNotFound"


async def code_of(asked: Awaitable[object]) -> str:
    """The error code of a call that fails."""
    try:
        return f"no error but {await asked}"
    except ODataError as error:
        return error.error.code


STEPS = (
    signs_in,
    creates_and_views,
    answers,
    changes,
    keeps_a_series,
    follows_changes,
    batches,
    sees_when_people_are_free,
    keeps_tasks,
    cancels,
)


async def main() -> None:
    people = client_of("megan"), client_of("alex")
    for step in STEPS:
        await step(*people[: step.__code__.co_argcount])
        print(step.__name__, flush=True)


asyncio.run(main())
