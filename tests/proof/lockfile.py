"""The lock files, read."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import canonicalize_name

from local.template import PROJECT


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """One requirement of a lock: the line without its hashes, and the hashes."""

    line: str
    hashes: frozenset[str]

    @property
    def name(self) -> str:
        """As everybody writes it."""
        return canonicalize_name(self.line.split("==")[0])

    @property
    def version(self) -> str:
        """The one version."""
        return self.line.split("==")[1].split(" ")[0]


def pins(lock: Path) -> list[Pin]:
    """All requirements of a lock file."""
    found = []
    for line in re.sub(r"\\\n", " ", lock.read_text()).splitlines():
        parts = re.split(r"\s+--hash=", line.strip())
        if parts[0] and not parts[0].startswith("#"):
            found.append(Pin(line=parts[0].strip(), hashes=frozenset(parts[1:])))
    return found


def declared() -> list[str]:
    """What pyproject.toml says the function needs."""
    groups: dict[str, list[str]] = tomllib.loads((PROJECT / "pyproject.toml").read_text())[
        "dependency-groups"
    ]
    return groups["layer"]
