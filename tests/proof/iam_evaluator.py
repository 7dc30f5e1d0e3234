"""Judges requests by the template's policies, as AWS does: nothing is allowed by itself, and a denial wins.

Source: IAM User Guide, policy evaluation logic; CloudFormation User Guide, intrinsic functions. Whatever it
does not know, an operator or a function, it refuses to judge.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

REGION, ACCOUNT = "eu-central-1", "123456789012"
# Services whose ARNs the template's resources have, by type.
_ARNS = {
    "AWS::DynamoDB::Table": "dynamodb:{}:{}:table/{}",
    "AWS::SNS::Topic": "sns:{}:{}:{}",
    "AWS::SQS::Queue": "sqs:{}:{}:{}",
    "AWS::Serverless::Function": "lambda:{}:{}:function:{}",
    "AWS::Logs::LogGroup": "logs:{}:{}:log-group:{}:*",
    "AWS::CloudWatch::Alarm": "cloudwatch:{}:{}:alarm:{}",
    "AWS::IAM::Role": "iam:{}:{}:role/{}",
}
_NOTHING = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Somebody wants something: a service names itself, everybody else is an ARN."""

    action: str
    resource: str
    principal: str = f"arn:aws:iam::{ACCOUNT}:role/own"
    context: Mapping[str, str] = field(default_factory=dict)


def allows(statements: list[dict[str, Any]], request: Request) -> bool:
    """Something allows it and nothing denies it."""
    effects = {statement["Effect"] for statement in statements if _concerns(statement, request)}
    return effects == {"Allow"}


def denies(statements: list[dict[str, Any]], request: Request) -> bool:
    """Something denies it, whatever allows it elsewhere."""
    return any(found["Effect"] == "Deny" for found in statements if _concerns(found, request))


def _concerns(statement: dict[str, Any], request: Request) -> bool:
    assert statement.keys() <= {"Sid", "Effect", "Principal", "Action", "Resource", "Condition"}
    return (
        any(_like(pattern.lower(), request.action.lower()) for pattern in listed(statement["Action"]))
        and any(_like(pattern, request.resource) for pattern in listed(statement["Resource"]))
        and _meant(statement.get("Principal", "*"), request.principal)
        and all(
            _holds(operator, name, listed(wanted), request.context)
            for operator, names in statement.get("Condition", {}).items()
            for name, wanted in names.items()
        )
    )


def _meant(principal: Any, who: str) -> bool:  # noqa: ANN401 - any principal
    return principal == "*" or who in [name for names in principal.values() for name in listed(names)]


def _holds(operator: str, name: str, wanted: list[Any], context: Mapping[str, str]) -> bool:
    # ArnEquals knows wildcards, of which the template has none.
    assert operator in {"StringEquals", "Bool", "ArnEquals"}, f"{operator} is not known here"
    assert not any("*" in value or "?" in value for value in wanted)
    return context.get(name) in wanted


def _like(pattern: str, value: str) -> bool:
    parts = ({"*": ".*", "?": "."}.get(char, re.escape(char)) for char in pattern)
    return re.fullmatch("".join(parts), value) is not None


def listed(value: Any) -> list[Any]:  # noqa: ANN401 - whatever IAM takes
    """IAM lets one thing stand without its list."""
    return value if isinstance(value, list) else [value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """The template with values for its parameters; all its conditions hold but the named ones."""

    template: Mapping[str, Any]
    parameters: Mapping[str, str]
    not_holding: frozenset[str] = frozenset()

    def role(self, name: str) -> list[dict[str, Any]]:
        """What a role's own policies say."""
        return [
            statement
            for policy in self.template["Resources"][name]["Properties"].get("Policies", [])
            for statement in self.value(policy["PolicyDocument"]["Statement"])
        ]

    def resource_policy(self, name: str) -> list[dict[str, Any]]:
        """What a topic's or a queue's policy says."""
        properties = self.template["Resources"][name]["Properties"]
        statements: list[dict[str, Any]] = self.value(properties["PolicyDocument"]["Statement"])
        return statements

    def trust(self, name: str) -> list[dict[str, Any]]:
        """Who may take a role."""
        properties = self.template["Resources"][name]["Properties"]
        statements = self.value(properties["AssumeRolePolicyDocument"]["Statement"])
        return [{**statement, "Resource": "*"} for statement in statements]

    def arn(self, name: str) -> str:
        """Of a resource."""
        return "arn:aws:" + _ARNS[self.template["Resources"][name]["Type"]].format(REGION, ACCOUNT, name)

    def value(self, written: Any) -> Any:  # noqa: ANN401 - any part of a template
        """A part of the template as CloudFormation resolves it."""
        if isinstance(written, list):
            return [found for part in written if (found := self.value(part)) is not _NOTHING]
        if not isinstance(written, dict):
            return written
        if len(written) == 1:
            ((name, argument),) = written.items()
            if name == "Ref" or name.startswith("Fn::"):
                return self._call(name, argument)
        return {name: self.value(part) for name, part in written.items()}

    def _call(self, name: str, argument: Any) -> Any:  # noqa: ANN401 - any argument and value
        match name, argument:
            case "Ref", str():
                return self._named(argument)
            case "Fn::GetAtt", [str() as resource, "Arn"]:
                return self.arn(resource)
            case "Fn::If", [str() as condition, yes, no]:
                assert condition in self.template["Conditions"]
                return self.value(no if condition in self.not_holding else yes)
            case "Fn::Sub", str():
                return self._filled(argument, {})
            case "Fn::Sub", [str() as text, dict() as more]:
                return self._filled(text, {key: self.value(part) for key, part in more.items()})
            case "Fn::Join", [str() as glue, parts]:
                return glue.join(self.value(parts))
            case "Fn::Split", [str() as mark, text]:
                return self.value(text).split(mark)
            case "Fn::Select", [int() as place, parts]:
                return self.value(parts)[place]
            case _:
                raise AssertionError(f"{name} {argument} is not known here")

    def _named(self, name: str) -> Any:  # noqa: ANN401 - a text, or nothing
        own = {
            "Partition": "aws",
            "Region": REGION,
            "AccountId": ACCOUNT,
            "StackName": "s",
            "NoValue": _NOTHING,
        }
        if name.startswith("AWS::"):
            return own[name.removeprefix("AWS::")]
        if name in self.template["Parameters"]:
            return self.parameters[name]
        return self.arn(name)

    def _filled(self, text: str, more: Mapping[str, str]) -> str:
        return re.sub(r"\$\{([^}]+)\}", lambda found: more.get(found[1]) or str(self._named(found[1])), text)


def actions(statements: list[dict[str, Any]]) -> Iterator[str]:
    """All actions that are named."""
    for statement in statements:
        yield from listed(statement["Action"])


def without(statements: list[dict[str, Any]], action: str) -> list[dict[str, Any]]:
    """The same without what allows one action."""
    return [
        {**statement, "Action": [found for found in listed(statement["Action"]) if not _like(found, action)]}
        for statement in statements
    ]
