"""`interdesk support bundle`: what somebody who helps needs to see."""

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.doctor import findings_of
from gateway.cli.terminal import opened, say
from gateway.flows import support


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="For whoever helps.", no_args_is_help=True)
    group.callback()(_alone)
    group.command("bundle")(bundle)
    app.add_typer(group, name="support")


def _alone() -> None:
    """For whoever helps."""


def bundle(
    out: Annotated[Path, typer.Option("--out", help="A new file.")],
    log: Annotated[
        Path | None,
        typer.Option(
            "--log", help="A log in JSON (INTERDESK_LOG_FORMAT=json), of whose end the plain fields go along."
        ),
    ] = None,
) -> None:
    """Versions, settings, counts, what failed how often, doctor: no words of people, no secret, nobody's name."""
    with opened() as gateway:
        redaction = gateway.vault.redaction
        found = [{"level": one.level.value, "subject": one.subject} for one in findings_of(gateway)]
        documents = support.bundle(gateway.context, gateway.settings, redaction, found)
        desks = support.desk_numbers(gateway.context)
        support.write(out, documents, support.log_of(log, redaction, desks) if log else "")
    say(f"{out} holds {', '.join(documents)}{', log.txt' if log else ''}; look at it before you send it")
