"""What is new about an invitation for an organization that has links already, before it answers: read from what both sides have
told the gateway. Nothing is asked of a desk, nothing is written."""

from dataclasses import asdict
from typing import Any

from gateway.domain import newcomer
from gateway.domain.agreements import Agreement
from gateway.domain.directory import Directory
from gateway.domain.documents import link_from
from gateway.domain.linking import Invitation, Role
from gateway.domain.model import Desk, Link
from gateway.domain.newcomer import Beside, Newcomer
from gateway.errors import Invalid
from gateway.flows import chosen, handshake
from gateway.flows.context import Context
from gateway.flows.link_steps import By

View = dict[str, Any]


def view(context: Context, code: str, wanted: tuple[str, str], by: By) -> View:
    """`desk`, how many live links it is held `beside`, and `lines`. `wanted`: the desk's code and a link like which it is to
    be, both may be empty. Raises NotFound, Refused or Invalid."""
    invitation = handshake.look(context, code, by)
    party = by.party or invitation.to_org_id
    with context.database.read() as db:
        known = context.directory(db)
        role = Role.DOWNSTREAM if invitation.role is Role.UPSTREAM else Role.UPSTREAM
        reader = By(party=party, actor=by.actor, now=by.now)
        desk = chosen.desk_for(known, wanted, role, reader)
        said = chosen.words_again(db, known, wanted[1], role, reader) if wanted[1] else {}
    links = chosen.live_links(known, desk.org_id, role)
    one = _newcomer(known, invitation, desk, said)
    agreements = _agreements(known, desk.org_id, links)
    beside = Beside(links=links, agreements=[other for other in agreements if other != one.agreement])
    return {
        "desk": desk.code,
        "beside": [link.code for link in links],
        "lines": [asdict(line) for line in newcomer.compared(one, beside, now=by.now)],
    }


def _newcomer(known: Directory, invitation: Invitation, desk: Desk, said: View) -> Newcomer:
    theirs = known.desk(invitation.desk_id)
    is_downstream = invitation.role is Role.UPSTREAM
    up, down = (theirs, desk) if is_downstream else (desk, theirs)
    terms = {name: value for name, value in invitation.terms.items() if value is not None}
    try:
        link = link_from(
            {
                "id": "", "code": invitation.link_code, "org_id": up.org_id, **terms, **said,
                "upstream_desk_id": up.id, "upstream_org_id": up.org_id,
                "downstream_desk_id": down.id, "downstream_org_id": down.org_id,
            }
        )  # fmt: skip
    except (TypeError, ValueError, KeyError) as error:
        raise Invalid(
            "this invitation's terms cannot be read", why=str(error), cure="ask for a new one"
        ) from error
    between = {theirs.org_id, desk.org_id}
    agreed = [
        one
        for one in known.agreements
        if one.code == invitation.agreement and {one.terms.provider, one.terms.consumer} == between
    ]
    return Newcomer(
        link=link,
        desk=desk,
        theirs=theirs,
        is_downstream=is_downstream,
        agreement=agreed[-1] if invitation.agreement and agreed else None,
        contacts=known.contacts.get(theirs.org_id, ()),
    )


def _agreements(known: Directory, org_id: str, links: list[Link]) -> list[Agreement]:
    """Those with the other ends of the live links, each in its newest version."""
    others = {end for link in links for end in (link.upstream_org_id, link.downstream_org_id)} - {org_id}
    pairs = [{org_id, other} for other in others]
    newest = {
        (one.owner, one.code): one
        for one in known.agreements
        if {one.terms.provider, one.terms.consumer} in pairs
    }
    return list(newest.values())
