"""Failed, stopped, retrying, recovered, finished: what is said, and what to do by phase and status.

Sources: UDTS guide, resettask and mysql2mysql (a full load that is started again begins anew; the incremental
phase goes on where it stopped), practice/switch (a task paused for cut-over must not be started again; one
paused for more than 7 days cannot), billing/recycle (unpaid tasks), FAQ 10 and 20.
"""

from collections.abc import Mapping
from datetime import datetime

from udts_monitor.decision.event import Event, Kind
from udts_monitor.decision.status import Outcome
from udts_monitor.messages.phrases import Text
from udts_monitor.messages.situation import Row, Saying, Situation, Urgency

_GUIDE = "UDTS guide, mysql2mysql and resettask"
_SWITCH = "UDTS guide, practice/switch"


def _until(event: Event) -> datetime | None:
    return event.resume_until


def _deadline_only(event: Event) -> datetime | None:
    """A failure is for now; what warns of its deadline says until when."""
    return event.resume_until if event.kind == Kind.RESUME_DEADLINE else None


def _needed_logs(at: Situation) -> bool:
    """A full load is over that would, or did, take longer than its source keeps its logs."""
    over = at.event.aspect == "deadline" and at.outcome is Outcome.SYNCING
    return over and at.event.cause == "log_retention"


def _outlived_logs(at: Situation) -> bool:
    return at.event.deadline is not None and at.event.deadline <= at.event.time


