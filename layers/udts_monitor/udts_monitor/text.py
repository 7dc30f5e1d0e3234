"""Text from outside, made safe for where it goes. Everything UCloud or a user wrote passes through here."""

import unicodedata

# Control and format characters (right-to-left marks among them), surrogates, private use, unassigned.
_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_ERROR_LIMIT = 1_000
# Line ends of every alphabet, and the tab.
_SPACES = dict.fromkeys(map(ord, "\t\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"), " ")


def plain(text: str) -> str:
    """Line breaks stay, every other character that does not print is gone."""
    lines = (_printable(line) for line in text.splitlines())
    return "\n".join(line for line in lines if line)


def one_line(text: str) -> str:
    """One line, single spaces, nothing that does not print."""
    spaced = text.translate(_SPACES)
    return " ".join(_printable(spaced).split())


def ascii_line(text: str) -> str:
    """One line of printable ASCII; accents go, what has no ASCII form goes too. May come out empty."""
    decomposed = unicodedata.normalize("NFKD", one_line(text))
    return " ".join(decomposed.encode("ascii", "ignore").decode().split())


def truncate(text: str, limit: int, *, mark: str = "...") -> str:
    """At most ``limit`` characters, cut on a word where one ends in the last third, and marked as cut."""
    if len(text) <= limit:
        return text
    room = max(0, limit - len(mark))
    end = next((end for end in range(room, room * 2 // 3, -1) if _ends_a_word(text, end)), room)
    return (text[:end].rstrip() + mark)[:limit]


def error_text(error: BaseException) -> str:
    """The words of an error from outside, on one line and not many."""
    return truncate(one_line(str(error)), _ERROR_LIMIT)


def _ends_a_word(text: str, end: int) -> bool:
    """Next to a space, or to a wide character: Chinese has no spaces, each of its characters ends a word."""
    last, following = text[end - 1], text[end]
    # A number would lose its unit, a bracket what it opens.
    if last.isspace() or last.isdigit() or unicodedata.category(last) == "Ps":
        return False
    return following.isspace() or any(
        unicodedata.east_asian_width(char) in "WF" for char in (last, following)
    )


def _printable(line: str) -> str:
    if line.isprintable():  # most are; and it costs a hundredth of looking at each character
        return line.strip()
    spaced = line.replace("\t", " ")
    return "".join(char for char in spaced if unicodedata.category(char) not in _UNSAFE).strip()
