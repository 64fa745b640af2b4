"""The straightforward way to forward tickets durably: FastAPI and SQLModel, inbox and outbox rows in one transaction, a
poller every 50 ms that takes up to 50 rows, posts them with httpx and marks them done.

    python -m tests.bench.baseline_outbox DATABASE_URL DESKS_URL
"""

import asyncio
import hashlib
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager
from typing import Any

import httpx
import orjson
from fastapi import FastAPI
from sqlalchemy import JSON, Column, Engine
from sqlmodel import Field, Session, SQLModel, col, select

from tests.bench.baseline_ingest import TABLES, Genuine, engine_of, inbox_row, serve
from tests.bench.house import Served, Store, served

POLL = 0.05
TAKE = 50


class OutboxRow(SQLModel, table=True):
    """One ticket to be made at the next desk."""

    __tablename__ = "bench_outbox"
    id: int | None = Field(default=None, primary_key=True)
    state: str = Field(default="pending", index=True)
    url: str
    payload: dict[str, Any] = Field(sa_column=Column(JSON))
    remote_id: str | None = None


TABLES.append(SQLModel.metadata.tables["bench_outbox"])


def app_of(engine: Engine, desks: str) -> FastAPI:
    """The whole of it."""

    @asynccontextmanager
    async def polling(_app: FastAPI) -> AsyncIterator[None]:
        poller = asyncio.create_task(_poll(engine))
        yield
        poller.cancel()

    app = FastAPI(lifespan=polling)

    @app.post("/hooks/{desk}", status_code=202)
    def take(message: Genuine) -> dict[str, str]:
        ticket = orjson.loads(message.body)["ticket"]
        row = OutboxRow(
            url=f"{desks}/v{message.desk_id[1:]}/tickets", payload=_mapped(message.desk_id, ticket)
        )
        with Session(engine) as session:
            session.add(inbox_row(message))
            session.add(row)
            session.commit()
        return {"id": message.headers["webhook-id"]}

    return app


def _mapped(desk: str, ticket: dict[str, Any]) -> dict[str, Any]:
    fields = {name: ticket["fields"][name] for name in ("title", "description", "priority", "requester")}
    marker = hashlib.sha256(f"{desk}|{ticket['id']}".encode()).hexdigest()[:26]
    return {"fields": {**fields, "marker": marker}}


async def _poll(engine: Engine) -> None:
    async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
        while True:
            if not await _forwarded(engine, client):
                await asyncio.sleep(POLL)


async def _forwarded(engine: Engine, client: httpx.AsyncClient) -> int:
    with Session(engine) as session:
        query = (
            select(OutboxRow).where(col(OutboxRow.state) == "pending").order_by(col(OutboxRow.id)).limit(TAKE)
        )
        waiting = session.exec(query.with_for_update(skip_locked=True)).all()
        answers = await asyncio.gather(*(client.post(row.url, json=row.payload) for row in waiting))
        for row, answer in zip(waiting, answers, strict=True):
            row.state, row.remote_id = "done", answer.json()["ticket"]["id"]
            session.add(row)
        session.commit()
    return len(waiting)


def start(store: Store, url: str) -> AbstractContextManager[Served]:
    """Start it over a fresh database."""
    command = [sys.executable, "-m", "tests.bench.baseline_outbox", store.url, url]
    return served(store, command, environment={})


if __name__ == "__main__":
    serve(app_of(engine_of(sys.argv[1]), sys.argv[2]))
