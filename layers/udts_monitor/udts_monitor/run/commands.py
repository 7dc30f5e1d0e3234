"""What a person asks for: a test message, a silence, an acknowledgement."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from udts_monitor.decision.acknowledgement import acknowledge, open_incidents, parse_acknowledgement
from udts_monitor.decision.assess import Assessment
from udts_monitor.decision.event import Event, Kind
from udts_monitor.decision.inventory import roll_call
from udts_monitor.decision.outage import OutageChange
from udts_monitor.decision.state import TaskState
from udts_monitor.errors import StoreError
from udts_monitor.outbox.silence import parse_silence
from udts_monitor.run.delivery import Delivery
from udts_monitor.run.discovery import discover
from udts_monitor.run.monitor_events import monitor_event, silence_event, silence_notifications
from udts_monitor.run.ports import Ports
from udts_monitor.run.render import notifications
from udts_monitor.run.settings import Limits, RunSettings
from udts_monitor.run.summary import Published, Summary
from udts_monitor.task import TaskRef, WatchList

# Runs change what they look at at most once each.
_ATTEMPTS = 5


class Commands:
    """Each goes the way every event goes: saved first, then published."""

    def __init__(self, ports: Ports, settings: RunSettings, limits: Limits) -> None:
        self._ports = ports
        self._settings = settings
        self._limits = limits
        self._now = ports.clock()

    def test(self, watch: WatchList) -> Summary:
        """Send a test notification to every topic; it says what the last run did.

        Raises:
            StoreError: the table cannot be used.
        """
        states, monitor = self._ports.store.load_states(), self._ports.store.load_monitor()
        tasks, policy = self._watched(watch, states), self._settings.policy
        call = replace(
            roll_call(tasks, states, policy, monitor.subscribers, self._now), ran_at=monitor.ran_at
        )
        occasion = f"{self._now:%Y%m%dT%H%M%S.%fZ}"
        event = monitor_event(Kind.TEST, occasion, self._now, roll_call=call)
        told = notifications([event], self._settings.topics, self._settings)
        self._ports.store.save_event(event, told, self._limits.claim)
        return self._published(event)

    def silence(self, command: Mapping[str, Any], watch: WatchList) -> Summary:
        """Set a silence, or change the end of the one that stands for the same scope, also to now.

        Raises:
            CommandError: the command is wrong, or its scope matches nothing; nothing was touched.
            StoreError: the table cannot be used.
        """
        store = self._ports.store
        silences = store.outbox().silences
        tasks = self._watched(watch, store.load_states())
        wanted = parse_silence(command, tasks, silences, self._now)
        standing = next((found for found in silences if found.scope == wanted.scope), None)
        # What the standing one holds back stays held, and is told when the new end has come.
        since = standing.since if standing else wanted.since
        silence = replace(wanted, since=since, until=max(wanted.until, self._now))
        event = silence_event(Kind.SILENCED, silence, self._now)
        told = silence_notifications(event, self._settings)
        self._ports.store.save_silence(silence, event, told, self._limits.claim)
        return self._published(event)

    def acknowledge(self, command: Mapping[str, Any], watch: WatchList) -> Summary:
        """Note on an open incident who looks after it; saying the same again changes nothing.

        Raises:
            CommandError: the command is wrong, or its incident is not open; nothing was touched.
            StoreError: the table cannot be used, or runs were faster each time.
        """
        for _ in range(_ATTEMPTS):
            states, outages = self._ports.store.load_states(), self._ports.store.load_monitor().outages
            known = open_incidents(states, outages, self._watched(watch, states))
            change = acknowledge(*parse_acknowledgement(command, known, self._now))
            if change is None:
                return self._published()
            if self._save(change):
                events = change.events if isinstance(change, Assessment) else [change.event]
                return self._published(*filter(None, events))
        text = f"Other runs changed the incident at each of {_ATTEMPTS} attempts; ask again"
        raise StoreError(text, transient=True)

    def _save(self, change: Assessment | OutageChange) -> bool:
        """In one transaction with its place in the history; False when a run was faster."""
        store, claim = self._ports.store, self._limits.claim
        if isinstance(change, Assessment):
            return store.save(change, (), claim)
        return store.save_outage(change, (), claim)

    def _watched(self, watch: WatchList, states: Mapping[str, TaskState]) -> tuple[TaskRef, ...]:
        deadline = self._limits.checks_until
        return discover(watch, states, self._ports.insights, deadline, due=False).tasks

    def _published(self, *events: Event) -> Summary:
        outbox: Published = Delivery(self._ports, self._settings, self._limits).publish()
        return Summary(events=events, outbox=outbox, errors=outbox.errors)
