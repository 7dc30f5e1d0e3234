"""Runs the SAM CLI: builds the real template for this machine and deploys it to a local AWS."""

import json
import os
import platform
from collections.abc import Mapping
from pathlib import Path

from local import child_process
from local.scratch import scratch_folder
from local.template import PROJECT, TEMPLATE

_SAM_PYTHON = PROJECT / ".tools/sam/bin/python"
# sam build looks for a python3.13 with pip on PATH: this one is always there.
_PYTHON_FOLDER = PROJECT / ".tools/bootstrap/bin"
_PIP_CACHE = PROJECT / ".tools/pip-cache"
ARCHITECTURE = "arm64" if platform.machine() in {"arm64", "aarch64"} else "x86_64"


class SamError(Exception):
    """A SAM command failed; the text ends with the command's last lines."""


def build(folder: Path = PROJECT / ".local/build", template: Path = TEMPLATE) -> Path:
    """Build the template for this machine's processor and return the built template.

    Everything lands in the folder, never in .aws-sam: what `sam deploy` finds there must be what its user
    built, for the processor of the deployed function.
    """
    folder.mkdir(parents=True, exist_ok=True)
    run_sam(
        "build",
        *("--template", str(template)),
        *("--build-dir", str(folder / "out")),
        *("--cache-dir", str(folder / "cache")),
        *("--parameter-overrides", f"Architecture={ARCHITECTURE}"),
        folder=folder,
    )
    return folder / "out" / "template.yaml"


def deploy(
    built: Path, parameters: Mapping[str, str], *, stack: str, folder: Path, environment: Mapping[str, str]
) -> None:
    """Create or update a stack from a built template; the environment says where.

    Parameters that are not given keep the values they have.
    """
    # A file, because the command line's own syntax breaks values with spaces, quotes or commas.
    # JSON is YAML too, and SAM reads only the latter.
    values = folder / f"{stack}-parameters.yaml"
    values.write_text(json.dumps({**parameters, "Architecture": ARCHITECTURE}))
    run_sam(
        "deploy",
        *("--template-file", str(built)),
        *("--config-file", str(PROJECT / "samconfig.toml")),
        *("--stack-name", stack),
        *("--parameter-overrides", f"file://{values}"),
        # The local AWS wants both, whatever the template needs.
        *("--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"),
        "--no-confirm-changeset",
        "--no-progressbar",
        folder=folder,
        environment=environment,
    )


def run_sam(*arguments: str, folder: Path = PROJECT, environment: Mapping[str, str] | None = None) -> str:
    """Run one SAM command without any of the caller's AWS settings and return its output.

    Raises:
        SamError: The command failed.
    """
    with scratch_folder("sam") as scratch, (scratch / "output").open("w+b") as log:
        process = child_process.start(
            [_SAM_PYTHON],
            ["samcli", *arguments],
            folder=folder,
            output=log,
            environment=_environment(scratch, environment or {}),
        )
        try:
            process.wait()
        finally:
            # What it started, such as pip, must end with it: it would go on filling a folder that is gone.
            child_process.stop(process)
        log.seek(0)
        output = log.read().decode(errors="replace")
    if process.returncode != 0:
        last_lines = "\n".join(output.strip().splitlines()[-25:])
        raise SamError(f"sam {arguments[0]} failed with exit code {process.returncode}:\n{last_lines}")
    return output


def _environment(scratch: Path, environment: Mapping[str, str]) -> dict[str, str]:
    # Nothing that points at a real account gets through: no profile, no key, no endpoint, no config file.
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SAM_"))}
    return {
        **inherited,
        "PATH": f"{_PYTHON_FOLDER}:{os.environ['PATH']}",
        # It forgets temporary folders, not only when it is stopped, and writes to the home folder.
        "TMPDIR": str(scratch),
        "__SAM_CLI_APP_DIR": str(scratch),
        "PIP_CACHE_DIR": str(_PIP_CACHE),
        "SAM_CLI_TELEMETRY": "0",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_DEFAULT_REGION": "us-east-1",
        **environment,
    }
