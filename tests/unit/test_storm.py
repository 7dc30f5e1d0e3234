"""Storms: many events in one run are one message for people and every single event for programs."""

import json
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, NoReturn

import pytest

from tests.fakes import KilledError
from tests.world import World
from udts_monitor.decision.policy import Policy
from udts_monitor.errors import PublishError, StoreError
from udts_monitor.messages.sms import fits_one_part
from udts_monitor.outbox.notification import Notification, Topic
from udts_monitor.outbox.pending import Claim, Pending, in_one_call, publishable

NAMES = [f"udts-{number:04}" for number in range(200)]
TOPICS = (Topic.ALERTS, Topic.CHAT, Topic.EVENTS)
DOWN = PublishError("down", permanent=False)


def storm(names: list[str] = NAMES, **settings: object) -> World:
    """Every task has failed, nothing is told yet."""
    world = World(names, **({"topics": TOPICS, "max_concurrency": 16} | settings))  # type: ignore[arg-type]
    world.run()
    world.ucloud.set(**{name.replace("-", "_"): "Failed" for name in names})
    return world


def per_topic(world: World) -> Counter[str]:
    """How many messages each topic got."""
    return Counter(str(found.topic) for found in world.sns.accepted)


def test_two_hundred_failures_are_one_mail_one_card_and_two_hundred_events() -> None:
    """The phone rings once."""
    world = storm()
    assert world.run().outbox.published == 600
    assert per_topic(world) == {"alerts": 1, "chat": 1, "events": 200}
    assert world.store.waiting == {}


def test_two_hundred_failures_are_one_page_that_fits_into_an_sms() -> None:
    """What to do first, and as many names as there is room for."""
    world = storm(topics=(Topic.PAGER,))
    world.run()
    (page,) = world.sns.accepted
    assert page.body.startswith("UDTS digest: Act now: 200 failed")
    assert fits_one_part(page.body)


def test_as_many_as_allowed_are_told_one_by_one() -> None:
    """DIGEST_ABOVE is what still comes as single messages."""
    world = storm(NAMES[:5], digest_above=5)
    world.run()
    assert per_topic(world) == {"alerts": 5, "chat": 5, "events": 5}
    more = storm(NAMES[:6], digest_above=5)
    more.run()
    assert per_topic(more) == {"alerts": 1, "chat": 1, "events": 6}


def test_a_digest_names_what_to_do_first_on_top_and_all_alike_in_one_line() -> None:
    """Nobody has to look up whose tasks they were."""
    world = World(NAMES[:30], topics=TOPICS, max_concurrency=1)
    answers = {name.replace("-", "_"): "Done" for name in NAMES[:30]}
    world.ucloud.set(**(answers | {"udts_0029": "Failed"}))
    world.run()
    (mail,) = [found for found in world.sns.accepted if found.topic is Topic.ALERTS]
    first, _, second = mail.body.splitlines()[2:5]
    assert first.startswith("Act now: udts-0029 had failed")
    assert second == f"Nothing to do: 29 finished, Done: {', '.join(NAMES[:29])}"
    assert mail.subject == "[DIGEST] UDTS monitor (monitor): Act now: 1 failed, 29 finished"
    assert (mail.attributes["event"], mail.attributes["severity"]) == ("digest", "critical")
    (card,) = [found for found in world.sns.accepted if found.topic is Topic.CHAT]
    assert json.loads(card.body)["metadata"]["threadId"] == card.event_id


def dies_after_its_first_mail(world: World) -> None:
    """A run whose digest was accepted and could not be marked."""
    publish = world.sns.publish

    def die_after(notification: Notification) -> NoReturn:
        publish(notification)
        raise KilledError

    world.sns.publish = die_after  # type: ignore[method-assign]
    with pytest.raises(KilledError):
        world.run()
    world.clock.forward(timedelta(minutes=2))
    world.sns.publish = publish  # type: ignore[method-assign]


def mails(world: World) -> list[Notification]:
    """What people got."""
    return [found for found in world.sns.accepted if found.topic is Topic.ALERTS]


def test_a_repeated_digest_has_the_same_id_and_the_same_members() -> None:
    """After a crash, also when more is to be told by then: that comes by itself."""
    world = storm(NAMES[:20])
    world.ucloud.set(**{name.replace("-", "_"): "Syncing" for name in NAMES[10:20]})
    dies_after_its_first_mail(world)
    world.ucloud.set(**{name.replace("-", "_"): "Done" for name in NAMES[10:20]})
    world.run()
    first, second, more = mails(world)
    assert (first.event_id, first.body) == (second.event_id, second.body)
    assert more.event_id != first.event_id
    assert "10 finished" in more.subject


