"""One organization invites another to link two desks; the other accepts with a desk of its own, or declines. The code is shown
once and kept as a hash; it works once, for a while, and for whom it was meant."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from gateway import keys
from gateway.domain import linking as rules
from gateway.domain.consistency import World, problems
from gateway.domain.directory import Directory
from gateway.domain.linking import Answer, Invitation, Life, Role
from gateway.domain.model import Desk, LinkState
from gateway.domain.plan import Item, Kind, Ref
from gateway.domain.problem import suggestion
from gateway.errors import Invalid, NotFound, Refused, Unsupported
from gateway.flows import chosen, guessing
from gateway.flows.context import OPERATOR, Context
from gateway.flows.link_steps import By, record, tell
from gateway.schemas import check
from gateway.store import configuration, directory
from gateway.store import linking as store
from gateway.store.db import Db


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """An invitation to be made: from that desk (its code), which will be `role`; to an organization (its code) or to whoever is
    named as contact. `terms`: parts of a link's document (schemas/link.v1.json)."""

    desk: str
    role: Role
    to: str | None = None
    contact: str = ""
    code: str = ""
    agreement: str = ""
    terms: Mapping[str, Any] = field(default_factory=dict)
    lasts: timedelta = timedelta(days=7)
    activate: bool = False


@dataclass(frozen=True, kw_only=True)
class Taken:
    """How an invitation is accepted: with which desk (empty: the one of `like`, of all live links, or the only one), what the
    link's document says beyond the inviter's terms, and like which link of one's own it does."""

    desk: str = ""
    like: str = ""
    terms: Mapping[str, Any] = field(default_factory=dict)
    activate: bool = False


_OURS = frozenset({"code", "upstream", "downstream", "state"})
_SAYS: Mapping[Role, frozenset[str]] = {
    Role.UPSTREAM: frozenset({"passes", "answer_within", "confirm_within", "parent_means", "uncovered"}),
    Role.DOWNSTREAM: frozenset({"create", "acts", "time_basis"}),
}
"""Parts of a link that are for one side to say. The rest, above all what may cross, the inviter says and the other accepts."""


def invite(context: Context, wanted: Wanted, by: By) -> tuple[Invitation, str]:
    """A new invitation and its code, which is kept nowhere and shown this once. Raises NotFound, Invalid or Refused."""
    if not timedelta() < wanted.lasts <= rules.LONGEST:
        raise Refused("an invitation is open for up to 30 days", cure="--expires 7d")
    if wanted.to is None and not wanted.contact.strip():
        raise Invalid(
            "nobody is invited", cure="--to ORGANIZATION, or --contact NAME for whoever gets the code"
        )
    _check_terms(wanted.terms, wanted.role)
    with context.database.read() as db:
        known = context.directory(db)
    desk = chosen.own_desk(known, wanted.desk, by)
    to_org_id = _addressee(context, known, desk, wanted, by)
    _check_agreement(known, wanted.agreement, desk.org_id)
    code = keys.new_invitation()
    made = Invitation(
        id=context.new_id("inv"),
        org_id=desk.org_id,
        desk_id=desk.id,
        role=wanted.role,
        to_org_id=to_org_id,
        contact=wanted.contact.strip(),
        agreement=wanted.agreement,
        link_code=wanted.code,
        terms=dict(wanted.terms),
        activate=wanted.activate,
        created_at=by.now,
        created_by=by.actor,
        expires_at=by.now + wanted.lasts,
    )
    with context.database.write() as db:
        store.put_invitation(db, made, sha256=keys.digest(code))
        tell(db, made, "invited", by, before="", after=Answer.PENDING)
    return made, code


def _check_terms(terms: Mapping[str, Any], role: Role, *, beyond: Mapping[str, Any] | None = None) -> None:
    """Whether these can be parts of a link's document, said by that side: by the inviter, or in answer to its terms (`beyond`).
    Raises Invalid or Refused."""
    mistaken = sorted(_OURS & terms.keys())
    if mistaken:
        raise Invalid(f"terms do not say {', '.join(mistaken)}", why="that follows from the two sides' words")
    check("link", {"code": "new", "upstream": "one", "downstream": "other", **terms})
    other = Role.DOWNSTREAM if role is Role.UPSTREAM else Role.UPSTREAM
    theirs = sorted(terms.keys() & (_SAYS[other] if beyond is None else terms.keys() - _SAYS[role]))
    if theirs:
        raise Refused(
            f"the {role} side does not say {', '.join(theirs)} here",
            why="the inviter says what may cross, and each side what concerns its own desk",
            cure="ask the other side to invite anew with these terms",
        )
    twice = sorted(terms.keys() & (beyond or {}).keys())
    if twice:
        raise Refused(
            f"the inviter has said {', '.join(twice)} already", cure="accept it as it is, or decline"
        )


