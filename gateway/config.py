"""Settings: the only reader of the environment. Each is INTERDESK_<NAME>; deploy/env.example describes them."""

import difflib
import ipaddress
import os
import re
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, field_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from gateway.errors import ConfigError

PREFIX = "INTERDESK_"
_DRIVERS = {"postgres": "postgresql+psycopg", "postgresql": "postgresql+psycopg"}


class LogFormat(StrEnum):
    """How a log line looks: for a terminal, or one JSON object a line. `auto` asks whether somebody watches."""

    AUTO = "auto"
    CONSOLE = "console"
    JSON = "json"


class LogLevel(StrEnum):
    """From which level on lines are written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


def _listed(value: object) -> object:
    return [part for part in value.replace(",", " ").split() if part] if isinstance(value, str) else value


class Settings(BaseSettings):
    """What an operator may set. Sizes are bytes, lengths of time seconds."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, frozen=True, extra="forbid")

    data_dir: Path = Path("interdesk-data")
    database_url: SecretStr | None = None
    database_pool: int = Field(default=10, ge=1, le=200)
    blob_dir: Path | None = None
    region: str = Field(default="", pattern=r"^[a-z0-9-]{0,40}$")
    keys: SecretStr | None = None
    key_file: Path | None = None

    url: str | None = None
    key: SecretStr | None = None

    identity_file: Path | None = None

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    public_url: str | None = Field(default=None, pattern=r"^https?://[^\s?#]+$")
    trusted_proxies: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed)] = ()
    worker: bool | None = None
    stop_within: float = Field(default=25, gt=0, le=600)

    allowed_networks: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed)] = ()
    allowed_ports: Annotated[tuple[int, ...], NoDecode, BeforeValidator(_listed)] = (443, 8443)
    connectors: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed)] = ()
    desk_deadline: float = Field(default=60, ge=1, le=600)

    rate_per_minute: int = Field(default=3_000, ge=0, le=1_000_000)
    max_hook_bytes: int = Field(default=1_000_000, ge=1_000, le=100_000_000)
    max_attachment_bytes: int = Field(default=100_000_000, ge=1_000, le=10_000_000_000)
    max_answer_bytes: int = Field(default=20_000_000, ge=1_000, le=1_000_000_000)

    smtp_url: SecretStr | None = None
    mail_from: str = Field(default="", max_length=320)
    admin_mail: str = Field(default="", max_length=320)

    log_format: LogFormat = LogFormat.AUTO
    log_level: LogLevel = LogLevel.WARNING

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return None
        scheme, _, rest = value.get_secret_value().partition("://")
        scheme = _DRIVERS.get(scheme, scheme)
        if scheme not in {"sqlite", "postgresql+psycopg"}:
            raise ValueError("write sqlite:///path/to/file.db or postgresql://user:password@host/name")
        return SecretStr(f"{scheme}://{rest}")

    @field_validator("allowed_networks", "trusted_proxies")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(str(ipaddress.ip_network(text)) for text in value)

    @field_validator("connectors")
    @classmethod
    def _pinned(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(re.fullmatch(r"[a-z][a-z0-9_]*=[0-9a-f]{64}", text) for text in value):
            raise ValueError("write name=SHA-256 in 64 lower-case hex digits")
        return value

    @property
    def pins(self) -> dict[str, str]:
        """Connectors of other packages that may run here: name → SHA-256 of their code."""
        return dict(text.split("=", 1) for text in self.connectors)

    @property
    def database(self) -> str:
        """The address of the database; without a setting a SQLite file in the data folder."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.data_dir / 'interdesk.db'}"

    @property
    def database_file(self) -> Path | None:
        """The file of the embedded database; None for a server, or for one in memory."""
        scheme, _, name = self.database.partition(":///")
        name = name.partition("?")[0]
        if scheme != "sqlite" or name in ("", ":memory:") or name.startswith("file:"):
            return None
        return Path(name)

    @property
    def address(self) -> str:
        """Where people's browsers find the doors, without a slash at its end."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def blobs(self) -> Path:
        """The folder of attachments."""
        return self.blob_dir or self.data_dir / "blobs"

    @property
    def anchors(self) -> Path:
        """The folder of the audit's signed heads."""
        return self.data_dir / "anchors"

    @property
    def erasures(self) -> Path:
        """The folder of sealed orders to forget somebody: a backup that is older knows the person again."""
        return self.data_dir / "erasures"

    @property
    def worker_in_serve(self) -> bool:
        """Whether `interdesk serve` also works the queues: unless set, yes on SQLite, no on PostgreSQL."""
        return self.database.startswith("sqlite") if self.worker is None else self.worker


def load(**given: Any) -> Settings:
    """Settings from the environment; `given` (the command line) wins. Raises ConfigError naming each bad setting."""
    _refuse_misspelt(os.environ)
    try:
        return Settings(**given)
    except ValidationError as error:
        problems = [_problem(detail) for detail in error.errors(include_url=False, include_context=False)]
        raise ConfigError("; ".join(problems), cure="deploy/env.example describes every setting") from None


def _problem(detail: ErrorDetails) -> str:
    """Names the setting and what is wrong; never shows its value, which may be a secret."""
    name = f"{PREFIX}{str(detail['loc'][0]).upper()}" if detail["loc"] else "settings"
    return f"{name}: {detail['msg'].removeprefix('Value error, ')}"


def _refuse_misspelt(environment: Mapping[str, str]) -> None:
    """A setting nobody reads is a wish nobody hears. Other variables may share the prefix (secrets of desks do)."""
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    for name in environment:
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.9) if name.startswith(PREFIX) else []
        if near and name not in known:
            raise ConfigError(f"{name} is no setting", cure=f"did you mean {near[0]}?")


def environment_secret(name: str) -> str:
    """A desk's secret that a configuration file takes from the environment. Raises ConfigError if it is not there."""
    value = os.environ.get(name, "")
    if not value:
        raise ConfigError(f"the environment variable {name} is not set", cure=f"export {name}=…")
    return value
