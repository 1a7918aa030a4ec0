"""Names for folders, volumes and hosts that never meet, made of user names.

Two user names that differ in anything at all (case, dots, dashes, accents, Unicode
normal form) get different results, also where the file system or the name service
folds case. The results use ``a-z 0-9 -`` only and start with a letter or digit.
"""

import base64
import hashlib
import re
import unicodedata
from typing import Final

__all__ = ["MAX_NAME_LENGTH", "safe_name", "volume_name"]

MAX_NAME_LENGTH: Final = 40
"""Longest result of `safe_name` [characters]; with a prefix it fits a DNS label."""

_DIGEST_LENGTH: Final = 16  # base32 characters, 80 bits
_PLAIN = re.compile(r"[a-z][a-z0-9]{0,31}")
_OTHER = re.compile(r"[^a-z0-9]+")


def safe_name(user_name: str) -> str:
    """Return the name under which a user's folder, volume or host is kept.

    A name of plain small letters and digits stays as it is. Any other becomes a
    readable part, a dash and a digest of the exact name; a plain name has no dash, so
    the two kinds never meet.

    Parameters
    ----------
    user_name
        The hub's user name, exactly as the hub writes it.
    """
    if _PLAIN.fullmatch(user_name):
        return user_name
    exact = user_name.encode("utf-8", "surrogatepass")
    digest = base64.b32encode(hashlib.sha256(exact).digest()[:10]).decode().lower()
    folded = unicodedata.normalize("NFKD", user_name).encode("ascii", "ignore")
    slug = _OTHER.sub("-", folded.decode().lower()).strip("-")
    slug = slug[: MAX_NAME_LENGTH - _DIGEST_LENGTH - 1].strip("-") or "u"
    return f"{slug}-{digest}"


def volume_name(installation: str, user_name: str) -> str:
    """Return the name of a user's volume, where user-spaces are not host folders."""
    return f"gavip-{installation}-{safe_name(user_name)}"
