"""The checker: looks only at what the desks hold, against what people did there. Each check is named for the promise it
keeps."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from gateway.domain import notes
from gateway.testing.loopback.cabinet import Doc, kept
from gateway.testing.simulator.book import Said, Source
from gateway.testing.simulator.findings import TOKENS, Copy, Findings, Held
from gateway.testing.simulator.people import ENDED
from gateway.testing.simulator.reach import PUBLIC, reach
from gateway.testing.simulator.world import ROOT


def check(held: Held) -> Findings:
    """All checks."""
    findings = Findings()
    for source in held.book.sources.values():
        if held.doubled(source):
            _unsettle(held, source)
    findings.add_all("private leaked", _leaks(held))
    for source in held.book.sources.values():
        findings.add_all("copies", _copies(held, source))
        said = [one for one in held.book.said if one.source == source.token]
        findings.add_all("echo", _echoes(held, source, said))
        for code, copies in held.copies[source.token].items():
            for copy in copies:
                findings.add_all("words", _words(held, source, copy, said))
                findings.add_all("files", _files(held, source, copy, said))
                findings.add_all("strangers", _strangers(held, source, copy))
            if source.calm and code != ROOT and not held.world.quarrels:
                findings.add_all("fields", _fields(held, source, copies[0]))
                findings.add_all("news", _news(held, source, copies[0]))
        findings.add_all("ending", _ending(held, source))
    return findings


def _unsettle(held: Held, source: Source) -> None:
    """A create that a desk applied after every settle window left two tickets there. The gateway keeps the one it knew and
    says so of the other; which one people went on with was their choice, so what they said may not have gone anywhere."""
    source.calm = False
    for one in held.book.said:
        if one.source == source.token:
            one.settled = False


def _copies(held: Held, source: Source) -> Iterator[str]:
    """Each source ticket exactly once at each desk in scope (D4); nowhere else; late duplicates only where they were made."""
    copies = held.copies[source.token]
    if len(copies.get(ROOT, [])) != 1:
        yield f"{source.token} stands {len(copies.get(ROOT, []))} times at its own desk"
    for code in held.world.above:
        number, asked = len(copies.get(code, [])), source.offers.get(code, 0)
        spare = held.too_late.get(code, 0)
        if number > asked + spare or (source.calm and number > bool(asked) + spare):
            yield f"{source.token} stands {number} times at {code}, asked for {asked} times"
        if source.calm and not number and code in held.in_scope(source):
            yield f"{source.token} never came to {code}"


def _leaks(held: Held) -> Iterator[str]:
    """Private stays private (D6): a canary stands at its own desk and nowhere else."""
    for said in held.book.said:
        if said.public or said.hidden:
            continue
        for code, tokens in held.tokens.items():
            if code != said.desk and said.token in tokens and reach(held.world, said, code) is None:
                yield f"{said.token} of {said.desk} stands at {code}"
    hidden = {said.file: said for said in held.book.said if said.file and not said.public}
    for code, docs in held.tickets.items():
        for doc in docs:
            for part in doc["attachments"]:
                said_there = hidden.get(part["sha256"])
                if said_there is not None and said_there.desk != code:
                    yield f"{said_there.token}, a file of {said_there.desk}, stands at {code}"


def _echoes(held: Held, source: Source, said: list[Said]) -> Iterator[str]:
    """No echo (D5): nothing comes back to the ticket where it was said."""
    own = {one.token: one for one in said}
    for copies in held.copies[source.token].values():
        for copy in copies:
            for part in copy.ours:
                for token in TOKENS.findall(part["text"]):
                    one = own.get(token)
                    if one and (one.desk, one.ticket) == (copy.desk, copy.doc["id"]):
                        yield f"{token} came back to {copy.desk}"


def _words(held: Held, source: Source, copy: Copy, said: list[Said]) -> Iterator[str]:
    """The public words of each other desk: all that may be read here, each once, in their order, no wider than allowed."""
    reasons = {token for _, token in source.reasons}
    shown = [
        (token, part)
        for part in copy.ours
        if not _says_why(held, copy, part)
        for token in TOKENS.findall(part["text"])
        if token not in reasons and token != source.token
    ]
    said_here = [token for token, part in shown if not _says_reopened(held, copy, part)]
    known = {one.token: one for one in said}
    loose = _loose(held, copy, said)
    yield from _repeated(copy, [token for token in said_here if token not in loose], held)
    yield from _revised(held, copy, shown, known)
    yield from _wider(held, copy, [(known[token], part) for token, part in shown if token in known])
    # What a desk applies so late that it doubles words (see _repeated) comes after what was said meanwhile: the first place counts.
    order = {token: place for place, token in reversed([*enumerate(said_here)])}
    for code in held.world.plan.desks:
        if code == copy.desk:
            continue
        wanted = [
            one
            for one in said
            if one.desk == code and not one.file and reach(held.world, one, copy.desk) is not None
        ]
        if copy is held.copies[source.token][copy.desk][0]:
            for one in wanted:
                if one.settled and one.token not in order and one.token not in reasons:
                    yield f"{one.token} of {code} never came to {copy.desk} ({source.token})"
        steady = [one for one in wanted if one.token not in loose]
        if any(places != sorted(places) for places in _places(steady, order)):
            yield f"the words of {code} stand in another order at {copy.desk} ({source.token})"


def _loose(held: Held, copy: Copy, said: list[Said]) -> set[str]:
    """Words that may stand at a desk a second time, in another place: told anew where nothing can be rewritten, and told
    anew to others where the first ones were taken away."""
    can = held.can_change(copy)
    again = [one for one in said if one.hidden or (one.versions and not can)]
    return {token for one in again for token in (one.token, *one.versions)}


def _revised(
    held: Held, copy: Copy, shown: list[tuple[str, Doc]], known: Mapping[str, Said]
) -> Iterator[str]:
    """What people corrected stands there as they said it last, and what they took back does not. A desk that lets nobody
    change a comment is told the newest words too, and keeps the old ones."""
    can = held.can_change(copy)
    texts: dict[str, list[str]] = {}
    for token, part in shown:
        texts.setdefault(token, []).append(part["text"])
    for token in texts.keys() & known.keys():
        one = known[token]
        if can and one.taken_back and not held.too_late.get(copy.desk, 0):
            yield f"{token} was taken back at {one.desk} and still stands at {copy.desk} ({one.source})"
        if not one.versions or not one.settled:
            continue
        if not any(one.versions[-1] in text for text in texts[token]):
            yield f"{one.versions[-1]} of {token} never came to {copy.desk} ({one.source})"
        if can and any(one.versions[-1] not in text for text in texts[token]):
            yield f"an old version of {token} stands at {copy.desk} ({one.source})"


def _strangers(held: Held, source: Source, copy: Copy) -> Iterator[str]:
    """No word of one ticket stands in another. A desk that hands on to the survivor what is written to a merged ticket may get
    the one that was under way when people merged it, and shows by its answer what became of that ticket."""
    found = {
        (one.source, token)
        for part in copy.ours
        for token in TOKENS.findall(part["text"])
        if (one := held.said.get(token)) is not None and one.source != source.token
    }
    spare = held.too_late.get(copy.desk, 0)
    for stranger, number in Counter(stranger for stranger, _ in found).items():
        if number > held.book.sources[stranger].merged[copy.desk] + spare:
            words = ", ".join(sorted(token for other, token in found if other == stranger))
            yield f"{words} of {stranger} stand in {source.token} at {copy.desk}"


def _places(said: list[Said], order: dict[str, int]) -> Iterator[list[int]]:
    """Where the words of each ticket stand, in the order in which they were said. A desk that was offered a ticket twice
    has two: order is promised within a ticket (D3), not between the refused one and the one that followed."""
    for ticket in {one.ticket for one in said}:
        yield [order[one.token] for one in said if one.ticket == ticket and one.token in order]


def _says_why(held: Held, copy: Copy, part: Doc) -> bool:
    """Whether a comment is the gateway's note on a refusal, which quotes the last words said there."""
    return _is_note(held, copy, part, ("declined", "returned"), held.world.below(copy.desk))