def test_a_repeated_digest_is_a_digest_whatever_the_configuration_says_by_then() -> None:
    """Not its members one by one under their own ids."""
    world = storm(NAMES[:10])
    dies_after_its_first_mail(world)
    world.digest_above = 50
    world.run()
    assert len({found.event_id for found in mails(world)}) == 1
    assert len(mails(world)) == 2


def test_a_repeated_digest_has_the_same_id_when_it_was_marked_in_part() -> None:
    """More members than a transaction takes, and the run died between two of them."""
    world = storm(NAMES[:10])
    dies_after_its_first_mail(world)
    waiting = [found for found in world.store.outbox().pending if found.notification.topic is Topic.ALERTS]
    world.store.mark_published(waiting[:6], world.clock())
    world.run()
    assert len({found.event_id for found in mails(world)}) == 1
    assert "4 failed" in mails(world)[1].subject


def test_a_digest_one_of_whose_members_is_gone_is_left_to_the_next_run() -> None:
    """Somebody else has told it meanwhile."""
    world = storm(NAMES[:10])
    bind = world.store.bind

    def overtaken(members: Sequence[Pending], digest_id: str) -> bool:
        world.store.mark_published(members[:1], world.clock())
        return bind(members, digest_id)

    world.store.bind = overtaken  # type: ignore[method-assign]
    assert world.run().outbox.pending == 20
    world.store.bind = bind  # type: ignore[method-assign]
    world.run()
    world.run()
    assert "9 failed" in mails(world)[0].subject
    assert world.store.waiting == {}


def test_events_go_ten_in_a_call_and_each_has_its_own_fate() -> None:
    """Two of thirty are refused: they wait, and nobody waits with them."""
    world = storm(NAMES[:30], topics=(Topic.EVENTS,))
    refused, odd = {"-/udts-0003", "-/udts-0017"}, PublishError("too odd", permanent=True)
    world.sns.refuse = lambda found: odd if found.task_key in refused else None
    world.fuse.calls.clear()
    summary = world.run()
    assert (world.fuse.calls.count("publish"), world.fuse.calls.count("mark_published")) == (3, 3)
    assert (summary.outbox.published, summary.outbox.pending) == (28, 2)
    assert {found.notification.task_key for found in world.store.waiting.values()} == refused
    assert {found.attempts for found in world.store.waiting.values()} == {1}


def test_no_two_events_of_a_task_go_in_one_call() -> None:
    """The second has to wait where the first is not accepted."""
    world = storm(NAMES[:4], topics=(Topic.EVENTS,))
    world.sns.refuse = lambda _: DOWN
    world.run()
    waiting = list(world.store.outbox().pending)
    refused = [replace(found, permanent=True) for found in waiting]
    assert [len(group) for group in in_one_call(refused)] == [1, 1, 1, 1]
    assert [len(group) for group in in_one_call([*waiting, *waiting])] == [4, 4]
    large = [
        replace(found, notification=replace(found.notification, body="x" * 100_000)) for found in waiting
    ]
    assert [len(group) for group in in_one_call(large)] == [2, 2]


def test_a_run_that_ends_in_the_middle_of_a_storm_loses_nothing() -> None:
    """The next runs tell the rest: still one mail, and each event once."""
    world = storm()
    publish = world.sns.publish_in_one_call

    def slow(notifications: Sequence[Notification]) -> list[PublishError | None]:
        time.sleep(0.05)
        return publish(notifications)

    world.sns.publish_in_one_call = slow  # type: ignore[method-assign]
    summary = world.run(seconds=0.4, reserve=0.2)
    assert summary.outbox.pending > 0
    for _ in range(5):
        world.clock.forward(timedelta(minutes=2))
        world.run()
    assert per_topic(world)["events"] == 200
    assert len({found.event_id for found in world.sns.accepted if found.topic is Topic.EVENTS}) == 200
    assert world.store.waiting == {}


def test_a_digest_for_which_there_is_no_time_is_not_begun() -> None:
    """To bind a thousand members takes seconds: a run would be killed with it, and the next repeat it."""
    world = storm(NAMES[:20], topics=(Topic.ALERTS, Topic.CHAT))
    publish = world.sns.publish

    def slow(notification: Notification) -> None:
        time.sleep(0.5)
        publish(notification)

    world.sns.publish = slow  # type: ignore[method-assign]
    world.fuse.calls.clear()
    summary = world.run(seconds=0.3, reserve=0.2)
    assert (summary.outbox.pending, world.fuse.calls.count("bind")) == (20, 1)
    world.sns.publish = publish  # type: ignore[method-assign]
    world.clock.forward(timedelta(minutes=2))
    world.run()
    assert per_topic(world) == {"alerts": 1, "chat": 1}


