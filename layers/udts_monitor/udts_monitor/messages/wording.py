"""What an event says, in the sentences every format shares."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from udts_monitor.decision.event import Event, Kind, Severity
from udts_monitor.decision.status import RETRY_PENDING, UNRECOVERABLE, Outcome, outcome_of
from udts_monitor.messages.advice import advice_for
from udts_monitor.messages.figures import format_duration
from udts_monitor.messages.phrases import Language, say
from udts_monitor.task import MONITOR
from udts_monitor.text import one_line, truncate

# UCloud's console; deeper links are not documented.
CONSOLE = "https://console.ucloud.cn/"
# What one SMS holds. Only a reason is cut for it, and stands whole further down.
SENTENCE_LIMIT = 160
_REASON_LIMIT = 300
_SHORTEST_REASON = 40
_NAME_LIMIT = 60
_WORD_LIMIT = 60
_MOMENT = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Display:
    """How texts for people look: the time zone beside UTC, and the language."""

    zone: ZoneInfo
    language: Language = Language.EN


def headline(event: Event, language: Language) -> str:
    """What happened and why, in one line without the task's name: the end of a subject."""
    reason = truncate(one_line(event.reason), _REASON_LIMIT)
    match event.kind:
        case Kind.FAILED:
            said = _why(event, reason, language)
            return said if event.status == "Failed" else _with_status(event, said, language)
        case Kind.RETRYING:
            return _because(_retry(event, language) or say(language, "a retry"), reason, language)
        case Kind.UNREACHABLE if event.task is MONITOR:
            return _because(_out_of_sight(event, language), reason, language)
        case Kind.UNREACHABLE:
            return reason
        case Kind.RESUME_DEADLINE:
            return _deadline(event, language)
        case _:
            return _told(event, reason, language)


def sentence(event: Event, language: Language) -> str:
    """What happened, as a sentence that stands alone: the first line of every text.

    At most SENTENCE_LIMIT characters where cutting the reason is enough for that.
    """
    reason = truncate(one_line(event.reason), _REASON_LIMIT)
    said = _sentence(event, reason, language)
    room = len(reason) - max(0, len(said) - SENTENCE_LIMIT)
    if room == len(reason):
        return said
    return _sentence(event, truncate(reason, max(room, _SHORTEST_REASON)), language)


def next_steps(event: Event, language: Language) -> tuple[str, ...]:
    """What a person should do now, the most urgent first; empty when there is nothing to do."""
    return tuple(say(language, f"do: {step}") for step in _steps(event))


def task_label(event: Event) -> str:
    """The task as a person reads it: its name, and its id where the name is another."""
    name = truncate(one_line(event.task.display_name), _NAME_LIMIT)
    return name if event.task is MONITOR or name == event.task.task_id else f"{name} ({event.task.task_id})"


def resuming_helps(event: Event) -> bool:
    """Whether the task can be resumed and nothing is known that makes it useless."""
    advice = advice_for(event.reason)
    return event.status not in UNRECOVERABLE and (advice is None or advice.restart_enough)


def _sentence(event: Event, reason: str, language: Language) -> str:
    task = task_label(event)
    match event.kind:
        case Kind.FAILED:
            return say(language, _manner(event), task=task, said=_why(event, reason, language))
        case Kind.RETRYING:
            return _retry_sentence(event, task, reason, language)
        case Kind.UNREACHABLE if event.task is MONITOR:
            said = _because(_out_of_sight(event, language), reason, language)
            return say(language, "unreachable monitor", said=said)
        case Kind.UNREACHABLE:
            gap = event.time - event.since
            phrase = "unreachable at once" if gap < _MOMENT else "unreachable"
            return say(language, phrase, task=task, time=format_duration(gap, language), said=reason)
        case Kind.REACHABLE if event.task is MONITOR:
            return say(language, "reachable monitor", said=_told(event, reason, language), reason=reason)
        case Kind.UNKNOWN_STATUS:
            return say(language, "unknown_status", task=task, status=_status(event))
        case Kind.TEST:
            return say(language, "test sentence")
        case Kind.SILENCED | Kind.SILENCE_ENDED:
            return say(language, event.kind, said=reason)
        case (
            Kind.FINISHED
            | Kind.RECOVERED
            | Kind.STOPPED
            | Kind.RESUME_DEADLINE
            | Kind.REACHABLE
            | Kind.REMINDER
        ):
            return say(language, event.kind, task=task, said=_told(event, reason, language))
        case _:
            return say(language, "other", task=task, said=_told(event, reason, language))


def _told(event: Event, reason: str, language: Language) -> str:
    """What subject and sentence say alike."""
    status = _status(event)
    past = format_duration(event.time - event.since, language)
    match event.kind:
        case Kind.FINISHED:
            return _finish(event, language)
        case Kind.RECOVERED:
            return say(
                language, "again", status=status, time=format_duration(_incident_time(event), language)
            )
        case Kind.STOPPED:
            # A grace of 0 tells at the first check that sees the stop: there is no time to speak of yet.
            at_once = event.time - event.since < timedelta(seconds=1)
            said = say(language, "just stopped" if at_once else "stopped for", time=past)
            return _time_left(event, said, language)
        case Kind.RESUME_DEADLINE:
            said = _time_left(event, say(language, "still", status=status, time=past), language)
            return _last(event, said, language)
        case Kind.REMINDER:
            return _why_still(event, reason, language)
        case Kind.REACHABLE if event.task is MONITOR:
            return say(language, "sees again", time=past)
        case Kind.REACHABLE:
            phrase = "answers again with" if status else "answers again"
            return say(language, phrase, status=status, time=past)
        case Kind.UNKNOWN_STATUS:
            return say(language, "unknown status", status=status)
        case Kind.TEST:
            return say(language, "test")
        case _:
            return reason


