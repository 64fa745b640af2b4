"""The links of the chain's tests: each is chosen by the name that an agent writes into the field "delegate"."""

from collections.abc import Mapping, Sequence
from typing import Any

SITE = "MI-001"
IN_QUEUE = {"all": [{"field": "queue", "value": "Federation"}, {"field": "delegate", "op": "empty"}]}
CARRIES = ("publish", "land_as_internal", "stop")

Link = Mapping[str, Any]


def links() -> list[Link]:
    """Down the chain by one link each, and the variants that tests ask for by name."""
    return [
        _link("customer", "vendor", "c-v", {"when": IN_QUEUE}),
        *(_talk(carry) for carry in CARRIES),
        _link("vendor", "partner", "v-p", {"delegate_as": "partner"}, crosses={"addressed_notes": True}),
        _link("vendor", "subcontractor", "v-s", {"delegate_as": "second"}),
        _link("partner", "subcontractor", "p-s", {"delegate_as": "sub"}),
        *(_offered(end) for end in ("partner", "subcontractor")),
    ]


def coverage() -> Sequence[Mapping[str, Any]]:
    """Who is asked for the north's tickets: the partner first, then the subcontractor."""
    ranks = enumerate(("partner", "subcontractor"), start=1)
    return [
        {"group": "north", "hours": "always", "link": f"v-{end}-offer", "rank": rank} for rank, end in ranks
    ]


def _link(upstream: str, downstream: str, code: str, passes: Link, **more: Any) -> Link:
    return {"code": code, "upstream": upstream, "downstream": downstream, "passes": passes, **more}


def _talk(carry: str) -> Link:
    """A link with that rule for comments, both ways."""
    crosses = {"comments_down": carry, "comments_up": carry}
    return _link(
        "customer", "vendor", f"c-v-{carry.replace('_', '-')}", {"delegate_as": carry}, crosses=crosses
    )


def _offered(end: str) -> Link:
    """A link that the coverage table chooses, with an offer that soon lapses."""
    passes = {"when": {"field": "delegate", "value": "covered"}, "choose": "coverage"}
    return _link("vendor", end, f"v-{end}-offer", passes, answer_within={"default": "5s"})
