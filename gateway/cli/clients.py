"""`interdesk clients`: programs that ask for OAuth 2.0 tokens."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import orjson
import typer

from gateway.app import utc_now
from gateway.cli.keys import Network
from gateway.cli.terminal import Actor, AsJson, acting, opened, print_json, say, show
from gateway.errors import Invalid
from gateway.flows import clients as flow
from gateway.store.oauth import Client

ClientId = Annotated[str, typer.Argument(metavar="CLIENT", help="The client's id.", show_default=False)]
_COLUMNS = {
    "id": "CLIENT",
    "owner": "OWNER",
    "label": "LABEL",
    "permissions": "MAY",
    "networks": "FROM",
    "shows": "SHOWS",
    "created_at": "MADE",
    "used_at": "LAST USED",
    "revoked_at": "REVOKED",
}


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="Programs that ask for OAuth 2.0 tokens.", no_args_is_help=True)
    group.command("add")(add)
    group.command("list")(listed)
    group.command("rotate")(rotate)
    group.command("revoke")(revoke)
    app.add_typer(group, name="clients")


def add(
    label: Annotated[str, typer.Argument(help="What it is, like `ticket push`.", show_default=False)],
    *,
    may: Annotated[
        list[str],
        typer.Option("--may", help="A permission, like tickets:write; repeat it.", show_default=False),
    ],
    organization: Annotated[
        str | None, typer.Option("--organization", help="The organization's code; without it: the operator.")
    ] = None,
    network: Network = None,
    jwks: Annotated[
        Path | None,
        typer.Option("--jwks", help="A file with its public keys (JWK Set): it signs, and has no secret."),
    ] = None,
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Register a client. Its secret is printed this once and kept nowhere."""
    wanted = flow.Wanted(
        label=label,
        permissions=tuple(may),
        organization=organization,
        networks=tuple(network or ()),
        jwks=_keys(jwks) if jwks else None,
    )
    with opened() as gateway:
        client, secret = flow.register(gateway.context, wanted, actor=acting(actor), now=utc_now())
    _tell(client, secret, as_json=as_json)


def _keys(file: Path) -> object:
    try:
        return orjson.loads(file.read_bytes())
    except OSError as error:
        raise Invalid(f"{file} cannot be read", why=error.strerror or "") from error
    except ValueError as error:
        raise Invalid(f"{file} is no JSON", cure='write {"keys": […]} (RFC 7517)') from error


def _tell(client: Client, secret: str | None, *, as_json: bool) -> None:
    if as_json:
        print_json({"client_id": client.id, "client_secret": secret})
        return
    print(client.id)
    if secret is None:
        say("it shows who it is by its own keys (private_key_jwt)")
    else:
        print(secret)
        say("client id and secret: keep them now, the secret is shown this once")


def listed(as_json: AsJson = False) -> None:
    """List the clients, revoked ones too."""
    with opened() as gateway:
        found = flow.listed(gateway.context)
        with gateway.database.read() as db:
            known = gateway.context.directory(db).organizations
    codes = {org_id: organization.code for org_id, organization in known.items()}
    show([_view(one, codes) for one in found], _COLUMNS, as_json=as_json, empty="there are no clients")


def _view(client: Client, codes: dict[str, str]) -> dict[str, object]:
    shown: dict[str, object] = {name: getattr(client, name, "") for name in _COLUMNS}
    lists = {name: ", ".join(getattr(client, name)) for name in ("permissions", "networks")}
    shows = "secret" if client.jwks is None else "signature"
    return shown | lists | {"owner": codes.get(client.org_id, client.org_id), "shows": shows}


def rotate(
    client_id: ClientId,
    overlap: Annotated[
        int, typer.Option("--overlap", min=0, max=8760, help="Hours for which the old secret works still.")
    ] = 24,
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Make a new secret; the old one works until the overlap is over."""
    lasts = timedelta(hours=overlap)
    with opened() as gateway:
        client, secret = flow.rotate(gateway.context, client_id, lasts, actor=acting(actor), now=utc_now())
    _tell(client, secret, as_json=as_json)


def revoke(client_id: ClientId, actor: Actor = None) -> None:
    """Take a client back with all its tokens, at once."""
    with opened() as gateway:
        client = flow.revoke(gateway.context, client_id, actor=acting(actor), now=utc_now())
    say(f"{client.id} ({client.label}) is revoked")
