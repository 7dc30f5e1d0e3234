"""Reads CloudFormation templates: the truth for keys, variables and parameters."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

PROJECT = Path(__file__).parent.parent
TEMPLATE = PROJECT / "template.yaml"


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms, read as their long forms."""


def _long_form(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)  # type: ignore[arg-type]
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _long_form)


@cache
def load(path: Path = TEMPLATE) -> dict[str, Any]:
    """Return the template with `!Ref X` as `{"Ref": "X"}`, `!Sub X` as `{"Fn::Sub": "X"}` and so on.

    A file is read once, which takes half a second: nobody changes what it gave.
    """
    template: dict[str, Any] = yaml.load(path.read_text(), Loader=_Loader)  # noqa: S506 - a SafeLoader
    return template


def time_to_live(template: dict[str, Any]) -> str:
    """Return the attribute that holds when an item of the table expires."""
    attribute: str = template["Resources"]["Table"]["Properties"]["TimeToLiveSpecification"]["AttributeName"]
    return attribute
