"""`interdesk link certify`: play every situation over a test link, write the signed protocol, check one."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from gateway.app import Gateway, utc_now
from gateway.cli.far import KeyFile, Url, client, is_far
from gateway.cli.terminal import Actor, Code, Yes, acting, agreed, opened, out, say, words
from gateway.client import Interdesk
from gateway.domain.certifying import SITUATIONS, Side
from gateway.domain.documents import length
from gateway.domain.model import Desk
from gateway.errors import Invalid
from gateway.flows.certify import protocol
from gateway.flows.certify.hands import Hand
from gateway.flows.certify.playing import FAILED, NOT_APPLICABLE, PASSED, Bench, Document
from gateway.flows.certify.sitting import LONGEST, Room, driven
from gateway.flows.link_steps import By
from gateway.flows.preflight import Call
from gateway.installation.secret_sources import Reference, SecretSource
from gateway.installation.yaml_text import documents

LARGEST = 50_000_000
_SIGNS = {PASSED: "[green]✔[/]", FAILED: "[red]✖[/]", NOT_APPLICABLE: "[yellow]–[/]"}


OneLink = Annotated[str, typer.Argument(metavar="[LINK]", help="Its code or id.", show_default=False)]
ToFile = Annotated[
    Path | None,
    typer.Option(
        "--out",
        help="The protocol; a run that was stopped goes on with it.",
        show_default="LINK.certification.json",
    ),
]
Hands = Annotated[
    list[str] | None,
    typer.Option(
        "--hand",
        help="SIDE=FILE: a person's own credentials at the upstream's or downstream's desk.",
        show_default=False,
    ),
]
Only = Annotated[
    list[str] | None, typer.Option("--only", help="Only this situation; again for more.", show_default=False)
]
Patience = Annotated[str, typer.Option("--patience", help="How long one thing may take to be seen: 5m.")]
Again = Annotated[bool, typer.Option("--again", help="Play those that failed once more.")]
Verify = Annotated[
    Path | None,
    typer.Option("--verify", help="Only check the signature of this protocol.", show_default=False),
]


def certify(
    *,
    link: OneLink = "",
    to_file: ToFile = None,
    hand: Hands = None,
    only: Only = None,
    patience: Patience = "5m",
    again: Again = False,
    verify: Verify = None,
    url: Url = None,
    key_file: KeyFile = None,
    yes: Yes = False,
    actor: Actor = None,
) -> None:
    """Play some twenty situations over a test link and write a signed protocol. The gateway must be at work meanwhile; with --url
    a key of either organization is enough, and a hand at each side."""
    if verify is not None:
        _verified(verify, url, key_file)
        return
    if is_far(url):
        with client(url, key_file) as there:
            _from_afar(there, link, (to_file, hand or [], only, _length(patience)), again=again, yes=yes)
        return
    with opened() as gateway:
        file = to_file or Path(f"{link}.certification.json")
        by = By(party=None, actor=acting(actor), now=utc_now())
        document = _kept(gateway, file, link, again=again) or protocol.begun(gateway.context, link, by)
        wanted = _wanted(document, only)
        if not agreed(f"Make and close {len(wanted)} tickets at both desks of {document['link']}?", yes=yes):
            raise typer.Exit(Code.FINDINGS)
        document = asyncio.run(_played(gateway, document, (file, wanted, _length(patience)), hand or [], by))
        if not list(protocol.left(document)):
            document = protocol.ended(gateway.context, document, replace(by, now=utc_now()))
        _write(gateway, file, document)
    _told(document, file)


def _from_afar(
    there: Interdesk,
    link: str,
    how: tuple[Path | None, list[str], list[str] | None, timedelta],
    *,
    again: bool,
    yes: bool,
) -> None:
    """The same at a gateway elsewhere, one situation a request, which waits no longer than LONGEST for one thing."""
    to_file, hands, only, patience = how
    if not link:
        raise Invalid("which link is to be certified?", cure="interdesk link list shows them")
    file = to_file or Path(f"{link}.certification.json")
    document = _read(file) if file.exists() else None
    secrets = {side.value: _secrets(side.value, path) for side, path in _sides(hands).items()}
    wanted = _wanted(_without_failed(document, again=again), only)
    if not agreed(f"Make and close {len(wanted)} tickets at both desks of {link}?", yes=yes):
        raise typer.Exit(Code.FINDINGS)
    for name in wanted:
        said = {
            "situation": name,
            "protocol": document,
            "hands": secrets,
            "patience": min(patience, LONGEST).total_seconds(),
        }
        document = there.certify(link, said)
        _put(file, document)
        out().print(_line(document["situations"][-1]))
    if document is not None:
        _told(document, file)


def _without_failed(document: Document | None, *, again: bool) -> Document:
    known = document["situations"] if document is not None else []
    return {"situations": [one for one in known if not (again and one["verdict"] == FAILED)]}


def _length(text: str) -> timedelta:
    try:
        return length(text)
    except (ValueError, OverflowError) as error:
        raise Invalid(f"--patience {text!r} is no length of time", cure="write 30s or 5m") from error


def _wanted(document: Document, only: list[str] | None) -> list[str]:
    """The names of those to be played now. Raises Invalid."""
    there = [one.name for one in SITUATIONS]
    strange = sorted(set(only or []) - set(there))
    if strange:
        raise Invalid(f"there is no situation {', '.join(strange)}", cure=f"one of {', '.join(there)}")
    return [one.name for _, one in protocol.left(document) if not only or one.name in only]


async def _played(
    gateway: Gateway, document: Document, how: tuple[Path, list[str], timedelta], hands: list[str], by: By
) -> Document:
    file, wanted, patience = how
    async with gateway.calling() as call:
        run = protocol.run_of(_bench(gateway, call, {}, patience), document, by)
        driven = {side: _hand(gateway, call, run.desks[side], path) for side, path in _sides(hands).items()}
        run.bench = _bench(gateway, call, driven, patience)
        for number, situation in list(protocol.left(document)):
            if situation.name not in wanted:
                continue
            entry = await run.play(situation, number)
            document["situations"].append(entry)
            _write(gateway, file, document)
            out().print(_line(entry))
    return document


def _bench(gateway: Gateway, call: Call, hands: Mapping[Side, Hand], patience: timedelta) -> Bench:
    return Bench(
        context=gateway.context,
        call=call,
        hands=hands,
        pause=lambda: asyncio.sleep(0.5),
        keep=lambda data: gateway.blobs.put([data], limit=LARGEST),
        say=say,
        patience=patience,
    )


def _sides(hands: list[str]) -> dict[Side, Path]:
    found = {}
    for text in hands:
        side, sign, path = text.partition("=")
        if not sign or side not in (Side.UPSTREAM, Side.DOWNSTREAM):
            raise Invalid(f"--hand {text!r} is none", cure="write upstream=FILE or downstream=FILE")
        found[Side(side)] = Path(path)
    return found


def _hand(gateway: Gateway, call: Call, desk: Desk, path: Path) -> Hand:
    room = Room(
        context=gateway.context,
        call=call,
        vault=gateway.vault,
        keep=lambda data: gateway.blobs.put([data], limit=LARGEST),
        pause=lambda: asyncio.sleep(0.5),
    )
    return driven(room, desk, _secrets(desk.code, path))


def _secrets(where: str, path: Path) -> dict[str, str]:
    """Somebody's own account: the file is as `credentials` of a desk, its secret by reference."""
    try:
        read = documents(path.read_bytes(), source=path.name)
    except OSError as error:
        raise Invalid(f"{path} cannot be read", why=error.strerror or str(error)) from error
    told: Any = read[0] if len(read) == 1 else None
    if not isinstance(told, dict) or not isinstance(told.get("secret"), dict):
        raise Invalid(
            f"{path} holds no credentials", cure="{kind: basic, user: anna, secret: {env: ANNA_SECRET}}"
        )
    what = f"the hand at {where}: secret"
    secret = SecretSource().fetch(Reference(what=what, where=told["secret"], folder=path.parent))
    plain = {name: str(value) for name, value in told.items() if name in ("kind", "user")}
    return {**plain, "secret": secret}


