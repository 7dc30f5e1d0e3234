"""Rights that a run does without: what is missing then is said, and comes back with the right."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.e2e.stack import PARAMETERS, TASKS, Stack
from tests.proof.marks import found_in


def count_listeners_again(stack: Stack) -> None:
    """Let the next run count them, whenever that was done last."""
    stack.aws.client("dynamodb").update_item(
        TableName=stack.outputs["TableName"],
        Key={"pk": {"S": "MONITOR"}, "sk": {"S": "RUN"}},
        UpdateExpression="REMOVE listeners_at",
    )


def test_listeners_are_counted_by_right(stack: Stack) -> None:
    """Without `sns:GetTopicAttributes` nobody hears that nobody listens; the run goes on."""
    assert stack.run()[0] == ""
    with stack.without("sns:GetTopicAttributes"):
        count_listeners_again(stack)
        error, summary = stack.run()
        assert (error, summary["listeners"]) == ("", {})
    count_listeners_again(stack)
    assert stack.run()[1]["listeners"] == {"alerts": 1, "events": 1}


@contextmanager
def tasks_in_a_parameter(stack: Stack) -> Iterator[None]:
    """The list where a stack with a list in its variable may read it: under the name nobody uses."""
    functions, name = stack.aws.client("lambda"), stack.outputs["FunctionName"]
    stack.aws.client("ssm").put_parameter(
        Name="/no-parameter-in-use", Value=PARAMETERS["UdtsTasks"], Type="String"
    )
    variables = stack.variables()
    reference = {"UDTS_TASKS": "ssm:/no-parameter-in-use"}
    functions.update_function_configuration(
        FunctionName=name, Environment={"Variables": variables | reference}
    )
    try:
        yield
    finally:
        functions.update_function_configuration(FunctionName=name, Environment={"Variables": variables})
        stack.aws.client("ssm").delete_parameter(Name="/no-parameter-in-use")


def test_the_task_list_is_read_by_right(stack: Stack) -> None:
    """Without `ssm:GetParameter` the configuration is wrong, and says which parameter it wants."""
    with tasks_in_a_parameter(stack):
        with stack.without("ssm:GetParameter"):
            error, answer = stack.run()
        assert error == "Unhandled"
        assert "UDTS_TASKS: the parameter /no-parameter-in-use cannot be read" in answer["errorMessage"]
        error, summary = stack.run()
        assert (error, summary["checked"]) == ("", len(TASKS))


def test_what_is_deployed_holds_no_key(stack: Stack) -> None:
    """Neither the stack template nor the variables of the function; the files are looked at elsewhere."""
    template = str(stack.aws.client("cloudformation").get_template(StackName="udts-monitor")["TemplateBody"])
    assert "CheckTasksFunction" in template
    variables = str(stack.variables())
    assert stack.secret in variables
    assert found_in(template + variables, TASKS) == set()
