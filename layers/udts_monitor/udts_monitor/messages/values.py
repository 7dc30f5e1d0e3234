"""What texts put in: everything of an event that a sentence, a headline or a step may name."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from udts_monitor.decision.event import Event, Kind
from udts_monitor.decision.status import Outcome
from udts_monitor.messages import figures
from udts_monitor.messages.causes import cause_step, cause_text
from udts_monitor.messages.display import Display
from udts_monitor.messages.phrases import LIST, NAMES, Language, Text
from udts_monitor.messages.situation import Situation
from udts_monitor.messages.words import OUTCOMES, status_change, status_word
from udts_monitor.task import MONITOR, TaskRef
from udts_monitor.text import one_line, truncate

REASON_LIMIT = 300
_NAME_LIMIT = 60
_NO_REASON = Text("UCloud gave no reason", "UCloud 未给出原因")
_EXHAUSTED = Text("{brief} (retries used up)", "{brief}（自动重试次数已用完）")
_STILL = Text("{status} for {lasting}. {brief}", "{status}已 {lasting}。{brief}")
_FIX = Text("Remove the cause.", "请先消除原因。")
_NO_PHASE = Text("", " ")
_DURING: Mapping[Outcome | None, Text] = {
    Outcome.LOADING: Text(" during the full load", " 在全量迁移阶段"),
    Outcome.SYNCING: Text(" while syncing", " 在增量同步阶段"),
}
_PLACE = Text("on from {position}", "从 {position} ")
_SOMEWHERE = Text("on where it stopped", "从停止处")
_KEEP = Text(
    "Keep {file} and later binlogs at the source until then", "在此之前请保留源库的 {file} 及之后的 binlog"
)
_KEEP_UNTIL = Text("{keep}; they are kept until {until}.", "{keep}；源库只保留到 {until}。")
_KEEP_ONLY = Text("{keep}.", "{keep}。")
_START_UNTIL = Text(
    "Start it before {until}: later the source no longer has the logs it needs.",
    "请在 {until} 前启动：逾期源库将不再保留所需日志。",
)
_BEFORE = Text(" before {until}", "在 {until} 前")
_AT_MOST = Text(
    " before {until} at the latest (nobody saw when it was stopped)",
    "在 {until} 前（停止时刻未知，期限可能更早）",
)
_BILL = Text(
    "Stopped by nobody? Look at the bill: unpaid tasks are deleted for good within two days.",
    "无人停止过？请检查账单：欠费任务两天内会被彻底删除。",
)
_RETRY = Text("retry {number} of {allowed}", "第 {number} 次重试，共 {allowed} 次")
_LAST_RETRY = Text(
    "retry {number} of {allowed}, the next failure is final",
    "第 {number} 次重试，共 {allowed} 次，再次失败即为最终失败",
)
_A_RETRY = Text("a retry follows", "即将重试")
_TOOK = Text("{status} in {time}", "{status}，用时 {time}")
_WATCHED = Text("{status}, watched for {time}", "{status}，已监控 {time}")
_AFTER_FAILURE = Text("{said}, after a failure", "{said}，期间曾失败")
_AFTER_INCIDENT = Text("{said}, which ends the incident", "{said}，故障随之结束")
_BEHIND = Text("by how much nobody can say", "具体数值未知")
_NOW = Text(": {status}", "：{status}")
_LAST = Text(" (last warning)", "（最后一次提醒）")
_TASKS = Text("{number} tasks", "{number} 个任务")
_ONE_TASK = Text("1 task", "1 个任务")
_RAN = Text(
    "Last run on {at}: {watched}, {unanswered} without an answer",
    "上次检查于 {at}：{watched}，其中 {unanswered} 个无响应",
)


def values(at: Situation, display: Display) -> dict[str, str]:
    """By the names that texts use; what is not known is empty."""
    event, language = at.event, display.language
    short = {
        name: figures.short_time(moment, display.zone, language) if moment else ""
        for name, moment in {
            "at": event.time,
            "since": event.since,
            "until": event.resume_until,
            "deadline": event.deadline,
            "expires": event.expires_at,
        }.items()
    }
    reason = truncate(one_line(event.reason), REASON_LIMIT)
    began = event.incident_since or event.since
    found = {
        **short,
        "task": task_label(event.task),
        "status": status_word(event.status, language),
        "change": status_change(event.previous_status, event.status, language),
        "reason": reason,
        "past": _length(event.time - event.since, language),
        "lasting": _length(event.time - began, language),
        "why": at.advice.cause.to(language) if at.advice else reason or _NO_REASON.to(language),
        "fix": _fix(at, language),
        "during": _DURING.get(event.phase, _NO_PHASE).to(language),
        "retry": _retry(event, language),
        "finish": _finish(event, language),
        "now": _NOW.to(language, status=status_word(event.status, language)) if event.status else "",
        "last": _LAST.to(language) if event.last_warning else "",
        "cause": cause_text(event.cause, event.quote, language),
        "cause_step": cause_step(event.cause, language),
        "tasks": NAMES.to(language).join(event.tasks),
        "number": str(len(event.tasks)),
        "lag": _after_comma(figures.lag_line(event.lag, language), language),
        "behind": figures.lag_line(event.lag, language)
        or figures.progress_line(event.progress, language)
        or _BEHIND.to(language),
        "ends": figures.end_line(event.measured_end, display.zone, language),
        "bill": _BILL.to(language),
        **_roll_call(event, display),
    }
    found |= _going_on(event, found, language)
    return found | {"brief": _brief(at, found, language)}


def task_label(task: TaskRef) -> str:
    """The task as a person reads it: its name, and its id where the name is another."""
    name = truncate(one_line(task.display_name), _NAME_LIMIT)
    return name if task is MONITOR or name == task.task_id else f"{name} ({task.task_id})"


def tasks_counted(number: int, language: Language) -> str:
    """So many tasks."""
    return (_ONE_TASK if number == 1 else _TASKS).to(language, number=number)


def outcomes_counted(outcomes: Mapping[str, int], language: Language) -> str:
    """How many tasks are how."""
    return LIST.to(language).join(
        f"{number} {OUTCOMES[outcome].to(language)}"
        if language is Language.EN
        else f"{OUTCOMES[outcome].to(language)} {number}"
        for outcome, number in outcomes.items()
    )


def _fix(at: Situation, language: Language) -> str:
    """What to change first; nothing where nobody said what is wrong and a start does not help."""
    if at.advice:
        return at.advice.action.to(language)
    return _FIX.to(language) if at.event.reason or not at.unrecoverable else ""


def _brief(at: Situation, found: Mapping[str, str], language: Language) -> str:
    """Why, for a watch."""
    brief = at.advice.brief.to(language) if at.advice else found["reason"] or _NO_REASON.to(language)
    if at.event.kind == Kind.FAILED and at.event.retries_exhausted:
        return _EXHAUSTED.to(language, brief=brief)
    if at.event.kind in {Kind.REMINDER, Kind.RESUME_DEADLINE}:
        return _STILL.to(language, status=found["status"], lasting=found["lasting"], brief=brief)
    return brief


def _going_on(event: Event, found: Mapping[str, str], language: Language) -> dict[str, str]:
    """Where a task goes on when it is started again, and until when that is possible."""
    position, until = event.position, found["until"]
    binlog = position.binlog_name if position else ""
    place = _PLACE.to(language, position=figures.binlog_place(position)) if position and binlog else ""
    keep = _KEEP.to(language, file=one_line(binlog)) if binlog else ""
    if keep:
        keep = (_KEEP_UNTIL if until else _KEEP_ONLY).to(language, keep=keep, until=until)
    elif until:
        keep = _START_UNTIL.to(language, until=until)
    before = (_AT_MOST if event.resume_at_most else _BEFORE).to(language, until=until) if until else ""
    return {"place": place or _SOMEWHERE.to(language), "keep": keep, "before": before}


def _retry(event: Event, language: Language) -> str:
    if not event.retries_allowed:
        return _A_RETRY.to(language)
    number = min((event.retries_used or 0) + 1, event.retries_allowed)
    text = _LAST_RETRY if number == event.retries_allowed else _RETRY
    return text.to(language, number=number, allowed=event.retries_allowed)


def _finish(event: Event, language: Language) -> str:
    said = status_word(event.status, language)
    if event.lifecycle and event.previous_status:
        text = _TOOK if event.watched_from_start else _WATCHED
        said = text.to(language, status=said, time=_length(event.time - _started(event), language))
    if event.closes:
        return _AFTER_INCIDENT.to(language, said=said)
    failed = event.lifecycle is not None and event.lifecycle.failures
    return _AFTER_FAILURE.to(language, said=said) if failed else said


def _roll_call(event: Event, display: Display) -> dict[str, str]:
    call, language = event.roll_call, display.language
    if call is None:
        return {}
    ran = figures.short_time(call.ran_at, display.zone, language) if call.ran_at else ""
    watched = tasks_counted(call.watched, language)
    return {
        "watched": watched,
        "open": str(len(call.open)),
        "outcomes": outcomes_counted(call.outcomes, language),
        "unheard": _unheard(call.subscribers.items(), language),
        "ran": _RAN.to(language, at=ran, watched=watched, unanswered=call.unanswered),
    }


def _unheard(subscribers: Iterable[tuple[str, int]], language: Language) -> str:
    return NAMES.to(language).join(topic for topic, number in subscribers if number == 0)


def _started(event: Event) -> datetime:
    return event.lifecycle.started_at if event.lifecycle else event.since


def _length(time: timedelta, language: Language) -> str:
    return figures.format_duration(time, language)


def _after_comma(text: str, language: Language) -> str:
    return f"{LIST.to(language)}{text}" if text else ""
