"""A request to the function's address and its answer: pages, JSON, badges and the feed. Nothing is written.

GET /                              the first page        GET /api/status
GET /task/<project>/<task id>      one task              GET /api/history/<project>/<task id>
GET /badge/<task>.svg              a badge               GET /api/incidents
GET /feed.atom                     the events            GET /api/explain/<project>/<task id>
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import unquote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from udts_monitor.messages.phrases import Language
from udts_monitor.page.badge import badge
from udts_monitor.page.feed import atom
from udts_monitor.page.look import Look
from udts_monitor.page.overview_page import HOURS, overview_page
from udts_monitor.page.signing_in import sentence_page
from udts_monitor.page.style import CONTENT_SECURITY_POLICY
from udts_monitor.page.task_page import task_page
from udts_monitor.query.answers import Answers, TaskHistory, history_data, status_data
from udts_monitor.query.data import plain_data

HTML = "text/html; charset=utf-8"
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_NOT_FOUND, _NOT_ALLOWED = 404, 405

type Explain = Callable[[Answers, TaskHistory], Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What was asked for.

    Attributes:
        path: with its slash, percent signs as they came.
        query: each name once.
        address: of the first page, with its slash at the end.
    """

    method: str = "GET"
    path: str = "/"
    query: Mapping[str, str] = field(default_factory=dict)
    address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What is answered; every answer carries the same headers of protection."""

    body: str
    status: int = 200
    content_type: str = HTML
    more: Mapping[str, str] = field(default_factory=dict)

    @property
    def headers(self) -> dict[str, str]:
        """All of them."""
        return {"Content-Type": self.content_type, **_HEADERS, **self.more}


def respond(request: Request, answers: Answers, where: str, source: str, explain: Explain | None) -> Response:
    """Answer a reader who may read.

    Args:
        request: what was asked for.
        answers: the questions to the table.
        where: stack, account and region, for the page.
        source: what makes the ids of the feed unique.
        explain: what explains a task, None where nothing does.

    Raises:
        StoreError: the table cannot be read.
    """
    if request.method not in {"GET", "HEAD"}:
        return data_response({"error": "only GET is answered here"}, status=_NOT_ALLOWED)
    parts = [unquote(part) for part in request.path.strip("/").split("/") if part]
    look = look_of(request, answers, where)
    match parts:
        case []:
            found = answers.histories(look.since)
            page = overview_page(answers.overview, found.lines, found.incidents, found.events, look)
            return Response(body=page)
        case ["task", *wanted]:
            return _task(answers, "/".join(wanted), look)
        case ["badge", *wanted] if parts[-1].endswith(".svg"):
            return _badge(answers, "/".join(wanted).removesuffix(".svg"), look)
        case ["feed.atom"]:
            events = answers.histories(look.since).events
            body = atom(events, source=source, address=request.address, now=answers.now)
            return Response(body=body, content_type="application/atom+xml; charset=utf-8")
        case ["api", *rest]:
            return _data(answers, rest, look, explain)
        case _:
            return _not_found(look)


def look_of(request: Request, answers: Answers, where: str) -> Look:
    """How the reader wants the page: as the messages are, unless the address says otherwise."""
    run = answers.overview.last_run
    language = request.query.get("lang", run.language if run else "")
    hours = request.query.get("hours", "")
    back = timedelta(hours=int(hours) if hours in map(str, HOURS) else HOURS[0])
    asked = {name: request.query[name] for name in ("lang", "hours") if request.query.get(name)}
    return Look(
        now=answers.now,
        since=answers.now - back,
        zone=zone_of(answers),
        language=Language.ZH if language == Language.ZH else Language.EN,
        where=where,
        up="../" * (len(request.path.strip("/").split("/")) - 1),
        asked={name: value for name, value in asked.items() if value in {*map(str, HOURS), *Language}},
    )


def data_response(data: Mapping[str, Any], status: int = 200) -> Response:
    """JSON."""
    body = json.dumps(data, ensure_ascii=False)
    return Response(body=body, status=status, content_type="application/json; charset=utf-8")


def _task(answers: Answers, wanted: str, look: Look) -> Response:
    found = answers.task(wanted, look.since)
    if found is None:
        return _not_found(look)
    return Response(body=task_page(answers.overview, found, look))


def _badge(answers: Answers, wanted: str, look: Look) -> Response:
    # A badge says how a task is now: no history is read for it.
    found = answers.views(wanted)
    if len(found) != 1:
        return _not_found(look)
    return Response(body=badge(found[0]), content_type="image/svg+xml; charset=utf-8")


def _data(answers: Answers, rest: list[str], look: Look, explain: Explain | None) -> Response:
    match rest:
        case ["status"]:
            return data_response(status_data(answers.overview))
        case ["incidents"]:
            return data_response({"incidents": plain_data(answers.histories(look.since).incidents)})
        case [("history" | "explain") as what, *wanted] if what == "history" or explain:
            found = answers.task("/".join(wanted), look.since)
            if found:
                return data_response(
                    history_data(found) if what == "history" or not explain else explain(answers, found)
                )
    return data_response({"error": "there is no such answer or task"}, status=_NOT_FOUND)


def _not_found(look: Look) -> Response:
    return Response(body=sentence_page(look, "not found"), status=_NOT_FOUND)


def zone_of(answers: Answers) -> ZoneInfo:
    """The zone of the messages; UTC where none is stored that we know."""
    run = answers.overview.last_run
    try:
        return ZoneInfo(run.timezone if run and run.timezone else "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
