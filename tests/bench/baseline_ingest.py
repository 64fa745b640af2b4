"""The straightforward way to take webhooks durably: FastAPI and SQLModel, one transaction a request, the same signature.

python -m tests.bench.baseline_ingest DATABASE_URL          (says `listening on http://host:port`)
"""

import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated, Any

import uvicorn
from fastapi import Depends, FastAPI, HTTPException, Request
from sqlalchemy import Engine, event
from sqlmodel import Field, Session, SQLModel, create_engine

from connectors.loopback import CONNECTOR
from gateway.domain.model import Desk, Message
from gateway.errors import SignatureInvalid
from tests.bench.desks import secret_of
from tests.bench.house import Served, Store, served

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


class InboxRow(SQLModel, table=True):
    """A message as it came."""

    __tablename__ = "bench_inbox"
    id: int | None = Field(default=None, primary_key=True)
    desk: str
    hook_id: str = Field(unique=True)
    received_at: float
    body: bytes


def engine_of(url: str) -> Engine:
    """Every commit on disk, as in the gateway."""
    engine = create_engine(url, **({"connect_args": {"check_same_thread": False, "timeout": 30}} if "sqlite" in url else {}))  # fmt: skip
    if "sqlite" in url:

        @event.listens_for(engine, "connect")
        def _durable(connection: Any, _record: Any) -> None:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")

    SQLModel.metadata.create_all(engine, tables=list(TABLES))
    return engine


TABLES = [SQLModel.metadata.tables["bench_inbox"]]


async def verified(desk: str, request: Request) -> Message:
    """The message, if its signature is the desk's."""
    now = datetime.now(UTC)
    message = Message(
        id="",
        desk_id=desk,
        received_at=now,
        body=await request.body(),
        headers=dict(request.headers),
        query={},
    )
    known = Desk(
        id=desk, code=desk, org_id=desk, connector="loopback", hook_secrets=(secret_of(desk).encode(),)
    )
    try:
        CONNECTOR.verify(message, known, now=now)
    except SignatureInvalid as error:
        raise HTTPException(401) from error
    return message


Genuine = Annotated[Message, Depends(verified)]


def inbox_row(message: Message) -> InboxRow:
    """What is kept of a message."""
    return InboxRow(
        desk=message.desk_id,
        hook_id=message.desk_id + message.headers["webhook-id"],
        received_at=message.received_at.timestamp(),
        body=message.body,
    )


def app_of(engine: Engine) -> FastAPI:
    """The whole of it."""
    app = FastAPI()

    @app.post("/hooks/{desk}", status_code=202)
    def take(message: Genuine) -> dict[str, str]:
        with Session(engine) as session:
            session.add(inbox_row(message))
            session.commit()
        return {"id": message.headers["webhook-id"]}

    return app


@asynccontextmanager
async def _nothing(_app: FastAPI) -> AsyncIterator[None]:
    yield


def serve(app: FastAPI) -> None:
    """Like the gateway: uvicorn, uvloop, httptools, one process."""
    with socket.create_server(("127.0.0.1", 0), backlog=2048) as sock:
        print(f"listening on http://127.0.0.1:{sock.getsockname()[1]}", file=sys.stderr, flush=True)
        options: dict[str, Any] = {"access_log": False, "log_level": "warning", "timeout_keep_alive": 65}
        config = uvicorn.Config(app, http="httptools", loop="uvloop", **options)
        uvicorn.Server(config).run(sockets=[sock])


def start(store: Store) -> AbstractContextManager[Served]:
    """Start it over a fresh database."""
    command = [sys.executable, "-m", "tests.bench.baseline_ingest", store.url]
    return served(store, command, environment={})


if __name__ == "__main__":
    serve(app_of(engine_of(sys.argv[1])))
