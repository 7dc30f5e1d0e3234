"""The shell blocks of the documents, and the shell of somebody who types them."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from local import sam
from local.aws import LocalAws
from local.template import PROJECT

_FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_BEGINS = "\N{BLACK RIGHT-POINTING TRIANGLE}"
_TOOLS = PROJECT / ".tools"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A block of commands that a document shows."""

    document: str
    line: int
    text: str

    @property
    def place(self) -> str:
        """Where it stands, as editors jump to it."""
        return f"{self.document}:{self.line}"

    def starts_with(self, command: str) -> bool:
        """Whether these are its first words."""
        return self.text.startswith(f"{command} ") or self.text.splitlines()[0] == command


def blocks(document: str) -> Iterator[Block]:
    """The shell blocks of a document, in order."""
    text = (PROJECT / document).read_text(encoding="utf-8")
    for found in _FENCED.finditer(text):
        if found[1] == "sh":
            yield Block(document=document, line=text.count("\n", 0, found.start(2)) + 1, text=found[2])


def outside(document: str) -> str:
    """A document without its shell blocks."""
    text = (PROJECT / document).read_text(encoding="utf-8")
    return _FENCED.sub(lambda found: "" if found[1] == "sh" else found[0], text)


def clone(folder: Path, ucloud: str) -> Path:
    """A clone of the repository as it stands here, with what a local stack cannot do as AWS does it.

    Its function is built for this machine's processor, asks the simulated UCloud, and is deployed with the
    second capability that the local AWS insists on.
    """
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    origin, made = folder / "origin", folder / "clone"
    for name in filter(None, listed.stdout.split("\0")):
        if (PROJECT / name).is_file():
            (origin / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / name, origin / name)
    _replace(origin / "template.yaml", "Default: https://api.ucloud.cn", f"Default: {ucloud}")
    _replace(origin / "template.yaml", "Default: arm64", f"Default: {sam.ARCHITECTURE}")
    _replace(origin / "samconfig.toml", '"CAPABILITY_IAM"', '"CAPABILITY_IAM CAPABILITY_AUTO_EXPAND"')
    git = ["git", "-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false"]
    for arguments in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message", "today"]):
        subprocess.run([*git, *arguments], cwd=origin, check=True)  # noqa: S603
    subprocess.run([*git, "clone", "--quiet", str(origin), str(made)], check=True)  # noqa: S603
    (made / ".venv").symlink_to(PROJECT / ".venv")
    return made


def _replace(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert text.count(old) == 1, (file.name, old)
    file.write_text(text.replace(old, new))


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """A shell in a clone, whose aws and sam know the local AWS only, and an editor that types the keys."""

    aws: LocalAws
    folder: Path
    keys: str

    def run(self, script: list[Block], between: Mapping[str, str]) -> tuple[int, dict[str, str]]:
        """Run blocks one after the other, until one fails.

        Args:
            script: the blocks.
            between: what happens in the world before a block, as shell commands by its first words.

        Returns:
            The shell's exit code, and what each block that was begun printed, by its place.
        """
        lines = ["set -euo pipefail"]
        for block in script:
            lines += [text for command, text in between.items() if block.starts_with(command)]
            lines += [f"echo '{_BEGINS} {block.place}'", block.text]
        (self.folder.parent / "script.sh").write_text("\n".join(lines))
        with subprocess.Popen(["yes"], stdout=subprocess.PIPE) as agrees:  # noqa: S607
            done = subprocess.run(  # noqa: S603
                ["/bin/bash", str(self.folder.parent / "script.sh")],
                cwd=self.folder,
                env=self._environment(),
                stdin=agrees.stdout,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            agrees.kill()
        said = done.stdout.split(f"{_BEGINS} ")[1:]
        return done.returncode, {place: rest for place, _, rest in (part.partition("\n") for part in said)}

    def _environment(self) -> dict[str, str]:
        programs = self.folder.parent / "bin"
        programs.mkdir()
        written = {
            # Version 1 of the command line finds SQS by a name of its own, whatever AWS_ENDPOINT_URL says.
            "aws": f'exec {_TOOLS}/aws-cli/bin/aws --endpoint-url "$AWS_ENDPOINT_URL" "$@"',
            "sam": f'exec {_TOOLS}/sam/bin/sam "$@"',
            # 1 is no error: something that is shown needs somebody.
            "udts-monitor": f'{PROJECT}/.venv/bin/udts-monitor "$@" || test $? = 1',
            "editor": f"cat > \"$1\" <<'END'\n{self.keys}\nEND",
        }
        for name, text in written.items():
            (programs / name).write_text(f"#!/bin/sh\n{text}\n")
            (programs / name).chmod(0o700)
        return {
            # The second has a Python 3.13 with pip.
            "PATH": f"{programs}:{_TOOLS}/bootstrap/bin:/usr/bin:/bin",
            "HOME": str(self.folder.parent),
            "TMPDIR": str(self.folder.parent),
            "LANG": os.environ.get("LANG", "C.UTF-8"),
            "EDITOR": "editor",
            "PIP_CACHE_DIR": str(_TOOLS / "pip-cache"),
            "SAM_CLI_TELEMETRY": "0",
            "SAM_CLI_POLL_DELAY": "1",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            **self.aws.environment,
        }
