"""`interdesk audit`: who changed what; whether the chains are as they were written; taking them elsewhere."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, TextIO

import orjson
import typer

from gateway.app import Gateway, utc_now
from gateway.cli.terminal import AsJson, Code, opened, print_json, say, show
from gateway.domain.problem import suggestion
from gateway.errors import ConfigError, NotFound
from gateway.flows import auditing
from gateway.flows.auditing import Verified
from gateway.flows.context import OPERATOR
from gateway.store.scope import OPERATOR_ID, Scope

_COLUMNS = {
    "seq": "SEQ",
    "number": "PLACE",
    "owner": "OWNER",
    "at": "AT",
    "actor": "WHO",
    "action": "WHAT",
    "subject": "OF",
    "before": "BEFORE",
    "after": "AFTER",
}
_FLAWS = {"owner": "OWNER", "number": "PLACE", "seq": "SEQ", "what": "WHAT"}
Organization = Annotated[
    str | None, typer.Option("--organization", help="Of this organization only (its code, or `operator`).")
]


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="Who changed what, provably.", no_args_is_help=True)
    group.command("list")(listed)
    group.command("verify")(verify)
    group.command("export")(export)
    group.command("anchor")(anchor)
    app.add_typer(group, name="audit")


def listed(
    organization: Organization = None,
    subject: Annotated[str | None, typer.Option("--subject", help="Lines about this only.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000)] = 50,
    before: Annotated[int | None, typer.Option("--before", min=1, help="Lines older than this SEQ.")] = None,
    as_json: AsJson = False,
) -> None:
    """List who changed what, the newest first."""
    with opened() as gateway:
        codes, scope = _codes(gateway), _scope(gateway, organization)
        found = auditing.listed(gateway.context, scope, subject=subject, limit=limit, before=before)
    told = [{**one, "owner": codes.get(one["org_id"], one["org_id"])} for one in found]
    show(told, _COLUMNS, as_json=as_json, empty="nothing was changed yet")


def verify(
    organization: Organization = None,
    anchors: Annotated[
        Path | None,
        typer.Option("--anchors", help="The folder of signed heads; without it: the installation's."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Follow every chain; name the first line that is not as it was written. Exit 1 if something is wrong."""
    with opened() as gateway:
        codes, scope = _codes(gateway), _scope(gateway, organization)
        folder = anchors or gateway.settings.anchors
        found = auditing.verify(gateway.context, gateway.vault, folder, scope=scope)
    flaws = [
        {
            "owner": codes.get(flaw.org_id, flaw.org_id),
            "number": flaw.number,
            "seq": flaw.seq,
            "what": flaw.what,
        }
        for flaw in found.flaws
    ]
    if as_json:
        print_json(_told(found, flaws))
    else:
        _tell(found, flaws)
    if not found.is_sound:
        raise typer.Exit(Code.FINDINGS)


def _told(found: Verified, flaws: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "sound": found.is_sound,
        "lines": found.lines,
        "unsealed": found.unsealed,
        "anchors": sorted(found.anchors.documents),
        "anchors_wrong": found.anchors.wrong,
        "anchors_unknown_key": found.anchors.unknown,
        "flaws": flaws,
        "heads": {org_id: [head.number, head.digest] for org_id, head in found.heads.items()},
    }


def _tell(found: Verified, flaws: list[dict[str, Any]]) -> None:
    if flaws:
        show(flaws, _FLAWS, as_json=False)
    for wrong in found.anchors.wrong:
        say(wrong)
    for day in found.anchors.unknown:
        say(
            f"the heads of {day} were signed under a key that is not in the ring any more; they prove nothing here"
        )
    if found.unsealed:
        say(f"{found.unsealed} lines have no place yet; a worker seals them within a minute")
    if found.is_sound:
        days = len(found.anchors.documents)
        say(f"{found.lines} lines are as they were written; {days} days of signed heads agree")


@contextmanager
def _output(out: Path | None) -> Iterator[TextIO]:
    if out is None:
        yield typer.get_text_stream("stdout")
        return
    try:
        with out.open("x", encoding="utf-8") as file:
            yield file
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise ConfigError(
            f"{out} cannot be written", why=why, cure="name a file that is not there yet"
        ) from error


def export(
    organization: Organization = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="A new file; without it: standard output.")
    ] = None,
) -> None:
    """Write every sealed line, and the signed heads, as one JSON document a line."""
    with opened() as gateway, _output(out) as file:
        for document in auditing.exported(gateway.context, _scope(gateway, organization)):
            file.write(orjson.dumps(document).decode() + "\n")


def anchor(as_json: AsJson = False) -> None:
    """Seal and sign now; print the signed heads of the day."""
    now = utc_now()
    with opened() as gateway:
        made = auditing.anchor(gateway.context, gateway.vault, now=now)
        auditing.lay_beside(gateway.context, gateway.settings.anchors, now=now)
        day, document, signature = auditing.newest_anchor(gateway.context)
    if as_json:
        print_json({"day": day, "document": document, "signature": signature})
    else:
        print(f"{document}\n{signature}")
    if made is None:
        say(f"the heads of {day} were signed before; what was sealed since then is signed tomorrow")


def _codes(gateway: Gateway) -> dict[str, str]:
    with gateway.database.read() as db:
        return {one.id: one.code for one in gateway.context.directory(db).organizations.values()}


def _scope(gateway: Gateway, code: str | None) -> Scope:
    """What to look at. Raises NotFound for an unknown organization."""
    if code is None:
        return OPERATOR
    known = {code: org_id for org_id, code in _codes(gateway).items()} | {OPERATOR_ID: OPERATOR_ID}
    if code not in known:
        raise NotFound(f"there is no organization {code!r}", cure=suggestion(code, known))
    return Scope.of(known[code])
