"""Where configuration files take secrets from: the environment, a file, or a person at the terminal; never themselves."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gateway.config import environment_secret
from gateway.errors import ConfigError

LONGEST = 65_536
SHORTEST_OF_OURS = 32
"""Characters of a secret that the operator makes up himself (hook tokens and signing secrets): threat T1."""

Ask = Callable[[str], str]
"""Asks a person for a secret without showing it: `getpass.getpass`."""


@dataclass(frozen=True, kw_only=True)
class Reference:
    """Where one secret is: `where` is `{env: NAME}`, `{file: PATH}` (from `folder`) or `{prompt: true}`."""

    what: str
    """Whose secret it is, as people are told: `desk north: credentials.secret`."""
    where: Mapping[str, object]
    folder: Path


@dataclass(frozen=True, kw_only=True)
class SecretSource:
    """Fetches secrets, each once, so that nobody is asked twice. Without `ask` there is nobody to ask."""

    ask: Ask | None = None
    _fetched: dict[str, str] = field(default_factory=dict, repr=False)

    def fetch(self, reference: Reference) -> str:
        """The secret. Raises ConfigError naming whose it was to be, and never what it is."""
        if reference.what not in self._fetched:
            self._fetched[reference.what] = self._read(reference)
        return self._fetched[reference.what]

    def _read(self, reference: Reference) -> str:
        where, what = reference.where, reference.what
        if "env" in where:
            return environment_secret(str(where["env"]))
        if "file" in where:
            return _from_file(reference.folder / str(where["file"]), what)
        if self.ask is None:
            raise ConfigError(
                f"{what} is to be asked for", why="nobody is at the terminal", cure="use env or file"
            )
        answer = self.ask(f"{what}: ")
        if not answer:
            raise ConfigError(f"{what} was left empty")
        return answer


def _from_file(path: Path, what: str) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(LONGEST + 1)
        text = raw.decode().removesuffix("\n").removesuffix("\r")
    except (OSError, ValueError) as error:
        raise ConfigError(f"{what} cannot be read from {path}", why=type(error).__name__) from error
    if not text or len(raw) > LONGEST:
        raise ConfigError(
            f"{what} cannot be read from {path}", why="it is empty" if not text else "it is too long"
        )
    return text


def refuse_weak(secret: str, *, what: str) -> str:
    """A secret of our own making, if it is long enough; raises ConfigError if it is not."""
    if len(secret) < SHORTEST_OF_OURS:
        raise ConfigError(
            f"{what} is shorter than {SHORTEST_OF_OURS} characters",
            cure="make one with: openssl rand -hex 32",
        )
    return secret
