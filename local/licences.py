"""The licences of what is shipped in the layer, from the installed packages: `python -m local.licences`."""

import re
from collections.abc import Iterator
from importlib.metadata import PackageMetadata, metadata

from local.template import PROJECT

LOCK = PROJECT / "layers/udts_monitor/requirements.txt"
# What may be used, changed and passed on beside one's own code. MPL-2.0 asks for changes to its own files,
# of which none is changed.
ALLOWED = frozenset(
    {"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MIT-0", "MPL-2.0", "PSF-2.0"}
)

# How packages say it that do not use SPDX's names.
_NAMES = {
    "Apache License 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "MIT License": "MIT",
    "MIT No Attribution License (MIT-0)": "MIT-0",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
_HEAD = """# Licences

What the layer ships beside the code of this repository, with the licence each package declares. Written by
`.venv/bin/python -m local.licences > docs/licences.md`; a test compares it with the lock and with the list of
allowed licences.

| package | version | licence |
|---|---|---|
"""


def locked() -> dict[str, str]:
    """Name and version of every package that is shipped."""
    return dict(re.findall(r"^([\w.-]+)==([^\s;\\]+)", LOCK.read_text(), re.MULTILINE))


def licences(package: str) -> list[str]:
    """What a package declares, in SPDX's names where it is known; of several, any may be chosen."""
    return sorted({_NAMES.get(name, name) for name in _declared(metadata(package))})


def table() -> str:
    """The page of the documentation."""
    rows = (f"| {name} | {version} | {' or '.join(licences(name))} |" for name, version in locked().items())
    return _HEAD + "\n".join(rows) + "\n"


def _declared(found: PackageMetadata) -> Iterator[str]:
    for field in ("License-Expression", "License"):
        said = found.get(field, "")
        if said and said != "Dual License" and "\n" not in said:
            yield said
            return
    for classifier in found.get_all("Classifier", []):
        if classifier.startswith("License :: OSI Approved :: "):
            yield classifier.rpartition(" :: ")[2]


if __name__ == "__main__":
    print(table(), end="")
