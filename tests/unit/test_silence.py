"""Silences: what is held back, what comes afterwards, and what a wrong wish is told."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.fakes import kinds
from tests.walk import NOON, X, failed
from tests.world import World
from udts_monitor.errors import CommandError, StoreError
from udts_monitor.event import MONITOR
from udts_monitor.notification import Topic
from udts_monitor.observation import NoAnswer, Observation
from udts_monitor.outbox import Pending
from udts_monitor.policy import Policy
from udts_monitor.silence import Silence, parse_silence

WISH = {
    "scope": "all",
    "until": "2026-11-23T18:00:00+08:00",
    "by": "ada",
    "why": "switch-over",
}
HOUR = timedelta(hours=1)


def silenced(scope: str = "all", minutes: int = 10, names: tuple[str, ...] = ("udts-1",)) -> World:
    """A world in which somebody just asked for a silence."""
    world = World(names)
    world.run()
    until = world.clock() + timedelta(minutes=minutes)
    world.start().silence(Silence(scope=scope, since=world.clock(), until=until, by="ada"))
    return world


def checks(world: World, *answers: str | Observation | NoAnswer) -> list[tuple[str, str]]:
    """Check after check of the first task; what was told on the way."""
    already = len(world.sns.accepted)
    for answer in answers:
        world.ucloud.set(udts_1=answer)
        world.run()
    return kinds(world.sns.accepted[already:])


def test_alerts_are_held_back_and_programs_are_told() -> None:
    """The events topic is never silent, and the history neither."""
    world = silenced()
    assert checks(world, "Failed") == [("failed", "events")]
    assert world.store.heartbeat["pending"] == 1
    assert world.store.heartbeat["silences"] == ["all"]
    assert len(world.store.history) == 3


def test_what_still_matters_is_told_once_when_the_silence_ends() -> None:
    """Failed and still failed: one alert, however much was held back."""
    world = silenced(minutes=6 * 60)
    assert ("failed", "alerts") not in checks(world, *["Failed"] * 300)
    told = checks(world, *["Failed"] * 120)
    assert [topic for _, topic in told].count("alerts") == 1
    assert world.store.silences == {}
    assert world.store.waiting == {}


def test_what_is_over_is_not_told_any_more() -> None:
    """Failed and recovered within the silence: nobody needs to know, and the history says why."""
    world = silenced()
    told = checks(world, "Failed", "Starting", "Syncing", "Syncing", *["Syncing"] * 10)
    assert told == [("failed", "events"), ("recovered", "events")]
    assert [sorted(marks) for marks in world.store.withheld.values()] == [["alerts"], ["alerts"]]


def test_a_finish_in_the_silence_is_told_afterwards() -> None:
    """Finished stays finished."""
    world = silenced()
    told = checks(world, "Failed", "Starting", "Done", *["Done"] * 10)
    assert [entry for entry in told if entry[1] == "alerts"] == [("finished", "alerts")]


@pytest.mark.parametrize("minutes", [3, 4], ids=["before the recovery", "in the run that recovers"])
def test_no_recovery_is_told_of_a_failure_nobody_was_told(minutes: int) -> None:
    """Whoever hears the end hears the beginning."""
    told = checks(silenced(minutes=minutes), "Failed", "Stopping", "Starting", "Syncing", *["Syncing"] * 6)
    assert [kind for kind, topic in told if topic == "alerts"] == ["failed", "recovered"]


@pytest.mark.parametrize("minutes", [3, 4], ids=["before the answer", "in the run that has an answer"])
def test_no_answer_is_told_of_a_gap_nobody_was_told(minutes: int) -> None:
    """The same for a task that was out of reach."""
    told = checks(silenced(minutes=minutes), X, X, X, X, *["Syncing"] * 6)
    assert [kind for kind, topic in told if topic == "alerts"] == ["unreachable", "reachable"]


def test_what_a_silence_holds_does_not_wait_for_sns() -> None:
    """The alarm for notifications that SNS does not take would ring where people want silence."""
    world = silenced(minutes=600)
    checks(world, *["Failed"] * 30)
    assert (world.store.heartbeat["pending"], world.run().oldest_pending_seconds) == (1, 0)


@pytest.mark.parametrize(
    ("before", "within", "after", "told"),
    [
        pytest.param(
            [], ["Failed", X, X, X], ["Syncing"] * 4, ["failed", "unreachable", "reachable", "recovered"],
            id="a failure, then out of reach",
        ),
        pytest.param(
            [], ["Failed", "Odd", "Odd", "Odd"], ["Syncing"] * 4, ["failed", "unknown_status", "recovered"],
            id="a failure, then an unknown word",
        ),
        pytest.param(
            ["Failed"], [*["Syncing"] * 3, X, X, X], ["Syncing"],
            ["failed", "recovered", "unreachable", "reachable"],
            id="a recovery, then out of reach",
        ),
        pytest.param(
            ["Failed"], ["Starting", "Done", "Starting", "Dumping"], ["Dumping"] * 3, ["failed", "finished"],
            id="a finish, then anew",
        ),
    ],
)  # fmt: skip
def test_one_matter_does_not_speak_for_another(
    before: list[str], within: list[str | NoAnswer], after: list[str], told: list[str]
) -> None:
    """Whoever was told of a failure hears its end, and nobody hears an end without its beginning."""
    world = World(topics=(Topic.ALERTS,))
    checks(world, "Syncing", *before)
    until = world.clock() + timedelta(minutes=len(within))
    world.start().silence(Silence(scope="all", since=world.clock(), until=until, by="ada"))
    assert len(world.sns.accepted) == len(before)
    checks(world, *within, within[-1], *after, *after)
    assert [found.kind for found in world.sns.accepted] == told
    assert world.store.waiting == {}


def test_a_failure_of_a_task_nobody_can_read_is_told_after_the_silence() -> None:
    """Nobody knows that it is over."""
    world = silenced(minutes=2)
    checks(world, "Failed")
    load = world.store.load_states
    world.store.load_states = dict  # type: ignore[method-assign]
    assert ("failed", "alerts") in checks(world, "Failed", "Failed")
    world.store.load_states = load  # type: ignore[method-assign]


def test_half_of_a_matter_is_never_withheld() -> None:
    """After a crash between two transactions the other half would look like news of its own."""
    names = [f"udts-{number}" for number in range(40)]
    world = silenced(minutes=4, names=tuple(names))
    world.policy = Policy(recovered_after_checks=1)
    for status in ("Failed", "Syncing"):
        world.ucloud.set(**{name.replace("-", "_"): status for name in names})
        world.run()
    withhold, taken = world.store.withhold, list[int]()

    def crashes(dropped: Sequence[Pending], now: datetime) -> None:
        if taken:
            raise StoreError("throttled")
        taken.append(len(dropped))
        withhold(dropped, now)

    world.store.withhold = crashes  # type: ignore[method-assign]
    world.run()
    world.run()
    with pytest.raises(StoreError):
        world.run()
    world.store.withhold = withhold  # type: ignore[method-assign]
    world.run()
    assert taken == [50]
    assert {str(found.topic) for found in world.sns.accepted} == {"events"}
    assert world.store.waiting == {}


def test_an_outage_told_twice_in_a_silence_is_told_once_after_it() -> None:
    """And not at all when it ended within."""
    for later, expected in (([X], 1), (["Syncing"], 0)):
        world = silenced(minutes=180, names=("udts-1", "udts-2"))
        unseen_together(world, "RetCode 171")
        world.clock.forward(timedelta(minutes=90))
        world.ucloud.set(udts_2=NoAnswer(cause="RetCode 171", reason="wrong signature", configuration=True))
        world.run()
        told = [found.kind for found in world.sns.accepted if found.task_key == MONITOR.key]
        assert told == ["unreachable"] * 2  # to programs
        world.ucloud.set(udts_1=later[0], udts_2=later[0])
        world.run()
        world.run(forward=timedelta(minutes=90))
        for _ in range(3):
            world.run()
        alerts = [found for found in world.sns.accepted if found.topic == "alerts"]
        assert [found.kind for found in alerts] == ["unreachable"] * expected
        assert world.store.waiting == {}


def test_an_end_is_told_although_the_beginning_was_told_again_in_the_silence() -> None:
    """People still believe what they were told before it."""
    world = World()
    checks(world, "Failed")
    quiet = Silence(scope="all", since=world.clock(), until=world.clock() + timedelta(minutes=10), by="ada")
    world.start().silence(quiet)
    told = checks(world, "Starting", "Failed", *["Syncing"] * 12)
    assert [kind for kind, topic in told if topic == "alerts"] == ["recovered"]


def test_the_end_of_an_outage_is_told_although_it_was_told_again_in_the_silence() -> None:
    """The same for the monitor."""
    world = World(["udts-1", "udts-2"], topics=(Topic.ALERTS,))
    unseen_together(world)
    world.clock.forward(2 * HOUR)
    quiet = Silence(scope="all", since=world.clock(), until=world.clock() + timedelta(minutes=10), by="ada")
    world.start().silence(quiet)
    world.ucloud.set(udts_2=world.ucloud.answers["udts-1"])
    world.run()
    world.ucloud.answers.clear()
    for _ in range(12):
        world.run()
    assert [found.kind for found in world.sns.accepted] == ["unreachable", "reachable"]


def test_news_of_a_kind_this_version_does_not_know_is_told_after_a_silence() -> None:
    """A later version wrote it, before somebody went back."""
    world = silenced()
    checks(world, "Failed")
    (held,) = world.store.waiting.values()
    told = replace(held.notification, kind="eclipse")
    world.store.waiting[held.sk] = replace(held, notification=told)
    assert ("eclipse", "alerts") in checks(world, *["Failed"] * 12)


def test_what_the_monitor_says_of_itself_is_not_the_default_project_s() -> None:
    """Wrong keys concern all projects."""
    world = silenced("-")
    unseen_together(world)
    assert kinds(world.sns.accepted) == [("unreachable", "alerts"), ("unreachable", "events")]


def test_the_end_of_an_incident_told_before_the_silence_is_told_after_it() -> None:
    """People still believe it failed."""
    world = World()
    checks(world, "Syncing", "Failed")
    world.start().silence(
        Silence(scope="all", since=world.clock(), until=world.clock() + timedelta(minutes=10), by="ada")
    )
    told = checks(world, *["Syncing"] * 15)
    assert told == [("recovered", "events"), ("recovered", "alerts")]


def test_out_of_reach_and_back_within_the_silence_is_nobody_s_business() -> None:
    """The same for answers that were missing."""
    world = silenced()
    told = checks(world, X, X, X, "Syncing", *["Syncing"] * 10)
    assert told == [("unreachable", "events"), ("reachable", "events")]


@pytest.mark.parametrize("scope", ["org-hiny12/udts-1", "org-hiny12", "udts-2", "-/udts-2", "-/udts"])
def test_a_silence_elsewhere_holds_nothing_back(scope: str) -> None:
    """A project's silence is not another project's, and ids are not prefixes."""
    assert checks(silenced(scope), "Failed") == [("failed", "alerts"), ("failed", "events")]


@pytest.mark.parametrize("scope", ["-/udts-1", "-", "all"])
def test_a_scope_is_a_task_a_project_or_everything(scope: str) -> None:
    """The three scopes there are."""
    assert checks(silenced(scope), "Failed") == [("failed", "events")]


def test_another_task_is_told_during_a_task_s_silence() -> None:
    """Silence for one is no silence for all."""
    world = silenced("-/udts-1", names=("udts-1", "udts-2"))
    world.ucloud.set(udts_1="Failed", udts_2="Failed")
    world.run()
    told = [(found.task_key, str(found.topic)) for found in world.sns.accepted]
    assert sorted(told) == [("-/udts-1", "events"), ("-/udts-2", "alerts"), ("-/udts-2", "events")]


def test_a_silence_can_be_ended_early() -> None:
    """The same scope with a time that has passed ends it, and the next run tells."""
    world = silenced(minutes=600)
    checks(world, "Failed", "Failed")
    world.start().silence(parse_silence(WISH | {"until": NOON.isoformat()}, world.clock()))
    assert checks(world, "Failed") == [("failed", "alerts")]


def test_an_extended_silence_keeps_what_it_holds() -> None:
    """Setting it again changes its end and nothing else, however often."""
    world = silenced()
    checks(world, "Failed")
    for minutes in (20, 120):
        until = world.clock() + timedelta(minutes=minutes)
        world.start().silence(Silence(scope="all", since=world.clock(), until=until, by="bob"))
        assert checks(world, *["Failed"] * 15) == []
    assert checks(world, *["Failed"] * 120).count(("failed", "alerts")) == 1


def test_what_is_over_is_not_told_when_a_silence_is_ended_early() -> None:
    """The end that was set is as good as the one that came by itself."""
    world = silenced(minutes=600)
    checks(world, "Failed", "Starting", "Syncing", "Syncing", "Syncing")
    world.start().silence(parse_silence(WISH | {"until": NOON.isoformat()}, world.clock()))
    assert checks(world, "Syncing", "Syncing") == []
    assert world.store.waiting == {}
    assert world.store.silences == {}


def test_a_silence_is_settled_by_what_is_stored() -> None:
    """A restart that the run saw and could not save does not make a failure be withheld for ever."""
    world = silenced(minutes=3)
    checks(world, "Failed", "Failed", "Failed")

    def broken(*_: object) -> bool:
        raise StoreError("throttled")

    vars(world.store)["save"] = broken
    assert checks(world, "Starting") == [("failed", "alerts")]


def test_a_crash_at_the_end_of_a_silence_loses_nothing() -> None:
    """Whatever call it dies at, the alert comes, and comes once unless it was accepted and not marked."""
    for call in range(1, 20):
        for after in (False, True):
            world = silenced(minutes=3)
            checks(world, "Failed", "Failed", "Failed")
            died_at = world.run_killed_at(call, after=after)
            checks(world, *["Failed"] * 5)
            repeated = died_at == ("publish" if after else "mark_published")
            assert kinds(world.sns.accepted).count(("failed", "alerts")) == 1 + repeated
            assert world.store.silences == {}


def test_a_silence_is_read_from_a_command() -> None:
    """Scope, end, person and reason."""
    wanted = parse_silence(WISH, NOON - 6 * HOUR)
    assert (wanted.scope, wanted.until - NOON, wanted.by, wanted.why) == (
        "all", -2 * HOUR, "ada", "switch-over"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"scope": ""}, "scope"),
        ({"scope": 7}, "scope"),
        ({"scope": "x" * 258}, "scope"),
        ({"by": None}, "by"),
        ({"until": "tomorrow"}, "until"),
        ({"until": "2026-11-23T18:00:00"}, "until"),
        ({"until": None}, "until"),
        ({"until": "2027-11-23T18:00:00Z"}, "31 days"),
    ],
)
def test_a_wrong_wish_is_refused_with_its_rule(change: dict[str, object], named: str) -> None:
    """Who asks at night needs to hear what is missing; a silence for ever is a mistake."""
    with pytest.raises(CommandError, match=named):
        parse_silence(WISH | change, NOON)


def test_all_that_is_wrong_is_named_together() -> None:
    """One answer, not three attempts."""
    with pytest.raises(CommandError, match=r"scope.*by.*until"):
        parse_silence({}, NOON)


def test_a_retry_within_the_grace_of_a_silence_does_not_hide_the_failure_after_it() -> None:
    """What comes up after the end is told as ever."""
    world = World(policy=Policy(recovered_after_checks=1))
    world.start().silence(Silence(scope="all", since=NOON, until=NOON + timedelta(minutes=3), by="ada"))
    told = checks(world, failed(0, 3), "Syncing", "Syncing", "Syncing", failed(1, 3))
    assert [entry for entry in told if entry[1] == "alerts"] == [("failed", "alerts")]


def unseen_together(world: World, cause: str = "HTTP 503") -> None:
    """A cause that is told for the monitor as a whole, at the first check."""
    refused = NoAnswer(cause=cause, reason=cause, configuration=True)
    world.ucloud.set(udts_1=refused)
    world.run()


def test_an_outage_within_the_silence_is_nobody_s_business() -> None:
    """It began and ended while nobody wanted to hear of it: no alarm afterwards that nothing would end."""
    world = silenced()
    unseen_together(world)
    told = checks(world, *["Syncing"] * 12)
    assert ("unreachable", "alerts") not in told
    assert world.store.waiting == {}


def test_every_outage_that_lasts_is_told_when_the_silence_ends() -> None:
    """Different causes are different matters."""
    world = silenced()
    unseen_together(world, "RetCode 171")
    unseen_together(world, "RetCode 292")
    told = checks(world, *[X] * 12)
    assert told.count(("unreachable", "alerts")) == 2


def test_the_end_of_a_gap_told_before_the_silence_is_told_although_another_followed() -> None:
    """People still believe it is out of reach."""
    world = World()
    checks(world, "Syncing", X, X, X)
    world.start().silence(
        Silence(scope="all", since=world.clock(), until=world.clock() + timedelta(minutes=10), by="ada")
    )
    told = checks(world, "Syncing", X, X, X, *["Syncing"] * 10)
    assert [entry for entry in told if entry[1] == "alerts"] == [("reachable", "alerts")]
