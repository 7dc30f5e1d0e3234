"""What the store wrote is what those who only look read, on both real tables."""

from datetime import timedelta

from tests.contract.conftest import Table
from tests.contract.writes import CLAIM, fail, messages, open_outage, save_silence, silence
from tests.walk import MINUTE, NOON, ORDERS, Answer, Walk, X, failed
from udts_monitor.adapters.reader import Reader
from udts_monitor.decision.observation import Observation, Progress
from udts_monitor.query.overview import find, overview
from udts_monitor.query.stored import HistoryPoint
from udts_monitor.task import MONITOR

KEY = ORDERS.key


def test_an_empty_table_reads_as_nothing_at_all(table: Table) -> None:
    """Before the first run there is no task, and no run to speak of."""
    stored = Reader(table.client, table.name).stored()
    assert (stored.states, stored.pending, stored.silences, stored.last_run) == ({}, (), (), None)


def test_the_present_is_read_with_the_task_as_it_is_configured(table: Table) -> None:
    """States, what waits, silences, open outages and the last run."""
    store = table.store()
    fail(store)
    save_silence(store, silence())
    outage = open_outage(store)
    store.save_monitor({"ran_at": "2026-11-23T12:00:00.000000Z", "checked": 1, "errors": ["boom"]})
    stored = Reader(table.client, table.name).stored()
    assert stored.states[KEY].task == ORDERS
    assert {found.notification.kind for found in stored.pending} >= {"failed", "unreachable"}
    assert [found.scope for found in stored.silences] == ["all"]
    assert stored.last_run
    assert (stored.last_run.ran_at, stored.last_run.errors) == (NOON, ("boom",))
    assert stored.last_run.outages == (outage,)
    assert not stored.unreadable


def test_a_history_says_when_it_was_what_and_what_was_told(table: Table) -> None:
    """Transitions with the status before, events with their incident; nothing from before the time."""
    store, walk = table.store(), Walk()
    for answer in ("Syncing", failed(0, 3, "boom")):
        assessment = walk.check(answer)
        assert store.save(assessment, messages(assessment), CLAIM)
    history = Reader(table.client, table.name).history(KEY, NOON, NOON)
    assert [(point.previous_status, point.status) for point in history.points] == [
        ("", "Syncing"),
        ("Syncing", "Failed"),
    ]
    (event,) = history.events
    assert (event.kind, event.incident_action, event.incident_id) == ("failed", "open", event.event_id)
    assert event.published_at == {}
    later = Reader(table.client, table.name).history(KEY, NOON + MINUTE, NOON)
    assert [point.status for point in later.points] == ["Failed"]


def test_a_time_without_an_answer_is_read_from_the_point_that_ended_it(table: Table) -> None:
    """Also where samples are left out."""
    store, walk = table.store(), Walk()
    answers: list[Answer] = ["Syncing", *[X] * 6, "Syncing"]
    for answer in answers:
        assessment = walk.check(answer)
        if assessment.changed:
            assert store.save(assessment, messages(assessment), CLAIM)
    history = Reader(table.client, table.name).history(KEY, NOON, NOON, samples=False)
    assert [point.unanswered_since for point in history.points] == [None, NOON + MINUTE]


def test_samples_are_read_only_where_they_are_wanted(table: Table) -> None:
    """They are most of a history, and a row of statuses needs none."""
    store, walk = table.store(), Walk()
    for moved in (10, 20, 30):
        seen = Observation(status="Loading", progress=Progress(moved_rows=moved, total_rows=100))
        assert store.save(walk.check(seen, after=timedelta(minutes=6)), (), CLAIM)
    reader = Reader(table.client, table.name)

    def rows(points: tuple[HistoryPoint, ...]) -> list[float | None]:
        return [point.progress.moved_rows if point.progress else None for point in points]

    assert rows(reader.history(KEY, NOON, NOON).points) == [10, 20, 30]
    assert rows(reader.histories([KEY], NOON, NOON)[KEY].points) == [10]


def test_what_has_expired_is_not_read(table: Table) -> None:
    """DynamoDB deletes it days later."""
    store = table.store()
    fail(store)
    reader = Reader(table.client, table.name)
    assert reader.history(KEY, NOON, NOON + timedelta(days=91)).points == ()


def test_the_monitors_own_events_are_a_history_too(table: Table) -> None:
    """Without its item, which stands behind them."""
    store = table.store()
    open_outage(store)
    store.save_monitor({"ran_at": "2026-11-23T12:00:00.000000Z"})
    (event,) = Reader(table.client, table.name).history(MONITOR.key, NOON, NOON).events
    assert (event.kind, event.tasks) == ("unreachable", (KEY,))


def test_an_item_somebody_damaged_is_named_and_the_others_are_shown(table: Table) -> None:
    """One wrong item must not blind whoever looks at the others."""
    store = table.store()
    fail(store)
    table.damage("STATE", "-/udts-broken", version={"S": "many"})
    stored = Reader(table.client, table.name).stored()
    assert list(stored.states) == [KEY]
    assert "version" in stored.unreadable["-/udts-broken"]


def test_a_task_is_found_by_name_id_or_key(table: Table) -> None:
    """People know names."""
    fail(table.store())
    shown = overview(Reader(table.client, table.name).stored(), NOON)
    for wanted in ("orders-db", "udts-ixdp441", KEY):
        assert [view.task for view in find(shown.tasks, wanted)] == [ORDERS]
    assert find(shown.tasks, "nobody") == ()
