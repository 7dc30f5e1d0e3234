"""Secrets, taken out of whatever comes back from outside, in whatever form it repeats them.

Every answer is looked at, so looking is cheap: a text without escapes is searched for a few words. Where one
of them stands, or an escape that could hide one, a pattern of all forms of all characters is tried.
"""

import re
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from html.entities import codepoint2name
from typing import Any

_HIDDEN = "***"
# A test key such as "a" would turn every word into stars.
_HIDE_FROM_LENGTH = 8
# JSON and Python write \u0040, addresses %40, HTML &#64;: without these marks a text is what it says.
_ESCAPES = "\\%&"
_HEX_DIGITS = re.compile(r"[0-9a-f]{40,}", re.IGNORECASE)
_PAIRS = 2  # key pairs kept at hand: the one in use, and the one it replaces


@dataclass(frozen=True, slots=True)
class Redactor:
    """Takes the secrets of one call out of texts.

    Attributes:
        keys: the key pair; its patterns are kept, because it is the same for every call.
        signature: of this call, 40 hex digits, of which no pattern is made; empty when there is none.
    """

    keys: tuple[str, ...] = ()
    signature: str = ""

    def may_be_in(self, text: str) -> bool:
        """Whether a secret could stand in a text, in any form; a JSON text answers for all texts in it."""
        if any(mark in text for mark in _ESCAPES):
            return True
        lower = text.lower()
        if self.signature and self.signature in lower:
            return True
        return any(form in lower for form in _plain_forms(self.keys))

    def hide(self, text: str) -> str:
        """The text with stars for every secret."""
        if not self.may_be_in(text):
            return text
        pattern = _pattern(self.keys)
        shown = pattern.sub(_HIDDEN, text) if pattern else text
        return _HEX_DIGITS.sub(self._hidden_if_signature, shown) if self.signature else shown

    def hide_in(self, value: Any) -> Any:  # noqa: ANN401 - any JSON
        """A JSON value with stars for every secret in its texts, names of fields too."""
        match value:
            case str():
                return self.hide(value)
            case dict():
                return {self.hide(key): self.hide_in(item) for key, item in value.items()}
            case list():
                return [self.hide_in(item) for item in value]
            case _:
                return value

    def _hidden_if_signature(self, digits: re.Match[str]) -> str:
        return _HIDDEN if self.signature in digits[0].lower() else digits[0]


@lru_cache(maxsize=_PAIRS)
def _plain_forms(keys: tuple[str, ...]) -> tuple[str, ...]:
    """How the keys look in lower-case text without escapes; the empty form, found everywhere, if unsure."""
    forms = set()
    for key in _long(keys):
        encoded = key.encode("utf-8", "replace")
        # Upper and lower case of other letters are not one to one.
        forms |= {key.lower(), key.replace(" ", "+").lower(), encoded.hex()} if key.isascii() else {""}
        for fragment in _base64_fragments(encoded):
            forms |= {fragment.lower(), fragment.translate(_URL_SAFE).lower()}
    return tuple(forms)


@lru_cache(maxsize=_PAIRS)
def _pattern(keys: tuple[str, ...]) -> re.Pattern[str] | None:
    """Matches every key in every form, None without keys to hide."""
    forms = [form for key in _long(keys) for form in _forms(key)]
    return re.compile("|".join(forms), re.IGNORECASE) if forms else None


def _long(keys: tuple[str, ...]) -> list[str]:
    """Longest first: one key may begin with the other."""
    return sorted((key for key in keys if len(key) >= _HIDE_FROM_LENGTH), key=len, reverse=True)


def _forms(key: str) -> Iterator[str]:
    encoded = key.encode("utf-8", "replace")
    yield "".join(map(_any_form, re.sub(r"\\+", r"\\", key)))
    yield encoded.hex()
    for fragment in _base64_fragments(encoded):
        yield re.escape(fragment).replace(r"\+", r"(?:[-+]|%2b)").replace("/", r"(?:[_/]|\\/|%2f)")


def _any_form(character: str) -> str:
    """Matches a character in any form; where escapes are escaped, one backslash and many are the same."""
    return f"(?:{'|'.join(_character_forms(character))})" + ("{1,8}" if character == "\\" else "")


def _character_forms(character: str) -> Iterator[str]:
    """How others write a character, once or several times over: JSON, Python, addresses, HTML, as it is.

    All repetitions are bounded: no text takes more time than its length.
    """
    backslashes = r"\\{1,7}+"
    units = character.encode("utf-16-be", "surrogatepass").hex(" ", 2).split()
    yield "".join(rf"{backslashes}u{unit}" for unit in units)
    octets = character.encode("utf-8", "surrogatepass").hex(" ").split()
    yield "".join(rf"{backslashes}x{octet}" for octet in octets)
    yield "".join(rf"%(?:25){{0,3}}{octet}" for octet in octets)
    code = ord(character)
    html = [f"#0{{0,5}}{code}", f"#x0{{0,5}}{code:x}", codepoint2name.get(code)]
    yield rf"&(?:amp;){{0,3}}(?:{'|'.join(filter(None, html))});?"
    if character == " ":
        yield r"\+"
    if character in "\n\r\t":
        yield backslashes + repr(character)[2]
    yield backslashes if character == "\\" else rf"\\{{0,7}}+{re.escape(character)}"


_URL_SAFE = str.maketrans("+/", "-_")


def _base64_fragments(encoded: bytes) -> Iterator[str]:
    """What is sure to stand in the base64 of any text around the bytes, for each place they may begin at."""
    for before in range(3):
        whole = b64encode(bytes(before) + encoded).decode()
        yield whole[-(-before * 8 // 6) : (before + len(encoded)) * 8 // 6]
