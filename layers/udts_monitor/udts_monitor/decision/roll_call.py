"""The roll call: what is watched and how it is, told after a deployment and now and then.

Whoever gets it knows that the monitor runs, that its messages arrive, and that nothing was forgotten.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from udts_monitor.task import TaskRef


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenIncident:
    """Trouble that lasts."""

    task: TaskRef
    aspect: str
    status: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Coming:
    """Something that will end soon: ``load`` (the full load), ``resume`` or ``paid_time``."""

    task: TaskRef
    what: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RollCall:
    """What is watched and how it is.

    Attributes:
        watched: tasks in all.
        outcomes: tasks by outcome; those that have never answered are missing.
        unanswered: tasks that have no answer now.
        open: the incidents that are open, the oldest first.
        soon: what will end within three days, the next first.
        subscribers: confirmed subscriptions by topic, as counted last.
        ran_at: when the last run that came to its end began, None before the first.
    """

    watched: int
    outcomes: Mapping[str, int] = field(hash=False)
    unanswered: int = 0
    open: tuple[OpenIncident, ...] = ()
    soon: tuple[Coming, ...] = ()
    subscribers: Mapping[str, int] = field(default_factory=dict, hash=False)
    ran_at: datetime | None = None
