"""`incidents`: what is open, and what is over and how long it lasted."""

from argparse import Namespace
from collections.abc import Iterable

from rich.text import Text

from udts_monitor.decision.acknowledgement import KIND as ACKNOWLEDGED
from udts_monitor.decision.state import Acknowledgement
from udts_monitor.query.data import plain_data
from udts_monitor.query.incidents import IncidentView, incidents_of
from udts_monitor.query.overview import Overview
from udts_monitor.task import MONITOR
from udts_monitor_cli.codes import Code
from udts_monitor_cli.look import beginning, look
from udts_monitor_cli.screen import Screen, clock, lasted, safe
from udts_monitor_cli.stack import Stack

_ROWS = 18
_STYLES = {"critical": "red", "warning": "yellow"}
_HEADS = ("", "TASK", "WHAT", "SINCE (UTC)", "LASTED", "TOLD", "WHO")


def show(given: Namespace, stack: Stack, screen: Screen) -> Code:
    """The open ones first, then those that are over, the latest first."""
    reader, seen = look(stack)
    since = beginning(given.since, seen.now)
    open_now = _open(seen)
    histories = reader.histories([MONITOR.key, *(view.task.key for view in seen.tasks)], since, seen.now)
    found = [
        incident
        for key, history in histories.items()
        for incident in incidents_of(key, history.events, open_now, seen.now)
    ]
    found.sort(key=lambda incident: incident.since, reverse=True)
    found.sort(key=lambda incident: not incident.is_open)
    if screen.as_json:
        screen.document(
            [plain_data(one) | {"acknowledged": plain_data(open_now.get(one.id))} for one in found]
        )
    else:
        _render(found, open_now, seen, screen)
    return Code.TROUBLE if open_now else Code.FINE


def _open(seen: Overview) -> dict[str, Acknowledgement | None]:
    """Ids of the open incidents, each with who looks after it."""
    found = {one.id: one.acknowledged for view in seen.tasks for one in view.incidents.values() if one.id}
    outages = seen.last_run.outages if seen.last_run else ()
    return found | {outage.id: outage.acknowledged for outage in outages if outage.begun}


def _render(
    found: list[IncidentView], open_now: dict[str, Acknowledgement | None], seen: Overview, screen: Screen
) -> None:
    if not found:
        screen.line("There was no incident in this time.")
        return
    if len(found) > _ROWS:
        screen.line(f"{len(found) - _ROWS} older ones are left out: --json has all of them.", "dim")
    names = {view.task.key: view.task.display_name for view in seen.tasks}
    screen.table(_HEADS, (_row(one, open_now, names, seen) for one in found[:_ROWS]), grows=2)


def _row(
    one: IncidentView, open_now: dict[str, Acknowledgement | None], names: dict[str, str], seen: Overview
) -> Iterable[str | Text]:
    said = open_now.get(one.id)
    yield safe("open" if one.is_open else "over", _STYLES.get(one.severity, "") if one.is_open else "dim")
    yield names.get(one.task, "monitor" if one.task == MONITOR.key else one.task)
    yield ", ".join(kind for kind in dict.fromkeys(one.kinds) if kind != ACKNOWLEDGED)
    yield clock(one.since, seen.now)
    yield lasted(one.lasted) if one.lasted is not None else "-"
    yield ", ".join(sorted(one.published_at)) or "nobody"
    yield said.by if said else "-"
