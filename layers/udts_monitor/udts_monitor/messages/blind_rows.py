"""What is said when checks have no answer, and when they have one again."""

from collections.abc import Mapping

from udts_monitor.decision.event import Kind, Severity
from udts_monitor.decision.status import Outcome
from udts_monitor.messages.causes import LISTS, is_beside
from udts_monitor.messages.phrases import Text
from udts_monitor.messages.situation import Row, Saying, Situation, Urgency


def _of_list(at: Situation) -> bool:
    return at.event.cause.startswith(f"{LISTS} ")


def _beside(at: Situation) -> bool:
    return is_beside(at.event.cause)


def _deleted(at: Situation) -> bool:
    """UCloud answers, but not about this task, which was finished."""
    return at.outcome is Outcome.FINISHED and at.event.cause.startswith("RetCode")


BLIND = (
    Row(
        code="configure",
        when=lambda at: at.event.configuration,
        urgency=Urgency.NOW,
        headline=Text("{cause_step}: {cause}", "{cause_step}：{cause}"),
        step=Text(
            "{cause_step}. The next check shows whether it helped.",
            "{cause_step}。下一次检查会显示是否生效。",
        ),
        source="UCloud API, RetCode",
    ),
    Row(
        code="deleted-after-finish",
        when=_deleted,
        urgency=Urgency.NOTHING,
        headline=Text(
            "finished and deleted? Take it out of UDTS_TASKS", "已完成并删除？请从 UDTS_TASKS 中移除"
        ),
        step=Text(
            "It was finished. If it was deleted since, take it out of UDTS_TASKS.",
            "任务此前已完成。如已删除，请将其从 UDTS_TASKS 中移除。",
        ),
    ),
    Row(
        code="check-id",
        when=lambda at: not at.of_monitor and not at.event.status,
        urgency=Urgency.NOW,
        headline=Text("check its id and project. {cause}", "请检查任务 ID 和项目。{cause}"),
        step=Text(
            "Check the task's id and project in UDTS_TASKS: UCloud has never said how it is.",
            "请检查 UDTS_TASKS 中的任务 ID 和项目：UCloud 从未返回过它的状态。",
        ),
    ),
    Row(
        code="look-yourself",
        when=lambda at: at.event.severity is Severity.CRITICAL,
        urgency=Urgency.NOW,
        headline=Text("status unknown for {past}, {cause}", "{past}无法获取状态，{cause}"),
        step=Text(
            "Look at the tasks in the console: nobody else sees a failure now. The monitor keeps asking.",
            "请在控制台查看任务：目前没有其他途径能发现失败。监控会持续查询。",
        ),
    ),
    Row(
        code="keep-asking",
        urgency=Urgency.WAIT,
        headline=Text("status unknown for {past}, {cause}", "{past}无法获取状态，{cause}"),
        step=Text(
            "The monitor keeps asking; you hear again when it lasts an hour.",
            "监控会持续查询；一小时后仍无响应将再次通知。",
        ),
    ),
)
REACHABLE = (
    Row(
        code="beside-again",
        when=_beside,
        urgency=Urgency.NOTHING,
        headline=Text("readable again after {past}", "{past}后已恢复读取"),
        step=Text("All is watched again.", "已恢复全部监控。"),
    ),
    Row(
        code="not-well",
        when=lambda at: at.outcome in {Outcome.FAILED, Outcome.STOPPED},
        urgency=Urgency.NOTHING,
        headline=Text("status known again after {past}: {status}", "{past}后恢复响应：{status}"),
        step=Text("What its status asks for is told by itself.", "该状态需要的处理会另行通知。"),
    ),
    Row(
        code="answers-again",
        urgency=Urgency.NOTHING,
        headline=Text("status known again after {past}{now}", "{past}后恢复响应{now}"),
        step=Text("UCloud answers again.", "UCloud 已恢复响应。"),
    ),
)
ROWS: Mapping[str, tuple[Row, ...]] = {"blind": BLIND, Kind.REACHABLE: REACHABLE}

SAYINGS: Mapping[str, tuple[Saying, ...]] = {
    Kind.UNREACHABLE: (
        Saying(
            Text(
                "The list of tasks cannot be read: {cause}. New tasks go unnoticed.",
                "无法读取任务列表：{cause}。新任务将不会被发现。",
            ),
            _of_list,
        ),
        Saying(
            Text(
                "The metrics of the tasks cannot be read: {cause}. Failures are still seen; lag, stalls and "
                "readiness for cut-over only in part.",
                "无法读取任务的监控指标：{cause}。仍能发现失败；延迟、停滞和切换条件只能部分判断。",
            ),
            _beside,
        ),
        Saying(
            Text("The status of {tasks} is unknown: {cause}.", "无法获取 {tasks} 的状态：{cause}。"),
            lambda at: at.of_monitor and len(at.event.tasks) == 1,
        ),
        Saying(
            Text(
                "The status of {number} tasks is unknown since {since}: {cause}. The tasks may be fine.",
                "自 {since} 起无法获取 {number} 个任务的状态：{cause}。任务本身可能正常。",
            ),
            lambda at: at.of_monitor,
        ),
        Saying(
            Text(
                "UCloud does not know {task} any more, which was finished: {cause}.",
                "UCloud 已查不到 {task}（此前已完成）：{cause}。",
            ),
            _deleted,
        ),
        Saying(
            Text("{task} has never answered: {cause}.", "从未获取到 {task} 的状态：{cause}。"),
            lambda at: not at.event.status,
        ),
        Saying(
            Text(
                "The status of {task} is unknown since {since}: {cause}. The task may be fine.",
                "自 {since} 起无法获取 {task} 的状态：{cause}。任务本身可能正常。",
            )
        ),
    ),
    Kind.REACHABLE: (
        Saying(
            Text("The list of tasks can be read again after {past}.", "中断 {past}后已恢复读取任务列表。"),
            _of_list,
        ),
        Saying(
            Text(
                "The metrics of the tasks can be read again after {past}.",
                "中断 {past}后已恢复读取监控指标。",
            ),
            _beside,
        ),
        Saying(
            Text("The status of the tasks is known again after {past}.", "中断 {past}后已恢复获取任务状态。"),
            lambda at: at.of_monitor,
        ),
        Saying(
            Text(
                "The status of {task} is known again after {past}{now}.",
                "中断 {past}后已恢复获取 {task} 的状态{now}。",
            )
        ),
    ),
}
