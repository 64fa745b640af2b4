"""One day of a chain of four desks, for the tests of the timeline: the partner asks the vendor something, the subcontractor
waits for its own parts, and it goes back up as far as the vendor."""

from gateway.domain.sla.clocks import Folded, clocks
from gateway.domain.sla.terms import Chain, TargetKind
from gateway.domain.timeline import Timeline, timeline
from tests.domain.sla.story import H, chain, office, play, terms

CHAIN: Chain = chain(
    "h0 h1<h0 h2<h1 h3<h2",
    terms(
        "till-sla",
        "h1",
        9 * H,
        provider="org-h1",
        consumer="org-h0",
        targets={TargetKind.RESPONSE: {"P1": H}},
        calendar=office(),
    ),
    terms("nord-uc", "h2", provider="org-h2", consumer="org-h1", stops="requester_info"),
    terms("quick-uc", "h3", 2 * H, provider="org-h3", consumer="org-h2"),
    tracked="h1 h2",
)
DAY = """
08:00 open h0
08:05 offer h1
08:07 receive h1
08:20 work h1 id=w1
08:30 offer h2
08:33 receive h2
08:50 accept h2 id=a2
09:00 say h1 id=c1
09:10 say h2 private id=secret
09:30 ask h2 requester_info id=q
09:32 deliver q
11:00 answer h2 q id=a
11:02 deliver a
11:30 offer h3
11:35 receive h3
11:40 accept h3
12:10 hold h3 parts_own id=parts
13:00 work h3
15:00 resolve h3
15:10 resolve h2 id=r2
15:15 deliver r2
"""
NUMBERS = {"h0": "A-17", "h1": "T-204", "h2": "9001", "h3": "Q33"}


def folded(text: str = DAY, now: str = "16:00") -> Folded:
    """The day as of a moment."""
    return play(CHAIN, text, now=now)


def seen(org: str | None, text: str = DAY, now: str = "16:00") -> Timeline:
    """The day as somebody sees it; fails where it is none of its business."""
    told = folded(text, now)
    found = timeline("tkt_1", told, clocks(told), org, NUMBERS)
    assert found is not None
    return found


def lines(found: Timeline) -> list[str]:
    """The rows: `08:00 08:05 h0 working`, with those who wait after a slash and the event at the end."""
    return [
        " ".join(
            (
                f"{row.start:%H:%M} {row.end:%H:%M}",
                "+".join(f"{cell.lane} {cell.state}" for cell in row.cells),
                "".join(f"/{cell.lane}" for cell in row.waiting),
                f"[{row.cause}]" if row.cause else "",
            )
        )
        for row in found.rows
    ]
