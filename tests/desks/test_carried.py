"""Everything that crosses, over three pairs of real desks: what both can hold arrives there in the desk's own words and codes and
comes back, what one of them cannot hold is said there, and what is private or somebody else's stands nowhere else."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.desks.carried import ASSET, PAIRS, SITE, Pair, everything
from tests.desks.crew import Crew, word
from tests.desks.house import House, eventually
from tests.desks.launch.chain import Chain
from tests.desks.people.agent import EDIT, LOG, PRIVATE, RELATE
from tests.desks.wire import Proxy

pytestmark = [pytest.mark.desks, pytest.mark.timeout(600)]
PRIORITY = {"customer": "100", "vendor": "High", "partner": "100", "subcontractor": "urgent"}
STARTED = {"vendor": "In Progress", "partner": "open", "subcontractor": "in-progress"}
DUE = {"customer": "2031-05-06 10:00:00", "vendor": "2031-05-06", "partner": "2031-05-06T10:00:00Z"}
PHOTO = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 900
Wires = Mapping[str, Proxy]


@pytest.fixture(scope="module")
def gateway(four_desks: Chain, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, Wires]]:
    with everything(four_desks, tmp_path_factory.mktemp("everything")) as found:
        yield found


@pytest.fixture(params=PAIRS, ids="-".join)
def pair(request: pytest.FixtureRequest, gateway: tuple[House, Wires], crew: Crew) -> Pair:
    up, down = request.param
    return Pair(house=gateway[0], crew=crew, up=up, down=down)


def test_the_whole_table_is_carried(pair: Pair, gateway: tuple[House, Wires]) -> None:
    _opened(pair)
    hushed = _canaries(pair)
    pair.change(pair.down, status=STARTED[pair.down])
    _talked(pair)
    _filed(pair)
    _fields_both_ways(pair)
    _worked(pair)
    _asked(pair)
    _visited(pair)
    _rated(pair)
    _related(pair)
    pair.house.quiet()
    printed = _printed(pair)
    for desk, canaries in hushed.items():
        _stand_only_at(desk, canaries, pair, gateway[1], printed)


def test_a_rolled_back_version_of_the_rules_does_exactly_what_it_did(
    gateway: tuple[House, Wires], crew: Crew, tmp_path: Path
) -> None:
    house, side = gateway[0], ("customer-vendor", "--side", "downstream")
    pair = Pair(house=house, crew=crew, up="customer", down="vendor")
    pair.opened(**{"custom.order": "PO-1"})
    pair.shows("vendor", **{"custom.order": "PO-1"})

    def publish(word: str) -> None:
        file = tmp_path / f"{word}.yaml"
        file.write_text(f'incoming: [{{field: custom.order, template: "{word} {{custom.order}}"}}]')
        house.command("mapping", "draft", side[0], str(file), *side[1:])
        house.command("mapping", "publish", *side)

    def becomes(order: str, there: str) -> None:
        pair.change("customer", **{"custom.order": order})
        pair.shows("vendor", **{"custom.order": there})

    publish("first")
    becomes("PO-2", "first PO-2")
    publish("second")
    becomes("PO-3", "second PO-3")
    house.command("mapping", "rollback", *side)
    becomes("PO-2", "first PO-2")
    house.command("mapping", "rollback", *side, "--to", "0")
    becomes("PO-3", "PO-3")
    house.quiet()
    assert pair.crew.alice["customer"].field(pair.ids["customer"], "custom.order") == "PO-3"


def _opened(pair: Pair) -> None:
    """A place and a till in each desk's codes, the requester, words of their own, a due date."""
    up, down = pair.up, pair.down
    fields = {"tags": "till, urgent", "parts": "2 x PSU-450", "custom.order": "PO-17"}
    asked = {"requester": "maria@acme.example"}
    due = {"due": DUE[up]} if pair.holds(up, "due") and pair.holds(down, "due") else {}
    pair.opened(priority=PRIORITY[up], site=SITE[up], asset=ASSET[up], **fields, **due, **asked)
    pair.shows(down, priority=PRIORITY[down], site=SITE[down], asset=ASSET[down])
    pair.tells(down, **fields, **asked)
    if due:
        pair.shows(down, due=DUE[down])
    if due and down == "vendor":
        pair.hears(down, "due: 2031-05-06T10:00:00")  # a day alone does not say it


def _talked(pair: Pair) -> None:
    """Comments both ways; one that is changed or taken back is told anew, or its readers are asked to remove it."""
    texts = {desk: f"Ring twice, {word('said')}" for desk in (pair.up, pair.down)}
    for desk, text in texts.items():
        pair.say(desk, text)
    for desk, text in texts.items():
        pair.hears(pair.other(desk), text, public=True)
    for desk in (one for one in texts if EDIT in pair.crew.alice[one].can):
        other, alice, changed = pair.other(desk), pair.crew.alice[desk], f"Ring thrice, {word('said')}"
        alice.edit(pair.ids[desk], texts[desk], changed)
        pair.hears(other, "(edited)", changed)
        alice.edit(pair.ids[desk], changed, "")
        pair.hears(other, "took back a comment")


def _filed(pair: Pair) -> None:
    """Files both ways, byte by byte; a name that is not ASCII too."""
    names = {desk: f"отчёт {word('file')}.jpg" for desk in (pair.up, pair.down)}
    for desk, name in names.items():
        pair.crew.alice[desk].attach(pair.ids[desk], name, PHOTO + name.encode())
    for desk, name in names.items():
        other = pair.other(desk)
        found = eventually(
            lambda other=other, name=name: [  # type: ignore[misc]
                one for one in pair.crew.admin[other].files(pair.ids[other]) if one[0] == name
            ],
            f"{name} stands at {other}",
        )
        assert [content for _, content in found] == [PHOTO + name.encode()]


