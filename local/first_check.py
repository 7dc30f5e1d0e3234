"""The first run of a stack that has just been deployed: which tasks answer, and what the others lack."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from local.aws import LocalAws


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstCheck:
    """What came of one run.

    Attributes:
        tasks: how many are watched.
        not_checked: how many of them the run had no time for.
        no_answer: the reason of each that did not answer, by its key.
        error: why the run failed as a whole, empty when it did not.
    """

    tasks: int = 0
    not_checked: int = 0
    no_answer: Mapping[str, str] = field(default_factory=dict)
    error: str = ""

    def __str__(self) -> str:
        """One line, and one more for each task without an answer."""
        if self.error:
            return f"The first run failed: {self.error}"
        answered = self.tasks - self.not_checked - len(self.no_answer)
        if answered == self.tasks:
            return f"{answered} {'task answers' if answered == 1 else 'tasks answer'}."
        late = [f"{self.not_checked} could not be checked in time"] if self.not_checked else []
        lines = [*late, *(f"{task}: {reason}" for task, reason in self.no_answer.items())]
        return "\n  ".join([f"{answered} of {self.tasks} tasks answer. No answer:", *lines])


def check_once(aws: LocalAws, function: str, log_group: str) -> FirstCheck:
    """Run the function now, and read in its log what its answer only counts."""
    began = int(time.time() * 1000)
    answer = aws.client("lambda").invoke(FunctionName=function, Payload=b"{}")
    summary: dict[str, Any] = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        return FirstCheck(error=str(summary.get("errorMessage", summary)))
    events = aws.client("logs").filter_log_events(logGroupName=log_group, startTime=began)["events"]
    lines = [_line(event["message"]) for event in events]
    return FirstCheck(
        tasks=summary["checked"] + summary["skipped"],
        not_checked=summary["skipped"],
        no_answer={line["task"]: line["reason"] for line in lines if line.get("message") == "no answer"},
    )


def _line(text: str) -> dict[str, Any]:
    """A line of the log, empty where it is none of the function's."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
