"""`interdesk people`: inviting somebody, listing, signing out, disabling."""

import json

from sqlalchemy import select

from gateway.app import Gateway, utc_now
from gateway.domain.permissions import Role
from gateway.flows import accounts, sessions
from gateway.flows.sessions import Seat
from gateway.passwords import Cost
from gateway.store.audit import AUDIT
from tests.cli.conftest import Run


def test_somebody_is_invited_listed_signed_out_and_disabled(gateway: Gateway, run: Run) -> None:
    invited = run("people", "invite", "ann@example.org", "--role", "partner_agent", "--organization", "south")
    token = invited.stdout.strip().rpartition("/welcome/")[2]
    found = accounts.opened(gateway.context, token, now=utc_now())
    assert found is not None
    cheap = Cost(memory=64, passes=1, lanes=1)
    assert accounts.accept(gateway.context, found, "correct horse battery", cheap, now=utc_now())

    listed = run("people", "list").stdout
    assert "ann@example.org" in listed
    assert "south" in listed
    assert "argon2" not in run("people", "list", "--json").stdout
    assert (
        run("people", "sign-out", "ann@example.org").stderr
        == "ann@example.org was signed out of 0 browsers\n"
    )
    assert run("people", "disable", "ann@example.org").exit_code == 0
    assert "IDK-1401" in run("people", "disable", "bob@example.org").stderr


def test_invitations_are_listed_and_taken_back(gateway: Gateway, run: Run) -> None:
    def invited(email: str) -> str:
        made = run("people", "invite", email, "--role", "partner_agent", "--organization", "south")
        return made.stdout.strip().rpartition("/welcome/")[2]

    def listed() -> list[dict[str, str]]:
        return [json.loads(line) for line in run("people", "invitations", "--json").stdout.splitlines()]

    tokens = [invited(email) for email in ("cy@example.org", "cy@example.org", "di@example.org")]
    di = next(one for one in listed() if one["email"] == "di@example.org")
    assert (di["role"], di["parties"]) == ("partner_agent", "south")
    assert not any(token in run("people", "invitations").stdout for token in tokens)
    held = accounts.opened(gateway.context, tokens[0], now=utc_now())
    assert held is not None
    taken = run("people", "uninvite", "CY@example.org")
    assert taken.stderr == "the invitation of cy@example.org as partner_agent opens nothing any more\n" * 2
    assert run("people", "uninvite", di["id"]).exit_code == 0
    assert [accounts.opened(gateway.context, token, now=utc_now()) for token in tokens] == [None] * 3
    cheap = Cost(memory=64, passes=1, lanes=1)
    assert accounts.accept(gateway.context, held, "correct horse battery", cheap, now=utc_now()) is None
    assert not {"cy@example.org", "di@example.org"} & {one["email"] for one in listed()}
    for name in ("cy@example.org", di["id"]):
        assert "IDK-1401" in run("people", "uninvite", name).stderr
    assert "IDK-1403" in run("people", "uninvite", "nobody").stderr
    with gateway.database.read() as db:
        told = db.execute(select(AUDIT.c.action).where(AUDIT.c.subject == di["id"])).scalars().all()
    assert told == ["person invited", "invitation taken back"]


def test_an_account_manager_needs_customers(gateway: Gateway, run: Run) -> None:
    assert "IDK-1403" in run("people", "invite", "a@example.org", "--role", "account_manager").stderr
    made = run("people", "invite", "a@example.org", "--role", "account_manager", "--customer", "north")
    assert "/welcome/fgw_acct_" in made.stdout


def test_a_role_a_password_and_single_sessions_are_changed(gateway: Gateway, run: Run) -> None:
    wanted = accounts.Wanted(email="bob@example.org", role=Role.PARTNER_AGENT, organization="south")
    invitation, _ = accounts.invite(gateway.context, wanted, actor="test", now=utc_now())
    cheap = Cost(memory=64, passes=1, lanes=1)
    account = accounts.accept(gateway.context, invitation, "correct horse battery", cheap, now=utc_now())
    assert account is not None
    for browser in ("Firefox", "Chromium"):
        sessions.begin(gateway.context, account, Seat(browser=browser, address="203.0.113.1"), now=utc_now())
    listed = [
        json.loads(line)
        for line in run("people", "sessions", "bob@example.org", "--json").stdout.splitlines()
    ]
    assert {one["browser"] for one in listed} == {"Firefox", "Chromium"}
    ended = run("people", "sign-out", "bob@example.org", "--session", listed[0]["id"])
    assert ended.stderr == "bob@example.org was signed out of 1 browsers\n"
    assert "IDK-1401" in run("people", "sign-out", "bob@example.org", "--session", listed[0]["id"]).stderr
    changed = run("people", "role", "bob@example.org", "--role", "customer_viewer", "--organization", "north")
    assert changed.stderr == "bob@example.org is customer_viewer from now on, and was signed out\n"
    again = run("people", "role", "bob@example.org", "--role", "customer_viewer", "--organization", "north")
    assert again.stderr == "bob@example.org is customer_viewer already: nothing changed\n"
    assert "signed in nowhere" in run("people", "sessions", "bob@example.org").stderr
    address, code = run("people", "reset", "bob@example.org").stdout.split()
    assert "/reset/fgw_rset_" in address
    assert len(code) == 6