def test_a_digest_that_is_refused_waits_with_all_its_members() -> None:
    """SNS down during a storm: afterwards one mail."""
    world = storm(NAMES[:20])
    world.sns.refuse = lambda found: DOWN if found.topic is Topic.ALERTS else None
    summary = world.run()
    assert (summary.outbox.pending, len(summary.errors)) == (20, 1)
    assert {pending.attempts for pending in world.store.waiting.values()} == {1}
    world.sns.refuse = lambda _: None
    world.run()
    world.run()
    assert per_topic(world) == {"alerts": 1, "chat": 1, "events": 20}


def test_nobody_listening_is_noticed_once_an_hour() -> None:
    """A topic without a confirmed subscription shows in the summary; the count costs a call an hour."""
    world = World()
    world.sns.subscriptions = {"alerts": 0, "events": 2}
    assert world.run().subscribers == {"alerts": 0, "events": 2}
    world.fuse.calls.clear()
    for _ in range(119):
        assert world.run().subscribers == {"alerts": 0, "events": 2}
    assert world.fuse.calls.count("subscribers") == 1


def test_the_members_of_a_refused_digest_are_due_together() -> None:
    """However long their marks take; otherwise the next run would tell a part of them under its id."""
    world = storm(NAMES[:10])
    world.sns.refuse = lambda found: DOWN if found.topic is Topic.ALERTS else None
    mark = world.store.mark_failed

    def slow(*given: object, **named: object) -> None:
        world.clock.forward(timedelta(seconds=1))
        mark(*given, **named)  # type: ignore[arg-type]

    world.store.mark_failed = slow  # type: ignore[method-assign]
    world.run()
    assert len({pending.lease_until for pending in world.store.waiting.values()}) == 1


def test_a_digest_of_which_another_run_holds_a_part_waits_for_it() -> None:
    """An id stands for one content."""
    world = storm(NAMES[:10])
    dies_after_its_first_mail(world)
    waiting = [found for found in world.store.outbox().pending if found.notification.topic is Topic.ALERTS]
    other = Claim(owner="another run", until=world.clock() + timedelta(minutes=1))
    for pending in waiting[:3]:
        assert world.store.claim([pending], other, world.clock())
    assert world.run().outbox.pending == 10
    assert len(mails(world)) == 1
    world.run(forward=timedelta(minutes=2))
    world.run()
    first, second = mails(world)
    assert (first.event_id, first.body) == (second.event_id, second.body)
    assert world.store.waiting == {}


def until_told(world: World, runs: int = 6) -> None:
    """Runs, a minute apart, that have to tell all that waits."""
    for _ in range(runs):
        world.run()
    assert world.store.waiting == {}


def test_members_of_a_digest_with_different_attempts_are_told_together() -> None:
    """One was refused alone before the others joined it: it may not wait longer than they do."""
    world = storm(NAMES[:7], digest_above=5)
    world.sns.refuse = lambda found: DOWN if found.topic is Topic.ALERTS else None
    world.ucloud.set(**{name.replace("-", "_"): "Syncing" for name in NAMES[1:7]})
    world.run()
    world.ucloud.set(**{name.replace("-", "_"): "Failed" for name in NAMES[1:7]})
    world.run()
    assert len({pending.lease_until for pending in world.store.waiting.values()}) == 1
    world.sns.refuse = lambda _: None
    until_told(world)
    assert len(mails(world)) == 1


def test_a_digest_a_claim_of_which_failed_is_told_by_one_of_the_next_runs() -> None:
    """Runs a minute apart, whose leases are longer, never hold one part each in turn."""
    world = storm(NAMES[:7], digest_above=5)
    dies_after_its_first_mail(world)
    claim, calls = world.store.claim, Counter[str]()

    def throttled(*given: Any) -> bool:  # noqa: ANN401 - any of the port
        calls["claim"] += 1
        if calls["claim"] == 1:
            raise StoreError("throttled", transient=True)
        return claim(*given)

    world.store.claim = throttled  # type: ignore[assignment, method-assign]
    with pytest.raises(StoreError):
        world.run()
    until_told(world)
    first, second = mails(world)
    assert (first.event_id, first.body) == (second.event_id, second.body)


def test_a_digest_of_a_thousand_is_claimed_by_the_hundred() -> None:
    """One by one its claims would fill the time for publishing in every run, and it would never be told."""
    world = storm([f"udts-{number:04}" for number in range(1_000)], topics=(Topic.ALERTS,))
    dies_after_its_first_mail(world)
    world.fuse.calls.clear()
    world.run()
    assert world.fuse.calls.count("claim") == 10
    assert world.store.waiting == {}
    first, second = mails(world)
    assert (first.event_id, first.body) == (second.event_id, second.body)


