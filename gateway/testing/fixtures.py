"""A connector's folder of fixtures, read into nouns. The file format is described in connectors/README.md."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from gateway import errors
from gateway.connector import Connector, Exchange, Request, Response
from gateway.domain.documents import capabilities_here, merged_profile
from gateway.domain.model import (
    Blob,
    Command,
    Desk,
    DeskFacts,
    Message,
    NativeAttachment,
    Page,
    Receipt,
    Sighting,
    Snapshot,
)
from gateway.errors import DeskError, Invalid
from gateway.testing.notation import moment, octets, read, read_list, write

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
"""Our clock when a fixture says nothing else."""

HOOK_SECRET = "fixture-hook-secret"  # noqa: S105 - it opens nothing
"""The desk's hook secret when a fixture says nothing else."""

Document = Mapping[str, Any]

F = TypeVar("F")


@dataclass(frozen=True, kw_only=True)
class Received:
    """fixtures/in: one message, and the sightings it means or the error it deserves."""

    name: str
    source: str
    desk: Desk
    message: Message
    now: datetime
    expect: object
    error: str | None
    replayable: bool


@dataclass(frozen=True, kw_only=True)
class Step:
    """One request of a conversation and what came back: an answer, or the error the wire threw."""

    request: Request
    response: Response | None
    fails: str | None


@dataclass(frozen=True, kw_only=True)
class Talk:
    """fixtures/out: one call of the connector, the requests it makes, the answers it gets, what it returns."""

    name: str
    source: str
    desk: Desk
    call: str
    args: Mapping[str, Any]
    steps: Sequence[Step]
    expect: object
    error: str | None
    remapped: frozenset[str]

    def begin(self, connector: Connector) -> Exchange[Any]:
        """The generator of this call, not yet started."""
        exchange: Exchange[Any] = _CALLS[self.call].begin(connector, self.args, self.desk)
        return exchange

    @property
    def command(self) -> Command | None:
        """The command of a push or find."""
        return self.args.get("command")


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A connector under test: its code, its folder and everything recorded there."""

    connector: Connector
    folder: Path
    received: tuple[Received, ...] = ()
    talks: tuple[Talk, ...] = ()
    desk: Desk = field(
        default_factory=lambda: Desk(id="dsk_fixture", code="fixture", org_id="org_fixture", connector="")
    )


@dataclass(frozen=True, kw_only=True)
class _Call:
    read_args: Callable[[Document], Mapping[str, Any]]
    begin: Callable[[Connector, Mapping[str, Any], Desk], Exchange[Any]]
    result: Callable[[object], object]


def _command(args: Document) -> Mapping[str, Any]:
    return {"command": read(Command, args["command"], at="args.command")}


_CALLS: Mapping[str, _Call] = {
    "push": _Call(
        read_args=_command,
        begin=lambda connector, args, desk: connector.push(args["command"], desk),
        result=lambda document: read(Receipt, document, at="expect"),
    ),
    "find": _Call(
        read_args=_command,
        begin=lambda connector, args, desk: connector.find(args["command"], desk),
        result=lambda document: read_list(Receipt, document, at="expect"),
    ),
    "fetch": _Call(
        read_args=lambda args: {"remote_id": args["remote_id"], "since": args.get("since")},
        begin=lambda connector, args, desk: connector.fetch(args["remote_id"], desk, since=args["since"]),
        result=lambda document: read(Snapshot, document, at="expect"),
    ),
    "changed": _Call(
        read_args=lambda args: {"cursor": args.get("cursor")},
        begin=lambda connector, args, desk: connector.changed(args["cursor"], desk),
        result=lambda document: read(Page, document, at="expect"),
    ),
    "download": _Call(
        read_args=lambda args: {
            "attachment": read(NativeAttachment, args["attachment"], at="args.attachment")
        },
        begin=lambda connector, args, desk: connector.download(args["attachment"], desk),
        result=lambda document: read(Blob, document, at="expect"),
    ),
    "check": _Call(
        read_args=lambda _args: {},
        begin=lambda connector, _args, desk: connector.check(desk),
        result=lambda document: read(DeskFacts, document, at="expect"),
    ),
}

CALLS = tuple(_CALLS)


def load(connector: Connector, folder: Path) -> Subject:
    """The connector with its fixtures. Raises Invalid, naming the file, for one that breaks the format."""
    shared = _shared_desk(folder)
    return Subject(
        connector=connector,
        folder=folder,
        desk=_desk(connector, shared, {}),
        received=tuple(
            _load(path, received, connector, shared)
            for path in sorted((folder / "fixtures/in").glob("*.json"))
        ),
        talks=tuple(
            _load(path, talk, connector, shared) for path in sorted((folder / "fixtures/out").glob("*.json"))
        ),
    )


def load_one(connector: Connector, path: Path) -> Received | Talk:
    """One fixture file, by its folder `in` or `out`."""
    shared = _shared_desk(path.parent.parent.parent)
    if path.parent.name == "in":
        return _load(path, received, connector, shared)
    return _load(path, talk, connector, shared)


def _shared_desk(folder: Path) -> Document:
    path = folder / "fixtures" / "desk.json"
    shared: Document = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return shared


def _load(
    path: Path,
    make: Callable[[str, Document, Connector, Document], F],
    connector: Connector,
    shared: Document,
) -> F:
    try:
        return make(path.stem, json.loads(path.read_text(encoding="utf-8")), connector, shared)
    except (Invalid, KeyError, ValueError) as error:
        raise Invalid(
            f"{path.parent.name}/{path.name} is not a fixture", why=f"{type(error).__name__}: {error}"
        ) from error


def _desk(connector: Connector, shared: Document, own: Document) -> Desk:
    told = {**shared, **own}
    secrets = tuple(str(secret).encode() for secret in told.pop("hook_secrets", [HOOK_SECRET]))
    profile = merged_profile(connector.manifest.profile, told.pop("profile", {}))
    known = {
        "id": "dsk_fixture",
        "code": "fixture",
        "org_id": "org_fixture",
        "base_url": "https://desk.example",
    }
    plain = read(Desk, {**known, **told, "connector": connector.manifest.name}, at="desk")
    return replace(
        plain,
        hook_secrets=secrets,
        profile=profile,
        capabilities=capabilities_here(connector.manifest.capabilities, plain.settings),
        side_effects=connector.manifest.side_effects,
        tiers=connector.manifest.tiers,
    )


def received(name: str, document: Document, connector: Connector, shared: Document) -> Received:
    """A fixtures/in document. `shared` is the folder's desk.json."""
    desk = _desk(connector, shared, document.get("desk", {}))
    request = document["request"]
    now = moment(document["now"]) if "now" in document else NOW
    error = _error(document["expect"])
    return Received(
        name=name,
        source=document.get("source", ""),
        desk=desk,
        now=now,
        message=Message(
            id=f"msg_{name}",
            desk_id=desk.id,
            received_at=now,
            body=_body(request.get("body", "")),
            headers={key.lower(): value for key, value in request.get("headers", {}).items()},
            query=dict(request.get("query", {})),
        ),
        expect=None if error else write(read_list(Sighting, document["expect"], at="expect")),
        error=error,
        replayable=document.get("replayable", False),
    )


