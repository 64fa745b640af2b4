"""What waits for a person: listed, replayed, given up, resolved, explained; over a ticket that really is in the chain."""

import sqlite3
from pathlib import Path

import orjson
import pytest

from gateway.app import Gateway, utc_now
from gateway.flows.context import OPERATOR
from gateway.store import audit, desks, views
from tests.api import house
from tests.api.house import Chain
from tests.cli.conftest import Run


@pytest.fixture
def chain(gateway: Gateway) -> Chain:
    return house.open_chain(gateway)


def delivery(gateway: Gateway) -> views.View:
    with gateway.database.read() as db:
        (found,) = views.deliveries(db, OPERATOR, views.Deliveries())
        return views.delivery(db, OPERATOR, found["id"]) or {}


def write(gateway: Gateway, statement: str, *values: object) -> None:
    with sqlite3.connect(gateway.settings.data_dir / "interdesk.db", timeout=30) as db:
        assert db.execute(statement, values).rowcount > 0


def park(gateway: Gateway, state: str = "parked", error: str = "422: queue [Field] is unknown") -> str:
    write(gateway, "UPDATE delivery SET state = ?, error = ?, probes = 0", state, error)
    return str(delivery(gateway)["id"])


def audited(gateway: Gateway, subject: str) -> tuple[str, str]:
    with gateway.database.read() as db:
        (entry, *_) = audit.entries(db, OPERATOR, subject=subject)
    return entry["actor"], entry["after"]["reason"]


def test_parked_says_why_and_replay_tries_again(gateway: Gateway, chain: Chain, run: Run) -> None:
    name = park(gateway)
    listed = run("parked").stdout
    assert name in listed
    assert "422: queue [Field] is unknown" in listed

    refused = run("replay", name)
    assert (refused.exit_code, delivery(gateway)["state"]) == (5, "parked")
    done = run("replay", name, "--yes", "--reason", "the queue exists now", "--actor", "ann")
    assert done.exit_code == 0
    assert "replayed 1 of 1" in done.stderr
    assert delivery(gateway)["state"] == "pending"
    assert audited(gateway, name) == ("ann", "the queue exists now")


def test_replay_of_several_tells_each(gateway: Gateway, chain: Chain, run: Run) -> None:
    write(
        gateway,
        "UPDATE message SET state = 'quarantined', error = 'no JSON' WHERE id = (SELECT min(id) FROM message)",
    )
    (quarantined,) = [
        orjson.loads(line)["id"]
        for line in run("messages", "list", "--state", "quarantined", "--json").stdout.splitlines()
    ]
    unknown = run("replay", quarantined, "dlv_never", "-y")
    assert unknown.exit_code == 2
    assert unknown.stderr.startswith("IDK-1401: no delivery or message is called dlv_never")
    assert "quarantined" in run("messages", "list").stdout  # nothing was done

    name = park(gateway, state="done")
    both = run("replay", quarantined, name, quarantined, "-y", "--json")
    assert both.exit_code == 5
    assert [orjson.loads(line) for line in both.stdout.splitlines()] == [
        {"id": quarantined, "state": "received"},
        {"id": name, "state": "refused"},
    ]
    assert "replayed 1 of 2" in both.stderr


def test_give_up_wants_a_reason(gateway: Gateway, chain: Chain, run: Run) -> None:
    name = park(gateway)
    assert run("give-up", name, "--yes").exit_code == 2
    assert run("give-up", name, "--yes", "--reason", "the customer withdrew").exit_code == 0
    assert delivery(gateway)["state"] == "cancelled"
    assert audited(gateway, name) == ("maria", "the customer withdrew")
    again = run("give-up", name, "--yes", "--reason", "x")
    assert again.exit_code == 5
    assert again.stderr.startswith(f"IDK-1402: delivery {name} is cancelled · ")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (["--absent"], (0, "pending")),
        (["--exists", "77"], (0, "done")),
        ([], (2, "asking")),
        (["--exists", "77", "--absent"], (2, "asking")),
    ],
)
def test_a_person_tells_whether_it_arrived(
    gateway: Gateway, chain: Chain, run: Run, said: list[str], expected: tuple[int, str]
) -> None:
    name = park(gateway, state="asking", error="the desk cannot say whether it has this")
    assert name in run("ambiguous", "list").stdout
    code = run("ambiguous", "resolve", name, *said).exit_code
    assert (code, delivery(gateway)["state"]) == expected
    if "done" in expected:
        with gateway.database.read() as db:
            hop = views.hop(db, OPERATOR, chain.hops["south"])
        assert hop is not None
        assert hop["remote_id"] == "77"


