"""Every right of the roles has a need and a check that fails without it; no policy lets plain requests in.

Rights that the local AWS enforces are taken away from the deployed function one by one (tests/e2e). It does
not enforce what AWS's services do with a role by themselves (logs, traces, failed runs, the schedule), nor
keys: those are judged here by evaluating the template's policies.
"""

import ast
import re
from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from local.template import PROJECT, load
from tests.proof.iam_evaluator import ACCOUNT, REGION, Request, Stack, actions, allows, denies, without

TEMPLATE = load()
SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:udts-monitor-AbCdEf"
TOKEN_SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:status-page-GhIjKl"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234"
KEY_OF_SECRET = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/5678"
STACK = Stack(
    template=TEMPLATE,
    parameters={
        "UdtsTasks": "ssm:/team/tasks",
        "UcloudSecretArn": SECRET,
        "KmsKeyArn": KEY,
        "SecretKmsKeyArn": KEY_OF_SECRET,
        "StatusUrl": "token",
        "StatusTokenSecretArn": TOKEN_SECRET,
    },
)
LOGS = STACK.arn("CheckTasksLogGroup").removesuffix("*") + "log-stream:2026/11/23/[$LATEST]1234"
STATUS_LOGS = STACK.arn("TaskStatusLogGroup").removesuffix("*") + "log-stream:2026/11/23/[$LATEST]1234"
TASK_LIST = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/team/tasks"
TOPICS = ("AlertsTopic", "ChatTopic", "EventsTopic", "PagerTopic")
DEPLOYED = "tests/e2e/test_deployment.py::test_every_right_is_needed_and_enforced"
LOOKED_AT = "tests/e2e/test_rights.py::test_the_status_is_read_by_right"
BY_A_SERVICE = (
    "tests/proof/test_rights.py::test_what_a_service_does_with_a_role_is_allowed_and_needs_its_action"
)


def via(service: str) -> dict[str, str]:
    """The context of a call that a service makes for the run."""
    return {"kms:ViaService": f"{service}.{REGION}.amazonaws.com"}


# What Secrets Manager says of the secret that it has a key decrypt for the run.
OF_THE_SECRET = {**via("secretsmanager"), "kms:EncryptionContext:SecretARN": SECRET}

# How UCloud names what its API does for tasks and their metrics.
ACTION = re.compile(r"[A-Z][a-z]+(UDTS|Metric)\w+")
# Role and action: the check that fails without it.
CHECKS = {
    ("CheckTasksRole", "dynamodb:DeleteItem"): DEPLOYED,
    ("CheckTasksRole", "dynamodb:GetItem"): DEPLOYED,
    ("CheckTasksRole", "dynamodb:PutItem"): DEPLOYED,
    ("CheckTasksRole", "dynamodb:Query"): DEPLOYED,
    ("CheckTasksRole", "dynamodb:UpdateItem"): DEPLOYED,
    ("CheckTasksRole", "sns:Publish"): DEPLOYED,
    ("CheckTasksRole", "secretsmanager:GetSecretValue"): (
        "tests/e2e/test_deployment.py::test_keys_that_cannot_be_read_are_told_once_for_all_tasks"
    ),
    (
        "CheckTasksRole",
        "sns:GetTopicAttributes",
    ): "tests/e2e/test_rights.py::test_subscribers_are_counted_by_right",
    ("CheckTasksRole", "ssm:GetParameter"): "tests/e2e/test_rights.py::test_the_task_list_is_read_by_right",
    (
        "CheckTasksRole",
        "ssm:GetParametersByPath",
    ): "tests/e2e/test_rights.py::test_a_folder_of_task_lists_is_read_by_right",
    ("CheckTasksRole", "kms:Decrypt"): BY_A_SERVICE,
    ("CheckTasksRole", "kms:DescribeKey"): BY_A_SERVICE,
    ("CheckTasksRole", "kms:GenerateDataKey"): BY_A_SERVICE,
    ("CheckTasksRole", "logs:CreateLogStream"): BY_A_SERVICE,
    ("CheckTasksRole", "logs:PutLogEvents"): BY_A_SERVICE,
    ("CheckTasksRole", "sqs:DeleteMessage"): BY_A_SERVICE,
    ("CheckTasksRole", "sqs:GetQueueAttributes"): BY_A_SERVICE,
    ("CheckTasksRole", "sqs:ReceiveMessage"): BY_A_SERVICE,
    ("CheckTasksRole", "sqs:SendMessage"): BY_A_SERVICE,
    ("CheckTasksRole", "xray:PutTelemetryRecords"): BY_A_SERVICE,
    ("CheckTasksRole", "xray:PutTraceSegments"): BY_A_SERVICE,
    ("TaskStatusRole", "dynamodb:Query"): LOOKED_AT,
    ("TaskStatusRole", "secretsmanager:GetSecretValue"): LOOKED_AT,
    ("TaskStatusRole", "kms:Decrypt"): BY_A_SERVICE,
    ("TaskStatusRole", "kms:DescribeKey"): BY_A_SERVICE,
    ("TaskStatusRole", "logs:CreateLogStream"): BY_A_SERVICE,
    ("TaskStatusRole", "logs:PutLogEvents"): BY_A_SERVICE,
    ("ScheduleRole", "kms:Decrypt"): BY_A_SERVICE,
    ("ScheduleRole", "kms:GenerateDataKey"): BY_A_SERVICE,
    ("ScheduleRole", "lambda:InvokeFunction"): BY_A_SERVICE,
    ("ScheduleRole", "sqs:SendMessage"): BY_A_SERVICE,
}

