"""Event logs as files: read row by row with the number of their line; what is no event log is refused."""

from pathlib import Path

import pytest

from gateway.errors import Invalid
from gateway.installation import event_log

WRITTEN = {
    "commas": (b"a,b\n1,2\n", [(2, ["1", "2"])]),
    "semicolons and a mark": ("\ufeffa;b\r\n1;2,5\r\n".encode(), [(2, ["1", "2,5"])]),
    "a line end in quotes": (b'a,b\n"1\n1",2\n3,4\n', [(3, ["1\n1", "2"]), (4, ["3", "4"])]),
    "empty lines": (b"a,b\n\n1,2\n\n", [(3, ["1", "2"])]),
    "no rows": (b"a,b\n", []),
}


@pytest.mark.parametrize(("text", "rows"), WRITTEN.values(), ids=WRITTEN.keys())
def test_rows_with_their_lines(tmp_path: Path, text: bytes, rows: list[tuple[int, list[str]]]) -> None:
    file = tmp_path / "log.csv"
    file.write_bytes(text)
    with event_log.opened(file) as log:
        assert list(log.header) == ["a", "b"]
        assert list(log) == rows
        assert log.done == log.size == len(text)


REFUSED = {
    "nothing": (b"", "is empty"),
    "no UTF-8": (b"a,b\n\xff,1\n", "is not UTF-8"),
    "no UTF-8 in the first line": (b"\xff\n1\n", "is not UTF-8"),
    "a quote that never closes": (b'a,b\n"1,2\n', "cannot be read"),
}


@pytest.mark.parametrize(("text", "what"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_event_log(tmp_path: Path, text: bytes, what: str) -> None:
    file = tmp_path / "log.csv"
    file.write_bytes(text)
    with pytest.raises(Invalid, match=what), event_log.opened(file) as log:
        list(log)


def test_a_zero_byte_or_no_file_is_told_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="cannot be read"):
        event_log.digest(tmp_path / "none.csv")
    (tmp_path / "log.csv").write_bytes(b"a\n\0")
    with pytest.raises(Invalid, match="zero byte"):
        event_log.digest(tmp_path / "log.csv")


def test_a_file_is_known_by_what_it_holds(tmp_path: Path) -> None:
    for name, text in (("one", b"a\n1\n"), ("two", b"a\n1\n"), ("three", b"a\n2\n")):
        (tmp_path / name).write_bytes(text)
    one, two, three = (event_log.digest(tmp_path / name) for name in ("one", "two", "three"))
    assert one == two != three
