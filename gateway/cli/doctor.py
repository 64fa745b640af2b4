"""`interdesk doctor`: is this installation well? Exit code 0 yes, 1 somebody should look, 2 something does not work."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import asdict

import typer

from gateway import app as wiring
from gateway import config
from gateway.app import Gateway, utc_now
from gateway.cli.terminal import AsJson, opened, out, print_json, words
from gateway.flows import doctor as flow
from gateway.flows.doctor import Finding, Level
from gateway.store.health import failure_of

_SIGNS: Mapping[Level, tuple[str, str, int]] = {
    Level.GOOD: ("✔", "green", 0),
    Level.WARNING: ("⚠", "yellow", 1),
    Level.BAD: ("✖", "red", 2),
}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("doctor")(doctor)


def doctor(as_json: AsJson = False) -> None:
    """Look at settings, database, keys, backlog, and ask every desk. Changes nothing."""
    worst = 0
    for finding in _all_findings():
        worst = max(worst, _SIGNS[finding.level][2])
        _show(finding, as_json=as_json)
    raise typer.Exit(worst)


def _all_findings() -> Iterator[Finding]:
    missing = wiring.absence(config.load())
    if missing is not None:
        yield flow.bad("database", missing.what, f"{missing.why}: {missing.cure}")
        return
    with opened(checked=False) as gateway:
        yield from findings_of(gateway)


def findings_of(gateway: Gateway) -> Iterator[Finding]:
    """In the order in which one depends on the other; what cannot be asked for lack of a database is left out."""
    yield flow.good("settings", f"data in {gateway.settings.data_dir.resolve()}")
    try:
        looked = list(flow.database(gateway.context))
    except Exception as error:
        failure = failure_of(error)
        if failure is None:
            raise
        yield flow.bad("database", f"{failure.what}: {failure.why}", failure.cure)
        return
    yield from looked
    if any(finding.subject == "schema" and finding.level is Level.BAD for finding in looked):
        return
    opens = list(flow.keys(gateway.context, gateway.vault))
    yield from opens
    yield from flow.backlog(gateway.context, now=utc_now())
    if opens[0].level is Level.BAD:
        return  # nobody can read the directory
    yield from flow.brakes(gateway.context)
    yield from flow.totals(gateway.context, now=utc_now())
    yield from flow.webhooks(gateway.context, now=utc_now())
    yield from flow.regions(gateway.context, gateway.settings.region)
    yield from flow.calendars(gateway.context, now=utc_now())
    yield from flow.ended_agreements(gateway.context, now=utc_now())
    mailed = gateway.settings.smtp_url is not None
    yield from flow.letters(gateway.context, now=utc_now(), mailed=mailed)
    yield from asyncio.run(_desks(gateway))


async def _desks(gateway: Gateway) -> list[Finding]:
    async with gateway.calling() as call:
        return await flow.desks(gateway.context, call)


def _show(finding: Finding, *, as_json: bool) -> None:
    if as_json:
        print_json(asdict(finding))
        return
    sign, colour, _ = _SIGNS[finding.level]
    fix = f"\n  → {words(finding.fix)}" if finding.fix else ""
    out().print(f"[{colour}]{sign}[/] [bold]{words(finding.subject)}[/]: {words(finding.what)}{fix}")
