"""Rights that a run does without: what is missing then is said, and comes back with the right."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

from tests.e2e.stack import PARAMETERS, TASKS, Stack
from tests.proof.canary_keys import found_in


def count_subscribers_again(stack: Stack) -> None:
    """Let the next run count them, whenever that was done last."""
    stack.aws.client("dynamodb").update_item(
        TableName=stack.outputs["TableName"],
        Key={"pk": {"S": "MONITOR"}, "sk": {"S": "RUN"}},
        UpdateExpression="REMOVE subscribers_at",
    )


def test_subscribers_are_counted_by_right(stack: Stack) -> None:
    """Without `sns:GetTopicAttributes` nobody hears that a topic has no subscription; the run goes on."""
    stack.summary()
    with stack.without("sns:GetTopicAttributes"):
        count_subscribers_again(stack)
        assert stack.summary()["subscribers"] == {}
    count_subscribers_again(stack)
    assert stack.summary()["subscribers"] == {"alerts": 1, "events": 1}


@contextmanager
def tasks_in(stack: Stack, reference: str, parameter: str) -> Iterator[None]:
    """The list where a stack with a list in its variable may read it: under the name nobody uses."""
    functions, name = stack.aws.client("lambda"), stack.outputs["FunctionName"]
    stack.aws.client("ssm").put_parameter(Name=parameter, Value=PARAMETERS["UdtsTasks"], Type="String")
    variables = stack.variables()
    functions.update_function_configuration(
        FunctionName=name, Environment={"Variables": variables | {"UDTS_TASKS": reference}}
    )
    try:
        yield
    finally:
        functions.update_function_configuration(FunctionName=name, Environment={"Variables": variables})
        stack.aws.client("ssm").delete_parameter(Name=parameter)


def test_the_task_list_is_read_by_right(stack: Stack) -> None:
    """Without `ssm:GetParameter` the configuration is wrong, and says which parameter it wants."""
    with tasks_in(stack, "ssm:/no-parameter-in-use", "/no-parameter-in-use"):
        with stack.without("ssm:GetParameter"):
            error, answer = stack.run()
        assert error == "Unhandled"
        assert "UDTS_TASKS: the parameter /no-parameter-in-use cannot be read" in answer["errorMessage"]
        assert stack.summary()["checked"] == len(TASKS)


def test_a_folder_of_task_lists_is_read_by_right(stack: Stack) -> None:
    """Without `ssm:GetParametersByPath` likewise; on which folder it is given is looked at elsewhere."""
    with tasks_in(stack, "ssm:/no-parameter-in-use/", "/no-parameter-in-use/tasks"):
        with stack.without("ssm:GetParametersByPath"):
            error, answer = stack.run()
        assert error == "Unhandled"
        assert "UDTS_TASKS: the parameter /no-parameter-in-use/ cannot be read" in answer["errorMessage"]
        with stack.on_everything("ssm:GetParametersByPath"):
            assert stack.summary()["checked"] == len(TASKS)


def test_the_status_is_read_by_right(stack: Stack) -> None:
    """Without `dynamodb:Query`, or `secretsmanager:GetSecretValue` for the token, it shows nothing."""
    stack.summary()
    looking, token = stack.looking(), "a-read-token-of-some-length"
    error, status = looking.run({"command": "status"})
    assert (error, status.get("watched")) == ("", len(TASKS)), status
    with looking.without("dynamodb:Query"):
        error, answer = looking.run({"command": "status"})
        assert (error, "could not be used to read" in answer["errorMessage"]) == ("Unhandled", True)
    secret = stack.aws.client("secretsmanager").create_secret(
        Name="page", SecretString=json.dumps({"read_token": token})
    )
    stack.aws.client("lambda").update_function_configuration(
        FunctionName=looking.outputs["FunctionName"],
        Environment={"Variables": looking.variables() | {"STATUS_TOKEN_SECRET_ARN": secret["ARN"]}},
    )
    page = {
        "rawPath": "/api/status",
        "headers": {"authorization": f"Bearer {token}"},
        "requestContext": {"http": {"method": "GET"}},
    }
    assert looking.run(page)[1]["statusCode"] == 503
    with looking.on_everything("secretsmanager:GetSecretValue"):
        # What could not be read is asked for again after half a minute, or by a new execution environment.
        assert looking.run({"command": "none"})[0] == "Unhandled"
        assert looking.run(page)[1]["statusCode"] == 200


def test_what_is_deployed_holds_no_key(stack: Stack) -> None:
    """Neither the stack template nor the variables of the function; the files are looked at elsewhere."""
    template = str(stack.aws.client("cloudformation").get_template(StackName="udts-monitor")["TemplateBody"])
    assert "CheckTasksFunction" in template
    variables = str(stack.variables())
    assert stack.secret in variables
    assert found_in(template + variables, TASKS) == set()
