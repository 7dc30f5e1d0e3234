"""Every sentence people read, in each language. Texts from outside are only ever put in, never formatted."""

from collections.abc import Mapping
from enum import StrEnum


class Language(StrEnum):
    """The languages of texts for people; machine fields are the same in each."""

    EN = "en"
    ZH = "zh"


# English beside Chinese, so that a reviewer sees both and neither can be missing.
PHRASES: Mapping[str, tuple[str, str]] = {
    # What happened: the end of a subject and of a first line.
    "no reason": ("{status}, UCloud gave no reason", "{status}，UCloud 未给出原因"),
    "with status": ("{status}: {reason}", "{status}：{reason}"),
    "retries used up": ("{reason} (retries used up)", "{reason}（自动重试已用尽）"),
    "after": ("{status} after {time}", "{status}，用时 {time}"),
    "after a failure": ("{said}, after a failure", "{said}，曾经失败"),
    "again": ("{status} again after a failure", "失败后恢复为 {status}"),
    "stopped for": ("stopped for {time}", "已停止 {time}"),
    "can be resumed": ("can be resumed for {time} more", "还可恢复的时间：{time}"),
    "can no longer be resumed": ("the time to resume is over", "可恢复的期限已过"),
    "retry": ("retry {number} of {allowed}", "第 {number} 次重试，共 {allowed} 次"),
    "a retry": ("the service will retry", "服务将自动重试"),
    "last retry": ("{said}, the next failure is final", "{said}，再次失败即为最终失败"),
    "tasks": ("{number} tasks: {reason}", "{number} 个任务：{reason}"),
    "answers again": ("answers again", "重新有应答"),
    "answers again with": ("answers again: {status}", "重新有应答：{status}"),
    "unknown status": ("unknown status {status}", "未知状态 {status}"),
    "still": ("still {status} after {time}: {reason}", "{time}后仍为 {status}：{reason}"),
    "test": ("a person asked for this test", "这是一次人工测试"),
    # First lines: whole sentences.
    "failed": ("{task} failed: {said}", "{task} 失败：{said}"),
    "finished": ("{task} finished: {said}.", "{task} 已完成：{said}。"),
    "recovered": ("{task} recovered: {said}.", "{task} 已恢复：{said}。"),
    "stopped": ("{task} is {said} and waits to be started again.", "{task} {said}，等待重新启动。"),
    "resume_deadline": ("{task} is {status}: {said}.", "{task} 处于 {status}：{said}。"),
    "retrying": ("{task} failed and UCloud tries again: {said}.", "{task} 失败，UCloud 将重试：{said}。"),
    "unreachable": ("{task} gives no answer: {said}", "{task} 没有应答：{said}"),
    "unreachable monitor": ("The monitor cannot see its tasks: {said}", "监控看不到任务：{said}"),
    "reachable": ("{task} {said}.", "{task} {said}。"),
    "reachable monitor": ("The monitor sees its tasks again: {said}", "监控重新看到任务：{said}"),
    "over": ("over after {time} ({reason})", "持续 {time} 后结束（{reason}）"),
    "unknown_status": (
        "{task} shows an {said}, which the monitor does not know.",
        "{task} 出现监控不认识的{said}。",
    ),
    "reminder": ("{task} is {said}", "{task} {said}"),
    "other": ("{task}: {said}", "{task}：{said}"),
    # What to do now.
    "do: resume": (
        "Remove the cause, then start the task in the console: it resumes where it stopped.",
        "先消除原因，再在控制台启动任务：它会从中断处继续。",
    ),
    "do: load again": (
        "The task cannot be resumed: remove the cause, reset the task and load in full again.",
        "任务无法恢复：先消除原因，再重置任务并重新全量迁移。",
    ),
    "do: reset": (
        "Follow the advice, then reset the task and load in full again: resuming does not help.",
        "先按建议处理，再重置任务并重新全量迁移：直接恢复无效。",
    ),
    "do: start": (
        "Start the task in the console before its time to resume is over, or delete it.",
        "请在可恢复期限之前在控制台启动任务，或将其删除。",
    ),
    "do: wait for the retry": (
        "Nothing yet: remove the cause if you can, UCloud tries again by itself.",
        "暂时不用处理：UCloud 会自动重试，如能消除原因请先消除。",
    ),
    "do: validate": ("Validate the data, then switch over.", "校验数据，然后切换业务。"),
    "do: stop billing": (
        "Delete the task or turn its auto-renewal off: finished tasks are billed until then.",
        "删除任务或关闭自动续费：已完成的任务仍会计费。",
    ),
    "do: look": (
        "Look at the task in the console: nothing is known about it until it answers.",
        "请在控制台查看任务：在它应答之前没有任何信息。",
    ),
    "do: judge": (
        "Look at the task in the console; the monitor counts it neither as failed nor as finished.",
        "请在控制台查看任务：监控既不把它算作失败，也不算作完成。",
    ),
    "do: configure": (
        "Change what the reason says; the next check finds out by itself.",
        "按原因所述修改配置，下一次检查会自动生效。",
    ),
    "do: nothing": ("Nothing: the way from the monitor to you works.", "无需处理：通知链路正常。"),
    "restart is enough": ("A restart is enough then.", "之后重启任务即可。"),
    "full load needed": ("A new full load is needed.", "需要重新全量迁移。"),
    # Labels.
    "Task": ("Task", "任务"),
    "Project": ("Project", "项目"),
    "Status": ("Status", "状态"),
    "Since": ("Since", "开始于"),
    "Incident": ("Incident since", "故障开始于"),
    "Progress": ("Progress", "进度"),
    "Position": ("Position", "位点"),
    "Retries": ("Retries", "重试"),
    "Resume until": ("Resume until", "可恢复至"),
    "Total time": ("Total time", "总用时"),
    "Phases": ("Phases", "各阶段"),
    "Rows": ("Rows", "行数"),
    "Failures": ("Failures", "失败次数"),
    "Not seen": ("Not seen", "无应答"),
    "Tasks": ("Tasks", "任务"),
    "Reason": ("Reason", "原因"),
    "Advice": ("Advice", "建议"),
    "Next step": ("Next step", "下一步"),
    "Console": ("Console", "控制台"),
    "Event id": ("Event id", "事件 ID"),
    # Values.
    "of rows": ("{moved} of {total} rows", "{moved} / {total} 行"),
    "so far": ("{time} so far", "已用 {time}"),
    "delay": ("{seconds} s behind", "延迟 {seconds} 秒"),
    "retries left": ("{used} of {allowed} used, {left} left", "已用 {used} / {allowed} 次，剩余 {left} 次"),
    "speed": ("{rows}, {speed} a second on average", "{rows}，平均每秒 {speed}"),
    "in": ("{moment} (in {time})", "{moment}（还有 {time}）"),
    "ago": ("{moment} ({time} ago)", "{moment}（{time}前）"),
    "more": ("{shown} and {number} more", "{shown} 等，另有 {number} 个"),
    "cut": (" ... (cut; whole in the history)", " ……（已截断，全文见历史记录）"),
    "preparing": ("preparing", "准备"),
    "loading": ("loading", "全量"),
    "syncing": ("syncing", "增量"),
    "waiting": ("waiting", "等待"),
    "stopped phase": ("stopped", "停止"),
    "failed phase": ("failed", "失败"),
    "unknown": ("unknown", "未知"),
    # Digests.
    "digest": ("{number} UDTS events, the worst first", "{number} 个 UDTS 事件，最严重的在前"),
    "digest more": (
        "... and {number} more. All of them are in the events topic and in the history.",
        "……另有 {number} 个。全部事件见 events 主题和历史记录。",
    ),
}


def say(language: Language, phrase: str, **values: object) -> str:
    """A phrase in a language, with the values put in."""
    english, chinese = PHRASES[phrase]
    return (chinese if language is Language.ZH else english).format(**values)
