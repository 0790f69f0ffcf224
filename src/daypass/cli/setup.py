"""The command that registers daypass in a tenant: with a token for Graph, or as steps for other tools; it checks a registration, too."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import ConfigError, DaypassError, Forbidden, GraphError, NotFound, StorageError, TransportError, Unauthorized, UsageError
from ..model.text import clean
from .output import write_json
from .session import note, wait

if TYPE_CHECKING:
    from ..app import App
    from ..client import Client
    from ..config import Settings
    from ..graph.applications import Application
    from ..services.recipes import Place
    from ..services.registering import Progress, Registered
    from ..services.registration import Plan
    from ..services.verifying import Report
    from .setup_files import SecretFile

REGISTER, PRINT, VERIFY, GUIDE = "--with-token", "--print", "verify", "admin-guide"
FORMS = ("az", "powershell", "terraform", "portal", "graph")
NO_APP_YET = "00000000-0000-0000-0000-000000000000"
SECRET_DAYS = 180

# Which ways each option belongs to; those that are not listed belong to all.
BELONGS: Mapping[str, tuple[str, ...]] = {
    "with_token": (REGISTER, VERIFY),
    "form": (PRINT,),
    "client_id": (REGISTER, VERIFY, GUIDE),
    "audience": (REGISTER, PRINT, GUIDE),
    "certificate": (REGISTER, PRINT, VERIFY),
    "consent_for_all": (REGISTER, PRINT),
    "secret": (REGISTER,),
    "secret_file": (REGISTER,),
    "secret_days": (REGISTER,),
    "yes": (REGISTER,),
    "write_env": (REGISTER,),
    "output": (REGISTER, VERIFY),
}
OTHER_WAYS = "other ways: --print az|powershell|terraform|graph, or --with-token (it registers the app itself, with your token for Graph)"
AFTER_CONSENT = "afterwards the browser is sent to localhost, where nothing answers; that is in order"
UNFIT = 10  # the exit code for a registration that is not as daypass needs it
MARKS = {True: "ok", False: "NO", None: "--"}


def configure_setup(parser: argparse.ArgumentParser) -> None:
    """Arguments of `setup`."""
    add = parser.add_argument
    add("verb", nargs="?", choices=(VERIFY, GUIDE), help="check a registration; or print what to forward to an administrator")
    way = parser.add_mutually_exclusive_group()
    way.add_argument("--with-token", action="store_true", help="do it with the access token for Microsoft Graph on the standard input")
    way.add_argument("--print", choices=FORMS, dest="form", help="print the steps for this tool (portal); nothing is sent")
    add("--name", help="what the app is called, as people see it when they sign in (daypass)")
    add("--client-id", metavar="ID", help="which app, when it is not the one of this name")
    add("--tenant-id", metavar="TENANT", help="the tenant, by id or domain (TENANT_ID)")
    add("--audience", choices=("tenant", "organizations", "personal"), help="whose accounts may sign in (tenant)")
    add("--access", choices=("read-basic", "read", "write"), help="to calendars, at most (write; with --app-only read-basic)")
    add("--shared", action="store_true", help="calendars that others share with the person, too")
    add("--app-only", action="store_true", help="for a screen or a job that signs in as itself, not for people")
    add("--certificate", metavar="FILE", help="with --app-only: its public certificate, in PEM form")
    add("--secret", action="store_true", help="with --app-only: make a secret instead; needs --secret-file")
    add("--secret-file", metavar="FILE", help="where the secret goes: a new file that you alone can read")
    add("--secret-days", type=int, metavar="DAYS", help=f"how long the secret is good ({SECRET_DAYS})")
    add("--consent-for-all", action="store_true", help="grant what the app lists in everybody's name")
    add("--yes", action="store_true", help="change an app of this name without asking")
    add("--write-env", metavar="FILE", help="add the two ids to a file such as .env; what it says already is never changed")
    add("-o", "--output", choices=("plain", "json"), help="how to show it")
    parser.set_defaults(run=setup)


def setup(arguments: argparse.Namespace) -> int:
    """Register, print, verify or explain, as asked; UsageError where options do not go together."""
    way = arguments.verb or (REGISTER if arguments.with_token else PRINT)
    _check(arguments, way)
    return {REGISTER: _register, PRINT: _print, VERIFY: _verify, GUIDE: _guide}[way](arguments)


def _check(arguments: argparse.Namespace, way: str) -> None:
    """Raise UsageError where an option belongs to another way, or lacks what it goes with."""
    for option, ways in BELONGS.items():
        if getattr(arguments, option) and way not in ways:
            shown = "--print" if option == "form" else "--" + option.replace("_", "-")
            raise UsageError(f"{shown} goes with {' or '.join(ways)}", ("daypass setup --help",))
    if bool(arguments.secret) != bool(arguments.secret_file) or (arguments.secret and not arguments.app_only):
        raise UsageError("a secret is for an app on its own, and goes into a file", ("--app-only --secret --secret-file FILE",))
    if arguments.secret_days is not None and (not arguments.secret or not 0 < arguments.secret_days <= 730):
        raise UsageError("a secret is good for 1 to 730 days", ("--secret --secret-file FILE --secret-days 90",))


def _plan(arguments: argparse.Namespace) -> Plan:
    from ..services.registration import Plan
    from .setup_files import certificate_in

    return Plan(
        name=arguments.name if arguments.name is not None else "daypass",
        audience=arguments.audience or "",
        access=arguments.access or ("read-basic" if arguments.app_only else "write"),
        shared=arguments.shared,
        app_only=arguments.app_only,
        certificate=certificate_in(arguments.certificate) if arguments.certificate else "",
    )


def _settings(arguments: argparse.Namespace) -> Settings:
    from ..app import load

    profile = getattr(arguments, "profile", None)
    return load({"client_id": arguments.client_id, "tenant_id": arguments.tenant_id, "profile": profile})


def _place(settings: Settings, tenant_id: str = "") -> Place:
    from ..services.recipes import Place

    return Place(settings.authority, settings.graph_root, tenant_id or settings.tenant_id)


def _joined(settings: Settings) -> App:
    """The parts, although there may be no app yet whose id could be set."""
    from ..app import App

    return App(settings.replace(client_id=settings.client_id or NO_APP_YET, tenant_id=settings.tenant_id or "organizations"), warn=note)


def _client(app: App, token: str = "") -> Client:
    from ..client import Client

    return Client(app.settings.graph_root, lambda access: token, app.transport, wait)


# --- printing ------------------------------------------------------------------------------------------------------


def _print(arguments: argparse.Namespace) -> int:
    from ..services.recipes import recipe

    print(recipe(arguments.form or "portal", _plan(arguments), _place(_settings(arguments)), consent=arguments.consent_for_all))
    if not arguments.form:
        note(OTHER_WAYS)
    return 0


def _guide(arguments: argparse.Namespace) -> int:
    from ..services.admin_guide import Known, guide

    settings = _settings(arguments)
    print(guide(_plan(arguments), _place(settings), Known(settings.client_id)))
    return 0


# --- registering ---------------------------------------------------------------------------------------------------


def _register(arguments: argparse.Namespace) -> int:
    """Register the app, or bring it up to date, and check it; when that fails half-way, what was made is told."""
    from ..services.registering import Progress

    progress = Progress()
    try:
        return _registered(arguments, progress)
    except (GraphError, TransportError, ConfigError, StorageError) as error:
        raise _explained(error, progress) from None
    except KeyboardInterrupt:
        if progress.made:
            note(f"made so far: {clean('; '.join(progress.made))}; the same command goes on from there")
        raise


def _registered(arguments: argparse.Namespace, progress: Progress) -> int:
    from ..services.registering import look
    from ..services.verifying import examined
    from .setup_files import EnvFile, token_from_stdin

    plan, app = _plan(arguments), _joined(_settings(arguments))
    env_file = EnvFile(arguments.write_env) if arguments.write_env else None
    with _client(app, token_from_stdin()) as client:
        found = client.run(look(plan, arguments.client_id or ""))
        if env_file:
            env_file.check({"CLIENT_ID": found.client_id if found else ""})
        if found and not _agreed(plan, found, yes=arguments.yes):
            note("nothing was changed")
            return 130
        done = _carried_out(arguments, plan, found, client, progress)
        report = client.run(examined(plan, done.application, app.settings.authority, done.principal.home_tenant_id, fresh=done.created))
    if env_file:
        env_file.add(_ids(report))
    _tell(arguments, plan, report, done, _place(app.settings, report.tenant_id).consent_link(plan, report.client_id))
    return 0 if report.fit else UNFIT


def _carried_out(arguments: argparse.Namespace, plan: Plan, found: Application | None, client: Client, progress: Progress) -> Registered:
    """The app as it is to be, with a new secret if wanted, whose file is there before anything is made."""
    from ..services.registering import carry_out
    from .setup_files import SecretFile

    if not arguments.secret:
        return client.run(carry_out(plan, found, progress, consent=arguments.consent_for_all))
    with SecretFile(arguments.secret_file) as file:
        done = client.run(carry_out(plan, found, progress, consent=arguments.consent_for_all))
        return _with_secret(client, done, file, arguments.secret_days or SECRET_DAYS, progress)


def _agreed(plan: Plan, found: Application, *, yes: bool) -> bool:
    """Whether the app that was found may be changed; UsageError where that takes asking, and nobody is there."""
    from ..services.registration import changes

    words = changes(plan, found).words
    if yes or not words:
        return True
    sys.stderr.write(f"There is an app {clean(found.name)} already (client id {clean(found.client_id)}). To bring it up to date:\n")
    sys.stderr.writelines(f"  - {clean(word)}\n" for word in words)
    answer = _answer("Change it? [y/N] ")
    if answer is None:
        raise UsageError(f"the app {found.name!r} is there already and would be changed", ("--yes", "--name ANOTHER"))
    return answer.strip().lower() in ("y", "yes")


def _answer(question: str) -> str | None:
    """What the person at the terminal that stderr shows on answers, None where it is none; the standard input is the token's."""
    try:
        with open(os.ttyname(sys.stderr.fileno()), encoding="utf-8", errors="replace") as terminal:
            sys.stderr.write(question)
            sys.stderr.flush()
            return terminal.readline()
    except (OSError, ValueError):
        return None