FAILURE = (
    Row(
        code="reset",
        when=lambda at: at.unrecoverable,
        urgency=Urgency.NOW,
        headline=Text("it cannot be started again. {brief}", "无法再次启动。{brief}"),
        step=Text(
            "{fix} The task cannot be started again: reset it, and it loads in full again; or delete it.",
            "{fix}任务无法再次启动：请重置任务并重新全量迁移，或将其删除。",
        ),
        source="UCloud API, GetUDTSTaskStatus; UDTS guide, resettask",
    ),
    Row(
        code="load-again",
        when=lambda at: at.needs_full_load,
        urgency=Urgency.NOW,
        headline=Text("full load needed. {brief}", "需要重新全量迁移。{brief}"),
        step=Text(
            "{fix} Then edit and save the task and start it: it loads in full again. "
            "Starting it as it is does not help.",
            "{fix}然后编辑并保存任务，再启动：任务会重新全量迁移。仅重新启动任务无法解决。",
        ),
        source="UDTS FAQ 4, 20 and 26",
    ),
    Row(
        code="load-again-too-late",
        when=lambda at: at.too_late,
        urgency=Urgency.NOW,
        headline=Text("too late to go on, full load needed. {brief}", "已过期限，需要重新全量迁移。{brief}"),
        step=Text(
            "{fix} The source kept the logs the task needs until {until}: edit and save the task and start "
            "it, "
            "it loads in full again.",
            "{fix}源库日志只保留到 {until}：请编辑并保存任务，再启动，任务会重新全量迁移。",
        ),
        source="UDTS FAQ 20",
    ),
    Row(
        code="start-incremental",
        when=lambda at: at.event.phase is Outcome.SYNCING,
        urgency=Urgency.BY,
        by=_deadline_only,
        headline=Text("{brief}", "{brief}"),
        step=Text(
            "{fix} Then start the task again: it goes {place}. {keep}",
            "{fix}然后重新启动任务：将{place}断点续传。{keep}",
        ),
        source="UDTS FAQ 10 and 20",
    ),
    Row(
        code="start-full-load",
        when=lambda at: at.event.phase is Outcome.LOADING,
        urgency=Urgency.NOW,
        headline=Text("{brief}", "{brief}"),
        step=Text(
            "{fix} Then start the task again: its full load begins again from zero.",
            "{fix}然后重新启动任务：全量迁移会从头开始。",
        ),
        source=_GUIDE,
    ),
    Row(
        code="start",
        urgency=Urgency.BY,
        by=_deadline_only,
        headline=Text("{brief}", "{brief}"),
        step=Text("{fix} Then start the task again.", "{fix}然后重新启动任务。"),
        source="UCloud API, GetUDTSTaskStatus",
    ),
)
STOP = (
    Row(
        code="stopped-too-late",
        when=lambda at: at.too_late,
        urgency=Urgency.NOW,
        headline=Text("too late to start it again", "已无法再次启动"),
        step=Text(
            "Switched over already? Delete it or turn its renewal off. Still migrating? The time to start it "
            "again ended on {until}: edit and save the task and start it, it loads in full again.",
            "已切换业务？请删除任务或关闭自动续费。仍需迁移？再次启动的期限已于 {until} 结束："
            "请编辑并保存任务，再启动，任务会重新全量迁移。",
        ),
        source=_SWITCH,
    ),
    Row(
        code="stopped-full-load",
        when=lambda at: at.event.phase is Outcome.LOADING,
        urgency=Urgency.BY,
        by=_until,
        headline=Text("start it unless stopped on purpose", "请启动任务，除非是主动停止的"),
        step=Text(
            "Still migrating? Start it{before}: its full load may begin again from zero. Not needed any "
            "more? "
            "Delete it or turn its renewal off. {bill}",
            "仍需迁移？请{before}启动：全量迁移可能从头开始。不再需要？请删除任务或关闭自动续费。{bill}",
        ),
        source=_GUIDE,
    ),
    Row(
        code="stopped",
        urgency=Urgency.BY,
        by=_until,
        headline=Text("start it unless switched over", "请启动任务，除非已切换业务"),
        step=Text(
            "Switched over already? Do not start it again, the data could diverge: delete it or turn its "
            "renewal off. Still migrating? Start it{before}. {bill}",
            "已切换业务？请勿再次启动，否则可能导致数据不一致：请删除任务或关闭自动续费。"
            "仍需迁移？请{before}启动。{bill}",
        ),
        source=_SWITCH,
    ),
)
RETRY = (
    Row(
        code="retry-in-vain",
        when=lambda at: at.needs_full_load,
        urgency=Urgency.NOW,
        headline=Text("full load needed. {brief}", "需要重新全量迁移。{brief}"),
        step=Text(
            "UCloud's retries do not help. {fix} Then edit and save the task and start it: "
            "it loads in full again.",
            "UCloud 的自动重试无法解决。{fix}然后编辑并保存任务，再启动：任务会重新全量迁移。",
        ),
        source="UDTS FAQ 4, 20 and 26",
    ),
    Row(
        code="retry",
        urgency=Urgency.WAIT,
        headline=Text("{retry}. {brief}", "{retry}。{brief}"),
        step=Text("UCloud tries again by itself ({retry}). {fix}", "UCloud 会自动重试（{retry}）。{fix}"),
    ),
)
HANGS = (
    Row(
        code="look",
        urgency=Urgency.NOW,
        headline=Text("not well again. {brief}", "仍未恢复。{brief}"),
        step=Text(
            "Look at the task in the console: it is neither running again nor failed.",
            "请在控制台查看任务：它既未恢复运行，也未失败。",
        ),
    ),
)
RECOVERED = (
    Row(
        code="recovered",
        urgency=Urgency.NOTHING,
        headline=Text("{status} again, down for {lasting}", "恢复为{status}，中断 {lasting}"),
        step=Text("The incident is over.", "故障已结束。"),
        when=lambda at: at.event.aspect != "deadline",
    ),
    Row(
        code="in-time",
        urgency=Urgency.NOTHING,
        headline=Text("the full load ended in time", "全量迁移已按时结束"),
        step=Text("The source still has the logs the task needs.", "源库仍保留任务所需的日志。"),
        when=lambda at: _needed_logs(at) and not _outlived_logs(at),
    ),
    Row(
        code="logs-outlived",
        urgency=Urgency.WAIT,
        headline=Text("the full load ended after the source's logs", "全量迁移结束时已超过源库日志保留期限"),
        step=Text(
            "Do not switch over before it is Synced. If it fails with error 1236, the source has purged the "
            "binlog it needs: edit and save the task, then start it; it loads in full again.",
            "状态变为已同步（Synced）之前请勿切换业务。如以错误 1236 失败，说明源库已清除任务所需的 binlog："
            "请编辑并保存任务后再启动，任务会重新全量迁移。",
        ),
        when=_needed_logs,
        source="UDTS guide, FAQ 20",
    ),
    Row(
        code="not-overdue",
        urgency=Urgency.NOTHING,
        headline=Text("no longer overdue", "不再超时"),
        step=Text("The incident is over.", "故障已结束。"),
    ),
)
FINISHED = (
    Row(
        code="finished",
        urgency=Urgency.NOTHING,
        headline=Text("{finish}", "{finish}"),
        step=Text(
            "When it suits you: validate the data, switch over, then delete the task or turn its renewal "
            "off; "
            "it is billed until then.",
            "方便时请校验数据、切换业务，然后删除任务或关闭自动续费；在此之前任务仍会计费。",
        ),
        source="UDTS guide, practice/switch and validation",
    ),
)
ROWS: Mapping[str, tuple[Row, ...]] = {
    "failure": FAILURE,
    "stop": STOP,
    "retry": RETRY,
    Kind.REMINDER: HANGS,
    Kind.RESUME_DEADLINE: HANGS,
    Kind.RECOVERED: RECOVERED,
    Kind.FINISHED: FINISHED,
}


