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
    "no reason": ("UCloud gave no reason", "UCloud 未给出原因"),
    "with status": ("{status}: {said}", "{status}：{said}"),
    "retries used up": ("{said} (retries used up)", "{said}（自动重试已用尽）"),
    "took": ("{status} in {time}", "{status}，用时 {time}"),
    "watched for": ("{status}, watched for {time}", "{status}，已监控 {time}"),
    "after a failure": ("{said}, after a failure", "{said}，期间曾失败"),
    "again": ("{status} again, {time} after it failed", "失败 {time}后恢复为 {status}"),
    "stopped for": ("stopped for {time}", "已停止 {time}"),
    "just stopped": ("stopped just now", "刚刚停止"),
    "still": ("still {status} after {time}", "{time}后仍为 {status}"),
    "not healthy": ("{status}, not healthy {time} after it failed", "失败 {time}后仍未恢复（{status}）"),
    "because": ("{said}: {reason}", "{said}：{reason}"),
    "can be resumed": ("{said} and can be resumed for {time} more", "{said}，{time}内仍可恢复"),
    "cannot be resumed": ("{said}, and the time to resume it is over", "{said}，可恢复期限已过"),
    "resuming is no help": ("{said}, and resuming does not help", "{said}，且恢复运行无效"),
    "left to resume": ("{time} left to resume, {status}", "还可恢复的时间：{time}，{status}"),
    "last warning": ("{said} (last warning)", "{said}（最后一次提醒）"),
    "retry": ("retry {number} of {allowed}", "第 {number} 次重试，共 {allowed} 次"),
    "a retry": ("UCloud tries again", "UCloud 将自动重试"),
    "last retry": ("{said}, the next failure is final", "{said}，再次失败即为最终失败"),
    "tasks": ("{number} tasks", "{number} 个任务"),
    "answers again": ("answers again after {time}", "{time}后重新有应答"),
    "answers again with": ("answers again after {time}: {status}", "{time}后重新有应答：{status}"),
    "unknown status": ("unknown status {status}", "未知状态 {status}"),
    "sees again": ("sees its tasks again after {time}", "{time}后重新看到任务"),
    "test": ("a person asked for this test", "这是一条人工发起的测试消息"),
    # First lines: whole sentences.
    "failed": ("{task} failed: {said}", "{task} 失败：{said}"),
    "failed again": ("{task} failed again: {said}", "{task} 再次失败：{said}"),
    "failed for good": ("{task} failed and cannot be resumed: {said}", "{task} 失败且无法恢复：{said}"),
    "stopped for good": (
        "{task} was stopped and cannot be resumed: {said}",
        "{task} 已停止且无法恢复：{said}",
    ),
    "finished": ("{task} finished: {said}.", "{task} 已完成：{said}。"),
    "recovered": ("{task} recovered: {said}.", "{task} 已恢复：{said}。"),
    "stopped": ("{task} has been {said}.", "{task} {said}。"),
    "resume_deadline": ("{task} is {said}.", "{task} {said}。"),
    "retrying": ("{task} failed, UCloud tries again ({said}).", "{task} 失败，UCloud 将自动重试（{said}）。"),
    "retrying because": (
        "{task} failed, UCloud tries again ({said}): {reason}",
        "{task} 失败，UCloud 将自动重试（{said}）：{reason}",
    ),
    "retrying uncounted": ("{task} failed, UCloud tries again.", "{task} 失败，UCloud 将自动重试。"),
    "retrying uncounted because": (
        "{task} failed, UCloud tries again: {reason}",
        "{task} 失败，UCloud 将自动重试：{reason}",
    ),
    "unreachable": ("{task} has given no answer for {time}: {said}", "{task} 已 {time}没有应答：{said}"),
    "unreachable at once": ("{task} gives no answer: {said}", "{task} 没有应答：{said}"),
    "unreachable monitor": ("The monitor cannot see {said}", "监控看不到 {said}"),
    "reachable": ("{task} {said}.", "{task} {said}。"),
    "reachable monitor": ("The monitor {said} ({reason}).", "监控在 {said}（{reason}）。"),
    "unknown_status": (
        "{task} shows the status {status}, which the monitor does not know.",
        "{task} 出现监控不认识的状态 {status}。",
    ),
    "reminder": ("{task} is {said}", "{task} {said}"),
    "test sentence": (
        "The UDTS monitor works: a person asked for this test.",
        "UDTS 监控工作正常：这是一条人工发起的测试消息。",
    ),
    "silenced": ("Silence: {said}", "静默：{said}"),
    "silence_ended": ("The silence is over: {said}", "静默已结束：{said}"),
    "other": ("{task}: {said}", "{task}：{said}"),
    # What to do now.
    "do: resume": (
        "Remove the cause, then start the task in the console: it resumes where it stopped.",
        "先消除原因，再在控制台启动任务：它会从中断处继续。",
    ),
    "do: follow the advice": (
        "Follow the advice, then start the task in the console: it resumes where it stopped.",
        "先按建议处理，再在控制台启动任务：它会从中断处继续。",
    ),
    "do: or UCloud retries": (
        "UCloud may try again by itself before that: retries are left.",
        "在此之前 UCloud 可能会自动重试：仍有剩余重试次数。",
    ),
    "do: load again": (
        "The task cannot be resumed: remove the cause, reset the task and load in full again.",
        "任务无法恢复：先消除原因，再重置任务并重新全量迁移。",
    ),
    "do: load again without cause": (
        "The task cannot be resumed: reset it and load in full again, or delete it.",
        "任务无法恢复：请重置任务并重新全量迁移，或将其删除。",
    ),
    "do: reset": (
        "Follow the advice, then reset the task and load in full again: resuming does not help.",
        "先按建议处理，再重置任务并重新全量迁移：恢复运行无效。",
    ),
    "do: start": (
        "Start the task in the console before then, or delete it: later only a new full load helps.",
        "请在期限之前在控制台启动任务，或将其删除：逾期只能重新全量迁移。",
    ),
    "do: start at any time": (
        "Start the task in the console, or delete it.",
        "请在控制台启动任务，或将其删除。",
    ),
    "do: check the bill": (
        "If nobody stopped it, look at the bill: UCloud stops unpaid tasks and soon deletes them for good.",
        "如果无人停止过它，请检查账单：UCloud 会停止欠费任务，随后将其彻底删除。",
    ),
    "do: wait for the retry": (
        "Remove the cause if you can; UCloud tries again by itself.",
        "如能消除原因请先消除；UCloud 会自动重试。",
    ),
    "do: know that this was the last": (
        "No more reminders follow, even if the task stays as it is.",
        "这是最后一次提醒：即使任务状态不变，也不再提醒。",
    ),
    "do: validate": ("Validate the data, then switch over.", "校验数据，然后切换业务。"),
    "do: stop billing": (
        "Delete the task or turn its auto-renewal off: finished tasks are billed until then.",
        "删除任务或关闭自动续费：在此之前，已完成的任务仍会计费。",
    ),
    "do: look": (
        "Look at the task in the console: the monitor cannot see it and keeps asking.",
        "请在控制台查看任务：监控暂时看不到它，会继续询问。",
    ),
    "do: check the id": (
        "Check the task's id and project in UDTS_TASKS: it has never answered. The monitor keeps asking.",
        "请检查 UDTS_TASKS 中的任务 ID 和项目：它从未应答过。监控会继续询问。",
    ),
    "do: wait for an answer": (
        "If it lasts, look at the tasks in the console: the monitor keeps asking, but sees no failure.",
        "如持续无应答，请在控制台查看任务：监控会继续询问，但在此期间看不到任何失败。",
    ),
    "do: judge": (
        "Look at the task in the console: the monitor counts this status neither as failed nor as finished.",
        "请在控制台查看任务：监控既不把该状态算作失败，也不算作完成。",
    ),
    "do: configure": (
        "Change what the reason names; the next check shows whether it helped.",
        "请按原因所述修改配置，下一次检查会显示是否生效。",
    ),
    "do: nothing": (
        "Nothing: the way from the monitor to you works.",
        "无需处理：从监控到您的通知链路正常。",
    ),
    "restart is enough": ("A restart is enough then.", "之后重启任务即可。"),
    "full load needed": ("A new full load is needed.", "需要重新全量迁移。"),
    # Labels.
    "Task": ("Task", "任务"),
    "Project": ("Project", "项目"),
    "Status": ("Status", "状态"),
    "Last status": ("Last status", "最近状态"),
    "Since": ("Since", "开始于"),
    "First seen": ("First seen", "首次发现于"),
    "Finished": ("Finished", "完成于"),
    "No answer since": ("No answer since", "无应答始于"),
    "Noticed": ("Noticed", "发现于"),
    "Sent": ("Sent", "发送于"),
    "Incident": ("Incident since", "故障开始于"),
    "Progress": ("Progress", "进度"),
    "Position": ("Position", "位点"),
    "Retries": ("Retries", "重试"),
    "Resume until": ("Resume until", "可恢复至"),
    "Total time": ("Total time", "总用时"),
    "Watched": ("Watched", "监控时长"),
    "Phases": ("Phases", "各阶段"),
    "Rows": ("Rows", "行数"),
    "Failures": ("Failures", "失败次数"),
    "Not seen": ("No answer for", "无应答时长"),
    "Tasks": ("Tasks", "任务"),
    "Reason": ("Reason", "原因"),
    "Advice": ("Advice", "建议"),
    "Next step": ("Next step", "下一步"),
    "Console": ("Console", "控制台"),
    "Event id": ("Event id", "事件 ID"),
    "Incident id": ("Incident id", "故障 ID"),
    # Values.
    "of rows": ("{moved} of {total} rows", "{moved} / {total} 行"),
    "elapsed": ("{time} elapsed", "已用时 {time}"),
    "delay": ("{seconds} s behind", "延迟 {seconds} 秒"),
    "retries left": ("{used} of {allowed} used, {left} left", "已用 {used} / {allowed} 次，剩余 {left} 次"),
    "retries used": ("{used} of {allowed} used", "已用 {used} / {allowed} 次"),
    "no retries": ("none allowed: UCloud does not try again by itself", "未设置：UCloud 不会自动重试"),
    "speed": ("{rows} ({speed} a second while loading)", "{rows}（全量阶段平均每秒 {speed}）"),
    "since": ("{time}, since {moment}", "{time}，自 {moment} 起"),
    "until": ("{moment} at the latest, in {time}", "最迟 {moment}，还有 {time}"),
    "ago": ("{moment}, {time} ago", "{moment}，{time}前"),
    "counted": ("{title}: {counted}", "{title}：{counted}"),
    "more": ("{shown} and {number} more", "{shown} 等，另有 {number} 个"),
    "listed": (", ", "，"),
    "labelled": ("{label}: {value}", "{label}：{value}"),
    "d": ("{number} d", "{number} 天"),
    "h": ("{number} h", "{number} 小时"),
    "min": ("{number} min", "{number} 分钟"),
    "s": ("{number} s", "{number} 秒"),
    "cut": (" ... (cut; whole in the history)", " ……（已截断，全文见历史记录）"),
    "preparing": ("preparing", "准备"),
    "loading": ("loading", "全量"),
    "syncing": ("syncing", "增量"),
    "waiting": ("waiting", "等待"),
    "stopped phase": ("stopped", "停止"),
    "failed phase": ("failed", "失败"),
    "unknown": ("unknown", "未知"),
    # Digests.
    "silence over": ("A silence is over", "静默已结束"),
    "silence counted": (
        "{lasting} open now, {over} came and went",
        "当前未恢复 {lasting}，期间发生并结束 {over}",
    ),
    "open now": ("Open now:", "当前未恢复："),
    "nothing open": ("Nothing of it is open now.", "当前没有未恢复的故障。"),
    "came and went": ("Came and went:", "期间发生并结束："),
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
