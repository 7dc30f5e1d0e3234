"""Names of things: statuses, types, kinds, phases and severities, as people read them.

Source of the Chinese words: UCloud API reference, GetUDTSTaskStatus, Data.Status; console, types of tasks.
"""

from collections.abc import Mapping

from udts_monitor.decision.event import Kind, Severity
from udts_monitor.decision.status import Outcome
from udts_monitor.messages.phrases import Language, Text
from udts_monitor.text import one_line, truncate

_WORD_LIMIT = 60
_STATUSES = {
    "Created": "已创建",
    "Checking": "检查中",
    "Dumping": "转储中",
    "Loading": "加载中",
    "Syncing": "同步中",
    "Synced": "已同步",
    "Done": "完成",
    "Failed": "失败",
    "Stopping": "停止中",
    "Stopped": "停止",
    "RetryPending": "重试等待中",
    "Starting": "启动中",
    "FailedUnrecoverable": "异常",
    "StoppedUnrecoverable": "异常",
    "Success": "成功",
    "Started": "已启动",
}
_TYPES = {"transfer": "数据迁移", "integration": "数据集成"}

OUTCOMES: Mapping[str, Text] = {
    Outcome.PREPARING: Text("preparing", "准备中"),
    Outcome.LOADING: Text("loading", "全量迁移中"),
    Outcome.SYNCING: Text("syncing", "增量同步中"),
    Outcome.WAITING: Text("waiting", "等待中"),
    Outcome.STOPPED: Text("stopped", "已停止"),
    Outcome.FINISHED: Text("finished", "已完成"),
    Outcome.FAILED: Text("failed", "失败"),
    Outcome.UNKNOWN: Text("unknown", "未知"),
}
SEVERITIES: Mapping[Severity, Text] = {
    Severity.CRITICAL: Text("critical", "严重"),
    Severity.WARNING: Text("warning", "警告"),
    Severity.INFO: Text("info", "提示"),
}
KINDS: Mapping[str, Text] = {
    Kind.FAILED: Text("failed", "失败"),
    Kind.RETRYING: Text("retrying", "重试中"),
    Kind.STOPPED: Text("stopped", "已停止"),
    Kind.RESUME_DEADLINE: Text("to be started soon", "恢复运行期限临近"),
    Kind.RECOVERED: Text("recovered", "已恢复"),
    Kind.FINISHED: Text("finished", "已完成"),
    Kind.UNREACHABLE: Text("status unknown", "无响应"),
    Kind.REACHABLE: Text("status known again", "恢复响应"),
    Kind.REMINDER: Text("still open", "仍未恢复"),
    Kind.STALLED: Text("without progress", "无进展"),
    Kind.PROGRESSING: Text("moving again", "恢复进展"),
    Kind.DELAYED: Text("behind", "延迟"),
    Kind.CAUGHT_UP: Text("caught up", "延迟已恢复"),
    Kind.CUTOVER_READY: Text("ready for cut-over", "可以切换"),
    Kind.CUTOVER_NOT_READY: Text("not ready for cut-over any more", "暂不可切换"),
    Kind.OVERDUE: Text("overdue", "超期"),
    Kind.RESET: Text("started over", "重新开始"),
    Kind.MISSING: Text("gone from the list", "已不在列表中"),
    Kind.EXPIRING: Text("paid time ends", "即将到期"),
    Kind.UNKNOWN_STATUS: Text("unknown status", "未知状态"),
    Kind.SILENCED: Text("silenced", "静默"),
    Kind.SILENCE_ENDED: Text("silence ended", "静默结束"),
    Kind.TEST: Text("test", "测试"),
    Kind.ROLL_CALL: Text("roll call", "巡检报告"),
}
_GLOSSED = Text("{word}", "{chinese}（{word}）")
_CHANGED = Text("{before} -> {now}", "{before} → {now}")


def status_word(status: str, language: Language) -> str:
    """A status as UCloud writes it; in Chinese texts after UCloud's own Chinese word, where it has one."""
    word = truncate(one_line(status), _WORD_LIMIT)
    chinese = _STATUSES.get(status)
    return _GLOSSED.to(language, word=word, chinese=chinese) if chinese else word


def status_change(previous: str, status: str, language: Language) -> str:
    """A status, and the one before it where there was one."""
    now = status_word(status, language)
    before = status_word(previous, language)
    return _CHANGED.to(language, before=before, now=now) if before else now


def type_word(task_type: str, language: Language) -> str:
    """A type of task; empty for none."""
    chinese = _TYPES.get(task_type)
    return _GLOSSED.to(language, word=task_type, chinese=chinese) if chinese else task_type


def kind_word(kind: str, language: Language) -> str:
    """What a kind of event says of its task."""
    return KINDS[kind].to(language) if kind in KINDS else kind
