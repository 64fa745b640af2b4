"""MEF 124 (LSO Sonata trouble tickets) as one more dialect: buyer's and seller's priority and severity side by side, `source` of
notes and files, its own words of severity and status, and statuses moved by commands alone."""

from collections.abc import Mapping
from typing import Any

from gateway.domain.api_desk import State
from gateway.domain.tmf621 import reading
from gateway.domain.tmf621.versions import V4, V4_PATH, Dialect

Document = Mapping[str, Any]
PATH = "/mefApi/sonata/troubleTicket/v4/troubleTicket"
SEVERITIES = {"critical": "extensive", "high": "significant", "medium": "moderate", "low": "minor"}
_STATUSES = {State.HELD.value: State.IN_PROGRESS.value, State.REJECTED.value: State.CANCELLED.value}
"""It has neither: what is held goes on for its buyer, what is rejected is over."""
REQUIRED = ("observedImpact", "priority", "relatedContactInformation", "relatedEntity")
SUMMARY = (
    *(
        "creationDate",
        "description",
        "expectedResolutionDate",
        "externalId",
        "id",
        "observedImpact",
        "priority",
    ),
    *(
        "relatedEntity",
        "resolutionDate",
        "sellerPriority",
        "sellerSeverity",
        "severity",
        "status",
        "ticketType",
    ),
)
"""What a list tells of each."""


def _to(document: Document) -> dict[str, Any]:
    told = V4.to(document)
    told["href"] = _here(told["href"])
    told["severity"] = _severity(told.get("severity"))
    told["sellerPriority"] = reading.PRIORITIES.get(str(told.get("priority", "")).casefold(), "medium")
    told["sellerSeverity"] = SEVERITIES[told["sellerPriority"]]
    told["status"] = _STATUSES.get(str(told.get("status")), told.get("status"))
    if "statusChange" in told:
        moves = [
            {**one, "status": _STATUSES.get(one["status"], one["status"])} for one in told["statusChange"]
        ]
        told["statusChange"] = moves
    if "attachment" in told:
        told["attachment"] = [_file(one) for one in told["attachment"]]
    return told


def _severity(word: Any) -> str:
    known = str(word or "").casefold()
    return known if known in SEVERITIES.values() else SEVERITIES[reading.PRIORITIES.get(known, "medium")]


def _here(url: Any) -> Any:
    return PATH + url.removeprefix(V4_PATH) if isinstance(url, str) and url.startswith(f"{V4_PATH}/") else url


def _file(one: Document) -> dict[str, Any]:
    told = {"attachmentId" if name == "id" else name: value for name, value in one.items()}
    return {**told, "url": _here(told["url"])} if "url" in told else told


def _of(document: Document) -> dict[str, Any]:
    told = V4.of(document)
    files = told.get("attachment")
    if isinstance(files, list):
        told["attachment"] = [_read(one) for one in files]
    return told


def _read(one: Any) -> Any:
    if not isinstance(one, dict):
        return one
    return {"id" if name == "attachmentId" else name: value for name, value in one.items()}


MEF = Dialect(
    name="mef",
    path=PATH,
    to=_to,
    of=_of,
    misspells=True,
    names=V4.names,
    required=REQUIRED,
    unmoved=frozenset({"status", "sellerPriority", "sellerSeverity", "statusChangeReason"}),
    mends=False,
)
