"""What a run does for the monitor itself: the roll call, the count of subscribers, the monitor's item."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from aws_lambda_powertools import Logger

from udts_monitor.decision import inventory
from udts_monitor.decision.event import Kind
from udts_monitor.decision.schedule import with_gap
from udts_monitor.decision.state import TaskState
from udts_monitor.run.monitor_events import monitor_event
from udts_monitor.run.ports import MonitorItem, Ports
from udts_monitor.run.render import notifications
from udts_monitor.run.saving import Saver
from udts_monitor.run.settings import SERVICE, Limits, RunSettings
from udts_monitor.run.summary import Summary
from udts_monitor.task import TaskRef
from udts_monitor.text import truncate
from udts_monitor.times import iso

SUBSCRIBERS_EVERY = timedelta(hours=1)
_REASON_LIMIT = 300
_ERRORS_KEPT = 20

logger = Logger(service=SERVICE, child=True)


class Heartbeat:
    """The monitor's own item, read once at the beginning of a run and written once at its end.

    Args:
        ports: of the run.
        settings: of the run.
        limits: of the run.
        monitor: the item as it was read.
        began: when the run began.
    """

    def __init__(
        self, ports: Ports, settings: RunSettings, limits: Limits, monitor: MonitorItem, began: datetime
    ) -> None:
        self._ports = ports
        self._settings = settings
        self._limits = limits
        self._monitor = monitor
        self._began = began

    @property
    def roll_call_is_due(self) -> bool:
        """After a deployment, and as often as the settings say."""
        every, last = self._settings.roll_call_every, self._monitor.roll_called_at
        if every is None:
            return False
        deployed = self._monitor.fingerprint != self._settings.fingerprint
        return deployed or last is None or self._began - last >= every

    def tell_roll_call(
        self,
        tasks: Sequence[TaskRef],
        states: Mapping[str, TaskState],
        subscribers: Mapping[str, int],
        saver: Saver,
    ) -> None:
        """Tell what is watched, how it is, and who listens."""
        call = inventory.roll_call(tasks, states, self._settings.policy, subscribers, self._began)
        call = replace(call, ran_at=self._monitor.ran_at)
        last = self._monitor.roll_called_at
        occasion = f"{last:%Y%m%dT%H%M%S.%fZ}" if last else "first"
        occasion = f"{occasion}/{self._settings.fingerprint}"
        event = monitor_event(Kind.ROLL_CALL, occasion, self._began, roll_call=call)
        messages = notifications([event], self._settings.topics, self._settings)
        if self._ports.store.save_roll_call(
            event, messages, self._limits.claim, last, self._settings.fingerprint
        ):
            saver.note([event])

    def count_subscribers(self) -> Mapping[str, int] | None:
        """Confirmed subscriptions by topic, None where they were counted lately.

        A topic without one delivers nothing and fails nothing: somebody has to look.
        """
        counted_at = self._monitor.subscribers_at
        if counted_at is not None and self._began - counted_at < SUBSCRIBERS_EVERY:
            return None
        subscribers = self._ports.topics.subscribers()
        for topic, number in subscribers.items():
            if number == 0:
                logger.warning(
                    "topic has no confirmed subscription",
                    topic=topic,
                    cause="no_subscriber",
                    reason="nobody gets what is published there: subscribe, or confirm the subscription",
                )
        return subscribers

    def write(
        self,
        summary: Summary,
        *,
        cursor: str,
        listed_at: datetime | None,
        counted_now: bool,
    ) -> None:
        """Write the run's summary, and from where and how the next one goes on."""
        ran_at, previous = self._monitor.ran_at, self._monitor.previous_run_at
        times = {
            "previous_run_at": ran_at,
            "listed_at": listed_at,
            "subscribers_at": self._began if counted_now else None,
        }
        # The count of subscribers stays as the last run that counted wrote it.
        shown = {
            name: value for name, value in summary.as_dict().items() if counted_now or name != "subscribers"
        }
        seconds = (self._ports.clock() - self._began).total_seconds()
        self._ports.store.save_monitor(
            {
                "ran_at": iso(self._began),
                "seconds": round(seconds, 3),
                "run_id": self._limits.claim.owner,
                "cursor": cursor,
                **{name: iso(moment) for name, moment in times.items() if moment},
                "gaps": with_gap(self._monitor.gaps, ran_at, previous, self._began),
                "settings": self._settings.shown(),
                **shown,
                "errors": [truncate(error, _REASON_LIMIT) for error in summary.errors[:_ERRORS_KEPT]],
            }
        )
