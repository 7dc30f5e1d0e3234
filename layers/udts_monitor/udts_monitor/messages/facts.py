"""The facts of an event, a label and a line each: only what is known."""

from datetime import timedelta

from udts_monitor.decision.event import Action, Event, Kind, Severity
from udts_monitor.decision.state import Lifecycle
from udts_monitor.messages import figures
from udts_monitor.messages.display import Display
from udts_monitor.messages.phrases import LABELLED, LIST, NAMES, Language, Text
from udts_monitor.messages.roll_call_facts import roll_call_facts
from udts_monitor.messages.values import task_label
from udts_monitor.messages.words import OUTCOMES, status_change, status_word, type_word
from udts_monitor.task import MONITOR
from udts_monitor.text import one_line, truncate

_LINE_LIMIT = 200
_NAMES_LIMIT = 2_000
_CALLED = Text("{task}, {type}", "{task}，{type}")
_TASK = Text("Task", "任务")
_PROJECT = Text("Project", "项目")
_OWNER = Text("Owner", "负责人")
_STATUS = Text("Status", "状态")
_LAST_STATUS = Text("Last status", "最后已知状态")
_NOTICED = Text("Noticed", "发生时间")
_SEEN = Text("{time}, last seen well {seen}", "{time}，此前最后一次查询于 {seen}")
_AFTERWARDS = Text("{time}, by UCloud's own history", "{time}（来自 UCloud 的历史记录）")
_HELD_SINCE = Text("Since", "开始时间")
_NO_ANSWER_SINCE = Text("No answer since", "无响应起始时间")
_AGO = Text("{moment}, {time} ago", "{moment}，{time}前")
_INCIDENT = Text("Incident", "故障")
_OPENS = Text("opened now", "新故障")
_OPENS_CRITICAL = Text(
    "opened now; reminders after 4 h, 24 h, then daily until it is well or acknowledged",
    "新故障；恢复或确认之前将在 4 小时、24 小时后及之后每天提醒",
)
_OPEN = Text("open since {moment}, for {time}", "自 {moment} 起，已持续 {time}")
_CLOSED = Text("closed now, open for {time}", "已结束，持续 {time}")
_LOOKED_AFTER = Text("Looked after by", "处理人")
_PROGRESS = Text("Progress", "进度")
_AS_OF = Text("{figures} (seen {moment})", "{figures}（{moment} 的数据）")
_ENDS = Text("Expected end", "预计结束时间")
_POSITION = Text("Position", "位点")
_LAG = Text("Lag", "延迟")
_RETRIES = Text("Retries", "重试")
_LEFT = Text("{used} of {allowed} used, {left} left", "已用 {used} / {allowed} 次，剩余 {left} 次")
_USED = Text("{used} of {allowed} used", "已用 {used} / {allowed} 次")
_NONE_ALLOWED = Text("none allowed: UCloud does not try again by itself", "未设置，UCloud 不会自动重试")
_START_BY = Text("Start again by", "最晚恢复运行时间")
_LEFT_TIME = Text("{moment}, {time} left", "{moment}（剩 {time}）")
_LEFT_AT_MOST = Text("{moment} at the latest, {time} left", "最晚 {moment}（剩 {time}）")
_DEADLINE = Text("Deadline", "截止时间")
_PAID = Text("Paid until", "到期时间")
_TASKS = Text("Tasks", "任务")
_MORE = Text("{shown} and {number} more", "{shown} 等 {total} 个任务")
_REQUEST = Text("UCloud request", "UCloud 请求 ID")
_TOTAL = Text("Total time", "总用时")
_WATCHED = Text("Watched", "监控时长")
_SPAN = Text("{time}, since {moment}", "{time}，自 {moment} 起")
_PHASES = Text("Phases", "各阶段")
_PHASE = Text("{phase} {time}", "{phase} {time}")
_ROWS = Text("Rows", "行数")
_SPEED = Text("{rows} ({speed} a second while loading)", "{rows}（全量阶段平均每秒 {speed}）")
_FAILURES = Text("Failures", "失败次数")
_NOT_SEEN = Text("No answer for", "无响应时长")
_ESTIMATE = Text("Estimate half-way", "半程预估")
_MISSED_BY = Text("off by {ours} of the time left then", "与实际相差剩余时间的 {ours}")
_MISSED_BOTH = Text("{ours}; UCloud's by {service}", "{ours}；UCloud 的预估相差 {service}")
_ABOUT_RETRIES = frozenset(
    {Kind.FAILED, Kind.STOPPED, Kind.RETRYING, Kind.REMINDER, Kind.RESUME_DEADLINE, Kind.FINISHED}
)
_MOMENT = timedelta(seconds=1)


