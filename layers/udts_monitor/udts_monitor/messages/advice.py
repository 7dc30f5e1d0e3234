"""Which known failure a message is about.

A row matches when the message contains all texts of an alternative, in any case; a number among them is an
error code and stands beside the word error, errno or code.
"""

import re

from udts_monitor.messages.failures import FAILURES, Advice


def advice_for(failed_message: str) -> Advice | None:
    """The first row that matches, None when the message is not known."""
    message = failed_message.lower()
    for advice in FAILURES:
        if any(all(_stands_in(part, message) for part in alternative) for alternative in advice.texts):
            return advice
    return None


def _stands_in(part: str, message: str) -> bool:
    """A code stands there where it is called one, and counts or measures nothing: wrong advice does harm."""
    if not part.isdigit():
        return part.lower() in message
    return any(
        _CALLED_CODE.search(message, max(0, found.start() - _LOOK_BACK), found.start())
        and not _UNIT.match(message, found.end())
        for found in re.finditer(_NUMBER.format(part), message)
    )


# A message is as long as UCloud likes, and each number in it is looked at: none may cost its whole length.
_LOOK_BACK = 16
# Not within a word, an id, a fraction, an address or a larger number.
_NUMBER = r"(?<![a-z0-9_.#-])(?<!\d[,:]){}(?![\w%-]|[.,:]\d)"
_CALLED_CODE = re.compile(
    r"(?:error|errno|(?<![a-z])err|(?<![a-z])code|错误[码号]?|错误代码)(?: (?:no|number|code))?[^\w\n]{0,3}\Z"
)
_UNIT = re.compile(
    r"\s(?:rows?|records?|lines?|chunks?|tables?|times|bytes|[kmg]i?b|m?s|seconds?|minutes?|of \d{1,12})\b"
)
