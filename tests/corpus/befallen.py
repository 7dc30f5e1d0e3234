"""What has to be told of what was done to a life: failures, stops, silences, ends, resets, hangs, lateness.

Checks only say when the truth could be seen: a failure between two checks is told at the second. A wait that
ends within a few minutes of a threshold is tolerated either way.
"""

from tests.corpus.ledger import A_MOMENT, Ledger, runs
from tests.corpus.levels import MAX_DELAY_SECONDS
from tests.corpus.life import FullLoad
from tests.corpus.plan import Fail, Hang, NoAnswers, Reset, Stop

STALLED_AFTER_MINUTES = 60
SAMPLE_MINUTES = 5
STOPPED_GRACE_MINUTES = 20
RESUME_WITHIN_MINUTES = 7 * 1440
IN_A_ROW = 3  # UNREACHABLE_AFTER_CHECKS, RECOVERED_AFTER_CHECKS
RESUME_SHARES = (0.5, 0.8, 0.95)
_MARGIN = 0.3  # of a load's duration: what an estimate may be off while there is time


def failures(ledger: Ledger) -> None:
    """Told when the first check sees them; those between two checks only the history shows."""
    for fail in ledger.plan.of(Fail):
        kind = "retrying" if fail.status == "RetryPending" else "failed"
        seen, after = ledger.seen(fail.at), ledger.seen(fail.until)
        if seen is not None and seen < fail.until:
            ledger.expect(kind, fail.at, seen)
            _goes_on(ledger, fail.until)
            if fail.status == "Failed" and (kept := _log_is_kept(ledger)):
                _resume_deadlines(ledger, fail.at, fail.until, kept)
        elif after is not None:
            ledger.expect(kind, fail.at, after, seen_afterwards=True)
            ledger.tolerate("recovered", fail.at, after + 10)


def stops(ledger: Ledger) -> None:
    """Told after the grace; what was started before is no news."""
    for stop in ledger.plan.of(Stop):
        stopped = stop.at + 1  # Stopping before
        if stop.until - stopped >= STOPPED_GRACE_MINUTES:
            due = stopped + STOPPED_GRACE_MINUTES
            ledger.expect("stopped", due - 1, ledger.seen(due))
            _goes_on(ledger, stop.until)
            within = min(RESUME_WITHIN_MINUTES, _log_is_kept(ledger) or RESUME_WITHIN_MINUTES)
            _resume_deadlines(ledger, stopped, stop.until, within)


def silences(ledger: Ledger) -> None:
    """Told after a number of checks, or at the first one where waiting does not help."""
    for silence in ledger.plan.of(NoAnswers):
        missed = [minute for minute in ledger.unanswered if silence.at <= minute < silence.until]
        needed = 1 if silence.configuration else IN_A_ROW
        if len(missed) >= needed:
            ledger.expect("unreachable", missed[needed - 1], missed[needed - 1])
            if silence.until < ledger.end:
                ledger.expect("reachable", silence.until, ledger.seen(silence.until))


def ends(ledger: Ledger) -> None:
    """Told when the first check sees them."""
    for status, began, _ in runs(minute.status for minute in ledger.minutes):
        if status in {"Done", "Success"}:
            ledger.expect("finished", began, ledger.seen(began))


def resets(ledger: Ledger) -> None:
    """Told when the task loads again; its preparations may tell it already."""
    for reset in ledger.plan.of(Reset):
        again = next(load.began for load in ledger.loads if load.began > reset.at)
        ledger.tolerate("reset", reset.at, again)
        ledger.expect("reset", again, ledger.seen(again, times=A_MOMENT))


def hangs(ledger: Ledger) -> None:
    """An idle source gives a hung task no work: then nobody can know, and nobody has to."""
    for hang in ledger.plan.of(Hang):
        coarse = _coarseness(ledger)
        lasted = min(hang.until, ledger.end) - hang.at
        has_work = ledger.minutes[hang.at].phase == "loading" or ledger.plan.source.pattern != "idle"
        if not has_work or lasted < STALLED_AFTER_MINUTES - coarse - A_MOMENT:
            continue
        latest = ledger.seen(hang.at + STALLED_AFTER_MINUTES + coarse + _silent_minutes(ledger, hang))
        sure = latest is not None and latest + A_MOMENT < hang.at + lasted
        note = ledger.expect if sure else ledger.tolerate
        note("stalled", hang.at + STALLED_AFTER_MINUTES - coarse - A_MOMENT, latest)
        if hang.until < ledger.end:
            note("progressing", hang.until, ledger.seen(hang.until + coarse))


def lateness(ledger: Ledger) -> None:
    """A run that takes too long, and a load that will not end before a limit: told while there is time."""
    too_long = int(ledger.plan.thresholds.get("max_run_hours", 0) * 60)
    if 0 < too_long < ledger.end and ledger.minutes[too_long].status not in {"Done", "Success"}:
        ledger.expect("overdue", too_long, ledger.seen(too_long))
    kept = _log_is_kept(ledger)
    for load in ledger.loads:
        limits = (ledger.plan.deadline_minute, load.began + kept if kept else None)
        for limit in limits:
            if limit is not None and load.ended is not None:
                _limit(ledger, load, load.ended, limit)
        if kept and load.ended is not None and load.ended < ledger.end:
            # What the source's log was needed for is over with the load.
            late = load.ended - load.began > kept
            note = ledger.expect if late else ledger.tolerate
            note("recovered", load.ended, ledger.seen(load.ended))


def _limit(ledger: Ledger, load: FullLoad, ended: int, limit: int) -> None:
    late = (ended - limit) / (ended - load.began)
    if late > _MARGIN:
        ledger.expect("overdue", load.began + 5, limit)
    elif late > -_MARGIN:
        ledger.tolerate("overdue", load.began + 5, None)


def _goes_on(ledger: Ledger, until: int) -> None:
    active = until + 2  # Starting before
    if active < ledger.end:
        ledger.expect("recovered", active, ledger.seen(active, times=IN_A_ROW))


def _resume_deadlines(ledger: Ledger, since: int, until: int, within: int) -> None:
    """Only of a task that was syncing: a full load begins anew whenever it is started."""
    if ledger.minutes[since - 2].phase != "syncing":
        return
    for share in RESUME_SHARES:
        due = int(since + share * within)
        if due < min(until, ledger.end):
            ledger.expect("resume_deadline", due - 1, ledger.seen(due))


def _log_is_kept(ledger: Ledger) -> int | None:
    """Minutes for which the source keeps its log, None when nobody said."""
    return int(ledger.plan.thresholds.get("source_log_retention_hours", 0) * 60) or None


def _silent_minutes(ledger: Ledger, hang: Hang) -> int:
    """MongoDB has no figure for what its target lacks; where nothing is read only the delay says so."""
    unread = ledger.plan.engine == "mongodb" and not hang.at_target
    return MAX_DELAY_SECONDS // 60 + 1 if unread else 0


def _coarseness(ledger: Ledger) -> int:
    """Minutes for which the counters of a healthy task may stand still, or are not kept."""
    plan = ledger.plan
    percents = plan.load.minutes // 100 if plan.load and plan.whole_percents else 0
    return max(plan.refresh_minutes, percents) + plan.metrics_late_minutes + SAMPLE_MINUTES