def _says_reopened(held: Held, copy: Copy, part: Doc) -> bool:
    """Whether a comment is the gateway's note on a reopening, which quotes why: words that may come by themselves too."""
    above = held.world.above.get(copy.desk)
    return above is not None and _is_note(held, copy, part, ("reopened",), [above])


def _is_note(held: Held, copy: Copy, part: Doc, kinds: Sequence[str], codes: Sequence[str]) -> bool:
    texts = [
        notes.say(kind, held.language(copy.desk), who=code.title(), reason="\0").split("\0")[0]
        for kind in kinds
        for code in codes
    ]
    return any(part["text"].startswith(text) for text in texts)


def _repeated(copy: Copy, tokens: list[str], held: Held) -> Iterator[str]:
    twice = {token: times for token, times in Counter(tokens).items() if times > 1}
    if sum(twice.values()) - len(twice) > held.too_late.get(copy.desk, 0):
        yield f"{', '.join(twice)} more than once at {copy.desk} #{copy.doc['id']}"


def _wider(held: Held, copy: Copy, shown: list[tuple[Said, Doc]]) -> Iterator[str]:
    for one, part in shown:
        if one.desk == copy.desk and one.ticket == copy.doc["id"]:
            continue  # an echo, told elsewhere
        if one.hidden and not held.can_change(copy):
            continue  # it was public, and there nobody can take it away: its people are asked to
        allowed = reach(held.world, one, copy.desk)
        if allowed is None:
            yield f"{one.token} of {one.desk} must not be read at {copy.desk}"
        elif part["public"] and allowed is not PUBLIC:
            yield f"{one.token} of {one.desk} is public at {copy.desk}"


