"""Cold start: AWS's own runtime on the built artifact, against a file with three packages and one client.

INIT is what the runtime reports of it, the import of the file. Until the first answer come, for the handler,
the settings and its clients as well: it is asked for a command that it does not know.
"""

import re
import shutil
import statistics
import time
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from local import sam
from local.template import load
from tests.bench.figures import Row
from tests.e2e.lambda_runtime import lambda_runtime

ROUNDS = 5
_HANDLER = load()["Resources"]["CheckTasksFunction"]["Properties"]["Handler"]
_THREE = """
import boto3, requests
from aws_lambda_powertools import Logger, Metrics
client = boto3.client("dynamodb")
def answer(event, context): return {}
"""
_SUBJECTS = {"handler": _HANDLER, "three packages": "three_packages.answer"}
_ENVIRONMENT = {
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "bench",
    "AWS_SECRET_ACCESS_KEY": "bench",
    "UCLOUD_PUBLIC_KEY": "bench",
    "UCLOUD_PRIVATE_KEY": "bench",
    "UDTS_TASKS": "udts-1",
    "TABLE_NAME": "bench",
    "ALERTS_TOPIC_ARN": "arn:aws:sns:us-east-1:123456789012:alerts",
}
_INIT = re.compile(r"INIT REPORT\(durationMs: ([\d.]+)\)")


def measured(folder: Path, _before: Path | None, rounds: int = ROUNDS) -> list[Row]:
    """A row for each subject without bytecode, as in the layer, and with it."""
    built = sam.build()
    layer = built.parent / "UdtsMonitorLayer"
    size = {"layer MB": _megabytes(layer), "zipped MB": _zipped_megabytes(layer, folder)}
    rows: list[Row] = []
    for bytecode, more in {
        "no": {"PYTHONDONTWRITEBYTECODE": "1"},
        "yes": {"PYTHONPYCACHEPREFIX": str(folder / "bytecode")},
    }.items():
        taken = defaultdict[str, list[tuple[float, float]]](list)
        # The first round of those with bytecode writes it.
        for number in range(rounds + 1):
            for name, handler in _SUBJECTS.items():
                taken[name].append(_started(built, handler, more, folder / f"{bytecode}-{name}-{number}"))
        for name, found in taken.items():
            ratios = [one[1] / other[1] for one, other in zip(found, taken["three packages"], strict=True)]
            rows.append(
                {
                    "subject": name,
                    "bytecode": bytecode,
                    "INIT s": statistics.median(init for init, _ in found[1:]),
                    "first answer s": statistics.median(first for _, first in found[1:]),
                    "against three packages": statistics.median(ratios[1:]),
                    **(size if name == "handler" else {}),
                }
            )
    return rows


def _started(built: Path, handler: str, more: Mapping[str, str], folder: Path) -> tuple[float, float]:
    """Seconds of INIT, and from the first call of a new execution environment to its answer."""
    folder.mkdir()
    (folder / "three_packages.py").write_text(_THREE)
    with lambda_runtime(built, handler, {**_ENVIRONMENT, **more}, folder) as runtime:
        began = time.monotonic()
        answer = runtime.invoke({"command": "start"})
        first = time.monotonic() - began
        assert answer == {} or "'start' is not known" in answer["errorMessage"], answer
        (init,) = _INIT.findall(runtime.log.read_text())
    return float(init) / 1_000, first


def _megabytes(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def _zipped_megabytes(folder: Path, scratch: Path) -> float:
    return Path(shutil.make_archive(str(scratch / "layer"), "zip", folder)).stat().st_size / 1e6
