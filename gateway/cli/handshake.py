"""`interdesk link invite`, `look`, `accept`, `decline`, `take-back`: how two organizations come to have a link."""

import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.cli.far import KeyFile, Url, reached
from gateway.cli.link_checks import tell_checked
from gateway.cli.terminal import Actor, AsJson, Reason, moment, out, print_json, say, show_one, words
from gateway.domain.documents import length
from gateway.domain.linking import Role
from gateway.errors import Invalid
from gateway.installation.yaml_text import documents

OneCode = Annotated[
    str,
    typer.Argument(
        metavar="CODE", help="The invitation's code; - reads it from standard input.", show_default=False
    ),
]
OwnDesk = Annotated[str, typer.Option("--desk", help="Your desk on this link: its code.", show_default=False)]
When = Annotated[
    list[str] | None,
    typer.Option(
        "--when", help="Tickets pass whose FIELD=VALUE, like queue=Field; all of several.", show_default=False
    ),
]
DelegateAs = Annotated[
    str | None,
    typer.Option(
        "--delegate-as",
        help="What agents write into the delegate field; by default the other side's name.",
        show_default=False,
    ),
]
Terms = Annotated[
    Path | None,
    typer.Option(
        "--terms", help="A YAML file with parts of the link (schemas/README.md).", show_default=False
    ),
]
TakenDesk = Annotated[
    str,
    typer.Option("--desk", help="Your desk on this link: its code.", show_default="the one your links use"),
]
Like = Annotated[
    str,
    typer.Option(
        "--like", help="A link of yours: the same desk, and your own words said again.", show_default=False
    ),
]
OwnRole = Annotated[
    Role, typer.Option("--role", help="What your desk is: upstream hands tickets over.", show_default=False)
]
To = Annotated[
    str | None,
    typer.Option("--to", help="The organization that may accept: its code.", show_default=False),
]
ContactName = Annotated[
    str,
    typer.Option(
        "--contact", help="Who gets the code; without --to, whoever has it may accept.", show_default=False
    ),
]
LinkCode = Annotated[
    str, typer.Option("--code", help="How the link is to be called.", show_default="after the two desks")
]
Under = Annotated[str, typer.Option("--agreement", help="The agreement it works under.", show_default=False)]
Until = Annotated[
    str | None,
    typer.Option("--valid-until", help="No ticket passes from this moment on.", show_default=False),
]
Expires = Annotated[str, typer.Option("--expires", help="How long the code works: 8h, 7d, at most 30d.")]
GoLive = Annotated[
    bool, typer.Option("--activate", help="Live as soon as the checks pass, as far as you are asked.")
]


def register(group: typer.Typer) -> None:
    """Add the commands to `interdesk link`."""
    group.command("invite")(invite)
    group.command("look")(look)
    group.command("accept")(accept)
    group.command("decline")(decline)
    group.command("take-back")(take_back)


