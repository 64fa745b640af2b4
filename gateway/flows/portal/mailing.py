"""Mails to a party that works at a portal desk: what is new with a job, and links to act on it. Links are made when the
mail leaves, so that no row of ours ever holds one; each does one thing once, and ends after two weeks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from gateway import keys
from gateway.domain import portal
from gateway.domain.in_house import DeskTicket, Face, PartKind
from gateway.domain.letters import Letter
from gateway.domain.model import Contact, Desk, Field
from gateway.domain.model.change import replace
from gateway.domain.portal import Doing, state_of
from gateway.errors import NotFound
from gateway.flows.context import OPERATOR, Context
from gateway.store import alarms, in_house
from gateway.store import portal as store
from gateway.store.db import Db
from gateway.store.in_house import At
from gateway.store.portal import PortalLink
from gateway.words import Words

JOB = "job_"
"""Begins what a letter encloses where it is about a job."""
_SHOWN = (Field.PRIORITY, Field.SITE, Field.ASSET, Field.SERVICE, Field.DUE)


def readers(context: Context, db: Db, desk: Desk) -> Sequence[Contact]:
    """Who of the desk's organization reads mail: those of the first level that has any."""
    known = context.directory(db).contacts.get(desk.org_id, ())
    mailed = [one for one in known if one.channel == "email" and one.address]
    first = min((one.level for one in mailed), default=0)
    return [one for one in mailed if one.level == first]


def tell(context: Context, db: Db, about: tuple[Desk, DeskTicket], kind: str, *, now: datetime) -> None:
    """Write a letter to each reader; `kind` is `offer` or `news`. It gets its text when it leaves."""
    desk, job = about
    letters = [
        Letter(
            id=context.new_id("ltr"),
            org_id=job.org_id,
            ticket_id=job.id,
            warning_id="",
            message_id=f"<{job.id}.{job.revision}.{reader.id}@interdesk>",
            contact=reader.code,
            address=reader.address,
            subject=Words(reader.language)(f"portal.mail.{kind}", number=job.number, title=job.title)[:300],
            body="",
            created_at=now,
            next_at=now,
            enclosure=job.id,
        )
        for reader in readers(context, db, desk)
    ]
    alarms.keep(db, new=(), changed=(), letters=letters)


@dataclass(frozen=True, kw_only=True)
class Mailing:
    """`address` is where people's browsers find the doors."""

    context: Context
    address: str

    def filled(self, letter: Letter, now: datetime) -> Letter:
        """The letter with the job as it stands and fresh links. Raises NotFound where job or reader is gone."""
        with self.context.database.write() as db:
            job = in_house.get(db, OPERATOR, At(Face.PORTAL), letter.enclosure)
            known = self.context.directory(db).contacts.get(letter.org_id, ())
            reader = next((one for one in known if one.code == letter.contact), None)
            if job is None or reader is None:
                raise NotFound("the job or its reader is gone")
            words = Words(reader.language)
            lines = [*_about(db, job, words), *self._links(db, (job, reader), now)]
        return replace(letter, body="\n".join(lines) + "\n", enclosure="")

    def _links(self, db: Db, about: tuple[DeskTicket, Contact], now: datetime) -> list[str]:
        job, reader = about
        words, possible = Words(reader.language), portal.possible(job)
        if not possible:
            return [words("portal.mail.over")]
        lines = [words("portal.mail.links"), ""]
        for doing in possible:
            url = f"{self.address}/portal/{self._link(db, about, doing, now)}"
            lines += [f"{words(f'portal.do.{doing.value}')}:", f"  {url}"]
        ends = (now + portal.LINK_LASTS).astimezone(ZoneInfo(reader.zone))
        return [*lines, "", words("portal.mail.ends", at=f"{ends:%Y-%m-%d %H:%M} {reader.zone}")]

    def _link(self, db: Db, about: tuple[DeskTicket, Contact], doing: Doing, now: datetime) -> str:
        job, reader = about
        token = keys.new_link()
        link = PortalLink(
            id=self.context.new_id("plk"),
            org_id=job.org_id,
            job_id=job.id,
            doing=doing,
            person=reader.name,
            contact=reader.code,
            language=reader.language,
            created_at=now,
            expires_at=now + portal.LINK_LASTS,
        )
        store.put_link(db, link, sha256=keys.digest(token))
        return token


def _about(db: Db, job: DeskTicket, words: Words) -> list[str]:
    """The job: its number and title, what it says of itself, and what was last said."""
    lines = [f"{job.number} · {job.title}", words.term("portal.state", state_of(job).replace(" ", "_")), ""]
    lines += [
        f"{words(f'portal.field.{name.value}')}: {job.fields[name]}"
        for name in _SHOWN
        if job.fields.get(name)
    ]
    if job.fields.get(Field.DESCRIPTION):
        lines += ["", job.fields[Field.DESCRIPTION] or ""]
    said = [one for one in in_house.parts_of(db, OPERATOR, job) if one.kind is not PartKind.ENTRY]
    for part in said[-1:]:
        told = part.data.get("text") or part.data.get("filename") or ""
        lines += ["", f"{part.actor.name}: {told}"]
    return [*lines, ""]
