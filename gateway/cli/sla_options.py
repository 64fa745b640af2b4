"""What commands about a ticket's clocks are told."""

from typing import Annotated

import typer

OneTicket = Annotated[str, typer.Argument(metavar="TICKET", help="The ticket's id.", show_default=False)]
AsOf = Annotated[
    str | None,
    typer.Option("--at", help="As it was known then (ISO 8601 with offset).", show_default="now"),
]
