"""Words compared as people compare them: accents, case, apostrophes and spaces aside."""

import unicodedata


def folded(text: str) -> str:
    """Return `text` in lower case without accents, with straight apostrophes, single-spaced."""
    straight = text.replace("’", "'").replace("œ", "oe").replace("Œ", "oe")
    apart = unicodedata.normalize("NFKD", straight)
    plain = "".join(sign for sign in apart if not unicodedata.combining(sign))
    return " ".join(plain.casefold().split())