# What each role does, on which resource. Sources: the developer guides of Lambda (logging, X-Ray,
# destinations), EventBridge Scheduler (execution role, dead-letter queue), and of DynamoDB, SNS, SQS and
# Secrets Manager (own KMS keys).
NEEDS = [
    *(
        ("CheckTasksRole", Request(action=f"dynamodb:{action}", resource=STACK.arn("Table")))
        for action in ("DeleteItem", "GetItem", "PutItem", "Query", "UpdateItem")
    ),
    *(
        ("CheckTasksRole", Request(action=f"sns:{action}", resource=STACK.arn(topic)))
        for action in ("Publish", "GetTopicAttributes")
        for topic in TOPICS
    ),
    ("CheckTasksRole", Request(action="secretsmanager:GetSecretValue", resource=SECRET)),
    ("CheckTasksRole", Request(action="ssm:GetParameter", resource=TASK_LIST)),
    ("CheckTasksRole", Request(action="ssm:GetParametersByPath", resource=TASK_LIST)),
    *(
        ("CheckTasksRole", Request(action=f"kms:{action}", resource=KEY, context=via(service)))
        for service, needed in {
            "dynamodb": ("Decrypt", "DescribeKey"),
            "sns": ("Decrypt", "GenerateDataKey"),
            "sqs": ("Decrypt", "GenerateDataKey"),
            "ssm": ("Decrypt",),
        }.items()
        for action in needed
    ),
    ("CheckTasksRole", Request(action="kms:Decrypt", resource=KEY_OF_SECRET, context=OF_THE_SECRET)),
    *(
        ("ScheduleRole", Request(action=f"kms:{action}", resource=KEY, context=via("sqs")))
        for action in ("Decrypt", "GenerateDataKey")
    ),
    ("CheckTasksRole", Request(action="logs:CreateLogStream", resource=LOGS)),
    ("CheckTasksRole", Request(action="logs:PutLogEvents", resource=LOGS)),
    ("CheckTasksRole", Request(action="sqs:SendMessage", resource=STACK.arn("FailureQueue"))),
    *(
        ("CheckTasksRole", Request(action=f"sqs:{action}", resource=STACK.arn("ShardQueue")))
        for action in ("DeleteMessage", "GetQueueAttributes", "ReceiveMessage", "SendMessage")
    ),
    ("CheckTasksRole", Request(action="xray:PutTelemetryRecords", resource="*")),
    ("CheckTasksRole", Request(action="xray:PutTraceSegments", resource="*")),
    ("TaskStatusRole", Request(action="dynamodb:Query", resource=STACK.arn("Table"))),
    ("TaskStatusRole", Request(action="secretsmanager:GetSecretValue", resource=TOKEN_SECRET)),
    *(
        ("TaskStatusRole", Request(action=f"kms:{action}", resource=KEY, context=via("dynamodb")))
        for action in ("Decrypt", "DescribeKey")
    ),
    ("TaskStatusRole", Request(action="logs:CreateLogStream", resource=STATUS_LOGS)),
    ("TaskStatusRole", Request(action="logs:PutLogEvents", resource=STATUS_LOGS)),
    ("ScheduleRole", Request(action="lambda:InvokeFunction", resource=STACK.arn("CheckTasksFunction"))),
    ("ScheduleRole", Request(action="sqs:SendMessage", resource=STACK.arn("FailureQueue"))),
]


