"""Finds connectors by the entry-point group `interdesk.connectors`. Only this module loads them; no other names one."""

import inspect
import json
from collections.abc import Iterator, Mapping
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import cast

from gateway.connector import Connector
from gateway.domain.model import Manifest
from gateway.errors import ConfigError, Invalid
from gateway.schemas import check

GROUP = "interdesk.connectors"


class Registry:
    """The connectors of this installation, loaded when first asked for. `extra` adds connectors directly (tests)."""

    def __init__(self, *, extra: Mapping[str, Connector] | None = None) -> None:
        self._loaded: dict[str, Connector] = dict(extra or {})
        self._found = _entry_points(GROUP)
        twice = self._loaded.keys() & self._found.keys()
        if twice:
            raise ConfigError(
                f"two connectors are called {min(twice)!r}", cure="rename or remove one of them"
            )

    def names(self) -> tuple[str, ...]:
        """Every connector that can be asked for, loaded or not."""
        return tuple(sorted(self._loaded.keys() | self._found.keys()))

    def connector(self, name: str) -> Connector:
        """The connector of that name. Raises ConfigError if there is none, or if it cannot be loaded."""
        if name not in self._loaded:
            if name not in self._found:
                raise ConfigError(
                    f"there is no connector {name!r}", cure=f"known here: {', '.join(self.names()) or 'none'}"
                )
            self._loaded[name] = _load(name, self._found[name])
        return self._loaded[name]

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
