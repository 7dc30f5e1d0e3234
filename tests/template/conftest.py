"""The template as it is written, and as AWS reads it."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from local.template import PROJECT, TEMPLATE, load


@pytest.fixture(scope="session")
def template() -> dict[str, Any]:
    """The template with CloudFormation's short forms as long ones."""
    return load()


@pytest.fixture(scope="session")
def translated() -> dict[str, Any]:
    """The CloudFormation template that AWS makes of the SAM template."""
    translation = subprocess.run(  # noqa: S603 - our own script
        [
            PROJECT / ".tools/sam/bin/python",
            "-W",
            "ignore",
            Path(__file__).with_name("translate.py"),
            TEMPLATE,
        ],
        env={"PATH": os.environ["PATH"], "AWS_DEFAULT_REGION": "us-east-1"},
        capture_output=True,
        text=True,
        check=True,
    )
    cloudformation: dict[str, Any] = json.loads(translation.stdout)
    return cloudformation