def _with_secret(client: Client, done: Registered, file: SecretFile, days: int, progress: Progress) -> Registered:
    """The app with one more secret, which stands in the file and nowhere else."""
    from ..graph.applications import add_password, application, settled

    ends_at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + days * 86400))
    try:
        file.keep(client.run(settled(lambda: add_password(done.application.object_id, "daypass", ends_at))))
    except (GraphError, TransportError, StorageError) as error:
        if error.maybe_done or isinstance(error, StorageError):
            error.cure = "a secret may have been made that nobody knows: delete it under Certificates & secrets, then repeat the command"
        raise
    progress.made.append(f"a secret, in {file.path}")
    note(f"a secret, good for {days} days, stands in {clean(file.path)}")
    return done.replace(application=client.run(application(done.application.client_id)))


def _explained(error: DaypassError, progress: Progress) -> DaypassError:
    """The error of a step, with what was made before it, and how to go on."""
    cures = {
        Unauthorized: "get a fresh access token for Microsoft Graph, and repeat the command",
        Forbidden: f"repeat it with a token that carries {progress.needs}, of somebody whom the directory lets do this",
        NotFound: "check the client id and the tenant",
        ConfigError: "correct it there, and repeat the command",
    }
    cure = error.cure or next((words for kind, words in cures.items() if isinstance(error, kind)), "")
    if error.maybe_done and not cure:
        cure = "repeat the command: it looks for the name first and makes no second app"
    error.made = tuple(progress.made)
    if error.made:
        undo = f"; to undo it: az ad app delete --id {progress.created}" if progress.created else ""
        cure = f"{cure or 'repeat the command'}; it goes on from there{undo}"
    error.cure = cure
    return error


