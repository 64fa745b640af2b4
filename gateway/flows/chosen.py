"""With which desk an organization takes an invitation, and which of its own words it uses again: those of a link it has."""

from collections.abc import Mapping
from typing import Any

from gateway.domain import linking as rules
from gateway.domain.directory import Directory
from gateway.domain.imported import is_connected
from gateway.domain.linking import Role
from gateway.domain.model import Desk, Link
from gateway.domain.plan import Kind, Ref
from gateway.domain.problem import suggestion
from gateway.errors import Invalid, NotFound, Refused
from gateway.flows.context import OPERATOR
from gateway.flows.link_steps import By
from gateway.store import configuration
from gateway.store.db import Db

_AGAIN: Mapping[Role, frozenset[str]] = {
    Role.UPSTREAM: frozenset({"answer_within", "confirm_within", "parent_means", "uncovered"}),
    Role.DOWNSTREAM: frozenset({"create", "acts", "time_basis"}),
}
"""What a side says of its own desk on one link and may say again on another; which tickets pass is each link's own."""


def own_desk(known: Directory, code: str, by: By) -> Desk:
    """A desk of one's own, by its code. Raises NotFound: what is not yours does not exist."""
    mine = {desk.code: desk for desk in _mine(known, by)}
    if code not in mine:
        raise NotFound(f"you have no desk {code!r}", cure=suggestion(code, mine))
    return mine[code]


def _mine(known: Directory, by: By) -> list[Desk]:
    return [one for one in known.desks.values() if by.party in (None, one.org_id) and is_connected(one)]


def live_links(known: Directory, org_id: str, role: Role) -> list[Link]:
    """The links of an organization that are not over, in which its desk has this role."""
    end = "upstream_org_id" if role is Role.UPSTREAM else "downstream_org_id"
    return [
        link for link in known.links.values() if getattr(link, end) == org_id and link.state not in rules.OVER
    ]


def desk_for(known: Directory, wanted: tuple[str, str], role: Role, by: By) -> Desk:
    """The desk that is meant by (its code, a link like which it is to be); without both, the one all live links use, or the
    only one there is. Raises NotFound, Invalid."""
    code, like = wanted
    if code:
        return own_desk(known, code, by)
    if like:
        link = like_link(known, like, role, by)
        return known.desk(link.upstream_desk_id if role is Role.UPSTREAM else link.downstream_desk_id)
    end = "upstream_desk_id" if role is Role.UPSTREAM else "downstream_desk_id"
    used = {getattr(link, end) for link in live_links(known, by.party, role)} if by.party else set()
    mine = [one for one in _mine(known, by) if one.id in used] or _mine(known, by)
    if len(mine) != 1:
        cure = (
            f"--desk, one of {', '.join(sorted(one.code for one in mine)[:9])}"
            if mine
            else "connect a desk first"
        )
        raise Invalid("it is not clear which desk is meant", cure=cure)
    return mine[0]


def like_link(known: Directory, name: str, role: Role, by: By) -> Link:
    """A link of one's own in the same role. Raises NotFound, Refused."""
    found = next(
        (
            link
            for link in known.links.values()
            if name in (link.code, link.id)
            and by.party in (None, link.upstream_org_id, link.downstream_org_id)
        ),
        None,
    )
    if found is None:
        raise NotFound(f"there is no link {name!r}", cure="interdesk link list shows yours")
    mine = found.upstream_org_id if role is Role.UPSTREAM else found.downstream_org_id
    if by.party not in (None, mine):
        raise Refused(
            f"on {name} your desk is not {role.value}", cure="name a link on which it is what it will be here"
        )
    return found


def words_again(db: Db, known: Directory, name: str, role: Role, by: By) -> dict[str, Any]:
    """What one's own side says on that link, to be said again. Raises NotFound, Refused."""
    link = like_link(known, name, role, by)
    stored = configuration.stored(db, OPERATOR, None).items
    document = stored[Ref(kind=Kind.LINK, code=link.code)].document
    return {key: value for key, value in document.items() if key in _AGAIN[role]}