def _first_seen(at: Situation) -> bool:
    return not at.event.previous_status


def _failed(at: Situation) -> bool:
    return at.outcome is Outcome.FAILED


SAYINGS: Mapping[str, tuple[Saying, ...]] = {
    Kind.FAILED: (
        Saying(
            Text(
                "{task} was stopped on {at} and cannot be started again: {why}",
                "{task} 于 {at} 停止，无法再次启动：{why}",
            ),
            lambda at: at.event.status == "StoppedUnrecoverable",
        ),
        Saying(
            Text(
                "{task} failed on {at} and cannot be started again: {why}",
                "{task} 于 {at} 失败，无法再次启动：{why}",
            ),
            lambda at: at.unrecoverable,
        ),
        Saying(
            Text(
                "{task} failed on {at}{during}, the last retry too: {why}",
                "{task} 于 {at}{during}失败，自动重试次数已用完：{why}",
            ),
            lambda at: at.event.retries_exhausted,
        ),
        Saying(
            Text("{task} failed again on {at}{during}: {why}", "{task} 于 {at}{during}再次失败：{why}"),
            lambda at: at.event.again,
        ),
        Saying(
            Text(
                "{task} had failed when it was first seen on {at}: {why}",
                "{task} 于 {at} 首次查询时已失败：{why}",
            ),
            _first_seen,
        ),
        Saying(Text("{task} failed on {at}{during}: {why}", "{task} 于 {at}{during}失败：{why}")),
    ),
    Kind.RETRYING: (
        Saying(
            Text(
                "{task} failed on {at}{during}, and UCloud tries again by itself ({retry}): {why}",
                "{task} 于 {at}{during}失败，UCloud 将自动重试（{retry}）：{why}",
            )
        ),
    ),
    Kind.STOPPED: (
        Saying(
            Text(
                "{task} was already {status} when it was first seen on {since}.",
                "{task} 于 {since} 首次查询时已是{status}。",
            ),
            _first_seen,
        ),
        Saying(Text("{task} has been {status} since {since}.", "{task} 自 {since} 起{status}。")),
    ),
    Kind.RESUME_DEADLINE: (
        Saying(
            Text(
                "{task} has been {status} since {since}; the time to start it again ended on {until}.",
                "{task} 自 {since} 起{status}；再次启动的期限已于 {until} 结束。",
            ),
            lambda at: at.too_late,
        ),
        Saying(
            Text(
                "{task} has been {status} since {since}: {why}",
                "{task} 自 {since} 起{status}：{why}",
            ),
            lambda at: _failed(at) and not at.may_start_again,
        ),
        Saying(
            Text(
                "{task} has been {status} since {since} and can be started again until {until}{last}.",
                "{task} 自 {since} 起{status}，最晚恢复运行时间为 {until}{last}。",
            )
        ),
    ),
    Kind.REMINDER: (
        Saying(
            Text(
                "The status of {task} has been unknown since {since}: {cause}.",
                "自 {since} 起无法获取 {task} 的状态：{cause}。",
            ),
            lambda at: at.about == "blind" and not at.of_monitor,
        ),
        Saying(
            Text(
                "The status of {number} tasks has been unknown since {since}: {cause}.",
                "自 {since} 起无法获取 {number} 个任务的状态：{cause}。",
            ),
            lambda at: at.about == "blind",
        ),
        Saying(
            Text(
                "{task} is still {status}, {lasting} after the trouble began: {why}",
                "{task} 仍为{status}，故障已持续 {lasting}：{why}",
            )
        ),
    ),
    Kind.RECOVERED: (
        Saying(
            Text(
                "The full load of {task} ended in time: {status}.", "{task} 的全量迁移已按时结束：{status}。"
            ),
            lambda at: _needed_logs(at) and not _outlived_logs(at),
        ),
        Saying(
            Text(
                "The full load of {task} ended after the time its source keeps its logs for: {status}.",
                "{task} 的全量迁移结束时已超过源库日志的保留期限：{status}。",
            ),
            _needed_logs,
        ),
        Saying(
            Text("{task} is no longer overdue: {status}.", "{task} 不再超时：{status}。"),
            lambda at: at.event.aspect == "deadline",
        ),
        Saying(
            Text(
                "{task} recovered: {status} again, down for {lasting}.",
                "{task} 已恢复：{status}，中断 {lasting}。",
            )
        ),
    ),
    Kind.FINISHED: (
        Saying(
            Text(
                "{task} was already finished when it was first seen: {status}.",
                "{task} 首次查询时已完成：{status}。",
            ),
            _first_seen,
        ),
        Saying(Text("{task} finished: {finish}.", "{task} 已完成：{finish}。")),
    ),
}