def facts(event: Event, display: Display) -> tuple[tuple[str, str], ...]:
    """What is known of an event, in the order of reading."""
    language = display.language
    blind = event.kind == Kind.UNREACHABLE
    found = {
        _TASK: _task(event, language),
        _PROJECT: event.task.project_id,
        _OWNER: one_line(event.task.owner),
        _LAST_STATUS if blind else _STATUS: _status(event, language),
        _NOTICED: _noticed(event, display),
        _NO_ANSWER_SINCE if blind else _HELD_SINCE: _since(event, display),
        _INCIDENT: _incident(event, display),
        _LOOKED_AFTER: _looked_after(event, language),
        **_finish(event, display),
        _PROGRESS: _progress(event, display),
        _ENDS: figures.end_line(event.measured_end, display.zone, language),
        _POSITION: figures.position_line(event.position),
        _LAG: figures.lag_line(event.lag, language),
        _RETRIES: _retries(event, language),
        _START_BY: _start_by(event, display),
        _DEADLINE: figures.format_time(event.deadline, display.zone) if event.deadline else "",
        _PAID: figures.format_time(event.expires_at, display.zone) if event.expires_at else "",
        _TASKS: _tasks(event, language),
        _REQUEST: one_line(event.request_uuid),
        **roll_call_facts(event.roll_call, display),
    }
    return tuple((label.to(language), value) for label, value in found.items() if value)


def _task(event: Event, language: Language) -> str:
    if event.task is MONITOR:
        return ""
    label, kind = task_label(event.task), type_word(event.task.type, language)
    return _CALLED.to(language, task=label, type=kind) if kind else label


def _status(event: Event, language: Language) -> str:
    if event.kind in {Kind.UNREACHABLE, Kind.REACHABLE, Kind.MISSING}:
        return status_word(event.status, language)
    return truncate(status_change(event.previous_status, event.status, language), _LINE_LIMIT)


def _noticed(event: Event, display: Display) -> str:
    """When; and when it was still well, for the time between two checks may hold the moment it happened."""
    time, language = figures.format_time(event.time, display.zone), display.language
    if event.seen_afterwards:
        return _AFTERWARDS.to(language, time=time)
    if event.last_seen_at is None or event.kind not in {Kind.FAILED, Kind.STOPPED, Kind.RETRYING}:
        return time
    return _SEEN.to(language, time=time, seen=figures.short_time(event.last_seen_at, display.zone, language))


def _since(event: Event, display: Display) -> str:
    past = event.time - event.since
    if past < _MOMENT:
        return ""
    moment = figures.format_time(event.since, display.zone)
    return _AGO.to(display.language, moment=moment, time=figures.format_duration(past, display.language))


def _incident(event: Event, display: Display) -> str:
    language = display.language
    if event.incident_since is None or event.action is Action.NONE:
        return ""
    if event.action is Action.OPEN:
        critical = event.severity is Severity.CRITICAL and event.kind == Kind.FAILED
        return (_OPENS_CRITICAL if critical else _OPENS).to(language)
    return (_CLOSED if event.action is Action.CLOSE else _OPEN).to(
        language,
        moment=figures.short_time(event.incident_since, display.zone, language),
        time=figures.format_duration(event.time - event.incident_since, language),
    )


def _looked_after(event: Event, language: Language) -> str:
    """Who said so, and why."""
    found = event.acknowledged
    if found is None:
        return ""
    by, why = one_line(found.by), one_line(found.why)
    return LABELLED.to(language, label=by, value=why) if why else by