def case(row: tuple[str, Request]) -> Any:  # noqa: ANN401 - a parameter set
    """A need, with its name."""
    role, need = row
    return pytest.param(role, need, id=f"{role}-{need.action}-{need.resource.rpartition(':')[2]}")


@pytest.mark.parametrize(("role", "need"), [case(row) for row in NEEDS])
def test_what_a_service_does_with_a_role_is_allowed_and_needs_its_action(role: str, need: Request) -> None:
    """With the policy as it is; without this one action it is not."""
    statements = STACK.role(role)
    assert allows(statements, need)
    assert not allows(without(statements, need.action), need)


# X-Ray has no resources: its rights reach everywhere, which the template gives its reason for.
BOUND = [row for row in NEEDS if row[1].resource != "*"]


@pytest.mark.parametrize(("role", "need"), [case(row) for row in BOUND])
def test_no_right_reaches_beyond_its_resource(role: str, need: Request) -> None:
    """The same on another table, topic, secret, parameter, queue, function, log group or key is refused."""
    for other in (f"{need.resource}-of-others", need.resource.replace(ACCOUNT, "210987654321")):
        # A log group's streams may have any name.
        assert other.startswith((LOGS, STATUS_LOGS)) or not allows(
            STACK.role(role), replace(need, resource=other)
        )


def test_every_right_has_a_check_and_every_check_a_right() -> None:
    """Who adds an action says here which check fails without it; nothing stays that nothing needs."""
    granted = {
        # The template says why one of them has a star.
        (role, "sns:Publish" if action == "sns:Publish*" else action)
        for role in roles_with_rights()
        for action in actions(STACK.role(role))
    }
    assert granted == CHECKS.keys()
    assert granted == {(role, need.action) for role, need in NEEDS}


def roles_with_rights() -> set[str]:
    """The roles of the template that have any."""
    roles = [name for name, found in TEMPLATE["Resources"].items() if found["Type"] == "AWS::IAM::Role"]
    return {role for role in roles if STACK.role(role)}


@pytest.mark.parametrize("check", sorted(set(CHECKS.values())))
def test_the_named_checks_are_there(check: str) -> None:
    """And look at the actions they are named for."""
    path, name = check.split("::")
    tree = ast.parse((PROJECT / path).read_text())
    (found,) = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name]
    if check != BY_A_SERVICE:
        texts = {node.value for node in ast.walk(found) if isinstance(node, ast.Constant)}
        assert {action for (_, action), named in CHECKS.items() if named == check} <= texts


def test_a_list_in_the_variable_gives_no_right_to_read_a_parameter_in_use() -> None:
    """Whoever has no ssm: in front of the tasks can read one parameter, which does not exist."""
    stack = replace(STACK, parameters={**STACK.parameters, "UdtsTasks": "a=udts-1, udts-2"})
    reading = Request(action="ssm:GetParameter", resource=TASK_LIST)
    assert not allows(stack.role("CheckTasksRole"), reading)
    prefix = TASK_LIST.removesuffix("/team/tasks")
    assert allows(stack.role("CheckTasksRole"), replace(reading, resource=f"{prefix}/no-parameter-in-use"))


def test_a_folder_is_read_by_its_name_without_the_slash_and_nothing_beside_it() -> None:
    """So it is asked for; a folder whose name only begins alike is another."""
    stack = replace(STACK, parameters={**STACK.parameters, "UdtsTasks": "ssm:/team/tasks/"})
    reading = Request(action="ssm:GetParametersByPath", resource=TASK_LIST)
    assert allows(stack.role("CheckTasksRole"), reading)
    assert not allows(stack.role("CheckTasksRole"), replace(reading, resource=f"{TASK_LIST}-of-others"))
    assert not allows(
        stack.role("CheckTasksRole"), replace(reading, resource=TASK_LIST.removesuffix("/tasks"))
    )


