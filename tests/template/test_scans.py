"""The tools that know AWS better than the local AWS does: SAM's validation, cfn-lint, checkov."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from local.sam import run_sam
from local.template import PROJECT, TEMPLATE


@pytest.fixture(scope="module")
def scan(translated: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What checkov says about the translated template."""
    folder = tmp_path_factory.mktemp("scan")
    Path(folder, "template.json").write_text(json.dumps(translated))
    result = subprocess.run(  # noqa: S603 - our own tool
        [
            PROJECT / ".tools/scan/bin/checkov",
            *("--file", "template.json"),
            *("--framework", "cloudformation"),
            *("--output", "json"),
            # No call to anybody: the rules come with the package.
            "--skip-download",
        ],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    report: dict[str, Any] = json.loads(result.stdout)
    return report


@pytest.mark.parametrize("options", [[], ["--lint"]], ids=["validate", "validate --lint"])
def test_sam_finds_the_template_valid(options: list[str]) -> None:
    """Both, because they catch different mistakes; each fails with an exit code."""
    assert "is a valid SAM Template" in run_sam("validate", "--template", str(TEMPLATE), *options)


def test_checkov_finds_nothing(scan: dict[str, Any]) -> None:
    """No known weakness is left, and the rules that matter here were looked at."""
    assert not [(check["check_id"], check["resource"]) for check in scan["results"]["failed_checks"]]
    passed = {check["check_id"] for check in scan["results"]["passed_checks"]}
    point_in_time_recovery, log_retention, no_secrets_in_environment = (
        "CKV_AWS_28",
        "CKV_AWS_66",
        "CKV_AWS_45",
    )
    assert {point_in_time_recovery, log_retention, no_secrets_in_environment} <= passed


def test_every_rule_that_is_skipped_has_its_reason(scan: dict[str, Any]) -> None:
    """A skip is a decision; who reads the template can judge it."""
    skipped = scan["results"]["skipped_checks"]
    assert {check["check_id"] for check in skipped} == {
        "CKV_AWS_115",
        "CKV_AWS_116",
        "CKV_AWS_117",
        "CKV_AWS_119",
        "CKV_AWS_158",
        "CKV_AWS_173",
        "CKV_AWS_26",
        "CKV_AWS_27",
    }
    for check in skipped:
        assert len(check["check_result"]["suppress_comment"].split()) > 8, check["check_id"]
