"""`interdesk people`: who may sign in."""

from typing import Annotated

import typer

from gateway.app import utc_now
from gateway.cli.terminal import Actor, AsJson, acting, opened, print_json, say, show
from gateway.domain.permissions import Role
from gateway.flows import accounts as flow
from gateway.flows import sessions

Email = Annotated[str, typer.Argument(help="A mail address.", show_default=False)]
_COLUMNS = {
    "email": "ADDRESS",
    "role": "ROLE",
    "parties": "FOR",
    "signs_in": "SIGNS IN BY",
    "used_at": "LAST SIGNED IN",
    "disabled_at": "DISABLED",
}


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="Who may sign in.", no_args_is_help=True)
    group.command("invite")(invite)
    group.command("list")(listed)
    group.command("disable")(disable)
    group.command("sign-out")(sign_out)
    app.add_typer(group, name="people")


def invite(
    email: Email,
    *,
    role: Annotated[
        Role, typer.Option("--role", help="What somebody is to the gateway.", show_default=False)
    ],
    organization: Annotated[str | None, typer.Option("--organization", help="Its code.")] = None,
    customer: Annotated[
        list[str] | None,
        typer.Option("--customer", help="Of an account manager: an organization's code; repeat it."),
    ] = None,
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Invite somebody. The page to open is printed this once; it works for a week, once."""
    customers = tuple(customer or ())
    wanted = flow.Wanted(email=email, role=role, organization=organization, customers=customers)
    with opened() as gateway:
        invitation, token = flow.invite(gateway.context, wanted, actor=acting(actor), now=utc_now())
        address = f"{gateway.settings.address}/welcome/{token}"
    if as_json:
        print_json({"id": invitation.id, "url": address, "expires_at": invitation.expires_at})
    else:
        print(address)
        say(f"{invitation.email} opens it once; it is shown this once")


def listed(as_json: AsJson = False) -> None:
    """List who may sign in, and who may no more."""
    with opened() as gateway:
        rows = [
            {
                **{name: getattr(one, name, "") for name in _COLUMNS},
                "parties": ", ".join(flow.codes(gateway.context, one.customers or (one.org_id,))),
                "signs_in": one.issuer or "password",
            }
            for one in flow.listed(gateway.context)
        ]
    show(rows, _COLUMNS, as_json=as_json, empty="nobody has an account")


def disable(email: Email, actor: Actor = None) -> None:
    """Somebody may not sign in any more, and is signed out, at once."""
    with opened() as gateway:
        account = flow.disable(gateway.context, email, actor=acting(actor), now=utc_now())
    say(f"{account.email} may not sign in any more")


def sign_out(email: Email, actor: Actor = None) -> None:
    """End every session of somebody, at once."""
    with opened() as gateway:
        with gateway.database.read() as db:
            account = flow.named(db, email)
        ended = sessions.end(gateway.context, account, now=utc_now(), actor=acting(actor))
    say(f"{account.email} was signed out of {ended} browsers")
