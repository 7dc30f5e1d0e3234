"""What the monitor says of itself: tests, roll calls, silences."""

from collections.abc import Mapping

from udts_monitor.decision.event import Kind
from udts_monitor.messages.phrases import Text
from udts_monitor.messages.situation import Row, Saying, Situation, Urgency


def _unheard(at: Situation) -> bool:
    """A topic that is on has no confirmed subscription."""
    call = at.event.roll_call
    return call is not None and any(number == 0 for number in call.subscribers.values())


def _open(at: Situation) -> bool:
    call = at.event.roll_call
    return call is not None and bool(call.open or call.unanswered)


def _never_ran(at: Situation) -> bool:
    return at.event.roll_call is None or at.event.roll_call.ran_at is None


ROWS: Mapping[str, tuple[Row, ...]] = {
    Kind.TEST: (
        Row(
            code="test-before-run",
            when=_never_ran,
            urgency=Urgency.NOTHING,
            headline=Text("messages reach you here; no run yet", "消息可以送达；尚无检查记录"),
            step=Text(
                "Messages reach you here. The monitor has not finished a run yet: its first one tells more.",
                "消息可以送达。监控尚未完成过检查，首次检查后会有更多信息。",
            ),
        ),
        Row(
            code="test",
            urgency=Urgency.NOTHING,
            headline=Text("messages reach you here. {ran}", "消息可以送达。{ran}"),
            step=Text("Messages reach you here. {ran}.", "消息可以送达。{ran}。"),
        ),
    ),
    Kind.ROLL_CALL: (
        Row(
            code="subscribe",
            when=_unheard,
            urgency=Urgency.NOW,
            headline=Text("nobody gets: {unheard}", "无人订阅：{unheard}"),
            step=Text(
                "Subscribe to these topics, or confirm the subscription: {unheard}.",
                "请订阅以下主题或确认订阅：{unheard}。",
            ),
        ),
        Row(
            code="open-incidents",
            when=_open,
            urgency=Urgency.WAIT,
            headline=Text("{watched} watched, {open} open", "监控 {watched}，未恢复 {open}"),
            step=Text(
                "Nothing new: what is open was told by itself.", "没有新情况：未恢复的故障已另行通知。"
            ),
        ),
        Row(
            code="all-well",
            urgency=Urgency.NOTHING,
            headline=Text("{watched} watched, nothing open", "监控 {watched}，无未恢复故障"),
            step=Text(
                "No message from here on means that all is well. If a task is missing, add it to UDTS_TASKS.",
                "此后没有消息即表示正常。如有遗漏的任务，请加入 UDTS_TASKS。",
            ),
        ),
    ),
    Kind.SILENCED: (
        Row(
            code="silenced",
            urgency=Urgency.NOTHING,
            headline=Text("{reason}", "{reason}"),
            step=Text(
                "Messages to people are held back for this scope; you get them when it is over.",
                "该范围内发给人的消息暂不发送，静默结束后补发。",
            ),
        ),
    ),
    Kind.SILENCE_ENDED: (
        Row(
            code="silence-ended",
            urgency=Urgency.NOTHING,
            headline=Text("{reason}", "{reason}"),
            step=Text("Messages are sent again.", "已恢复发送消息。"),
        ),
    ),
}
SAYINGS: Mapping[str, tuple[Saying, ...]] = {
    Kind.TEST: (
        Saying(
            Text(
                "A person asked for this test of the UDTS monitor.", "这是一条人工发起的 UDTS 监控测试消息。"
            )
        ),
    ),
    Kind.ROLL_CALL: (
        Saying(
            Text(
                "The UDTS monitor watches {watched}: {outcomes}.", "UDTS 监控正在监控 {watched}：{outcomes}。"
            ),
            lambda at: at.event.roll_call is not None and bool(at.event.roll_call.outcomes),
        ),
        Saying(Text("The UDTS monitor watches {watched}.", "UDTS 监控正在监控 {watched}。")),
    ),
    Kind.SILENCED: (Saying(Text("Silenced: {reason}", "已静默：{reason}")),),
    Kind.SILENCE_ENDED: (Saying(Text("The silence is over: {reason}", "静默已结束：{reason}")),),
}
