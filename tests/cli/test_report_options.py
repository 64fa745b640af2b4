"""Where a report goes: a file is there whole or as it was before."""

import io
import os
import threading
from pathlib import Path

import pytest

from gateway import export
from gateway.cli.report_options import put
from gateway.errors import Invalid, Refused
from tests.domain.reports import sample


def failing(*given: object) -> None:
    """Writes half of a report."""
    stream = given[2]
    assert isinstance(stream, io.BufferedWriter)
    stream.write(b"half of it")
    raise Refused("too long", cure="ask for less")


def test_what_fails_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "report.html"
    file.write_text("last month's", encoding="utf-8")
    monkeypatch.setattr(export, "write", failing)
    with pytest.raises(Refused):
        put(sample.report(), "html", file)
    assert file.read_text(encoding="utf-8") == "last month's"
    assert list(tmp_path.iterdir()) == [file]


def test_what_fails_makes_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "write", failing)
    with pytest.raises(Refused):
        put(sample.report(), "html", tmp_path / "report.html")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", ["text", "html"])
def test_a_file_is_replaced_and_keeps_who_may_read_it(tmp_path: Path, form: str) -> None:
    file, link = tmp_path / "report", tmp_path / "newest"
    file.write_bytes(b"old")
    file.chmod(0o640)
    link.symlink_to(file)
    put(sample.report(), form, link)
    assert b"North Stores" in file.read_bytes()
    assert (file.stat().st_mode & 0o777, link.is_symlink()) == (0o640, True)
    assert sorted(tmp_path.iterdir()) == [link, file]


def test_a_pipe_is_written_as_it_is(tmp_path: Path) -> None:
    pipe, read = tmp_path / "pipe", list[bytes]()
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()), daemon=True)
    reader.start()
    put(sample.report(), "json", pipe)
    reader.join(timeout=10)
    assert read[0].startswith(b"{")


def test_where_no_file_can_be_one_is_told_so(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "none" / "report.html"):
        with pytest.raises(Invalid, match="cannot be written"):
            put(sample.report(), "html", place)
