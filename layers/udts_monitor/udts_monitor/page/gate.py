"""Who may read: whoever AWS has let in, or whoever knows the read token, compared in constant time."""

import hashlib
import hmac
from base64 import b64decode
from collections.abc import Iterable, Mapping
from urllib.parse import parse_qs

COOKIE = "udts-monitor"
# A day. Another token in the secret closes the page within five minutes in any case.
_SECONDS = 86_400
_LONGEST = 4_096


def bearer(headers: Mapping[str, str]) -> str:
    """The token of an ``Authorization`` header, as bearer or as the password of any name; empty for none."""
    kind, _, value = headers.get("authorization", "").strip().partition(" ")
    match kind.lower():
        case "bearer":
            return value.strip()
        case "basic":
            try:
                return b64decode(value, validate=True).decode().partition(":")[2]
            except ValueError:
                return ""
        case _:
            return ""


def is_open(token: str, headers: Mapping[str, str], cookies: Iterable[str]) -> bool:
    """Whether a request carries the token, or the cookie that was given for it."""
    given = bearer(headers)
    if given:
        return _same(given, token)
    wanted = f"{COOKIE}={pass_of(token)}"
    return any(_same(cookie.strip(), wanted) for cookie in cookies)


def token_in(body: str) -> str:
    """The token of the form; empty when it is not there once, or longer than one can be."""
    found = parse_qs(body[:_LONGEST]).get("token", []) if len(body) <= _LONGEST else []
    return found[0].strip() if len(found) == 1 else ""


def admits(token: str, given: str) -> bool:
    """Whether that is the token."""
    return _same(given, token)


def cookie(token: str) -> str:
    """What a reader who knows the token carries from then on: it opens this page and gives nothing away."""
    return f"{COOKIE}={pass_of(token)}; Max-Age={_SECONDS}; Path=/; Secure; HttpOnly; SameSite=Strict"


def pass_of(token: str) -> str:
    """What stands in the cookie instead of the token."""
    return hmac.new(token.encode(), b"udts-monitor status page", hashlib.sha256).hexdigest()


def _same(given: str, wanted: str) -> bool:
    return bool(wanted) and hmac.compare_digest(given.encode(), wanted.encode())
