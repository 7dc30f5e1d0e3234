"""What a roll call lists: how the watched tasks are, what is open, what ends soon, who listens."""

from udts_monitor.decision.roll_call import Coming, OpenIncident, RollCall
from udts_monitor.messages.display import Display
from udts_monitor.messages.figures import short_time
from udts_monitor.messages.phrases import LIST, Language, Text
from udts_monitor.messages.values import outcomes_counted, task_label, tasks_counted
from udts_monitor.messages.words import status_word

_SHOWN = 20
_WATCHED = Text("Watched", "监控任务")
_ARE = Text("How they are", "任务状态")
_UNANSWERED = Text("Without an answer", "无响应")
_OPEN = Text("Open", "未恢复故障")
_SOON = Text("Soon", "即将到期")
_HEARD = Text("Subscriptions", "订阅数")
_RAN = Text("Last run", "上次检查")
_SINCE = Text("{task} ({status}, {aspect} since {since})", "{task}（{status}，{aspect}，自 {since} 起）")
_AT = Text("{task}: {what} {at}", "{task}：{what} {at}")
_MORE = Text("and {number} more", "等 {number} 项")
ASPECTS = {
    "health": Text("health", "运行状况"),
    "reachability": Text("reachability", "响应"),
    "progress": Text("progress", "进展"),
    "lag": Text("lag", "延迟"),
    "deadline": Text("deadline", "期限"),
}
_COMING = {
    "load": Text("its full load ends about", "全量迁移预计结束于"),
    "resume": Text("it can be started again until", "最晚恢复运行时间"),
    "paid_time": Text("it is paid for until", "到期时间"),
}


def roll_call_facts(call: RollCall | None, display: Display) -> dict[Text, str]:
    """Label and line; empty for an event that calls no roll."""
    if call is None:
        return {}
    language = display.language
    return {
        _WATCHED: tasks_counted(call.watched, language),
        _ARE: outcomes_counted(call.outcomes, language),
        _UNANSWERED: str(call.unanswered or ""),
        _OPEN: _listed([_open(found, display) for found in call.open], language),
        _SOON: _listed([_coming(found, display) for found in call.soon], language),
        _HEARD: LIST.to(language).join(f"{topic} {number}" for topic, number in call.subscribers.items()),
        _RAN: short_time(call.ran_at, display.zone, language) if call.ran_at else "",
    }


def _open(found: OpenIncident, display: Display) -> str:
    language, aspect = display.language, ASPECTS.get(found.aspect)
    return _SINCE.to(
        language,
        task=task_label(found.task),
        status=status_word(found.status, language),
        aspect=aspect.to(language) if aspect else found.aspect,
        since=short_time(found.since, display.zone, language),
    )


def _coming(found: Coming, display: Display) -> str:
    language, what = display.language, _COMING.get(found.what)
    return _AT.to(
        language,
        task=task_label(found.task),
        what=what.to(language) if what else found.what,
        at=short_time(found.at, display.zone, language),
    )


def _listed(lines: list[str], language: Language) -> str:
    """As many as one reads."""
    rest = len(lines) - _SHOWN
    shown = lines[:_SHOWN] + ([_MORE.to(language, number=rest)] if rest > 0 else [])
    return LIST.to(language).join(shown)
