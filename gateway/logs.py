"""Logs: one structured line per thing that happened, for a terminal or as JSON, with every secret taken out."""

import logging
import sys
from typing import TextIO

import structlog
from structlog.types import EventDict, Processor, WrappedLogger

from gateway.config import LogFormat, LogLevel, Settings
from gateway.redaction import Redaction

QUIET = ("httpx", "httpcore", "uvicorn", "uvicorn.error", "alembic", "asyncio", "authlib")


def set_up(settings: Settings, redaction: Redaction, *, stream: TextIO | None = None) -> None:
    """Send the standard library's log (everybody's) through structlog to `stream` (standard error by default)."""
    stream = stream or sys.stderr
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_prepare(),
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            *_render(settings, redaction, stream),
        ],
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(_LEVELS[settings.log_level])
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[*_prepare(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


_LEVELS = {
    LogLevel.DEBUG: logging.DEBUG,
    LogLevel.INFO: logging.INFO,
    LogLevel.WARNING: logging.WARNING,
    LogLevel.ERROR: logging.ERROR,
}


def _prepare() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.UnicodeDecoder(),
    ]


def _render(settings: Settings, redaction: Redaction, stream: TextIO) -> list[Processor]:
    """Exceptions are put into words before the redaction sees the line, the line is written after it."""
    watched = settings.log_format is LogFormat.CONSOLE or (
        settings.log_format is LogFormat.AUTO and stream.isatty()
    )
    clean: list[Processor] = [structlog.processors.format_exc_info, redaction, _without_breaks]
    if watched:
        return [*clean, structlog.dev.ConsoleRenderer(colors=stream.isatty())]
    return [
        *clean,
        structlog.processors.EventRenamer("message"),
        structlog.processors.JSONRenderer(ensure_ascii=False),
    ]


def _without_breaks(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """A text from outside cannot begin a new log line (traces keep theirs)."""
    told = event.get("event")
    if isinstance(told, str):
        event["event"] = told.replace("\r", "\\r").replace("\n", "\\n")
    return event
