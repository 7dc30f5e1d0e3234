"""The schedule of the template starts runs, with its own role."""

from pathlib import Path

from local.simulator.simulator import Simulator
from tests.e2e.stack import Stack, wait_until


def test_the_schedule_runs_the_function_without_anybody(
    stack: Stack, simulator: Simulator, built: Path
) -> None:
    """Switched on by its parameter: a failure is told though nobody started a run."""
    stack.run()
    simulator.set_status("udts-scheduled", "Failed")
    stack.aws.deploy(built, {"ScheduleState": "ENABLED"})
    schedule = stack.aws.client("scheduler").get_schedule(Name="udts-monitor-check-tasks")
    assert (schedule["State"], schedule["ScheduleExpression"]) == ("ENABLED", "rate(1 minute)")
    # It fires every minute, looked at every ten seconds.
    wait_until(lambda: len(stack.about("udts-scheduled")) == 2, seconds=90)
    stack.aws.deploy(built, {"ScheduleState": "DISABLED"})
