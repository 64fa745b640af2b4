"""Log lines: structured, without secrets, one line each whatever came from outside."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from gateway import logs
from gateway.config import LogFormat, LogLevel, Settings
from gateway.redaction import REDACTED, Redaction

SECRET = "quite-secret-token-0815"


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """Logging is the whole process's: put it back."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    levels = {name: logging.getLogger(name).level for name in logs.QUIET}
    yield
    root.handlers, root.level = handlers, level
    for name, known in levels.items():
        logging.getLogger(name).setLevel(known)
    structlog.reset_defaults()


def written(*, log_format: LogFormat = LogFormat.JSON, level: LogLevel = LogLevel.INFO) -> io.StringIO:
    """Set logging up; what is written."""
    stream, redaction = io.StringIO(), Redaction()
    redaction.remember([SECRET])
    logs.set_up(Settings(log_format=log_format, log_level=level), redaction, stream=stream)
    return stream


def line(stream: io.StringIO) -> dict[str, Any]:
    (found,) = stream.getvalue().splitlines()
    told: dict[str, Any] = json.loads(found)
    return told


def test_a_line_of_the_standard_library_is_structured() -> None:
    stream = written()
    logging.getLogger("gateway.x").info("carried %s to %s", "dlv_1", "south", extra={"ticket": "tkt_1"})
    told = line(stream)
    assert told["message"] == "carried dlv_1 to south"
    assert (told["level"], told["logger"], told["ticket"]) == ("info", "gateway.x", "tkt_1")
    assert told["timestamp"].endswith("Z")


def test_structlog_lines_look_the_same() -> None:
    stream = written()
    structlog.get_logger("gateway.y").warning("held", desk="south", api_key="abc")
    told = line(stream)
    assert (told["message"], told["desk"], told["api_key"]) == ("held", "south", REDACTED)


def test_no_secret_gets_through_not_even_in_a_trace() -> None:
    stream = written()
    try:
        raise ValueError(f"login with {SECRET} failed")
    except ValueError:
        logging.getLogger("gateway.x").exception(
            "sent %s to https://u:p4ssw0rd-long@host/hooks/north/%s", SECRET, "tok"
        )
    text = stream.getvalue()
    assert SECRET not in text
    assert "p4ssw0rd" not in text
    assert "hooks/north/tok" not in text
    assert "ValueError" in line(stream)["exception"]


def test_a_text_from_outside_begins_no_line_of_its_own() -> None:
    stream = written(log_format=LogFormat.CONSOLE)
    logging.getLogger("gateway.x").warning("the desk says: %s", "x\n2026 [critical] all is lost\r")
    assert len(stream.getvalue().splitlines()) == 1


@pytest.mark.parametrize("name", logs.QUIET)
def test_libraries_do_not_talk(name: str) -> None:
    stream = written(level=LogLevel.DEBUG)
    logging.getLogger(name).info("POST https://desk/secret")
    assert stream.getvalue() == ""


def test_the_level_is_obeyed() -> None:
    stream = written(level=LogLevel.WARNING)
    logging.getLogger("gateway.x").info("nothing")
    assert stream.getvalue() == ""


def test_without_a_terminal_lines_are_json() -> None:
    stream = written(log_format=LogFormat.AUTO)
    logging.getLogger("gateway.x").info("said")
    assert line(stream)["message"] == "said"