_STEPS: Mapping[str, tuple[str, ...]] = {
    Kind.FINISHED: ("validate", "stop billing"),
    Kind.UNKNOWN_STATUS: ("judge",),
    Kind.TEST: ("nothing",),
}


def _steps(event: Event) -> tuple[str, ...]:
    match event.kind:
        case Kind.FAILED:
            retries_left = (event.retries_allowed or 0) > (event.retries_used or 0)
            retried = resuming_helps(event) and retries_left
            return *_after_failure(event), *(("or UCloud retries",) if retried else ())
        case Kind.STOPPED:
            return ("start" if event.resume_until else "start at any time", "check the bill")
        case Kind.RESUME_DEADLINE:
            return ("start",) if outcome_of(event.status) is Outcome.STOPPED else _after_failure(event)
        case Kind.REMINDER:
            last = event.last_reminder
            return *_while_down(event), *(("know that this was the last",) if last else ())
        case Kind.RETRYING:
            return (_after_retry(event),)
        case Kind.UNREACHABLE if event.task is MONITOR:
            return ("configure",) if event.configuration else ("wait for an answer",)
        case Kind.UNREACHABLE:
            return ("look",) if event.status else ("check the id",)
        case _:
            return _STEPS.get(event.kind, ())


def _after_failure(event: Event) -> tuple[str, ...]:
    if event.status in UNRECOVERABLE:
        return ("load again",) if event.reason else ("load again without cause",)
    if not resuming_helps(event):
        return ("reset",)
    return ("follow the advice",) if advice_for(event.reason) else ("resume",)


def _after_retry(event: Event) -> str:
    advice = advice_for(event.reason)
    return "wait for the retry" if advice is None or advice.restart_enough else "reset"


def _while_down(event: Event) -> tuple[str, ...]:
    if outcome_of(event.status) is Outcome.FAILED:
        return _after_failure(event)
    return (_after_retry(event) if event.status == RETRY_PENDING else "judge",)


def _manner(event: Event) -> str:
    if event.status in UNRECOVERABLE:
        return "stopped for good" if event.status == "StoppedUnrecoverable" else "failed for good"
    return "failed again" if _incident_time(event) > event.time - event.since else "failed"


def _why(event: Event, reason: str, language: Language) -> str:
    said = reason or say(language, "no reason")
    used_up = event.retries_allowed and (event.retries_used or 0) >= event.retries_allowed
    return say(language, "retries used up", said=said) if used_up else said


def _why_still(event: Event, reason: str, language: Language) -> str:
    failed = outcome_of(event.status) is Outcome.FAILED
    time = format_duration(_incident_time(event), language)
    said = say(language, "still" if failed else "not healthy", status=_status(event), time=time)
    return _because(said, _why(event, reason, language), language)


def _because(said: str, reason: str, language: Language) -> str:
    return say(language, "because", said=said, reason=reason) if reason else said


def _with_status(event: Event, said: str, language: Language) -> str:
    return say(language, "with status", status=_status(event), said=said)


def _finish(event: Event, language: Language) -> str:
    said = _status(event)
    if event.lifecycle and event.previous_status:
        phrase = "took" if "preparing" in event.lifecycle.seconds else "watched for"
        time = format_duration(event.time - event.lifecycle.started_at, language)
        said = say(language, phrase, status=said, time=time)
    return say(language, "after a failure", said=said) if event.incident_id else said


def _time_left(event: Event, said: str, language: Language) -> str:
    if not resuming_helps(event):
        return say(language, "resuming is no help", said=said)
    if event.resume_until is None:
        return said
    if event.resume_until <= event.time:
        return say(language, "cannot be resumed", said=said)
    return say(
        language, "can be resumed", said=said, time=format_duration(event.resume_until - event.time, language)
    )


def _deadline(event: Event, language: Language) -> str:
    """The time that is left first: a watch shows no more."""
    if not resuming_helps(event) or event.resume_until is None or event.resume_until <= event.time:
        return _told(event, "", language)
    left = format_duration(event.resume_until - event.time, language)
    said = say(language, "left to resume", time=left, status=_status(event))
    return _last(event, said, language)


def _last(event: Event, said: str, language: Language) -> str:
    return say(language, "last warning", said=said) if event.severity is Severity.CRITICAL else said


def _retry_sentence(event: Event, task: str, reason: str, language: Language) -> str:
    said = _retry(event, language)
    phrase = "retrying" if said else "retrying uncounted"
    return say(language, f"{phrase} because" if reason else phrase, task=task, said=said, reason=reason)


def _retry(event: Event, language: Language) -> str:
    if not event.retries_allowed:
        return ""
    number = min((event.retries_used or 0) + 1, event.retries_allowed)
    said = say(language, "retry", number=number, allowed=event.retries_allowed)
    return say(language, "last retry", said=said) if number == event.retries_allowed else said


def _out_of_sight(event: Event, language: Language) -> str:
    return event.tasks[0] if len(event.tasks) == 1 else say(language, "tasks", number=len(event.tasks))


def _incident_time(event: Event) -> timedelta:
    return event.time - (event.incident_since or event.since)


def _status(event: Event) -> str:
    return truncate(one_line(event.status), _WORD_LIMIT)
