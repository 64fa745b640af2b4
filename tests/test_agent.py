"""A desk that nobody can dial in to: its agent makes the requests, the gateway never sees its credentials, and what a break on
either way means is what it means on any wire."""

import asyncio
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from gateway import agent
from gateway.app import Gateway, utc_now
from gateway.client import Interdesk
from gateway.desk_auth import Credentials
from gateway.desk_client import GuardedTransport, NetworkPolicy, PushTerms, Verdict
from gateway.desk_client.agency import Errand
from gateway.desk_client.messenger import Messenger
from gateway.domain.model import AttachmentDraft, Command, CommandKind, Desk, DeskFacts, Visibility
from gateway.domain.outcome import Ground, OutcomeClass
from gateway.domain.permissions import Permission
from gateway.errors import DeskDenied, DeskUnavailable
from gateway.flows import agents, keys
from gateway.testing.loopback import PLAIN, LoopbackDesk
from gateway.testing.loopback.server import LoopbackServer
from tests.api import house
from tests.api.house import Doors

SECRET = house.SECRETS["SOUTH_TOKEN"]
SAID = house.CONFIGURATION.replace(
    """    base_url: %(south)s
    allow_private_network: true
    credentials: {kind: header, secret: {env: SOUTH_TOKEN}}
""",
    """    base_url: %(south)s
    agent: true
""",
)
CREATE = Command(id="dlv_1", kind=CommandKind.CREATE, marker="idk-1", fields={"title": "till is dead"})


@dataclass(kw_only=True)
class Stage:
    """A gateway with its doors open, a desk behind an agent, and a key of its owner's for the agent."""

    gateway: Gateway
    doors: Doors
    server: LoopbackServer
    key: str
    folder: Path

    @property
    def desk(self) -> Desk:
        with self.gateway.database.read() as db:
            every = self.gateway.context.directory(db).desks.values()
        return next(desk for desk in every if desk.code == "south")

    def push(self, command: Command = CREATE, *, seconds: float = 20) -> Verdict:
        desk, client = self.desk, self.gateway.desk_client()
        terms = PushTerms(deadline=timedelta(seconds=seconds))

        async def pushed() -> Verdict:
            async with client:
                exchange = self.gateway.context.connector(desk).push(command, desk)
                return await client.push(
                    exchange, desk=desk, credentials=self.gateway.credentials(desk), terms=terms
                )

        return asyncio.run(pushed())

    def check(self) -> DeskFacts:
        desk, client = self.desk, self.gateway.desk_client()

        async def asked() -> DeskFacts:
            async with client:
                exchange = self.gateway.context.connector(desk).check(desk)
                return await client.ask(exchange, desk=desk, credentials=self.gateway.credentials(desk))

        return asyncio.run(asked())

    def errands(self) -> int:
        with sqlite3.connect(self.folder / "data" / "interdesk.db") as db:
            return int(db.execute("SELECT count(*) FROM errand").fetchone()[0])

    @contextmanager
    def agent(
        self, *, token: str = SECRET, networks: tuple[str, ...] = ("127.0.0.0/8",)
    ) -> Iterator[list[str]]:
        """The agent, running; what it says."""
        said: list[str] = []
        origin = self.server.url.replace("localhost", "127.0.0.1")
        signed: Mapping[str, str] = {"Authorization": f"Bearer {token}"}
        with Interdesk(f"http://127.0.0.1:{self.doors.port}", self.key) as there:
            transport = GuardedTransport(policy=NetworkPolicy.of(networks))
            one = agent.Agent(
                gateway=there,
                messenger=Messenger(transport=transport),
                desks={"south": Credentials(origin=origin, headers=signed)},
                say=said.append,
            )
            loop, stop = asyncio.new_event_loop(), asyncio.Event()

            async def run() -> None:
                await one.run(stop)
                await transport.aclose()

            thread = threading.Thread(target=loop.run_until_complete, args=(run(),))
            thread.start()
            try:
                yield said
            finally:
                loop.call_soon_threadsafe(stop.set)
                thread.join(20)
                loop.close()


def _key(gateway: Gateway, code: str, *permissions: Permission) -> str:
    wanted = keys.Wanted(label="agent", organization=code, permissions=tuple(permissions))
    return keys.create(gateway.context, wanted, actor="test", now=utc_now())[1]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("agent")
    agent.WAIT = 0.2
    desk = LoopbackDesk(PLAIN, clock=utc_now, token=SECRET)
    with LoopbackServer(desk) as server, house.installed(folder, said=SAID, south=server.url) as gateway:
        key = _key(gateway, "south", Permission.AGENT)
        with Doors(gateway) as doors:
            yield Stage(gateway=gateway, doors=doors, server=server, key=key, folder=folder)


def test_it_signs_the_requests_and_the_gateway_never_sees_with_what(stage: Stage) -> None:
    with stage.agent():
        facts = stage.check()
        verdict = stage.push()

    assert facts.product.startswith("Interdesk loopback")
    assert verdict.outcome is OutcomeClass.APPLIED
    assert verdict.clock is not None
    assert stage.errands() == 0
    kept = b"".join(file.read_bytes() for file in (stage.folder / "data").rglob("*") if file.is_file())
    assert SECRET.encode() not in kept


