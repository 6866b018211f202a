"""The spreadsheets that planners keep, in every state: what is read, refused, left out, summed."""

import io
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
import xlsxwriter
from odfdo import Document, Table

from qpvmap.core.insertion import Clause
from qpvmap.core.workbooks import MOST_BYTES
from qpvmap.importers.insertion import Places, parse_clauses
from qpvmap.importers.report import FileRefused

PLACES = Places({"92007": "92007", "bagneux": "92007", "sceaux": "92071"}, ["QN09219N"])
HEADER = [
    "Année",
    "Commune",
    "Maître d’ouvrage",
    "Opération ou chantier",
    "QPV",
    "Heures prévues",
    "Heures réalisées",
    "Contrats",
    "Personnes",
    "dont habitants du quartier",
]
ROW = [2024, "Bagneux", "Ville de Bagneux", "Pierre Plate", "oui", 20000, 15870.5, 12, 9, 7]
CLAUSE = Clause(
    2024, "92007", "Ville de Bagneux", "Pierre Plate", "QN09219N", 20000, 15870.5, 12, 9, 7
)


def xlsx(write: Callable[[Any, Any], None]) -> bytes:
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        write(book, book.add_worksheet())
    return content.getvalue()


def rows_xlsx(*rows: list[Any]) -> bytes:
    def write(_book: Any, sheet: Any) -> None:
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)

    return xlsx(write)


def csv_bytes(*rows: list[Any], encoding: str = "utf-8") -> bytes:
    return "\r\n".join(";".join(map(str, row)) for row in rows).encode(encoding)


def ods(*rows: list[Any]) -> bytes:
    document = Document("spreadsheet")
    document.body.clear()
    table = Table("Suivi")
    for y, row in enumerate(rows):
        for x, value in enumerate(row):
            table.set_value((x, y), value)
    document.body.append(table)
    content = io.BytesIO()
    document.save(content)
    return content.getvalue()


def corner_xlsx() -> bytes:
    """Return a workbook of some kilobytes with a cell at the far corner of its sheet."""

    def write(_book: Any, sheet: Any) -> None:
        sheet.write_row(0, 0, HEADER)
        sheet.write(1_048_575, 16_383, "loin")

    return xlsx(write)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("suivi.xlsx", rows_xlsx(HEADER, ROW)),
        ("suivi.ods", ods(HEADER, ROW)),
        ("suivi.csv", csv_bytes(HEADER, ROW)),
        ("SUIVI.CSV", csv_bytes([h.replace("’", "'") for h in HEADER], ROW, encoding="cp1252")),
    ],
)
def test_same_table_in_each_format_gives_the_same_clause(name: str, content: bytes) -> None:
    found = parse_clauses(name, content, PLACES)
    assert found.clauses == [CLAUSE]
    assert not found.refused


def test_merged_headers_titles_and_empty_rows_are_no_obstacle() -> None:
    def write(book: Any, sheet: Any) -> None:
        bold = book.add_format({"bold": True})
        sheet.merge_range(0, 0, 0, 9, "Suivi des clauses d’insertion, tous chantiers", bold)
        for column, name in enumerate(["Exercice", "Ville", "Acheteur", "Chantier", "Quartier"]):
            sheet.merge_range(3, column, 4, column, name, bold)
        sheet.merge_range(3, 5, 3, 6, "Heures", bold)
        sheet.write_row(4, 5, ["prévues", "réalisées"])
        sheet.write(3, 7, "Contrats")
        sheet.merge_range(3, 8, 3, 9, "Personnes", bold)
        sheet.write_row(4, 8, ["total", "dont QPV"])
        sheet.write_row(1005, 0, ROW)
        sheet.write_row(1006, 0, ["Total", "", "", "", "", 20000, 15870.5, 12, 9, 7])

    found = parse_clauses("suivi.xlsx", xlsx(write), PLACES)
    assert found.clauses == [CLAUSE]
    assert any("ligne de total" in note.replace("\u00a0", " ") for note in found.notes)


def test_formulas_count_by_their_result_and_dates_by_their_year() -> None:
    def write(book: Any, sheet: Any) -> None:
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        sheet.write_row(0, 0, HEADER)
        sheet.write_row(1, 0, ROW)
        sheet.write_datetime(1, 0, date(2024, 12, 31), day)
        sheet.write_formula(1, 6, "=15000+870.5", None, 15870.5)

    assert parse_clauses("suivi.xlsx", xlsx(write), PLACES).clauses == [CLAUSE]


