"""The pages: what an operator asks has its place, nothing hostile gets out of a text, and they stay small."""

import json
import re
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from tests.page import stage
from tests.page.stage import MemoryTable, asked
from tests.walk import MINUTE, NOON, Answer
from udts_monitor.decision.observation import Observation
from udts_monitor.outbox.silence import Silence
from udts_monitor.page.style import CONTENT_SECURITY_POLICY
from udts_monitor.page.web import Request, respond
from udts_monitor.page.words import WORDS
from udts_monitor.query.stored import LastRun
from udts_monitor.task import TaskRef

HOSTILE = "</title><script>alert(1)</script>\"'<img src=x onerror=alert(1)>&amp;\u202egnp"
TABLES = {
    "empty": stage.empty,
    "healthy": stage.healthy,
    "mixed": stage.mixed,
    "stale": stage.stale,
    "two hundred": stage.many,
}


class Words(HTMLParser):
    """The text of a page, and what its elements are."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.text = ""
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """One element."""
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """One text."""
        self.text += data


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_page_is_one_document_without_a_script_or_anything_fetched(name: str, language: str) -> None:
    """What the policy forbids is not there in the first place."""
    page = Words(asked(TABLES[name](), lang=language).body)
    tags = {tag for tag, _ in page.tags}
    assert tags.isdisjoint({"script", "img", "link", "iframe", "object", "embed", "base"})
    attributes = {attribute for _, found in page.tags for attribute in found}
    assert not {attribute for attribute in attributes if attribute.startswith("on") or attribute == "style"}
    assert [tag for tag, _ in page.tags].count("h1") == 1


@pytest.mark.parametrize(("shards", "says"), [(0, "3 checked"), (2, "2 shards")])
def test_a_run_that_left_its_tasks_to_shards_says_how_many(shards: int, says: str) -> None:
    """That it checked none itself would worry people for nothing."""
    run = LastRun(ran_at=NOON, checked=3, shards=shards)
    text = Words(asked(stage.table({stage.named("orders-db"): ["Syncing"]}, run=run)).body).text
    assert [part for part in ("3 checked", "2 shards") if part in text] == [says]


def test_two_hundred_tasks_make_less_than_a_hundred_kilobytes() -> None:
    """Uncompressed, so that it opens on a telephone; each task has its row, and its statuses over time."""
    page = asked(stage.many(200)).body
    assert len(page.encode()) < 100_000
    assert page.count('scope="row"><a href="task/') >= 200


def test_all_of_two_hundred_tasks_in_trouble_stay_readable_and_small() -> None:
    """Where so many fail at once, those further down say less."""
    failed = Observation(status="Failed", failed_message=stage.CONNECTIONS * 20)
    lives: dict[TaskRef, list[Answer]] = {
        stage.named(f"db-{n}", task_id=f"udts-{n:05d}"): ["Syncing", failed] for n in range(200)
    }
    page = asked(stage.table(lives)).body
    assert len(page.encode()) < 120_000


def test_the_time_for_two_hundred_tasks_is_measured(record_property: Callable[[str, object], None]) -> None:
    """Not asserted: it is the machine's. The page itself, without reading the table."""
    table = stage.many(200)
    began = time.perf_counter()
    asked(table)
    record_property("seconds", round(time.perf_counter() - began, 3))


def hostile() -> MemoryTable:
    """A task whose every text wants to be markup."""
    answers: list[Answer] = ["Syncing", Observation(status="Failed", failed_message=HOSTILE)]
    task = replace(
        stage.named(HOSTILE, task_id="udts-evil"), owner=HOSTILE, runbook="https://example.com/?<b>&'\""
    )
    silence = Silence(scope="all", since=NOON - MINUTE, until=NOON + stage.DAY, by=HOSTILE, why=HOSTILE)
    found = stage.table({task: answers}, silences=(silence,), pending=(stage.waiting(task.key, "failed"),))
    run = found.now_stored.last_run
    assert run
    broken = replace(
        found.now_stored, unreadable={HOSTILE: HOSTILE}, last_run=replace(run, errors=(HOSTILE,))
    )
    found.now_stored = broken
    return found


@pytest.mark.parametrize("path", ["/", "/task/-/udts-evil"])
def test_a_text_full_of_markup_is_a_text(path: str) -> None:
    """In every place of the page, in every form of quotes."""
    answer = asked(hostile(), path)
    page = Words(answer.body)
    assert "script" not in {tag for tag, _ in page.tags}
    assert "img" not in {tag for tag, _ in page.tags}
    assert "<script>alert(1)</script>" in page.text
    assert "\u202e" not in answer.body


def test_the_badge_and_the_feed_of_hostile_names_are_well_formed() -> None:
    """XML knows no mercy."""
    for path in ("/badge/udts-evil.svg", "/feed.atom"):
        found = ET.fromstring(asked(hostile(), path).body)  # noqa: S314 - our own
        assert "script" not in {element.tag.rpartition("}")[2] for element in found.iter()}


@pytest.mark.parametrize(
    "path", ["/task/-/udts-nobody", "/task/", "/nothing", "/badge/x.svg", "/task/%3Cscript%3E"]
)
def test_what_there_is_not_is_a_clean_page(path: str) -> None:
    """It repeats nothing of what was asked for."""
    answer = asked(stage.mixed(), path)
    assert answer.status == 404
    assert "nobody" not in answer.body
    assert "<script" not in answer.body


