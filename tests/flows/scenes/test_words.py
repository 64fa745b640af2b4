"""Words and files between desks: who hears what, in which order, how often, and what is heard by nobody."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gateway.domain.model import DeliveryState, HopStatus
from gateway.flows import commands
from gateway.testing.loopback.faults import Call, Fault, FaultKind, Script
from gateway.testing.loopback.temper import PARTNER, PLAIN, Hooks
from tests.flows.scenes.stage import MINUTE, Cast, Stage

CHAIN = ("customer>vendor", "vendor>partner", "partner>sub")
FORK = ("customer>vendor", "vendor>north", "vendor>south")
DOWN = Fault(kind=FaultKind.REFUSE)
LOST = Fault(kind=FaultKind.TIMEOUT_AFTER)
NEVER_CAME = Fault(kind=FaultKind.TIMEOUT_BEFORE)


def chain(**cast: Any) -> Stage:
    stage = Stage(*CHAIN, cast=Cast(**cast))
    stage.open()
    stage.delegate("vendor", "partner")
    stage.delegate("partner", "sub")
    return stage


def fork(**cast: Any) -> Stage:
    stage = Stage(*FORK, cast=Cast(**cast))
    stage.open()
    stage.set("vendor", "delegate", "north, south")
    return stage


def heard(stage: Stage) -> dict[str, list[str]]:
    """Code → the words carried there, for desks where there are any."""
    return {code: words for code in stage.hub.desks if (words := stage.heard(code))}


# -- who hears it -------------------------------------------------------------------------------------------------------------


def test_a_public_comment_is_heard_along_the_whole_chain() -> None:
    stage = chain()

    stage.say("vendor", "we are on it")

    assert heard(stage) == {code: ["we are on it"] for code in ("customer", "partner", "sub")}
    assert stage.read("sub", public=True) == ["Anna (Partner):\n\nwe are on it"]


@pytest.mark.parametrize("code", ["customer", "vendor", "partner", "sub"])
def test_a_private_comment_is_heard_by_nobody(code: str) -> None:
    stage = chain()

    stage.say(code, "CANARY the customer is difficult", public=False)
    stage.person(code).attach(stage.id(code), "canary.txt", b"CANARY", public=False)
    stage.wait(30 * MINUTE)

    for desk in stage.hub.desks.values():
        if desk is not stage.hub.desks[code]:
            assert "canary" not in str(desk.tickets()).casefold()


RULES: dict[str, tuple[str, str, dict[str, list[str]]]] = {
    "published": ("publish", "public", {"partner": ["hello"], "sub": ["hello"]}),
    "lands as internal, and goes no further": ("land_as_internal", "private", {"partner": ["hello"]}),
    "stopped": ("stop", "", {}),
}


@pytest.mark.parametrize(("rule", "lands", "below"), RULES.values(), ids=RULES.keys())
def test_the_links_rule(rule: str, lands: str, below: dict[str, list[str]]) -> None:
    stage = chain(links={"vendor>partner": {"crosses": {"comments_down": rule}}})

    stage.say("customer", "hello")

    assert heard(stage) == {"vendor": ["hello"]} | below
    if lands:
        [text] = [text for text in stage.read("partner", public=lands == "public") if "hello" in text]
        assert text.endswith("hello")


def test_an_addressed_comment_is_heard_by_one_neighbour() -> None:
    stage = fork()

    stage.say("vendor", "@@north the code is 4711")

    assert heard(stage) == {"north": ["the code is 4711"]}


def test_an_addressed_internal_note_crosses_only_where_the_link_says_so_and_stays_internal() -> None:
    stage = fork(links={"vendor>north": {"crosses": {"addressed_notes": True}}})

    stage.say("vendor", "@@north for your eyes", public=False)
    stage.say("vendor", "@@south not for yours", public=False)

    assert heard(stage) == {"north": ["for your eyes"]}
    assert len(stage.read("north", public=False)) == 1


def test_a_comment_to_a_neighbour_nobody_knows_is_held_and_told() -> None:
    stage = fork()

    stage.say("vendor", "@@nroth the code is 4711")

    assert heard(stage) == {}
    assert (
        stage.read("vendor")[-1]
        == "Nobody next to this ticket is called “nroth”; the comment was not passed on."
    )


def test_what_a_desk_says_by_itself_goes_nowhere_and_is_never_answered() -> None:
    chatty = replace(PLAIN, auto_reply="Thank you, we have received your message.")
    stage = chain(tempers={"vendor": chatty, "partner": chatty})

    stage.say("customer", "hello")
    stage.wait(30 * MINUTE)

    assert heard(stage) == {code: ["hello"] for code in ("vendor", "partner", "sub")}
    assert "received your message" not in str(stage.docs("customer") + stage.docs("sub"))


def test_our_own_comment_to_a_new_ticket_accepts_nothing() -> None:
    """Some desks open a new ticket when anybody comments on it."""
    for history in (True, False):
        eager = replace(PLAIN, opens_on_comment=("new", "open"), history=history)
        stage = Stage("customer>vendor", cast=Cast(tempers={"vendor": eager}))
        stage.open()

        stage.say("customer", "hello")
        stage.wait(20 * MINUTE)

        assert stage.status("vendor") == "open", "the desk did it by itself"
        assert stage.is_("vendor") is HopStatus.OFFERED
        assert "assignment.accepted" not in stage.happened()


# -- how often, and in which order --------------------------------------------------------------------------------------------

MARKS = {"with markers": PLAIN, "without markers": replace(PLAIN, comment_markers=False)}
FAULTS: dict[str, list[Fault | None]] = {
    "all is well": [],
    "the first answer is lost": [LOST],
    "the second answer is lost": [None, LOST],
    "all answers are lost": [LOST, LOST, LOST],
    "the second never came": [None, NEVER_CAME],
    "the first never came, the second is lost": [NEVER_CAME, None, LOST],
}


@pytest.mark.parametrize("temper", MARKS.values(), ids=MARKS.keys())
@pytest.mark.parametrize("faults", FAULTS.values(), ids=FAULTS.keys())
def test_the_same_words_three_times_arrive_three_times_each_once(
    temper: Any, faults: list[Fault | None]
) -> None:
    stage = Stage("customer>vendor", cast=Cast(tempers={"vendor": temper}))
    stage.open()
    stage.hub.desks["vendor"].faults = Script(steps=faults, writes_only=True)

    for _ in range(3):
        stage.say("customer", "any news?")
    stage.wait(15 * MINUTE)

    assert stage.heard("vendor") == ["any news?"] * 3
    assert {one.state for one in stage.deliveries()} == {DeliveryState.DONE}
    assert stage.discrepancies() == []


def test_words_arrive_in_the_order_they_were_said_whatever_happens_on_the_way() -> None:
    stage = Stage("customer>vendor", cast=Cast(tempers={"vendor": replace(PLAIN, comment_markers=False)}))
    stage.open()
    steps = [LOST, DOWN, None, NEVER_CAME, DOWN, LOST, None, LOST]
    stage.hub.desks["vendor"].faults = Script(steps=steps, writes_only=True)

    said = [f"word {number}" for number in range(12)]
    for word in said:
        stage.person("customer").comment(stage.id("customer"), word)
        stage.wait(timedelta(seconds=1))
    stage.wait(30 * MINUTE)

    assert stage.heard("vendor") == said


def test_a_stuck_ticket_holds_only_its_own_lane() -> None:
    stage = Stage("customer>vendor")
    first = stage.open()
    stage.open(title="another")
    stuck = f"/tickets/{stage.docs('vendor')[0]['id']}/"
    stage.hub.desks["vendor"].faults = lambda call: NEVER_CAME if stuck in call.path else None

    for number in (first, stage.docs("customer")[1]["id"]):
        stage.person("customer").comment(str(number), "hello")
    stage.wait(20 * MINUTE)

    words = [[part["text"] for part in doc["comments"]] for doc in stage.docs("vendor")]
    assert words == [[], ["Anna (Customer):\n\nhello"]]


def test_a_parked_comment_leaves_a_note_and_lets_the_lane_go_on() -> None:
    stage = Stage("customer>vendor")
    stage.open()
    mend = _refusing(stage, "unspeakable")

    stage.say("customer", "something unspeakable")
    stage.say("customer", "and a plain word")

    assert stage.heard("vendor") == ["and a plain word"]
    [parked] = [one for one in stage.deliveries() if one.state is DeliveryState.PARKED]
    assert stage.read("customer")[-1].startswith("Something could not be carried to Vendor:")
    assert any(text.startswith("A comment could not be carried here:") for text in stage.read("vendor"))

    mend()
    stage.order(commands.retry_parked, parked.id)
    assert stage.heard("vendor") == ["and a plain word", "something unspeakable"]


def _refusing(stage: Stage, word: str) -> Callable[[], None]:
    """The vendor's desk refuses what has this word in it, until it is mended."""
    desk = stage.hub.desks["vendor"]
    take = desk.handle

    def handle(method: str, path: str, **more: Any) -> Any:
        spoilt = b"{}" if word in more.get("body", b"").decode(errors="replace") else None
        return take(method, path, **(more | ({"body": spoilt} if spoilt else {})))

    desk.handle = handle  # type: ignore[method-assign]
    return lambda: setattr(desk, "handle", take)


