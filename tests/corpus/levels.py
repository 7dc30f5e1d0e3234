"""What has to be told of how far the target is behind: by the model's own delay and remaining bytes.

Never by what the metrics show; only where there are none at all can nobody be expected to know.
"""

from collections.abc import Iterator
from itertools import pairwise

from tests.corpus.ledger import A_MOMENT, Ledger, runs
from tests.corpus.model import Minute
from tests.corpus.plan import Lie, NoMetrics
from tests.corpus.service import load_starts

MAX_DELAY_SECONDS = 300
IN_A_ROW = 3
_BEHIND_SECONDS = 60
_BEYOND_DOUBT_MINUTES = 10
_ONCE_AN_HOUR = 60
# CUTOVER_BELOW_MEGABYTES, whether a megabyte has 10^6 or 2^20 bytes.
_READY_BYTES, _NOT_READY_BYTES = 4.9e6, 5.3e6


def delays(ledger: Ledger) -> None:
    """Each time the target falls behind, once it has been level for the first time."""
    for began, ended in _since_level(ledger.minutes):
        behind = [minute.delay_seconds >= _BEHIND_SECONDS for minute in ledger.minutes[began:ended]]
        for is_behind, start, end in runs(behind):
            if is_behind:
                _delay(ledger, began + start, began + end)


def _delay(ledger: Ledger, start: int, end: int) -> None:
    """From the first minute the target is behind until the first one it is level again."""
    spell = ledger.minutes[start:end]
    long = [start + number for number, at in enumerate(spell) if at.delay_seconds > MAX_DELAY_SECONDS]
    running = all(minute.phase == "syncing" for minute in spell)
    growing, level = _growing_since(ledger.minutes, start), ledger.lag_seen(end, times=IN_A_ROW)
    if len(long) > _BEYOND_DOUBT_MINUTES and running and _delay_is_known(ledger):
        worst = max(range(len(spell)), key=lambda number: spell[number].delay_seconds)
        ledger.expect("delayed", growing + 1, ledger.lag_seen(long[0], times=IN_A_ROW))
        note = ledger.expect if end < ledger.end else ledger.tolerate
        note("caught_up", start + worst, level)
    elif long or not running or _grew_in_a_row(ledger.minutes[growing:end]):
        # The target loses ground for a while, or the task does not run: to be told or not.
        ledger.tolerate("delayed", growing, level)
        ledger.tolerate("caught_up", growing, level)


def readiness(ledger: Ledger) -> None:
    """Each time the target gets level; a second time within an hour need not be told."""
    was_ready_until = -_ONCE_AN_HOUR
    for state, start, end in _states(ledger):
        if state != "ready":
            continue
        plain = not ledger.plan.happenings
        again = start - was_ready_until < _ONCE_AN_HOUR
        sure = _beyond_doubt(ledger, start, end) and _readiness_is_known(ledger) and not again
        if sure:
            ledger.expect("cutover_ready", start, ledger.lag_seen(start, times=IN_A_ROW))
        if not sure or not plain:
            last = end + ledger.plan.metrics_late_minutes + A_MOMENT
            ledger.tolerate("cutover_ready", start, last)
        was_ready_until = end


def unreadiness(ledger: Ledger) -> None:
    """That a target which was ready is not: the first time for sure, later ones need not be told."""
    was_ready = sure_once = False
    for state, start, end in _states(ledger):
        if state == "ready":
            was_ready = was_ready or (_beyond_doubt(ledger, start, end) and _remaining_is_known(ledger))
            continue
        syncing = all(minute.phase == "syncing" for minute in ledger.minutes[start:end])
        sure = was_ready and not sure_once and syncing and _beyond_doubt(ledger, start, end)
        if sure and state == "not ready" and not ledger.plan.of(Lie) and not ledger.plan.of(NoMetrics):
            sure_once = True
            ledger.expect("cutover_not_ready", start, ledger.lag_seen(start, times=IN_A_ROW))
        ledger.tolerate("cutover_not_ready", start, end + ledger.plan.metrics_late_minutes + A_MOMENT)


def _states(ledger: Ledger) -> Iterator[tuple[str, int, int]]:
    """By what remains; a target of which UCloud does not tell that is level where it says Synced."""
    known = _remaining_is_known(ledger)
    return runs(
        "ready" if not known and minute.status == "Synced" else _state(minute) for minute in ledger.minutes
    )


def _beyond_doubt(ledger: Ledger, start: int, end: int) -> bool:
    return end - start > _BEYOND_DOUBT_MINUTES + ledger.plan.metrics_late_minutes


def _since_level(minutes: list[Minute]) -> Iterator[tuple[int, int]]:
    """From where the target was first level until the task loads again or the life ends."""
    starts = sorted({0, *load_starts(minutes)})
    for start, end in pairwise([*starts, len(minutes)]):
        for number in range(start, end):
            if _is_level(minutes[number]):
                yield number, end
                break


def _is_level(minute: Minute) -> bool:
    """So that a check can see it; in the first minute of a burst nothing is late yet."""
    level = minute.delay_seconds == 0 and minute.remaining < _READY_BYTES
    return minute.phase == "syncing" and (level or minute.status == "Synced")


def _growing_since(minutes: list[Minute], start: int) -> int:
    """From where the remaining data only grew until the target was behind."""
    while start > 0 and minutes[start - 1].remaining < minutes[start].remaining:
        start -= 1
    return start


def _grew_in_a_row(spell: list[Minute]) -> bool:
    grew = [after.remaining > before.remaining for before, after in pairwise(spell)]
    return any(rose and end - start >= IN_A_ROW for rose, start, end in runs(grew))


def _state(minute: Minute) -> str:
    if minute.phase != "syncing" or minute.remaining > _NOT_READY_BYTES:
        return "not ready"
    return "ready" if minute.remaining < _READY_BYTES else "in between"


def _delay_is_known(ledger: Ledger) -> bool:
    return ledger.plan.metrics or ledger.plan.engine in {"redis", "mongodb"}


def _readiness_is_known(ledger: Ledger) -> bool:
    """From the remaining data; where UCloud does not tell it, from a source so idle that it is Synced."""
    plan = ledger.plan
    if _remaining_is_known(ledger):
        return True
    return plan.mode != "two-way" and plan.source.pattern == "idle"


def _remaining_is_known(ledger: Ledger) -> bool:
    return ledger.plan.metrics and ledger.plan.engine != "mongodb"
