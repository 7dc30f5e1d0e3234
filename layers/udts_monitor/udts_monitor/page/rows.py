"""The table of the tasks, worst first: one row each."""

from collections.abc import Mapping
from itertools import groupby

from udts_monitor.decision.status import Outcome
from udts_monitor.page import advice
from udts_monitor.page.charts import CLASSES, status_row
from udts_monitor.page.html import Child, Html, element
from udts_monitor.page.look import Look
from udts_monitor.query.concern import NEEDS_SOMEBODY, Concern
from udts_monitor.query.overview import TaskView
from udts_monitor.query.timeline import Timeline
from udts_monitor.text import one_line, truncate

# Beyond so many a page is no page any more; the JSON has all.
MOST = 200
# The first rows say what to do at length; where as many are in trouble, a person reads no further.
_AT_LENGTH = 20
_NAME_LIMIT = 60
_WHY_LIMIT = 160
_WHY_LIMIT_SHORT = 70
_STEP_LIMIT = 90


def task_table(tasks: tuple[TaskView, ...], lines: Mapping[str, Timeline], look: Look) -> Html:
    """All tasks with their statuses over time; the row without a line has no history to show."""
    columns = ("task", "status", "what", "end", "lag")
    heads = [element("th", look.say(name), scope="col") for name in columns]
    if lines:
        heads.append(element("th", shown_time(next(iter(lines.values())), look), scope="col"))
    places = enumerate(tasks[:MOST])
    bodies = [
        element(
            "tbody",
            [
                _row(view, lines.get(view.task.key), look, at_length=place < _AT_LENGTH)
                for place, view in group
            ],
            class_=str(concern),
            id=str(concern),
        )
        for concern, group in groupby(places, key=lambda found: found[1].concern)
    ]
    caption = element("caption", look.say("tasks caption"))
    return element("table", caption, element("thead", element("tr", heads)), bodies, class_="list")


def window(look: Look) -> str:
    """The time that is looked at, in words."""
    days = look.hours // 24
    return look.say("last days", days=days) if days > 1 else look.say("last hours", hours=look.hours)


def shown_time(line: Timeline, look: Look) -> str:
    """The time that a row of statuses shows: no longer than there is something to show."""
    return look.say("from", moment=look.moment(line.since)) if line.since > look.since else window(look)


def legend(look: Look) -> Html:
    """What the colours of a row mean."""
    shown = {
        "y": "Syncing",
        "o": "Synced",
        CLASSES[Outcome.LOADING]: "Loading",
        CLASSES[Outcome.FAILED]: "Failed",
        CLASSES[Outcome.STOPPED]: "Stopped",
        CLASSES[Outcome.FINISHED]: "Done",
    }
    entries = [(element("path", class_=name, d="M0 7h16"), said) for name, said in shown.items()]
    entries.append((element("path", class_="h", d="M0 7h16"), look.say("gap")))
    return element(
        "ul",
        [
            element("li", element("svg", path, viewBox="0 0 16 14", aria_hidden="true"), said)
            for path, said in entries
        ],
        class_="legend",
        aria_label=look.say("legend"),
    )


def pill(view: TaskView, look: Look) -> Html:
    """The status as a word, with its colour; a task nobody sees now says so instead."""
    if view.concern is Concern.UNSEEN:
        return element("i", look.say("no answer"), class_="blind")
    return element("i", view.state.status)


def since_of(view: TaskView, look: Look) -> str:
    """How long it has been so."""
    gap = view.state.unanswered
    unseen = view.concern is Concern.UNSEEN and gap
    return look.ago(gap.since if unseen and gap else view.state.since)


def _row(view: TaskView, line: Timeline | None, look: Look, *, at_length: bool) -> Html:
    cells: list[Child] = [
        element("th", _name(view, look), scope="row"),
        element("td", pill(view, look), element("small", since_of(view, look)), _retries(view, look)),
        element("td", _what(view, look, at_length=at_length)),
        element("td", _end(view, look)),
        element("td", advice.lag_of(view, look)),
    ]
    if line:
        cells.append(element("td", status_row(line, look)))
    return element("tr", cells)


def _name(view: TaskView, look: Look) -> Child:
    task = view.task
    name = truncate(one_line(task.display_name), _NAME_LIMIT)
    under: list[str] = [task.task_id] if name != task.task_id else []
    under += [one_line(task.owner)] if task.owner else []
    said = element("small", " · ".join(under)) if under else None
    runbook = element("a", look.say("runbook"), href=task.runbook) if task.runbook else None
    return (
        element("a", name, href=look.task_link(task.key)),
        said,
        element("small", runbook) if runbook else None,
        element("small", _silence(view, look)) if view.silences else None,
    )


def _silence(view: TaskView, look: Look) -> str:
    return look.say("silent until", moment=look.moment(max(silence.until for silence in view.silences)))


def _retries(view: TaskView, look: Look) -> Child:
    said = advice.retries_of(view, look)
    return element("small", said) if said else None


def _what(view: TaskView, look: Look, *, at_length: bool) -> Child:
    do = advice.decision(view, look)
    said = [advice.why(view, look, _WHY_LIMIT if at_length else _WHY_LIMIT_SHORT)]
    if view.concern in NEEDS_SOMEBODY and at_length:
        said += [truncate(step, _STEP_LIMIT) for step in advice.steps(view, look)[:1]]
    if view.concern not in NEEDS_SOMEBODY or view.done is not None:
        said.append(advice.how_far(view, look))
    text = " ".join(part for part in said if part)
    bar = None
    if view.done is not None and view.state.known_outcome is Outcome.LOADING:
        bar = element("progress", value=round(view.done, 2), aria_label=look.say("progress"))
    return (
        element("b", do) if do else None,
        " " if do and text else None,
        text,
        _acknowledged(view, look),
        bar,
    )


def _acknowledged(view: TaskView, look: Look) -> Child:
    names = {incident.acknowledged.by for incident in view.incidents.values() if incident.acknowledged}
    return element("small", look.say("acknowledged", by=", ".join(sorted(names)))) if names else None


def _end(view: TaskView, look: Look) -> Child:
    end = view.measured_end
    if end is None:
        return None
    earliest, latest = look.moment(end.earliest), look.moment(end.latest)
    said = earliest if earliest == latest else look.say("until", earliest=earliest, latest=latest)
    service = look.say("service end", moment=look.moment(end.service)) if end.service else None
    return element("b", said), element("small", service) if service else None
