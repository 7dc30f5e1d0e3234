"""What a rule gets and what it gives: the words every aspect shares."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from udts_monitor.decision.event import Severity
from udts_monitor.decision.observation import NoAnswer, Observation
from udts_monitor.decision.policy import Policy
from udts_monitor.decision.state import Listed, TaskState, Unanswered
from udts_monitor.task import TaskRef


class Effect(StrEnum):
    """What an event means for the incident of its aspect."""

    BEGINS = "begins"  # trouble: opens the incident, or updates the one that is open
    WORSENS = "worsens"  # updates the open incident, and is told only then
    ENDS = "ends"  # closes the open incident, and is told only then
    ENDS_ALL = "ends all"  # told in any case; closes the incidents of every aspect
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class EventDraft:
    """An event before it has its id, its time and its incident.

    Attributes:
        aspect: the incident it is about, empty for none.
        severity: None for the usual one of its kind.
        since: since when what is told holds, None for the status's own beginning.
        escalates: a critical event makes its incident critical.
        more: further fields of the event.
    """

    kind: str
    effect: Effect = Effect.NONE
    aspect: str = ""
    severity: Severity | None = None
    since: datetime | None = None
    reason: str = ""
    escalates: bool = True
    more: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckContext:
    """What every rule may ask for beside the states before and after.

    Attributes:
        answer: what the check yielded.
        missed: how a check without an answer counts, None for an observation.
        alone: that check is to be told for this task alone.
        listed: as the list of its project shows the task now, None where it was not read.
        seen_afterwards: the observation comes from the service's history, nobody saw it happen.
        entered_at: when the task entered its status by the service's history, None where that is not told.
        previous_run_at: when the monitor last ran before this run, None when that is not known.
    """

    task: TaskRef
    policy: Policy
    now: datetime
    answer: Observation | NoAnswer
    missed: Unanswered | None = None
    alone: bool = False
    previous_run_at: datetime | None = None
    listed: Listed | None = None
    seen_afterwards: bool = False
    entered_at: datetime | None = None

    @property
    def seen(self) -> Observation | None:
        """The observation, None when there was no answer."""
        return self.answer if isinstance(self.answer, Observation) else None


type RuleResult = tuple[TaskState, tuple[EventDraft, ...]]
# The state before the check, and as the rules before it left it; gives the state and what happened.
type Rule = Callable[[TaskState, TaskState, CheckContext], RuleResult]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """What a rule waits for before it tells something, in words for a person who asks.

    Attributes:
        kind: of the event that would be told.
        at: when it would be told if nothing changed until then; None where no time decides.
        checks: how many more checks it takes, None where no count decides; ``checks`` is at least 1.
        when: what those checks have to say, such as ``without an answer``.
        unless: what would keep it from being told, such as ``rows move``.
    """

    kind: str
    at: datetime | None = None
    checks: int | None = None
    when: str = ""
    unless: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Now:
    """What a rule may ask for when nobody checks, but somebody wants to know what it waits for."""

    task: TaskRef
    policy: Policy
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Aspect:
    """One thing about a task that can be in trouble. All that is particular to it.

    Attributes:
        name: as events and items say it.
        judge: says when trouble begins, gets worse and ends.
        kinds: kinds of event of its own that are not in Kind, with their usual severity.
        memory: the dataclass of what ``judge`` remembers, None when it remembers nothing.
        reminders: when an open incident is told again, counted from its beginning.
        critical_only: reminders count from when the incident became critical.
        waits: what ``judge`` waits for in a state.
        remind: the reminder a task in this state gets, None when it is in no state to remind of.
    """

    name: str
    judge: Rule
    memory: type | None = None
    kinds: Mapping[str, Severity] = field(default_factory=dict)
    reminders: tuple[timedelta, ...] = ()
    critical_only: bool = False
    remind: Callable[[TaskState, CheckContext], EventDraft | None] = lambda _state, _at: None
    waits: Callable[[TaskState, Now], tuple[Wait, ...]] = lambda _state, _at: ()
