"""Tables are read as people's spreadsheets write them; an error names file, row and column."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Invalid
from gateway.installation import csv_text
from gateway.installation.csv_text import ASSETS, COVERAGE, SITES, Table, rows


def read(text: str | bytes, table: Table = SITES) -> list[tuple[str, dict[str, object]]]:
    raw = text.encode() if isinstance(text, str) else text
    return list(rows(raw, table, source="sites.csv"))


PLAIN = [("sites.csv row 2", {"code": "MI-1", "name": "Duomo, Milano"})]


@pytest.mark.parametrize(
    "text",
    [
        'code,name\nMI-1,"Duomo, Milano"\n',
        "code;name\r\nMI-1;Duomo, Milano\r\n",
        '\ufeffcode,name\nMI-1,"Duomo, Milano"',
        'Code , NAME\n MI-1 ," Duomo, Milano "\n',
        "code;name;zone;group\nMI-1;Duomo, Milano;;\n",
        "code;name\nMI-1;Duomo, Milano\n;;;\n\n",
    ],
    ids=["commas", "semicolons", "byte order mark", "spaces and capitals", "empty cells", "empty rows"],
)
def test_the_same_row_in_many_hands(text: str) -> None:
    assert read(text) == PLAIN


def test_lists_and_numbers() -> None:
    assert read("code,contacts\nA,day  night\n")[0][1] == {"code": "A", "contacts": ["day", "night"]}
    assert read("link,rank\nx,2\n", COVERAGE)[0][1] == {"link": "x", "rank": 2}


def test_a_row_is_named_by_its_line_although_a_cell_has_two() -> None:
    found = read('code,address\nA,"Via 1\nMilano"\nB,x\n')

    assert [place for place, _ in found] == ["sites.csv row 3", "sites.csv row 4"]


@pytest.mark.parametrize(
    ("text", "table", "says"),
    [
        ("", SITES, "sites.csv: it is empty; begin with a line of columns: organization, code, name"),
        ("code,nmae\nA,b\n", SITES, "sites.csv row 1: there is no column 'nmae'; did you mean 'name'?"),
        ("code,code\nA,b\n", SITES, "sites.csv row 1: column 'code' stands there twice"),
        ("code,name\nA,b\nC,Duomo, Milano\n", SITES, "sites.csv row 3: it has 3 cells for 2 columns; put texts with commas in quotes"),
        ("link,rank\nx,1\ny,first\n", COVERAGE, "sites.csv row 3 column rank: 'first' is no number; write a whole number"),
        ("link,rank\nx,²\n", COVERAGE, "row 2 column rank: '²' is no number"),
        ('code,name\nA,"b\n', SITES, "sites.csv row 2: unexpected end of data"),
        (b"code,name\nA,b\nC,\xe0\n", SITES, "sites.csv row 3: it is not UTF-8; save it as CSV UTF-8"),
        (b"code\nA\nB\0\n", SITES, "sites.csv row 3: it holds a zero byte"),
        ("code\nA\n", ASSETS, ""),
    ],
    ids=["empty", "unknown column", "column twice", "cells too many", "no number", "odd number", "open quote", "latin", "zero", "fine"],
)  # fmt: skip
def test_what_is_refused_and_where(text: str | bytes, table: Table, says: str) -> None:
    if not says:
        assert read(text, table)
        return
    with pytest.raises(Invalid) as raised:
        read(text, table)
    assert says in str(raised.value)


def test_a_table_that_is_too_long_is_refused_before_it_is_read() -> None:
    with pytest.raises(Invalid, match="at most 200000 rows"):
        read(b"code\n" + b"\n" * csv_text.MAX_ROWS)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(text: bytes) -> None:
    try:
        found = read(text)
    except Invalid:
        return
    assert all(set(document) <= set(SITES.columns) for _place, document in found)
