"""The in-memory wire passes the failpoints, asks before a write, and judges as the real one does."""

import pytest

from connectors.loopback import CONNECTOR
from gateway.connector import Effect, Exchange, Request
from gateway.domain.model import Receipt
from gateway.domain.outcome import OutcomeClass
from gateway.errors import ConnectorFailed, LeaseLost
from gateway.failpoints import installed
from gateway.testing.loopback import Fault, FaultKind, Script
from tests.testing.loopback.around import Around, comment, create


class Crash(BaseException):
    """The process dies here."""


def test_steps_are_passed_in_order() -> None:
    passed: list[str] = []
    around = Around()
    with installed(passed.append):
        around.push(create())
        around.ask(CONNECTOR.check(around.desk))
    assert passed == ["send.before", "send.after", "answer.received"]


@pytest.mark.parametrize(("at", "held"), [("send.before", 0), ("send.after", 1), ("answer.received", 1)])
def test_a_crash_at_a_step_leaves_the_desk_as_it_would_be(at: str, held: int) -> None:
    around = Around()

    def die(name: str) -> None:
        if name == at:
            raise Crash

    with installed(die), pytest.raises(Crash):
        around.push(create())
    assert len(around.loopback.tickets()) == held


def test_a_lost_answer_passes_no_answer() -> None:
    passed: list[str] = []
    around = Around()
    around.loopback.faults = Script(steps=[Fault(kind=FaultKind.TIMEOUT_AFTER), Fault(kind=FaultKind.REFUSE)])
    with installed(passed.append):
        around.push(create())
        around.push(create())
    assert passed == ["send.before", "send.after", "send.before"]


def test_a_lost_lease_holds_the_write_back() -> None:
    around = Around()

    def lost() -> None:
        raise LeaseLost("the lease has run out")

    around.wire.before_write = lost
    assert around.push(create()).outcome is OutcomeClass.ABANDONED
    assert around.loopback.calls == 0


def twice() -> Exchange[Receipt]:
    request = Request(effect=Effect.WRITE, method="POST", path="tickets", json={"fields": {"title": "x"}})
    yield request
    yield request
    return Receipt(remote_id="1")


def test_a_second_write_is_not_sent() -> None:
    around = Around()
    assert around.wire.push(twice(), create()).outcome is OutcomeClass.AMBIGUOUS
    assert len(around.loopback.tickets()) == 1


def test_a_read_may_not_write() -> None:
    around = Around()
    with pytest.raises(ConnectorFailed):
        around.ask(twice())
    assert around.loopback.calls == 0


def test_a_receipt_for_another_ticket_is_noticed() -> None:
    around = Around()
    ticket = around.done(create()).remote_id
    command = comment(ticket, "hello")
    verdict = around.wire.push(CONNECTOR.push(command, around.desk), comment("99", "hello"))
    assert verdict.outcome is OutcomeClass.AMBIGUOUS


def test_a_query_in_the_path_reaches_the_desk() -> None:
    around = Around()
    around.done(create())

    def search() -> Exchange[int]:
        response = yield Request(effect=Effect.READ, method="GET", path="tickets?marker=idk-1")
        return len(response.json()["tickets"])

    assert around.ask(search()) == 1
