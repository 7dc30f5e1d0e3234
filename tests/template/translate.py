"""Prints a SAM template as the CloudFormation template AWS makes of it; runs in the SAM CLI's environment."""

import json
import sys
from pathlib import Path

from samtranslator.translator.transform import transform  # type: ignore[import-not-found]
from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-not-found]

# What `sam package` replaces by the place of the uploaded code.
_CODE = {"AWS::Serverless::Function": "CodeUri", "AWS::Serverless::LayerVersion": "ContentUri"}


class _NoManagedPolicies:
    """The template names no managed policy, so there is none to look up on AWS."""

    def load(self) -> dict[str, str]:
        """Return no policies."""
        return {}


template = yaml_parse(Path(sys.argv[1]).read_text())
for resource in template["Resources"].values():
    if code := _CODE.get(resource["Type"]):
        resource["Properties"][code] = "s3://bucket/key"
print(json.dumps(transform(template, {}, _NoManagedPolicies())))  # noqa: T201 - its answer
