"""What a link's `ownership` may not say: a field whose value cannot go where it would have to."""

from collections.abc import Iterator

from gateway.domain.documents import link_from
from gateway.domain.model import Link, Ownership, Policy, Side
from gateway.domain.ownership import TEXTS
from gateway.domain.plan import Item
from gateway.domain.problem import Problem

_ENDS = ("id", "org_id", "upstream_desk_id", "downstream_desk_id", "upstream_org_id", "downstream_org_id")


def ownership_problems(item: Item) -> Iterator[Problem]:
    """What is wrong with a link's `ownership`."""
    if not item.document.get("ownership"):
        return
    link = link_from({**dict.fromkeys(_ENDS, ""), **item.document})
    for field, rule in link.ownership.items():
        what, right = _wrong(link, field, rule)
        if what:
            yield Problem(place=f"{item.source}.ownership.{field}", what=what, right=right)


def _wrong(link: Link, field: str, rule: Ownership) -> tuple[str, str]:
    """(what, cure), both empty where nothing is wrong."""
    down, up = field in link.crossing.fields_down, field in link.crossing.fields_up
    if field in TEXTS and (rule.owner is Side.DOWNSTREAM or rule.policy is not Policy.OWNER_WINS):
        return f"the {field} only goes down", "owner: upstream, policy: owner_wins"
    if rule.policy is not Policy.OWNER_WINS and not (down and up):
        return (
            f"{rule.policy} lets both sides set the {field}, and it does not cross both ways",
            f"add {field} to crosses.fields_down and crosses.fields_up",
        )
    way = "fields_down" if rule.owner is Side.UPSTREAM else "fields_up"
    if not (down if rule.owner is Side.UPSTREAM else up):
        return f"the {rule.owner} owns the {field}, and it does not cross", f"add it to crosses.{way}"
    return "", ""
