"""Keys that leave a mark wherever they, or a part of them, turn up, in whatever disguise."""

import json
import logging
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

from udts_monitor.adapters.credentials import KeyPair
from udts_monitor.adapters.ucloud import signed

_PUBLIC_CORE = "PubMark7f3a9c51"
_PRIVATE_CORE = "PrivMarke2b84d06"
# As real ones may look, with characters that every notation writes differently.
MARKED = KeyPair(f'{_PUBLIC_CORE}/+=&{_PUBLIC_CORE}"==', f"{_PRIVATE_CORE}/+=%{_PRIVATE_CORE}\\==")
# What they are exchanged for, with the same marks in it.
RENEWED = KeyPair(f"new-{MARKED.public_key}", f"new-{MARKED.private_key}")


def disguises(key: str) -> dict[str, str]:
    """A key as others may write it."""
    return {
        "raw": key,
        "in a path": quote(key, safe=""),
        "in a form": quote_plus(key),
        "in JSON": json.dumps(key)[1:-1],
        "in JSON in JSON": json.dumps(json.dumps(key)[1:-1])[1:-1],
        "in HTML": key.replace("&", "&amp;").replace('"', "&quot;"),
    }


def secret_of(keys: KeyPair) -> str:
    """The text of a secret."""
    return json.dumps({"public_key": keys.public_key, "private_key": keys.private_key})


def asked(task: str) -> dict[str, str]:
    """The parameters of a request for a task of the default project, not yet signed."""
    return {"Action": "GetUDTSTaskStatus", "TaskId": task}


def marks(tasks: Iterable[str]) -> set[str]:
    """Every text that gives the keys away, and the signature of a request for each of these tasks.

    Anyone can repeat a request with its signature.
    """
    cores = (_PUBLIC_CORE, _PRIVATE_CORE)
    encoded = {form for core in cores for form in (*_base64(core), core.encode().hex(), core[::-1])}
    return {*cores, *encoded, *(signed(asked(task), MARKED)["Signature"] for task in tasks)}


def found_in(text: str, tasks: Iterable[str] = ()) -> set[str]:
    """The marks in a text."""
    lower = text.lower()
    return {mark for mark in marks(tasks) if mark.lower() in lower}


def _base64(core: str) -> set[str]:
    """Base64 of whatever holds the core: where it begins decides about its letters, three ways."""
    found = set()
    for shift in range(3):
        for encode in (b64encode, urlsafe_b64encode):
            whole = encode(bytes(shift) + core.encode()).decode()
            # The first and the last letters depend on the neighbours.
            found.add(whole[4:-4])
    return found


class Everything(logging.Handler):
    """What any library logs at any level, formatted and raw."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it, its exception and its arguments."""
        self.lines.append(f"{record.name}: {self.format(record)} {record.__dict__!r}")
