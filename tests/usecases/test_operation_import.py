"""The plan through workbooks: a round trip that changes nothing, and those that towns have."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session
from xlsxwriter import Workbook

from qpvmap.core.actors import Actor, Role
from qpvmap.core.errors import CannotChange, InvalidSubmission, NotAllowed, NotFound
from qpvmap.core.operation_sheets import (
    FUNDING,
    PLAN,
    SHEETS,
    STEPS,
    funding_rows,
    operation_row,
    step_rows,
)
from qpvmap.core.operations import Draft
from qpvmap.core.periods import Period, Precision
from qpvmap.core.workbooks import MOST_ROWS, UnreadableWorkbook
from qpvmap.outputs.spreadsheet import WRITERS, Column, Table
from qpvmap.storage.models import OperationChange, Territory
from qpvmap.storage.operations import whole_plan
from qpvmap.usecases.operation_fates import Fate
from qpvmap.usecases.operation_import import (
    Looked,
    Preview,
    apply_import,
    keep_workbook,
    preview,
)
from qpvmap.usecases.operations import Wanted, add_operation, edit_operation, remove_operation
from qpvmap.workbooks import read_workbook
from tests.conftest import NOW
from tests.factories import Toy, make_actor
from tests.operations import REBUILT

Fill = Callable[[Workbook], object]
Rows = Sequence[Sequence[Any]]
DATED = ("T2 2026", "31/12/2027", "1 234,50 €", "espace public")


@pytest.fixture
def territory(blagis_session: Session) -> Territory:
    return blagis_session.scalars(select(Territory)).one()


@pytest.fixture
def planner(blagis_session: Session, territory: Territory) -> Actor:
    return make_actor(blagis_session, Toy(territory), Role.PLANNER)


@pytest.fixture
def send(
    blagis_session: Session, territory: Territory, planner: Actor
) -> Callable[[bytes], Preview]:
    """Return a way to send a workbook, which gives what it would change."""

    def sending(content: bytes) -> Preview:
        book = read_workbook(content)
        key = keep_workbook(blagis_session, planner, territory, "plan.xlsx", book, NOW)
        return preview(blagis_session, planner, territory, key)

    return sending


def exported(session: Session, territory: Territory, way: str = "xlsx") -> bytes:
    plan = whole_plan(session, territory.id)
    rows: Mapping[str, Rows] = {
        PLAN: [operation_row(o) for o in plan],
        FUNDING: [row for o in plan for row in funding_rows(o)],
        STEPS: [row for o in plan for row in step_rows(o)],
    }
    written = BytesIO()
    tables = [Table(name, [Column(h.name) for h in SHEETS[name]], rows[name]) for name in SHEETS]
    WRITERS[way](tables, written, NOW)
    return written.getvalue()


def workbook(fill: Fill) -> bytes:
    written = BytesIO()
    with Workbook(written, {"in_memory": True}) as book:
        fill(book)
    return written.getvalue()


def sheet(rows: Rows, name: str = "Feuil1", first: int = 0) -> bytes:
    """Return a workbook of one sheet, its first row being `first`."""

    def fill(book: Workbook) -> None:
        page = book.add_worksheet(name)
        for y, row in enumerate(rows, first):
            page.write_row(y, 0, row)

    return workbook(fill)


def fates(seen: Preview) -> dict[str, list[str]]:
    return {fate: [row.code for row in seen.of(fate)] for fate in Fate if seen.of(fate)}


def faults(seen: Preview) -> str:
    return " | ".join(fault for row in seen.rows for fault in row.faults)


def read(session: Session, territory: Territory, code: str) -> Draft:
    return whole_plan(session, territory.id, code)[0].content


@pytest.mark.parametrize("way", ["xlsx", "ods"])
def test_plan_when_taken_out_and_sent_back_then_nothing_changes(
    blagis_session: Session, territory: Territory, planner: Actor, send: Any, way: str
) -> None:
    add_operation(blagis_session, planner, territory, Wanted("", REBUILT), NOW)
    lonely = replace(REBUILT, title="Sans lieu", place=None, position_quality="unknown", lines=())
    add_operation(blagis_session, planner, territory, Wanted("", lonely), NOW)
    before = whole_plan(blagis_session, territory.id)
    seen = send(exported(blagis_session, territory, way))
    assert fates(seen) == {Fate.UNCHANGED: [o.code for o in before]}
    assert seen.remarks == () and seen.untouched == 0
    lines = blagis_session.scalars(select(OperationChange.id)).all()
    apply_import(blagis_session, planner, territory, Looked(seen.key, seen.seen), NOW)
    assert whole_plan(blagis_session, territory.id) == before
    assert blagis_session.scalars(select(OperationChange.id)).all() == lines


def test_town_s_own_sheet_when_sent_then_read_as_it_is_and_what_is_unknown_said(
    blagis_session: Session, territory: Territory, planner: Actor, send: Any
) -> None:
    """Merged headings over two rows, a title above, dates and amounts as people type them."""

    def fill(book: Workbook) -> None:
        page = book.add_worksheet("PPI 2026")
        page.merge_range("A1:H1", "Plan pluriannuel de la ville")
        page.merge_range("A3:A4", "Opération")
        page.merge_range("B3:B4", "Ville")
        page.merge_range("C3:D3", "Calendrier")
        page.write_row("C4", ["Démarrage", "Livraison"])
        page.merge_range("E3:E4", "Coût total (TTC)")
        page.merge_range("F3:F4", "Thématique *")
        page.merge_range("G3:G4", "Statut")
        page.merge_range("H3:H4", "Référent")
        page.write_row(
            4,
            0,
            ["Végétalisation de la place des Ailantes", "SCEAUX", *DATED, "Études", "M. X"],
        )
        page.write_row(1005, 0, ["Une piste", "Sceaux ; Bagneux", 2026, "mars 2028", 1_000_000.1])
        page.write_row(1005, 5, ["Sport", "idée"])

    seen = send(workbook(fill))
    assert fates(seen) == {Fate.CHANGED: ["SCX-04"], Fate.CREATED: [""]}
    assert [row.number for row in seen.rows] == [5, 1006]
    assert "colonne « Référent » inconnue, ignorée" in " ".join(seen.remarks)
    assert seen.untouched == 21
    done = apply_import(blagis_session, planner, territory, Looked(seen.key, seen.seen), NOW)
    assert (done.created, done.changed) == (["SCX-08"], ["SCX-04"])
    known, new = (read(blagis_session, territory, code) for code in ("SCX-04", "SCX-08"))
    assert (str(known.starts), str(known.ends), known.cost) == (
        "T2 2026",
        "31/12/2027",
        Decimal("1234.50"),
    )
    assert known.natures == ("renaturation",) and known.position_quality == "approximate"
    assert (new.communes, str(new.starts), str(new.ends), new.cost) == (
        ("92071", "92007"),
        "2026",
        "03/2028",
        Decimal("1000000.10"),
    )
    assert fates(send(workbook(fill))) == {Fate.UNCHANGED: ["SCX-04", "SCX-08"]}


def test_rows_when_wrong_then_refused_with_their_line_and_reason_and_the_rest_applied(
    blagis_session: Session, territory: Territory, planner: Actor, send: Any
) -> None:
    heads = ["Code", "Intitulé", "Communes", "Thème", "État", "Début", "Fin", "Coût", "Latitude"]
    heads += ["Longitude", "Violences de l’été 2023"]
    good = ["SCX-04", "Place", "Sceaux", "Espace public", "Travaux"]
    seen = send(
        sheet(
            [
                heads,
                [*good, "2026", "2025", "", "", "", ""],
                ["SCX-05", "Salle", "Lyon", "Espace public", "Travaux", "", "", "", "", "", ""],
                ["SCX-06", "Centre", "Sceaux", "Social et santé", "Fini", "", "", "", "", "", ""],
                ["SCX-07", "x", "Sceaux", "Sport", "Idée", "bientôt", "", "cher", "", "", ""],
                ["SCX-01", "x", "Sceaux", "Sport", "Idée", "", "", "", 45.0, 5.0, ""],
                ["SCX-02", "x", "Sceaux", "Sport", "Idée", "", "", "", 45.0, "", ""],
                ["SCX-03", "x", "Sceaux", "Sport", "Idée", "", "", "", "", "", "oui"],
                ["BAG-01", "École", "Bagneux", "Éducation", "Études", "", "", "", "", "", ""],
                ["BAG-01", "École", "Bagneux", "Éducation", "Études", "", "", "", "", "", ""],
            ]
        )
    )
    by_line = {row.number: row for row in seen.rows}
    reasons = {
        2: "La fin vient avant le début",
        3: "« lyon » n’est pas une commune",
        4: "Choix possibles : Idée",
        5: "Date illisible",
        6: "hors des villes",
        7: "aucune des deux",
        8: "celui d’une reconstruction",
        10: "déjà à la ligne 9",
    }
    for line, reason in reasons.items():
        assert by_line[line].fate is Fate.REFUSED
        assert reason in " ".join(by_line[line].faults)
    assert "Montant illisible" in " ".join(by_line[5].faults)
    done = apply_import(blagis_session, planner, territory, Looked(seen.key, seen.seen), NOW)
    assert done.changed == ["BAG-01"] and done.created == []


def test_cells_when_computed_then_their_last_result_is_read(send: Any) -> None:
    def fill(book: Workbook) -> None:
        page = book.add_worksheet("Opérations")
        page.write_row(0, 0, ["Code", "Intitulé", "Coût"])
        page.write_row(1, 0, ["SCX-04", "Place"])
        page.write_formula("C2", "=1000+234.5", None, 1234.5)
        page.write_string("A3", "SCX-06")
        page.write_string("C3", "=HYPERLINK(1)")

    seen = send(workbook(fill))
    assert "formules" in " ".join(seen.remarks)
    assert seen.of(Fate.CHANGED)[0].changes["cost"][1] == "1\u202f234,50\u00a0€"
    assert fates(seen)[Fate.REFUSED] == ["SCX-06"] and "Montant illisible" in faults(seen)


def changed_cells(content: bytes, code: str, cells: Mapping[str, Any]) -> bytes:
    """Return a workbook with other values in the row of an operation, by the name of columns."""
    book = read_workbook(content)
    plan = next(sheet for sheet in book.sheets if sheet.name == PLAN)
    names = list(plan.rows[0].cells)
    rows = [list(row.cells) for row in plan.rows]
    mine = next(row for row in rows if row[0] == code)
    for name, value in cells.items():
        mine[names.index(name)] = value
    return sheet(rows, PLAN)


def test_row_when_others_changed_other_fields_since_then_both_are_kept_and_nothing_is_asked(
    blagis_session: Session, territory: Territory, planner: Actor, send: Any
) -> None:
    content = exported(blagis_session, territory)
    seed = read(blagis_session, territory, "SCX-04")
    meanwhile = replace(seed, cost=Decimal(5))
    edit_operation(blagis_session, planner, territory, Wanted("SCX-04", meanwhile, 1), NOW)
    untouched = send(content)
    assert len(untouched.of(Fate.UNCHANGED)) == 22
    [row] = [row for row in untouched.rows if row.code == "SCX-04"]
    assert row.others == ["cost"]
    seen = send(changed_cells(content, "SCX-04", {"Intitulé": "Autre nom", "Début": "T2 2027"}))
    assert fates(seen)[Fate.CHANGED] == ["SCX-04"] and Fate.CONFLICT not in fates(seen)
    apply_import(blagis_session, planner, territory, Looked(seen.key, seen.seen), NOW)
    kept = read(blagis_session, territory, "SCX-04")
    assert (kept.title, str(kept.starts), kept.cost) == ("Autre nom", "T2 2027", 5)


def test_field_when_changed_by_both_then_asked_with_who_and_when_and_the_plan_stays_unless_chosen(
    blagis_session: Session, territory: Territory, planner: Actor, send: Any
) -> None:
    content = exported(blagis_session, territory)
    seed = read(blagis_session, territory, "SCX-04")
    first = replace(seed, cost=Decimal(5), note="vu en comité")
    edit_operation(blagis_session, planner, territory, Wanted("SCX-04", first, 1), NOW)
    mine = changed_cells(content, "SCX-04", {"Coût (€)": 7, "Intitulé": "Autre nom"})
    seen = send(mine)
    [row] = seen.of(Fate.CONFLICT)
    assert list(row.clashes) == ["cost"] and list(row.changes) == ["title"]
    clash = row.clashes["cost"]
    assert (clash.was, clash.mine, clash.theirs) == ("", "7\u00a0€", "5\u00a0€")
    assert (clash.name, clash.at) == (planner.name, NOW)
    apply_import(blagis_session, planner, territory, Looked(seen.key, seen.seen), NOW)
    kept = read(blagis_session, territory, "SCX-04")
    assert (kept.title, kept.cost, kept.note) == ("Autre nom", 5, "vu en comité")
    seen = send(mine)
    looked = Looked(seen.key, seen.seen, {"SCX-04": {"cost"}})
    assert apply_import(blagis_session, planner, territory, looked, NOW).changed == ["SCX-04"]
    kept = read(blagis_session, territory, "SCX-04")
    assert (kept.title, kept.cost, kept.note) == ("Autre nom", 7, "vu en comité")


def test_row_when_the_journal_is_too_old_to_tell_then_all_that_differs_is_asked(
    blagis_session: Session, territory: Territory, planner: Actor, send: Any
) -> None:
    content = exported(blagis_session, territory)
    seed = read(blagis_session, territory, "SCX-04")
    meanwhile = replace(seed, cost=Decimal(5))
    edit_operation(blagis_session, planner, territory, Wanted("SCX-04", meanwhile, 1), NOW)
    blagis_session.execute(text("alter table operation_change disable trigger user"))
    blagis_session.execute(update(OperationChange).values(before=None))
    [row] = send(changed_cells(content, "SCX-04", {"Intitulé": "Autre nom"})).of(Fate.CONFLICT)
    assert list(row.clashes) == ["title", "cost"] and row.changes == {}
    assert row.clashes["cost"].was is None


def test_choices_when_they_contradict_each_other_then_nothing_is_written(
    blagis_session: Session, territory: Territory, planner: Actor, send: Any
) -> None:
    content = exported(blagis_session, territory)
    seed = read(blagis_session, territory, "SCX-04")
    years = {year: Period(date(year, 1, 1), Precision.YEAR) for year in (2025, 2026, 2029)}
    later = replace(seed, starts=years[2029], ends=years[2029])
    edit_operation(blagis_session, planner, territory, Wanted("SCX-04", later, 1), NOW)
    seen = send(changed_cells(content, "SCX-04", {"Début": 2025, "Fin": 2026}))
    assert list(seen.of(Fate.CONFLICT)[0].clashes) == ["starts", "ends"]
    with pytest.raises(InvalidSubmission) as refused:
        looked = Looked(seen.key, seen.seen, {"SCX-04": {"ends"}})
        apply_import(blagis_session, planner, territory, looked, NOW)
    assert "La fin vient avant le début" in refused.value.fields["SCX-04"]
    assert read(blagis_session, territory, "SCX-04").starts == years[2029]
    both = Looked(seen.key, seen.seen, {"SCX-04": {"starts", "ends"}})
    apply_import(blagis_session, planner, territory, both, NOW)
    assert read(blagis_session, territory, "SCX-04").ends == years[2026]


def test_preview_when_the_plan_changed_since_then_nothing_is_applied(
    blagis_session: Session, territory: Territory, planner: Actor, send: Any
) -> None:
    seen = send(sheet([["Code", "Coût"], ["SCX-04", 10]]))
    seed = read(blagis_session, territory, "SCX-04")
    edit_operation(
        blagis_session, planner, territory, Wanted("SCX-04", replace(seed, note="x"), 1), NOW
    )
    with pytest.raises(CannotChange, match="a changé depuis"):
        apply_import(blagis_session, planner, territory, Looked(seen.key, seen.seen), NOW)
    again = preview(blagis_session, planner, territory, seen.key)
    looked = Looked(again.key, again.seen)
    apply_import(blagis_session, planner, territory, looked, NOW)
    with pytest.raises(CannotChange, match="déjà été appliqué"):
        apply_import(blagis_session, planner, territory, looked, NOW)
    assert read(blagis_session, territory, "SCX-04").cost == 10


def test_row_when_its_operation_was_removed_then_refused_with_what_to_do(
    blagis_session: Session, territory: Territory, planner: Actor, send: Any
) -> None:
    content = exported(blagis_session, territory)
    remove_operation(blagis_session, planner, territory, "SCX-04", 1, NOW)
    seen = send(content)
    assert fates(seen)[Fate.REFUSED] == ["SCX-04"]
    assert "retirée du plan. Videz son code" in faults(seen)


def test_money_and_states_when_on_their_sheets_then_replaced_and_orphans_refused(
    blagis_session: Session, territory: Territory, planner: Actor, send: Any
) -> None:
    add_operation(blagis_session, planner, territory, Wanted("", REBUILT), NOW)

    def fill(book: Workbook) -> None:
        rows: dict[str, Rows] = {
            "Opérations": [["Code", "Intitulé"], ["SCX-08", REBUILT.title]],
            "Financements": [
                ["Code", "Financeur", "Année", "Accordé"],
                ["SCX-08", "anru", 2027, "12,5 k€"],
                ["XXX-01", "CAF", 2027, 1],
            ],
            "Brouillon": [["n’importe quoi"]],
        }
        for name, lines in rows.items():
            page = book.add_worksheet(name)
            for y, line in enumerate(lines):
                page.write_row(y, 0, line)

    seen = send(workbook(fill))
    assert fates(seen) == {Fate.CHANGED: ["SCX-08"], Fate.REFUSED: ["XXX-01"]}
    assert "Feuille « Brouillon » : ignorée." in seen.remarks
    assert list(seen.of(Fate.CHANGED)[0].changes) == ["lines"]
    apply_import(blagis_session, planner, territory, Looked(seen.key, seen.seen), NOW)
    kept = read(blagis_session, territory, "SCX-08")
    assert [(line.funder, line.year, line.agreed) for line in kept.lines] == [
        ("ANRU", 2027, Decimal(12500))
    ]
    assert kept.steps == REBUILT.steps


def test_workbook_when_sent_by_others_then_neither_kept_nor_seen(
    blagis_session: Session, territory: Territory, planner: Actor, send: Any
) -> None:
    content = sheet([["Code", "Coût"], ["SCX-04", 10]])
    seen = send(content)
    colleague = make_actor(blagis_session, Toy(territory), Role.PLANNER)
    with pytest.raises(NotFound):
        preview(blagis_session, colleague, territory, seen.key)
    agent = make_actor(blagis_session, Toy(territory), Role.AGENT)
    book = read_workbook(content)
    with pytest.raises(NotAllowed):
        keep_workbook(blagis_session, agent, territory, "x", book, NOW)
    with pytest.raises(InvalidSubmission, match="Aucune opération"):
        empty = read_workbook(sheet([["a", "b"], ["c", 1]]))
        keep_workbook(blagis_session, planner, territory, "x", empty, NOW)


def bomb(name: str) -> bytes:
    """Return a small file that says it is a workbook and unfolds into 300 MB."""
    written = BytesIO()
    with ZipFile(written, "w", ZIP_DEFLATED) as archive:
        archive.writestr(name, b"<a/>")
        with archive.open("xl/worksheets/sheet1.xml", "w") as entry:
            for _ in range(30):
                entry.write(b" " * 10_000_000)
    return written.getvalue()


def lying(content: bytes) -> bytes:
    """Return a workbook whose directory says that what it holds is small."""
    size = (300_000_000).to_bytes(4, "little")
    assert content.count(size) >= 1
    return content.replace(size, (1000).to_bytes(4, "little"))


def far_cell(row: int, column: int) -> bytes:
    def fill(book: Workbook) -> None:
        page = book.add_worksheet("a")
        page.write(0, 0, "Code")
        page.write(row, column, "x")

    return workbook(fill)


def never_computed() -> bytes:
    content = workbook(lambda book: book.add_worksheet("a").write_formula("B7", "=1+1", None, 5))
    read, written = ZipFile(BytesIO(content)), BytesIO()
    with ZipFile(written, "w") as archive:
        for name in read.namelist():
            archive.writestr(name, read.read(name).replace(b"<v>5</v>", b""))
    return written.getvalue()


def in_error() -> bytes:
    """Return a workbook with a cell that would be read as empty, and would erase a cost."""
    return workbook(
        lambda book: book.add_worksheet("a").write_formula("C3", "=A1/0", None, "#DIV/0!")
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (in_error(), "C3 est en erreur"),
        (b"", "Choisissez d’abord un classeur"),
        (b"Code;Cout\n1;2", "n’est pas un classeur"),
        (b"PK\x03\x04 cut short", "n’est pas un classeur"),
        (b"\xd0\xcf\x11\xe0" + b"x" * 600, "ancien format"),
        (b"x" * (5 * 1024 * 1024 + 1), "trop lourd"),
        (bomb("xl/workbook.xml"), "trop grand"),
        (lying(bomb("xl/workbook.xml")), "abîmé|trop grand"),
        (far_cell(1_048_575, 16_383), "trop grand"),
        (far_cell(5, 300), "trop grand"),
        (sheet([["Code", "Coût"]] + [["A", 1]] * MOST_ROWS), "trop grand"),
        (sheet([["Code", "Note"], ["A", "x" * 12_000]]), "trop longue"),
        (never_computed(), "B7 est une formule qui n’a jamais été calculée"),
    ],
    ids=range(13),
)
def test_file_when_hostile_then_refused_in_words_and_in_bounds(content: bytes, words: str) -> None:
    with pytest.raises(UnreadableWorkbook, match=words):
        read_workbook(content)


def test_date_when_a_real_cell_then_a_day(send: Any) -> None:
    def fill(book: Workbook) -> None:
        page = book.add_worksheet("Opérations")
        page.write_row(0, 0, ["Code", "Début"])
        page.write(1, 0, "SCX-04")
        page.write_datetime(1, 1, date(2026, 12, 31), book.add_format({"num_format": "dd/mm/yy"}))

    (row,) = send(workbook(fill)).rows
    assert row.changes["starts"] == ("", "31\u00a0décembre 2026")
