"""Progress, lag, cut-over, deadlines, resets and the inventory: what is said, and what to do."""

from collections.abc import Mapping
from datetime import datetime

from udts_monitor.decision.event import Event, Kind
from udts_monitor.decision.status import Outcome
from udts_monitor.messages.phrases import Text
from udts_monitor.messages.situation import Row, Saying, Situation, Urgency

_SWITCH = "UDTS guide, practice/switch"


def _ahead(event: Event) -> datetime | None:
    """A deadline that is still to come."""
    return event.deadline if event.deadline and event.deadline > event.time else None


def _missed(at: Situation) -> bool:
    return at.event.deadline is not None and _ahead(at.event) is None


def _logs(at: Situation) -> bool:
    return at.event.cause == "log_retention"


def _loses_ground(at: Situation) -> bool:
    return at.event.cause == "losing_ground"


def _backwards(at: Situation) -> bool:
    return at.event.cause == "position_backwards"


ROWS: Mapping[str, tuple[Row, ...]] = {
    Kind.STALLED: (
        Row(
            code="stalled-full-load",
            when=lambda at: at.event.phase is Outcome.LOADING,
            urgency=Urgency.NOW,
            headline=Text("no progress for {past}", "{past}没有进展"),
            step=Text(
                "Look for locks, full disks and load at source and target, and at the task's rates in the "
                "console. Do not start it again yet: its full load would begin again from zero.",
                "请检查源库和目标库的锁、磁盘和负载，以及控制台中任务的速率。先不要重新启动："
                "全量迁移会从头开始。",
            ),
            source="UDTS guide, mysql2mysql",
        ),
        Row(
            code="stalled",
            urgency=Urgency.NOW,
            headline=Text("no progress for {past}", "{past}没有进展"),
            step=Text(
                "Look for locks, full disks and load at source and target, and at the task's rates in the "
                "console. Do not switch over now.",
                "请检查源库和目标库的锁、磁盘和负载，以及控制台中任务的速率。现在请勿切换业务。",
            ),
            source=_SWITCH,
        ),
    ),
    Kind.PROGRESSING: (
        Row(
            code="progressing",
            urgency=Urgency.NOTHING,
            headline=Text("moving again after {lasting}", "停滞 {lasting}后恢复进展"),
            step=Text("The incident is over.", "故障已结束。"),
        ),
    ),
    Kind.DELAYED: (
        Row(
            code="losing-ground",
            when=_loses_ground,
            urgency=Urgency.WAIT,
            headline=Text("the target loses ground: {behind}", "目标库越落越远：{behind}"),
            step=Text(
                "Do not switch over now. If it goes on after the source's busy hours, the target is too "
                "small "
                "or the task's rate limit too low.",
                "现在请勿切换业务。如源库高峰过后仍如此，说明目标库规格过小或任务限速过低。",
            ),
            source="UDTS guide, monitor/alarm",
        ),
        Row(
            code="delayed",
            urgency=Urgency.WAIT,
            headline=Text("{behind}", "{behind}"),
            step=Text(
                "Do not switch over now. If it stays so, look at the load of the target and at the task's "
                "rate "
                "limit.",
                "现在请勿切换业务。如持续如此，请检查目标库负载和任务限速。",
            ),
            source=_SWITCH,
        ),
    ),
    Kind.CAUGHT_UP: (
        Row(
            code="caught-up",
            urgency=Urgency.NOTHING,
            headline=Text("the target keeps up again after {lasting}", "延迟 {lasting}后已恢复正常"),
            step=Text("The incident is over.", "故障已结束。"),
        ),
    ),
    Kind.CUTOVER_READY: (
        Row(
            code="cutover",
            urgency=Urgency.NOTHING,
            headline=Text("ready for cut-over{lag}. Checklist inside", "可以切换业务{lag}。步骤见正文"),
            step=Text(
                "Until you switch over, nothing; when you do, in this order:",
                "切换之前无需处理；切换时请依次执行：",
            ),
            checklist=(
                Text(
                    "Stop the writes at the source and look at its sessions (show processlist).",
                    "停止源库写入，并查看会话（show processlist）。",
                ),
                Text(
                    "Wait for Synced or 0 bytes remaining, and one more minute at 0.",
                    "等待状态变为已同步（Synced）或剩余数据为 0，并继续观察 1 分钟。",
                ),
                Text(
                    "Pause the task and do not start it again: the data could diverge.",
                    "暂停任务，之后请勿再次启动，否则可能导致数据不一致。",
                ),
                Text(
                    "Create and start the reverse task as the way back.", "创建并启动反向任务，作为回退方案。"
                ),
                Text(
                    "Switch the business and test it; later delete the tasks or turn their renewal off.",
                    "切换业务并测试；之后删除任务或关闭自动续费。",
                ),
            ),
            source=_SWITCH,
        ),
    ),
    Kind.CUTOVER_NOT_READY: (
        Row(
            code="no-cutover",
            urgency=Urgency.WAIT,
            headline=Text("do not switch over now{lag}", "现在请勿切换业务{lag}"),
            step=Text(
                "Do not switch over now: you hear when the target is level enough again.",
                "现在请勿切换业务：目标库再次追平后会另行通知。",
            ),
            source=_SWITCH,
        ),
    ),
    Kind.OVERDUE: (
        Row(
            code="keep-logs",
            when=_logs,
            urgency=Urgency.BY,
            by=_ahead,
            headline=Text("the full load outlives the source's logs", "全量迁移将超过源库日志的保留时间"),
            step=Text(
                "Keep the source's binlogs for longer than the full load takes, such as "
                "SET GLOBAL expire_logs_days=15 (never less than now: it deletes older ones at once). "
                "Otherwise the incremental phase cannot begin, and the full load was in vain.",
                "请将源库 binlog 保留时间设为长于全量迁移的时间，例如 SET GLOBAL expire_logs_days=15"
                "（不要小于当前值：更早的 binlog 会立即被删除）。否则无法进入增量阶段，需要重新全量迁移。",
            ),
            source="UDTS FAQ 20",
        ),
        Row(
            code="missed-deadline",
            when=lambda at: _missed(at) and at.event.cause == "deadline",
            urgency=Urgency.NOW,
            headline=Text("deadline missed: {deadline}", "已错过截止时间：{deadline}"),
            step=Text(
                "Tell those who wait for it, and look at the task's rates in the console.",
                "请告知等待该任务的人，并在控制台查看任务的速率。",
            ),
        ),
        Row(
            code="will-miss-deadline",
            when=lambda at: at.event.cause == "deadline",
            urgency=Urgency.BY,
            by=_ahead,
            headline=Text("it will not be finished by then", "届时无法完成"),
            step=Text(
                "Raise the task's rate limit or relieve source and target, or move the deadline.",
                "请调高任务限速、降低源库和目标库的负载，或推迟截止时间。",
            ),
        ),
        Row(
            code="runs-too-long",
            urgency=Urgency.NOW,
            headline=Text("it should have ended by {deadline}", "应在 {deadline} 前结束"),
            step=Text(
                "Look at the task's progress and rates in the console.", "请在控制台查看任务的进度和速率。"
            ),
        ),
    ),
    Kind.RESET: (
        Row(
            code="position-backwards",
            when=_backwards,
            urgency=Urgency.NOW,
            headline=Text("its position moved backwards", "位点后退"),
            step=Text(
                "Set by one of you? Then there is nothing to do. Did the source fail over? Without GTID "
                "changes may be "
                "missing or "
                "applied twice: validate the data before you switch over.",
                "是你们设置的？则无需处理。源库发生过主从切换？未使用 GTID 时数据可能缺失或重复："
                "切换业务前请校验数据。",
            ),
            source="UDTS FAQ 20; UDTS guide, mysql2mysql",
        ),
        Row(
            code="loads-again",
            urgency=Urgency.NOW,
            headline=Text("it loads in full again", "正在重新全量迁移"),
            step=Text(
                "Reset by one of you? Then there is nothing to do. Otherwise find out by whom: the full "
                "load replaces "
                "what the "
                "target holds. Do not switch over before the target is level again.",
                "是你们重置的？则无需处理。否则请查明操作人：全量迁移会覆盖目标库中的数据。"
                "目标库再次追平之前请勿切换业务。",
            ),
            source="UDTS guide, resettask and mysql2mysql",
        ),
    ),
    Kind.MISSING: (
        Row(
            code="missing",
            urgency=Urgency.NOW,
            headline=Text("gone, unless one of you deleted it", "任务已消失，除非是你们删除的"),
            step=Text(
                "Deleted by one of you? Then there is nothing to do. Otherwise look for it in the console, "
                "and at the "
                "bill: unpaid "
                "tasks are deleted for good.",
                "是你们删除的？则无需处理。否则请在控制台查找该任务并检查账单：欠费任务会被彻底删除。",
            ),
            source="UDTS guide, billing/recycle",
        ),
    ),
    Kind.EXPIRING: (
        Row(
            code="renew",
            urgency=Urgency.BY,
            by=lambda event: event.expires_at,
            headline=Text("renew it, or let it go", "请续费，或不再保留"),
            step=Text(
                "Still needed? Renew it: UCloud stops it a day after {expires} and deletes it for good a day "
                "later. Not needed any more? Then there is nothing to do.",
                "仍需要？请续费：UCloud 会在 {expires} 之后一天停止任务，再过一天彻底删除。不再需要？"
                "则无需处理。",
            ),
            source="UDTS guide, billing/recycle",
        ),
    ),
    Kind.UNKNOWN_STATUS: (
        Row(
            code="unknown-status",
            urgency=Urgency.WAIT,
            headline=Text("unknown status {status}", "未知状态 {status}"),
            step=Text(
                "Look at the task in the console when you can: a failure or a finish under this word would "
                "not "
                "be told.",
                "方便时请在控制台查看任务：监控无法从该状态判断失败或完成。",
            ),
        ),
    ),
}

