"""Signed links for those who follow by mail: to prove an address, to see and to stop what it gets.

Each is good for one use alone. A link to confirm holds all there is to know, so that nothing is
kept of an address whose owner never opened it.
"""

from dataclasses import dataclass
from datetime import timedelta

from itsdangerous import BadSignature, URLSafeTimedSerializer

from qpvmap.core.subscriptions import Wish, parse_wish
from qpvmap.secret import derived_key, secret_key
from qpvmap.settings import Settings

CONFIRM_FOR = timedelta(days=3)
MANAGE_FOR = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asked to follow, for an address that is not proven yet."""

    email: str
    wish: Wish


@dataclass(frozen=True, slots=True)
class SubscriptionLinks:
    """The addresses that mails give, on the site's own name."""

    base_url: str
    key: str

    def confirm(self, asked: Asked) -> str:
        """Return where the owner of an address says that it is theirs."""
        token = self._signer("subscription confirmation").dumps([asked.email, str(asked.wish)])
        return f"{self.base_url}/suivre/confirmer/{token}"

    def confirming(self, token: str) -> Asked | None:
        """Return what a token confirms; None when it is not ours, or too old."""
        read = self._read("subscription confirmation", token, CONFIRM_FOR)
        match read:
            case [str() as email, str() as text]:
                wish = parse_wish(text)
                return Asked(email, wish) if wish else None
        return None

    def manage(self, subscriber_id: int) -> str:
        """Return where somebody without an account sees what they follow."""
        return f"{self.base_url}/suivre/liste/{self.manage_token(subscriber_id)}"

    def manage_token(self, subscriber_id: int) -> str:
        """Return what opens the list of a subscriber."""
        return self._signer("subscription list").dumps(subscriber_id)

    def managing(self, token: str) -> int | None:
        """Return whose list a token opens; None when it is not ours, or too old."""
        read = self._read("subscription list", token, MANAGE_FOR)
        return read if isinstance(read, int) else None

    def stop(self, subscriber_id: int) -> str:
        """Return where a mail program stops all that a subscriber gets, at one press."""
        return f"{self.base_url}/suivre/arreter/{self.stop_token(subscriber_id)}"

    def stop_token(self, subscriber_id: int) -> str:
        """Return what stops all that a subscriber gets, and opens nothing."""
        return self._signer("subscription stop").dumps(subscriber_id)

    def stopping(self, token: str) -> int | None:
        """Return whose mails a token stops; None when it is not ours, or too old."""
        read = self._read("subscription stop", token, MANAGE_FOR)
        return read if isinstance(read, int) else None

    def _read(self, use: str, token: str, max_age: timedelta) -> object:
        try:
            return self._signer(use).loads(token, max_age=int(max_age.total_seconds()))
        except BadSignature:
            return None

    def _signer(self, use: str) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(derived_key(self.key, use))


def subscription_links(settings: Settings) -> SubscriptionLinks:
    """Return the links of an installation; every process signs them with the same key."""
    return SubscriptionLinks(settings.base_url, secret_key(settings))
