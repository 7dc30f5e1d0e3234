"""How long a text is as an SMS.

Source: SNS, SMS: 160 characters in one part where all are of GSM 03.38, otherwise 70 (UCS-2).
"""

from udts_monitor.text import ascii_line

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
# Each takes two places: an escape stands before it.
_EXTENDED = frozenset("^{}\\[~]|€")
_GSM_PLACES = 160
_UCS2_PLACES = 70


def fits_one_part(text: str) -> bool:
    """Whether it is billed as one SMS."""
    if all(char in _BASIC or char in _EXTENDED for char in text):
        return len(text) + sum(char in _EXTENDED for char in text) <= _GSM_PLACES
    return len(text.encode("utf-16-be", "surrogatepass")) <= 2 * _UCS2_PLACES


def in_gsm(text: str) -> str:
    """With what GSM 03.38 does not know in its ASCII form, or left out: one foreign letter halves an SMS."""
    return "".join(char if char in _BASIC or char in _EXTENDED else ascii_line(char) for char in text)
