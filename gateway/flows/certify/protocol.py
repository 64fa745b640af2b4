"""The protocol of a certification: begun, gone on with, ended, signed with the key ring and checked against it."""

import json
from collections.abc import Iterator

from gateway.domain.certifying import (
    SITUATIONS,
    Side,
    Situation,
)
from gateway.domain.model import (
    Desk,
    LinkState,
)
from gateway.errors import ConfigError, Refused
from gateway.flows.certify.playing import FAILED, NOT_APPLICABLE, PASSED, Bench, Document, Run
from gateway.flows.context import Context
from gateway.flows.link_steps import By, record
from gateway.flows.links import link_named
from gateway.vault import Vault

PURPOSE = "certification"


def begun(context: Context, name: str, by: By) -> Document:
    """A new protocol of a link. Raises NotFound, or Refused for one over which nothing passes."""
    link = link_named(context, name, by)
    if link.state is not LinkState.ACTIVE:
        raise Refused(
            f"{link.code} is {link.state.value}: no ticket passes",
            cure="certify a link that is active; interdesk link activate says what is missing",
        )
    known = context.directory_now
    return {
        "protocol": "certification",
        "version": 1,
        "run": context.new_id("run")[-8:],
        "link": link.code,
        "upstream": _end(known.desk(link.upstream_desk_id)),
        "downstream": _end(known.desk(link.downstream_desk_id)),
        "begun_at": by.now.isoformat(),
        "ended_at": None,
        "by": by.actor,
        "situations": [],
    }


def _end(desk: Desk) -> Document:
    return {"desk": desk.code, "connector": desk.connector}


def left(document: Document) -> Iterator[tuple[int, Situation]]:
    """What is still to be played, in order, each with its number."""
    done = {one["name"] for one in document["situations"]}
    yield from ((number, one) for number, one in enumerate(SITUATIONS, start=1) if one.name not in done)


def run_of(bench: Bench, document: Document, by: By) -> Run:
    """A run that goes on with this protocol. Raises NotFound."""
    link = link_named(bench.context, document["link"], by)
    known = bench.context.directory_now
    desks = {
        Side.UPSTREAM: known.desk(link.upstream_desk_id),
        Side.DOWNSTREAM: known.desk(link.downstream_desk_id),
    }
    return Run(bench=bench, link=link, desks=desks, by=by, document=document)


def ended(context: Context, document: Document, by: By) -> Document:
    """The protocol, complete; a step of the link that both sides can list."""
    link = link_named(context, document["link"], by)
    counts = {
        verdict: sum(one["verdict"] == verdict for one in document["situations"])
        for verdict in (PASSED, FAILED, NOT_APPLICABLE)
    }
    told = ", ".join(f"{number} {verdict}" for verdict, number in counts.items())
    with context.database.write() as db:
        record(
            db,
            (link.id, link.upstream_org_id, link.downstream_org_id),
            "certified",
            by,
            (link.state, link.state, told),
        )
    return {**document, "ended_at": by.now.isoformat(), "counts": counts}


def signed(document: Document, vault: Vault) -> Document:
    """With our signature over everything else in it."""
    return {**document, "signature": vault.sign(_text(document), PURPOSE)}


def is_genuine(document: Document, vault: Vault) -> bool:
    """Whether it bears our signature and nothing was changed since; not if its key is not in the ring (any more)."""
    try:
        return vault.vouches(_text(document), str(document.get("signature", "")), PURPOSE)
    except ConfigError:
        return False


def _text(document: Document) -> str:
    bare = {name: value for name, value in document.items() if name != "signature"}
    return json.dumps(bare, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