@pytest.mark.parametrize("role", ["CheckTasksRole", "ScheduleRole"])
@pytest.mark.parametrize(
    ("parameter", "condition"), [("KmsKeyArn", "HasKmsKey"), ("SecretKmsKeyArn", "HasSecretKmsKey")]
)
def test_without_a_key_there_is_no_right_to_it(role: str, parameter: str, condition: str) -> None:
    """The condition of the template takes the whole statement away, and leaves the other key's."""
    stack = replace(STACK, not_holding=frozenset({condition}))
    assert STACK.parameters[parameter] not in {found["Resource"] for found in stack.role(role) if kms(found)}
    assert stack.role(role) == [
        found for found in STACK.role(role) if found["Resource"] != STACK.parameters[parameter]
    ]


def test_without_shards_there_is_no_right_to_their_queue() -> None:
    """Off by default."""
    stack = replace(STACK, not_holding=frozenset({"HasShards"}))
    given = {action for action in actions(stack.role("CheckTasksRole")) if action.startswith("sqs:")}
    assert given == {"sqs:SendMessage"}
    assert not allows(
        stack.role("CheckTasksRole"), Request(action="sqs:SendMessage", resource=STACK.arn("ShardQueue"))
    )


def kms(statement: dict[str, Any]) -> bool:
    """Whether a statement is about keys."""
    return any(action.startswith("kms:") for action in actions([statement]))


@pytest.mark.parametrize("role", ["CheckTasksRole", "ScheduleRole"])
@pytest.mark.parametrize("key", [KEY, KEY_OF_SECRET])
def test_the_run_itself_decrypts_nothing(role: str, key: str) -> None:
    """Only a service that acts for it does."""
    direct = Request(action="kms:Decrypt", resource=key)
    assert not allows(STACK.role(role), direct)
    assert not allows(STACK.role(role), replace(direct, context=via("s3")))


def test_the_secrets_key_decrypts_nothing_but_the_secret() -> None:
    """Other secrets under the same key stay closed, and so does what other services keep under it."""
    own = Request(action="kms:Decrypt", resource=KEY_OF_SECRET, context=OF_THE_SECRET)
    role = STACK.role("CheckTasksRole")
    assert allows(role, own)
    other_secret = {**OF_THE_SECRET, "kms:EncryptionContext:SecretARN": SECRET.replace("udts", "bank")}
    assert not allows(role, replace(own, context=other_secret))
    for service in ("dynamodb", "sns", "sqs", "ssm"):
        assert not allows(role, replace(own, context={**OF_THE_SECRET, **via(service)}))
    assert not allows(role, replace(own, resource=KEY))


@pytest.mark.parametrize(
    ("role", "service"),
    [("CheckTasksRole", "lambda.amazonaws.com"), ("ScheduleRole", "scheduler.amazonaws.com")],
)
def test_only_its_service_takes_a_role(role: str, service: str) -> None:
    """And the schedule's only for this account."""
    own = Request(
        action="sts:AssumeRole", resource="*", principal=service, context={"aws:SourceAccount": ACCOUNT}
    )
    assert allows(STACK.trust(role), own)
    assert not allows(STACK.trust(role), replace(own, principal="ec2.amazonaws.com"))
    assert not allows(STACK.trust(role), replace(own, principal=f"arn:aws:iam::{ACCOUNT}:root"))
    if role == "ScheduleRole":
        assert not allows(STACK.trust(role), replace(own, context={"aws:SourceAccount": "210987654321"}))


