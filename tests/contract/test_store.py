"""What every store promises: the fake of all other tests, the real one on moto, and on the local AWS."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

from tests.contract.writes import (
    CLAIM,
    LATER,
    close,
    event_of,
    fail,
    messages,
    open_outage,
    opened,
    remind,
    rendered,
    save_silence,
    silence,
)
from tests.walk import NOON, ORDERS, Walk, X
from udts_monitor.decision.assess import Assessment, assess
from udts_monitor.decision.event import Kind
from udts_monitor.decision.observation import NoAnswer, Observation, Position, Progress
from udts_monitor.decision.outage import OutageChange
from udts_monitor.decision.policy import Policy
from udts_monitor.decision.state import Acknowledgement
from udts_monitor.outbox.notification import Topic
from udts_monitor.run.ports import MonitorItem, Storage
from udts_monitor.task import TaskRef

# States


def test_a_saved_state_is_loaded_as_it_was(store: Storage) -> None:
    """With its incidents, what the aspects remember and the time without an answer; alone and among all."""
    walk = Walk()
    progress = Progress(total_rows=10**12, moved_rows=0, percent=33.3, mongo_delay_seconds=1.5)
    position = Position(binlog_name="mysql-bin.000006", binlog_pos=154)
    seen = Observation(status="Frobnicating", progress=progress, position=position, retries_used=1)
    answers: list[str | Observation | NoAnswer] = [seen, "Failed", "Starting", X]
    for answer in answers:
        assessment = walk.check(answer)
        assert store.save(assessment, messages(assessment), CLAIM)
    assert walk.state.incidents
    assert walk.state.memory
    assert walk.state.unanswered
    assert store.load_states() == {ORDERS.key: walk.state}
    assert store.load_state(ORDERS.key) == walk.state


def test_states_are_read_from_one_key_to_another(store: Storage) -> None:
    """Both included, in whatever project; all of them without."""
    keys = ["-/udts-1", "-/udts-10", "-/udts-2", "org-a/udts-1", "org-b/udts-1"]
    for key in keys:
        project, _, name = key.partition("/")
        task = TaskRef(task_id=name, project_id=project.strip("-") and project)
        store.save(Walk(task=task).check("Syncing"), (), CLAIM)
    assert list(store.load_states_between("-/udts-10", "org-a/udts-1")) == keys[1:4]
    assert list(store.load_states_between("-/udts-11", "-/udts-19")) == []
    assert list(store.load_states_between("org-b/", "org-b/udts-1")) == keys[4:]
    assert sorted(store.load_states()) == keys


def test_an_empty_store_is_a_first_run(store: Storage) -> None:
    """No states, no outbox, nothing the monitor remembers: and no error."""
    assert store.load_states() == {}
    assert store.load_state(ORDERS.key) is None
    assert store.outbox().pending == ()
    assert store.load_monitor() == MonitorItem()


def test_a_new_task_is_saved_once(store: Storage) -> None:
    """Two runs see a task for the first time: one of them saves it."""
    assessment = Walk().check("Failed")
    assert store.save(assessment, messages(assessment), CLAIM)
    assert not store.save(assessment, messages(assessment), LATER)
    assert len(store.outbox().pending) == 2


def test_a_stale_change_saves_nothing_at_all(store: Storage) -> None:
    """The version is the lock: no state, no history, no notification of the slower run."""
    walk = Walk()
    first = walk.check("Syncing")
    store.save(first, (), CLAIM)
    faster = assess(first.after, ORDERS, Observation(status="Synced"), Policy(), walk.now)
    slower = assess(first.after, ORDERS, Observation(status="Failed"), Policy(), walk.now)
    assert store.save(faster, messages(faster), CLAIM)
    assert not store.save(slower, messages(slower), LATER)
    assert store.load_states()[ORDERS.key].status == "Synced"
    assert store.outbox().pending == ()


def test_of_many_runs_at_once_one_wins(concurrent_store: Storage) -> None:
    """Eight runs save the same change at the same moment."""
    assessment = Walk().check("Failed")
    together = threading.Barrier(8)

    def save(number: int) -> bool:
        together.wait()
        claim = replace(CLAIM, owner=f"run-{number}")
        return concurrent_store.save(assessment, messages(assessment), claim)

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(save, range(8))) == 1
    assert len(concurrent_store.outbox().pending) == 2


# The outbox


def test_a_notification_is_born_claimed(store: Storage) -> None:
    """The run that wrote it publishes it without asking; nobody else may before its lease is over."""
    fail(store)
    for pending in store.outbox().pending:
        assert pending.held_by(CLAIM)
        assert not store.claim([pending], LATER, NOON + timedelta(seconds=59))
        assert store.claim([pending], LATER, NOON + timedelta(seconds=60))
        assert not store.claim([pending], CLAIM, NOON + timedelta(seconds=61))
    assert all(pending.held_by(LATER) for pending in store.outbox().pending)


def test_the_outbox_is_read_in_the_order_of_telling(store: Storage) -> None:
    """Oldest first; events of one change in their own order."""
    walk = Walk()
    answers: list[str | NoAnswer] = ["Syncing", X, X, X, "Failed", "Starting", "Done"]
    for answer in answers:
        assessment = walk.check(answer)
        store.save(assessment, messages(assessment), CLAIM)
    told = [pending.notification for pending in store.outbox().pending]
    alerts = [str(found.kind) for found in told if found.topic is Topic.ALERTS]
    assert alerts == ["unreachable", "reachable", "failed", "finished"]


def test_a_notification_comes_back_as_it_was_written(store: Storage) -> None:
    """What is published is what was rendered when the event happened."""
    assessment = fail(store)
    assert [pending.notification for pending in store.outbox().pending] == list(messages(assessment))


def test_an_event_without_a_state_is_told_like_any_other(store: Storage) -> None:
    """A test notification: in the outbox, born claimed."""
    event = event_of(Kind.TEST)
    store.save_event(event, rendered(event), CLAIM)
    assert [found.notification for found in store.outbox().pending] == list(rendered(event))
    assert all(found.held_by(CLAIM) for found in store.outbox().pending)


def test_published_is_off_the_outbox_and_stays_off(store: Storage) -> None:
    """Marking twice is as good as once: the second mark comes from a run that repeated the message."""
    fail(store)
    first, second = store.outbox().pending
    store.mark_published([first], NOON)
    store.mark_published([first], NOON)
    assert [pending.sk for pending in store.outbox().pending] == [second.sk]
    assert not store.claim([first], LATER, NOON + timedelta(hours=1))


def test_withheld_is_off_the_outbox(store: Storage) -> None:
    """And never comes back."""
    fail(store)
    store.withhold(store.outbox().pending, NOON)
    assert store.outbox().pending == ()


def test_a_claim_whose_answer_was_lost_is_made_again(store: Storage) -> None:
    """The SDK sends it twice, and the run that has the lease must not be told that another one has."""
    fail(store)
    pending = store.outbox().pending[0]
    now = CLAIM.until
    assert store.claim([pending], LATER, now)
    assert store.claim([pending], LATER, now)
    assert not store.claim([pending], replace(LATER, owner="run-3"), now)


def test_several_are_claimed_together_or_none_is(store: Storage) -> None:
    """A digest is told whole, and its members are claimed in one transaction."""
    fail(store)
    members = store.outbox().pending
    assert len(members) == 2
    assert store.claim(members[:1], LATER, CLAIM.until)
    assert not store.claim(members, replace(LATER, owner="run-3"), CLAIM.until)
    assert [found.lease_owner for found in store.outbox().pending] == [LATER.owner, CLAIM.owner]
    assert store.claim(members, LATER, CLAIM.until)
    assert {found.lease_owner for found in store.outbox().pending} == {LATER.owner}


def test_several_failed_attempts_are_counted_together_whoever_is_gone(store: Storage) -> None:
    """One of them was published by another run meanwhile: the others wait all the same."""
    fail(store)
    first, second = store.outbox().pending
    store.mark_published([first], NOON)
    store.mark_failed([first, second], "SNS is down", NOON + timedelta(minutes=5), permanent=True)
    (again,) = store.outbox().pending
    assert (again.sk, again.attempts, again.permanent) == (second.sk, 1, True)


def test_a_failed_attempt_is_counted_and_waits(store: Storage) -> None:
    """Also the run that failed may not try again before it is due."""
    fail(store)
    pending = store.outbox().pending[0]
    store.mark_failed([pending], "SNS is down", NOON + timedelta(minutes=5), permanent=False)
    (again,) = [found for found in store.outbox().pending if found.sk == pending.sk]
    assert (again.attempts, again.permanent, again.held_by(CLAIM)) == (1, False, False)
    assert not again.free(NOON + timedelta(minutes=4))
    assert not store.claim([again], CLAIM, NOON + timedelta(minutes=4))
    assert store.claim([again], LATER, NOON + timedelta(minutes=5))


def test_a_failure_to_publish_what_is_gone_brings_nothing_back(store: Storage) -> None:
    """Another run published it meanwhile."""
    fail(store)
    pending = store.outbox().pending[0]
    store.mark_published([pending], NOON)
    store.mark_failed([pending], "SNS is down", NOON, permanent=False)
    assert len(store.outbox().pending) == 1


def test_more_notifications_than_a_transaction_takes_are_marked_together(store: Storage) -> None:
    """A storm is marked in a few of them, fifty in each."""
    for number in range(26):
        fail(store, Walk(task=TaskRef(task_id=f"udts-{number}")))
    assert len(store.outbox().pending) == 52
    store.mark_published(store.outbox().pending, NOON)
    assert store.outbox().pending == ()


def test_the_members_of_a_digest_know_it(store: Storage) -> None:
    """More than a transaction takes; the others know of none, and one that is gone makes it fail."""
    for number in range(51):
        fail(store, Walk(task=TaskRef(task_id=f"udts-{number}")))
    members = store.outbox().pending[:101]
    assert store.bind(members, "-/monitor/digest/abc")
    assert [found.digest_id for found in store.outbox().pending] == ["-/monitor/digest/abc"] * 101 + [""]
    store.mark_published(members[:1], NOON)
    assert not store.bind(members[:5], "-/monitor/digest/def")
    assert {found.digest_id for found in store.outbox().pending} == {"-/monitor/digest/abc", ""}


# Outages: of two runs that want the same one writes, and the other learns that it did not


def test_an_outage_is_opened_once(store: Storage) -> None:
    """Whoever comes second writes no notification."""
    outage = open_outage(store)
    again = opened(now=NOON + timedelta(seconds=1))
    assert again.event
    assert not store.save_outage(again, rendered(again.event), LATER)
    assert store.load_monitor().outages == (outage,)
    assert len(store.outbox().pending) == 2


def test_an_outage_is_told_again_once(store: Storage) -> None:
    """Two runs find it an hour old: one reminds."""
    outage = open_outage(store)
    change = remind(outage, NOON + timedelta(hours=1))
    assert change.after
    assert change.event
    assert store.save_outage(change, rendered(change.event), CLAIM)
    assert not store.save_outage(change, rendered(change.event), LATER)
    assert store.load_monitor().outages == (change.after,)
    assert len(store.outbox().pending) == 4


def test_an_outage_that_was_told_meanwhile_is_not_closed(store: Storage) -> None:
    """Whoever it was told for has not been looked at by the run that would close it."""
    outage = open_outage(store)
    later = remind(outage, NOON + timedelta(hours=1))
    assert later.after
    store.save_outage(later, (), CLAIM)
    assert not store.save_outage(close(outage), (), LATER)
    assert store.save_outage(close(later.after), (), LATER)
    assert store.load_monitor().outages == ()


def test_an_outage_is_closed_once(store: Storage) -> None:
    """Its end is told by one run."""
    outage = open_outage(store)
    change = close(outage)
    assert change.event
    assert store.save_outage(change, rendered(change.event), CLAIM)
    assert not store.save_outage(change, rendered(change.event), LATER)
    assert len(store.outbox().pending) == 4


def test_an_outage_is_not_closed_for_an_older_one_of_the_same_cause(store: Storage) -> None:
    """A slow run must not end what began after it had looked."""
    outage = open_outage(store)
    assert not store.save_outage(close(replace(outage, id="-/monitor/older")), (), LATER)
    assert store.load_monitor().outages == (outage,)


def test_whoever_tells_an_outage_again_keeps_the_acknowledgement_it_did_not_know_of(store: Storage) -> None:
    """A person acknowledges it while a run reminds of it; both are kept, and its end ends both."""
    outage = open_outage(store)
    said = Acknowledgement(by="ada", at=NOON, why="new keys")
    acknowledged = replace(outage, acknowledged=said)
    assert store.save_outage(OutageChange(before=outage, after=acknowledged, event=None), (), CLAIM)
    later = remind(outage, NOON + timedelta(hours=1)).after
    assert later
    assert store.save_outage(OutageChange(before=outage, after=later, event=None), (), LATER)
    assert store.load_monitor().outages == (replace(later, acknowledged=said),)
    assert not store.save_outage(OutageChange(before=outage, after=acknowledged, event=None), (), CLAIM)
    assert store.save_outage(close(later), (), LATER)
    assert open_outage(store).acknowledged is None
    assert store.load_monitor().outages[0].acknowledged is None


def test_an_outage_nobody_was_told_of_ends_without_an_event(store: Storage) -> None:
    """NOTIFY_ON kept its beginning back."""
    outage = open_outage(store, Policy(kinds=frozenset({"failed"})))
    change = close(outage)
    assert change.event is None
    assert store.save_outage(change, (), CLAIM)
    assert store.load_monitor().outages == ()


def test_outages_of_several_causes_are_apart(store: Storage) -> None:
    """Each is opened and closed by itself."""
    first, second = open_outage(store), open_outage(store, cause="RetCode 299")
    assert store.load_monitor().outages == (first, second)
    assert store.save_outage(close(first), (), CLAIM)
    assert store.load_monitor().outages == (second,)


# The monitor's item


def test_a_runs_summary_keeps_open_outages(store: Storage) -> None:
    """Two runs that overlap may overwrite each other's summary, never an outage."""
    outage = open_outage(store)
    for number in (1, 2):
        store.save_monitor({"checked": number})
        assert store.load_monitor().outages == (outage,)


