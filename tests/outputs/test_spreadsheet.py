"""A file for spreadsheets: what people wrote stays words."""

import pytest

from qpvmap.outputs.spreadsheet import BOM, csv_text, harmless


@pytest.mark.parametrize(
    "text", ["=1+1", "+33 6", "-2", "@SUM(A1)", "\t=1", "  =1", "\u00a0@x", "\r=1", "\n=1"]
)
def test_a_text_when_it_would_be_computed_is_made_harmless(text: str) -> None:
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "Un trou", "a=b", "12 rue des Lilas", "’=’"])
def test_a_text_when_it_would_not_is_left_alone(text: str) -> None:
    assert harmless(text) == text


def test_a_file_when_read_by_a_french_program_then_its_cells_are_told_apart() -> None:
    text = csv_text(["référence", "x", "n"], [["BL;1", -2.3, 3], ['dit "oui"', None, 0]])
    assert text == (f'{BOM}référence;x;n\r\n"BL;1";-2,3;3\r\n"dit ""oui""";;0\r\n')
