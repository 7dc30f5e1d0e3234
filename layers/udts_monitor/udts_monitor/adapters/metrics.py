"""The lag of tasks, from UCloud's metrics: one answer in pages for all tasks of a project and product.

Source: UCloud API reference, QueryMetricDataSummary; CloudWatch, metrics of udts and udtsdis.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from udts_monitor.adapters import fields
from udts_monitor.adapters.calls import Caller, Content, Page, call_pages
from udts_monitor.adapters.rows import objects
from udts_monitor.decision.observation import Lag, NoAnswer, Number

# UCloud shows the last value it has, however old; an old one says nothing about now.
MAX_AGE = timedelta(minutes=10)
PAGE_ROWS = 100

PRODUCTS: Mapping[str, str] = {"transfer": "udts", "integration": "udtsdis"}
_FIGURES: Mapping[str, str] = {
    "sync_syncing_delay_time": "delay_seconds",
    "sync_remaining_binlogsize": "remaining_bytes",
    "sync_estimate_remaining_seconds": "seconds_to_level",
    "source_data_size": "read_bytes_per_second",
    "target_data_size": "written_bytes_per_second",
    "source_data_count": "read_rows_per_second",
    "target_data_count": "written_rows_per_second",
}
# The one name that is not the prefix and the rest: UCloud cut it.
_CUT = {"udtsdis_sync_estimate_remaining_seconds": "udtsdis_sync_estimate_remaining_seco"}


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedTasks:
    """Tasks whose metrics one call brings.

    Attributes:
        task_type: ``transfer`` or ``integration``, whose metrics are two products.
        project_id: the tasks' project, empty for the account's default one, which UCloud may refuse here.
        region: where UCloud keeps the metrics, such as cn-bj2.
        task_ids: whatever else the project has is left out.
    """

    task_type: str
    project_id: str
    region: str
    task_ids: frozenset[str]


@dataclass(frozen=True, slots=True, order=True)
class _Value:
    epoch: Number
    figure: Number


def figures_of(product: str) -> dict[str, str]:
    """The metrics of a product, by name, with the figure of Lag each one fills."""
    names = {f"{product}_{metric}": figure for metric, figure in _FIGURES.items()}
    return {_CUT.get(name, name): figure for name, figure in names.items()}


def lag_of_tasks(
    caller: Caller, watched: WatchedTasks, *, now: datetime, deadline: float
) -> dict[str, Lag] | NoAnswer:
    """The lag of each of these tasks that has fresh values, by task id.

    Args:
        caller: the client.
        watched: the tasks, of one project and type.
        now: values older than MAX_AGE then are no values.
        deadline: seconds of ``time.monotonic``.
    """
    product = PRODUCTS[watched.task_type]
    parameters = {
        "Action": "QueryMetricDataSummary",
        "Region": watched.region,
        **({"ProjectId": watched.project_id} if watched.project_id else {}),
        "ProductKey": product,
        **{f"Metrics.{number}": metric for number, metric in enumerate(figures_of(product))},
    }
    rows = call_pages(caller, parameters, deadline, page_of=_page, limit=PAGE_ROWS)
    return rows if isinstance(rows, NoAnswer) else read_lags(rows, watched, now)


def read_lags(rows: list[Any], watched: WatchedTasks, now: datetime) -> dict[str, Lag]:
    """The lag in the rows of an answer, by task id; rows of other resources and other shapes are ignored."""
    figures = figures_of(PRODUCTS[watched.task_type])
    lags = {}
    for row in objects(rows):
        task_id = fields.text(row.get("ResourceId"))
        if task_id in watched.task_ids and (lag := _lag(row.get("MonitorAttr"), figures, now)):
            lags[task_id] = lag
    return lags


def _page(content: Content) -> Page:
    data = content.get("Data")
    data = data if isinstance(data, dict) else {}
    rows = data.get("List")
    return Page(rows if isinstance(rows, list) else [], fields.number(data.get("Total")))


def _lag(attribute: Any, figures: Mapping[str, str], now: datetime) -> Lag | None:  # noqa: ANN401 - anything may stand there
    newest: dict[str, _Value] = {}
    for metric, samples in _metrics(attribute):
        fresh = [value for value in _values(samples) if _is_fresh(value, now)]
        if fresh and metric in figures:
            newest[figures[metric]] = max(fresh)
    if not newest:
        return None
    # The oldest of them: a newer moment would call the others fresher than they are.
    oldest = datetime.fromtimestamp(min(value.epoch for value in newest.values()), UTC)
    # UCloud's clock may be ahead of ours; nothing was measured after now.
    return Lag(measured_at=min(oldest, now), **{figure: value.figure for figure, value in newest.items()})


def _is_fresh(value: _Value, now: datetime) -> bool:
    return abs(value.epoch - now.timestamp()) <= MAX_AGE.total_seconds()


def _metrics(attribute: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - anything may stand there
    """Each metric and its samples: declared is an array, the documented example shows a map."""
    if isinstance(attribute, dict):
        yield from attribute.items()
    for item in objects(attribute):
        yield fields.text(item.get("Metric")), item.get("MetricValues")


def _values(samples: Any) -> Iterator[_Value]:  # noqa: ANN401 - anything may stand there
    """The values that are numbers and have a time; none of these metrics can be negative."""
    for sample in objects(samples):
        value = sample.get("Value")
        value = value if isinstance(value, dict) else {}
        epoch, figure = fields.number(value.get("Timestamp")), fields.number(value.get("Value"))
        if epoch is not None and figure is not None and figure >= 0:
            yield _Value(epoch, figure)
