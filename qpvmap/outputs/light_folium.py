"""folium without pandas: it takes it when present, for data frames that we never give it.

Half a second at each start and 40 MB in each web worker; the importers, which need pandas,
run in other processes.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import cast


@contextmanager
def _hidden(name: str) -> Iterator[None]:
    """Make an import of `name` fail, as if it were not installed, unless it is loaded already."""
    modules = cast(dict[str, ModuleType | None], sys.modules)
    if name in modules:
        yield
        return
    modules[name] = None
    try:
        yield
    finally:
        del modules[name]


with _hidden("pandas"):
    import folium
    from folium.template import Template

__all__ = ["Template", "folium"]