def test_a_file_arrives_byte_by_byte(stage: Stage) -> None:
    data = bytes(range(256)) * 2000
    blob = stage.gateway.blobs.put([data], limit=10_000_000)
    draft = AttachmentDraft(filename="a.bin", media_type="x/y", blob=blob, visibility=Visibility.PUBLIC)
    with stage.agent():
        made = stage.push(Command(id="dlv_7", kind=CommandKind.CREATE, marker="idk-7", fields={"title": "x"}))
        assert made.receipt is not None
        attach = Command(
            id="dlv_8",
            kind=CommandKind.ATTACH,
            marker="idk-8",
            remote_id=made.receipt.remote_id,
            attachment=draft,
        )
        assert stage.push(attach).outcome is OutcomeClass.APPLIED
    with stage.server.acting() as desk:
        [file] = desk.ticket(made.receipt.remote_id)["attachments"]
    assert file["sha256"] == blob.sha256


def test_where_no_agent_comes_nothing_has_left(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agents, "BEGIN_WITHIN", timedelta(seconds=0.1))

    verdict = stage.push()

    assert (verdict.outcome, verdict.reason) == (OutcomeClass.NOT_APPLIED, Ground.UNREACHABLE)
    assert "no agent of this desk came" in verdict.message
    with pytest.raises(DeskUnavailable, match="no agent"):
        stage.check()
    assert stage.errands() == 0


def test_what_was_taken_and_not_brought_back_is_in_doubt(stage: Stage) -> None:
    with Interdesk(f"http://127.0.0.1:{stage.doors.port}", stage.key) as thief:
        taken: list[object] = []

        def take() -> None:
            while not taken:
                taken.extend(thief.errands(["south"], wait=1))

        thread = threading.Thread(target=take)
        thread.start()
        verdict = stage.push(seconds=1.5)
        thread.join(20)

    assert len(taken) == 1
    assert verdict.outcome is OutcomeClass.AMBIGUOUS


def test_given_up_before_it_was_taken_it_is_not_made_any_more(stage: Stage) -> None:
    before = stage.errands()
    verdict = stage.push(seconds=0.3)

    assert verdict.outcome is OutcomeClass.NOT_APPLIED
    assert stage.errands() == before


def test_a_desk_that_is_down_behind_its_agent_is_down(stage: Stage) -> None:
    stage.server.stop()
    try:
        with stage.agent() as said:
            verdict = stage.push()
    finally:
        stage.server.start()

    assert (verdict.outcome, verdict.reason) == (OutcomeClass.NOT_APPLIED, Ground.UNREACHABLE)
    assert "the agent tells: cannot connect" in verdict.message
    assert any("cannot connect" in line for line in said)


def test_an_agent_goes_only_where_its_owner_lets_it(stage: Stage) -> None:
    with stage.agent(networks=("10.0.0.0/8",)):
        verdict = stage.push()
    assert verdict.outcome is OutcomeClass.NOT_APPLIED
    assert "is refused" in verdict.message


def test_credentials_that_the_desk_refuses_are_told_as_such(stage: Stage) -> None:
    with stage.agent(token="wrong"), pytest.raises(DeskDenied):
        stage.check()


def test_what_fails_unforeseen_is_told(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(*_: object) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(Messenger, "carry", fails)
    with stage.agent() as said:
        verdict = stage.push(seconds=1.5)
    assert verdict.outcome is OutcomeClass.AMBIGUOUS
    assert said == ["a request failed: RuntimeError: the disk is full"]


def test_credentials_go_to_no_other_address() -> None:
    errand = Errand(desk_id="south", method="GET", url="https://elsewhere.example/x")
    own = Credentials(origin="https://desk.example:443", headers={"Authorization": "secret"})

    brought = asyncio.run(Messenger(transport=GuardedTransport()).carry(errand, own))

    assert (brought.status, brought.connected, brought.write_started) == (None, False, False)
    assert "another address" in brought.detail


def test_an_agent_is_known_by_its_key(stage: Stage) -> None:
    def take(key: str, code: str = "south") -> tuple[int, str]:
        answer = stage.doors.send(
            "POST",
            "/v1/agent/errands/take",
            body=b'{"desks": ["%s"]}' % code.encode(),
            headers={"authorization": f"Bearer {key}", "content-type": "application/json"},
        )
        return answer.status, answer.body.decode()

    other = _key(stage.gateway, "north")
    assert take(stage.key) == (200, '{"errands":[]}')
    assert take(other)[0] == 404
    assert take(other, "north")[0] == 409
    assert take(stage.key, "nowhere")[0] == 404
    assert take(_key(stage.gateway, "south", Permission.TICKETS_WRITE))[0] == 403


@pytest.mark.parametrize(
    ("header", "status"),
    [("?", 422), ("e30=", 200), ("W10=", 422), ("eyJzdGF0dXMiOiA3fQ==", 422)],
    ids=["no base64", "an exchange that broke", "a list", "no status"],
)
def test_an_answer_to_nothing_changes_nothing(stage: Stage, header: str, status: int) -> None:
    answer = stage.doors.send(
        "POST",
        "/v1/agent/errands/ern_nothing/answer",
        body=b"x",
        headers={
            "authorization": f"Bearer {stage.key}",
            "interdesk-answer": header,
            "content-type": "application/octet-stream",
        },
    )
    assert answer.status == status
    if status == 200:
        assert answer.document == {"kept": False}


def test_errands_that_nobody_waits_for_go_away(stage: Stage) -> None:
    before, clock = stage.errands(), utc_now() - timedelta(hours=1)
    agency = agents.Agency(context=stage.gateway.context, now=lambda: clock)
    agency.post(Errand(desk_id=stage.desk.id, method="GET", url="http://x/"))
    assert stage.errands() == before + 1
    with stage.agent():
        stage.check()
    assert stage.errands() == before
