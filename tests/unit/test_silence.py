"""Silences: what is held back, the one message at their end, and what a wrong wish is told."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from unittest.mock import Mock

import pytest

from tests.fakes import kinds
from tests.walk import NOON, Answer, X
from tests.world import World
from udts_monitor.decision.observation import NoAnswer
from udts_monitor.errors import CommandError, StoreError
from udts_monitor.outbox.notification import Notification, Topic
from udts_monitor.outbox.silence import Silence, parse_silence
from udts_monitor.task import TaskRef

HOUR = timedelta(hours=1)
REFUSED = NoAnswer(cause="RetCode 171", reason="wrong signature", configuration=True)
TASKS = (
    TaskRef(task_id="udts-1", project_id="org-a", name="orders-db"),
    TaskRef(task_id="udts-2", project_id="org-a"),
    TaskRef(task_id="udts-3", name="twin"),
    TaskRef(task_id="udts-4", name="twin"),
)
WISH = {"scope": "all", "until": "2026-11-23T18:00:00+08:00", "by": "ada", "why": "switch-over"}


def silenced(scope: str = "all", minutes: int = 10, names: tuple[str, ...] = ("udts-1",)) -> World:
    """A world in which somebody just asked for a silence."""
    world = World(names)
    world.run()
    world.silence(scope, timedelta(minutes=minutes))
    world.sns.accepted.clear()
    return world


def checks(world: World, *answers: Answer) -> list[Notification]:
    """Check after check of the first task; what was published on the way, but for silences themselves."""
    already = len(world.sns.accepted)
    world.checks(*answers)
    return [found for found in world.sns.accepted[already:] if not found.kind.startswith("silence")]


def to_people(published: Sequence[Notification]) -> list[str]:
    """The kinds that people got."""
    return [found.kind for found in published if found.topic is Topic.ALERTS]


def test_people_are_not_told_and_programs_and_the_history_are() -> None:
    """The events topic is never silent; what is held back does not count as waiting for SNS."""
    world = silenced()
    assert kinds(checks(world, "Failed")) == [("failed", "events")]
    summary = world.run()
    assert (summary.outbox.pending, summary.outbox.oldest_pending_seconds) == (1, 0)
    assert [found.scope for found in summary.outbox.silences] == ["all"]
    assert summary.as_dict()["silences"][0].keys() == {"scope", "until", "by", "why"}


def test_a_silence_lasts_until_all_that_waits_could_be_read() -> None:
    """Among what a run has no time to read is perhaps what it held; and that counts as waiting."""
    world = silenced(minutes=1)
    outbox = world.store.outbox
    world.store.outbox = lambda: replace(outbox(), unread=7)  # type: ignore[method-assign]
    checks(world, "Failed", "Failed", "Failed")
    assert world.run().outbox.pending == 7
    assert list(world.store.silences) == ["all"]
    world.store.outbox = outbox  # type: ignore[method-assign]
    assert world.run().outbox.pending == 0
    assert not world.store.silences


@pytest.mark.parametrize(
    ("within", "lasting"),
    [
        pytest.param(["Failed"], True, id="a failure that lasts"),
        pytest.param(["Failed", "Starting", *["Syncing"] * 3], False, id="a failure and its recovery"),
        pytest.param([X, X, X], True, id="out of reach"),
        pytest.param([X, X, X, "Syncing"], False, id="out of reach and back"),
        pytest.param([REFUSED], True, id="an outage"),
        pytest.param([REFUSED, "Syncing"], False, id="an outage and its end"),
        pytest.param(["Done"], False, id="a finish"),
    ],
)
def test_what_came_up_in_a_silence_is_one_message_at_its_end(within: list[Answer], lasting: bool) -> None:  # noqa: FBT001 - a column
    """It says what is open now and what came and went; nothing is left behind."""
    world = silenced()
    checks(world, *within, *[within[-1]] * (9 - len(within)))
    told = checks(world, *[within[-1]] * 4)
    assert to_people(told) == ["digest"]
    (message,) = [found for found in told if found.topic is Topic.ALERTS]
    assert (message.severity != "info") == lasting
    assert world.store.waiting == {}
    assert world.store.silences == {}


def test_a_silence_in_which_nothing_happened_ends_without_a_word() -> None:
    """There is nothing to say."""
    assert to_people(checks(silenced(), *["Syncing"] * 12)) == []


def test_the_message_of_what_lasts_is_as_severe_as_that_and_says_when_it_was() -> None:
    """What is told late is told with its time."""
    (message,) = checks(silenced(minutes=5), *["Failed"] * 7)[1:]
    assert message.severity == "critical"
    assert "23 Nov 12:01 UTC" in message.body


def test_of_what_is_held_back_only_the_latest_of_each_matter_is_kept() -> None:
    """A task that flaps each minute for a day must not fill the outbox; the history keeps all of it."""
    world = silenced(minutes=24 * 60)
    checks(world, *["Failed", "Starting"] * 100, X, X, X)
    assert len(world.store.waiting) == 2
    assert {pending.notification.kind for pending in world.store.waiting.values()} == {
        "failed",
        "unreachable",
    }
    assert len(world.store.withheld) == 99


def test_nor_at_its_end_where_a_broken_table_kept_the_others() -> None:
    """A run could not withhold them, and then the silence was over: people hear how it is, once."""
    world = silenced()
    checks(world, "Failed", "Failed")
    broken = StoreError("in the test", transient=True)
    withhold, world.store.withhold = world.store.withhold, Mock(side_effect=broken)  # type: ignore[method-assign]
    with pytest.raises(StoreError):
        checks(world, "Done")
    world.store.withhold = withhold  # type: ignore[method-assign]
    world.silence("all", timedelta(0))
    checks(world, *["Done"] * 3)
    (message,) = [found for found in world.sns.accepted if found.topic is Topic.ALERTS]
    assert "0 open now, 1 came and went" in message.subject
    assert len(world.store.withheld) == 1


def test_an_incident_that_was_told_before_ends_in_the_message() -> None:
    """People still believe it failed."""
    world = World()
    checks(world, "Failed")
    world.silence("all", timedelta(minutes=10))
    (message,) = [found for found in checks(world, *["Syncing"] * 15) if found.topic is Topic.ALERTS]
    assert (message.kind, message.severity) == ("digest", "info")


@pytest.mark.parametrize("scope", ["-/udts-1", "udts-1", "all"])
def test_a_silence_holds_back_what_its_scope_says(scope: str) -> None:
    """A task by its key or its id, or everything."""
    assert kinds(checks(silenced(scope), "Failed")) == [("failed", "events")]


def test_a_silence_of_one_task_is_none_of_another_or_of_the_monitor() -> None:
    """Ids are not prefixes, and wrong keys concern everybody."""
    world = silenced("udts-2", names=("udts-1", "udts-2", "udts-22"))
    assert to_people(checks(world, "Failed")) == ["failed"]
    world.ucloud.set(udts_22="Failed")
    assert sorted(to_people(checks(world, REFUSED))) == ["failed", "unreachable"]


def test_a_silence_can_be_ended_early_and_extended() -> None:
    """Setting it again changes its end; what it holds stays held until then."""
    world = silenced()
    checks(world, "Failed")
    world.silence("all", 2 * HOUR)
    assert checks(world, *["Failed"] * 30) == []
    world.silence("all", timedelta(0))
    assert to_people(world.sns.accepted) == ["digest"]
    assert checks(world, "Failed") == []


@pytest.mark.parametrize("command", ["silence", "test"])
def test_whoever_tells_the_end_of_a_silence_knows_what_is_open(command: str) -> None:
    """A command too, between two runs: a task that failed and lasts has not come and gone."""
    world = silenced()
    checks(world, "Failed", "Failed", "Failed")
    if command == "silence":
        world.silence("all", timedelta(0))
    else:
        world.clock.forward(timedelta(minutes=10))
        world.commands().test(world.watch())
    (message,) = [found for found in world.sns.accepted if found.kind == "digest"]
    assert message.severity == "critical"


def test_what_another_run_still_holds_is_told_as_the_end_of_its_silence() -> None:
    """The silence stays until then: whoever ended it came while the run that noticed might have lived."""
    world = silenced()
    checks(world, "Failed")
    world.silence("all", timedelta(0))
    assert to_people(world.sns.accepted) == []
    assert to_people(checks(world, "Failed", "Failed")) == ["digest"]
    assert world.store.silences == {}


def test_setting_changing_and_ending_are_events_for_programs_with_who_and_why() -> None:
    """In the history of the monitor too, and never for people: they asked for it."""
    world = World()
    world.run()
    world.commands().silence({"scope": "all", "for": "5m", "by": "ada", "why": "switch-over"}, world.watch())
    world.silence("all", timedelta(minutes=3), by="bob")
    for _ in range(6):
        world.run()
    told = [found for found in world.sns.accepted if found.kind.startswith("silence")]
    assert kinds(told) == [("silenced", "events")] * 2 + [("silence_ended", "events")]
    assert "ada: switch-over" in told[0].body
    assert "(bob)" in told[2].body
    assert sum(pk == "MONITOR" for pk, _ in world.store.history) == 3


@pytest.mark.parametrize("after", [False, True], ids=["before the call", "after the call"])
def test_a_crash_at_the_end_of_a_silence_loses_nothing(after: bool) -> None:  # noqa: FBT001 - a parameter
    """Whatever call it dies at, the message comes, and a repeat has its id."""
    for call in range(1, 20):
        world = silenced(minutes=3)
        checks(world, "Failed", "Failed", "Failed")
        died_at = world.run_killed_at(call, after=after)
        checks(world, *["Failed"] * 5)
        told = [found for found in world.sns.accepted if found.topic is Topic.ALERTS]
        repeated = died_at == ("publish" if after else "mark_published")
        assert len(told) == 1 + repeated, died_at
        assert len({(found.event_id, found.subject, found.severity) for found in told}) == 1
        assert world.store.silences == {}


def wish(**change: object) -> Silence:
    """What such a command asks for."""
    return parse_silence(
        {name: value for name, value in (WISH | change).items() if value is not None}, TASKS, (), NOON
    )


@pytest.mark.parametrize(
    ("change", "until"),
    [
        ({"until": "2026-11-23T23:00:00+08:00"}, NOON + 3 * HOUR),
        ({"until": None, "for": "2h"}, NOON + 2 * HOUR),
        ({"until": None, "for": "90 min"}, NOON + timedelta(minutes=90)),
        ({"until": None, "for": "3d"}, NOON + timedelta(days=3)),
    ],
)
def test_the_end_is_a_time_or_a_length_of_time(change: dict[str, object], until: datetime) -> None:
    """Nobody has to reckon at night."""
    assert wish(**change).until == until


@pytest.mark.parametrize(
    ("scope", "meant"),
    [("orders-db", "org-a/udts-1"), ("udts-2", "org-a/udts-2"), ("org-a", "org-a"), ("-/udts-3", "-/udts-3")],
)
def test_names_ids_and_projects_are_resolved(scope: str, meant: str) -> None:
    """Whatever a person calls it."""
    assert wish(scope=scope).scope == meant


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"scope": None}, "scope: missing"),
        ({"scope": 7}, "scope: missing"),
        ({"scope": "orders"}, r"no watched task.*all, org-a, -/udts-3 \(twin\)"),
        ({"scope": "twin"}, "name of several tasks"),
        ({"by": None}, "by: who"),
        ({"until": "tomorrow"}, "until: a time"),
        ({"until": "2026-11-23T18:00:00"}, "until: a time"),
        ({"until": None}, "until or for"),
        ({"for": "2h"}, "until or for: one of them"),
        ({"until": None, "for": "soon"}, "for: such as 30m"),
        ({"until": "2027-11-23T18:00:00Z"}, "31 days"),
        ({"scop": "all"}, "scop: unknown"),
        ({"scope": "x" * 300, "by": None}, "scope: .*by: "),
    ],
)
def test_a_wrong_wish_is_refused_with_every_rule_it_breaks(change: dict[str, object], named: str) -> None:
    """Who asks at night needs to hear what is missing; a silence that matches nothing is a mistake."""
    with pytest.raises(CommandError, match=named):
        wish(**change)


def test_the_silence_of_a_task_that_is_not_watched_any_more_can_be_ended() -> None:
    """By the scope it was set with."""
    standing = Silence(scope="org-z/udts-9", since=NOON, until=NOON + HOUR, by="ada")
    assert parse_silence(WISH | {"scope": "org-z/udts-9"}, TASKS, [standing], NOON).scope == "org-z/udts-9"
