"""What is said to an author whose public text seems to tell who or where somebody is."""

from collections.abc import Mapping

from qpvmap.core.privacy import HintKind, personal_hints

WORDS: Mapping[HintKind, str] = {
    HintKind.PHONE: "On dirait un numéro de téléphone\u00a0: «\u00a0{excerpt}\u00a0». "
    "Retirez-le, ou confirmez\u00a0: il sera caché au public.",
    HintKind.EMAIL: "On dirait une adresse de courriel\u00a0: «\u00a0{excerpt}\u00a0». "
    "Retirez-la, ou confirmez\u00a0: elle sera cachée au public.",
    HintKind.PLATE: "On dirait une plaque\u00a0: «\u00a0{excerpt}\u00a0». "
    "Retirez-la, ou confirmez\u00a0: elle sera cachée au public.",
}
START = 5
"""Characters of what was found that are said back: enough to find it in the text."""


def advice(text: str) -> str:
    """Return what to tell the author of `text`; empty when nothing in it looks personal."""
    hints = personal_hints(text)
    if not hints:
        return ""
    first = hints[0]
    cut = first.excerpt[:START].rstrip() + "…" if len(first.excerpt) > START + 2 else first.excerpt
    return WORDS[first.kind].format(excerpt=cut)
