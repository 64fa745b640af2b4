"""`interdesk link`: a link between two organizations, from the invitation to its end, each side with its own key."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from gateway.cli import certify, handshake, link_totals, promote
from gateway.cli.far import KeyFile, Url, reached
from gateway.cli.link_checks import tell_checked, tell_checks
from gateway.cli.terminal import (
    Actor,
    AsJson,
    Code,
    Reason,
    Yes,
    agreed,
    out,
    print_json,
    say,
    show,
    show_one,
    words,
)
from gateway.domain.linking import Act
from gateway.errors import Invalid

OneLink = Annotated[str, typer.Argument(metavar="LINK", help="Its code or id.", show_default=False)]
_LINKS = {
    "code": "LINK",
    "state": "STATE",
    "test": "TEST",
    "upstream": "UPSTREAM",
    "upstream_desk": "DESK",
    "downstream": "DOWNSTREAM",
    "downstream_desk": "DESK",
    "valid_until": "VALID UNTIL",
}
_INVITED = {
    "id": "INVITATION",
    "state": "STATE",
    "from": "FROM",
    "desk": "DESK",
    "role": "AS",
    "to": "TO",
    "contact": "CONTACT",
    "expires_at": "OPEN UNTIL",
    "reason": "WHY",
}
_NEWS = {
    "at": "AT",
    "subject": "ABOUT",
    "by": "BY",
    "actor": "WHO",
    "act": "WHAT",
    "before": "BEFORE",
    "after": "AFTER",
    "reason": "WHY",
}


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(
        help="Links between two organizations: invite, accept, check, live, end.", no_args_is_help=True
    )
    handshake.register(group)
    for name, command in (
        ("list", listed), ("news", news), ("show", shown), ("check", check), ("dry-run", dry_run),
        ("activate", activate), ("pause", pause), ("resume", resume), ("end", end), ("export", export),
        ("certify", certify.certify), ("promote", promote.promote),
        ("totals", link_totals.totals),
    ):  # fmt: skip
        group.command(name)(command)
    app.add_typer(group, name="link")


# -- looking ------------------------------------------------------------------------------------------------------------------


def listed(url: Url = None, key_file: KeyFile = None, as_json: AsJson = False) -> None:
    """List your links, and invitations by you and to you."""
    with reached(url, key_file, "reader") as there:
        found = there.links()
    if as_json:
        print_json(found)
        return
    show(found["links"], _LINKS, as_json=False, empty="there are no links")
    if found["invitations"]:
        out().print()
        show(found["invitations"], _INVITED, as_json=False)


def news(url: Url = None, key_file: KeyFile = None, as_json: AsJson = False) -> None:
    """Tell what happened to your links and invitations, the newest first."""
    with reached(url, key_file, "reader") as there:
        show(there.news(), _NEWS, as_json=as_json, empty="nothing has happened yet")


def shown(link: OneLink, url: Url = None, key_file: KeyFile = None, as_json: AsJson = False) -> None:
    """Show one link: how it stands, what may cross, its checks, what happened to it."""
    with reached(url, key_file, "reader") as there:
        found = there.link(link)
    if as_json:
        print_json(found)
        return
    apart = ("checks", "steps", "warnings")
    show_one({name: value for name, value in found.items() if name not in apart and value}, as_json=False)
    tell_checks(found)
    out().print()
    show(found["steps"], {name: head for name, head in _NEWS.items() if name != "subject"}, as_json=False)


def check(
    link: OneLink, url: Url = None, key_file: KeyFile = None, actor: Actor = None, as_json: AsJson = False
) -> None:
    """Ask both desks whether they are ready; exit 1 where something that must be right is not."""
    with reached(url, key_file, actor) as there:
        tell_checked(there.check(link), as_json=as_json)


def dry_run(
    link: OneLink,
    *,
    ticket: Annotated[
        list[str],
        typer.Option(
            "--ticket", help="A ticket's id at the upstream's desk; again for more.", show_default=False
        ),
    ],
    url: Url = None,
    key_file: KeyFile = None,
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Show what the link would make of real tickets: fields, texts, what stays behind. Writes nothing anywhere."""
    with reached(url, key_file, actor) as there:
        found = there.dry_run(link, ticket)
    for one in found:
        if as_json:
            print_json(one)
        else:
            out().print("\n".join(_tried(one)))


