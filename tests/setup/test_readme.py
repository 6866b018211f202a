"""The README's table of settings says what `Settings` holds."""

import re

from qpvmap.settings import CHECKOUT, Settings

ROW = re.compile(r"^\| `(QPVMAP_\w+)` \| ([^|]*) \| ([^|]+) \|$", re.MULTILINE)


def test_readme_when_a_setting_exists_has_its_row_and_no_other() -> None:
    rows = ROW.findall((CHECKOUT / "README.md").read_text(encoding="utf-8"))
    documented = [name for name, _, _ in rows]
    assert documented == [f"QPVMAP_{name.upper()}" for name in Settings.model_fields]
    assert all(meaning.strip() for _, _, meaning in rows)


def test_readme_when_a_default_is_plain_shows_it() -> None:
    rows = ROW.findall((CHECKOUT / "README.md").read_text(encoding="utf-8"))
    shown = {name: default.strip(" `") for name, default, _ in rows}
    for name, field in Settings.model_fields.items():
        if isinstance(field.default, str | int | float) and field.default != "":
            plain = str(field.default).lower() if isinstance(field.default, bool) else field.default
            assert shown[f"QPVMAP_{name.upper()}"] == str(plain)