def talk(name: str, document: Document, connector: Connector, shared: Document) -> Talk:
    """A fixtures/out document. `shared` is the folder's desk.json."""
    call = _CALLS.get(document["call"])
    if call is None:
        raise Invalid(f"call {document['call']!r} is unknown", cure=f"one of {', '.join(CALLS)}")
    error = _error(document["expect"])
    return Talk(
        name=name,
        source=document.get("source", ""),
        desk=_desk(connector, shared, document.get("desk", {})),
        call=document["call"],
        args=call.read_args(document.get("args", {})),
        steps=tuple(_step(step, f"exchange[{number}]") for number, step in enumerate(document["exchange"])),
        expect=None if error else write(call.result(document["expect"])),
        error=error,
        remapped=frozenset(document.get("remapped", ())),
    )


def _error(expect: object) -> str | None:
    if not isinstance(expect, Mapping) or set(expect) != {"error"}:
        return None
    return _known_error(str(expect["error"]))


def _known_error(name: str) -> str:
    kind = getattr(errors, name, None)
    if not (isinstance(kind, type) and issubclass(kind, errors.InterdeskError)):
        raise Invalid(f"{name!r} is not one of our errors", cure="see gateway/errors.py")
    return name


def error_named(name: str) -> Exception:
    """An error of that name, as the wire would throw it."""
    kind: type[DeskError] = getattr(errors, name)
    return kind(f"{name} (thrown by the contract suite)")


def _body(document: object) -> bytes:
    if isinstance(document, list) or (isinstance(document, Mapping) and set(document) != {"base64"}):
        return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()
    return octets(document)


def _step(document: Document, at: str) -> Step:
    told = dict(document["request"])
    if isinstance(told.get("params"), Mapping):
        told["params"] = list(told["params"].items())
    request = read(Request, {**told, "headers": _lower(told.get("headers", {}))}, at=f"{at}.request")
    if "fails" in document:
        return Step(request=request, response=None, fails=_known_error(document["fails"]))
    return Step(request=request, response=_response(document["response"], at), fails=None)


def _response(document: Document, at: str) -> Response:
    headers = _lower(document.get("headers", {}))
    body = b""
    if "json" in document:
        headers.setdefault("content-type", "application/json")
        body = json.dumps(document["json"], ensure_ascii=False).encode()
    elif "body" in document:
        body = octets(document["body"])
    blob = document.get("blob")
    return Response(
        status=document["status"],
        headers=headers,
        body=body,
        blob=read(Blob, blob, at=f"{at}.response.blob") if blob else None,
        received_at=moment(document["received_at"]) if "received_at" in document else NOW,
    )


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
