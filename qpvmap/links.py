"""Signed links for people without an account, each good for one use alone.

A link to follow a report opens that report, as long as its holder wants to be told of it. A link
to unsubscribe opens nothing: mail servers read it too.
"""

from dataclasses import dataclass
from datetime import timedelta

from itsdangerous import BadSignature, SignatureExpired, URLSafeTimedSerializer

from qpvmap.core.notices import PersonKind
from qpvmap.secret import derived_key, secret_key
from qpvmap.settings import Settings

FOLLOW_FOR = timedelta(days=400)
"""Each mail brings a new one: a report that lives is always within reach."""
INITIALS = {PersonKind.ACCOUNT: "a", PersonKind.CONTACT: "c"}
KINDS = {initial: kind for kind, initial in INITIALS.items()}


class BadLink(Exception):
    """The link is not ours, was cut, or is of another use."""


class ExpiredLink(BadLink):
    """The link was ours, too long ago."""


@dataclass(frozen=True, slots=True)
class Links:
    """The addresses that mails give, on the site's own name."""

    base_url: str
    key: str

    def follow(self, contact_id: int) -> str:
        """Return where a person without an account follows their report."""
        return f"{self.base_url}/suivi/{self.follow_token(contact_id)}"

    def follow_token(self, contact_id: int) -> str:
        """Return what opens the report of a contact."""
        return self._signer("follow link").dumps(contact_id)

    def contact_of(self, token: str) -> int:
        """Return whose report a token opens.

        Raises
        ------
        BadLink, ExpiredLink
            If it opens none.
        """
        return int(self._read("follow link", token))

    def unsubscribe(self, kind: PersonKind, person_id: int) -> str:
        """Return where somebody says that they want no more mails."""
        return f"{self.base_url}/desabonnement/{self.unsubscribe_token(kind, person_id)}"

    def unsubscribe_token(self, kind: PersonKind, person_id: int) -> str:
        """Return what unsubscribes a person, and opens nothing."""
        return self._signer("unsubscribe link").dumps(f"{INITIALS[kind]}{person_id}")

    def unsubscribing(self, token: str) -> tuple[PersonKind, int]:
        """Return who a token unsubscribes.

        Raises
        ------
        BadLink, ExpiredLink
            If it is nobody's.
        """
        person = str(self._read("unsubscribe link", token))
        return KINDS[person[0]], int(person[1:])

    def page(self, reference: str) -> str:
        """Return the page of a report, for those who have an account."""
        return f"{self.base_url}/signalements/{reference}"

    def _read(self, use: str, token: str) -> int | str:
        try:
            read: int | str = self._signer(use).loads(
                token, max_age=int(FOLLOW_FOR.total_seconds())
            )
        except SignatureExpired:
            raise ExpiredLink from None
        except BadSignature:
            raise BadLink from None
        return read

    def _signer(self, use: str) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(derived_key(self.key, use))


def links_of(settings: Settings) -> Links:
    """Return the links of an installation; every process signs them with the same key."""
    return Links(settings.base_url, secret_key(settings))