def _addressee(context: Context, known: Directory, desk: Desk, wanted: Wanted, by: By) -> str | None:
    """The id of whom it is for. A name that is none counts as a guess: who else is here is nobody's to find out."""
    if wanted.to is None:
        return None
    guessing.refuse(context, by)
    codes = {one.code: one.id for one in known.organizations.values()}
    found = codes.get(wanted.to)
    if found is None:
        guessing.count(context, by)
        cure = suggestion(wanted.to, codes) if by.party is None else "ask its people how it is called here"
        raise NotFound(f"there is no organization {wanted.to!r}", cure=cure)
    if found == desk.org_id:
        raise Refused(
            "an organization is not linked to itself",
            why="an invitation is for another one",
            cure="desks of one organization are linked by interdesk apply",
        )
    return found


def _check_agreement(known: Directory, code: str, org_id: str) -> None:
    mine = {one.code for one in known.agreements if org_id in (one.terms.provider, one.terms.consumer)}
    if code and code not in mine:
        raise NotFound(f"you have no agreement {code!r}", cure=suggestion(code, mine))


def _found(context: Context, code: str, by: By) -> Invitation:
    """The invitation behind a code. Raises NotFound, the same for whatever is none."""
    guessing.refuse(context, by)
    found = None
    if keys.is_invitation(code):
        with context.database.read() as db:
            found = store.by_digest(db, keys.digest(code))
    if found is None:
        guessing.count(context, by)
        raise NotFound("there is no such invitation", cure="copy the whole code, from fgw_join_ on")
    return found


# -- answers ------------------------------------------------------------------------------------------------------------------


def look(context: Context, code: str, by: By) -> Invitation:
    """What an invitation offers whoever may answer it. Raises NotFound or Refused."""
    invitation = _found(context, code, by)
    rules.refuse_unless_open(invitation, org_id=_answering(invitation, by), now=by.now)
    return invitation


def _answering(invitation: Invitation, by: By) -> str:
    """On whose behalf: the operator answers for whom it was meant."""
    return by.party or invitation.to_org_id or by.org_id


def accept(context: Context, code: str, taken: Taken, by: By) -> str:
    """Make the link; its id. It is `pending` until its checks pass. Raises NotFound, Refused, Invalid or Unsupported."""
    invitation = _found(context, code, by)
    with context.database.read() as db:
        known = context.directory(db)
    role = Role.UPSTREAM if invitation.role is Role.DOWNSTREAM else Role.DOWNSTREAM
    reader = by if taken.desk or not invitation.to_org_id else replace(by, party=_answering(invitation, by))
    desk = chosen.desk_for(known, (taken.desk, taken.like), role, reader)
    rules.refuse_unless_open(invitation, org_id=desk.org_id, now=by.now)
    with context.database.write() as db:
        if taken.like:
            again = chosen.words_again(db, known, taken.like, role, reader)
            taken = replace(taken, terms={**again, **taken.terms})
        _check_terms(taken.terms, role, beyond=invitation.terms)
        directory.lock(db)
        link_id = _link(context, db, invitation, (desk, taken), by)
        answered = replace(invitation, state=Answer.ACCEPTED, link_id=link_id, answered_org_id=desk.org_id)
        if not store.answer(db, replace(answered, answered_at=by.now, answered_by=by.actor)):
            raise Refused("this invitation was answered a moment ago", cure="ask the inviter for a new one")
        directory.bump(db)
    return link_id


def _link(context: Context, db: Db, invitation: Invitation, with_: tuple[Desk, Taken], by: By) -> str:
    """Write the new link and its life."""
    desk, taken = with_
    known = context.directory(db)
    theirs = known.desk(invitation.desk_id)
    upstream, downstream = (theirs, desk) if invitation.role is Role.UPSTREAM else (desk, theirs)
    _refuse_twin(known, upstream, downstream)
    said = {**invitation.terms, **taken.terms}
    said.setdefault("passes", _by_name(known, upstream, downstream))
    said |= {"test": True} if upstream.test else {}
    code = _code(invitation.link_code or f"{upstream.code}-{downstream.code}", store.codes(db), invitation)
    _judge(context, db, {"code": code, "upstream": upstream.code, "downstream": downstream.code, **said})
    link_id = context.new_id("lnk")
    ends = {"upstream": upstream, "downstream": downstream}
    store.make(
        db,
        {
            "id": link_id,
            "org_id": upstream.org_id,
            "code": code,
            **{f"{end}_desk_id": one.id for end, one in ends.items()},
            **{f"{end}_org_id": one.org_id for end, one in ends.items()},
            "state": LinkState.PENDING.value,
            "document": said,
        },
    )
    wishes = {invitation.org_id: invitation.activate, desk.org_id: taken.activate}
    ready = frozenset(org_id for org_id, wish in wishes.items() if wish)
    store.keep_life(
        db, Life(link_id=link_id, org_id=upstream.org_id, agreement=invitation.agreement, ready=ready)
    )
    tell(db, invitation, "accepted", by, before=Answer.PENDING, after=Answer.ACCEPTED, answered=desk.org_id)
    record(db, (link_id, upstream.org_id, downstream.org_id), "made", by, ("", LinkState.PENDING, ""))
    return link_id


