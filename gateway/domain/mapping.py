"""Between a desk's own words and the canonical ones, by its profile. An unknown word is never guessed."""

import re
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from gateway.domain.model import Desk, Field, HopStatus, Priority, StatusRow

CARRIED = tuple(str(field) for field in (Field.PRIORITY, Field.SITE, Field.ASSET, Field.SERVICE, Field.DUE))
"""Fields whose canonical value a hop keeps as a fact and a link may carry."""


FREE = tuple(str(field) for field in (Field.TAGS, Field.REQUESTER, Field.CATEGORY, Field.PARTS))
"""Fields in the words of whoever filled them: they pass as they stand, where a link names them. So does `custom.<name>`."""


def is_free(field: str) -> bool:
    """Whether a field's value has no canonical words of its own."""
    return field in FREE or field.startswith("custom.")


def among(fields: frozenset[str], field: str) -> bool:
    """Whether a list of fields (what may cross, what can be written) has this one; `custom.*` stands for every custom one."""
    return field in fields or (field.startswith("custom.") and "custom.*" in fields)


def same(field: str, one: str | None, other: str | None) -> bool:
    """Whether two free values say the same: several in one text may stand in any order."""
    return one == other or (is_free(field) and _parts(one) == _parts(other))


def _parts(text: str | None) -> list[str]:
    return sorted(part.strip() for part in (text or "").split(",") if part.strip())


class UnknownWord(Exception):
    """The profile has no meaning for a native value: hold it and tell, never send it as text."""


def status_of(desk: Desk, native: str) -> StatusRow | None:
    """What a native status means; None when the profile does not say."""
    wanted = native.casefold()
    return next((row for row in desk.profile.statuses if row.native.casefold() == wanted), None)


def native_status(desk: Desk, status: HopStatus) -> str | None:
    """The word to write for a status; hand-over words fall back on the nearest work status the desk has."""
    for candidate in (status, *_NEAREST.get(status, ())):
        if candidate in desk.profile.write_statuses:
            return desk.profile.write_statuses[candidate]
    return None


_END = (HopStatus.REJECTED, HopStatus.CANCELLED, HopStatus.CLOSED)
_NEAREST = {
    HopStatus.DECLINED: _END,
    HopStatus.RETURNED: _END,
    HopStatus.WITHDRAWN: (HopStatus.CANCELLED, HopStatus.REJECTED, HopStatus.CLOSED),
    HopStatus.EXPIRED: (HopStatus.CANCELLED, HopStatus.REJECTED, HopStatus.CLOSED),
    HopStatus.CANCELLED: (HopStatus.REJECTED, HopStatus.CLOSED),
    HopStatus.REJECTED: (HopStatus.CANCELLED, HopStatus.CLOSED),
    HopStatus.ACCEPTED: (HopStatus.ACKNOWLEDGED, HopStatus.IN_PROGRESS),
    HopStatus.OFFERED: (HopStatus.ACKNOWLEDGED,),
}


def canonical(desk: Desk, owner_sites: frozenset[str], field: str, native: str) -> str:
    """The canonical value of a carried field. `owner_sites`: the site codes (or asset codes) that exist for this
    ticket's consumer. Raises UnknownWord."""
    match field:
        case Field.PRIORITY:
            wanted = native.casefold()
            for word, priority in desk.profile.priorities.items():
                if word.casefold() == wanted:
                    return priority.value
            raise UnknownWord(native)
        case Field.SITE | Field.ASSET:
            table = desk.profile.sites if field == Field.SITE else desk.profile.assets
            code = table.get(native, native)
            if code not in owner_sites:
                raise UnknownWord(native)
            return code
        case Field.DUE:
            return _moment(desk, native).isoformat()
        case _:
            return native


def native(desk: Desk, field: str, value: str) -> str | None:
    """The word to write at a desk for a canonical value; None when the desk has no word for it or cannot take it."""
    if not among(desk.capabilities.writable, field):
        return None
    match field:
        case Field.PRIORITY:
            return desk.profile.write_priorities.get(Priority(value))
        case Field.SITE | Field.ASSET:
            table = desk.profile.sites if field == Field.SITE else desk.profile.assets
            return next((theirs for theirs, ours in table.items() if ours == value), value)
        case Field.DUE:
            return _due(desk, value)
        case _:
            return value


def is_exact(desk: Desk, field: str, value: str) -> bool:
    """Whether the desk's own field shows all of a canonical value."""
    word = native(desk, field, value)
    if field != Field.DUE or desk.capabilities.due != "date":
        return word is not None
    return word is not None and _moment(desk, word) == datetime.fromisoformat(value)


def _moment(desk: Desk, text: str) -> datetime:
    """A due date in a desk's own writing as a moment in UTC. A day means its last second at the desk; a time without
    an offset is the desk's. Raises UnknownWord."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise UnknownWord(text) from error
    if _DAY.fullmatch(text):
        at = datetime.combine(at, time(23, 59, 59))
    return (at if at.tzinfo else at.replace(tzinfo=ZoneInfo(desk.zone))).astimezone(UTC)


_DAY = re.compile(r"\d{4}-?\d\d-?\d\d")


def _due(desk: Desk, value: str) -> str | None:
    """A desk that keeps only dates gets the earlier day (R20), its own; one that keeps none gets nothing here."""
    match desk.capabilities.due:
        case "datetime":
            return value
        case "date":
            return datetime.fromisoformat(value).astimezone(ZoneInfo(desk.zone)).date().isoformat()
        case _:
            return None
