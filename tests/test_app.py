"""The wiring: ids, folders, schemas, and a worker whose end is the end of its process."""

import asyncio
import signal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from gateway import app as wiring
from gateway.app import Life, new_id
from gateway.errors import ConfigError
from gateway.flows.worker import Worker
from gateway.store import alarms, migrate
from tests.api import house
from tests.api.house import ended, served
from tests.smtp import mail_server
from tests.test_mail import letter


def test_ids_grow_with_time_and_never_meet() -> None:
    ids = [new_id("tkt") for _ in range(20_000)]
    assert ids == sorted(ids)
    assert len(set(ids)) == len(ids)
    assert all(len(one) == 30 and one.startswith("tkt_") and one[4:].isalnum() for one in ids)


def test_an_id_cannot_be_guessed_from_the_one_before() -> None:
    pairs = [(new_id("x"), new_id("x")) for _ in range(200)]
    assert len({second[-12:] for _, second in pairs}) == 200  # sixty bits that no clock and no counter made


def test_two_processes_never_work_under_one_name() -> None:
    assert wiring.worker_id() != wiring.worker_id()


def test_an_sqlite_file_is_brought_up_to_date_by_serving(tmp_path: Path) -> None:
    gateway = wiring.open_gateway(house.settings(tmp_path))
    wiring.ready_schema(gateway)
    assert migrate.current(gateway.database) == migrate.head()
    gateway.close()


def test_an_sqlite_file_with_another_schema_is_left_alone_by_commands(tmp_path: Path) -> None:
    gateway = wiring.open_gateway(house.settings(tmp_path))
    wiring.prepare_schema(gateway)
    with gateway.database.write() as db:
        db.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for check in (wiring.prepare_schema, wiring.ready_schema):
        with pytest.raises(ConfigError, match="9999"):
            check(gateway)
    gateway.close()


def test_a_postgresql_without_our_schema_is_refused(fresh_postgres: str, tmp_path: Path) -> None:
    gateway = wiring.open_gateway(house.settings(tmp_path, database_url=fresh_postgres))
    with pytest.raises(ConfigError, match="interdesk migrate"):
        wiring.ready_schema(gateway)
    gateway.close()


def test_limits_and_networks_reach_the_wire(tmp_path: Path) -> None:
    settings = house.settings(tmp_path, desk_deadline=7, allowed_ports="443,8444", max_answer_bytes=5000)
    gateway = wiring.open_gateway(settings)
    client = gateway.desk_client()
    assert (client._limits.deadline, client._limits.body_bytes) == (7, 5000)
    asyncio.run(client.close())
    gateway.close()


def test_letters_leave_once_a_mail_server_is_named(tmp_path: Path) -> None:
    named = {"smtp_url": "smtp://localhost", "mail_from": "gateway@here.example"}
    for given, carried in (({}, False), (named, True)):
        gateway = wiring.open_gateway(house.settings(tmp_path, **given))
        assert (gateway.postman() is not None) is carried
        gateway.close()


def test_a_worker_carries_letters(tmp_path: Path) -> None:
    async def carried() -> list[str]:
        async with mail_server() as server:
            named = {"smtp_url": f"smtp://127.0.0.1:{server.port}", "mail_from": "gateway@here.example"}
            gateway = wiring.open_gateway(house.settings(tmp_path, **named))
            wiring.ready_schema(gateway)
            with gateway.database.write() as db:
                alarms.keep(db, new=[], changed=[], letters=[letter(next_at=wiring.utc_now())])
            async with gateway.desk_client() as client:
                stop = asyncio.Event()
                running = asyncio.create_task(gateway.worker(client).run(stop))
                await server.arrived.wait()
                stop.set()
                await running
            gateway.close()
            return [str(message["To"]) for message in server.taken]

    assert asyncio.run(asyncio.wait_for(carried(), 60)) == ["duty@vendor.example"]


def test_a_mail_server_without_a_sender_is_refused(tmp_path: Path) -> None:
    gateway = wiring.open_gateway(house.settings(tmp_path, smtp_url="smtp://localhost"))
    with pytest.raises(ConfigError, match="INTERDESK_MAIL_FROM"):
        gateway.postman()
    gateway.close()


def test_a_worker_that_fails_takes_its_process_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(_worker: Worker, _stop: asyncio.Event) -> None:
        raise RuntimeError("out of threads")

    monkeypatch.setattr(Worker, "run", fail)
    failures: list[BaseException] = []

    async def scene(gateway: Any) -> None:
        life = Life(failed=failures.append)
        app = wiring.web_app(gateway, with_worker=True, life=life)
        async with app.router.lifespan_context(app):
            await asyncio.sleep(0.05)

    with house.installed(tmp_path) as gateway:
        asyncio.run(scene(gateway))
    assert [str(failure) for failure in failures] == ["out of threads"]
    assert "the worker failed" in caplog.text


def test_a_worker_that_will_not_end_is_abandoned(caplog: pytest.LogCaptureFixture) -> None:
    async def scene() -> None:
        stubborn = asyncio.create_task(asyncio.sleep(3600))
        await wiring.finish(stubborn, within=0.05)
        assert stubborn.cancelled()

    asyncio.run(scene())
    assert "is abandoned" in caplog.text


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_and_worker_end_with_0_when_asked(tmp_path: Path, number: signal.Signals) -> None:
    with house.installed(tmp_path):
        pass
    with served(tmp_path) as (process, port):
        raw = b"GET /readyz HTTP/1.1\r\nhost: x\r\n\r\n"
        assert b'"ready"' in house.exchange(port, raw)
        process.send_signal(number)
        assert process.wait(20) == 0


@pytest.mark.slow
def test_a_port_that_is_taken_is_told_in_one_line(tmp_path: Path) -> None:
    with house.installed(tmp_path):
        pass
    with served(tmp_path) as (process, port):
        second = house.started(tmp_path, "serve", "--port", str(port))
        said = second.communicate(timeout=60)[1]
        assert second.returncode == 3
        assert said.startswith(
            f"IDK-1001: INTERDESK_HOST, INTERDESK_PORT: 127.0.0.1:{port} cannot be listened on"
        )
        assert ended(process) == 0


@pytest.mark.slow
def test_workers_share_a_postgresql_and_end_when_asked(tmp_path: Path, migrated_postgres: str) -> None:
    with house.installed(tmp_path, url=migrated_postgres):
        pass
    environment = {"INTERDESK_DATABASE_URL": migrated_postgres}
    with house.working(tmp_path, **environment) as first, house.working(tmp_path, **environment) as second:
        assert ended(first) == 0
        assert ended(second) == 0