def test_a_parked_create_holds_its_lane() -> None:
    stage = Stage("customer>vendor", cast=Cast(links={"customer>vendor": {"create": {"status": "no such"}}}))
    stage.open()
    stage.say("customer", "hello")

    assert stage.docs("vendor") == []
    assert [one.state for one in stage.deliveries("vendor")] == [DeliveryState.PARKED, DeliveryState.PENDING]
    assert stage.read("customer")[-1].startswith("Something could not be carried to Vendor:")


# -- edited, hidden, removed --------------------------------------------------------------------------------------------------


KEEPS = replace(PLAIN, edits_comments=False)
"""A desk whose comments stay as they were written."""


def test_an_edited_comment_is_rewritten_where_it_was_told() -> None:
    stage = chain()
    number = stage.say("customer", "the code is 4711")

    stage.person("customer").edit(stage.id("customer"), number, "the code is 4712")
    stage.wait()
    stage.person("customer").edit(stage.id("customer"), number, "the code is 4713")
    stage.wait(20 * MINUTE)

    assert heard(stage) == {code: ["the code is 4713"] for code in ("vendor", "partner", "sub")}
    assert stage.happened().count("comment.edited") == 2


def test_an_edited_comment_is_told_again_where_it_cannot_be_rewritten() -> None:
    stage = chain(tempers={"partner": KEEPS})
    number = stage.say("customer", "the code is 4711")

    stage.person("customer").edit(stage.id("customer"), number, "the code is 4712")
    stage.wait(20 * MINUTE)

    assert stage.heard("partner") == ["the code is 4711", "(edited) the code is 4712"]
    assert stage.heard("sub") == ["the code is 4712"]


