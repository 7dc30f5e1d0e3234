"""A look at all that UCloud has to grant, from where the runs come: one finding each, with what to do.

It asks what a run asks, from the same address and with the same keys; nothing is stored and nothing is told.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from udts_monitor.decision.observation import NoAnswer
from udts_monitor.run.checks import Checker, Checks
from udts_monitor.run.discovery import discover
from udts_monitor.run.ports import Ports
from udts_monitor.run.settings import Limits, RunSettings
from udts_monitor.task import NO_PROJECT, TaskRef, WatchList
from udts_monitor.text import truncate

# Causes by what of the account is wrong; the adapter says with each what to change.
_ABOUT_SECRET = frozenset({"no keys", "keys not readable"})
_ABOUT_KEYS = frozenset({"RetCode 170", "RetCode 171", "RetCode 172", "RetCode 174", "RetCode 295"})
_ABOUT_ADDRESS = frozenset(
    {"RetCode 294", "RetCode 160", "RetCode 161", "connection", "certificate", "timeout"}
)
_ABOUT_PROJECT = frozenset({"RetCode 292"})
# Metrics are asked for by time; and a history is sorted by it.
_SKEW_LIMIT = timedelta(minutes=2)
_TASKS_SHOWN = 5
_REASON_LIMIT = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was tried.

    Attributes:
        check: its name.
        ok: None where it is not in use, or could not be tried.
        says: what was found.
        do: what a person should do about it, empty where nothing.
    """

    check: str
    ok: bool | None
    says: str
    do: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """All findings, in the order in which they depend on each other."""

    findings: tuple[Finding, ...]

    def as_dict(self) -> dict[str, Any]:
        """As the handler answers it."""
        return {
            "findings": [
                {"check": found.check, "ok": found.ok, "says": found.says, "do": found.do}
                for found in self.findings
            ]
        }


class Doctor:
    """Tries what a run depends on at UCloud."""

    def __init__(self, ports: Ports, settings: RunSettings, limits: Limits) -> None:
        self._ports = ports
        self._settings = settings
        self._limits = limits

    def examine(self, watch: WatchList) -> Diagnosis:
        """Check every task once, read lists and metrics, compare the clocks.

        Raises:
            StoreError: the table cannot be read.
        """
        states = self._ports.store.load_states()
        deadline = self._limits.checks_until
        tasks = discover(watch, states, self._ports.insights, deadline, due=False).tasks
        checker = Checker(
            self._ports.ucloud, self._limits, self._settings.max_concurrency, lambda _task, _seen: None
        )
        checks = checker.check(tasks)
        lists = self._lists(tasks, watch)
        refusals = [answer for _, answer in checks.unanswered] + [
            found for found in lists.values() if isinstance(found, NoAnswer)
        ]
        found = (
            _account("secret", refusals, _ABOUT_SECRET, "it can be read and has the right form"),
            _account("keys", refusals, _ABOUT_SECRET | _ABOUT_KEYS, "UCloud accepts them"),
            _account("address", refusals, _ABOUT_ADDRESS, "UCloud answers calls from here"),
            _projects(checks, lists),
            _tasks(tasks, checks),
            self._metrics(tasks),
            self._clock(),
        )
        return Diagnosis(findings=found)

    def _lists(self, tasks: Iterable[TaskRef], watch: WatchList) -> Mapping[str, object]:
        """The list of each project, by its id; also where tasks are named, because it shows typing errors."""
        projects = {task.project_id for task in tasks} | set(watch.projects)
        deadline = min(self._limits.checks_until, time.monotonic() + 10)
        return {project: self._ports.insights.listed(project, deadline) for project in sorted(projects)}

    def _metrics(self, tasks: Sequence[TaskRef]) -> Finding:
        if not self._settings.region:
            do = "set UcloudRegion to read lag and remaining data, such as cn-bj2"
            return Finding(check="metrics", ok=None, says="no region is given: they are not read", do=do)
        lags = self._ports.insights.lags(tasks, self._ports.clock(), self._limits.checks_until)
        region = self._settings.region
        if lags.refused:
            do = f"check UcloudRegion {region} and the key's rights"
            if not all(task.project_id for task in tasks):
                do = f"set UcloudProjectId, which metrics need, or {do}"
            reason = truncate(lags.refused.reason, _REASON_LIMIT)
            return Finding(check="metrics", ok=False, says=reason, do=do)
        return Finding(check="metrics", ok=True, says=f"of {len(lags.by_key)} tasks in {region}")

    def _clock(self) -> Finding:
        theirs = self._ports.ucloud.server_time()
        if theirs is None:
            return Finding(check="clock", ok=None, says="UCloud's answers had no date to compare with")
        skew = theirs - self._ports.clock()
        seconds = f"{abs(skew.total_seconds()):.0f} s {'ahead of' if skew > timedelta(0) else 'behind'} ours"
        if abs(skew) > _SKEW_LIMIT:
            do = "metrics are asked for by time: ask UCloud's support, with the time of this run"
            return Finding(check="clock", ok=False, says=f"UCloud's is {seconds}", do=do)
        return Finding(check="clock", ok=True, says=f"UCloud's is {seconds}")


def _account(check: str, refusals: Iterable[NoAnswer], causes: frozenset[str], fine: str) -> Finding:
    """What concerns the account as a whole; the reason says what to change."""
    reason = next((answer.reason for answer in refusals if answer.cause in causes), "")
    if not reason:
        return Finding(check=check, ok=True, says=fine)
    says, _, do = truncate(reason, _REASON_LIMIT).partition(": ")
    return Finding(check=check, ok=False, says=says, do=do)


def _projects(checks: Checks, lists: Mapping[str, object]) -> Finding:
    hidden = {
        task.project_id or NO_PROJECT for task, answer in checks.unanswered if answer.cause in _ABOUT_PROJECT
    }
    refused = {project or NO_PROJECT for project, found in lists.items() if isinstance(found, NoAnswer)}
    if hidden:
        do = "correct the project of these tasks, or let the key see it"
        return Finding(check="projects", ok=False, says=f"not visible: {', '.join(sorted(hidden))}", do=do)
    if refused:
        do = "ListUDTSTask is needed only for tasks that are discovered"
        return Finding(check="projects", ok=None, says=f"no list of {', '.join(sorted(refused))}", do=do)
    return Finding(
        check="projects", ok=True, says=f"visible: {', '.join(sorted(name or NO_PROJECT for name in lists))}"
    )


def _tasks(tasks: Sequence[TaskRef], checks: Checks) -> Finding:
    unread = [f"{task.display_name} ({answer.cause})" for task, answer in checks.unanswered]
    unread += [f"{task.display_name} (no time)" for task in checks.skipped]
    if not unread:
        return Finding(check="tasks", ok=True, says=f"all {len(tasks)} can be read")
    more = f" and {len(unread) - _TASKS_SHOWN} more" if len(unread) > _TASKS_SHOWN else ""
    says = f"{len(unread)} of {len(tasks)} give no answer: {', '.join(unread[:_TASKS_SHOWN])}{more}"
    return Finding(
        check="tasks", ok=False, says=says, do="`explain TASK` says why; compare ids with the console"
    )
