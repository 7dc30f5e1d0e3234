"""What an event says, in the sentences every format shares."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from udts_monitor.advice import advice_for
from udts_monitor.event import MONITOR, Event, Kind
from udts_monitor.figures import length
from udts_monitor.phrases import Language, say
from udts_monitor.text import cut, one_line

# UCloud's console; deeper links are not documented.
CONSOLE = "https://console.ucloud.cn/"
_REASON_LIMIT = 300
_NAME_LIMIT = 60
_WORD_LIMIT = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Display:
    """How texts for people look: the time zone beside UTC, and the language."""

    zone: ZoneInfo
    language: Language = Language.EN


def headline(event: Event, language: Language) -> str:  # noqa: C901, PLR0912 - a case for each kind
    """What happened and why, in one line without the task's name: the end of a subject."""
    reason = cut(one_line(event.reason), _REASON_LIMIT)
    status = cut(one_line(event.status), _WORD_LIMIT)
    match event.kind:
        case Kind.FAILED:
            return _why(event, reason, language)
        case Kind.FINISHED:
            return _finish(event, language)
        case Kind.RECOVERED:
            return say(language, "again", status=status)
        case Kind.STOPPED:
            return say(language, "stopped for", time=length(event.time - event.since))
        case Kind.RESUME_DEADLINE:
            return _time_left(event, language)
        case Kind.RETRYING:
            return _retry(event, language)
        case Kind.REMINDER:
            time = length(event.time - (event.incident_since or event.since))
            return say(language, "still", status=status, time=time, reason=_why(event, reason, language))
        case Kind.UNREACHABLE if len(event.tasks) > 1:
            return say(language, "tasks", number=len(event.tasks), reason=reason)
        case Kind.REACHABLE if event.task is MONITOR:
            return say(language, "over", time=length(event.time - event.since), reason=reason)
        case Kind.REACHABLE:
            phrase = "answers again with" if status else "answers again"
            return say(language, phrase, status=status)
        case Kind.UNKNOWN_STATUS:
            return say(language, "unknown status", status=status)
        case Kind.TEST:
            return say(language, "test")
        case _:
            return reason


def sentence(event: Event, language: Language) -> str:
    """What happened, as a sentence that stands alone: the first line of every text."""
    if event.task is MONITOR and event.kind in {Kind.UNREACHABLE, Kind.REACHABLE}:
        return say(language, f"{event.kind} monitor", said=headline(event, language))
    known = event.kind in _SENTENCES
    return say(
        language,
        event.kind if known else "other",
        task=task_label(event),
        said=headline(event, language),
        status=cut(one_line(event.status), _WORD_LIMIT),
    )


_SENTENCES = frozenset(
    {
        Kind.FAILED,
        Kind.FINISHED,
        Kind.RECOVERED,
        Kind.STOPPED,
        Kind.RESUME_DEADLINE,
        Kind.RETRYING,
        Kind.REMINDER,
        Kind.UNREACHABLE,
        Kind.REACHABLE,
        Kind.UNKNOWN_STATUS,
    }
)


def next_steps(event: Event, language: Language) -> tuple[str, ...]:
    """What a person should do now, the most urgent first; empty when there is nothing to do."""
    return tuple(say(language, step) for step in _steps(event))


def task_label(event: Event) -> str:
    """The task as a person reads it: its name, and its id where the name is another."""
    name = cut(one_line(event.task.display_name), _NAME_LIMIT)
    return name if event.task is MONITOR or name == event.task.task_id else f"{name} ({event.task.task_id})"


def _steps(event: Event) -> tuple[str, ...]:
    match event.kind:
        case Kind.FAILED | Kind.REMINDER | Kind.RESUME_DEADLINE if event.status == "Stopped":
            return ("do: start",)
        case Kind.FAILED | Kind.REMINDER | Kind.RESUME_DEADLINE:
            return (_after_failure(event),)
        case Kind.STOPPED:
            return ("do: start",)
        case Kind.FINISHED:
            return "do: validate", "do: stop billing"
        case Kind.RETRYING:
            return ("do: wait for the retry",)
        case Kind.UNREACHABLE:
            return ("do: configure",) if event.task is MONITOR else ("do: look",)
        case Kind.UNKNOWN_STATUS:
            return ("do: judge",)
        case Kind.TEST:
            return ("do: nothing",)
        case _:
            return ()


def _after_failure(event: Event) -> str:
    advice = advice_for(event.reason)
    if event.resume_until is None:
        return "do: load again"
    return "do: resume" if advice is None or advice.restart_enough else "do: reset"


def _why(event: Event, reason: str, language: Language) -> str:
    if not reason:
        said = say(language, "no reason", status=cut(one_line(event.status), _WORD_LIMIT))
    elif event.status == "Failed":
        said = reason
    else:
        said = say(language, "with status", status=cut(one_line(event.status), _WORD_LIMIT), reason=reason)
    used_up = event.retries_allowed and (event.retries_used or 0) >= event.retries_allowed
    return say(language, "retries used up", reason=said) if used_up else said


def _finish(event: Event, language: Language) -> str:
    said = event.status
    if event.journey and event.previous_status:
        said = say(language, "after", status=said, time=length(event.time - event.journey.begun_at))
    return say(language, "after a failure", said=said) if event.incident_id else said


def _time_left(event: Event, language: Language) -> str:
    if event.resume_until is None or event.resume_until <= event.time:
        return say(language, "can no longer be resumed")
    return say(language, "can be resumed", time=length(event.resume_until - event.time))


def _retry(event: Event, language: Language) -> str:
    if not event.retries_allowed:
        return say(language, "a retry")
    number = min((event.retries_used or 0) + 1, event.retries_allowed)
    said = say(language, "retry", number=number, allowed=event.retries_allowed)
    return say(language, "last retry", said=said) if number == event.retries_allowed else said