# --- checking ------------------------------------------------------------------------------------------------------


def _verify(arguments: argparse.Namespace) -> int:
    """Check a registration that is there: with a token all of it, without one what the sign-in service answers."""
    from ..services.registering import Progress

    plan, settings = _plan(arguments), _settings(arguments)
    try:
        report = _looked_at(plan, settings, with_token=arguments.with_token, by_name=bool(arguments.name))
    except (GraphError, TransportError) as error:
        raise _explained(error, Progress()) from None
    link = _place(settings, report.tenant_id).consent_link(plan, report.client_id)
    if arguments.output == "json":
        write_json(_as_json(plan, report, link))
    else:
        sys.stdout.writelines(_lines(report))
    return 0 if report.fit else UNFIT


def _looked_at(plan: Plan, settings: Settings, *, with_token: bool, by_name: bool) -> Report:
    from ..services.registering import find
    from ..services.verifying import SignInService, examined, examined_from_outside
    from .setup_files import token_from_stdin

    if not with_token:
        settings = settings.checked()
        with _client(_joined(settings)) as client:
            return client.run(examined_from_outside(plan, SignInService(settings.authority, settings.tenant_id, settings.client_id)))
    with _client(_joined(settings), token_from_stdin()) as client:
        found = client.run(find(plan, "" if by_name else settings.client_id))
        if found is None:
            which = f"called {plan.name!r}" if by_name or not settings.client_id else f"with the client id {settings.client_id}"
            raise NotFound(404, "Request_ResourceNotFound", f"no app {which} is registered in this tenant")
        return client.run(examined(plan, found, settings.authority, settings.tenant_id))


