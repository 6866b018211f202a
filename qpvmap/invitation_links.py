"""The link by which whoever was given an account chooses their password: signed, used once."""

from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from itsdangerous import BadSignature, URLSafeTimedSerializer

from qpvmap.secret import derived_key, secret_key
from qpvmap.settings import Settings

INVITED_FOR = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class InvitationLinks:
    """The addresses that invitations give, on the site's own name.

    A link dies when the password is chosen: `stamp` is then another one.
    """

    base_url: str
    key: str

    def invitation(self, account_id: int, stamp: str) -> str:
        """Return where the owner of an account chooses their password."""
        return f"{self.base_url}/invitation/{self.token(account_id, stamp)}"

    def token(self, account_id: int, stamp: str) -> str:
        """Return what stands for an account as it is now."""
        return self._signer().dumps([account_id, digest(stamp)])

    def invited(self, token: str) -> tuple[int, str] | None:
        """Return which account a token is for, and the digest of its stamp; None when worthless."""
        try:
            read = self._signer().loads(token, max_age=int(INVITED_FOR.total_seconds()))
        except BadSignature:
            return None
        match read:
            case [int() as account_id, str() as stamp]:
                return account_id, stamp
        return None

    def _signer(self) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(derived_key(self.key, "invitation"))


def digest(stamp: str) -> str:
    """Return what a link says of the stamp: enough to know it again, not to use it."""
    return sha256(stamp.encode()).hexdigest()[:32]


def invitation_links(settings: Settings) -> InvitationLinks:
    """Return the links of an installation; every process signs them with the same key."""
    return InvitationLinks(settings.base_url, secret_key(settings))
