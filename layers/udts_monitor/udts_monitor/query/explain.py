"""Why a task is shown as it is: what is stored, what each rule waits for, what was told where and why not."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from udts_monitor.decision.aspects import ASPECTS
from udts_monitor.decision.incident import next_reminders
from udts_monitor.decision.policy import THRESHOLDS, Policy
from udts_monitor.decision.rule import Now, Wait
from udts_monitor.decision.state import Acknowledgement, TaskState
from udts_monitor.messages.figures import format_duration
from udts_monitor.messages.phrases import Language
from udts_monitor.query.answers import Answers, TaskHistory
from udts_monitor.query.data import plain_data
from udts_monitor.query.overview import Overview, TaskView
from udts_monitor.query.stored import HistoryEvent
from udts_monitor.query.told import Told, Why, told
from udts_monitor.task import TaskRef

_WHY = {
    Why.HELD: "held back by a silence until its end",
    Why.WAITS: "waits to be accepted by SNS",
    Why.WITHHELD: "withheld: a silence held it back until something later replaced it, or its topic was off",
    Why.KEPT_BACK: "told nobody: NOTIFY_ON leaves its kind out",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenIncident:
    """An incident that lasts.

    Attributes:
        id: empty while nobody was told of it.
        reminders: how many of the times to remind of it have passed.
        acknowledged: who looks after it, None while nobody said so.
    """

    aspect: str
    id: str
    since: datetime
    critical_since: datetime | None
    reminders: int
    acknowledged: Acknowledgement | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What the rule of an aspect waits for, in data and in words.

    Attributes:
        published: NOTIFY_ON lets this kind through.
    """

    aspect: str
    wait: Wait
    published: bool
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """An event of the task, and what became of it on each topic."""

    event: HistoryEvent
    told: tuple[Told, ...]
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """All there is to say of one task.

    Attributes:
        answer: what its last check yielded, in a sentence.
        state: what is stored of it.
        waits: of every rule, in the order of telling.
        tellings: the latest first.
        settings: the thresholds in force for it.
        own: those of them that it sets for itself.
    """

    task: TaskRef
    now: datetime
    answer: str
    state: TaskState
    incidents: tuple[OpenIncident, ...]
    waits: tuple[Waiting, ...]
    tellings: tuple[Telling, ...]
    silences: tuple[str, ...]
    settings: Mapping[str, float]
    own: tuple[str, ...]


def explain(view: TaskView, events: Iterable[HistoryEvent], seen: Overview) -> Explanation:
    """Explain a task.

    Args:
        view: of it.
        events: its history, oldest first.
        seen: the present.
    """
    state = view.state
    return Explanation(
        task=view.task,
        now=seen.now,
        answer=_answer(state, seen),
        state=state,
        incidents=tuple(
            OpenIncident(
                aspect=aspect,
                id=incident.id,
                since=incident.since,
                critical_since=incident.critical_since,
                reminders=incident.reminders,
                acknowledged=incident.acknowledged,
            )
            for aspect, incident in state.incidents.items()
        ),
        waits=waits_of(view, seen.now),
        tellings=tuple(_telling(event, seen) for event in reversed(tuple(events))),
        silences=tuple(silence.scope for silence in view.silences),
        settings=thresholds(view.policy),
        own=tuple(sorted(view.task.thresholds)),
    )


def explained(answers: Answers, found: TaskHistory) -> dict[str, Any]:
    """The explanation as JSON."""
    data: dict[str, Any] = plain_data(explain(found.view, found.history.events, answers.overview))
    return data


def waits_of(view: TaskView, now: datetime) -> tuple[Waiting, ...]:
    """What every rule waits for, and the reminders of what is open."""
    at = Now(task=view.task, policy=view.policy, now=now)
    found = [(aspect.name, wait) for aspect in ASPECTS for wait in aspect.waits(view.state, at)]
    found += [("reminder", wait) for wait in next_reminders(view.state, ASPECTS)]
    return tuple(_waiting(aspect, wait, view.policy, now) for aspect, wait in found)


def thresholds(policy: Policy) -> dict[str, float]:
    """The numbers of a policy, by the name of their variable in lower case."""
    names = {*THRESHOLDS, "sample_minutes"}
    return {field.name: getattr(policy, field.name) for field in fields(policy) if field.name in names}


def sentence_of(wait: Wait, now: datetime) -> str:
    """What is waited for: ``stalled in 34 min unless rows move``."""
    unless = f" unless {wait.unless}" if wait.unless else ""
    if wait.at is not None:
        left = wait.at - now
        when = f"in {format_duration(left, Language.EN)}" if wait.at > now else "at the next check"
        return f"{wait.kind} {when}{unless}"
    if wait.checks is None or wait.checks <= 1:
        return f"{wait.kind} at the next check {wait.when}{unless}"
    return f"{wait.kind} after {wait.checks} checks in a row {wait.when}{unless}"


def _waiting(aspect: str, wait: Wait, policy: Policy, now: datetime) -> Waiting:
    published = policy.lets_through(wait.kind)
    sentence = sentence_of(wait, now)
    said = sentence if published else f"{sentence} (and told nobody: NOTIFY_ON leaves it out)"
    return Waiting(aspect=aspect, wait=wait, published=published, sentence=said)


def _answer(state: TaskState, seen: Overview) -> str:
    gap, last = state.unanswered, seen.last_run
    if gap:
        since = format_duration(seen.now - gap.since, Language.EN)
        reason = f": {gap.reason}" if gap.reason else ""
        return f"no answer for {since} ({gap.cause}){reason}"
    if not state.status:
        return "never checked"
    ran = f", {format_duration(seen.now - last.ran_at, Language.EN)} ago" if last else ""
    return f"{state.status}, in the last run{ran}"


def _telling(event: HistoryEvent, seen: Overview) -> Telling:
    said = told(event, seen)
    parts = [_part(one) for one in said]
    return Telling(event=event, told=said, sentence="; ".join(parts) or "told nobody: it is for the history")


def _part(one: Told) -> str:
    if one.why is None:
        return f"{one.topic} at {one.at:%H:%M} UTC"
    failed = f" ({one.attempts} attempts)" if one.attempts else ""
    return f"{one.topic} {_WHY[one.why]}{failed}".strip()
