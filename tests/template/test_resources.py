"""What the local AWS drops or ignores is held here, by reading the template that AWS gets."""

import json
import re
from typing import Any

import pytest

from local.template import PROJECT
from tests.template.test_chat import existing
from udts_monitor.adapters.config import Settings

PEOPLE = [
    {"Ref": "AlertsTopic"},
    {"Fn::If": ["HasPager", {"Ref": "PagerTopic"}, {"Ref": "AWS::NoValue"}]},
    {"Fn::If": ["HasChat", {"Ref": "ChatTopic"}, {"Ref": "AWS::NoValue"}]},
]
OWN_KEY = {"Fn::If": ["HasKmsKey", {"Ref": "KmsKeyArn"}, {"Ref": "AWS::NoValue"}]}


def properties(template: dict[str, Any], name: str) -> dict[str, Any]:
    """The properties of a resource."""
    found: dict[str, Any] = template["Resources"][name]["Properties"]
    return found


def test_the_table_keeps_what_it_is_told(translated: dict[str, Any]) -> None:
    """State and history survive a deleted stack, a deleted table and a bad day."""
    table = translated["Resources"]["Table"]
    assert table["DeletionPolicy"] == table["UpdateReplacePolicy"] == "Retain"
    assert table["Properties"]["DeletionProtectionEnabled"] == {"Ref": "DeletionProtection"}
    assert table["Properties"]["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["Properties"]["SSESpecification"]["SSEEnabled"] is True
    assert translated["Parameters"]["DeletionProtection"]["Default"] == "true"


def test_the_table_is_keyed_and_paid_as_designed(translated: dict[str, Any]) -> None:
    """Pk and sk as strings, expiry in expires_at, no capacity to plan."""
    table = properties(translated, "Table")
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert {key["AttributeName"]: key["KeyType"] for key in table["KeySchema"]} == {
        "pk": "HASH",
        "sk": "RANGE",
    }
    assert {found["AttributeType"] for found in table["AttributeDefinitions"]} == {"S"}
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}


@pytest.mark.parametrize("topic", ["AlertsTopic", "EventsTopic", "PagerTopic", "ChatTopic"])
def test_messages_are_signed_with_the_current_algorithm(translated: dict[str, Any], topic: str) -> None:
    """Version 1 is SHA-1."""
    assert properties(translated, topic)["SignatureVersion"] == "2"


def test_an_own_key_encrypts_all_that_is_kept(translated: dict[str, Any]) -> None:
    """States, messages, logs and evidence of failed runs name databases and their failures."""
    encrypted = {
        name: found["Properties"]
        for name, found in translated["Resources"].items()
        if found["Type"]
        in {"AWS::DynamoDB::Table", "AWS::SNS::Topic", "AWS::SQS::Queue", "AWS::Logs::LogGroup"}
    }
    table = encrypted.pop("Table")
    logs = encrypted.pop("CheckTasksLogGroup")
    looks = encrypted.pop("TaskStatusLogGroup")
    assert table["SSESpecification"]["KMSMasterKeyId"] == logs["KmsKeyId"] == looks["KmsKeyId"] == OWN_KEY
    topics = {"AlertsTopic", "ChatTopic", "EventsTopic", "PagerTopic"}
    assert set(encrypted) == {*topics, "FailureQueue", "ShardQueue"}
    assert all(found["KmsMasterKeyId"] == OWN_KEY for found in encrypted.values())
    # SQS refuses a queue with two kinds of encryption, and a queue with neither is not encrypted.
    for queue in encrypted.keys() - topics:
        assert encrypted[queue]["SqsManagedSseEnabled"] == {"Fn::If": ["HasKmsKey", False, True]}


def test_the_key_policy_of_the_guide_lets_every_log_group_use_the_key(translated: dict[str, Any]) -> None:
    """One that is left out fails the deployment of whoever gives a key."""
    guide = (PROJECT / "docs/operating.md").read_text()
    groups = [
        found["Properties"]["LogGroupName"]["Fn::Sub"]
        for found in translated["Resources"].values()
        if found["Type"] == "AWS::Logs::LogGroup"
    ]
    assert len(groups) == 2
    for group in groups:
        assert f":log-group:{group.replace('${AWS::StackName}', '<stack>')}" in guide