def test_every_answer_carries_the_strict_policy_and_is_kept_by_nobody() -> None:
    """Nothing runs, nothing is fetched, nothing frames it."""
    for path in ("/", "/api/status", "/feed.atom", "/badge/mail-db.svg", "/none"):
        headers = asked(stage.mixed(), path).headers
        assert headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
        assert (headers["Cache-Control"], headers["X-Content-Type-Options"]) == ("no-store", "nosniff")
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert CONTENT_SECURITY_POLICY.startswith("default-src 'none'; style-src 'sha256-")


def test_only_reading_is_answered() -> None:
    """Whatever else is asked for changes nothing."""
    found = respond(Request(method="POST"), stage.mixed().answers(), "", "", None)
    assert found.status == 405


def test_a_late_monitor_says_so_before_anything_else() -> None:
    """In red, and on the page of each task too."""
    for path in ("/", "/task/-/udts-mail"):
        page = asked(stage.stale(), path).body
        assert (
            '<p class="banner bad" role="alert"><b>Stale.</b> The last run was 23 min ago, at 11:37' in page
        )
    assert 'class="banner' not in asked(stage.healthy()).body


def test_a_time_nobody_saw_is_shown_as_a_gap() -> None:
    """In the row of statuses, and as a break of every line."""
    page = asked(stage.mixed(), "/task/-/udts-reports").body
    assert page.count('class="gap"') >= 2
    (line,) = re.findall(r'class="line a" d="([^"]+)"', page)[:1]
    assert line.count("M") == 2


def test_a_swinging_task_keeps_its_row_short() -> None:
    """Hundreds of changes in a day are no megabyte, and the last status is still to be seen."""
    swings: list[Answer] = [["Syncing", "Synced"][n % 2] for n in range(1_400)]
    table = stage.table({stage.named("swing-db"): swings})
    rows = re.findall(r"<svg viewBox=.*?</svg>", asked(table).body)
    assert len(rows[0]) < 2_500


def test_links_keep_language_and_time() -> None:
    """From page to page."""
    page = Words(asked(stage.mixed(), lang="zh", hours="168").body)
    links = [found["href"] or "" for tag, found in page.tags if tag == "a"]
    to_tasks = [link for link in links if link.startswith("task/")]
    assert to_tasks
    assert all(link.endswith("?lang=zh&hours=168") for link in to_tasks)
    # No task was seen before, so there is no more to show.
    assert "自 11月22日" in page.text


def test_an_unknown_language_or_time_in_the_address_is_left_out() -> None:
    """It must not come back in a link."""
    page = asked(stage.mixed(), lang='"><script>', hours="99999999").body
    assert "<script" not in page
    assert "99999999" not in page


def test_what_programs_get_is_what_people_see() -> None:
    """The same order, by the names of our fields."""
    status = json.loads(asked(stage.mixed(), "/api/status").body)
    assert [task["name"] for task in status["tasks"]][:3] == ["users-db", "archive-db", "reports-db"]
    assert (status["needing_somebody"], status["late"]) == (4, False)
    history = json.loads(asked(stage.mixed(), "/api/history/-/udts-users").body)
    assert history["spans"][-1]["status"] == "Failed"
    incidents = json.loads(asked(stage.mixed(), "/api/incidents").body)["incidents"]
    assert {one["task"] for one in incidents if one["is_open"]} >= {"-/udts-users", "-/udts-archive"}
    assert asked(stage.mixed(), "/api/history/nobody").status == 404


def test_a_badge_says_name_and_status() -> None:
    """By name, id or key; how far a load is stands beside it."""
    for wanted in ("orders-db", "udts-ixdp441", "-/udts-ixdp441"):
        picture = ET.fromstring(asked(stage.mixed(), f"/badge/{wanted}.svg").body)  # noqa: S314 - our own
        assert picture.attrib["aria-label"] == "orders-db: Loading 62%"


def test_the_feed_has_each_event_once_with_an_id_of_its_own() -> None:
    """The newest first; whoever has read one does not see it again."""
    feed = ET.fromstring(asked(stage.mixed(), "/feed.atom").body)  # noqa: S314 - our own
    atom = "{http://www.w3.org/2005/Atom}"
    ids = [entry.findtext(f"{atom}id") for entry in feed.iter(f"{atom}entry")]
    times = [entry.findtext(f"{atom}updated") or "" for entry in feed.iter(f"{atom}entry")]
    assert len(ids) == len(set(ids)) > 5
    assert times == sorted(times, reverse=True)


def test_the_first_page_reads_each_history_once_and_a_badge_none() -> None:
    """One Query each, beside the three of the present."""
    table = stage.mixed()
    asked(table)
    assert sorted(table.asked) == sorted([*table.now_stored.states, "-/monitor"])
    table.asked.clear()
    asked(table, "/badge/mail-db.svg")
    assert table.asked == []


def test_every_text_is_there_in_both_languages_with_the_same_values() -> None:
    """A text that lacks a value in one of them says less."""
    for name, (english, chinese) in WORDS.items():
        assert english
        assert chinese
        assert set(re.findall(r"{(\w+)}", english)) == set(re.findall(r"{(\w+)}", chinese)), name