def _fields_both_ways(pair: Pair) -> None:
    """A change above comes down, a change below goes up."""
    changed = {"tags": "till", "parts": "1 x PSU-450", "custom.order": "PO-18"}
    pair.change(pair.up, **changed)
    pair.tells(pair.down, **changed)
    back = {"tags": "till, fuse", "parts": "1 x FUSE-2", "custom.order": "PO-19"}
    held = {name: value for name, value in back.items() if pair.holds(pair.down, name)}
    pair.change(pair.down, **held)
    pair.tells(pair.up, **held)


def _worked(pair: Pair) -> None:
    """Time that is logged below is one line of work, told above where only its own people read; else it stands in the list."""
    if LOG in pair.crew.alice[pair.down].can:
        pair.crew.alice[pair.down].log(pair.ids[pair.down], 45, "Changed the fuse")
        pair.hears(pair.up, "labour 45 min", public=False)


def _asked(pair: Pair) -> None:
    """An approval is asked for below and given above."""
    pair.change(pair.down, **{"custom.step": "ask"})
    pair.hears(pair.up, "asks for your approval")
    pair.change(pair.up, **{"custom.step": "granted"})
    pair.hears(pair.down, "approved.")


def _visited(pair: Pair) -> None:
    """A window that the party below names stands above; the arrival and the end are events of the ticket."""
    window = {"visit_from": "2031-05-05T08:00:00+00:00", "visit_until": "2031-05-05T10:00:00+00:00"}
    pair.change(pair.down, **window)
    pair.shows(pair.up, **window)
    for step in ("arrived", "left"):
        pair.change(pair.down, **{"custom.step": step})
        eventually(lambda step=step: f"visit.{step}" in pair.events(), f"the visit: {step}")  # type: ignore[misc]


def _rated(pair: Pair) -> None:
    """What the requester thought of it goes to the party that did the work."""
    pair.change(pair.up, rating="9")
    pair.tells(pair.down, rating="9")


def _related(pair: Pair) -> None:
    """A ticket that both desks have is related there too where they can do that, else its number is told in words, as is
    that of a ticket which crosses no link. What people below relate is told above."""
    first = dict(pair.ids)
    pair.opened()
    second, pair.ids = pair.ids, first
    up, down = pair.crew.alice[pair.up], pair.crew.alice[pair.down]
    alone = up.open(f"Stays at its desk {word('t')}", "Nobody else sees it")
    for number in (second[pair.up], alone):
        up.relate(first[pair.up], number)
    pair.hears(pair.down, "relates", f": {alone}.")
    if RELATE in down.can:
        related = {second[pair.down]}
        eventually(lambda: down.related(first[pair.down]) == related, f"{pair.down} relates them too")
    else:
        pair.hears(pair.down, "relates", f": {second[pair.up]}.")
    if RELATE in down.can:
        below = down.open(f"Stays below {word('t')}", "Nobody else sees it")
        down.relate(first[pair.down], below)
        pair.hears(pair.up, "relates", f": {below}.")
        assert up.related(first[pair.up]) == {second[pair.up], alone}


# -- what may stand nowhere else ----------------------------------------------------------------------------------------------


def _canaries(pair: Pair) -> dict[str, list[str]]:
    """Words in internal notes, quotes and the names of their files, and in a ticket that crosses no link."""
    kept: dict[str, list[str]] = {}
    for desk in (pair.up, pair.down):
        alice, other = pair.crew.alice[desk], [word("canary") for _ in range(3)]
        strange = alice.open(f"Of another vendor {other[0]}", f"> as you wrote: {other[1]}")
        alice.attach(strange, f"{other[2]}.txt", other[2].encode())
        kept[desk] = other
        if PRIVATE in alice.can:
            note = word("canary")
            pair.say(desk, f"They never pay\n> On Monday you wrote: {note}", public=False)
            kept[desk].append(note)
    return kept


def _printed(pair: Pair) -> str:
    """What the gateway's commands print of the ticket; the export of its link lies beside the gateway's log."""
    code = f"{pair.up}-{pair.down}"
    pair.house.command("link", "export", code, "--out", str(pair.house.directory / f"{code}.jsonl"))
    ticket = pair.house.story(pair.up, pair.ids[pair.up])["id"]
    return pair.house.command("tickets", "show", ticket, "--json") + pair.house.command("explain", ticket)


def _stand_only_at(desk: str, canaries: list[str], pair: Pair, wires: Wires, printed: str) -> None:
    for canary in canaries:
        assert pair.crew.admin[desk].knows(canary), "what is there is found"
        assert canary not in printed
        assert not pair.house.keeps(canary), f"{canary} of {desk} is kept in our data"
        assert not _in_files(pair.house.directory, canary), f"{canary} of {desk} stands in the log"
        for other in (one for one in SITE if one != desk):
            assert canary.encode() not in wires[other].sent, f"{canary} of {desk} was sent to {other}"
            assert not _in_files(getattr(pair.house.chain, other).directory, canary), (desk, other)


def _in_files(folder: Path, canary: str) -> list[Path]:
    """The files of a desk or a gateway, its database, logs and mails, that hold a word."""
    return [path for path in folder.rglob("*") if path.is_file() and canary.encode() in path.read_bytes()]
