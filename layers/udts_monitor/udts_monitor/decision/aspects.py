"""The aspects that can be in trouble, in the order of telling: first that a task can be seen again."""

from udts_monitor.decision import cutover, deadline, expiry, health, lag, progress, reachability, reset
from udts_monitor.decision.rule import Aspect

ASPECTS: tuple[Aspect, ...] = (
    reachability.ASPECT,
    health.ASPECT,
    reset.ASPECT,
    progress.ASPECT,
    lag.ASPECT,
    deadline.ASPECT,
    cutover.ASPECT,
    expiry.ASPECT,
)