SAYINGS: Mapping[str, tuple[Saying, ...]] = {
    Kind.STALLED: (
        Saying(
            Text(
                "{task} has made no progress since {since}: {change}.",
                "{task} 自 {since} 起没有进展：{change}。",
            )
        ),
    ),
    Kind.PROGRESSING: (
        Saying(
            Text("{task} moves again, after {lasting} without progress.", "{task} 停滞 {lasting}后恢复进展。")
        ),
    ),
    Kind.DELAYED: (
        Saying(
            Text("The target of {task} loses ground: {behind}.", "{task} 的目标库越落越远：{behind}。"),
            _loses_ground,
        ),
        Saying(Text("The target of {task} is behind: {behind}.", "{task} 的目标库落后：{behind}。")),
    ),
    Kind.CAUGHT_UP: (
        Saying(
            Text(
                "The target of {task} keeps up again, after {lasting}.",
                "{task} 的目标库延迟 {lasting}后恢复正常。",
            )
        ),
    ),
    Kind.CUTOVER_READY: (Saying(Text("{task} is ready for cut-over{lag}.", "{task} 可以切换业务{lag}。")),),
    Kind.CUTOVER_NOT_READY: (
        Saying(Text("{task} is no longer ready for cut-over{lag}.", "{task} 暂时不可切换业务{lag}。")),
    ),
    Kind.OVERDUE: (
        Saying(
            Text(
                "The full load of {task} will end {ends}, after the source has dropped its logs "
                "({deadline}).",
                "{task} 的全量迁移预计 {ends} 结束，晚于源库日志的保留期限（{deadline}）。",
            ),
            lambda at: _logs(at) and at.event.measured_end is not None,
        ),
        Saying(
            Text(
                "The full load of {task} has outlived the source's logs (kept until {deadline}).",
                "{task} 的全量迁移已超过源库日志的保留期限（{deadline}）。",
            ),
            _logs,
        ),
        Saying(
            Text("{task} has missed its deadline of {deadline}.", "{task} 已错过截止时间 {deadline}。"),
            lambda at: _missed(at) and at.event.cause == "deadline",
        ),
        Saying(
            Text(
                "{task} will end {ends}, after its deadline of {deadline}.",
                "{task} 预计 {ends} 结束，晚于截止时间 {deadline}。",
            ),
            lambda at: at.event.cause == "deadline",
        ),
        Saying(
            Text(
                "{task} should have ended by {deadline} and is still running.",
                "{task} 应在 {deadline} 前结束，目前仍在运行。",
            )
        ),
    ),
    Kind.RESET: (
        Saying(
            Text("The position of {task} moved backwards on {at}.", "{task} 的位点于 {at} 后退。"), _backwards
        ),
        Saying(
            Text(
                "{task} loads in full again since {at}: {change}.",
                "{task} 自 {at} 起重新全量迁移：{change}。",
            )
        ),
    ),
    Kind.MISSING: (
        Saying(
            Text(
                "{task} is gone from the list of its project; its last status was {status}.",
                "{task} 已不在项目的任务列表中，最后已知状态为{status}。",
            )
        ),
    ),
    Kind.EXPIRING: (
        Saying(
            Text(
                "{task} is paid for until {expires} and is not renewed.",
                "{task} 将于 {expires} 到期，且未续费。",
            )
        ),
    ),
    Kind.UNKNOWN_STATUS: (
        Saying(
            Text(
                "{task} shows the status {status}, which the monitor does not know.",
                "{task} 出现监控无法识别的状态 {status}。",
            )
        ),
    ),
}
