"""The lag of many tasks from one answer: both documented shapes, fresh values only, watched tasks only."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ucloud.answers import ANYTHING, OBJECTS, REFUSED, REFUSED_CALL, Answers, rows_in_pages
from udts_monitor.adapters.calls import MAX_PAGES
from udts_monitor.adapters.metrics import PAGE_ROWS, WatchedTasks, figures_of, lag_of_tasks, read_lags
from udts_monitor.decision.observation import Lag, NoAnswer

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MINUTE_AGO = NOW - timedelta(minutes=1)
TRANSFER = WatchedTasks(
    task_type="transfer", project_id="org-a", region="cn-bj2", task_ids=frozenset({"udts-1", "udts-2"})
)
INTEGRATION = WatchedTasks(
    task_type="integration", project_id="org-a", region="cn-bj2", task_ids=frozenset({"udts-1"})
)
DELAY = "udts_sync_syncing_delay_time"


def sample(value: object, at: datetime | object = MINUTE_AGO) -> dict[str, object]:
    """One measured value."""
    epoch = int(at.timestamp()) if isinstance(at, datetime) else at
    return {"Metric": "", "TagsList": [], "Value": {"Timestamp": epoch, "Value": value}}


def as_array(metrics: dict[str, list[Any]]) -> list[dict[str, Any]]:
    """MonitorAttr as it is declared."""
    return [{"Metric": metric, "MetricValues": samples} for metric, samples in metrics.items()]


def row(attribute: object, task_id: str = "udts-1") -> dict[str, object]:
    """One resource of the answer."""
    return {"ResourceId": task_id, "Name": "orders", "Region": "cn-bj2", "MonitorAttr": attribute}


def answer(*rows: object, **more: object) -> dict[str, object]:
    """A successful answer."""
    return {"RetCode": 0, "Data": {"List": list(rows), **more}}


def asked(*answers: Any, watched: WatchedTasks = TRANSFER) -> tuple[Any, Answers]:  # noqa: ANN401 - any answer
    """What is read from these answers, and the client that gave them."""
    caller = Answers(*answers)
    return lag_of_tasks(caller, watched, now=NOW, deadline=7.5), caller


def delay_of(*samples: object) -> object:
    """The delay read from these samples; None when there is no lag."""
    lag = read_lags([row({DELAY: list(samples)})], TRANSFER, NOW).get("udts-1")
    return lag and lag.delay_seconds


@pytest.mark.parametrize("watched", [TRANSFER, INTEGRATION], ids=["transfer", "integration"])
@pytest.mark.parametrize("shape", [dict, as_array], ids=["the map of the example", "the declared array"])
def test_both_documented_shapes_are_read_whole(watched: WatchedTasks, shape: Any) -> None:  # noqa: ANN401 - a shape
    """Every metric of either product fills its figure."""
    product = {"transfer": "udts", "integration": "udtsdis"}[watched.task_type]
    metrics = {metric: [sample(number)] for number, metric in enumerate(figures_of(product))}
    assert read_lags([row(shape(metrics))], watched, NOW) == {
        "udts-1": Lag(
            measured_at=MINUTE_AGO,
            delay_seconds=0,
            remaining_bytes=1,
            seconds_to_level=2,
            read_bytes_per_second=3,
            written_bytes_per_second=4,
            read_rows_per_second=5,
            written_rows_per_second=6,
        )
    }


def test_metrics_have_the_documented_names() -> None:
    """Also the one that UCloud cut short."""
    assert list(figures_of("udts")) == [
        "udts_sync_syncing_delay_time",
        "udts_sync_remaining_binlogsize",
        "udts_sync_estimate_remaining_seconds",
        "udts_source_data_size",
        "udts_target_data_size",
        "udts_source_data_count",
        "udts_target_data_count",
    ]
    assert list(figures_of("udtsdis"))[:3] == [
        "udtsdis_sync_syncing_delay_time",
        "udtsdis_sync_remaining_binlogsize",
        "udtsdis_sync_estimate_remaining_seco",
    ]


def test_one_call_asks_for_all_tasks_of_a_project_and_product() -> None:
    """Region, project, product and the metrics by name; the tasks are picked from the answer."""
    _, caller = asked(answer(), watched=INTEGRATION)
    assert caller.asked == [
        {
            "Action": "QueryMetricDataSummary",
            "Region": "cn-bj2",
            "ProjectId": "org-a",
            "ProductKey": "udtsdis",
            "Offset": "0",
            "Limit": str(PAGE_ROWS),
            **{f"Metrics.{number}": metric for number, metric in enumerate(figures_of("udtsdis"))},
        }
    ]
    assert caller.deadlines == {7.5}


def test_tasks_nobody_watches_are_ignored() -> None:
    """Whether the resource is the task is not sure: what matches none is not taken for one."""
    rows = [row({DELAY: [sample(4)]}, task_id) for task_id in ("udts-2", "udts-9", "UDTS-1", "")]
    assert set(read_lags(rows, TRANSFER, NOW)) == {"udts-2"}


@pytest.mark.parametrize(
    ("age", "delay"),
    [
        pytest.param(timedelta(minutes=10), 4, id="ten minutes old"),
        pytest.param(timedelta(minutes=10, seconds=1), None, id="older than ten minutes"),
        pytest.param(timedelta(days=400), None, id="of last year"),
        pytest.param(timedelta(minutes=-2), 4, id="by a clock slightly ahead"),
        pytest.param(timedelta(minutes=-11), None, id="from the future"),
    ],
)
def test_only_fresh_values_are_values(age: timedelta, delay: int | None) -> None:
    """UCloud shows the last value it has, however old."""
    assert delay_of(sample(4, NOW - age)) == delay


def test_nothing_was_measured_after_now() -> None:
    """A clock ahead of ours does not make a lag of the future."""
    lags = read_lags([row({DELAY: [sample(4, NOW + timedelta(minutes=2))]})], TRANSFER, NOW)
    assert lags["udts-1"].measured_at == NOW


def test_a_lag_is_as_old_as_the_oldest_of_its_values() -> None:
    """Otherwise an old figure would be told as a fresh one; stale ones are not among them."""
    old, stale = NOW - timedelta(minutes=8), NOW - timedelta(minutes=20)
    metrics = {
        DELAY: [sample(4)],
        "udts_source_data_size": [sample(5, old)],
        "udts_target_data_size": [sample(6, stale)],
    }
    assert read_lags([row(metrics)], TRANSFER, NOW) == {
        "udts-1": Lag(measured_at=old, delay_seconds=4, read_bytes_per_second=5)
    }


def test_of_several_values_the_newest_counts() -> None:
    """In whatever order they stand; of equally new ones the largest."""
    two_ago = NOW - timedelta(minutes=2)
    assert delay_of(sample(9, two_ago), sample(4), sample(8, two_ago)) == 4
    assert delay_of(sample(3), sample(5), sample(4)) == 5


@pytest.mark.parametrize(
    "value", [None, "", "many", True, [], {}, -1, float("nan"), float("inf"), 10**39], ids=str
)
def test_what_is_no_number_from_zero_is_no_value(value: object) -> None:
    """And an older one in its place is one."""
    assert delay_of(sample(value)) is None
    assert delay_of(sample(value), sample(4, NOW - timedelta(minutes=3))) == 4


@pytest.mark.parametrize("attribute", [None, [], {}, "", 0, {DELAY: []}, {DELAY: {}}, [{"Metric": DELAY}]])
def test_a_task_without_a_value_has_no_lag(attribute: object) -> None:
    """Rather than one that says nothing."""
    assert read_lags([row(attribute)], TRANSFER, NOW) == {}


def test_metrics_of_the_other_product_or_another_kind_are_ignored() -> None:
    """udtsdis_ values of a transfer task, network delays, metrics of the future."""
    metrics = {name: [sample(4)] for name in ("udtsdis_source_data_size", "udts_source_network_delay", "new")}
    assert read_lags([row(metrics)], TRANSFER, NOW) == {}


# --- Pages ----------------------------------------------------------------------------------------


def test_pages_are_read_until_a_short_one() -> None:
    """Each begins where the last one ended."""
    rows = [row({}, f"udts-x{number}") for number in range(2 * PAGE_ROWS)] + [row({DELAY: [sample(4)]})]
    lags, caller = asked(*(answer(*page) for page in rows_in_pages(rows, PAGE_ROWS)))
    assert lags == {"udts-1": Lag(measured_at=MINUTE_AGO, delay_seconds=4)}
    assert [int(call["Offset"]) for call in caller.asked] == [0, PAGE_ROWS, 2 * PAGE_ROWS]


def test_a_page_the_service_shortened_is_not_the_last() -> None:
    """The longest page is not documented, but the answer says how many rows there are."""
    first, second = row({DELAY: [sample(4)]}), row({DELAY: [sample(5)]}, "udts-2")
    lags, caller = asked(answer(first, Total=2), answer(second, Total=2))
    assert set(lags) == {"udts-1", "udts-2"}
    assert [call["Offset"] for call in caller.asked] == ["0", "1"]


def test_a_total_that_is_never_reached_does_not_ask_for_ever() -> None:
    """An empty page ends it, whatever the total says."""
    lags, caller = asked(answer(row({DELAY: [sample(4)]}), Total=10**9), answer(Total=10**9))
    assert (set(lags), len(caller.asked)) == ({"udts-1"}, 2)


def test_pages_without_end_are_no_answer() -> None:
    """A service that ignores Offset is asked a bounded number of times."""
    found, caller = asked(answer(*[row({DELAY: [sample(4)]})] * PAGE_ROWS))
    assert isinstance(found, NoAnswer)
    assert (found.cause, len(caller.asked)) == ("too many pages", MAX_PAGES)


def test_a_refused_call_says_why() -> None:
    """With the code and whether a person has to change something; on a later page too."""
    assert asked(REFUSED_CALL)[0] == REFUSED
    assert asked(answer(*[row({})] * PAGE_ROWS), REFUSED_CALL)[0] == REFUSED


# --- Hostile shapes -------------------------------------------------------------------------------


@given(content=OBJECTS)
def test_no_answer_of_any_shape_raises(content: dict[str, object]) -> None:
    """Whatever stands there, what comes out is lags of watched tasks."""
    lags, _ = asked(content, {})
    assert set(lags) <= TRANSFER.task_ids


@given(attribute=ANYTHING, samples=st.lists(ANYTHING), value=ANYTHING, epoch=ANYTHING)
def test_no_attribute_of_any_shape_raises(
    attribute: object, samples: list[object], value: object, epoch: object
) -> None:
    """From any depth; and what is fresh beside it still counts."""
    fresh: dict[str, Any] = {
        DELAY: [*samples, sample(value, epoch), sample(4, NOW)],
        "udts_source_data_size": attribute,
    }
    for rows in ([row(attribute)], [row({DELAY: samples})], [row(as_array(fresh))]):
        read_lags(rows, TRANSFER, NOW)
    delay = read_lags([row(fresh)], TRANSFER, NOW)["udts-1"].delay_seconds
    assert delay is not None
    assert delay >= 0
