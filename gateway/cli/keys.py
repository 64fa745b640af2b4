"""`interdesk keys`: API keys of the operator's people and of organizations; and the ring that seals desks' secrets."""

from datetime import timedelta
from typing import Annotated

import typer

from gateway.app import utc_now
from gateway.cli.terminal import Actor, AsJson, acting, opened, print_json, say, show
from gateway.flows import keys as flow
from gateway.flows import rotation
from gateway.flows.context import OPERATOR
from gateway.store.keys import ApiKey

May = Annotated[
    list[str] | None,
    typer.Option("--may", help="A permission, like tickets:read; repeat it. Without: all its owner may."),
]
Network = Annotated[
    list[str] | None,
    typer.Option("--network", help="A network it may be used from, like 10.20.0.0/16; repeat it."),
]
_COLUMNS = {
    "id": "ID",
    "owner": "OWNER",
    "label": "LABEL",
    "shown": "KEY",
    "created_at": "MADE",
    "expires_at": "EXPIRES",
    "used_at": "LAST USED",
    "permissions": "MAY",
    "networks": "FROM",
    "revoked_at": "REVOKED",
}


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="API keys, and the ring that seals secrets.", no_args_is_help=True)
    group.command("create")(create)
    group.command("list")(listed)
    group.command("renew")(renew)
    group.command("revoke")(revoke)
    group.command("rotate")(rotate)
    app.add_typer(group, name="keys")


def create(
    label: Annotated[str, typer.Argument(help="What it is for, like `prometheus`.", show_default=False)],
    organization: Annotated[
        str | None, typer.Option("--organization", help="The organization's code; without it: the operator.")
    ] = None,
    days: Annotated[int | None, typer.Option("--days", min=1, help="Valid for so many days.")] = None,
    *,
    may: May = None,
    network: Network = None,
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Make a key. It is printed this once and kept nowhere."""
    now = utc_now()
    with opened() as gateway:
        expires_at = now + timedelta(days=days) if days else None
        wanted = flow.Wanted(
            label=label,
            organization=organization,
            expires_at=expires_at,
            permissions=tuple(may or ()),
            networks=tuple(network or ()),
        )
        key, text = flow.create(gateway.context, wanted, actor=acting(actor), now=now)
    _tell(key, text, as_json=as_json)


def _tell(key: ApiKey, text: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"id": key.id, "key": text, "expires_at": key.expires_at})
    else:
        print(text)
        say(f"{key.id}: keep it now, it is shown this once")


def listed(as_json: AsJson = False) -> None:
    """List the keys, revoked and expired ones too."""
    with opened() as gateway:
        found = flow.listed(gateway.context, OPERATOR)
        with gateway.database.read() as db:
            known = gateway.context.directory(db).organizations
    codes = {org_id: organization.code for org_id, organization in known.items()}
    show([_view(key, codes) for key in found], _COLUMNS, as_json=as_json, empty="there are no keys")


def _view(key: ApiKey, codes: dict[str, str]) -> dict[str, object]:
    owner = codes.get(key.org_id, key.org_id)
    shown = {name: getattr(key, name) for name in _COLUMNS if name != "owner"}
    may = "everything" if key.permissions is None else ", ".join(key.permissions)
    return {"owner": owner, **shown, "permissions": may, "networks": ", ".join(key.networks)}


def renew(
    key_id: Annotated[str, typer.Argument(help="The key's id.", show_default=False)],
    overlap: Annotated[
        int, typer.Option("--overlap", min=0, max=8760, help="Hours for which the old one works still.")
    ] = 24,
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Make another key for the same; the old one works until the overlap is over."""
    lasts = timedelta(hours=overlap)
    with opened() as gateway:
        key, text = flow.renew(gateway.context, key_id, lasts, actor=acting(actor), now=utc_now())
    _tell(key, text, as_json=as_json)


def revoke(
    key_id: Annotated[str, typer.Argument(help="The key's id.", show_default=False)], actor: Actor = None
) -> None:
    """Take a key back, at once."""
    with opened() as gateway:
        key = flow.revoke(gateway.context, key_id, actor=acting(actor), now=utc_now())
    say(f"{key.id} ({key.label}) is revoked")


def rotate(actor: Actor = None) -> None:
    """Seal every desk's and webhook's secrets again under the current key of the ring, while the gateway works."""
    with opened() as gateway:
        done = rotation.reseal(gateway.context, gateway.vault, actor=acting(actor), now=utc_now())
        say(f"sealed the secrets of {done} desks and webhooks again, under {gateway.vault.current!r}")
