"""A stack is updated in place: configuration changes, nothing that is known gets lost."""

from pathlib import Path

from local.simulator.simulator import Simulator
from tests.e2e.stack import PARAMETERS, TASKS, Stack


def test_an_update_keeps_what_is_known_and_changes_what_was_asked(
    stack: Stack, simulator: Simulator, built: Path
) -> None:
    """`sam deploy` with a new value is all it takes; what was told before is not told again."""
    simulator.set_status("udts-updated", "Done")
    assert stack.run()[0] == ""
    assert len(stack.about("udts-updated")) == 2
    before, variables = stack.items("STATE"), stack.variables()

    tasks = PARAMETERS["UdtsTasks"]
    stack.aws.client("ssm").put_parameter(Name="/team/tasks", Value=tasks, Type="String")
    outputs = stack.aws.deploy(built, {"UdtsTasks": "ssm:/team/tasks", "EnableChat": "true"})

    assert outputs.items() >= stack.outputs.items()
    changed = {"UDTS_TASKS": "ssm:/team/tasks", "CHAT_TOPIC_ARN": outputs["ChatTopicArn"]}
    assert stack.variables() == {**variables, **changed}
    assert {item["sk"] for item in stack.items("STATE")} == {item["sk"] for item in before}
    # The role may read this parameter now, and still do everything else.
    error, summary = stack.run()
    assert (error, summary["checked"]) == ("", len(TASKS))
    assert len(stack.about("udts-updated")) == 2
