"""The life that rows tell: who had the ticket, how it stood, what ended it; each step with the one it follows from."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.importing.lines import Line
from gateway.domain.importing.mapping import mapping_from
from gateway.domain.importing.story import NOBODY, Asked, Recorded, Story, claimed_twice, in_order
from gateway.domain.model import HopStatus
from tests.domain.importing.test_mapping import DOCUMENT

STATUSES: Mapping[str, Any] = {
    "new": "queued",
    "open": "in_progress",
    "wait": {"status": "held", "reason": "third_party"},
    "cab": {"status": "held", "reason": "requester_approval", "code": "cab"},
    "done": "resolved",
    "closed": "closed",
    "void": "cancelled",
    "nothing": "unchanged",
}


def line(number: int, party: str, state: str, **more: Any) -> Line:
    """`a` or `a/2`: an organization and its desk."""
    organization, _, desk = party.partition("/")
    plain = {
        "case": "C",
        "place": number,
        "at": number,
        "number": number + 1,
        "priority": "",
        "service": "",
        "customer": "",
    }
    return Line(**{**plain, "state": state, "organization": organization, "desk": desk, **more})


def told(*rows: str, back: str = "return", **document: Any) -> Story:
    """Rows like `a open`, one after the other."""
    parties = {"organizations": {"create": True}, "back": back}
    story = Story(
        mapping_from({**DOCUMENT, "statuses": STATUSES, "parties": parties, **document}), "C", nobody
    )
    for number, row in enumerate(rows, start=1):
        party, state = row.split()
        story.take(line(number, party, state))
    return story


def nobody(_asked: Asked) -> Sequence[Recorded]:
    return ()


def steps(story: Story) -> list[str]:
    """`offered 1:b`: what, to what, at which hop of the story."""
    return [
        f"{step.type.partition('.')[2]}{'=' + step.data['to'] if 'to' in step.data else ''}"
        f" {step.hop}:{story.hops[step.hop].party[0]}"
        for step in story.steps
    ]


TALES: Mapping[str, tuple[Sequence[str], Sequence[str]]] = {
    "opened in a queue": (["a new"], ["opened 0:a"]),
    "opened at work": (["a open"], ["opened 0:a", "changed=in_progress 0:a"]),
    "says the same twice": (["a open", "a open"], ["opened 0:a", "changed=in_progress 0:a"]),
    "back in the queue": (["a open", "a new"], ["opened 0:a", "changed=in_progress 0:a", "changed=acknowledged 0:a"]),
    "two waits": (
        ["a wait", "a cab"],
        ["opened 0:a", "changed=held 0:a", "changed=held 0:a"],
    ),
    "handed on and not taken": (["a new", "b new"], ["opened 0:a", "offered 1:b", "received 1:b"]),
    "who hands on has taken it": (
        ["a new", "b new", "c new"],
        ["opened 0:a", "offered 1:b", "received 1:b", "accepted 1:b", "offered 2:c", "received 2:c"],
    ),
    "a wait is taken up": (
        ["a new", "b wait"],
        ["opened 0:a", "offered 1:b", "received 1:b", "accepted 1:b", "changed=held 1:b", "changed=in_progress 0:a"],
    ),
    "handed back over two": (
        ["a new", "b new", "c new", "a new"],
        ["opened 0:a", "offered 1:b", "received 1:b", "accepted 1:b", "offered 2:c", "received 2:c",
         "returned 2:c", "returned 1:b"],
    ),
    "handed to another desk of the same": (["a/1 new", "a/2 new"], ["opened 0:a", "offered 1:a", "received 1:a"]),
    "nothing said, but another has it": (["a new", "b nothing"], ["opened 0:a", "offered 1:b", "received 1:b"]),
    "given again after a return": (
        ["a new", "b new", "a nothing", "b new"],
        ["opened 0:a", "offered 1:b", "received 1:b", "returned 1:b", "offered 2:b", "received 2:b"],
    ),
    "cancelled before it was taken": (
        ["a new", "b void"],
        ["opened 0:a", "offered 1:b", "received 1:b", "accepted 1:b", "changed=cancelled 1:b", "changed=cancelled 0:a",
         "closed 0:a"],
    ),
    "closed by somebody else": (
        ["a done", "b closed"],
        ["opened 0:a", "changed=resolved 0:a", "closed 0:a", "changed=closed 0:a"],
    ),
    "opened again by somebody new": (
        ["a done", "b new"],
        ["opened 0:a", "changed=resolved 0:a", "closed 0:a", "reopened 0:a", "offered 1:b", "received 1:b"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("rows", "expected"), TALES.values(), ids=TALES.keys())
def test_a_tale(rows: Sequence[str], expected: Sequence[str]) -> None:
    assert steps(told(*rows)) == expected


def test_where_nothing_is_handed_back_everybody_gets_it_anew() -> None:
    story = told("a new", "b new", "a new", back="offer")
    assert [stay.parent for stay in story.hops] == [NOBODY, 0, 1]
    assert steps(story)[-2:] == ["offered 2:a", "received 2:a"]


def test_a_file_that_ends_before_the_work_does() -> None:
    kept, ended = told("a open", "b open"), told("a open", "b open", unfinished="end")
    kept.finish(9)
    ended.finish(9)
    assert (kept.unfinished, ended.unfinished, kept.closed_at, ended.closed_at) == (True, True, None, 9)
    assert steps(ended)[len(kept.steps) :] == [
        "ended 0:a",
        "changed=cancelled 1:b",
        "changed=cancelled 0:a",
        "closed 0:a",
    ]


def test_a_wait_names_its_reason_and_our_own_code() -> None:
    step = told("a cab").steps[-1]
    assert step.data == {"from": "acknowledged", "to": "held", "reason": "requester_approval", "code": "cab"}


def test_what_is_counted() -> None:
    story = told("a open", "b open", "b wait", "a open", "a done", "a open", "a closed", "a done")
    assert (story.passes, story.waits, story.reopened, story.late, story.same) == (2, 1, 1, 1, 0)


def test_agreements_are_looked_up_where_a_hop_begins() -> None:
    asked: list[Asked] = []

    def bound(one: Asked) -> Sequence[Recorded]:
        asked.append(one)
        return [("agreement.bound", {"agreement": "x"})]

    story = Story(mapping_from({**DOCUMENT, "statuses": STATUSES}), "C", bound)
    story.take(line(1, "a", "open", service="tills", customer="acme"))
    story.take(line(2, "b", "new"))
    assert asked == [Asked("a", "", "acme", "tills", 1), Asked("b", "a", "acme", "tills", 2)]
    assert [(step.type, step.hop, step.cause) for step in story.steps if step.type.startswith("agree")] == [
        ("agreement.bound", 0, 0),
        ("agreement.bound", 1, 3),
    ]
    assert story.agreements == 2


def test_the_same_row_twice_is_taken_once() -> None:
    one = line(1, "a", "open")
    other, differs = one._replace(number=9), one._replace(number=10, state="done")
    assert in_order([other, one, differs]) == ([one, differs], 1)
    assert [trouble.line for trouble in claimed_twice([one, differs])] == [10]


ROWS = st.lists(
    st.tuples(st.sampled_from("abcd"), st.sampled_from(sorted(STATUSES))), min_size=1, max_size=12
)


@given(ROWS)
def test_whatever_the_rows_say_the_life_holds_together(rows: list[tuple[str, str]]) -> None:
    story = told(*(f"{party} {state}" for party, state in rows))
    assert story.steps[0].type == "ticket.opened"
    for place, step in enumerate(story.steps):
        assert step.cause < place
        assert step.cause == NOBODY or story.steps[step.cause].at == step.at
    assert all(stay.parent < place for place, stay in enumerate(story.hops))
    assert [step.at for step in story.steps] == sorted(step.at for step in story.steps)
    over = {HopStatus.RESOLVED, HopStatus.CLOSED, HopStatus.CANCELLED}
    assert (story.closed_at is None) is (story.hops[0].status not in over)
    offered = [step.hop for step in story.steps if step.type == "assignment.offered"]
    assert offered == list(range(1, len(story.hops)))
