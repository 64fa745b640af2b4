"""Between a desk's own words and the canonical ones, by its profile. An unknown word is never guessed."""

from datetime import datetime

from gateway.domain.model import Desk, Field, HopStatus, Priority, StatusRow

CARRIED = tuple(str(field) for field in (Field.PRIORITY, Field.SITE, Field.ASSET, Field.SERVICE, Field.DUE))
"""Fields whose canonical value a hop keeps as a fact and a link may carry."""


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


_NEAREST = {
    HopStatus.WITHDRAWN: (HopStatus.CANCELLED, HopStatus.REJECTED, HopStatus.CLOSED),
    HopStatus.EXPIRED: (HopStatus.CANCELLED, HopStatus.REJECTED, HopStatus.CLOSED),
    HopStatus.CANCELLED: (HopStatus.REJECTED, HopStatus.CLOSED),
    HopStatus.ACCEPTED: (HopStatus.ACKNOWLEDGED,),
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
        case _:
            return native


def native(desk: Desk, field: str, value: str) -> str | None:
    """The word to write at a desk for a canonical value; None when the desk has no word for it or cannot take it."""
    if field not in desk.capabilities.writable:
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


def _due(desk: Desk, value: str) -> str | None:
    """A desk that keeps only dates gets the earlier day (R20); one that keeps none gets nothing here."""
    match desk.capabilities.due:
        case "datetime":
            return value
        case "date":
            return datetime.fromisoformat(value).date().isoformat()
        case _:
            return None
