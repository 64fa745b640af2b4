"""A party without a desk is a full hop: offered, accepted, on site, done, asked, declined, over the real flows and store;
links act once, people are named, and nothing is done twice."""

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from gateway import keys
from gateway.domain.in_house import PartKind
from gateway.domain.model import HopStatus
from gateway.domain.portal import LINK_LASTS, Act, Doing, state_of
from gateway.errors import Invalid, NotFound, Refused
from gateway.flows import commands
from gateway.flows.context import OPERATOR
from gateway.flows.portal import acting, browsers
from gateway.flows.portal.acting import Shown, Standing
from gateway.flows.portal.browsers import Wanted
from gateway.store import history
from gateway.store import in_house as store
from gateway.store.db import Database, Db
from gateway.store.scope import Scope
from tests.flows.portal import PortalStage
from tests.postgres import PostgresServer

S = HopStatus


def happened(stage: PortalStage) -> list[str]:
    """What the story tells of the partner's assignment."""
    ticket = stage.case.ticket.id
    with stage.hub.database.read() as db:
        hops, events = history.of_ticket(db, OPERATOR, ticket)
    here = next(hop.id for hop in hops if hop.desk_id == "dsk_partner")
    return [event.type for event in events if event.hop_id == here]


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    url = "sqlite://" if request.param == "sqlite" else str(request.getfixturevalue("migrated_postgres"))
    found = Database(url)
    yield found
    found.close()


def test_a_job_is_done_from_offer_to_completion(database: Database) -> None:
    stage = PortalStage(database=database).offered(priority="urgent")
    job = stage.job()
    assert (job.number, job.title, state_of(job), job.fields["priority"]) == (
        "P-1",
        "till is dead",
        "offered",
        "critical",
    )
    assert stage.is_("partner") is S.OFFERED

    stage.act(Doing.ACCEPT)
    assert stage.is_("partner") is S.ACCEPTED
    stage.act(Doing.TRAVELLING)
    stage.act(Doing.ON_SITE)
    assert stage.is_("partner") is S.IN_PROGRESS
    stage.act(Doing.DONE, "Replaced the power supply.")

    assert stage.is_("partner") is S.RESOLVED
    told = happened(stage)
    wanted = ["assignment.accepted", "visit.travelling", "visit.arrived", "comment.added", "status.changed"]
    assert [one for one in told if one in wanted and one != "status.changed"] == wanted[:-1]
    assert any(
        "Replaced the power supply." in text and "Mauro Rossi" in text for text in stage.read("vendor")
    )


def test_a_job_is_declined_with_its_reason() -> None:
    stage = PortalStage().offered()

    stage.act(Doing.DECLINE, "No van until Friday")

    assert stage.is_("partner") is S.DECLINED
    assert any("No van until Friday" in text for text in stage.read("vendor"))
    with pytest.raises(Refused, match="it is declined"):
        stage.act(Doing.ACCEPT)


def test_a_question_waits_for_its_answer_and_work_goes_on() -> None:
    stage = PortalStage().offered()
    stage.act(Doing.ACCEPT)

    stage.act(Doing.QUESTION, "Which till?")
    assert (stage.is_("partner"), state_of(stage.job())) == (S.PENDING, "question")
    stage.say("vendor", "Till 7")

    texts = [part.data["text"] for part in stage.parts() if part.kind is PartKind.COMMENT]
    assert any("Till 7" in text for text in texts)
    assert stage.is_("partner") is S.IN_PROGRESS
    assert state_of(stage.job()) == "in work"


def test_a_file_goes_up_and_one_comes_down() -> None:
    stage = PortalStage().offered()
    data = bytes(range(256))
    stage.act(Doing.ACCEPT)
    digest = hashlib.sha256(data).hexdigest()
    stage.hub.blobs[digest] = data
    file = {"filename": "photo.jpg", "media_type": "image/jpeg", "key": digest, "size": 256, "sha256": digest}

    stage.act(Doing.FILE, file=file)
    stage.person("vendor").attach(stage.id("vendor"), "plan.pdf", b"%PDF-1.7")
    stage.wait()

    assert [part["sha256"] for part in stage.doc("vendor")["attachments"]][:1] == [digest]
    names = [part.data["filename"] for part in stage.parts() if part.kind is PartKind.FILE]
    assert names == ["photo.jpg", "plan.pdf"]


def test_what_is_private_above_never_gets_here() -> None:
    stage = PortalStage().offered()
    stage.say("vendor", "CANARY: the safe code is 4711", public=False)
    stage.say("vendor", "Please call first")

    everything = repr((stage.job(), stage.parts(), [letter.body for letter in stage.mails()]))
    assert "Please call first" in everything
    assert "CANARY" not in everything


def test_the_same_request_is_done_once() -> None:
    stage = PortalStage().offered()
    first = stage.act(Doing.COMMENT, "On my way", request="r1")
    again = stage.act(Doing.COMMENT, "On my way", request="r1")

    assert (first.repeated, again.repeated) == (False, True)
    assert len([part for part in stage.parts() if part.kind is PartKind.COMMENT]) == 1


