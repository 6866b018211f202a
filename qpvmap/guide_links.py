"""The signed link by which a structure checks what the guide says of it.

It holds the address that it was sent to: when the structure's address changes, the old link dies.
"""

from dataclasses import dataclass
from datetime import timedelta

from itsdangerous import BadSignature, URLSafeTimedSerializer

from qpvmap.secret import derived_key, secret_key
from qpvmap.settings import Settings

REVIEW_FOR = timedelta(days=60)
USE = "guide review"


@dataclass(frozen=True, slots=True)
class Reviewing:
    """Which structure a link opens, and the address that the link was sent to."""

    structure_id: int
    email: str


@dataclass(frozen=True, slots=True)
class GuideLinks:
    """The addresses that mails and papers give, on the site's own name."""

    base_url: str
    key: str

    def card(self, code: str) -> str:
        """Return the public page of a structure."""
        return f"{self.base_url}/guide/{code}"

    def review(self, structure_id: int, email: str) -> str:
        """Return where a structure checks its page."""
        return f"{self.base_url}/guide/verifier/{self.review_token(structure_id, email)}"

    def review_token(self, structure_id: int, email: str) -> str:
        """Return what lets a structure check its page."""
        return self._signer().dumps([structure_id, email])

    def reviewing(self, token: str) -> Reviewing | None:
        """Return what a token opens; None when it is not ours, or too old."""
        try:
            read = self._signer().loads(token, max_age=int(REVIEW_FOR.total_seconds()))
        except BadSignature:
            return None
        match read:
            case [int() as structure_id, str() as email]:
                return Reviewing(structure_id, email)
        return None

    def _signer(self) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(derived_key(self.key, USE))


def guide_links(settings: Settings) -> GuideLinks:
    """Return the links of an installation; every process signs them with the same key."""
    return GuideLinks(settings.base_url, secret_key(settings))
