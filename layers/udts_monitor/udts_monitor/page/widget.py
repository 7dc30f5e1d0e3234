"""The custom widget of a CloudWatch dashboard: the tasks worst first, and one task on a click.

Source: CloudWatch, custom widgets: styles and SVG are shown, scripts are not; a ``cwdb-action`` element makes
the element before it call the function again.
"""

import json
from collections.abc import Mapping

from udts_monitor.page import advice, charts
from udts_monitor.page.html import Child, Html, element
from udts_monitor.page.look import Look
from udts_monitor.page.overview_page import banners, headline
from udts_monitor.page.rows import pill, since_of
from udts_monitor.page.style import sheet
from udts_monitor.page.task_page import plots
from udts_monitor.query.concern import NEEDS_SOMEBODY
from udts_monitor.query.overview import Overview, TaskView
from udts_monitor.query.stored import History
from udts_monitor.query.timeline import Timeline
from udts_monitor.text import one_line, truncate

DOCUMENTATION = """\
### UDTS monitor
Shows the watched UDTS tasks, the worst first. A click on one shows its history in the time range.

Parameters of the widget, all optional:
```yaml
language: en   # or zh; without it that of the messages
most: 20       # how many tasks
```
"""
MOST = 20
_TEXT_LIMIT = 160


def tasks_widget(overview: Overview, look: Look, *, most: int, theme: str, endpoint: str) -> str:
    """The tasks, worst first.

    Args:
        overview: the present.
        look: how to write it.
        most: how many tasks.
        theme: ``light`` or ``dark``, the dashboard's.
        endpoint: the ARN of the function, for the click on a task.
    """
    rows = [
        element("tbody", _row(view, look, endpoint), class_=str(view.concern))
        for view in overview.tasks[:most]
    ]
    columns = ("task", "status", "what", "end", "lag")
    heads = element("tr", [element("th", look.say(name), scope="col") for name in columns])
    shown = element("table", element("thead", heads), rows, class_="list")
    left = len(overview.tasks) - most
    more = element("p", look.say("more tasks", number=left), class_="mute") if left > 0 else None
    run = overview.last_run
    last = look.say("last run", time=look.ago(run.ran_at)) if run else look.say("no run")
    said = f"{last} · {look.say('pending', number=len(overview.pending))}"
    return framed(
        [
            element("h1", headline(overview, look)),
            element("p", said, class_="mute"),
            banners(overview, look),
            shown if rows else element("p", look.say("no tasks"), class_="mute"),
            more,
        ],
        theme,
    )


def task_widget(view: TaskView, history: History, line: Timeline, look: Look, *, theme: str) -> str:
    """One task in the dashboard's time range."""
    do, text = advice.decision(view, look), _text(view, look)
    return framed(
        [
            element("h1", one_line(view.task.display_name), " ", pill(view, look)),
            element("p", element("b", do) if do else None, " ", text, class_=f"lead {view.concern}"),
            element("div", charts.status_row(line, look, stretched=True), class_="life"),
            plots(view, history, line, look),
        ],
        theme,
    )


def framed(body: Child, theme: str) -> str:
    """The widget's content with our own style instead of the dashboard's."""
    style = element("style", Html(sheet(theme if theme in {"light", "dark"} else "")))
    return str(element("div", style, element("main", body), class_="cwdb-no-default-styles"))


def _row(view: TaskView, look: Look, endpoint: str) -> Html:
    name = element("a", truncate(one_line(view.task.display_name), _TEXT_LIMIT), href="#")
    asked: Mapping[str, str] = {"command": "task", "task": view.task.key}
    action = element("cwdb-action", json.dumps(asked), action="call", display="popup", endpoint=endpoint)
    end = view.measured_end
    do = advice.decision(view, look)
    cells = (
        element("th", name, action if endpoint else None, element("small", view.task.task_id), scope="row"),
        element("td", pill(view, look), element("small", since_of(view, look))),
        element("td", element("b", do) if do else None, " ", _text(view, look)),
        element("td", look.moment(end.middle) if end else None, class_="n"),
        element("td", advice.lag_of(view, look), class_="n"),
    )
    return element("tr", cells)


def _text(view: TaskView, look: Look) -> str:
    said = [advice.why(view, look, _TEXT_LIMIT)]
    said.append("" if view.concern in NEEDS_SOMEBODY else advice.how_far(view, look))
    return " ".join(part for part in said if part)