def _tried(one: Mapping[str, Any]) -> Iterator[str]:
    ticket = words(one["ticket"])
    if "error" in one or "refused" in one:
        yield f"[bold]{ticket}[/]: {words(one.get('error') or one.get('refused'))}"
        return
    rule = "passes by itself" if one["passes"] else "does not pass by itself; if it is handed over"
    yield f"[bold]{ticket}[/] {rule}: at {words(one['at'])} this would be created"
    for name, value in one["fields"].items():
        yield f"  {words(name)}: {words(value)}"
    for comment in one["comments"]:
        yield f"  {words(comment['visibility'])} comment: {words(comment['text'])}"
    for file in one["files"]:
        yield f"  {words(file['visibility'])} file: {words(file['filename'])}"
    for kept in one["withheld"]:
        yield f"  [yellow]stays:[/] {words(kept['what'])} ({words(kept['why'])})"


# -- its life -----------------------------------------------------------------------------------------------------------------


def activate(
    link: OneLink, reason: Reason = "", url: Url = None, key_file: KeyFile = None, actor: Actor = None
) -> None:
    """Say that the link may go live. It does when both sides have said so."""
    with reached(url, key_file, actor) as there:
        say(_standing(there.move(link, Act.ACTIVATE, reason)))


def _standing(found: Mapping[str, Any]) -> str:
    if found["state"] == "validated":
        other = [side for side in (found["upstream"], found["downstream"]) if side not in found["ready"]]
        return f"{found['code']} waits for {' and '.join(other)} to say so too"
    by = f", by {' and '.join(found['paused_by'])}" if found["paused_by"] else ""
    return f"{found['code']} is {found['state']}{by}"


def pause(
    link: OneLink, reason: Reason = "", url: Url = None, key_file: KeyFile = None, actor: Actor = None
) -> None:
    """Let no new ticket pass; those under way go on. Only you, or the operator, take it back."""
    with reached(url, key_file, actor) as there:
        say(_standing(there.move(link, Act.PAUSE, reason)))


def resume(
    link: OneLink, reason: Reason = "", url: Url = None, key_file: KeyFile = None, actor: Actor = None
) -> None:
    """Take your pause back."""
    with reached(url, key_file, actor) as there:
        say(_standing(there.move(link, Act.RESUME, reason)))


def end(
    link: OneLink,
    *,
    reason: Reason = "",
    to_file: Annotated[
        Path | None,
        typer.Option(
            "--export", help="Write its tickets and events into this file first.", show_default=False
        ),
    ] = None,
    yes: Yes = False,
    url: Url = None,
    key_file: KeyFile = None,
    actor: Actor = None,
) -> None:
    """End a link for good: no new ticket passes, those under way finish. Says what stays where."""
    if not agreed(f"End {link} for good?", yes=yes):
        raise typer.Exit(Code.FINDINGS)
    with reached(url, key_file, actor) as there:
        if to_file is not None:
            _write(to_file, there.export(link))
        found = there.move(link, Act.END, reason)
    say(f"{found['code']} is {found['state']}")
    for line in found["stays"]:
        typer.echo(f"- {line}")


def export(
    link: OneLink,
    to_file: Annotated[
        Path, typer.Option("--out", help="The file; one JSON document a line.", show_default=False)
    ],
    url: Url = None,
    key_file: KeyFile = None,
) -> None:
    """Write everything you may read of a link and its tickets into a file."""
    with reached(url, key_file, "reader") as there:
        _write(to_file, there.export(link))


def _write(file: Path, found: list[dict[str, Any]]) -> None:
    try:
        with file.open("xb") as stream:
            stream.writelines(orjson.dumps(one, default=str) + b"\n" for one in found)
    except OSError as error:
        cure = "name a file that is not there yet"
        raise Invalid(f"{file} cannot be written", why=error.strerror or str(error), cure=cure) from error
    say(f"{len(found)} documents are in {file}")
