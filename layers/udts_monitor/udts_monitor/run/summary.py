"""What a run did: its answer, and what the monitor's item says of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from udts_monitor.decision.event import Event
from udts_monitor.outbox.silence import Silence
from udts_monitor.times import iso


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What became of the outbox.

    Attributes:
        published: notifications SNS accepted.
        pending: notifications still in the outbox.
        oldest_pending_seconds: age of the oldest pending notification that no silence holds, 0 without one.
        silences: those that last.
        errors: what did not succeed, a sentence each.
    """

    published: int = 0
    pending: int = 0
    oldest_pending_seconds: float = 0
    silences: tuple[Silence, ...] = ()
    errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a run did.

    Attributes:
        checked: checks made, those without an answer among them.
        no_answer: checks that yielded no observation.
        skipped: tasks that were not checked because time ran out; the next run begins with them.
        shards: those that the run left its tasks to, 0 where it checked them itself.
        events: what was saved, in no particular order between tasks.
        outbox: what became of the outbox.
        subscribers: confirmed subscriptions by topic, as counted last; empty before the first count.
        errors: what did not succeed, a sentence each; the run is to fail when there are any.
    """

    checked: int = 0
    no_answer: int = 0
    skipped: int = 0
    shards: int = 0
    events: tuple[Event, ...] = ()
    outbox: Published = field(default_factory=Published)
    subscribers: Mapping[str, int] = field(default_factory=dict)
    errors: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """As the handler answers it."""
        return {
            "checked": self.checked,
            "no_answer": self.no_answer,
            "skipped": self.skipped,
            "shards": self.shards,
            "events": [{"kind": str(event.kind), "task": event.task.key} for event in self.events],
            "published": self.outbox.published,
            "pending": self.outbox.pending,
            "subscribers": dict(self.subscribers),
            "silences": [
                {"scope": silence.scope, "until": iso(silence.until), "by": silence.by, "why": silence.why}
                for silence in self.outbox.silences
            ],
        }
