"""A scenario: the account, its tasks and how each of them will fare. `example.yaml` shows the format."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field

from local.simulator.faults import WrittenInjection
from local.simulator.metrics import Shape
from local.simulator.steps import WrittenStep
from local.simulator.strict import STRICT, InvalidError, checked, plain_yaml


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskPlan:
    """One task and its steps; `after_start` are the steps that follow when somebody starts it again."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    id: Annotated[str, Field(min_length=1)]
    project: str | None = None
    name: str = ""
    type: Literal["full", "incremental", "full+incremental", "bidirectional"] = "full+incremental"
    service_type: Literal["transfer", "integration"] = "transfer"
    max_retry: Annotated[int, Field(ge=0, le=5)] = 0
    auto_renew: bool = True
    expires_in_seconds: float = 30 * 86400
    steps: tuple[WrittenStep, ...]
    after_start: tuple[WrittenStep, ...] = ()

    def __post_init__(self) -> None:
        if not self.steps:
            raise ValueError("a task needs at least one step")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """An account at the moment the simulator starts.

    A request without ProjectId, and a task without project, mean `default_project`. With `projects`, any
    other project is refused; without, every project exists. The metrics of all tasks are kept in `region`,
    and told as a map (the documented example) or as an array (the documented declaration).
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    default_project: str = "org-default"
    projects: tuple[str, ...] = ()
    region: str = "cn-bj2"
    metrics_shape: Shape = "map"
    tasks: tuple[TaskPlan, ...] = ()
    faults: tuple[WrittenInjection, ...] = ()

    def __post_init__(self) -> None:
        ids = Counter(task.id for task in self.tasks)
        if twice := [task_id for task_id, times in ids.items() if times > 1]:
            raise ValueError(f"task ids must be unique, given twice: {', '.join(twice)}")
        for task in self.tasks:
            if not self.has_project(task.project or self.default_project):
                raise ValueError(f"task {task.id}: project {task.project} is not in projects")

    def has_project(self, project: str) -> bool:
        """Whether requests may name this project."""
        return not self.projects or project in (*self.projects, self.default_project)


def parse_scenario(fields: Mapping[str, object]) -> Scenario:
    """A scenario from plain data, with the field names of the YAML format.

    Raises:
        InvalidError: naming every wrong field.
    """
    return checked(Scenario, fields)


def load_scenario(path: Path) -> Scenario:
    """A scenario from a YAML file.

    Raises:
        InvalidError: naming the file and every wrong field.
    """
    try:
        return checked(Scenario, plain_yaml(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, InvalidError) as error:
        raise InvalidError(f"{path}: {error}") from error