def test_whoever_comes_later_is_told_what_a_comment_says_now() -> None:
    stage = Stage("customer>vendor", "vendor>partner")
    stage.open()
    number = stage.say("vendor", "the code is 4711")
    stage.person("vendor").edit(stage.id("vendor"), number, "the code is 4712")
    stage.wait()

    stage.delegate("vendor", "partner")

    assert heard(stage) == {"customer": ["the code is 4712"], "partner": ["(edited) the code is 4712"]}


def test_a_removed_comment_is_taken_away_where_it_was_told() -> None:
    stage = chain(tempers={"partner": KEEPS})
    number = stage.say("customer", "CANARY the code is 4711")

    stage.person("customer").remove(stage.id("customer"), number)
    stage.wait(20 * MINUTE)

    assert heard(stage) == {"partner": ["CANARY the code is 4711"]}
    [note] = stage.read("partner", public=False)
    assert "Vendor took back a comment that stands here" in note
    assert "CANARY" not in note
    assert stage.happened().count("comment.removed") == 1


def test_what_turned_private_is_taken_away_wherever_it_was_told() -> None:
    stage = chain(tempers={"partner": KEEPS})
    number = stage.say("customer", "CANARY the code is 4711")
    assert heard(stage) == {code: ["CANARY the code is 4711"] for code in ("vendor", "partner", "sub")}

    stage.person("customer").show(stage.id("customer"), number, public=False)
    stage.wait(20 * MINUTE)

    assert heard(stage) == {"partner": ["CANARY the code is 4711"]}
    [note] = stage.read("partner", public=False)
    assert "Vendor took back a comment that stands here" in note
    assert "CANARY" not in note
    told = [event.data["how"] for event in stage.events() if event.type == "content.retracted"]
    assert sorted(told) == ["asked", "removed", "removed"]
    with pytest.raises(ValueError, match="not enough"):
        stage.content("CANARY the code is 4711")  # not even kept


