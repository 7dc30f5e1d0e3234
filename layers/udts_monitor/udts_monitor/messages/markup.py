"""Text from outside in chat: no link, no mention, no emoji code, no markup, for Slack and Teams alike."""

import re


def escaped(text: str) -> str:
    """Text from outside as text: no link, no mention, no emoji code, no markup."""
    return _LEADING.sub("\\1\N{NO-BREAK SPACE}", _MARKUP.sub(_harmless, literal(text)))


def code(text: str) -> str:
    """A value in a code span, where nothing but its end has a meaning."""
    return f"`{literal(text)}`" if text else ""


def literal(text: str) -> str:
    """Text from outside for a code span or block: Slack looks for links and mentions even there."""
    arrows = text.replace("->", "\N{RIGHTWARDS ARROW}")
    return _MENTION.sub(_HARMLESS["@"], "".join(_LOOKALIKES.get(char, char) for char in arrows))


# Markdown has no escape that Slack and Teams share, and what Amazon Q does with one is not documented. Signs
# that look the same mean nothing to any of them. Source: Slack, formatting text; CommonMark for Teams.
_LOOKALIKES = {
    "&": "\N{FULLWIDTH AMPERSAND}",
    "<": "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}",
    ">": "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}",
    "`": "'",
}
_HARMLESS = {
    "@": "\N{FULLWIDTH COMMERCIAL AT}",
    "*": "\N{ASTERISK OPERATOR}",
    "~": "\N{TILDE OPERATOR}",
    "|": "\N{DIVIDES}",
    "[": "(",
    "]": ")",
    "\\": "\N{SET MINUS}",
    "_": "\N{FULLWIDTH LOW LINE}",
    ":": "\N{RATIO}",
    ".": "\N{ONE DOT LEADER}",
}
# An address within a word, as in user@host, is no mention.
_MENTION = re.compile(r"(?<![A-Za-z0-9])@(?=\w)")
_MARKUP = re.compile(
    r"[*~|\[\]\\]"
    r"|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])"  # italics begin and end at the ends of words
    r"|:(?=//)|(?<=www)\."  # what Slack makes a link of by itself
    r"|:(?=[\w+'-]+:)",  # :fire:
    re.IGNORECASE,
)
# A heading or a list begins with its sign and a space.
_LEADING = re.compile(r"^([#+-]+|\d{1,9}[.)])[ \t]", re.MULTILINE)


def _harmless(found: re.Match[str]) -> str:
    return _HARMLESS[found.group()]