def test_messages_are_listed_by_state(gateway: Gateway, chain: Chain, run: Run) -> None:
    assert len(run("messages", "list", "--json").stdout.splitlines()) == 2
    assert run("messages", "list", "--state", "received").stderr == "there are none\n"
    wrong = run("messages", "list", "--state", "lost")
    assert wrong.exit_code == 2
    assert "'lost' is none of" in wrong.stderr


def test_tickets_are_listed_and_shown(gateway: Gateway, chain: Chain, run: Run) -> None:
    listed = run("tickets", "list").stdout
    assert chain.ticket in listed
    assert "north T-1 acknowledged · south – offered" in listed
    shown = run("tickets", "show", chain.ticket)
    assert "ticket.opened" in shown.stdout
    assert house.PRIVATE not in shown.stdout
    assert orjson.loads(run("tickets", "show", chain.ticket, "--json").stdout)["id"] == chain.ticket
    assert run("tickets", "show", "tkt_never").exit_code == 2


def test_keys_are_made_listed_and_taken_back(gateway: Gateway, run: Run) -> None:
    made = run("keys", "create", "prometheus")
    assert made.stdout.startswith("fgw_live_")
    assert len(made.stdout.splitlines()) == 1
    other = orjson.loads(
        run("keys", "create", "portal", "--organization", "south", "--days", "30", "--json").stdout
    )
    listed = run("keys", "list").stdout
    assert made.stdout.strip() not in listed
    assert "prometheus" in listed
    assert run("keys", "revoke", other["id"]).stderr == f"{other['id']} (portal) is revoked\n"
    (revoked,) = [
        one
        for line in run("keys", "list", "--json").stdout.splitlines()
        if (one := orjson.loads(line))["revoked_at"]
    ]
    assert (revoked["id"], revoked["owner"]) == (other["id"], "south")
    assert run("keys", "create", "x", "--organization", "sout").exit_code == 2
    assert run("keys", "revoke", "key_never").exit_code == 2


def test_a_held_desk_is_seen_and_released(gateway: Gateway, chain: Chain, run: Run) -> None:
    with gateway.database.write() as db:
        known = gateway.context.directory(db).desk_by_code("south")
        assert known is not None
        desks.hold(db, known.id, "credentials: 401", now=utc_now())
    assert "credentials: 401" in run("desks", "list").stdout
    name = delivery(gateway)["id"]
    assert "interdesk desks release south" in run("explain", name).stdout
    assert run("desks", "release", "south").exit_code == 0
    assert "held" not in run("explain", name).stdout
    assert run("desks", "release", "nowhere").exit_code == 2


def told(run: Run, name: str) -> str:
    result = run("explain", name)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_ticket_is_explained_by_its_id_and_by_its_number(gateway: Gateway, chain: Chain, run: Run) -> None:
    said = told(run, chain.ticket)
    name = delivery(gateway)["id"]
    assert f"{chain.hops['south']}: at desk south, not made there yet, offered over link north-south" in said
    assert f"{name}: create for desk south is pending" in said
    assert f"assignment {chain.hops['north']}" in told(run, "T-1")
    assert "an answer to the offer is due" in told(run, chain.hops["south"])
    lost = run("explain", "T-4711")
    assert lost.exit_code == 2
    assert lost.stderr.startswith("IDK-1401: nothing here is called T-4711")