@pytest.mark.parametrize("temper", [PLAIN, KEEPS], ids=["it can remove", "it cannot"])
def test_what_turned_private_in_doubt_is_taken_away_once_it_is_known_to_be_there(temper: Any) -> None:
    stage = Stage("customer>vendor", cast=Cast(tempers={"vendor": temper}))
    stage.open()
    stage.hub.desks["vendor"].faults = Script(steps=[LOST], writes_only=True)
    number = stage.say("customer", "CANARY the code is 4711")

    stage.person("customer").show(stage.id("customer"), number, public=False)
    stage.wait(20 * MINUTE)

    asked = [note for note in stage.read("vendor", public=False) if "took back a comment" in note]
    assert (stage.heard("vendor"), len(asked)) == (
        ([], 0) if temper is PLAIN else (["CANARY the code is 4711"], 1)
    )
    assert all("CANARY" not in note for note in asked)


def test_what_turned_private_is_taken_away_from_tickets_that_have_ended() -> None:
    stage = Stage("customer>vendor")
    stage.open()
    number = stage.say("customer", "CANARY")
    stage.order(commands.decline, stage.hop("vendor").id, reason="not ours")

    stage.person("customer").show(stage.id("customer"), number, public=False)
    stage.wait(20 * MINUTE)

    assert stage.heard("vendor") == []


def test_what_turned_private_stays_where_the_link_shares_notes_and_only_in_private() -> None:
    cast = Cast(links={"customer>vendor": {"crosses": {"internal_notes_down": True}}})
    stage = Stage("customer>vendor", "vendor>partner", cast=cast)
    stage.open()
    stage.delegate("vendor", "partner")
    number = stage.say("customer", "check the fuse")

    stage.person("customer").show(stage.id("customer"), number, public=False)
    stage.wait(20 * MINUTE)

    assert [text.partition("\n\n")[2] for text in stage.read("vendor", public=False)] == [
        "(edited) check the fuse"
    ]
    assert stage.read("vendor", public=True) == []
    assert stage.heard("partner") == []


def test_an_address_that_is_edited_in_takes_the_words_away_from_everybody_else() -> None:
    stage = chain()
    number = stage.say("vendor", "between us")

    stage.person("vendor").edit(stage.id("vendor"), number, "@@partner between us")
    stage.wait(20 * MINUTE)

    assert heard(stage) == {"partner": ["between us"]}


def test_an_edit_whose_answer_was_lost_is_made_once() -> None:
    stage = Stage("customer>vendor")
    stage.open()
    number = stage.say("customer", "the code is 4711")
    lost = iter([LOST])

    def fault(call: Call) -> Fault | None:
        return next(lost, None) if call.method == "PATCH" else None

    stage.hub.desks["vendor"].faults = fault
    stage.person("customer").edit(stage.id("customer"), number, "the code is 4712")
    stage.wait(20 * MINUTE)

    assert stage.heard("vendor") == ["the code is 4712"]
    assert stage.happened().count("comment.edited") == 1
    assert {one.state for one in stage.deliveries("vendor")} == {DeliveryState.DONE}


