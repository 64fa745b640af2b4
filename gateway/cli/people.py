"""`interdesk people`: who may sign in."""

from typing import Annotated

import typer

from gateway.app import utc_now
from gateway.cli.terminal import Actor, AsJson, acting, opened, print_json, say, show
from gateway.domain.permissions import Role
from gateway.errors import NotFound
from gateway.flows import accounts as flow
from gateway.flows import new_password, sessions

Email = Annotated[str, typer.Argument(help="A mail address.", show_default=False)]
RoleOption = Annotated[
    Role, typer.Option("--role", help="What somebody is to the gateway.", show_default=False)
]
Organization = Annotated[str | None, typer.Option("--organization", help="Its code.")]
Customers = Annotated[
    list[str] | None,
    typer.Option("--customer", help="Of an account manager: an organization's code; repeat it."),
]
_COLUMNS = {
    "email": "ADDRESS",
    "role": "ROLE",
    "parties": "FOR",
    "signs_in": "SIGNS IN BY",
    "used_at": "LAST SIGNED IN",
    "disabled_at": "DISABLED",
}


_INVITATION = {
    "id": "INVITATION",
    "email": "ADDRESS",
    "role": "ROLE",
    "parties": "FOR",
    "created_by": "BY",
    "created_at": "SINCE",
    "expires_at": "ENDS",
}
_SESSION = {
    "id": "SESSION",
    "browser": "BROWSER",
    "address": "ADDRESS",
    "created_at": "SINCE",
    "seen_at": "LAST USED",
}


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="Who may sign in.", no_args_is_help=True)
    group.command("invite")(invite)
    group.command("invitations")(invitations)
    group.command("uninvite")(uninvite)
    group.command("list")(listed)
    group.command("role")(role)
    group.command("reset")(reset)
    group.command("disable")(disable)
    group.command("sessions")(browsers)
    group.command("sign-out")(sign_out)
    app.add_typer(group, name="people")


def invite(
    email: Email,
    *,
    role: RoleOption,
    organization: Organization = None,
    customer: Customers = None,
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


def invitations(as_json: AsJson = False) -> None:
    """List the invitations that nobody has used yet."""
    with opened() as gateway:
        found = flow.invitations(gateway.context, now=utc_now())
        rows = [
            {
                **{name: getattr(one, name, "") for name in _INVITATION},
                "parties": ", ".join(flow.codes(gateway.context, one.customers or (one.org_id,))),
            }
            for one in found
        ]
    show(rows, _INVITATION, as_json=as_json, empty="nobody is invited")


def uninvite(
    who: Annotated[
        str, typer.Argument(help="A mail address, or an invitation's id (inv_…).", show_default=False)
    ],
    actor: Actor = None,
) -> None:
    """Take back an invitation, or all of an address."""
    with opened() as gateway:
        gone = flow.take_back(gateway.context, who, actor=acting(actor), now=utc_now())
    for one in gone:
        say(f"the invitation of {one.email} as {one.role} opens nothing any more")


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


def role(
    email: Email,
    *,
    role: RoleOption,
    organization: Organization = None,
    customer: Customers = None,
    actor: Actor = None,
) -> None:
    """Give somebody another role, or another organization; signs them out at once."""
    customers = tuple(customer or ())
    wanted = flow.Wanted(email=email, role=role, organization=organization, customers=customers)
    with opened() as gateway:
        account, changed = flow.change_role(gateway.context, wanted, actor=acting(actor), now=utc_now())
    became = "from now on, and was signed out" if changed else "already: nothing changed"
    say(f"{account.email} is {account.role} {became}")


def reset(email: Email, actor: Actor = None, as_json: AsJson = False) -> None:
    """Make the address of a page where somebody chooses a new password, and the digits it asks for; for an hour, once."""
    with opened() as gateway:
        token, code = new_password.by_hand(gateway.context, email, actor=acting(actor), now=utc_now())
        address = f"{gateway.settings.address}/reset/{token}"
    if as_json:
        print_json({"url": address, "code": code})
        return
    print(address)
    print(code)
    say("hand over the address, and tell the digits by another way; both are shown this once")


def browsers(email: Email, as_json: AsJson = False) -> None:
    """List the browsers somebody is signed in with."""
    with opened() as gateway:
        with gateway.database.read() as db:
            account = flow.named(db, email)
        found = sessions.listed(gateway.context, account, now=utc_now())
    rows = [{name: getattr(one, name) for name in _SESSION} for one in found]
    show(rows, _SESSION, as_json=as_json, empty=f"{account.email} is signed in nowhere")


def disable(email: Email, actor: Actor = None) -> None:
    """Somebody may not sign in any more, and is signed out, at once."""
    with opened() as gateway:
        account = flow.disable(gateway.context, email, actor=acting(actor), now=utc_now())
    say(f"{account.email} may not sign in any more")


def sign_out(
    email: Email,
    session: Annotated[str | None, typer.Option("--session", help="Only this one.")] = None,
    actor: Actor = None,
) -> None:
    """End every session of somebody, or one of them, at once."""
    with opened() as gateway:
        with gateway.database.read() as db:
            account = flow.named(db, email)
        ended = sessions.end(gateway.context, account, now=utc_now(), only=session, actor=acting(actor))
    if session is not None and not ended:
        raise NotFound(
            f"{account.email} has no session {session}", cure="interdesk people sessions lists them"
        )
    say(f"{account.email} was signed out of {ended} browsers")
