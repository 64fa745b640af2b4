"""Time entries of an issue. Redmine shows `spent_hours` on it only to who may see them; logging time does not count as a
change of the issue, so an entry is seen when the issue is read again."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, time
from zoneinfo import ZoneInfo

from connectors.redmine.names import Document
from connectors.redmine.reading import View, actor, issue_of, moment, named, snapshot, view_of
from gateway.connector import Effect, Exchange, Request, shaped
from gateway.domain.model import Desk, NativeWork, Snapshot
from gateway.errors import AnswerUnreadable


def fetch(remote_id: str, desk: Desk, since: str | None) -> Exchange[Snapshot]:
    """See Connector.fetch. Redmine has no paging within an issue: notes and files are always the whole list."""
    issue = yield from issue_of(remote_id)
    view = yield from named((yield from view_of(issue, desk)), issue, since)
    work = yield from of_issue(issue, view)
    return replace(snapshot(issue, view, since), work=work)


def of_issue(issue: Document, view: View) -> Exchange[Sequence[NativeWork]]:
    """What was logged on the issue, the newest hundred; no question is asked where there is nothing."""
    if not float(issue.get("spent_hours") or 0):
        return ()
    params = (("issue_id", str(issue["id"])), ("limit", "100"))
    response = yield Request(
        effect=Effect.READ, method="GET", path="time_entries.json", params=params, accept=(403, 404)
    )
    if response.status != 200:
        return ()
    document = response.json()
    with shaped(AnswerUnreadable, "a list of time entries"):
        rows = sorted(document["time_entries"], key=lambda row: int(row["id"]))
        here = [row for row in rows if (row.get("issue") or {}).get("id") == issue["id"]]
        return tuple(_work(row, view) for row in here)


def _work(row: Document, view: View) -> NativeWork:
    return NativeWork(
        remote_id=str(int(row["id"])),
        minutes=round(float(row["hours"]) * 60),
        at=_done_at(row, view),
        author=actor(row.get("user"), view),
        text=str(row["comments"] or ""),
        activity=str((row.get("activity") or {}).get("name") or ""),
    )


def _done_at(row: Document, view: View) -> datetime:
    """Redmine knows the day; the moment it was logged if that was the same day, else noon at the desk."""
    logged, zone = moment(row["created_on"]), ZoneInfo(view.desk.zone)
    day = datetime.fromisoformat(row["spent_on"]).date()
    return logged if logged.astimezone(zone).date() == day else datetime.combine(day, time(12), zone)
