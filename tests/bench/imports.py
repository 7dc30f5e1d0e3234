"""Import: the handler and two clients against the packages it uses and the same clients alone.

Processor time of fresh processes in turn, with bytecode at hand. The third row is what a file pays that needs
no more than boto3, requests and Powertools: what separates it from the second is pydantic.
"""

import os
import statistics
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

from local.template import PROJECT
from tests.bench.figures import Row

ROUNDS = 9
_CLIENTS = "import boto3; [boto3.client(name, region_name='us-east-1') for name in ('dynamodb', 'sns')]"
_THREE = "import requests; from aws_lambda_powertools import Logger, Metrics"
_PACKAGES = "import pydantic_settings, zoneinfo, concurrent.futures; from pydantic import TypeAdapter"
_TIME = "import time; print(time.process_time())"
SUBJECTS = {
    "handler": f"import functions.check_tasks.app; {_CLIENTS}; {_TIME}",
    "its packages": f"{_THREE}; {_PACKAGES}; {_CLIENTS}; {_TIME}",
    "three packages": f"{_THREE}; {_CLIENTS}; {_TIME}",
}


def measured(_folder: Path, before: Path | None, rounds: int = ROUNDS) -> list[Row]:
    """A row for each subject."""
    code = before or PROJECT
    environment = os.environ | {"PYTHONPATH": f"{code}{os.pathsep}{code / 'layers/udts_monitor'}"}
    taken = defaultdict[str, list[float]](list)
    for _ in range(rounds):
        for name, program in SUBJECTS.items():
            done = subprocess.run(  # noqa: S603 - our own code
                [sys.executable, "-c", program], env=environment, capture_output=True, check=True, text=True
            )
            taken[name].append(float(done.stdout))
    return [
        {
            "subject": name,
            "processor s": statistics.median(taken[name]),
            "against its packages": statistics.median(
                one / other for one, other in zip(taken[name], taken["its packages"], strict=True)
            ),
        }
        for name in SUBJECTS
    ]