def test_what_turned_private_after_it_was_queued_is_withheld() -> None:
    stage = Stage("customer>vendor")
    stage.open()
    stage.hub.desks["vendor"].faults = lambda _call: DOWN
    number = stage.say("customer", "CANARY")

    stage.person("customer").show(stage.id("customer"), number, public=False)
    stage.wait()
    stage.hub.desks["vendor"].faults = lambda _call: None
    stage.wait(30 * MINUTE)

    assert "CANARY" not in str(stage.docs("vendor"))
    assert stage.read("vendor") == []
    gone = [one for one in stage.deliveries() if one.state is DeliveryState.CANCELLED]
    assert [(one.kind, one.outcome) for one in gone] == [("comment", "withheld"), ("remove", "withheld")]
    assert "delivery.withheld" in stage.happened()


def test_what_was_taken_away_before_it_was_sent_is_withheld() -> None:
    stage = Stage("customer>vendor")
    stage.open()
    stage.hub.desks["vendor"].faults = lambda _call: DOWN
    number = stage.say("customer", "CANARY")

    stage.person("customer").remove(stage.id("customer"), number)
    stage.wait(MINUTE)
    stage.hub.desks["vendor"].faults = lambda _call: None
    stage.wait(30 * MINUTE)

    assert "CANARY" not in str(stage.docs("vendor"))
    assert stage.happened().count("comment.removed") == 1


def test_our_comment_at_a_desk_that_changes_texts_is_no_edit() -> None:
    stage = Stage("customer>vendor", cast=Cast(tempers={"vendor": replace(PLAIN, strips_html=True)}))
    stage.open()

    stage.say("customer", "it says <b>ERROR</b> and 5 < 6")
    stage.wait(20 * MINUTE)

    assert stage.heard("vendor") == ["it says ERROR and 5 < 6"]
    assert "comment.edited" not in stage.happened()


def test_our_comment_edited_by_people_over_there_is_not_fed_back() -> None:
    stage = chain()
    stage.say("customer", "hello")
    ours = stage.doc("partner")["comments"][-1]["id"]

    stage.person("partner").edit(stage.id("partner"), ours, "hello, rewritten")
    stage.wait(20 * MINUTE)

    assert "rewritten" not in str([stage.docs(code) for code in ("customer", "vendor", "sub")])


# -- files --------------------------------------------------------------------------------------------------------------------


def test_a_file_arrives_byte_for_byte_at_every_desk() -> None:
    stage = chain()
    data = bytes(range(256)) * 40

    stage.person("sub").attach(stage.id("sub"), "disk image.bin", data, media_type="application/octet-stream")
    stage.wait()

    for code in ("partner", "vendor", "customer"):
        [file] = stage.doc(code)["attachments"]
        assert (file["filename"], file["media_type"]) == ("disk image.bin", "application/octet-stream")
        assert stage.hub.desks[code].file(file["sha256"]) == data


def test_a_file_is_attached_once_though_its_answer_was_lost() -> None:
    for temper in MARKS.values():
        stage = Stage("customer>vendor", cast=Cast(tempers={"vendor": temper}))
        stage.open()
        stage.hub.desks["vendor"].faults = Script(steps=[LOST], writes_only=True)

        stage.person("customer").attach(stage.id("customer"), "a.txt", b"hello")
        stage.wait(10 * MINUTE)

        assert [file["filename"] for file in stage.doc("vendor")["attachments"]] == ["a.txt"]


@pytest.mark.parametrize(
    ("text", "public", "reached"), [("CANARY", False, []), ("@@north look", True, ["north"])]
)
def test_a_file_that_was_uploaded_before_its_words_were_saved_goes_no_further_than_they(
    text: str, public: bool, reached: list[str]
) -> None:
    stage = fork()
    person, ticket = stage.person("vendor"), stage.id("vendor")

    file = person.attach(ticket, "contract.txt", b"terms")
    person.enclose(ticket, file, person.comment(ticket, text, public=public), before=MINUTE)
    stage.hub.hooks()  # lost: one look sees all of it
    stage.wait(30 * MINUTE)

    others = [code for code in stage.hub.desks if code != "vendor"]
    assert [code for code in others if stage.doc(code)["attachments"]] == reached


def test_two_equal_files_are_two_files() -> None:
    stage = Stage("customer>vendor", cast=Cast(tempers={"vendor": MARKS["without markers"]}))
    stage.open()

    for _ in range(2):
        stage.person("customer").attach(stage.id("customer"), "a.txt", b"hello")
        stage.wait()

    assert len(stage.doc("vendor")["attachments"]) == 2


