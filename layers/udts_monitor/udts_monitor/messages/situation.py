"""What an event is about, as the tables of messages ask for it: rows that match by phase and status."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from udts_monitor.decision.event import Event, Kind
from udts_monitor.decision.status import RETRY_PENDING, UNRECOVERABLE, Outcome, outcome_of
from udts_monitor.messages.advice import advice_for
from udts_monitor.messages.failures import Advice
from udts_monitor.messages.phrases import Text
from udts_monitor.task import MONITOR


class Urgency(StrEnum):
    """Whether somebody has to get up."""

    NOW = "act_now"
    BY = "act_by"
    WAIT = "wait"
    NOTHING = "nothing_to_do"


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """An event with what is derived from it.

    Attributes:
        about: which table of rows speaks of it: its kind, or ``failure``, ``stop``, ``retry``, ``blind`` for
            those that several kinds may be about.
        advice: what is known of its reason, None when nothing is.
    """

    event: Event
    about: str
    advice: Advice | None

    @property
    def outcome(self) -> Outcome | None:
        """Our reading of the status, None without one."""
        return outcome_of(self.event.status) if self.event.status else None

    @property
    def unrecoverable(self) -> bool:
        """UCloud says that the task cannot be started again."""
        return self.event.status in UNRECOVERABLE

    @property
    def needs_full_load(self) -> bool:
        """The reason is known, and starting the task does not help."""
        return self.advice is not None and not self.advice.restart_enough

    @property
    def too_late(self) -> bool:
        """The time in which the task could be started again has passed."""
        return self.event.resume_until is not None and self.event.resume_until <= self.event.time

    @property
    def of_monitor(self) -> bool:
        """It concerns the monitor as a whole."""
        return self.event.task is MONITOR

    @property
    def may_start_again(self) -> bool:
        """A start may help: what says otherwise is not known."""
        return not (self.unrecoverable or self.needs_full_load or self.too_late)


type Test = Callable[[Situation], bool]
type Moment = Callable[[Event], datetime | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What to do in one situation.

    Attributes:
        code: stable, for programs and tests.
        when: the first row that matches counts.
        urgency: BY only together with ``by``.
        by: until when, None for no moment: then it is NOW.
        headline: for a watch, after the decision.
        step: what to do, sentences.
        checklist: what comes one after the other, where one sentence is not enough.
        source: where it is written, empty where it is ours.
    """

    code: str
    urgency: Urgency
    headline: Text
    step: Text
    when: Test = field(default=lambda _: True)
    by: Moment = field(default=lambda _: None)
    checklist: tuple[Text, ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True)
class Saying:
    """How an event is told in one sentence, where it matches."""

    sentence: Text
    when: Test = field(default=lambda _: True)


def situation_of(event: Event) -> Situation:
    """What an event is about."""
    return Situation(event=event, about=_about(event), advice=advice_for(event.reason))


_BY_OUTCOME = {Outcome.FAILED: "failure", Outcome.STOPPED: "stop"}


def _about(event: Event) -> str:
    kind = str(event.kind)
    if kind == Kind.UNREACHABLE or (kind == Kind.REMINDER and event.aspect == "reachability"):
        return "blind"
    if kind == Kind.RETRYING:
        return "retry"
    if kind in {Kind.FAILED, Kind.STOPPED}:
        return "failure" if kind == Kind.FAILED else "stop"
    if kind in {Kind.REMINDER, Kind.RESUME_DEADLINE}:
        waits = "retry" if event.status == RETRY_PENDING else kind
        return _BY_OUTCOME.get(outcome_of(event.status), waits)
    return kind