@pytest.mark.parametrize(
    ("wanted", "error"),
    [
        (Act(doing=Doing.DECLINE, by="M", text=" ", request="r"), Invalid),
        (Act(doing=Doing.ACCEPT, by=" ", request="r"), Invalid),
        (Act(doing=Doing.DONE, by="M", text="x" * 10_001, request="r"), Invalid),
        (Act(doing=Doing.FILE, by="M", request="r"), Invalid),
    ],
    ids=["no reason", "nobody", "too long", "no file"],
)
def test_what_is_not_whole_changes_nothing(wanted: Act, error: type[Exception]) -> None:
    stage = PortalStage().offered()
    with pytest.raises(error):
        acting.act(stage.hub.context, OPERATOR, stage.job().id, wanted, now=stage.hub.now)
    assert stage.parts() == ()


def test_another_organization_finds_no_job() -> None:
    stage = PortalStage().offered()
    wanted = Act(doing=Doing.ACCEPT, by="M", request="r")
    with pytest.raises(NotFound):
        acting.act(stage.hub.context, Scope.of("org_vendor"), stage.job().id, wanted, now=stage.hub.now)


def test_a_mail_offers_links_in_the_readers_language_that_work_once() -> None:
    stage = PortalStage().offered()
    [mail] = stage.mails()
    assert (mail.address, mail.subject) == ("mauro@quick.example", "Nuovo incarico P-1: till is dead")
    links = stage.links(mail)
    assert set(links) == set(Doing)

    opened = [acting.shown(stage.hub.context, links[Doing.ACCEPT], now=stage.hub.now) for _ in range(3)]
    seen = opened[-1]  # a scanner opens what it finds
    assert seen is not None
    assert (seen.standing, state_of(seen.job)) == (Standing.GOOD, "offered")
    assert acting.follow(stage.hub.context, seen, {}, now=stage.hub.now) is not None
    assert acting.follow(stage.hub.context, seen, {}, now=stage.hub.now) is None
    stage.wait()

    assert stage.is_("partner") is S.ACCEPTED
    again = acting.shown(stage.hub.context, links[Doing.ACCEPT], now=stage.hub.now)
    assert again is not None
    assert again.standing is Standing.USED
    stage.hub.clock.advance(LINK_LASTS + timedelta(minutes=1))
    late = acting.shown(stage.hub.context, links[Doing.DONE], now=stage.hub.now)
    assert late is not None
    assert late.standing is Standing.EXPIRED


def test_a_link_stays_good_while_something_is_missing() -> None:
    stage = PortalStage().offered()
    links = stage.links(stage.mails()[0])
    seen = acting.shown(stage.hub.context, links[Doing.DECLINE], now=stage.hub.now)
    assert seen is not None

    with pytest.raises(Invalid):
        acting.follow(stage.hub.context, seen, {"text": " "}, now=stage.hub.now)

    again = acting.shown(stage.hub.context, links[Doing.DECLINE], now=stage.hub.now)
    assert again is not None
    assert again.standing is Standing.GOOD


def test_of_two_first_browsers_at_the_same_moment_one_is_first(
    postgres_server: PostgresServer, migrated_postgres: str
) -> None:
    """The first is let in and not done; the second waits, and is not the first any more."""
    database = Database(migrated_postgres)
    stage = PortalStage(database=database).offered()
    links = stage.links(stage.mails()[0])
    accept, decline = (
        acting.shown(stage.hub.context, links[one], now=stage.hub.now)
        for one in (Doing.ACCEPT, Doing.DECLINE)
    )
    assert accept is not None
    assert decline is not None

    def let_in(db: Db, seen: Shown) -> bool:
        wanted = Wanted(cookie=keys.new_session(), agent="", first=True)
        return browsers.remember(stage.hub.context, db, seen, wanted, now=stage.hub.now)

    def let_in_alone() -> bool:
        with database.write() as db:
            return let_in(db, decline)

    with ThreadPoolExecutor(1) as pool:
        with database.write() as db:
            assert let_in(db, accept)
            second = pool.submit(let_in_alone)
            assert postgres_server.has_a_waiter(str(database.engine.url.database))
        assert not second.result(timeout=10)
    assert len(browsers.listed(stage.hub.context)) == 1
    database.close()


def test_a_number_that_two_desks_count_names_no_job() -> None:
    stage = PortalStage().offered()
    job = stage.job()
    with stage.hub.database.write() as db:
        twin = replace(job, id="job_twin", desk_id="dsk_vendor", marker="twin")
        store.create(db, twin, place=1)
    with pytest.raises(Refused, match="several jobs"):
        acting.one(stage.hub.context, OPERATOR, job.number)
    assert acting.one(stage.hub.context, OPERATOR, job.id)[0] == job
    with pytest.raises(NotFound):
        acting.one(stage.hub.context, OPERATOR, "P-99")


def test_no_row_of_ours_holds_a_link() -> None:
    stage = PortalStage().offered()
    tokens = stage.links(stage.mails()[0]).values()

    with stage.hub.database.read() as db:
        dump = "\n".join(db.connection.driver_connection.iterdump())  # type: ignore[union-attr]
    assert [token for token in tokens if token in dump] == []


def test_what_is_withdrawn_is_told_and_nothing_can_be_done_any_more() -> None:
    stage = PortalStage().offered()
    stage.act(Doing.ACCEPT)
    stage.mails()
    stage.order(commands.withdraw, stage.hop("partner").id, reason="solved by phone")

    assert state_of(stage.job()) == "withdrawn"
    [mail] = stage.mails()[-1:]
    assert stage.links(mail) == {}
