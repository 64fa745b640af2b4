"""Moments of an event log: with an offset, or by the wall of a zone; what could be two moments, or none, is told."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.domain.importing.mapping import Times
from gateway.domain.importing.moments import EPOCH, Moments
from gateway.domain.importing.trouble import Unclear

ROME = Times(zone="Europe/Rome")
READ = {
    "an offset": (Times(), "2010-03-31T16:59:42.000+02:00", datetime(2010, 3, 31, 14, 59, 42, tzinfo=UTC)),
    "Zulu": (Times(), " 2010-03-31T16:59:42Z ", datetime(2010, 3, 31, 16, 59, 42, tzinfo=UTC)),
    "microseconds": (Times(), "1969-12-31T23:59:59.999999Z", EPOCH - timedelta(microseconds=1)),
    "an offset goes before the zone": (ROME, "2025-07-01T10:00:00Z", datetime(2025, 7, 1, 10, tzinfo=UTC)),
    "summer in Rome": (ROME, "2025-07-01 10:00:00", datetime(2025, 7, 1, 8, tzinfo=UTC)),
    "winter in Rome": (ROME, "2025-01-01 10:00:00", datetime(2025, 1, 1, 9, tzinfo=UTC)),
    "a pattern": (Times(format="%d/%m/%y %H:%M", zone="UTC"), "01/02/25 10:00", datetime(2025, 2, 1, 10, tzinfo=UTC)),
    "a pattern with an offset": (Times(format="%d.%m.%Y %H:%M %z"), "01.02.2025 10:00 +0100", datetime(2025, 2, 1, 9, tzinfo=UTC)),
    "the first of two": (Times(zone="Europe/Rome", doubled="first"), "2025-10-26T02:30:00", datetime(2025, 10, 26, 0, 30, tzinfo=UTC)),
    "the second of two": (Times(zone="Europe/Rome", doubled="second"), "2025-10-26T02:30:00", datetime(2025, 10, 26, 1, 30, tzinfo=UTC)),
}  # fmt: skip


@pytest.mark.parametrize(("times", "text", "at"), READ.values(), ids=READ.keys())
def test_a_moment_is_read_to_the_microsecond(times: Times, text: str, at: datetime) -> None:
    assert EPOCH + timedelta(microseconds=Moments(times).read(text)) == at


UNCLEAR = {
    "words": (Times(), "yesterday", "is no moment", "time.format"),
    "nothing": (Times(), "", "is no moment", "time.format"),
    "no offset and no zone": (Times(), "2025-01-01T10:00:00", "has no offset", "time.zone"),
    "doubled": (ROME, "2025-10-26T02:30:00", "was shown twice", "time.doubled"),
    "skipped": (ROME, "2025-03-30T02:30:00", "was never shown", "time.zone"),
    "skipped, whichever of two is meant": (
        Times(zone="Europe/Rome", doubled="first"), "2025-03-30T02:30:00", "was never shown", "time.zone",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("times", "text", "what", "cure"), UNCLEAR.values(), ids=UNCLEAR.keys())
def test_what_is_unclear_is_told(times: Times, text: str, what: str, cure: str) -> None:
    with pytest.raises(Unclear) as raised:
        Moments(times).read(text)
    assert what in raised.value.what
    assert cure in raised.value.cure
