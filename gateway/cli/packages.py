"""`interdesk package`: a link with its desks' words, agreements and calendars as one file with parameters, to be shared and applied."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
import yaml

from gateway.app import utc_now
from gateway.cli.configuration import show_plan, terms_of
from gateway.cli.terminal import Actor, AsJson, Code, Yes, acting, agreed, opened, print_json, say, show
from gateway.errors import Invalid
from gateway.flows import apply as configuring
from gateway.flows import packaging
from gateway.installation import packages

File = Annotated[Path, typer.Argument(metavar="PACKAGE", help="The package's file.", show_default=False)]
Values = Annotated[
    list[str],
    typer.Option("--set", metavar="NAME=VALUE", help="A parameter; again for more.", show_default=False),
]
_PARAMETERS = {"name": "PARAMETER", "type": "KIND", "default": "DEFAULT", "description": "WHAT"}


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="Parts of an installation with parameters, to be shared.", no_args_is_help=True)
    for name, command in (("export", export), ("show", shown), ("apply", applied)):
        group.command(name)(command)
    app.add_typer(group, name="package")


def export(
    link: Annotated[str, typer.Argument(metavar="LINK", help="The link's code.", show_default=False)],
    *,
    to_file: Annotated[Path, typer.Option("--out", help="The package's file.", show_default=False)],
    name: Annotated[str, typer.Option("--name", help="Its name; without it the link's code.")] = "",
) -> None:
    """Write a link, its desks' words, agreements and calendars as a package. Secrets are never in it;
    people, and organizations that are no end of the link, are left out, and it is told where."""
    with opened() as gateway:
        document, left_out = packaging.export(gateway.context, link, name or link, gateway.vault)
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=130)
    try:
        with to_file.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except OSError as error:
        cure = "name a file that is not there yet"
        raise Invalid(f"{to_file} cannot be written", why=error.strerror or str(error), cure=cure) from error
    for one in left_out:
        say(f"left out: {one}")
    say(f"{to_file}: {len(document['parameters'])} parameters; interdesk package show {to_file} tells them")


def shown(file: File, as_json: AsJson = False) -> None:
    """Tell what a package is, and its parameters."""
    package = packages.read(file)
    if as_json:
        print_json(dict(package.document))
        return
    say(f"{package.name}: {package.document.get('title', '')}".removesuffix(": "))
    rows = [
        {"type": "text", "default": None, **told, "name": name} for name, told in package.parameters.items()
    ]
    show(rows, _PARAMETERS, as_json=False, empty="it has no parameters")


def applied(
    file: File,
    *,
    values: Values = [],  # noqa: B006 - typer makes a list of its own
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show the plan.")] = False,
    actor: Actor = None,
    yes: Yes = False,
) -> None:
    """Apply a package with these values, under your name. Shows the plan and asks first."""
    package = packages.read(file)
    wanted = packages.filled(package, _values(values))
    with opened() as gateway:
        foreseen = configuring.plan(gateway.context, wanted, terms_of(gateway))
        packaging.refuse_other_parties(foreseen, package.name)
        show_plan(foreseen, whole=True)
        if dry_run or not foreseen.effective:
            return
        if not agreed(f"Apply {package.name}?", yes=yes):
            say("nothing was changed")
            raise typer.Exit(Code.FINDINGS)
        terms = replace(terms_of(gateway, seen=foreseen.version), reason=f"package {package.name}")
        configuring.apply(gateway.context, wanted, terms, actor=acting(actor), now=utc_now())
    say(f"{package.name} is applied")


def _values(given: list[str]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or name in found:
            what = f"--set {text!r} names no value" if not equals else f"--set {name} stands there twice"
            raise Invalid(what, cure="write --set name=value, each name once")
        found[name] = value
    return found
