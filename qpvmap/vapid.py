"""The pair of keys that this site proves itself with to push services (VAPID, RFC 8292).

Made once and kept in var/, beside the key that signs sessions. With another pair, the browsers
that were told before are told no more: it is saved with the rest of the folder.
"""

from base64 import urlsafe_b64encode
from pathlib import Path
from typing import TYPE_CHECKING

from qpvmap.secret import kept_text
from qpvmap.settings import Settings

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

FILE = "vapid_private.pem"


def private_key_path(settings: Settings) -> Path:
    """Return the file of the private key, made (readable by its owner alone) when it is missing."""
    path = settings.var_dir / FILE
    kept_text(path, new_private_key)
    return path


def new_private_key() -> str:
    """Return a new private key on P-256, PKCS 8 in PEM."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    return (
        ec.generate_private_key(ec.SECP256R1())
        .private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        .decode("ascii")
    )


def public_key(settings: Settings) -> str:
    """Return the public key as a browser takes it: the point, uncompressed, base64url."""
    from cryptography.hazmat.primitives import serialization

    point = (
        _private_key(private_key_path(settings))
        .public_key()
        .public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    )
    return urlsafe_b64encode(point).rstrip(b"=").decode("ascii")


def _private_key(path: Path) -> "EllipticCurvePrivateKey":
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    key = load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, EllipticCurvePrivateKey):
        raise TypeError(f"{path} holds no key of an elliptic curve")
    return key
