"""Registering daypass in a tenant with Graph: look, then do what is lacking, so that doing it again does nothing twice.

  step                 where its outcome is not known, or it is there already
  -------------------  ------------------------------------------------------------------------------------------------
  register the app     never asked twice, for each time makes another app: the name is looked for, and what is there taken
  change the app       says what shall be, so it may be repeated
  service principal    an app has one at most: looked for; asked again while the directory does not know the app everywhere
  consent              looked for, and widened; what was granted before stays

`Progress` keeps what was made on the way, for whoever must say so when a later step fails.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from ..errors import Forbidden, GraphError, NotFound, Throttled, TransportError, Unauthorized, UsageError
from ..graph import applications
from ..graph.applications import GRAPH, PAUSES_SECONDS, Application, Grant, Principal, settled
from ..value import Value
from ..wire import Flow, Sleep
from .registration import Plan, changes, reasons_against

T = TypeVar("T")


class Progress:
    """How far a registration came: what was `made` or changed, in words, and the permission that the step under way `needs`.

    `created` is the client id of the app, once this run has registered one.
    """

    def __init__(self) -> None:
        self.made: list[str] = []
        self.needs, self.created = applications.REGISTER[0], ""


class Registered(Value):
    """What there is in the end; `created` and `changed` tell what this run did, `consented` whether everybody's consent was given now."""

    application: Application
    principal: Principal
    created: bool
    changed: tuple[str, ...]
    consented: bool


async def find(plan: Plan, client_id: str = "") -> Application | None:
    """The registration of the plan's name, or of a client id, its certificates whole; None when there is none.

    Raises UsageError when several have the name.
    """
    if client_id:
        try:
            return await applications.application(client_id)
        except NotFound:
            return None
    found = await applications.applications_named(plan.name)
    if len(found) > 1:
        ids = tuple(f"--client-id {one.client_id}" for one in found[:3])
        raise UsageError(f"{len(found)} apps are called {plan.name!r}; say which is meant", (*ids, "--name ANOTHER"))
    if not found:
        return None
    return await settled(lambda: applications.application(found[0].client_id))  # a list shows certificates without their content


async def look(plan: Plan, client_id: str = "") -> Application | None:
    """The registration that the plan would change, None when it makes a new one.

    Raises UsageError when what was found is something else than the plan's, and NotFound when a client id leads to none.
    """
    found = await find(plan, client_id)
    if found is None:
        if client_id:
            raise NotFound(404, "Request_ResourceNotFound", f"no app with the client id {client_id} is registered in this tenant")
        return None
    reasons = reasons_against(plan, found)
    if reasons:
        told = f"{found.name!r} is another kind of app ({found.client_id}): {' and '.join(reasons)}"
        raise UsageError(told, ("--name ANOTHER",))
    return found


async def carry_out(plan: Plan, found: Application | None, progress: Progress, *, consent: bool) -> Registered:
    """Register the app, or bring the one that was found up to date; give it its service principal, and everybody's `consent` if wanted.

    Raises GraphError and TransportError; `progress` then tells what had been made.
    """
    changed: tuple[str, ...] = ()
    if found is None:
        there = await _registered(plan)
        progress.created = there.client_id
        progress.made.append(f"the app {there.name!r}, client id {there.client_id}")
    else:
        there, wanted = found, changes(plan, found)
        if wanted.body:
            await applications.update_application(found.object_id, wanted.body)
            changed = wanted.words
            progress.made.append(f"changes to the app {found.name!r}, client id {found.client_id}")
    principal = await _stood_for(there.client_id, progress)
    consented = consent and await _consented(plan, principal, progress)
    progress.needs = applications.REGISTER[0]
    as_kept = await settled(lambda: applications.application(there.client_id))
    return Registered(as_kept, principal, found is None, changed, consented)


async def _registered(plan: Plan) -> Application:
    """Register the app; when nobody knows whether that was done, see whether it was."""
    try:
        return await applications.create_application(plan.body())
    except (GraphError, TransportError) as failure:
        if not failure.maybe_done:
            raise
        error = failure
    for pause in PAUSES_SECONDS:
        await Sleep(pause)
        try:
            found = await applications.applications_named(plan.name)
        except (GraphError, TransportError):
            continue
        if found:
            return found[0]
    raise error


async def _stood_for(client_id: str, progress: Progress) -> Principal:
    """The service principal of an app, made now if it has none."""
    principal = await applications.principal(client_id)
    if principal is None:
        principal = await _once(lambda: applications.create_principal(client_id), lambda: applications.principal(client_id))
        progress.made.append("its service principal")
    return principal


async def _once(make: Callable[[], Flow[T]], look_for: Callable[[], Flow[T | None]]) -> T:
    """What may be there once only: made, or found where making it failed because, or although, it is there.

    A second one cannot come of it, so it is asked for again for some seconds: the directory may not know yet what it hangs on.
    """
    pauses = iter(PAUSES_SECONDS)
    while True:
        try:
            return await make()
        except (Unauthorized, Forbidden, Throttled):
            raise
        except (GraphError, TransportError) as failure:
            error = failure
        there = await look_for()
        if there is not None:
            return there
        pause = next(pauses, 0.0)
        if not pause:
            raise error
        await Sleep(pause)


async def _consented(plan: Plan, principal: Principal, progress: Progress) -> bool:
    """Give everybody's consent to what the plan lists; whether anything was lacking."""
    resource = await applications.principal(GRAPH)
    if resource is None:
        raise NotFound(404, "Request_ResourceNotFound", "Microsoft Graph has no service principal in this tenant")
    give = _assigned if plan.app_only else _granted
    if not await give(plan, principal.object_id, resource.object_id, progress):
        return False
    progress.made.append("everybody's consent")
    return True


async def _granted(plan: Plan, principal_id: str, resource_id: str, progress: Progress) -> bool:
    progress.needs = applications.CONSENT[0]
    wanted = frozenset(one.name for one in plan.permissions)

    def look_for() -> Flow[Grant | None]:
        return applications.granted_for_all(principal_id, resource_id)

    async def make() -> Grant:
        await applications.grant_for_all(principal_id, resource_id, wanted)
        return Grant("", wanted)

    there = await settled(look_for)
    kept = there or await _once(make, look_for)
    if wanted <= kept.scopes:
        return there is None
    await applications.change_grant(kept.id, kept.scopes | wanted)
    return True


async def _assigned(plan: Plan, principal_id: str, resource_id: str, progress: Progress) -> bool:
    progress.needs = applications.ASSIGN[0]
    (role,) = plan.permissions

    async def look_for() -> bool | None:
        return role.id in await applications.assigned_roles(principal_id, resource_id) or None

    async def make() -> bool:
        await applications.assign_role(principal_id, resource_id, role.id)
        return True

    return not await settled(look_for) and await _once(make, look_for)
