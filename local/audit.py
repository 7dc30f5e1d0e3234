"""Asks the vulnerability service about every locked package: `make audit`.

Exit codes: 0 all were checked and none has a known vulnerability; 1 some have; 2 some could not be checked.
pip-audit alone calls packages it could not look up "skipped" and finds nothing, which reads like a pass.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.template import PROJECT

TOOL = PROJECT / ".tools/audit/bin/pip-audit"
# What is shipped first; what only builds and tests it after that.
LOCKS = (PROJECT / "layers/udts_monitor/requirements.txt", *sorted((PROJECT / "requirements").glob("*.txt")))
CLEAN, VULNERABLE, UNKNOWN = range(3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What came of one lock file.

    Attributes:
        checked: how many packages the service knew.
        found: a line for each known vulnerability.
        unknown: why packages were not checked.
    """

    checked: int
    found: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def verdict(self) -> int:
        """The exit code: what was found weighs more than what is not known."""
        if self.found:
            return VULNERABLE
        return UNKNOWN if self.unknown or not self.checked else CLEAN


def audit(lock: Path, tool: Path = TOOL) -> Audit:
    """Check one lock file; nothing is installed."""
    done = subprocess.run(  # noqa: S603 - our own tool
        [
            tool,
            "--require-hashes",
            "--disable-pip",
            "--progress-spinner",
            "off",
            "--format",
            "json",
            "-r",
            lock,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        packages: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError, TypeError):
        said = done.stderr.strip().splitlines() or ["it said nothing"]
        return Audit(checked=0, unknown=(f"the vulnerability service could not be used: {said[-1]}",))
    return Audit(
        checked=sum("vulns" in package for package in packages),
        found=tuple(
            f"{package['name']} {package['version']}: {vulnerability['id']},"
            f" fixed in {', '.join(vulnerability['fix_versions']) or 'no version yet'}"
            for package in packages
            for vulnerability in package.get("vulns", ())
        ),
        unknown=tuple(package["skip_reason"] for package in packages if "skip_reason" in package),
    )


def main(locks: Sequence[Path] = LOCKS, tool: Path = TOOL) -> int:
    """Check all lock files and say what came of each."""
    verdicts = set()
    for lock in locks:
        result = audit(lock, tool)
        verdicts.add(result.verdict)
        print(f"{lock.relative_to(PROJECT) if lock.is_relative_to(PROJECT) else lock}: {_said(result)}")
        for line in result.found:
            print(f"  VULNERABLE {line}")
    if VULNERABLE in verdicts:
        return VULNERABLE
    if UNKNOWN in verdicts:
        print("NOT CHECKED: this is no pass. Run it again where the vulnerability service can be reached.")
        return UNKNOWN
    return CLEAN


def _said(result: Audit) -> str:
    known = f"{result.checked} packages checked, {len(result.found)} known vulnerabilities"
    if not result.unknown:
        return known
    return f"{known}, {len(result.unknown)} NOT CHECKED ({result.unknown[0]})"


if __name__ == "__main__":
    sys.exit(main())