def test_what_a_desk_hands_out_instead_of_the_file_is_not_the_file() -> None:
    stage = Stage("customer>vendor")
    stage.open()
    pages = [Fault(kind=FaultKind.LOGIN_PAGE)] * 2

    def signed_out(call: Call) -> Fault | None:
        return pages.pop() if pages and "/attachments/" in call.path else None

    stage.hub.desks["customer"].faults = signed_out
    stage.person("customer").attach(stage.id("customer"), "a.txt", b"hello", media_type="application/pdf")
    stage.wait(20 * MINUTE)

    [file] = stage.doc("vendor")["attachments"]
    assert stage.hub.desks["vendor"].file(file["sha256"]) == b"hello"


def test_a_file_the_link_refuses_is_told_where_it_was_added() -> None:
    stage = chain(links={"customer>vendor": {"crosses": {"attachment_types": ["image/*"]}}})

    stage.person("customer").attach(
        stage.id("customer"), "virus.exe", b"MZ", media_type="application/x-dosexec"
    )
    stage.wait()

    assert stage.doc("vendor")["attachments"] == []
    assert "virus.exe" in stage.read("customer")[-1]


# -- who is named -------------------------------------------------------------------------------------------------------------


def test_a_chain_does_not_name_its_members_to_each_other() -> None:
    stage = chain(links={"partner>sub": {"crosses": {"people": "organization"}}})

    stage.say("sub", "on our way", by="ivan.petrov")

    assert [stage.read(code)[-1] for code in ("partner", "vendor", "customer")] == [
        "Sub:\n\non our way",
        "Partner:\n\non our way",
        "Vendor:\n\non our way",
    ]


def test_t14_nothing_is_said_twice_and_nothing_echoes_back_in_a_busy_hour() -> None:
    stage = chain(tempers={"partner": PARTNER, "sub": replace(PLAIN, hooks=Hooks.NONE, history=False)})
    said = []
    for number in range(6):
        code = ("customer", "vendor", "partner", "sub")[number % 4]
        said.append(f"word {number} of {code}")
        stage.person(code).comment(stage.id(code), said[-1])
        stage.wait(timedelta(minutes=2))
    stage.wait(timedelta(minutes=20))

    for code in ("customer", "vendor", "partner", "sub"):
        here = Counter(stage.heard(code))
        assert here == Counter(word for word in said if not word.endswith(f"of {code}"))


def test_a_reason_names_nobody_whom_the_comment_beside_it_does_not_name() -> None:
    stage = Stage("customer>vendor", cast=Cast(links={"customer>vendor": {"crosses": {"people": "nobody"}}}))
    stage.open()
    stage.say("vendor", "We do not serve that shop. Ask Mauro Rossi, Mauro Rossi.", by="Mauro Rossi")
    stage.set("vendor", "status", "refused", by="Mauro Rossi")

    told = stage.read("customer")
    assert len(told) == 2
    assert "Rossi" not in " ".join(told)


# -- said just before the end -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("meaning", ["rejected", "closed"])
def test_words_on_their_way_up_arrive_though_the_ticket_there_is_ended_meanwhile(meaning: str) -> None:
    """A partner says why and declines at once: both are known before the first is sent, and the second ends the ticket above."""
    stage = Stage(
        "customer>vendor", cast=Cast(links={"customer>vendor": {"parent_means": {"declined": meaning}}})
    )
    stage.open()
    stage.person("vendor").comment(stage.id("vendor"), "we do not serve that shop")
    stage.person("vendor").set(stage.id("vendor"), "status", "refused")
    for code, hook in stage.hub.hooks():
        stage.hub.receive(code, hook)
    stage.hub.worker.read_messages()
    assert (stage.is_("vendor"), stage.heard("customer")) == (HopStatus.DECLINED, [])

    stage.wait(MINUTE)

    assert stage.heard("customer") == ["we do not serve that shop"]
    assert stage.is_("customer") is HopStatus(meaning)
