"""The group of all commands: which module brings which, loaded when somebody asks for it, and how a mistake ends."""

from collections.abc import Iterator, Mapping, MutableMapping
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from gateway.cli.terminal import complain, say
from gateway.errors import InterdeskError
from gateway.store.health import failure_of

MODULES: Mapping[str, tuple[str, ...]] = {
    "serve": ("serve", "worker"),
    "schema": ("migrate",),
    "agent": ("agent",),
    "configuration": ("plan", "apply"),
    "packages": ("package",),
    "doctor": ("doctor",),
    "keys": ("keys",),
    "clients": ("clients",),
    "people": ("people",),
    "audit": ("audit",),
    "linking": ("link",),
    "brake": ("brake",),
    "webhooks": ("webhooks",),
    "tickets": ("tickets", "explain"),
    "find": ("find",),
    "work": ("parked", "give-up", "ambiguous", "messages"),
    "replay": ("replay",),
    "desks": ("desks",),
    "portal": ("portal",),
    "ticket_sharing": ("sharing",),
    "handover": (
        *("offer", "accept", "decline", "return", "withdraw", "reassign"),
        *("confirm", "reject", "release", "acknowledge"),
    ),
    "chain": ("chain",),
    "agreements": ("agreements",),
    "sla": ("sla",),
    "stops": ("stops", "exclude"),
    "worklists": ("worklist",),
    "worklog": ("work",),
    "statement": ("statement",),
    "priority": ("priority",),
    "conflicts": ("conflicts",),
    "warnings": ("warnings",),
    "report": ("report",),
    "closing": ("close",),
    "backup": ("backup", "restore"),
    "restored": ("restored",),
    "erase": ("erase",),
    "retention": ("retention",),
    "export": ("export",),
    "support": ("support",),
    "reconcile": ("reconcile",),
    "mapping": ("mapping",),
    "importing": ("import", "imports"),
    "connector": ("connector",),
    "demo": ("demo",),
    "sim": ("sim",),
}
"""Module of this package → the commands it registers, in the order in which help shows them."""


def commands_of(module: str) -> dict[str, Any]:
    """The commands that a module registers; one that registers nothing is itself a command of its name."""
    part, brought = typer.Typer(), import_module(f"gateway.cli.{module}")
    if hasattr(brought, "register"):
        brought.register(part)
    else:
        part.command(module)(getattr(brought, module))
    return dict(typer.main.get_group(part).commands)


class _Commands(MutableMapping[str, Any]):
    """Name → command, each module loaded when one of its commands is first looked up."""

    def __init__(self) -> None:
        self._places = {name: module for module, names in MODULES.items() for name in names}
        self._loaded: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._loaded:
            self._loaded.update(commands_of(self._places[name]))
        return self._loaded[name]

    def __setitem__(self, name: str, command: Any) -> None:
        self._places[name] = ""
        self._loaded[name] = command

    def __delitem__(self, name: str) -> None:
        del self._places[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


class Interdesk(TyperGroup):
    """A user's mistake ends in one line and an exit code, never in a traceback."""

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self.commands = _Commands()

    def invoke(self, ctx: Any) -> Any:
        """Run the command; put our errors into words."""
        try:
            return super().invoke(ctx)
        except InterdeskError as error:
            raise typer.Exit(complain(error)) from error
        except KeyboardInterrupt:
            say("interrupted")
            raise typer.Exit(130) from None
        except Exception as error:
            failed = failure_of(error)
            if failed is None:
                raise
            raise typer.Exit(complain(failed)) from error
