"""A desk that only lists what changed, to poll against: rows have times finer than they are shown, and rows change while a
backlog is read page by page."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any

from gateway.connector import Connector, Request, Response
from gateway.domain.model import Desk, Page


@dataclass(kw_only=True)
class Feed:
    """Tickets with the millisecond of their last change; `reported` and `changes` are what happened when."""

    now: int = 1_750_000_000_000
    rows: dict[int, int] = field(default_factory=dict)
    changes: list[tuple[int, int]] = field(default_factory=list)
    reported: list[tuple[int, int]] = field(default_factory=list)

    def change(self, ticket: int) -> None:
        """A ticket changes now."""
        self.rows[ticket] = self.now
        self.changes.append((ticket, self.now))

    def since(self, moment: int, *, newest_first: bool = False) -> list[tuple[int, int]]:
        """Tickets and times from `moment` on, in the order of their times."""
        found = [(at, ticket) for ticket, at in self.rows.items() if at >= moment]
        return [(ticket, at) for at, ticket in sorted(found, reverse=newest_first)]

    def lost(self, start: int) -> list[tuple[int, int]]:
        """Changes after the second of `start` that no later report followed."""
        return [
            (ticket, at)
            for ticket, at in self.changes
            if at // 1000 > start // 1000
            and not any(told == ticket and when >= at for told, when in self.reported)
        ]


Answer = Callable[[Feed, Request], Any]


@dataclass(kw_only=True)
class Watch:
    """Somebody who polls a feed through a connector."""

    connector: Connector
    desk: Desk
    feed: Feed
    answer: Answer
    cursor: str | None = None
    answered_at: int = 0

    def ask(self) -> Page:
        """One call of `changed`; every request takes 40 ms."""
        exchange = self.connector.changed(self.cursor, self.desk)
        try:
            request = next(exchange)
            while True:
                body = json.dumps(self.answer(self.feed, request)).encode()
                self.answered_at = self.feed.now
                self.feed.now += 40
                told = datetime.fromtimestamp(self.answered_at / 1000, UTC)
                request = exchange.send(Response(status=200, headers={}, body=body, received_at=told))
        except StopIteration as end:
            page: Page = end.value
            self.cursor = page.cursor
            return page

    def poll(self, between: Callable[[], None] = lambda: None) -> list[str]:
        """One poll, page by page; `between` pages something may happen. Returns the tickets it reported."""
        told: list[str] = []
        for _ in range(200):
            page = self.ask()
            told += [sighting.remote_id for sighting in page.sightings]
            self.feed.reported += [(int(sighting.remote_id), self.answered_at) for sighting in page.sightings]
            between()
            if not page.more:
                return told
        raise AssertionError("the backlog never ends")


def live(connector: Connector, desk: Desk, answer: Answer, seed: int) -> Feed:
    """Some minutes at that desk: bursts and pauses, a poll now and then (never twice within a second), at last three
    quiet ones. Asserts that no change was lost and that the last poll reported nothing."""
    random, feed = Random(seed), Feed()
    watch = Watch(connector=connector, desk=desk, feed=feed, answer=answer)
    tickets = list(range(1, 400))
    random.shuffle(tickets)

    def happen() -> None:
        """Somebody works while the backlog is read: a ticket of an earlier page moves to its end."""
        if random.random() < 0.7:
            feed.change(random.choice(list(feed.rows)[-20:]))

    for _ in range(12):
        feed.change(tickets.pop())
        feed.now += random.choice((0, 10, 900))
    start = feed.now
    watch.ask()
    for _ in range(12):
        feed.now += random.choice((1000, 2000, 60_000, 600_000))
        for _ in range(random.choice((0, 1, 3, 25))):
            feed.now += random.choice((0, 0, 20, 400, 400, 30_000))
            feed.change(tickets.pop())
        feed.now += random.choice((0, 0, 500))
        watch.poll(happen)
        happen()
    quiet = [""]
    for _ in range(3):
        feed.now += 1000
        quiet = watch.poll()
    assert not quiet, "reported again although nothing happened"
    feed.changes = [change for change in feed.changes if change[1] >= start]
    assert not feed.lost(start)
    return feed
