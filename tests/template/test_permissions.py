"""Who may do what: exact rights, no plain HTTP, no strangers."""

from collections.abc import Iterator
from typing import Any

import pytest

from local.template import TEMPLATE
from tests.proof.iam_evaluator import listed
from tests.template.test_chat import existing, holds

type Statement = dict[str, Any]


def of_type(template: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    """The properties of all resources of a type, by logical id."""
    found = template["Resources"].items()
    return {name: resource["Properties"] for name, resource in found if resource["Type"] == kind}


def statements(role: dict[str, Any]) -> Iterator[Statement]:
    """All statements of a role's own policies, those behind a condition too."""
    for policy in role.get("Policies", []):
        for statement in policy["PolicyDocument"]["Statement"]:
            yield statement["Fn::If"][1] if "Fn::If" in statement else statement


def test_there_are_the_written_roles_and_no_other(translated: dict[str, Any]) -> None:
    """SAM adds no role or managed policy of its own: those are wider than needed."""
    roles = of_type(translated, "AWS::IAM::Role")
    assert set(roles) == {"ChatRole", "CheckTasksRole", "ScheduleRole", "TaskStatusRole"}
    assert not any("ManagedPolicyArns" in role for role in roles.values())
    assert not of_type(translated, "AWS::IAM::Policy")


def test_every_right_is_exact(translated: dict[str, Any]) -> None:
    """Each statement names its need and its actions one by one, and never `*` for what has a name.

    The star after `sns:Publish` takes in no other action of AWS; the template says what it is there for.
    """
    for role in of_type(translated, "AWS::IAM::Role").values():
        found = list(statements(role))
        assert len({statement["Sid"] for statement in found}) == len(found)
        for statement in found:
            assert statement["Effect"] == "Allow"
            assert not any(
                "*" in action for action in listed(statement["Action"]) if action != "sns:Publish*"
            ), statement["Sid"]
            assert "NotAction" not in statement
            if statement["Sid"] != "WriteTraces":
                assert "*" not in str(statement["Resource"]), statement["Sid"]


def test_whoever_only_looks_may_only_look(translated: dict[str, Any]) -> None:
    """The page is open to more people than the monitor: Query on the table, its own token and its own log."""
    role = of_type(translated, "AWS::IAM::Role")["TaskStatusRole"]
    found = {statement["Sid"]: (statement["Action"], statement["Resource"]) for statement in statements(role)}
    assert found.pop("WriteLogs")[1] == {"Fn::GetAtt": ["TaskStatusLogGroup", "Arn"]}
    assert found.pop("UseOwnKeyThroughTheTable")[0] == ["kms:Decrypt", "kms:DescribeKey"]
    assert found == {
        "ReadTheTable": ("dynamodb:Query", {"Fn::GetAtt": ["Table", "Arn"]}),
        "ReadTheToken": ("secretsmanager:GetSecretValue", {"Ref": "StatusTokenSecretArn"}),
    }


def test_the_address_is_off_and_open_to_strangers_only_with_a_token(translated: dict[str, Any]) -> None:
    """Without the token's secret the function refuses everybody AWS has not let in."""
    assert translated["Parameters"]["StatusUrl"]["Default"] == "off"
    url = translated["Resources"]["TaskStatusUrl"]
    assert url["Condition"] == "HasStatusUrl"
    assert url["Properties"]["AuthType"] == {"Fn::If": ["OpensWithToken", "NONE", "AWS_IAM"]}
    permissions = {
        name: found
        for name, found in translated["Resources"].items()
        if found["Type"] == "AWS::Lambda::Permission" and found["Properties"]["Principal"] == "*"
    }
    assert set(permissions) == {"StatusPagePermission", "StatusPageInvokePermission"}
    assert {found["Condition"] for found in permissions.values()} == {"OpensWithToken"}
    assert permissions["StatusPageInvokePermission"]["Properties"]["InvokedViaFunctionUrl"] is True
    environment = translated["Resources"]["TaskStatusFunction"]["Properties"]["Environment"]["Variables"]
    opened = {"Fn::If": ["OpensWithToken", {"Ref": "StatusTokenSecretArn"}, ""]}
    assert environment == {"TABLE_NAME": {"Ref": "Table"}, "STATUS_TOKEN_SECRET_ARN": opened}
    (rule,) = translated["Rules"]["TokenHasItsSecret"]["Assertions"]
    assert "StatusTokenSecretArn" in str(rule["Assert"])


@pytest.mark.parametrize(
    ("given", "made", "accepted"),
    [
        ({}, set[str](), True),
        ({"StatusUrl": "iam"}, {"TaskStatusUrl"}, True),
        ({"StatusUrl": "token"}, {"TaskStatusUrl"}, False),
        (
            {"StatusUrl": "token", "StatusTokenSecretArn": "arn"},
            {"TaskStatusUrl", "StatusPagePermission", "StatusPageInvokePermission"},
            True,
        ),
    ],
)
def test_an_address_exists_where_it_is_wanted_and_a_token_without_a_secret_is_refused(
    template: dict[str, Any], given: dict[str, str], made: set[str], *, accepted: bool
) -> None:
    """Before anything is deployed; and nothing would be open to strangers even then."""
    assert existing(template, given) - {"Dashboard"} == made
    (rule,) = template["Rules"]["TokenHasItsSecret"]["Assertions"]
    assert holds(rule["Assert"], template, given) is accepted


def test_a_star_as_resource_carries_its_reason() -> None:
    """Who reads the policy sees why it is not narrower."""
    stars = [line for line in TEMPLATE.read_text().splitlines() if 'Resource: "*"' in line]
    assert len(stars) == 1
    assert all("# Reason:" in line for line in stars)


def test_keys_are_used_through_the_services_only(translated: dict[str, Any]) -> None:
    """The run never decrypts anything itself, so neither can who gets hold of its rights."""
    found = [
        statement
        for role in of_type(translated, "AWS::IAM::Role").values()
        for statement in statements(role)
        if "kms:Decrypt" in listed(statement["Action"])
    ]
    assert [key["Resource"]["Ref"] for key in found] == [
        "KmsKeyArn",
        "SecretKmsKeyArn",
        "KmsKeyArn",
        "KmsKeyArn",
    ]
    assert all(key["Condition"]["StringEquals"]["kms:ViaService"] for key in found)


def test_only_schedules_of_this_account_borrow_the_schedules_role(translated: dict[str, Any]) -> None:
    """Without the condition any AWS account's schedule could start runs (confused deputy)."""
    role = of_type(translated, "AWS::IAM::Role")["ScheduleRole"]
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "scheduler.amazonaws.com"}
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    (schedule,) = of_type(translated, "AWS::Scheduler::Schedule").values()
    assert schedule["Target"]["RoleArn"] == {"Fn::GetAtt": ["ScheduleRole", "Arn"]}


def test_strangers_may_do_nothing_but_this_stacks_alarms_may_publish(template: dict[str, Any]) -> None:
    """A topic's policy opens it to everybody it names: only to alarms, and to none but this stack's."""
    resources = template["Resources"]
    policies = [
        found for found in resources.values() if found["Type"].endswith(("TopicPolicy", "QueuePolicy"))
    ]
    allowed = [
        statement
        for policy in policies
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Allow"
    ]
    arns = {name: {"Fn::GetAtt": [name, "Arn"]} for name in of_type(template, "AWS::CloudWatch::Alarm")}
    # What exists only with shards may only then be named.
    late = {"Fn::If": ["HasShards", arns.pop("LateShardsAlarm"), {"Ref": "AWS::NoValue"}]}
    alarms = [*arns.values(), late]
    of_this_stack = {
        "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}},
        "ArnEquals": {"aws:SourceArn": alarms},
    }
    assert [
        (found["Principal"], found["Action"], found["Resource"], found["Condition"]) for found in allowed
    ] == [
        ({"Service": "cloudwatch.amazonaws.com"}, "sns:Publish", {"Ref": topic}, of_this_stack)
        for topic in ("AlertsTopic", "PagerTopic", "ChatTopic")
    ]
