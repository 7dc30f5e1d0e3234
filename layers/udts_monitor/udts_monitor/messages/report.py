"""All that is to be said of an event to a person, in order, before any format."""

from dataclasses import dataclass
from datetime import timedelta

from udts_monitor.decision.event import Event, Kind, Severity
from udts_monitor.decision.state import Lifecycle
from udts_monitor.decision.status import UNRECOVERABLE
from udts_monitor.messages import figures, wording
from udts_monitor.messages.advice import Advice, advice_for
from udts_monitor.messages.phrases import Language, say
from udts_monitor.messages.wording import Display
from udts_monitor.task import MONITOR
from udts_monitor.text import one_line, plain, truncate

_TASKS_SHOWN = 10
_LINE_LIMIT = 200
_PHASES = ("preparing", "loading", "syncing", "waiting", "stopped", "failed", "unknown")
# What a person judges by how many retries there were and are.
_ABOUT_RETRIES = frozenset(
    {Kind.FAILED, Kind.STOPPED, Kind.RETRYING, Kind.REMINDER, Kind.RESUME_DEADLINE, Kind.FINISHED}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """An event for a person.

    Attributes:
        sentence: what happened; stands alone.
        facts: label and value, each value one line; only what is known.
        reason: verbatim but for what does not print, with its line breaks; empty when the sentence has it.
        advice: what is known about that reason, empty when nothing is.
        restart_enough: whether the task resumes once the advice was followed; None without advice.
        steps: what to do, the most urgent first.
    """

    sentence: str
    facts: tuple[tuple[str, str], ...]
    reason: str
    advice: str
    restart_enough: bool | None
    steps: tuple[str, ...]


def report(event: Event, display: Display) -> Report:
    """Gather what is known and leave out what is not."""
    language = display.language
    facts = {
        "Task": _task(event),
        "Project": event.task.project_id,
        _status_label(event): _status(event),
        _since_label(event): _since(event, display),
        "Incident": _incident(event, display),
        **_finish(event, display),
        "Progress": figures.progress_line(event.progress, language) if not event.lifecycle else "",
        "Position": figures.position_line(event.position),
        "Retries": _retries(event, language),
        "Resume until": _resume_until(event, display),
        "Tasks": _tasks(event, language),
    }
    known = advice_for(event.reason) if event.severity is not Severity.INFO else None
    sentence = wording.sentence(event, language)
    whole = "\n" not in event.reason.strip() and one_line(event.reason) in sentence
    return Report(
        sentence=sentence,
        facts=tuple((say(language, label), value) for label, value in facts.items() if value),
        reason="" if whole or event.kind is Kind.TEST else plain(event.reason),
        advice=_advice(event, known, language) if known else "",
        restart_enough=known.restart_enough if known else None,
        steps=wording.next_steps(event, language),
    )


def _advice(event: Event, known: Advice, language: Language) -> str:
    """What is known about the reason, and what is enough then; a retry restarts the task by itself."""
    says = known.says(language)
    if known.restart_enough and event.kind is Kind.RETRYING:
        return says
    after = say(language, "restart is enough" if known.restart_enough else "full load needed")
    return f"{says} {after}" if language is Language.EN else says + after


def _task(event: Event) -> str:
    if event.task is MONITOR:
        return ""
    label = wording.task_label(event)
    return f"{label}, {event.task.type}" if event.task.type else label


def _status_label(event: Event) -> str:
    return "Last status" if event.kind is Kind.UNREACHABLE else "Status"


def _status(event: Event) -> str:
    answering = event.kind not in {Kind.UNREACHABLE, Kind.REACHABLE}
    changed = answering and event.previous_status
    change = f"{event.previous_status} -> {event.status}" if changed else event.status
    return truncate(one_line(change), _LINE_LIMIT)


def _since_label(event: Event) -> str:
    match event.kind:
        case Kind.TEST:
            return "Sent"
        case _ if event.task is MONITOR:
            return "Noticed"
        case Kind.UNREACHABLE:
            return "No answer since"
        case Kind.REACHABLE:
            return "Not seen"
        case _ if not event.previous_status:
            return "First seen"
        case Kind.FINISHED:
            return "Finished"
        case _:
            return "Since"


def _since(event: Event, display: Display) -> str:
    begun = figures.format_time(event.since, display.zone)
    if event.kind is Kind.REACHABLE and event.task is not MONITOR:
        time = figures.format_duration(event.time - event.since, display.language)
        return say(display.language, "since", time=time, moment=begun)
    return _ago(event.time - event.since, begun, display.language)


def _incident(event: Event, display: Display) -> str:
    if event.incident_since is None or event.incident_since == event.since:
        return ""
    begun = figures.format_time(event.incident_since, display.zone)
    return _ago(event.time - event.incident_since, begun, display.language)


def _ago(past: timedelta, moment: str, language: Language) -> str:
    if past < timedelta(seconds=1):
        return moment
    return say(language, "ago", moment=moment, time=figures.format_duration(past, language))


def _resume_until(event: Event, display: Display) -> str:
    if event.resume_until is None or not wording.resuming_helps(event):
        return ""
    moment = figures.format_time(event.resume_until, display.zone)
    left = event.resume_until - event.time
    if left <= timedelta(0):
        return moment
    time = figures.format_duration(left, display.language)
    return say(display.language, "until", moment=moment, time=time)


def _retries(event: Event, language: Language) -> str:
    if event.kind not in _ABOUT_RETRIES or event.retries_allowed is None:
        return ""
    used, allowed = event.retries_used or 0, event.retries_allowed
    if event.kind is Kind.FINISHED or event.status in UNRECOVERABLE:
        return say(language, "retries used", used=used, allowed=allowed) if used else ""
    if not allowed:
        return say(language, "no retries") if event.kind is Kind.FAILED else ""
    return say(language, "retries left", used=used, allowed=allowed, left=max(0, allowed - used))


def _tasks(event: Event, language: Language) -> str:
    """As many as a glance takes in; at least one."""
    shown = list(event.tasks[:1])
    for key in event.tasks[1:_TASKS_SHOWN]:
        if len(", ".join([*shown, key])) <= _LINE_LIMIT:
            shown.append(key)
    rest = len(event.tasks) - len(shown)
    listed = ", ".join(shown)
    return say(language, "more", shown=listed, number=rest) if rest > 0 else listed


def _finish(event: Event, display: Display) -> dict[str, str]:
    """What a finish says beside the status; of a task that was finished when first seen only its rows."""
    lifecycle, language = event.lifecycle, display.language
    if lifecycle is None:
        return {}
    if not event.previous_status:
        return {"Rows": _rows(event, 0, language)}
    # A task that was already on its way when first seen took longer than it was watched.
    whole = "preparing" in lifecycle.seconds
    time = figures.format_duration(event.time - lifecycle.started_at, language)
    begun = figures.format_time(lifecycle.started_at, display.zone)
    unseen = figures.seconds(lifecycle.unanswered_seconds)
    return {
        "Total time" if whole else "Watched": say(language, "since", time=time, moment=begun),
        "Phases": _phases(lifecycle, language),
        "Rows": _rows(event, lifecycle.seconds.get("loading", 0) if whole else 0, language),
        "Failures": str(lifecycle.failures or ""),
        "Not seen": figures.format_duration(unseen, language) if unseen else "",
    }


def _phases(lifecycle: Lifecycle, language: Language) -> str:
    spent = {phase: lifecycle.seconds[phase] for phase in _PHASES if lifecycle.seconds.get(phase)}
    return say(language, "listed").join(
        f"{say(language, _phase_name(phase))} {figures.format_duration(figures.seconds(time), language)}"
        for phase, time in spent.items()
    )


def _phase_name(phase: str) -> str:
    return f"{phase} phase" if phase in {"stopped", "failed"} else phase


def _rows(event: Event, loading_seconds: float, language: Language) -> str:
    moved = event.progress.moved_rows if event.progress else None
    if not moved:
        return ""
    rows = figures.count(moved)
    if loading_seconds < 1:
        return rows
    return say(language, "speed", rows=rows, speed=figures.count(moved / loading_seconds))
