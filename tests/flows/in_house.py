"""A desk in the hub itself, reached as the wire reaches it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import cast

from gateway.blobs import BlobStore
from gateway.desk_client import Asked
from gateway.domain.model import Blob
from gateway.flows.in_house.door import DeskDoor
from gateway.flows.in_house.front import Front
from gateway.testing.loopback.desk import LoopbackDesk
from gateway.testing.loopback.faults import Answer
from gateway.testing.loopback.wire import MemoryWire
from tests.flows.scenes.stage import Stage


@dataclass(frozen=True)
class Shelf:
    """The hub's files, as such a desk asks for them."""

    files: dict[str, bytes]

    def has(self, key: str) -> bool:
        return key in self.files

    def chunks(self, blob: Blob) -> Iterator[bytes]:
        yield self.files[blob.sha256]


@dataclass(frozen=True)
class AsDesk:
    """The door in the place of a loopback desk."""

    desk_id: str
    door: DeskDoor
    said: list[Answer] = field(default_factory=list)

    def handle(
        self, method: str, path: str, *, query: Mapping[str, str], headers: object, body: bytes
    ) -> Answer:
        told = self.door(Asked(desk_id=self.desk_id, method=method, path=path, query=query, body=body))
        whole = told.body if isinstance(told.body, bytes) else b"".join(told.body)
        self.said.append(Answer(told.status, {"content-type": "application/json"}, whole))
        return self.said[-1]


class InHouseStage(Stage):
    """A stage on which some desk is in the hub."""

    as_desk: AsDesk

    def move_in(self, desk_id: str, front: Front) -> None:
        """That desk is reached behind this face from now on."""
        hub, shelf = self.hub, cast("BlobStore", Shelf(self.hub.blobs))
        door = DeskDoor(context=hub.context, blobs=shelf, now=hub.own_clock, front=front)
        self.as_desk = AsDesk(desk_id, door)
        desk = cast("LoopbackDesk", self.as_desk)
        hub.wires[desk_id] = MemoryWire(desk=desk, now=hub.own_clock, blobs=hub.blobs)