@pytest.mark.parametrize("year", ["2024", "31/12/2024", "exercice 2024", "2024-12-31", 2024.0])
def test_year_is_read_as_people_write_it(year: Any) -> None:
    found = parse_clauses("s.csv", csv_bytes(HEADER, [year, *ROW[1:]]), PLACES)
    assert found.clauses == [CLAUSE]


def test_numbers_are_read_as_people_write_them_and_unknown_is_not_zero() -> None:
    row = [*ROW[:5], "20\u202f000 h", "15 870,5", "NR", "", "7"]
    (found,) = parse_clauses("s.csv", csv_bytes(HEADER, row), PLACES).clauses
    assert (found.hours_planned, found.hours_done) == (20000, 15870.5)
    assert (found.contracts, found.people, found.people_qpv) == (None, None, 7)


@pytest.mark.parametrize(
    ("column", "value", "why"),
    [
        (0, "l’an dernier", "année"),
        (0, "2023-2024", "année"),
        (1, "Paris", "n’est pas du territoire"),
        (2, "", "manque : écrivez-le"),
        (3, "Suivi de Mme Durand", "nommer une personne"),
        (3, "Chantier 06 12 34 56 78", "nommer une personne"),
        (4, "peut-être", "oui ou non"),
        (5, "beaucoup", "n’est pas un nombre"),
        (6, "#REF!", "n’est pas un nombre"),
        (6, -3, "négatif"),
        (7, -1, "n’est pas un effectif"),
    ],
)
def test_wrong_line_is_refused_with_its_number_and_why(column: int, value: Any, why: str) -> None:
    row = [*ROW]
    row[column] = value
    found = parse_clauses("s.csv", csv_bytes(HEADER, ROW, row), PLACES)
    assert [(refusal.row, why in refusal.why) for refusal in found.refused] == [(3, True)]
    assert "Durand" not in str(found.refused[0])


def test_columns_about_people_are_never_read_and_it_is_said() -> None:
    header = [*HEADER, "Nom", "Prénom", "Date de naissance", "Tél.", "Remarque"]
    row = [*ROW, "DURAND", "Léa", "01/02/1999", "0612345678", "RAS"]
    found = parse_clauses("s.csv", csv_bytes(header, row), PLACES)
    assert found.clauses == [CLAUSE]
    said = " ".join(found.notes)
    assert all(name in said for name in ("Nom", "Prénom", "Date de naissance", "Tél."))
    assert "Remarque" in said
    assert not any(word in str(found) for word in ("DURAND", "Léa", "1999", "0612345678"))


def test_a_line_a_person_is_summed_a_site_and_a_year() -> None:
    rows = [[*ROW[:5], "", 100.5, 1, 1, n % 2, f"Personne {n}"] for n in range(12)]
    found = parse_clauses("s.csv", csv_bytes([*HEADER, "Bénéficiaire"], *rows), PLACES)
    (clause,) = found.clauses
    assert (clause.hours_planned, clause.hours_done) == (None, 1206)
    assert (clause.contracts, clause.people, clause.people_qpv) == (12, 12, 6)
    assert "Personne" not in str(found.clauses)


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("s.csv", b"", "vide"),
        ("s.docx", b"PK", "XLSX, ODS ou CSV"),
        ("s.xlsx", b"PK\x03\x04 nonsense", "n’est pas un classeur"),
        ("s.xlsx", corner_xlsx(), "trop grand"),
        ("s.csv", b"\x00\x01", "pas un fichier texte"),
        ("s.csv", b"a;b\r\n1;2", "en-t"),
        ("s.csv", "Année;Commune\r\n2024;Sceaux".encode(), "il manque"),
        ("s.csv", csv_bytes(HEADER, *[ROW] * 5001), "5000 au plus"),
        ("s.xlsx", b"x" * (MOST_BYTES + 1), "5 Mo"),
    ],
)
def test_file_that_says_nothing_is_refused_in_words_that_help(
    name: str, content: bytes, why: str
) -> None:
    with pytest.raises(FileRefused, match=why):
        parse_clauses(name, content, PLACES)