def _files(held: Held, source: Source, copy: Copy, said: list[Said]) -> Iterator[str]:
    """Files: byte for byte, once, where they may be."""
    here = Counter(part["sha256"] for part in copy.files)
    first = copy is held.copies[source.token][copy.desk][0]
    extra = 0
    for one in said:
        if not one.file or one.desk == copy.desk:
            continue
        allowed = reach(held.world, one, copy.desk) is not None
        if here[one.file] and not allowed:
            yield f"the file {one.token} of {one.desk} must not be at {copy.desk}"
        if one.settled and first and allowed and not here[one.file]:
            yield f"the file {one.token} of {one.desk} never came to {copy.desk} ({source.token})"
        extra += max(0, here[one.file] - 1)
    if extra > held.too_late.get(copy.desk, 0):
        yield f"{extra} files too many at {copy.desk} #{copy.doc['id']}"


def _fields(held: Held, source: Source, copy: Copy) -> Iterator[str]:
    """What the customer owns (title, priority) is the same everywhere, as far as the desk can say it."""
    temper, fields = held.world.plan.temper(copy.desk), copy.doc["fields"]
    title = held.copies[source.token][ROOT][0].doc["fields"]["title"]
    if fields["title"] != kept(temper, "title", title):
        yield f"the title of {source.token} at {copy.desk} is {fields['title']!r}, not {title!r}"
    words = {word for word, known in temper.priorities.items() if known == source.priority}
    words |= {temper.priority_remap[word] for word in words if word in temper.priority_remap}
    if fields["priority"] not in words:
        yield f"the priority of {source.token} at {copy.desk} is {fields['priority']}, not {source.priority}"


def _news(held: Held, source: Source, copy: Copy) -> Iterator[str]:
    """What happened at a desk was told one hop up: accepted once, and the last word is the present state. Where no history
    names who did it, taking a ticket up right after our own comment may be the desk's own habit. A note that the parent's
    desk applied later than any settle window stands there a second time (D4 promises no more), and stands last."""
    temper = held.world.plan.temper(copy.desk)
    up = held.copies[source.token].get(held.world.above[copy.desk], [])
    if not up or copy.status == "offered" or copy.status in ENDED:
        return
    parent = up[0]
    heard = _heard(held, parent, copy.desk)
    least = copy.desk in source.worked and (temper.history or copy.status != "in_progress")
    if least and parent.status in ("offered", "acknowledged"):
        yield f"{copy.desk} works on {source.token}, {parent.desk} still shows {parent.status}"
    late = held.too_late.get(parent.desk, 0)
    late += sum(other.merged[parent.desk] for other in held.book.sources.values())  # see _strangers
    if not least <= heard.count("accepted") <= 1 + late:
        yield f"{parent.desk} heard {heard.count('accepted')} times that {copy.desk} accepted {source.token}"
    states = [kind for kind in heard if kind != "accepted"]
    if copy.status in ("pending", "held", "resolved") and copy.status not in states[-1 - late :]:
        yield f"{copy.desk} shows {copy.status} for {source.token}, {parent.desk} last heard {states[-1:]}"


def _heard(held: Held, parent: Copy, child: str) -> list[str]:
    """The kinds of notes about a child's status that stand at its parent, in order."""
    patterns = {
        kind: notes.say(kind, held.language(parent.desk), who=child.title(), reason="\0").split("\0")
        for kind in ("accepted", "pending", "held", "resolved")
    }
    return [
        kind
        for part in parent.ours
        for kind, parts in patterns.items()
        if part["text"].startswith(parts[0]) and part["text"].endswith(parts[-1])
    ]


def _ending(held: Held, source: Source) -> Iterator[str]:
    """A ticket its customer closed is closed everywhere."""
    roots = held.copies[source.token].get(ROOT, [])
    if not source.calm or not roots or roots[0].status not in ENDED:
        return
    for code, copies in held.copies[source.token].items():
        if copies[0].status not in ENDED:
            yield f"{source.token} is closed at {ROOT}, but {copies[0].status} at {code}"


def describe(doc: Doc) -> str:
    """A ticket in a few lines, for a trace."""
    words = [
        f"  {part['author']['id']} {'' if part['public'] else '(private) '}{part['text']!r}"
        for part in doc["comments"]
    ]
    return "\n".join([f"#{doc['id']} {doc['fields']['status']} {doc['fields']['title']!r}", *words])