def test_the_next_run_learns_when_and_how_far_the_last_one_came(store: Storage) -> None:
    """Each run says anew where the next one is to begin."""
    store.save_monitor({"ran_at": "2026-11-23T12:00:00.000000Z", "cursor": ORDERS.key})
    assert store.load_monitor() == MonitorItem(ran_at=NOON, cursor=ORDERS.key)
    store.save_monitor({"ran_at": "2026-11-23T12:01:00.000000Z", "cursor": ""})
    assert store.load_monitor() == MonitorItem(ran_at=NOON + timedelta(minutes=1))


def test_the_count_of_subscribers_stays_until_it_is_counted_again(store: Storage) -> None:
    """A run that did not count writes the numbers it knows, and not when."""
    store.save_monitor({"subscribers": {"alerts": 1}, "subscribers_at": "2026-11-23T12:00:00.000000Z"})
    store.save_monitor({"subscribers": {"alerts": 1}})
    assert store.load_monitor() == MonitorItem(subscribers={"alerts": 1}, subscribers_at=NOON)


# Silences


def test_a_silence_comes_with_the_outbox_and_is_no_notification(store: Storage) -> None:
    """One Query brings both."""
    fail(store)
    for scope in ("all", "org-hiny12"):
        save_silence(store, silence(scope))
    found = store.outbox()
    assert set(found.silences) == {silence(), silence("org-hiny12")}
    assert len([pending for pending in found.pending if pending.notification.kind == "failed"]) == 2