def _refuse_twin(known: Directory, upstream: Desk, downstream: Desk) -> None:
    for link in known.links.values():
        same = (link.upstream_desk_id, link.downstream_desk_id) == (upstream.id, downstream.id)
        if same and link.state not in rules.OVER:
            raise Refused(
                f"these desks are linked already: {link.code}",
                why="a ticket would be offered twice to one desk",
                cure=f"end it first: interdesk link end {link.code}; or change it",
            )


def _by_name(known: Directory, upstream: Desk, downstream: Desk) -> dict[str, Any]:
    """By default an agent names the other organization in the desk's delegate field; a name that is taken stays free."""
    name = known.organization_name(downstream.org_id)
    taken = {
        link.passage.delegate_as.casefold()
        for link in known.links.values()
        if link.upstream_desk_id == upstream.id and link.state not in rules.OVER
    }
    return {} if name.casefold() in taken else {"delegate_as": name[:64]}


def _code(wanted: str, there: set[str], invitation: Invitation) -> str:
    """The link's code: the one that was asked for, or the first that is free."""
    if wanted not in there:
        return wanted
    if invitation.link_code:
        raise Refused(f"the code {wanted!r} is taken", cure="invite with another --code, or without one")
    return next(name for number in range(2, 10_000) if (name := f"{wanted[:57]}-{number}") not in there)


def _judge(context: Context, db: Db, document: Mapping[str, Any]) -> None:
    """The same rules as for a configuration file. Raises Unsupported where a desk cannot do it, else Invalid."""
    check("link", document)
    current = configuration.stored(db, OPERATOR, None).items
    item = Item(ref=Ref(kind=Kind.LINK, code=document["code"]), document=document, source="link")
    names = {one.document["connector"] for ref, one in current.items() if ref.kind is Kind.DESK}
    known = set(context.registry.names())
    world = World(
        current=current,
        wanted={item.ref: item},
        afterwards={**current, item.ref: item},
        connectors=known,
        manifests={name: context.registry.manifest(name) for name in sorted(names & known)},
    )
    found = problems(world)
    if not found:
        return
    if all(one.unsupported for one in found):
        raise Unsupported(
            "this link asks for what a desk cannot do",
            why="; ".join(map(str, found)),
            cure="leave it out of the terms, or link another desk",
        )
    raise Invalid("this link does not fit together", problems=tuple(map(str, found)))


def decline(context: Context, code: str, reason: str, by: By) -> Invitation:
    """Say no, once; the inviter reads why. Raises NotFound or Refused."""
    invitation = _found(context, code, by)
    if not reason.strip():
        raise Invalid("a refusal says why", cure="--reason …")
    rules.refuse_unless_open(invitation, org_id=_answering(invitation, by), now=by.now)
    return _closed(context, invitation, Answer.DECLINED, by, reason)


def take_back(context: Context, invitation_id: str, reason: str, by: By) -> Invitation:
    """Take one's own invitation back before it is answered. Raises NotFound or Refused."""
    with context.database.read(by.scope) as db:
        invitation = store.invitation(db, by.scope, invitation_id)
    if invitation is None:
        raise NotFound(f"there is no invitation {invitation_id}", cure="interdesk link list shows them")
    if invitation.state is not Answer.PENDING:
        raise Refused(f"this invitation is {invitation.state} already")
    return _closed(context, invitation, Answer.TAKEN_BACK, by, reason)


def _closed(context: Context, invitation: Invitation, state: Answer, by: By, reason: str) -> Invitation:
    answered = by.party if state is Answer.DECLINED else None
    after = replace(
        invitation,
        state=state,
        answered_at=by.now,
        answered_by=by.actor,
        answered_org_id=answered,
        reason=reason,
    )
    with context.database.write() as db:
        if not store.answer(db, after):
            raise Refused("this invitation was answered a moment ago")
        tell(db, invitation, state, by, before=Answer.PENDING, after=state, answered=answered, reason=reason)
    return after
