"""Read a workbook that somebody sent, in a process of its own: bounded in memory, time and size.

A small file can unfold into gigabytes: it is measured before it is opened, and whoever opens it
may not take more than `workbook_process` allows itself.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import date
from io import BytesIO
from threading import BoundedSemaphore
from typing import Any
from zipfile import BadZipFile, ZipFile

from qpvmap.core.workbooks import (
    BOUNDS,
    MOST_CELL,
    SENT,
    Bounds,
    ReadRow,
    ReadSheet,
    ReadWorkbook,
    UnreadableWorkbook,
    Value,
    kept,
)

PATIENCE_S = 20.0
WAIT_S = 10.0
ENTRIES_MOST = 2000
OLE = b"\xd0\xcf\x11\xe0"
KEPT = ("PATH", "LANG", "PYTHONPATH")

EMPTY = "Choisissez d’abord un classeur, .xlsx ou .ods."
NOT_A_WORKBOOK = "Ce fichier n’est pas un classeur. Enregistrez-le en .xlsx ou .ods, puis renvoyez."
OLD = (
    "Ce classeur est d’un ancien format, ou protégé par un mot de passe."
    " Enregistrez-le en .xlsx ou .ods, sans mot de passe."
)
TOO_HEAVY = "Classeur trop lourd : {most}\u00a0Mo au plus."
TOO_LARGE = (
    "Classeur trop grand : {rows} lignes remplies et {columns} colonnes au plus."
    " Supprimez les feuilles, lignes et colonnes qui ne servent pas."
)
BUSY = "Trop de classeurs sont lus en ce moment. Réessayez dans une minute."
BROKEN = "Ce classeur est abîmé. Ouvrez-le, enregistrez-le de nouveau, puis renvoyez-le."
NEVER_COMPUTED = (
    "La cellule {cell} est une formule qui n’a jamais été calculée."
    " Ouvrez le classeur dans votre tableur, enregistrez-le, puis renvoyez-le."
)
IN_ERROR = (
    "La cellule {cell} est en erreur. Corrigez sa formule, enregistrez le classeur,"
    " puis renvoyez-le."
)
CELLS_AT_FAULT = {"never_computed": NEVER_COMPUTED, "in_error": IN_ERROR}
LARGE = "large"
LONG_CELL = f"Une cellule est trop longue : {MOST_CELL} lettres au plus."
REASONS: Mapping[str, str] = {"broken": BROKEN, "long": LONG_CELL}

_turns = BoundedSemaphore(2)


def read_workbook(content: bytes, made: str = SENT) -> ReadWorkbook:
    """Return what a workbook holds, XLSX or ODS by its content; `made` is a key of BOUNDS.

    Raises
    ------
    UnreadableWorkbook
        If it is none, too large, broken, or has formulas that nothing has computed.
    """
    bounds = BOUNDS[made]
    check_container(content, bounds)
    if not _turns.acquire(timeout=WAIT_S):
        raise UnreadableWorkbook(BUSY)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "qpvmap.workbook_process", made],
            input=content,
            capture_output=True,
            timeout=PATIENCE_S,
            check=False,
            env={name: os.environ[name] for name in KEPT if name in os.environ},
        )
    except subprocess.TimeoutExpired:
        raise too_large(bounds) from None
    finally:
        _turns.release()
    if done.returncode != 0:  # the kernel ended it, or it ran out of what it may take
        raise too_large(bounds)
    told = json.loads(done.stdout)
    if told.get("reason") == LARGE:
        raise too_large(bounds)
    return workbook_of(told)


def too_large(bounds: Bounds) -> UnreadableWorkbook:
    """Return the refusal of a workbook that is more than is read."""
    return UnreadableWorkbook(TOO_LARGE.format(rows=bounds.rows, columns=bounds.columns))


def check_container(content: bytes, bounds: Bounds = BOUNDS[SENT]) -> None:
    """Do nothing when the file says it is a workbook of a bearable size.

    Raises
    ------
    UnreadableWorkbook
        Otherwise.
    """
    if not content:
        raise UnreadableWorkbook(EMPTY)
    if len(content) > bounds.most_bytes:
        raise UnreadableWorkbook(TOO_HEAVY.format(most=bounds.most_bytes // 1024 // 1024))
    if content.startswith(OLE):
        raise UnreadableWorkbook(OLD)
    try:
        with ZipFile(BytesIO(content)) as archive:
            entries = archive.infolist()
    except (BadZipFile, ValueError, NotImplementedError):
        raise UnreadableWorkbook(NOT_A_WORKBOOK) from None
    names = {entry.filename for entry in entries}
    if not {"xl/workbook.xml", "content.xml"} & names:
        raise UnreadableWorkbook(NOT_A_WORKBOOK)
    if any(entry.flag_bits & 1 for entry in entries):
        raise UnreadableWorkbook(OLD)
    if len(entries) > ENTRIES_MOST or sum(e.file_size for e in entries) > bounds.unfolded:
        raise too_large(bounds)


def workbook_of(told: Mapping[str, Any]) -> ReadWorkbook:
    """Return the workbook that the process told of, or that was kept since.

    Raises
    ------
    UnreadableWorkbook
        If the process gave a reason instead.
    """
    if reason := told.get("reason"):
        raise UnreadableWorkbook(REASONS[reason])
    for name, words in CELLS_AT_FAULT.items():
        if cell := told.get(name):
            raise UnreadableWorkbook(words.format(cell=cell))
    sheets = [
        ReadSheet(
            sheet["name"],
            [ReadRow(number, [_value(cell) for cell in cells]) for number, cells in sheet["rows"]],
        )
        for sheet in told["sheets"]
    ]
    return ReadWorkbook(sheets, told["formulas"])


def _value(cell: Any) -> Value:
    return date.fromisoformat(cell["day"]) if isinstance(cell, dict) else cell


def told_of(book: ReadWorkbook) -> dict[str, Any]:
    """Return a workbook as JSON can keep it; `workbook_of` reads it back."""
    return {
        "formulas": book.formulas,
        "sheets": [
            {
                "name": sheet.name,
                "rows": [[row.number, [kept(cell) for cell in row.cells]] for row in sheet.rows],
            }
            for sheet in book.sheets
        ],
    }