# -- the file -----------------------------------------------------------------------------------------------------------------


def _read(file: Path) -> Document:
    try:
        found = orjson.loads(file.read_bytes())
    except (OSError, ValueError) as error:
        raise Invalid(f"{file} cannot be read as a protocol", why=str(error)) from error
    if not isinstance(found, dict) or not isinstance(found.get("situations"), list):
        raise Invalid(f"{file} is no protocol of a certification")
    return found


def _kept(gateway: Gateway, file: Path, link: str, *, again: bool) -> Document | None:
    """The protocol of a run that was stopped; None where there is no file yet. Raises Invalid for another's."""
    if not link:
        raise Invalid(
            "which link is to be certified?",
            cure="interdesk link list shows them; --verify FILE checks a protocol",
        )
    if not file.exists():
        return None
    found = _read(file)
    if not protocol.is_genuine(found, gateway.vault) or found["link"] != link:
        raise Invalid(f"{file} is no protocol of ours for {link}", cure="--out another file")
    kept = [one for one in found["situations"] if not (again and one["verdict"] == FAILED)]
    return {**found, "situations": kept, "ended_at": None}


def _write(gateway: Gateway, file: Path, document: Document) -> None:
    _put(file, protocol.signed(document, gateway.vault))


def _put(file: Path, signed: Document) -> None:
    draft = file.with_name(f"{file.name}.part")
    try:
        draft.write_bytes(orjson.dumps(signed, option=orjson.OPT_INDENT_2) + b"\n")
        draft.replace(file)
    except OSError as error:
        raise Invalid(f"{file} cannot be written", why=error.strerror or str(error)) from error


def _verified(file: Path, url: str | None, key_file: Path | None) -> None:
    found = _read(file)
    if is_far(url):
        with client(url, key_file) as there:
            genuine = there.is_genuine(str(found.get("link", "")), found)
    else:
        with opened() as gateway:
            genuine = protocol.is_genuine(found, gateway.vault)
    if not genuine:
        say(f"{file}: not ours, or changed since it was signed")
        raise typer.Exit(Code.FINDINGS)
    for entry in found["situations"]:
        out().print(_line(entry))
    state = f"ended {found['ended_at']}" if found["ended_at"] else "not ended"
    say(f"{file}: signed by this gateway; {found['link']}, run {found['run']}, {state}")


def _line(entry: Mapping[str, Any]) -> str:
    why = f": {words(entry['why'])}" if entry["why"] else ""
    return f"{_SIGNS.get(entry['verdict'], '?')} [bold]{words(entry['name'])}[/] {words(entry['title'])}{why}"


def _told(document: Document, file: Path) -> None:
    """How it went; exit 1 where something failed or is still to be played."""
    failed = [one["name"] for one in document["situations"] if one["verdict"] == FAILED]
    still = [one.name for _, one in protocol.left(document)]
    for entry in document["situations"]:
        for ticket in entry.get("left", []):
            say(f"close by hand: {ticket}")
    say(
        f"{len(document['situations'])} played, {len(failed)} failed, {len(still)} still to be played: {file}"
    )
    if failed or still:
        raise typer.Exit(Code.FINDINGS)
