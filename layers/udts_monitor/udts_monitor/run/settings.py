"""What the configuration says about a run, and how long it may take."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from udts_monitor.decision.policy import THRESHOLDS, Policy
from udts_monitor.messages.display import Display
from udts_monitor.outbox.notification import Topic
from udts_monitor.outbox.pending import Claim

SERVICE = "udts-monitor"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSettings:
    """What the configuration says about deciding and telling.

    Attributes:
        shard_tasks: more tasks than this are left to shards of at most so many, where there is a queue.
        roll_call_every: None for never.
        region: whose metrics are read, empty for none.
        fingerprint: of code and settings; another one than at the last roll call means a deployment.
    """

    policy: Policy
    topics: tuple[Topic, ...]
    display: Display
    max_concurrency: int
    digest_above: int
    shard_tasks: int = 0
    roll_call_every: timedelta | None = None
    region: str = ""
    fingerprint: str = ""

    def shown(self) -> dict[str, Any]:
        """What is in force, for those who only read the table."""
        thresholds = {name: getattr(self.policy, name) for name in (*THRESHOLDS, "sample_minutes")}
        kinds = self.policy.kinds
        return {
            **thresholds,
            "notify_on": ["all"] if kinds is None else sorted(kinds),
            "topics": [str(topic) for topic in self.topics],
            "digest_above": self.digest_above,
            "display_language": str(self.display.language),
            "display_timezone": self.display.zone.key,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long a run may take.

    Attributes:
        checks_until: seconds of ``time.monotonic``; afterwards only saving and publishing are left.
        publish_until: seconds of ``time.monotonic``; what is not published by then stays for the next run.
        claim: of this run, until it is certainly dead.
    """

    checks_until: float
    publish_until: float
    claim: Claim

    @property
    def save_until(self) -> float:
        """Until when what could not be saved is tried again; the rest is for publishing what could."""
        return (self.checks_until + self.publish_until) / 2
