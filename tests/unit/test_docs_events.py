"""docs/events.md says what the code does: every kind, with the aspects, actions and severities it has."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import pairwise

import pytest

from local.template import PROJECT
from tests.walk import Answer, X
from tests.world import World
from udts_monitor.adapters.config import Settings
from udts_monitor.decision.event import SEVERITIES, Action, Kind, Severity
from udts_monitor.decision.observation import NoAnswer, Observation, Progress
from udts_monitor.decision.policy import THRESHOLDS, Policy
from udts_monitor.decision.state import Listed
from udts_monitor.outbox.notification import Notification, Topic

# As the design names them; other rules' events belong to no incident.
ASPECTS = {"health", "reachability", "progress", "lag", "deadline"}
PAGE = (PROJECT / "docs/events.md").read_text(encoding="utf-8")
PARTS = ("Means", "Told", "Moved by", "Do")
REFUSED = NoAnswer(cause="RetCode 294", reason="address refused", configuration=True)
BUSY = NoAnswer(cause="HTTP 503", reason="UCloud answered HTTP 503")
HOURS = 60
DAYS = 24 * HOURS

# A life: what the first task answers, and how many minutes pass until its next check.
type Life = list[tuple[Answer, int]]


# Hung in its full load, and behind its source.
HUNG = Observation(status="Loading", progress=Progress(moved_rows=1))
BEHIND = Observation(status="Syncing", progress=Progress(redis_delay_seconds=999))


def minutely(*answers: Answer) -> Life:
    """A check a minute."""
    return [(answer, 1) for answer in answers]


LIVES: dict[str, Life] = {
    "a failure that gets worse, is mended, and comes again": minutely(
        "Syncing",
        "Failed",
        "FailedUnrecoverable",
        "Starting",
        "Syncing",
        "Syncing",
        "Syncing",
        "Failed",
        "Done",
    ),
    "a finish, and nothing was wrong": minutely("Syncing", "Done"),
    "a failure nobody looks at": [("Failed", 4 * HOURS), ("Failed", 1)],
    "a retry": minutely("Syncing", "RetryPending", "Failed"),
    "a stop nobody looks at": [
        *minutely("Syncing"),
        ("Stopped", 4 * DAYS),
        ("Stopped", 3 * DAYS),
        ("Stopped", 1),
    ],
    "a stop after a failure": [("Failed", 1), ("Stopped", 30), ("Stopped", 1)],
    "out of reach, for another cause, for an hour": [
        *minutely("Syncing", X, X, X, BUSY, BUSY, BUSY),
        (BUSY, HOURS),
        (BUSY, 1),
        ("Syncing", 1),
    ],
    "rarely asked, and out of reach": [("Syncing", 30), (X, 30), (X, 30), (X, 30), ("Done", 1)],
    "refused, for an hour": [(REFUSED, HOURS), (REFUSED, 1), ("Syncing", 1)],
    "a word nobody knows": minutely("Syncing", "Archiving"),
    "a load that hangs for a while": [(HUNG, HOURS), (HUNG, 1), ("Done", 1)],
    "a load that moves again": [
        (HUNG, HOURS),
        (HUNG, 1),
        (Observation(status="Loading", progress=Progress(moved_rows=2)), 1),
    ],
    "behind, and level again": minutely("Synced", BEHIND, BEHIND, BEHIND, "Synced"),
    "behind until it is done": minutely("Synced", BEHIND, BEHIND, BEHIND, "Done"),
    "ready for a while": minutely(*["Synced"] * 3, *["Syncing"] * 3),
    "loaded again": minutely("Syncing", "Dumping"),
}
# The same where a task may take only so long, and its source keeps its logs only so long.
LATE: dict[str, Life] = {
    "late for both, and then done": [("Loading", HOURS), ("Loading", 2 * HOURS), ("Loading", 1), ("Done", 1)],
    "a load that outlives the logs": [("Loading", 90), ("Loading", 1), ("Syncing", 1)],
}
NO_LIMITS = Policy()
LIMITS = Policy(source_log_retention_hours=1, max_run_hours=2)


def lived(life: Life, policy: Policy = NO_LIMITS) -> list[Notification]:
    """What programs were told of a life."""
    world = World(("udts-1", "udts-2"), policy=policy)
    for answer, minutes in life:
        world.ucloud.set(udts_1=answer)
        world.run(forward=timedelta(minutes=minutes))
    return world.sns.accepted


def listed() -> list[Notification]:
    """What programs are told of tasks that a list shows, and then does not; after a deployment."""
    world = World((), projects=("org-a",), roll_call_every=timedelta(days=7), fingerprint="new")
    soon = Listed(type="transfer", expires_at=world.clock() + timedelta(days=2))
    for tasks in ({"udts-1": soon}, {}):
        world.insights.lists["org-a"] = tasks
        world.run(forward=timedelta(minutes=5))
    return world.sns.accepted


def asked_for() -> list[Notification]:
    """What programs are told when people ask."""
    world = World()
    world.commands().test(world.watch())
    world.silence("all", timedelta(minutes=1))
    for _ in range(4):
        world.run()
    return world.sns.accepted


@pytest.fixture(scope="module")
def told() -> dict[str, set[tuple[str, str, str]]]:
    """Aspect, action and severity of every event of the lives above, by kind."""
    found = defaultdict(set)
    healthy_and_not = [one for life in LIVES.values() for one in lived(life)]
    late = [one for life in LATE.values() for one in lived(life, LIMITS)]
    for notification in [*healthy_and_not, *late, *listed(), *asked_for()]:
        if notification.topic is Topic.EVENTS:
            what = notification.aspect or "-", str(notification.action), str(notification.severity)
            found[notification.kind].add(what)
    return found


def sections() -> Iterator[tuple[str, str]]:
    """Each kind of the page with what stands below it."""
    headings = [*re.finditer(r"^### `(\w+)`$", PAGE, re.MULTILINE)]
    ends = [heading.start() for heading in headings] + [len(PAGE)]
    for heading, (_, end) in zip(headings, pairwise(ends), strict=True):
        yield heading[1], PAGE[heading.end() : end]


SECTIONS = dict(sections())


def row(text: str) -> tuple[set[str], set[str], set[str]]:
    """The aspects, actions and severities that a section names."""
    (cells,) = re.findall(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \|\n(?!\|)", text, re.MULTILINE)
    aspects, actions, severities = ({word.strip() for word in cell.split(",")} for cell in cells)
    return aspects, actions, severities


def test_every_kind_has_its_section_and_there_is_no_other() -> None:
    """A new kind without one would be a riddle, and one that is gone a lie."""
    assert sorted(SECTIONS) == sorted(Kind)
    assert len(re.findall(r"^### ", PAGE, re.MULTILINE)) == len(Kind)


@pytest.mark.parametrize("kind", SECTIONS)
def test_a_section_says_what_the_events_really_are(
    kind: str, told: dict[str, set[tuple[str, str, str]]]
) -> None:
    """Every aspect, action and severity that it names occurs, and what occurs is named."""
    found: Iterable[set[str]] = (set(values) for values in zip(*told[kind], strict=True))
    assert tuple(found) == row(SECTIONS[kind])


@pytest.mark.parametrize("kind", SECTIONS)
def test_a_section_says_what_it_means_when_it_is_told_what_moves_it_and_what_to_do(kind: str) -> None:
    """In this order; what opens an incident says what ends it too."""
    parts = re.findall(r"^- \*\*([\w ]+)\*\*: \S", SECTIONS[kind], re.MULTILINE)
    assert [part for part in parts if part in PARTS] == list(PARTS)
    assert set(parts) - set(PARTS) <= {"Ends", "As one"}
    assert ("open" in row(SECTIONS[kind])[1]) <= ("Ends" in parts)


def test_the_words_are_those_of_the_code() -> None:
    """No aspect, action or severity is left out, and none is invented."""
    aspects, actions, severities = (
        set().union(*found) for found in zip(*map(row, SECTIONS.values()), strict=True)
    )
    assert aspects == {"-", *ASPECTS}
    assert actions == set(Action)
    assert severities == set(Severity)
    assert {kind for kind in SECTIONS if SEVERITIES[kind] not in row(SECTIONS[kind])[2]} == set()


def test_every_setting_it_names_exists_and_every_threshold_is_named() -> None:
    """Who wants a kind later or sooner finds what moves it."""
    named = set(re.findall(r"`([A-Z]+_[A-Z_]+)`", PAGE))
    assert named <= {field.upper() for field in Settings.model_fields}
    assert {threshold.upper() for threshold in THRESHOLDS} <= named