@pytest.mark.parametrize(
    ("state", "says"),
    [
        ("pending", "its next try is"),
        ("inflight", "is being sent by"),
        ("ambiguous", "may have arrived, nobody knows (reset)"),
        ("asking", "interdesk ambiguous resolve"),
        ("parked", "remove the cause, then: interdesk replay"),
        ("done", "done"),
    ],
)
def test_a_delivery_is_explained_in_every_state(
    gateway: Gateway, chain: Chain, run: Run, state: str, says: str
) -> None:
    name = park(gateway, state=state, error="reset")
    write(
        gateway,
        "INSERT INTO attempt (org_id, delivery_id, at, took_ms, kind, outcome, error) VALUES ('o', ?, 1, 5, 'push', 'ambiguous', 'reset')",
        name,
    )
    said = told(run, name)
    assert says in said
    assert "it exists because of assignment.offered" in said
    assert "tries" in said
    assert orjson.loads(run("explain", name, "--json").stdout)["parts"]["tries"][0]["outcome"] == "ambiguous"


def test_what_waits_in_a_lane_names_what_it_waits_for(gateway: Gateway, chain: Chain, run: Run) -> None:
    agent = chain.desk.person("ann")
    agent.comment(chain.number, "Anybody there?")
    house.hear(gateway, chain.desk, "north")
    first, second = _lane(gateway, chain)
    assert f"waits behind {first} (create, pending): a lane keeps its order" in told(run, second)
    assert first in told(run, chain.hops["south"])


def _lane(gateway: Gateway, chain: Chain) -> list[str]:
    with gateway.database.read() as db:
        return [one["id"] for one in views.lane(db, OPERATOR, chain.hops["south"])]


def test_messages_and_events_are_explained(gateway: Gateway, chain: Chain, run: Run) -> None:
    with gateway.database.read() as db:
        message = views.messages(db, OPERATOR)[0]["id"]
        events = views.events(db, OPERATOR, chain.ticket)
    assert "came to the hook of desk north" in told(run, message)
    caused = next(one for one in events if one["cause_id"])
    said = told(run, caused["id"])
    assert caused["cause_id"] in said


def test_a_person_hands_over_and_a_wrong_moment_is_refused(gateway: Gateway, chain: Chain, run: Run) -> None:
    south = chain.hops["south"]
    early = run("confirm", south)
    assert early.exit_code == 5
    assert early.stderr.startswith("IDK-1402: this assignment is offered · confirming needs one of: resolved")
    assert run("decline", south).exit_code == 2  # a reason is wanted
    assert run("accept", south).stderr == f"{south} is accepted\n"
    assert (
        orjson.loads(run("withdraw", south, "--reason", "mended by itself", "--json").stdout)["status"]
        == "withdrawn"
    )
    assert run("acknowledge", south).exit_code == 0
    assert run("offer", chain.hops["north"], "nowhere").exit_code == 2
    assert run("offer", chain.hops["north"], "north-south").exit_code in (0, 5)
    assert run("release", south, "cnt_never").exit_code in (2, 5)
    assert audited(gateway, south)[0] == "maria"


def test_the_same_on_postgresql(
    run: Run, tmp_path: Path, migrated_postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INTERDESK_DATABASE_URL", migrated_postgres)
    with house.installed(tmp_path, url=migrated_postgres) as gateway:
        chain = house.open_chain(gateway)
        name = delivery(gateway)["id"]
        assert chain.ticket in run("tickets", "list", "--open").stdout
        assert f"{name}: create for desk south is pending" in told(run, "T-1").replace("\n", " ") + told(
            run, chain.ticket
        )
        assert "its next try is" in told(run, name)
        for command in (
            ["parked"],
            ["ambiguous", "list"],
            ["messages", "list"],
            ["desks", "list"],
            ["keys", "list"],
        ):
            assert run(*command).exit_code == 0
        assert run("withdraw", chain.hops["south"], "--reason", "mended").exit_code == 0


def test_nobody_named_and_nobody_logged_in(
    gateway: Gateway, chain: Chain, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    name = park(gateway)
    for variable in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr("os.getuid", lambda: 4_000_000)
    result = run("replay", name, "-y")
    assert result.exit_code == 3
    assert result.stderr.strip().endswith("nobody is named as the one who does this · add --actor NAME")
