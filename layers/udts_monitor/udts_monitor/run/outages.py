"""Outages of a run: decided over all tasks, each saved in a transaction of its own."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from udts_monitor.decision import outage
from udts_monitor.decision.assess import Missed
from udts_monitor.decision.event import Kind
from udts_monitor.decision.observation import NoAnswer
from udts_monitor.decision.outage import Outage, OutageChange, Unreached
from udts_monitor.decision.state import TaskState
from udts_monitor.run.ports import Ports
from udts_monitor.run.render import notifications
from udts_monitor.run.saving import Saver
from udts_monitor.run.settings import Limits, RunSettings


class Outages:
    """The open outages, as one run knows them.

    Args:
        ports: of the run.
        settings: of the run.
        limits: of the run.
        saver: is told of the events that were saved.
        known: the outages that were open when the run began.
        whole: the run knows all tasks, not those of a shard.
    """

    def __init__(  # noqa: PLR0913 - the parts of a run, and what it knows
        self,
        ports: Ports,
        settings: RunSettings,
        limits: Limits,
        saver: Saver,
        known: Iterable[Outage],
        *,
        whole: bool = True,
    ) -> None:
        self._ports = ports
        self._settings = settings
        self._limits = limits
        self._saver = saver
        self._open = {found.cause: found for found in known}
        self._whole = whole

    def decide(self, unreached: Sequence[Unreached], states: Mapping[str, TaskState]) -> Mapping[str, Missed]:
        """How the checks without an answer count; outages that begin or are told again are saved.

        The outage first: a crash after it leaves tasks that join it silently in the next run; the other order
        would leave tasks that wait for the end of an outage nobody was told of.

        Args:
            unreached: the tasks whose check had no answer.
            states: of the tasks watched now, by key.
        """
        decision = outage.decide(
            unreached, states, self._of_tasks(), self._settings.policy, self._ports.clock()
        )
        for change in decision.changes:
            # A reminder names all tasks, so it is for a run that knows them.
            if self._whole or not (change.event and change.event.kind is Kind.REMINDER):
                self._save(change)
        return decision.missed

    def close(self, states: Iterable[TaskState], stored: Callable[[], Iterable[TaskState]]) -> None:
        """Tell the end of the outages that no watched task belongs to any more.

        Args:
            states: of the tasks watched now, as this run knows them.
            stored: reads them anew. Another run may have added a task meanwhile, which would wait for an end
                that was told already; so it is asked for where an end seems due, which is seldom.
        """
        if self._ended(states):
            for change in self._ended(stored()):
                self._save(change)

    def note_degraded(self, what: str, refused: NoAnswer | None) -> None:
        """What is read beside the checks is told once where a person has to act, and once when it is back.

        Args:
            what: ``metrics`` or ``list``.
            refused: why it could not be read in this run, None when it was.
        """
        cause = f"{what} {refused.cause}" if refused else ""
        mine = [found for found in self._open.values() if found.degraded and found.cause.startswith(what)]
        if refused is not None and not refused.configuration:
            # What passes by itself is no news, and no end of what does not.
            return
        now = self._ports.clock()
        for change in outage.ended([found for found in mine if found.cause != cause], (), now):
            self._save(change)
        if refused is not None and cause not in self._open:
            self._save(outage.degraded(what, refused, self._settings.policy, now))

    def _of_tasks(self) -> tuple[Outage, ...]:
        return tuple(found for found in self._open.values() if not found.degraded)

    def _ended(self, states: Iterable[TaskState]) -> tuple[OutageChange, ...]:
        return outage.ended(self._of_tasks(), states, self._ports.clock())

    def _save(self, change: OutageChange) -> None:
        events = [change.event] if change.event else []
        messages = notifications(events, self._settings.topics, self._settings)
        if self._ports.store.save_outage(change, messages, self._limits.claim):
            self._saver.note(events)
            known = change.after or change.before
            if known:
                self._open.pop(known.cause, None)
            if change.after:
                self._open[change.after.cause] = change.after
