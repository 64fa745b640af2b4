"""CSV that any program reads and no spreadsheet runs: quoted texts, bare numbers, every table, equal bytes."""

import csv
import io
import zipfile
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import export
from gateway.errors import NotFound
from gateway.export import Format, Manner, tables
from tests.domain.reports import sample

EXCEL_IT = Manner.for_excel("it")


def written(manner: Manner | None = None) -> bytes:
    stream = io.BytesIO()
    export.write(sample.report(), Format.CSV, stream, manner)
    return stream.getvalue()


def rows(text: bytes, delimiter: str = ",") -> list[list[str]]:
    return list(
        csv.reader(io.StringIO(text.decode("utf-8-sig"), newline=""), delimiter=delimiter, strict=True)
    )


def test_one_table_is_one_file_by_its_keys() -> None:
    found = rows(written(Manner(table="targets")))
    assert found[0][:3] == ["target", "priority", "met"]
    assert found[1] == ["resolution", "all", "1999", "1", "4", "2", "0.9995", "0.999", "true"]
    assert found[4] == ["temporary restoration", "critical", "0", "0", "0", "0", "", "0.9", ""]


def test_lengths_are_seconds_moments_have_their_offset_and_totals_come_last() -> None:
    found = rows(written(Manner(table="breaches")))
    assert found[1][3:6] == ["2026-10-25T01:30:00+02:00", "2026-10-25T02:30:00+02:00", "3600.000001"]
    assert found[2][3:5] == ["2026-10-25T02:30:00+02:00", "2026-10-25T03:30:00+01:00"], "the clocks go back"
    assert found[-1][:1] == ["All"]
    assert found[-1][5] == "129600.000008"


def test_without_a_name_all_tables_come_with_parameters_and_a_list_of_columns() -> None:
    with zipfile.ZipFile(io.BytesIO(written())) as archive:
        names = archive.namelist()
        parameters = rows(archive.read("parameters.csv"))
        columns = rows(archive.read("columns.csv"))
    every = [table.id for section in sample.report().sections for table in section.tables]
    assert names == ["parameters.csv", "columns.csv", *(f"{name}.csv" for name in every)]
    assert ["zone", "Europe/Rome"] in parameters
    assert ["breaches", "Breaches and whose they are", "over", "Over", "length", "seconds"] in columns


def test_equal_reports_are_equal_bytes() -> None:
    assert written() == written()


def test_a_spreadsheet_of_a_decimal_comma_gets_its_numbers() -> None:
    text = written(Manner.for_excel("it", table="credits"))
    assert text.startswith(b"\xef\xbb\xbf")
    assert rows(text, ";")[1] == ["5 % of the fee for each point missed", "2026-01-01", "1250,00", "800,00"]
    assert rows(text, ";")[2][-1] == "-12,50", "a negative number is a number"
    assert Manner.for_excel("en").delimiter == ","


@pytest.mark.parametrize("manner", [Manner(table="words"), Manner.for_excel("it", table="words")])
def test_t12_no_cell_of_a_strangers_words_is_a_formula(manner: Manner) -> None:
    found = rows(written(manner), manner.delimiter)[1:]
    assert len(found) == len(sample.HOSTILE)
    for cells, words in zip(found, sample.HOSTILE, strict=True):
        assert cells[0][0] not in "=+-@\t\r\n\0＝＋－＠"
        assert cells[0].lstrip("'") == words.replace("\0", "").lstrip("'")


@given(st.text())
def test_a_text_in_quotes_never_ends_before_its_end(words: str) -> None:
    for delimiter in ",;":
        line = tables.quoted(words) + delimiter + "7\r\n"
        if "\r" in words or "\n" in words:
            continue  # the reader folds lone line ends
        ((text, seven),) = csv.reader(io.StringIO(line, newline=""), delimiter=delimiter, strict=True)
        assert seven == "7"
        assert text in (words.replace("\0", ""), "'" + words.replace("\0", ""))


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        (Fraction(1, 3), "0.333333333333"),
        (Fraction(10**15 - 1, 10**15), "0.999999999999"),
        (Fraction(1), "1"),
        (Fraction(-1, 3), "-0.333333333334"),
        (timedelta(days=10_000, microseconds=1), "864000000.000001"),
        (Decimal("1E+3"), "1000"),
        (0, "0"),
        (-5, "-5"),
    ],
)
def test_numbers_are_plain_and_a_share_is_never_rounded_up(
    cell: int | Fraction | timedelta | Decimal, told: str
) -> None:
    assert tables.number(cell) == told


def test_a_table_that_is_not_there_is_suggested() -> None:
    with pytest.raises(NotFound, match="the report has no table 'target' · did you mean 'targets'"):
        written(Manner(table="target"))
