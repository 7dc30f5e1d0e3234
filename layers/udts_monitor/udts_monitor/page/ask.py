"""Questions that come as an event: by hand, and from a dashboard's widget."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from udts_monitor.errors import CommandError
from udts_monitor.messages.phrases import Language
from udts_monitor.page.html import element
from udts_monitor.page.look import Look
from udts_monitor.page.web import zone_of
from udts_monitor.page.widget import DOCUMENTATION, MOST, framed, task_widget, tasks_widget
from udts_monitor.query.answers import Answers, TaskHistory, history_data, status_data
from udts_monitor.query.data import plain_data
from udts_monitor.text import one_line, truncate

COMMANDS = ("status", "history", "incidents", "explain")
DAY_HOURS = 24
MOST_HOURS = 90 * 24
_FIELDS = {"status": set[str](), "history": {"task", "hours"}, "incidents": {"hours"}, "explain": {"task"}}
_QUOTE_LIMIT = 100

type Explain = Callable[[Answers, TaskHistory], Mapping[str, Any]]


def by_hand(event: Mapping[str, Any], answers: Answers, explain: Explain | None) -> dict[str, Any]:
    """Answer ``{"command": "history", "task": "orders", "hours": 24}`` and its like with JSON.

    Raises:
        CommandError: names what is wrong with the question.
        StoreError: the table cannot be read.
    """
    command = event.get("command", "status")
    if command not in COMMANDS:
        raise CommandError(f"The command {_quoted(command)} is not known; known are {', '.join(COMMANDS)}")
    unknown = sorted(map(str, event.keys() - {"command"} - _FIELDS[command]))
    if unknown:
        raise CommandError(f"The payload of {command} has unknown fields: {_quoted(', '.join(unknown))}")
    since = answers.now - timedelta(hours=_hours(event.get("hours", DAY_HOURS)))
    match command:
        case "status":
            return status_data(answers.overview)
        case "incidents":
            return {"incidents": plain_data(answers.histories(since).incidents)}
        case "history":
            return history_data(_task(event, answers, since))
    if explain is None:
        raise CommandError("Nothing explains a task here")
    return dict(explain(answers, _task(event, answers, since)))


def widget(event: Mapping[str, Any], answers: Answers, endpoint: str) -> str:
    """What a dashboard shows; one sentence of HTML where the widget asks for what there is not.

    Raises:
        StoreError: the table cannot be read.
    """
    if event.get("describe"):
        return DOCUMENTATION
    context: Mapping[str, Any] = event.get("widgetContext") or {}
    theme = str(context.get("theme", ""))
    look = _look(event, context, answers)
    if event.get("command") != "task":
        most = event.get("most")
        shown = most if isinstance(most, int) and 0 < most <= 200 else MOST  # noqa: PLR2004 - what a page shows
        return tasks_widget(answers.overview, look, most=shown, theme=theme, endpoint=endpoint)
    found = answers.task(str(event.get("task", "")), look.since)
    if found is None:
        return framed(element("p", look.say("not found")), theme)
    # The dashboard's time range may have ended long ago.
    points = tuple(point for point in found.history.points if point.at <= look.now)
    history, line = replace(found.history, points=points), replace(found.line, until=look.now)
    return task_widget(found.view, history, line, look, theme=theme)


def _look(event: Mapping[str, Any], context: Mapping[str, Any], answers: Answers) -> Look:
    run = answers.overview.last_run
    language = event.get("language") or (run.language if run else "")
    since, until = _time_range(context.get("timeRange"), answers.now)
    if event.get("command") != "task":
        until = answers.now
    return Look(
        now=until,
        since=since,
        zone=zone_of(answers),
        language=Language.ZH if language == Language.ZH else Language.EN,
    )


def _time_range(found: Any, now: datetime) -> tuple[datetime, datetime]:  # noqa: ANN401 - whatever the dashboard sends
    """The dashboard's time range, of at most what is kept; a day where it is none."""
    day = now - timedelta(days=1), now
    if not isinstance(found, Mapping):
        return day
    zoom = found.get("zoom")
    chosen = zoom if isinstance(zoom, Mapping) else found
    start, end = chosen.get("start"), chosen.get("end")
    if not (isinstance(start, int | float) and isinstance(end, int | float) and 0 < start < end < 1e14):  # noqa: PLR2004 - milliseconds of the year 5138
        return day
    until = min(datetime.fromtimestamp(end / 1000, UTC), now)
    since = max(datetime.fromtimestamp(start / 1000, UTC), until - timedelta(hours=MOST_HOURS))
    return (since, until) if since < until else day


def _task(event: Mapping[str, Any], answers: Answers, since: datetime) -> TaskHistory:
    wanted = event.get("task")
    if not isinstance(wanted, str) or not wanted:
        raise CommandError("task: missing; the name, the id or <project>/<id> of a watched task")
    found = answers.task(wanted, since)
    if found:
        return found
    several = answers.views(wanted)
    if several:
        keys = ", ".join(view.task.key for view in several)
        raise CommandError(f"task: {_quoted(wanted)} is the name of several tasks: {truncate(keys, 300)}")
    raise CommandError(f"task: {_quoted(wanted)} is not watched")


def _hours(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= MOST_HOURS:
        return value
    raise CommandError(f"hours: a whole number from 1 to {MOST_HOURS}")


def _quoted(value: object) -> str:
    return truncate(repr(one_line(str(value))), _QUOTE_LIMIT)