def test_the_chat_topic_and_the_email_exist_only_when_wanted(translated: dict[str, Any]) -> None:
    """Their parameters are off by default."""
    for name, condition in {
        "PagerTopic": "HasPager",
        "PagerTopicPolicy": "HasPager",
        "PagerPhoneSubscription": "HasPagerPhone",
        "ChatTopic": "HasChat",
        "ChatTopicPolicy": "HasChat",
        "AlertEmailSubscription": "HasAlertEmail",
    }.items():
        assert translated["Resources"][name]["Condition"] == condition
    assert translated["Parameters"]["EnableChat"]["Default"] == "false"
    assert translated["Parameters"]["AlertEmail"]["Default"] == ""


def test_a_run_is_tried_once_and_leaves_evidence(translated: dict[str, Any]) -> None:
    """The next tick is the retry; a run that failed or could not start is kept in the queue."""
    invoke = properties(translated, "CheckTasksFunctionEventInvokeConfig")
    queue = {"Fn::GetAtt": ["FailureQueue", "Arn"]}
    assert (invoke["MaximumRetryAttempts"], invoke["MaximumEventAgeInSeconds"]) == (0, 60)
    assert invoke["DestinationConfig"] == {"OnFailure": {"Destination": queue}}
    target = properties(translated, "CheckTasksFunctionSchedule")["Target"]
    assert target["RetryPolicy"] == {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60}
    assert target["DeadLetterConfig"] == {"Arn": queue}


def test_two_stacks_do_not_meet(translated: dict[str, Any]) -> None:
    """Every name that is given carries the name of its stack."""
    names = {
        "CheckTasksFunction": "FunctionName",
        "CheckTasksFunctionSchedule": "Name",
        "CheckTasksLogGroup": "LogGroupName",
        "TaskStatusFunction": "FunctionName",
        "TaskStatusLogGroup": "LogGroupName",
        "NoRunsAlarm": "AlarmName",
        "FailedRunsAlarm": "AlarmName",
        "PendingNotificationsAlarm": "AlarmName",
        "FailureQueueAlarm": "AlarmName",
        "NoSubscriptionAlarm": "AlarmName",
        "LateShardsAlarm": "AlarmName",
        "SlackChannel": "ConfigurationName",
        "TeamsChannel": "ConfigurationName",
    }
    for resource, name in names.items():
        assert "${AWS::StackName}" in properties(translated, resource)[name]["Fn::Sub"], resource
    unnamed = ("Table", "AlertsTopic", "EventsTopic", "PagerTopic", "ChatTopic", "FailureQueue", "ShardQueue")
    for resource in unnamed:
        assert not {"TableName", "TopicName", "QueueName"} & properties(translated, resource).keys()


def test_the_schedule_is_the_users(translated: dict[str, Any]) -> None:
    """How often, and whether at all, are parameters; a minute and on by default."""
    schedule = properties(translated, "CheckTasksFunctionSchedule")
    assert schedule["ScheduleExpression"] == {"Ref": "ScheduleExpression"}
    assert schedule["State"] == {"Ref": "ScheduleState"}
    parameters = translated["Parameters"]
    assert parameters["ScheduleExpression"]["Default"] == "rate(1 minute)"
    assert parameters["ScheduleState"]["Default"] == "ENABLED"


def test_the_function_runs_as_designed(translated: dict[str, Any]) -> None:
    """The handler's path is a contract; logs are JSON in a group of their own that forgets."""
    function = properties(translated, "CheckTasksFunction")
    assert function["Handler"] == "functions.check_tasks.app.lambda_handler"
    assert (function["Runtime"], function["Timeout"]) == ("python3.13", 60)
    assert function["TracingConfig"] == {"Mode": "Active"}
    assert function["LoggingConfig"] == {
        "LogFormat": "JSON",
        "ApplicationLogLevel": {"Ref": "LogLevel"},
        "SystemLogLevel": "INFO",
        "LogGroup": {"Ref": "CheckTasksLogGroup"},
    }
    assert properties(translated, "CheckTasksLogGroup")["RetentionInDays"] == {"Ref": "LogRetentionDays"}
    assert "VpcConfig" not in function


SHARDS = {"ShardQueue", "ShardQueuePolicy", "ShardMapping", "LateShardsAlarm"}