def _progress(event: Event, display: Display) -> str:
    """Of a finish only its rows count; figures carried over from an earlier check say when they were seen."""
    line = "" if event.lifecycle else figures.progress_line(event.progress, display.language)
    return _as_of(line, event, display)


def _as_of(line: str, event: Event, display: Display) -> str:
    if not line or event.figures_at is None:
        return line
    moment = figures.short_time(event.figures_at, display.zone, display.language)
    return _AS_OF.to(display.language, figures=line, moment=moment)


def _retries(event: Event, language: Language) -> str:
    if event.kind not in _ABOUT_RETRIES or event.retries_allowed is None:
        return ""
    used, allowed = event.retries_used or 0, event.retries_allowed
    if event.kind == Kind.FINISHED or event.retries_exhausted:
        return _USED.to(language, used=used, allowed=allowed) if used else ""
    if not allowed:
        return _NONE_ALLOWED.to(language) if event.kind == Kind.FAILED else ""
    return _LEFT.to(language, used=used, allowed=allowed, left=max(0, allowed - used))


def _start_by(event: Event, display: Display) -> str:
    until, language = event.resume_until, display.language
    if until is None:
        return ""
    moment = figures.format_time(until, display.zone)
    if until <= event.time:
        return moment
    text = _LEFT_AT_MOST if event.resume_at_most else _LEFT_TIME
    return text.to(language, moment=moment, time=figures.format_duration(until - event.time, language))


def _tasks(event: Event, language: Language) -> str:
    """All of them, as far as a line of a mail goes; at least one."""
    shown, joint = list(event.tasks[:1]), NAMES.to(language)
    for key in event.tasks[1:]:
        if len(joint.join([*shown, key])) > _NAMES_LIMIT:
            break
        shown.append(key)
    rest, listed = len(event.tasks) - len(shown), joint.join(shown)
    return _MORE.to(language, shown=listed, number=rest, total=len(event.tasks)) if rest else listed


def _finish(event: Event, display: Display) -> dict[Text, str]:
    """What a finish says beside the status; of a task that was finished when first seen only its rows."""
    lifecycle, language = event.lifecycle, display.language
    if lifecycle is None:
        return {}
    if not event.previous_status:
        return {_ROWS: _as_of(_rows(event, 0, language), event, display)}
    whole = event.watched_from_start
    time = figures.format_duration(event.time - lifecycle.started_at, language)
    begun = figures.format_time(lifecycle.started_at, display.zone)
    unseen = figures.seconds(lifecycle.unanswered_seconds)
    loading = lifecycle.seconds.get("loading", 0) if whole else 0
    return {
        _TOTAL if whole else _WATCHED: _SPAN.to(language, time=time, moment=begun),
        _PHASES: _phases(lifecycle, language),
        _ROWS: _as_of(_rows(event, loading, language), event, display),
        _FAILURES: str(lifecycle.failures or ""),
        _NOT_SEEN: figures.format_duration(unseen, language) if unseen else "",
        _ESTIMATE: _score(event, language),
    }


def _phases(lifecycle: Lifecycle, language: Language) -> str:
    spent = [(phase, lifecycle.seconds.get(phase, 0)) for phase in OUTCOMES]
    return LIST.to(language).join(
        _PHASE.to(
            language,
            phase=OUTCOMES[phase].to(language),
            time=figures.format_duration(figures.seconds(time), language),
        )
        for phase, time in spent
        if time
    )


def _rows(event: Event, loading_seconds: float, language: Language) -> str:
    moved = event.progress.moved_rows if event.progress else None
    if not moved:
        return ""
    rows = figures.count(moved)
    if loading_seconds < 1 or event.figures_at is not None:
        return rows
    return _SPEED.to(language, rows=rows, speed=figures.count(moved / loading_seconds))


def _score(event: Event, language: Language) -> str:
    """How far off what was expected half-way was."""
    score = event.estimate_score
    if score is None:
        return ""
    ours = _MISSED_BY.to(language, ours=f"{abs(score.ours):.0%}")
    if score.service is None:
        return ours
    return _MISSED_BOTH.to(language, ours=ours, service=f"{abs(score.service):.0%}")
