"""`interdesk people`: inviting somebody, listing, signing out, disabling."""

from gateway.app import Gateway, utc_now
from gateway.flows import accounts
from gateway.passwords import Cost
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


def test_an_account_manager_needs_customers(gateway: Gateway, run: Run) -> None:
    assert "IDK-1403" in run("people", "invite", "a@example.org", "--role", "account_manager").stderr
    made = run("people", "invite", "a@example.org", "--role", "account_manager", "--customer", "north")
    assert "/welcome/fgw_acct_" in made.stdout