def test_the_keys_need_what_is_documented_and_nothing_else() -> None:
    """Who makes a key that can only read goes by SECURITY.md: it lists the calls that the code makes."""
    adapters = (PROJECT / "layers/udts_monitor/udts_monitor/adapters").glob("*.py")
    texts = {
        node.value
        for path in adapters
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    called = {text for text in texts if ACTION.fullmatch(text)}
    assert called
    listed = re.findall(r"^\| `(\w+)` \|", (PROJECT / "SECURITY.md").read_text(), re.MULTILINE)
    assert set(listed) == called


# Policies of topics and of the queue.


POLICIES = {
    "AlertsTopic": ("sns:Publish", "sns:Subscribe"),
    "EventsTopic": ("sns:Publish", "sns:Subscribe"),
    "ChatTopic": ("sns:Publish", "sns:Subscribe"),
    "PagerTopic": ("sns:Publish", "sns:Subscribe"),
    "FailureQueue": ("sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:WhateverElse"),
    "ShardQueue": ("sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:WhateverElse"),
}
PRINCIPALS = (
    f"arn:aws:iam::{ACCOUNT}:root",
    f"arn:aws:iam::{ACCOUNT}:role/own",
    "arn:aws:iam::210987654321:role/strange",
    "cloudwatch.amazonaws.com",
    "anonymous",
)


@pytest.mark.parametrize("principal", PRINCIPALS)
@pytest.mark.parametrize(
    ("target", "action"), [(name, act) for name, acts in POLICIES.items() for act in acts]
)
def test_a_plain_request_is_denied_to_everybody(target: str, action: str, principal: str) -> None:
    """An explicit denial, which no right elsewhere overrules; with TLS nothing is denied."""
    policy = STACK.resource_policy(f"{target}Policy")
    plain = Request(
        action=action,
        resource=STACK.arn(target),
        principal=principal,
        context={"aws:SecureTransport": "false", "aws:SourceAccount": ACCOUNT},
    )
    assert denies(policy, plain)
    assert not denies(policy, replace(plain, context={**plain.context, "aws:SecureTransport": "true"}))


def test_every_topic_and_queue_has_such_a_policy() -> None:
    """One added later does not escape."""
    resources = TEMPLATE["Resources"].items()
    open_to_others = {n for n, found in resources if found["Type"] in {"AWS::SNS::Topic", "AWS::SQS::Queue"}}
    assert open_to_others == POLICIES.keys()
    for name in POLICIES:
        policy = TEMPLATE["Resources"][f"{name}Policy"]["Properties"]
        assert policy.get("Topics", policy.get("Queues")) == [{"Ref": name}]


ALARMS = [name for name, found in TEMPLATE["Resources"].items() if found["Type"] == "AWS::CloudWatch::Alarm"]


@pytest.mark.parametrize("target", POLICIES)
def test_a_policy_lets_in_nobody_but_this_stacks_alarms(target: str) -> None:
    """On the topics for people, to publish; everybody else needs a right of their own."""
    policy = STACK.resource_policy(f"{target}Policy")
    own_alarms = {STACK.arn(alarm) for alarm in ALARMS}
    other_alarms = {f"{STACK.arn('NoRunsAlarm')}-of-others", STACK.arn("NoRunsAlarm").replace(ACCOUNT, "1")}
    for action, principal, account, alarm in product(
        POLICIES[target], PRINCIPALS, (ACCOUNT, "210987654321"), sorted(own_alarms | other_alarms)
    ):
        request = Request(
            action=action,
            resource=STACK.arn(target),
            principal=principal,
            context={"aws:SecureTransport": "true", "aws:SourceAccount": account, "aws:SourceArn": alarm},
        )
        publishes = (action, principal, account) == ("sns:Publish", "cloudwatch.amazonaws.com", ACCOUNT)
        let_in = publishes and target in {"AlertsTopic", "ChatTopic", "PagerTopic"} and alarm in own_alarms
        assert allows(policy, request) == let_in


def test_the_judge_can_say_no() -> None:
    """Effect, action, resource, principal and condition each decide; what it does not know it refuses."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "a.amazonaws.com"},
        "Action": "sns:Pub*",
        "Resource": "arn:x:*",
        "Condition": {"StringEquals": {"k": ["v", "w"]}},
    }
    good = Request(action="sns:Publish", resource="arn:x:y", principal="a.amazonaws.com", context={"k": "w"})
    assert allows([statement], good)
    for other in (
        replace(good, action="sns:Subscribe"),
        replace(good, resource="arn:y"),
        replace(good, principal="b.amazonaws.com"),
        replace(good, context={"k": "x"}),
        replace(good, context={}),
    ):
        assert not allows([statement], other)
    assert not allows([statement, {**statement, "Effect": "Deny"}], good)
    assert not allows([], good)
    with pytest.raises(AssertionError, match="is not known"):
        allows([{**statement, "Condition": {"ArnLike": {"k": "v"}}}], good)
    with pytest.raises(AssertionError, match="is not known"):
        STACK.value({"Fn::ImportValue": "x"})