def test_the_members_of_a_digest_that_was_refused_are_marked_in_one_call() -> None:
    """A mark for each would take more time than there is, and the unmarked would be due at another time."""
    world = storm(NAMES, topics=(Topic.ALERTS,))
    world.sns.refuse = lambda _: DOWN
    world.fuse.calls.clear()
    world.run()
    assert world.fuse.calls.count("mark_failed") == 1


def test_a_digest_a_part_of_which_another_run_takes_is_left_to_it() -> None:
    """Both saw it free at the same moment."""
    world = storm(NAMES[:7], digest_above=5)
    dies_after_its_first_mail(world)
    claim, calls = world.store.claim, Counter[str]()

    def faster(*given: Any) -> bool:  # noqa: ANN401 - any of the port
        calls["claim"] += 1
        # Not all of them together, and then all but the fourth.
        return calls["claim"] not in {1, 5} and claim(*given)

    world.store.claim = faster  # type: ignore[assignment, method-assign]
    assert world.run().outbox.pending == 7
    assert len(mails(world)) == 1
    until_told(world)


def test_what_follows_a_digest_that_waits_waits_as_well() -> None:
    """A task is told in order."""
    world = storm(NAMES[:7], digest_above=5, policy=Policy(recovered_after_checks=1))
    dies_after_its_first_mail(world)
    (first, *_) = [
        found for found in world.store.outbox().pending if found.notification.topic is Topic.ALERTS
    ]
    other = Claim(owner="another run", until=world.clock() + timedelta(minutes=3))
    assert world.store.claim([first], other, world.clock())
    world.ucloud.set(**{name.replace("-", "_"): "Syncing" for name in NAMES[:7]})
    world.run()
    assert len(mails(world)) == 1
    until_told(world)
    assert [mail.subject.rpartition(" ")[2] for mail in mails(world)] == ["failed", "failed", "recovered"]


def test_a_digest_refused_on_one_topic_does_not_hold_up_the_other_s() -> None:
    """They have one id and two ways."""
    world = storm(NAMES[:7], digest_above=5)
    refused = {Topic.ALERTS: PublishError("no right", permanent=True), Topic.CHAT: DOWN}
    world.sns.refuse = lambda found: refused.get(found.topic)
    world.run()
    del refused[Topic.CHAT]
    for _ in range(3):
        world.run()
    assert per_topic(world) == {"chat": 1, "events": 7}
    (identity,) = {pending.digest_id for pending in world.store.waiting.values()}
    alerts = world.store.outbox().pending
    chat = [
        replace(found, sk=f"{found.sk} chat", notification=replace(found.notification, topic=Topic.CHAT))
        for found in alerts
    ]
    assert identity
    assert publishable([*alerts, *chat], {found.sk for found in alerts}) == chat


def test_a_digest_and_what_follows_it_are_chosen_together() -> None:
    """Whatever may not be told keeps its successors back, and they their digests, and so on."""
    world = storm(NAMES[:3], digest_above=1)
    world.sns.refuse = lambda _: DOWN
    world.run()
    alerts = [found for found in world.store.outbox().pending if found.notification.topic is Topic.ALERTS]
    first, second, third = alerts
    after = [
        replace(found, sk=f"z{place}", digest_id=identity)
        for place, (found, identity) in enumerate([(first, "later"), (second, "later"), (third, "")])
    ]
    waiting = [*(replace(found, digest_id="") for found in alerts), *after]
    assert publishable(waiting, set()) == waiting
    # The first keeps back its successor, whose digest keeps back the second's.
    assert publishable(waiting, {first.sk}) == [waiting[1], waiting[2], after[2]]
    assert publishable([replace(found, permanent=True) for found in waiting], {first.sk}) == [
        replace(found, permanent=True) for found in waiting[1:]
    ]


def test_what_a_run_had_no_time_for_is_free_for_the_next() -> None:
    """A backlog is claimed a few at a time: what is claimed and not told waits for the end of a lease."""
    world = storm(NAMES[:30], topics=(Topic.EVENTS,))
    world.sns.refuse = lambda _: DOWN
    world.run()
    publish = world.sns.publish_in_one_call

    def slow(notifications: Sequence[Notification]) -> list[PublishError | None]:
        time.sleep(0.15)
        return publish(notifications)

    world.sns.refuse = lambda _: None
    world.sns.publish_in_one_call = slow  # type: ignore[method-assign]
    left = world.run(seconds=0.1, reserve=0.1, forward=timedelta(0)).outbox.pending
    assert 0 < left < 30
    now = world.clock()
    assert sum(pending.free(now) for pending in world.store.waiting.values()) >= left - 10
