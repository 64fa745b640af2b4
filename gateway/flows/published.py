"""Reports that were published, as far as a change of an agreement reaches back over what they counted (R33)."""

from datetime import date
from typing import Any

from gateway.domain.reports.period import period_from
from gateway.flows.agreements import Known
from gateway.flows.context import OPERATOR, Context
from gateway.store import publications

MOST_REPORTS = 500


def since(context: Context, one: Known, first: date) -> list[str]:
    """The last versions of published reports that counted a day under the agreement from then on: `compliance acme 2026-10
    (version 2)`."""
    newest: dict[Any, publications.Listed] = {}
    with context.database.read() as db:
        organizations = context.directory(db).organizations
        consumer = next(
            (each.id for each in organizations.values() if each.code == one.document.get("consumer")), ""
        )
        below = (
            organizations[name].code
            for name in organizations
            if consumer in context.directory_now.line_of(name)
        )
        sides = {one.document["organization"], *below}
        for subject in sorted(sides):
            for each in publications.listed(db, OPERATOR, subject=subject, limit=MOST_REPORTS):
                newest.setdefault(each.line, each)
    return [
        f"{each.line.kind} {each.line.subject} {each.line.period} (version {each.version})"
        for each in sorted(newest.values(), key=lambda each: (each.line.period, each.line.subject))
        if period_from(each.line.period).last >= first
    ]
