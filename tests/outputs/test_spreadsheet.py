"""Files for spreadsheets: what people wrote stays words, dates and numbers stay what they are."""

import tracemalloc
from collections.abc import Iterator
from datetime import UTC, date, datetime
from io import BytesIO
from tempfile import TemporaryFile
from zipfile import ZipFile

import pytest
from python_calamine import CalamineWorkbook

from qpvmap.outputs.spreadsheet import (
    BOM,
    LINES_AT_ONCE,
    Column,
    Link,
    Row,
    Table,
    csv_parts,
    harmless,
    write_xlsx,
)

NOW = datetime(2026, 11, 25, 8, 30, tzinfo=UTC)
FORMULAS = ["=1+1", "+33 6", "-2", "@SUM(A1)", "\t=1", "  =1", "\u00a0@x", "\r=1", "\n=1"]


def csv_text(titles: list[str], rows: list[Row]) -> str:
    return "".join(csv_parts(Table("T", [Column(title) for title in titles], rows)))


def xlsx_of(columns: list[Column], rows: list[Row]) -> bytes:
    into = BytesIO()
    write_xlsx([Table("Signalements", columns, rows)], into, NOW)
    return into.getvalue()


@pytest.mark.parametrize("text", FORMULAS)
def test_a_text_when_it_would_be_computed_is_made_harmless(text: str) -> None:
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "Un trou", "a=b", "12 rue des Lilas", "’=’"])
def test_a_text_when_it_would_not_is_left_alone(text: str) -> None:
    assert harmless(text) == text


def test_a_csv_when_read_by_a_french_program_then_its_cells_are_told_apart() -> None:
    text = csv_text(["référence", "x", "n"], [["BL;1", -2.3, 3], ['dit "oui"', None, 0]])
    assert text == (f'{BOM}référence;x;n\r\n"BL;1";-2,3;3\r\n"dit ""oui""";;0\r\n')


def test_a_csv_says_instants_in_local_time_and_links_in_words() -> None:
    row = [NOW, date(2026, 12, 1), Link("=BL-1", "https://x.example/BL-1")]
    assert csv_text(["a"], [row]).splitlines()[1] == "2026-11-25 09:30;2026-12-01;'=BL-1"


def test_a_csv_when_it_is_long_then_it_leaves_in_parts_and_nothing_is_lost() -> None:
    rows: list[Row] = [[number] for number in range(2 * LINES_AT_ONCE + 1)]
    parts = list(csv_parts(Table("T", [Column("n")], rows)))
    assert len(parts) == 3
    assert "".join(parts).split() == [f"{BOM}n", *(str(row[0]) for row in rows)]


def test_a_workbook_holds_dates_numbers_words_and_links() -> None:
    columns = [Column("référence", 16), Column("le"), Column("n"), Column("x"), Column("rien")]
    link = Link("BL-1", "https://site.example/signalements/BL-1")
    made = xlsx_of(
        columns, [[link, NOW, 3, 48.781, None], ["BL-2", date(2026, 12, 1), 0, -2.5, ""]]
    )
    sheet = CalamineWorkbook.from_filelike(BytesIO(made)).get_sheet_by_name("Signalements")
    assert sheet.to_python() == [
        ["référence", "le", "n", "x", "rien"],
        ["BL-1", datetime(2026, 11, 25, 9, 30), 3.0, 48.781, ""],  # noqa: DTZ001  # a sheet has no zone
        ["BL-2", date(2026, 12, 1), 0.0, -2.5, ""],
    ]
    with ZipFile(BytesIO(made)) as parts:
        inside = parts.read("xl/worksheets/sheet1.xml").decode()
        links = parts.read("xl/worksheets/_rels/sheet1.xml.rels").decode()
    assert 'Target="https://site.example/signalements/BL-1"' in links
    assert '<autoFilter ref="A1:E3"/>' in inside
    assert '<pane xSplit="1" ySplit="1"' in inside
    assert 'state="frozen"' in inside
    assert '<col min="1" max="1" width="16.' in inside


@pytest.mark.parametrize("text", [*FORMULAS, "{=1}", "https://x.example", "mailto:a@b.c", "0123"])
def test_a_workbook_when_a_text_looks_like_something_else_then_it_is_words(text: str) -> None:
    made = xlsx_of([Column("texte")], [[text]])
    with ZipFile(BytesIO(made)) as parts:
        inside = parts.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in inside
    assert "<hyperlink" not in inside
    rows = CalamineWorkbook.from_filelike(BytesIO(made)).get_sheet_by_index(0).to_python()
    assert str(rows[1][0]).replace("\r", "\n") in {text, text.replace("\r", "\n"), text.strip()}


def test_a_workbook_when_it_is_empty_then_it_has_its_header() -> None:
    rows = CalamineWorkbook.from_filelike(BytesIO(xlsx_of([Column("a"), Column("b")], [])))
    assert rows.get_sheet_by_index(0).to_python() == [["a", "b"]]


def test_a_workbook_when_it_is_long_then_its_rows_are_not_held() -> None:
    def rows(how_many: int) -> Iterator[Row]:
        return (["x" * 500, number, NOW] for number in range(how_many))

    most = []
    for how_many in (200, 4_000):
        tracemalloc.start()
        with TemporaryFile() as into:
            columns = [Column("a"), Column("b"), Column("c")]
            write_xlsx([Table("T", columns, rows(how_many))], into, NOW)
        most.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert most[1] - most[0] < 500_000  # the words alone are 2 MB
