"""Two organizations make a link: a code that works once, for a while, for whom it is meant; nothing that either did not say."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from connectors.loopback import CONNECTOR as LOOPBACK
from gateway import keys
from gateway.app import Gateway, utc_now
from gateway.domain.linking import GUESSES, Answer, Role
from gateway.domain.plan import Kind, Ref
from gateway.errors import InterdeskError, Invalid, NotFound, Refused, Unsupported
from gateway.flows import handshake, links
from gateway.flows.handshake import Taken, Wanted
from gateway.flows.link_steps import By
from gateway.store import configuration, directory
from gateway.store.linking import INVITATION
from tests.api import house

EITHER = pytest.mark.parametrize("gateway", ["sqlite", "postgresql"], indirect=True)
DAY = timedelta(days=1)
WANTED = Wanted(desk="south", role=Role.UPSTREAM, to="north", contact="Nora, night shift")
"""North and south have a link already, from north to south: this one leads back."""


@pytest.fixture
def gateway(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Gateway]:
    wanted = getattr(request, "param", "sqlite")
    url = None if wanted == "sqlite" else request.getfixturevalue("migrated_postgres")
    with house.installed(tmp_path, url=url) as opened:
        with opened.database.read() as db:
            opened.context.directory(db)
        yield opened


def by(gateway: Gateway, code: str) -> By:
    known = gateway.context.directory_now.organizations.values()
    return By(party=next(one.id for one in known if one.code == code), actor=f"{code}'s key", now=utc_now())


def invited(gateway: Gateway, wanted: Wanted = WANTED, who: str = "south") -> str:
    return handshake.invite(gateway.context, wanted, by(gateway, who))[1]


@EITHER
def test_an_invitation_makes_one_link_that_is_pending(gateway: Gateway) -> None:
    code = invited(gateway)
    link_id = handshake.accept(gateway.context, code, Taken(desk="north"), by(gateway, "north"))
    for side in ("north", "south"):
        shown = links.show(gateway.context, link_id, by(gateway, side))
        assert (shown["code"], shown["state"]) == ("south-north", "pending")
        assert (shown["upstream"], shown["downstream"]) == ("south", "north")
        assert [step["act"] for step in shown["steps"]] == ["made"]
        assert "leads back" in shown["warnings"][0]
    assert (
        links.show(gateway.context, link_id, by(gateway, "south"))["passes"]["delegate_as"] == "North Stores"
    )
    with pytest.raises(Refused, match="was accepted already · a code works once"):
        handshake.accept(gateway.context, code, Taken(desk="north"), by(gateway, "north"))


def test_only_the_codes_hash_is_kept(gateway: Gateway) -> None:
    code = invited(gateway)
    with gateway.database.read() as db:
        [row] = db.execute(select(INVITATION)).mappings()
    assert keys.is_invitation(code)
    assert code not in str(dict(row))
    assert row["sha256"] == keys.digest(code)


def test_the_other_side_lists_what_is_meant_for_it_without_the_code(gateway: Gateway) -> None:
    code = invited(gateway)
    [listed] = links.listed(gateway.context, by(gateway, "north"))["invitations"]
    assert (listed["from"], listed["contact"], listed["state"]) == ("south", "Nora, night shift", "pending")
    assert listed["created_by"] == ""
    assert code not in str(listed)
    shown = handshake.look(gateway.context, code, by(gateway, "north"))
    assert shown.state is Answer.PENDING


def test_a_refusal_is_read_by_the_inviter_with_its_reason(gateway: Gateway) -> None:
    code = invited(gateway)
    with pytest.raises(Invalid, match="a refusal says why"):
        handshake.decline(gateway.context, code, " ", by(gateway, "north"))
    handshake.decline(gateway.context, code, "no night shift", by(gateway, "north"))
    [listed] = links.listed(gateway.context, by(gateway, "south"))["invitations"]
    assert (listed["state"], listed["reason"], listed["answered_by"]) == ("declined", "no night shift", "")
    [newest, *_] = links.news(gateway.context, by(gateway, "south"))
    assert (newest["act"], newest["by"], newest["actor"]) == ("declined", "north", "")
    with pytest.raises(Refused, match="was declined"):
        handshake.accept(gateway.context, code, Taken(desk="north"), by(gateway, "north"))


def test_what_was_taken_back_cannot_be_accepted(gateway: Gateway) -> None:
    made, code = handshake.invite(gateway.context, WANTED, by(gateway, "south"))
    with pytest.raises(NotFound):
        handshake.take_back(gateway.context, made.id, "", by(gateway, "north"))
    handshake.take_back(gateway.context, made.id, "a mistake", by(gateway, "south"))
    with pytest.raises(Refused, match="was taken back"):
        handshake.accept(gateway.context, code, Taken(desk="north"), by(gateway, "north"))


def test_it_expires(gateway: Gateway) -> None:
    code = invited(gateway, replace(WANTED, lasts=timedelta(hours=8)))
    later = replace(by(gateway, "north"), now=utc_now() + timedelta(hours=8))
    with pytest.raises(Refused, match=r"expired at .* ask the inviter"):
        handshake.accept(gateway.context, code, Taken(desk="north"), later)
    assert links.listed(gateway.context, later)["invitations"][0]["state"] == "expired"


def test_nobody_links_itself_nor_takes_what_is_for_another(gateway: Gateway) -> None:
    code = invited(gateway, replace(WANTED, to=None))
    with pytest.raises(Refused, match="this invitation is your own"):
        handshake.accept(gateway.context, code, Taken(desk="south"), by(gateway, "south"))
    with pytest.raises(Refused, match="not linked to itself"):
        invited(gateway, replace(WANTED, to="south"))
    with pytest.raises(Refused, match="for another organization"):
        handshake.look(gateway.context, invited(gateway), By(party="org_else", actor="x", now=utc_now()))


def test_a_desk_that_is_not_yours_does_not_exist(gateway: Gateway) -> None:
    with pytest.raises(NotFound, match="you have no desk 'north' · did you mean 'south'"):
        invited(gateway, replace(WANTED, desk="north"))
    code = invited(gateway)
    with pytest.raises(NotFound, match="you have no desk 'south'"):
        handshake.accept(gateway.context, code, Taken(desk="south"), by(gateway, "north"))
    assert links.listed(gateway.context, by(gateway, "north"))["invitations"][0]["state"] == "pending"


def test_the_same_desks_are_not_linked_twice_one_way(gateway: Gateway) -> None:
    code = invited(gateway, Wanted(desk="north", role=Role.UPSTREAM, to="south"), "north")
    with pytest.raises(Refused, match="linked already: north-south"):
        handshake.accept(gateway.context, code, Taken(desk="south"), by(gateway, "south"))


@pytest.mark.parametrize(
    ("said", "kind", "told"),
    [
        ({"passes": {"when": {"field": "queue", "op": "like", "value": "x"}}}, Invalid, "not a valid link"),
        ({"crosses": {"fields": ["title"]}}, Invalid, "not a valid link"),
        ({"upstream": "north"}, Invalid, "terms do not say upstream"),
        ({"create": {"queue": "x"}}, Refused, "the upstream side does not say create"),
    ],
    ids=["no condition", "no such part", "the other's word", "the other's desk"],
)
def test_terms_that_cannot_be_are_refused(
    gateway: Gateway, said: dict[str, object], kind: type[InterdeskError], told: str
) -> None:
    with pytest.raises(kind, match=told):
        handshake.accept(
            gateway.context,
            invited(gateway, replace(WANTED, terms=said)),
            Taken(desk="north"),
            by(gateway, "north"),
        )
    assert [one["code"] for one in links.listed(gateway.context, by(gateway, "north"))["links"]] == [
        "north-south"
    ]


def test_a_link_cannot_do_more_than_its_desks(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    able = LOOPBACK.manifest
    modest = replace(able.capabilities, writable=able.capabilities.writable - {"assignee"})
    monkeypatch.setattr(LOOPBACK, "manifest", replace(able, capabilities=modest), raising=False)
    code = invited(gateway, replace(WANTED, terms={"crosses": {"fields_up": ["assignee"]}}))

    with pytest.raises(Unsupported, match="does not let us change 'assignee'"):
        handshake.accept(gateway.context, code, Taken(desk="north"), by(gateway, "north"))


def test_whoever_accepts_cannot_widen_what_crosses(gateway: Gateway) -> None:
    code = invited(gateway)
    for said in ({"crosses": {"addressed_notes": True}}, {"valid_until": "2099-01-01T00:00:00Z"}):
        with pytest.raises(Refused, match="the downstream side does not say"):
            handshake.accept(gateway.context, code, Taken(desk="north", terms=said), by(gateway, "north"))
    down = invited(gateway, replace(WANTED, role=Role.DOWNSTREAM), "south")
    taken = Taken(desk="north", terms={"passes": {"delegate_as": "South"}})
    with pytest.raises(Refused, match="linked already"):
        handshake.accept(gateway.context, down, taken, by(gateway, "north"))


def test_guesses_are_counted_and_end_in_a_wait(gateway: Gateway) -> None:
    guesser = by(gateway, "north")
    for number in range(GUESSES):
        with pytest.raises(NotFound, match="there is no such invitation"):
            handshake.look(gateway.context, "x" if number % 2 else keys.new_invitation(), guesser)
    code = invited(gateway)
    with pytest.raises(Refused, match="too many codes"):
        handshake.look(gateway.context, code, guesser)
    later = replace(guesser, now=guesser.now + timedelta(hours=1))
    assert handshake.look(gateway.context, code, later).state is Answer.PENDING


@pytest.mark.parametrize(
    ("wanted", "kind", "told"),
    [
        (replace(WANTED, to="nobody"), NotFound, "there is no organization 'nobody' · ask its people"),
        (replace(WANTED, to=None, contact=" "), Invalid, "nobody is invited"),
        (replace(WANTED, lasts=31 * DAY), Refused, "up to 30 days"),
        (replace(WANTED, lasts=0 * DAY), Refused, "up to 30 days"),
        (replace(WANTED, agreement="gold"), NotFound, "you have no agreement 'gold'"),
    ],
    ids=["nobody of that name", "nobody at all", "too long", "no time", "no agreement"],
)
def test_what_cannot_be_offered_is_refused(
    gateway: Gateway, wanted: Wanted, kind: type[InterdeskError], told: str
) -> None:
    with pytest.raises(kind, match=told):
        invited(gateway, wanted)
    assert links.listed(gateway.context, by(gateway, "south"))["invitations"] == []


def test_a_desk_stays_while_an_open_invitation_names_it_and_its_answer_is_read_when_it_is_gone(
    tmp_path: Path,
) -> None:
    with house.installed(tmp_path, said=house.UNLINKED) as gateway:
        with gateway.database.read() as db:
            desk = gateway.context.directory(db).desk_by_code("south")
        assert desk is not None
        ref = Ref(kind=Kind.DESK, code="south")
        made, _ = handshake.invite(gateway.context, WANTED, by(gateway, "south"))
        with gateway.database.read() as db:
            assert configuration.in_use(db, {ref: desk.id}) == {ref: "an open invitation names it"}
        handshake.take_back(gateway.context, made.id, "", by(gateway, "south"))
        with gateway.database.write() as db:
            assert configuration.in_use(db, {ref: desk.id}) == {}
            configuration.remove(db, {ref: desk.id})
            directory.bump(db)
        for side in ("north", "south"):
            [shown] = links.listed(gateway.context, by(gateway, side))["invitations"]
            assert (shown["state"], shown["desk"], shown["from"]) == ("taken back", "", "south")