@pytest.mark.parametrize(
    ("given", "made"), [({}, set[str]()), ({"ShardTasks": "0"}, set[str]()), ({"ShardTasks": "500"}, SHARDS)]
)
def test_shards_bring_their_queue_and_nothing_exists_without_them(
    template: dict[str, Any], given: dict[str, str], made: set[str]
) -> None:
    """Off by default: whoever does not need them has the stack as it was, and pays for it."""
    assert existing(template, given) - {"Dashboard"} == made
    assert {name for name in template["Resources"] if "Shard" in name} == SHARDS


def test_a_shard_is_an_invocation_of_its_own_and_is_not_kept_for_long(translated: dict[str, Any]) -> None:
    """The same function, one message each, of which each fails alone and comes again once."""
    mapping, queue = properties(translated, "ShardMapping"), properties(translated, "ShardQueue")
    assert mapping == {
        "EventSourceArn": {"Fn::GetAtt": ["ShardQueue", "Arn"]},
        "FunctionName": {"Ref": "CheckTasksFunction"},
        "BatchSize": 1,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
    }
    timeout = properties(translated, "CheckTasksFunction")["Timeout"]
    visible_again, gone = queue["VisibilityTimeout"], queue["MessageRetentionPeriod"]
    # Source: Lambda, SQS event source mapping: it refuses a queue whose timeout is shorter.
    assert timeout < visible_again < gone < 2 * visible_again
    alarm = properties(translated, "LateShardsAlarm")
    assert alarm["Threshold"] == gone - 60
    assert alarm["Dimensions"] == [
        {"Name": "QueueName", "Value": {"Fn::GetAtt": ["ShardQueue", "QueueName"]}}
    ]


def test_log_levels_do_not_swallow_the_metrics(translated: dict[str, Any]) -> None:
    """Metrics travel as log lines: above INFO the dead man's switch would go off."""
    assert translated["Parameters"]["LogLevel"]["AllowedValues"] == ["DEBUG", "INFO"]


def test_reserved_concurrency_is_off_by_default(translated: dict[str, Any]) -> None:
    """A new account cannot reserve any: its first deployment would fail."""
    assert properties(translated, "CheckTasksFunction")["ReservedConcurrentExecutions"] == {
        "Fn::If": ["ReservesConcurrency", {"Ref": "ReservedConcurrency"}, {"Ref": "AWS::NoValue"}]
    }
    assert translated["Conditions"]["ReservesConcurrency"] == {
        "Fn::Not": [{"Fn::Equals": [{"Ref": "ReservedConcurrency"}, "0"]}]
    }
    assert translated["Parameters"]["ReservedConcurrency"]["Default"] == 0


def test_a_monitor_that_does_not_run_is_told(translated: dict[str, Any]) -> None:
    """Silence is an alarm: missing heartbeats count as bad, two of three, but not while paused."""
    alarm = properties(translated, "NoRunsAlarm")
    assert (alarm["Namespace"], alarm["MetricName"]) == ("UdtsMonitor", "Runs")
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("LessThanThreshold", 1)
    assert alarm["TreatMissingData"] == "breaching"
    assert alarm["DatapointsToAlarm"] < alarm["EvaluationPeriods"]
    assert alarm["ActionsEnabled"] == {"Fn::If": ["IsScheduled", True, False]}


@pytest.mark.parametrize(
    ("name", "metric"),
    [
        ("FailedRunsAlarm", ("AWS/Lambda", "Errors")),
        ("PendingNotificationsAlarm", ("UdtsMonitor", "OldestPendingSeconds")),
        ("FailureQueueAlarm", ("AWS/SQS", "ApproximateNumberOfMessagesVisible")),
        ("LateShardsAlarm", ("AWS/SQS", "ApproximateAgeOfOldestMessage")),
    ],
)
def test_a_monitor_that_cannot_work_is_told(
    translated: dict[str, Any], name: str, metric: tuple[str, str]
) -> None:
    """Failing runs, notifications that wait and kept evidence each have an alarm; no data is no alarm."""
    alarm = properties(translated, name)
    assert (alarm["Namespace"], alarm["MetricName"]) == metric
    assert alarm["ComparisonOperator"].startswith("GreaterThan")
    assert alarm["TreatMissingData"] == "notBreaching"


