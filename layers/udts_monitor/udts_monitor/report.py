"""All that is to be said of an event to a person, in order, before any format."""

from dataclasses import dataclass
from datetime import timedelta

from udts_monitor import figures, wording
from udts_monitor.advice import advice_for
from udts_monitor.event import MONITOR, Event
from udts_monitor.phrases import Language, say
from udts_monitor.state import Journey
from udts_monitor.text import cut, one_line, plain
from udts_monitor.wording import Display

_TASKS_SHOWN = 10
_LINE_LIMIT = 200
_PHASES = ("preparing", "loading", "syncing", "waiting", "stopped", "failed", "unknown")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """An event for a person.

    Attributes:
        sentence: what happened; stands alone.
        facts: label and value, each value one line; only what is known.
        reason: verbatim but for what does not print, with its line breaks; empty when the sentence has it.
        advice: what is known about that reason, empty when nothing is.
        steps: what to do, the most urgent first.
    """

    sentence: str
    facts: tuple[tuple[str, str], ...]
    reason: str
    advice: str
    steps: tuple[str, ...]


def report(event: Event, display: Display) -> Report:
    """Gather what is known and leave out what is not."""
    language = display.language
    facts = {
        "Task": _task(event),
        "Project": event.task.project_id,
        "Status": _status(event),
        "Since": _since(event, display),
        "Incident": _incident(event, display),
        **_finish(event, language),
        "Progress": figures.progress_line(event.progress, language) if not event.journey else "",
        "Position": figures.position_line(event.position),
        "Retries": _retries(event, language),
        "Resume until": _resume_until(event, display),
        "Tasks": _tasks(event, language),
    }
    sentence = wording.sentence(event, language)
    whole = "\n" not in event.reason.strip() and one_line(event.reason) in sentence
    return Report(
        sentence=sentence,
        facts=tuple((say(language, label), value) for label, value in facts.items() if value),
        reason="" if whole else plain(event.reason),
        advice=advice(event, language),
        steps=wording.next_steps(event, language),
    )


def advice(event: Event, language: Language) -> str:
    """What is known about a failure's reason; empty for reasons nobody has described."""
    found = advice_for(event.reason) if event.severity != "info" else None
    if found is None:
        return ""
    after = "restart is enough" if found.restart_enough else "full load needed"
    return f"{found.says(language)} {say(language, after)}"


def _task(event: Event) -> str:
    if event.task is MONITOR:
        return ""
    label = wording.task_label(event)
    return f"{label}, {event.task.type}" if event.task.type else label


def _status(event: Event) -> str:
    change = f"{event.previous_status} -> {event.status}" if event.previous_status else event.status
    return cut(one_line(change), _LINE_LIMIT)


def _since(event: Event, display: Display) -> str:
    return _ago(event.time - event.since, figures.moment(event.since, display.zone), display.language)


def _incident(event: Event, display: Display) -> str:
    if event.incident_since is None or event.incident_since == event.since:
        return ""
    begun = figures.moment(event.incident_since, display.zone)
    return _ago(event.time - event.incident_since, begun, display.language)


def _ago(past: timedelta, moment: str, language: Language) -> str:
    if past < timedelta(seconds=1):
        return moment
    return say(language, "ago", moment=moment, time=figures.length(past))


def _resume_until(event: Event, display: Display) -> str:
    if event.resume_until is None:
        return ""
    moment = figures.moment(event.resume_until, display.zone)
    left = event.resume_until - event.time
    return (
        say(display.language, "in", moment=moment, time=figures.length(left))
        if left > timedelta(0)
        else moment
    )


def _retries(event: Event, language: Language) -> str:
    if not event.retries_allowed or event.severity == "info":
        return ""
    used = event.retries_used or 0
    left = max(0, event.retries_allowed - used)
    return say(language, "retries left", used=used, allowed=event.retries_allowed, left=left)


def _tasks(event: Event, language: Language) -> str:
    shown = ", ".join(event.tasks[:_TASKS_SHOWN])
    rest = len(event.tasks) - _TASKS_SHOWN
    return say(language, "more", shown=shown, number=rest) if rest > 0 else shown


def _finish(event: Event, language: Language) -> dict[str, str]:
    """What a finish says beside the status; nothing for a task that was finished when first seen."""
    journey = event.journey
    if journey is None or not event.previous_status:
        return {}
    return {
        "Total time": figures.length(event.time - journey.begun_at),
        "Phases": _phases(journey, language),
        "Rows": _rows(event, journey, language),
        "Failures": str(journey.failures or ""),
        "Not seen": figures.length(figures.seconds(journey.unseen_seconds)) if journey.unseen_seconds else "",
    }


def _phases(journey: Journey, language: Language) -> str:
    spent = {phase: journey.seconds[phase] for phase in _PHASES if journey.seconds.get(phase)}
    return ", ".join(
        f"{say(language, _phase_name(phase))} {figures.length(figures.seconds(time))}"
        for phase, time in spent.items()
    )


def _phase_name(phase: str) -> str:
    return f"{phase} phase" if phase in {"stopped", "failed"} else phase


def _rows(event: Event, journey: Journey, language: Language) -> str:
    moved = event.progress.moved_rows if event.progress else None
    if not moved:
        return ""
    loading = journey.seconds.get("loading", 0)
    rows = figures.count(moved)
    if loading < 1:
        return rows
    return say(language, "speed", rows=rows, speed=figures.count(moved / loading))
