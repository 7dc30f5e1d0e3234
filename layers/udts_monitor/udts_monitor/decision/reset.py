"""Reset: a task that was replicating loads again from the start, or its position moves backwards."""

import re

from udts_monitor.decision.event import Kind
from udts_monitor.decision.observation import Position
from udts_monitor.decision.rule import Aspect, CheckContext, EventDraft, RuleResult
from udts_monitor.decision.state import TaskState
from udts_monitor.decision.status import Outcome

NAME = "reset"
_FILE = re.compile(r"(?P<base>.*?)(?P<number>\d+)")


def judge(before: TaskState, after: TaskState, at: CheckContext) -> RuleResult:
    """Each time once. A finished task that is started again is a new load; one that was reset is Created."""
    if at.seen is None or not before.status:
        return after, ()
    loads = at.seen.outcome is Outcome.LOADING and before.outcome is not Outcome.LOADING
    anew = loads and (before.phase is Outcome.SYNCING or before.lifecycle.reset)
    resumed = before.outcome is not Outcome.SYNCING
    syncing = at.seen.outcome is Outcome.SYNCING
    backwards = syncing and _moved_backwards(before.position, at.seen.position, repeats=resumed)
    if not anew and not backwards:
        return after, ()
    more = {"cause": "loads_again" if anew else "position_backwards"}
    return after, (EventDraft(kind=Kind.RESET, since=at.now, more=more),)


def _moved_backwards(before: Position | None, seen: Position | None, *, repeats: bool) -> bool:
    """Not where a GTID is given: then a fail-over of the source changes the files, and harms nothing.

    Args:
        before: as stored.
        seen: by this check.
        repeats: the task just resumed, and may repeat the last it had done: up to the file before.
    """
    if before is None or seen is None or seen.binlog_gtid:
        return False
    if seen.binlog_name == before.binlog_name:
        known = before.binlog_pos is not None and seen.binlog_pos is not None
        return known and not repeats and (seen.binlog_pos or 0) < (before.binlog_pos or 0)
    then, now = _FILE.fullmatch(before.binlog_name), _FILE.fullmatch(seen.binlog_name)
    if then is None or now is None or then["base"] != now["base"]:
        return False
    return int(now["number"]) < int(then["number"]) - repeats


ASPECT = Aspect(name=NAME, judge=judge)
