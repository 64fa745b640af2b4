"""How `interdesk link` shows a link's checks, and what is to be done next."""

from collections.abc import Mapping
from typing import Any

import typer

from gateway.cli.terminal import Code, out, print_json, say, words


def tell_checked(found: Mapping[str, Any], *, as_json: bool) -> None:
    """A link with its checks, and what comes next; exit 1 where one that must pass does not."""
    if as_json:
        print_json(found)
    else:
        out().print(
            f"[bold]{words(found['code'])}[/] {words(found['upstream'])} → {words(found['downstream'])}: {found['state']}"
        )
        tell_checks(found)
        say(_next(found))
    if any(one["must"] and not one["fine"] for one in found["checks"]):
        raise typer.Exit(Code.FINDINGS)


def tell_checks(found: Mapping[str, Any]) -> None:
    """A line for each check, and one for its cure."""
    for one in found["checks"]:
        sign = "[green]✔[/]" if one["fine"] else "[red]✖[/]" if one["must"] else "[yellow]⚠[/]"
        told = f": {words(one['what'])}" if one.get("what") else " (theirs to see)"
        cure = f"\n  → {words(one['cure'])}" if one.get("cure") else ""
        out().print(f"{sign} {words(one['desk'])}: [bold]{words(one['name'])}[/]{told}{cure}")
    for warning in found["warnings"]:
        out().print(f"[yellow]⚠[/] {words(warning)}")


def _next(found: Mapping[str, Any]) -> str:
    code = found["code"]
    if found["state"] == "active":
        return "it is live: tickets pass"
    if found["state"] == "validated":
        waits = "; the other side has said so already" if found["ready"] else ""
        return f"no ticket passes yet. Try it: interdesk link dry-run {code} --ticket ID; then both sides: interdesk link activate {code}{waits}"
    if found["state"] == "pending":
        return f"mend what is marked ✖, then: interdesk link check {code}"
    return f"it is {found['state']}"
