"""For how long what people wrote is kept, as each organization says, and where. Events, outcomes, the audit and published reports have no
age: the figures rest on them, and they name nobody."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from gateway.domain.documents import length

SHORTEST: Mapping[str, timedelta] = {
    "content": timedelta(days=31),
    "attachments": timedelta(days=31),
    "raw": timedelta(days=31),
}
"""What has an age, and the least it may be. `content`: texts of tickets since they ended; `attachments`: their files; `raw`:
messages as they came in, what came of tries, and to whom letters went with which words. A message is known again for thirty days, so that none counts twice."""


def ages(document: Mapping[str, Any]) -> dict[str, timedelta]:
    """Of an organization's document: kind → age."""
    return {kind: length(text) for kind, text in document.get("retention", {}).items()}


def problems(document: Mapping[str, Any], region: str) -> Iterator[str]:
    """What of an organization's wishes cannot be kept. `region`: where this installation keeps its data, empty where nobody said."""
    for kind, age in ages(document).items():
        if age < SHORTEST[kind]:
            yield f"retention.{kind} is less than {SHORTEST[kind].days}d"
    wanted = document.get("region", "")
    if wanted and wanted != region:
        here = f"keeps its data in {region}" if region else "says of no region (INTERDESK_REGION)"
        yield f"its data must lie in {wanted}, and this installation {here}"
