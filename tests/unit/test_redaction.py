"""A key comes out of no text, however it was written into it, and nothing else is taken out."""

import html
import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from udts_monitor.adapters.redaction import Redactor

# Source: UCloud API reference, signature: the keys of its examples; and two that were pasted carelessly.
KEYS = (
    "46f09bb9fab4f12dfc160dae12273d5332b5debe",
    "ucloudsomeone@example.com1296235120854146120",
    'pr/iv"ate\\\\key+& <é漢💩>=',
    " spaced key\nof two lines",
)
SIGNATURE = "cba5cf5ec4d4233d206b1b54951e3787350a642f"


def as_units(text: str, form: str) -> str:
    """Every UTF-16 unit of a text, written in a form."""
    encoded = text.encode("utf-16-be")
    return "".join(
        form.format(int.from_bytes(encoded[place : place + 2])) for place in range(0, len(encoded), 2)
    )


FORMS: dict[str, Callable[[str], str]] = {
    "as it is": lambda key: key,
    "in capitals": lambda key: key.upper() if key.isascii() else key,
    "JSON": json.dumps,
    "JSON in JSON": lambda key: json.dumps(json.dumps(key)),
    "JSON in JSON in JSON": lambda key: json.dumps(json.dumps(json.dumps(key))),
    "JSON with slashes escaped": lambda key: json.dumps(key).replace("/", "\\/"),
    "JSON, every character escaped": lambda key: as_units(key, "\\u{:04x}"),
    "the same in capitals": lambda key: as_units(key, "\\u{:04X}"),
    "the same in JSON": lambda key: as_units(key, "\\\\u{:04x}"),
    "Python's bytes, every byte escaped": lambda key: "".join(f"\\x{byte:02x}" for byte in key.encode()),
    "address": lambda key: quote(key, safe=""),
    "address, slashes kept": quote,
    "form": quote_plus,
    "address in an address": lambda key: quote(quote(key, safe=""), safe=""),
    "address, every byte escaped, in lower case": lambda key: "".join(f"%{b:02x}" for b in key.encode()),
    "HTML": html.escape,
    "HTML in HTML": lambda key: html.escape(html.escape(key)),
    "HTML, every character a number": lambda key: "".join(f"&#{ord(char)};" for char in key),
    "HTML, every character a hex number": lambda key: "".join(f"&#x{ord(char):04X};" for char in key),
    "hex": lambda key: key.encode().hex(),
    "base64": lambda key: b64encode(key.encode()).decode(),
    "base64, one byte before": lambda key: b64encode(b"a" + key.encode() + b"z").decode(),
    "base64, two bytes before": lambda key: b64encode(b"ab" + key.encode() + b"z").decode(),
    "base64 of an address": lambda key: urlsafe_b64encode(b"ab" + key.encode()).decode(),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("key", KEYS, ids=["private", "public", "odd", "spaced"])
def test_a_key_is_hidden_in_every_form(key: str, form: str) -> None:
    """What is left of it, if anything, are letters at its ends that base64 shares with its neighbours."""
    written = FORMS[form](key)
    shown = Redactor(KEYS, SIGNATURE).hide(f"signed with {written}, sorry")
    assert shown.startswith("signed with ")
    assert "***" in shown
    left = shown.removeprefix("signed with ").removesuffix(", sorry").replace("***", "")
    assert sum(map(str.isalnum, left)) <= 6


@given(data=st.data())
def test_a_key_is_hidden_where_each_character_is_written_in_another_form(data: st.DataObject) -> None:
    """Half escaped is what programs write: only what they have to."""
    written = ""
    for character in KEYS[1]:
        code = ord(character)
        forms = [
            character,
            f"\\u{code:04x}",
            f"%{code:02X}",
            f"%25{code:02x}",
            f"&#{code};",
            f"\\x{code:02x}",
        ]
        written += data.draw(st.sampled_from(forms))
    assert Redactor(KEYS).hide(written) == "***"


@pytest.mark.parametrize("written", [SIGNATURE, SIGNATURE.upper(), f"00{SIGNATURE}ff"])
def test_the_signature_of_the_call_is_hidden(written: str) -> None:
    """It signs the same call for ever; digits around it do not help it out."""
    assert Redactor(KEYS, SIGNATURE).hide(f"Signature={written}&") == "Signature=***&"


def test_another_number_of_forty_digits_is_no_signature() -> None:
    """A checksum in a reason is part of the reason."""
    text = f"checksum \\ {'ab' * 20} differs"
    assert Redactor(KEYS, SIGNATURE).hide(text) == text


@given(text=st.text() | st.text(alphabet="\\%&#x;u0064amp ucloudsomeone@"))
def test_what_is_no_key_is_not_touched(text: str) -> None:
    """Escapes and beginnings of keys stay as they are."""
    assert Redactor(KEYS[:3], SIGNATURE).hide(text) == text


def test_texts_anywhere_in_a_value_are_cleaned_and_all_else_stays() -> None:
    """Values, items of lists, and names of fields."""
    key = KEYS[1]
    value = {"a": [key, 1, None, {key: f"<{key}>"}], "b": True, "c": 1.5}
    assert Redactor((key,)).hide_in(value) == {"a": ["***", 1, None, {"***": "<***>"}], "b": True, "c": 1.5}