def test_there_is_one_silence_a_scope(store: Storage) -> None:
    """Asking again changes its end."""
    save_silence(store, silence())
    save_silence(store, silence(minutes=50))
    assert store.outbox().silences == (silence(minutes=50),)


def test_a_silence_is_told_when_it_is_set_and_when_it_ends(store: Storage) -> None:
    """Who and why is said with it, to programs."""
    save_silence(store, silence())
    ended = event_of(Kind.SILENCE_ENDED, seconds=1)
    assert store.end_silence(silence(), ended, rendered(ended), CLAIM)
    kinds = [str(pending.notification.kind) for pending in store.outbox().pending]
    assert kinds == ["silenced"] * 2 + ["silence_ended"] * 2


def test_a_silence_that_was_changed_is_not_ended_by_a_run_that_did_not_know(store: Storage) -> None:
    """The condition is its end; who is too late says nothing."""
    save_silence(store, silence(minutes=50))
    ended = event_of(Kind.SILENCE_ENDED, seconds=1)
    assert not store.end_silence(silence(), ended, rendered(ended), CLAIM)
    assert store.outbox().silences == (silence(minutes=50),)
    assert store.end_silence(silence(minutes=50), ended, (), CLAIM)
    assert not store.end_silence(silence(minutes=50), ended, rendered(ended), CLAIM)
    found = store.outbox()
    assert (found.silences, [str(one.notification.kind) for one in found.pending]) == ((), ["silenced"] * 2)