def invite(
    *,
    desk: OwnDesk,
    role: OwnRole,
    to: To = None,
    contact: ContactName = "",
    code: LinkCode = "",
    agreement: Under = "",
    valid_until: Until = None,
    expires: Expires = "7d",
    when: When = None,
    delegate_as: DelegateAs = None,
    terms: Terms = None,
    go_live: GoLive = False,
    url: Url = None,
    key_file: KeyFile = None,
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Invite another organization to link a desk with yours. The code is printed this once and works once."""
    said = _terms(terms, when, delegate_as)
    if valid_until is not None:
        said["valid_until"] = moment(valid_until).isoformat()
    wanted = {"desk": desk, "role": role, "to": to, "contact": contact, "code": code, "agreement": agreement}
    more = {"terms": said, "expires": _seconds(expires), "activate": go_live}
    with reached(url, key_file, actor) as there:
        made = there.invite(wanted | more)
    if as_json:
        print_json(made)
        return
    typer.echo(made["code"])
    whom = made["to"] or made["contact"]
    say(f"{made['id']}: give this code to {whom}; it works once, until {_when(made['expires_at'])}")
    say("they answer: interdesk link accept CODE --desk THEIR_DESK")


def _seconds(text: str) -> float:
    try:
        return length(text).total_seconds()
    except (ValueError, OverflowError) as error:
        raise Invalid(f"--expires {text!r} is no length of time", cure="write 8h or 7d") from error


def _terms(file: Path | None, when: list[str] | None, delegate_as: str | None) -> dict[str, Any]:
    """Parts of a link's document: those of the file, and which tickets pass."""
    said = _read(file) if file is not None else {}
    passes: dict[str, Any] = {}
    if when:
        rows = [_condition(text) for text in when]
        passes["when"] = rows[0] if len(rows) == 1 else {"all": rows}
    if delegate_as:
        passes["delegate_as"] = delegate_as
    if passes and "passes" in said:
        raise Invalid("which tickets pass is said twice", cure="in the file, or by --when and --delegate-as")
    return {**said, "passes": passes} if passes else said


def _condition(text: str) -> dict[str, str]:
    field, sign, value = text.partition("=")
    if not sign or not field.strip():
        raise Invalid(f"--when {text!r} is no condition", cure="write FIELD=VALUE, like queue=Field")
    return {"field": field.strip(), "value": value}


def _read(file: Path) -> dict[str, Any]:
    try:
        found = documents(file.read_bytes(), source=file.name)
    except OSError as error:
        raise Invalid(f"{file} cannot be read", why=error.strerror or str(error)) from error
    if len(found) != 1 or not isinstance(found[0], dict):
        raise Invalid(f"{file} holds no terms", cure="one document: crosses: …, answer_within: …")
    return dict(found[0])


def _code(text: str) -> str:
    return sys.stdin.readline().strip() if text == "-" else text.strip()


def look(
    code: OneCode,
    *,
    compare: Annotated[
        bool, typer.Option("--compare", help="Also what of it is new beside the links you have.")
    ] = False,
    desk: TakenDesk = "",
    like: Like = "",
    url: Url = None,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Show what an invitation offers, before it is answered."""
    with reached(url, key_file, "reader") as there:
        found = there.compare(_code(code), desk, like) if compare or desk or like else there.look(_code(code))
    if as_json:
        print_json(found)
        return
    new = found.pop("new", None)
    show_one({name: value for name, value in found.items() if value}, as_json=False)
    if new is not None:
        _tell_new(new)


_SIGNS = {"new": "[yellow]+[/]", "lacking": "[red]✖[/]", "known": "[green]=[/]"}


def _tell_new(new: Mapping[str, Any]) -> None:
    """A line for each thing that the reader's people, desk or contracts do not have yet."""
    beside = ", ".join(new["beside"]) or "no live link"
    out().print(f"\n[bold]At {words(new['desk'])}, beside {words(beside)}[/]")
    for line in new["lines"]:
        cure = f"\n    → {words(line['cure'])}" if line["cure"] else ""
        out().print(
            f"  {_SIGNS[line['weight']]} [bold]{words(line['about'])}[/]: {words(line['what'])}{cure}"
        )


def accept(
    code: OneCode,
    *,
    desk: TakenDesk = "",
    like: Like = "",
    when: When = None,
    delegate_as: DelegateAs = None,
    terms: Terms = None,
    go_live: GoLive = False,
    url: Url = None,
    key_file: KeyFile = None,
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Take an invitation with a desk of yours. The link is made, and both desks are asked whether they are ready."""
    taken = {
        "code": _code(code),
        "desk": desk,
        "like": like,
        "terms": _terms(terms, when, delegate_as),
        "activate": go_live,
    }
    with reached(url, key_file, actor) as there:
        tell_checked(there.accept(taken), as_json=as_json)


def decline(
    code: OneCode, reason: Reason = "", url: Url = None, key_file: KeyFile = None, actor: Actor = None
) -> None:
    """Decline an invitation; its inviter reads why."""
    with reached(url, key_file, actor) as there:
        gone = there.decline(_code(code), reason)
    say(f"declined; {gone['from']} reads why")


def take_back(
    invitation: Annotated[
        str, typer.Argument(metavar="INVITATION", help="Its id (inv_…).", show_default=False)
    ],
    reason: Reason = "",
    url: Url = None,
    key_file: KeyFile = None,
    actor: Actor = None,
) -> None:
    """Take an invitation of yours back: its code works no more."""
    with reached(url, key_file, actor) as there:
        gone = there.take_back(invitation, reason)
    say(f"{gone['id']}: nobody can accept it any more")


def _when(value: object) -> str:
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    return f"{at:%Y-%m-%d %H:%M} UTC"
