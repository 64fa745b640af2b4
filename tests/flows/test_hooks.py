"""Group commit: who is stored together, what a failing disk does, and that nobody hears yes too early."""

import asyncio
import threading
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from gateway.domain.model import Message
from gateway.flows.hooks import Arrival, GroupCommit, NotStored, Terms

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def message(number: int) -> Message:
    return Message(id=f"msg_{number}", desk_id="dsk_1", received_at=NOW, body=b"{}")


class Disk:
    """A store that takes batches when it is let, and remembers them."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.free = threading.Event()
        self.free.set()
        self.broken: Exception | None = None

    def store(self, arrivals: Sequence[Arrival]) -> None:
        assert self.free.wait(10)
        if self.broken is not None:
            raise self.broken
        self.batches.append([message.id for message, _ in arrivals])


@pytest.fixture
def disk() -> Disk:
    return Disk()


def group(disk: Disk, committed: list[int] | None = None, **terms: float) -> GroupCommit:
    told = committed if committed is not None else []
    return GroupCommit(disk.store, committed=told.append, terms=Terms(**terms))  # type: ignore[arg-type]


async def accepted(inbox: GroupCommit, *numbers: int) -> list[BaseException | None]:
    tasks = [inbox.accept(message(number), "org_1") for number in numbers]
    return list(await asyncio.gather(*tasks, return_exceptions=True))


def test_what_comes_together_is_stored_together(disk: Disk) -> None:
    committed: list[int] = []

    async def scene() -> None:
        inbox = group(disk, committed)
        assert await accepted(inbox, *range(40)) == [None] * 40
        await inbox.close()

    asyncio.run(scene())
    assert disk.batches == [[f"msg_{number}" for number in range(40)]]
    assert committed == [40]


def test_what_comes_while_a_commit_is_under_way_is_the_next_batch(disk: Disk) -> None:
    async def scene() -> None:
        inbox = group(disk)
        disk.free.clear()
        first = asyncio.create_task(inbox.accept(message(1), "org_1"))
        await asyncio.sleep(0.05)
        others = [asyncio.create_task(inbox.accept(message(number), "org_1")) for number in (2, 3)]
        await asyncio.sleep(0.05)
        assert not first.done()
        disk.free.set()
        await asyncio.gather(first, *others)
        await inbox.close()

    asyncio.run(scene())
    assert disk.batches == [["msg_1"], ["msg_2", "msg_3"]]


def test_nobody_hears_yes_before_the_commit(disk: Disk) -> None:
    async def scene() -> None:
        inbox = group(disk)
        disk.free.clear()
        waiting = asyncio.create_task(inbox.accept(message(1), "org_1"))
        done, _ = await asyncio.wait({waiting}, timeout=0.1)
        assert not done
        assert disk.batches == []
        disk.free.set()
        await waiting
        await inbox.close()

    asyncio.run(scene())


def test_a_batch_has_its_limit(disk: Disk) -> None:
    async def scene() -> None:
        inbox = group(disk, most=10)
        await accepted(inbox, *range(25))
        await inbox.close()

    asyncio.run(scene())
    assert [len(batch) for batch in disk.batches] == [10, 10, 5]


def test_a_failing_commit_refuses_all_of_its_batch_and_the_next_one_is_stored(
    disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    async def scene() -> None:
        inbox = group(disk)
        disk.broken = OSError("No space left on device")
        refused = await accepted(inbox, 1, 2, 3)
        assert [type(answer) for answer in refused] == [NotStored] * 3
        disk.broken = None
        assert await accepted(inbox, 4) == [None]
        await inbox.close()

    asyncio.run(scene())
    assert disk.batches == [["msg_4"]]
    assert "3 messages could not be stored" in caplog.text


def test_a_full_queue_refuses_and_forgets_nobody_that_it_took(disk: Disk) -> None:
    async def scene() -> None:
        inbox = group(disk, queue=5)
        disk.free.clear()
        first = asyncio.create_task(inbox.accept(message(0), "org_1"))
        await asyncio.sleep(0.05)  # on its way to the disk; it counts no more
        queued = [asyncio.create_task(inbox.accept(message(number), "org_1")) for number in range(1, 6)]
        await asyncio.sleep(0)
        with pytest.raises(NotStored, match="too many"):
            await inbox.accept(message(6), "org_1")
        disk.free.set()
        await asyncio.gather(first, *queued)
        await inbox.close()

    asyncio.run(scene())
    assert sorted(name for batch in disk.batches for name in batch) == [
        f"msg_{number}" for number in range(6)
    ]


def test_a_sender_that_hangs_up_harms_nobody_in_its_batch(disk: Disk) -> None:
    async def scene() -> None:
        inbox = group(disk)
        disk.free.clear()
        tasks = [asyncio.create_task(inbox.accept(message(number), "org_1")) for number in (1, 2)]
        await asyncio.sleep(0.05)
        tasks[0].cancel()
        disk.free.set()
        await tasks[1]
        assert tasks[0].cancelled()
        await inbox.close()

    asyncio.run(scene())
    assert disk.batches == [["msg_1", "msg_2"]]


def test_closing_waits_for_what_was_taken(disk: Disk) -> None:
    async def scene() -> None:
        inbox = group(disk)
        disk.free.clear()
        waiting = asyncio.create_task(inbox.accept(message(1), "org_1"))
        await asyncio.sleep(0.05)
        closing = asyncio.create_task(inbox.close())
        await asyncio.sleep(0.05)
        assert not closing.done()
        disk.free.set()
        await closing
        await waiting

    asyncio.run(scene())
    assert disk.batches == [["msg_1"]]