def test_a_roll_is_called_once(store: Storage) -> None:
    """Of two runs that find it due one calls it; when and of which settings stands in the monitor's item."""
    first, second = event_of(Kind.ROLL_CALL), event_of(Kind.ROLL_CALL, seconds=60)
    assert store.save_roll_call(first, rendered(first), CLAIM, None, "one")
    assert not store.save_roll_call(second, rendered(second), LATER, None, "two")
    monitor = store.load_monitor()
    assert (monitor.roll_called_at, monitor.fingerprint) == (first.time, "one")
    assert [found.notification.event_id for found in store.outbox().pending] == [first.id] * 2
    assert store.save_roll_call(second, rendered(second), LATER, first.time, "two")
    assert store.load_monitor().roll_called_at == second.time


def test_a_state_moves_as_a_whole_or_not_at_all(store: Storage) -> None:
    """To the key its task has now; a run that changed it meanwhile was faster."""
    before = fail(store).after
    task = replace(ORDERS, project_id="org-other")
    moved = Assessment(
        task=task,
        at=NOON,
        before=replace(before, version=0),
        after=replace(before, version=before.version + 1),
        moved_from=(ORDERS.key, before.version),
    )
    assert not store.save(replace(moved, moved_from=(ORDERS.key, 7)), (), CLAIM)
    assert set(store.load_states()) == {ORDERS.key}
    assert store.save(moved, (), CLAIM)
    assert store.load_states() == {task.key: moved.after}
