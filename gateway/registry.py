"""Finds connectors by the entry-point group `interdesk.connectors`. Only this module loads them; no other names one."""

import importlib.util
import inspect
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import cast

from gateway.connector import Connector
from gateway.domain.model import Manifest
from gateway.errors import ConfigError, Invalid
from gateway.schemas import check

GROUP = "interdesk.connectors"
OWN = "interdesk"
"""The distribution whose connectors are ours."""


class Registry:
    """The connectors of this installation, loaded when first asked for. One of another package only if `pins` has its name and
    the SHA-256 of its code (T20). `extra` adds connectors directly (tests)."""

    def __init__(
        self, pins: Mapping[str, str] | None = None, *, extra: Mapping[str, Connector] | None = None
    ) -> None:
        self._pins = dict(pins or {})
        self._loaded: dict[str, Connector] = dict(extra or {})
        self._found = _entry_points(GROUP)
        twice = self._loaded.keys() & self._found.keys()
        if twice:
            raise ConfigError(
                f"two connectors are called {min(twice)!r}", cure="rename or remove one of them"
            )

    def names(self) -> tuple[str, ...]:
        """Every connector that can be asked for, loaded or not."""
        usable = {name for name, point in self._found.items() if _is_own(point) or name in self._pins}
        return tuple(sorted(self._loaded.keys() | usable))

    def installed(self) -> frozenset[str]:
        """Every connector that is here, also one that no pin lets run."""
        return frozenset(self._loaded.keys() | self._found.keys())

    def connector(self, name: str) -> Connector:
        """The connector of that name. Raises ConfigError if there is none, or if it cannot be loaded."""
        if name not in self._loaded:
            if name not in self._found:
                raise ConfigError(
                    f"there is no connector {name!r}", cure=f"known here: {', '.join(self.names()) or 'none'}"
                )
            self._refuse_unpinned(name, self._found[name])
            if not _is_own(self._found[name]):
                _believe_no_compiled_file()
            self._loaded[name] = _load(name, self._found[name])
        return self._loaded[name]

    def _refuse_unpinned(self, name: str, point: EntryPoint) -> None:
        """Before anything of it is imported."""
        if _is_own(point):
            return
        digest = digest_of(point)
        if name not in self._pins:
            raise ConfigError(
                f"connector {name!r} of {_package(point)} is not enabled here",
                why="code of other packages runs only if the operator names it",
                cure=f"if you trust it, INTERDESK_CONNECTORS={name}={digest}",
            )
        if self._pins[name] != digest:
            raise ConfigError(
                f"connector {name!r} is not the code that INTERDESK_CONNECTORS names",
                why=f"what is installed has the SHA-256 {digest}",
                cure=f"find out who changed it; to enable this one, {name}={digest}",
            )

    def manifest(self, name: str) -> Manifest:
        """What that connector declares. Raises ConfigError like `connector`."""
        return self.connector(name).manifest

    def __iter__(self) -> Iterator[Connector]:
        """Every connector, loaded."""
        return (self.connector(name) for name in self.names())


def _entry_points(group: str) -> dict[str, EntryPoint]:
    found: dict[str, EntryPoint] = {}
    for point in entry_points(group=group):
        known = found.setdefault(point.name, point)
        if known.value != point.value:
            raise ConfigError(
                f"two packages bring a connector called {point.name!r}",
                why=f"{_package(known)} and {_package(point)}",
                cure="uninstall one of them",
            )
    return found


def _is_own(point: EntryPoint) -> bool:
    return point.dist is not None and point.dist.name == OWN


def digest_of(point: EntryPoint) -> str:
    """SHA-256 in hex over all files of a connector's package, by name; what Python compiles by itself is left out. Imports nothing.
    Raises ConfigError where there is no such package."""
    top = point.module.partition(".")[0]
    found = importlib.util.find_spec(top)
    places = [Path(place) for place in found.submodule_search_locations or ()] if found else []
    single = Path(found.origin) if found and not places and found.origin else None
    if not places and single is None:
        raise ConfigError(
            f"the code of {_package(point)} is not there", cure="install it again, or remove it"
        )
    told = sha256()
    for name, path in sorted(_files(places, single)):
        content = path.read_bytes()
        told.update(f"{len(name)}:{name}:{len(content)}:".encode() + content)
    return told.hexdigest()


def _files(places: Sequence[Path], single: Path | None) -> Iterator[tuple[str, Path]]:
    if single is not None:
        yield single.name, single
    for place in places:
        for path in place.rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path.relative_to(place).as_posix(), path


def _believe_no_compiled_file() -> None:
    """From now on this process compiles what it imports. Python runs a file in `__pycache__` unseen where it says that it fits its
    source or need not be compared, so a pin over the sources would let other code run."""
    sys.pycache_prefix = os.devnull  # no file can lie there, and none is written


def _package(point: EntryPoint) -> str:
    return f"{point.dist.name if point.dist else 'an unknown package'} ({point.value})"


def _load(name: str, point: EntryPoint) -> Connector:
    try:
        connector = cast("Connector", point.load())
        manifest = connector.manifest
    except Exception as error:
        raise ConfigError(
            f"connector {name!r} cannot be loaded",
            why=f"{type(error).__name__}: {error}",
            cure=f"see {point.value}",
        ) from error
    _judge(name, manifest, folder_of(connector))
    return connector


def folder_of(connector: Connector) -> Path:
    """The folder of a connector's code, where its manifest, README and fixtures stand."""
    return Path(inspect.getfile(type(connector))).parent


def _judge(name: str, manifest: Manifest, folder: Path) -> None:
    try:
        check("manifest", json.loads((folder / "manifest.json").read_text(encoding="utf-8")))
    except (Invalid, OSError, ValueError) as error:
        raise ConfigError(f"the manifest of connector {name!r} is not usable", why=str(error)) from error
    if manifest.name != name:
        raise ConfigError(
            f"connector {name!r} calls itself {manifest.name!r}",
            cure="give the entry point the manifest's name",
        )