# --- telling -------------------------------------------------------------------------------------------------------


def _ids(report: Report) -> dict[str, str]:
    return {"CLIENT_ID": report.client_id, "TENANT_ID": report.tenant_id}


def _lines(report: Report) -> list[str]:
    """Each check on a line, with its cure where it failed."""
    lines: list[str] = []
    for check in report.checks:
        lines.append(f"{MARKS[check.passed]}  {check.name:<21}{clean(check.told)}\n")
        if check.cure and not check.passed:
            lines.append(f"    {'':<21}do: {clean(check.cure)}\n")
    return lines


def _tell(arguments: argparse.Namespace, plan: Plan, report: Report, done: Registered, link: str) -> None:
    """What was done and found: one document, or words on stderr and the two ids, ready for a `.env` file, on stdout."""
    wanted = arguments.tenant_id or ""
    if len(wanted) == len(report.tenant_id) and wanted.lower() != report.tenant_id.lower():
        note(f"the token is of the tenant {clean(report.tenant_id)}, not of {clean(wanted)}; that is where the app is")
    if arguments.output == "json":
        write_json(_as_json(plan, report, link, done, arguments.secret_file))
        return
    sys.stderr.write(f"{clean(_summary(done))}\n")
    sys.stderr.writelines(_lines(report))
    if any(check.name == "consent" and not check.passed for check in report.checks):
        about = "opens every mailbox; to open some alone: daypass setup admin-guide --app-only" if plan.app_only else AFTER_CONSENT
        sys.stderr.write(f"\nFor an administrator, to consent for everybody ({about}):\n  {link}\n")
    where = f"stand in {clean(arguments.write_env)}" if arguments.write_env else "belong into a file named .env, or into the environment"
    sys.stderr.write(f"\nThese two lines {where}:\n")
    sys.stderr.flush()
    sys.stdout.writelines(f"{name}={value}\n" for name, value in _ids(report).items())


def _summary(done: Registered) -> str:
    if done.created:
        return f"Registered the app {done.application.name}."
    if done.changed:
        return f"Brought the app {done.application.name} up to date: {'; '.join(done.changed)}."
    return f"The app {done.application.name} was there already, and as it should be."


def _as_json(plan: Plan, report: Report, link: str, done: Registered | None = None, secret_file: str | None = None) -> dict[str, Any]:
    """The document for programs; None for what was not seen."""
    application, principal = report.application, report.principal
    return {
        "schema": "daypass.registration/1",
        "created": bool(done and done.created),
        "changed": list(done.changed) if done else [],
        "name": application.name if application else None,
        "client_id": report.client_id,
        "tenant_id": report.tenant_id or None,
        "object_id": application.object_id if application else None,
        "principal_id": principal.object_id if principal else None,
        "audience": application.audience if application else None,
        "permissions": [{"name": one.name, "id": one.id, "type": one.kind} for one in plan.permissions],
        "consent_link": link,
        "secret_file": secret_file,
        "fit": report.fit,
        "checks": [{"name": one.name, "passed": one.passed, "told": one.told, "do": one.cure} for one in report.checks],
    }