def test_every_alarm_reaches_people_and_says_what_to_do(translated: dict[str, Any]) -> None:
    """An alarm that only turns red in a console wakes nobody; one without advice helps nobody."""
    alarms = [
        found for found in translated["Resources"].values() if found["Type"] == "AWS::CloudWatch::Alarm"
    ]
    assert len(alarms) == 6
    for alarm in alarms:
        assert alarm["Properties"]["AlarmActions"] == alarm["Properties"]["OKActions"] == PEOPLE
        assert len(alarm["Properties"]["AlarmDescription"].split()) > 15


def test_an_alarm_looks_at_a_metric_that_the_run_writes(translated: dict[str, Any]) -> None:
    """One that looks at a name that is gone would be silent for ever."""
    source = (PROJECT / "functions/check_tasks/app.py").read_text()
    written = set(re.findall(r'add_metric\("(\w+)"', source))
    watched = {
        found["Properties"]["MetricName"]
        for found in translated["Resources"].values()
        if found["Type"] == "AWS::CloudWatch::Alarm" and found["Properties"]["Namespace"] == "UdtsMonitor"
    }
    assert len(watched) == 3
    assert watched <= written


def test_the_dashboard_shows_tasks_figures_alarms_and_the_log(translated: dict[str, Any]) -> None:
    """On by default, named after its stack; each figure is one the run writes, each alarm is there."""
    assert translated["Parameters"]["EnableDashboard"]["Default"] == "true"
    dashboard = translated["Resources"]["Dashboard"]
    assert (dashboard["Condition"], properties(translated, "Dashboard")["DashboardName"]) == (
        "HasDashboard",
        {"Ref": "AWS::StackName"},
    )
    body, with_shards = properties(translated, "Dashboard")["DashboardBody"]["Fn::Sub"]
    # What exists only with shards is named only with them.
    late = {"Fn::Sub": ', "${LateShardsAlarm.Arn}"'}
    assert with_shards == {"LateShards": {"Fn::If": ["HasShards", late, ""]}}
    widgets = json.loads(body.replace("${LateShards}", late["Fn::Sub"]))["widgets"]
    assert [widget["type"] for widget in widgets] == ["custom", "alarm", *["metric"] * 5, "log"]
    assert widgets[0]["properties"]["endpoint"] == "${TaskStatusFunction.Arn}"
    alarms = [name for name, found in translated["Resources"].items() if found["Type"].endswith("::Alarm")]
    assert sorted(widgets[1]["properties"]["alarms"]) == sorted(f"${{{name}.Arn}}" for name in alarms)
    source = (PROJECT / "functions/check_tasks/app.py").read_text()
    written = set(re.findall(r'add_metric\("(\w+)"', source)) | {"Errors", "Duration"}
    assert {metric[1] for widget in widgets[2:7] for metric in widget["properties"]["metrics"]} == written
    # CloudWatch takes a grid of 24 columns.
    assert all(widget["x"] + widget["width"] <= 24 for widget in widgets)


def test_the_environment_fits_into_lambda(translated: dict[str, Any]) -> None:
    """Lambda takes 4 KB for all variables: the longest task list must leave room for the others."""
    longest_task_list = translated["Parameters"]["UdtsTasks"]["MaxLength"]
    names = sum(len(name) for name in Settings.model_fields)
    five_arns, all_kinds_of_events, addresses_and_numbers = 5 * 200, 200, 350
    assert longest_task_list + names + five_arns + all_kinds_of_events + addresses_and_numbers < 4096


def test_the_outputs_are_what_a_user_needs_next(translated: dict[str, Any]) -> None:
    """Names to subscribe to and look at, and commands to copy, each explained."""
    assert set(translated["Outputs"]) == {
        "AlertsTopicArn",
        "PagerTopicArn",
        "ChatTopicArn",
        "DashboardName",
        "EventsTopicArn",
        "FailureQueueUrl",
        "FunctionName",
        "HistoryCommand",
        "LogGroupName",
        "LogsCommand",
        "StatesCommand",
        "StatusCommand",
        "StatusFunctionName",
        "StatusPageUrl",
        "SubscribeEmailCommand",
        "TableName",
        "TestCommand",
    }
    assert all(output["Description"] for output in translated["Outputs"].values())
