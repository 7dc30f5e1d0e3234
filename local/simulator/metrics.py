"""QueryMetricDataSummary: what a task's step says of its lag, under UCloud's metric names, in either shape.

Source: UCloud API reference, QueryMetricDataSummary (an array is declared, the example shows a map);
CloudWatch, metrics of udts and udtsdis.
"""

from collections.abc import Collection, Mapping
from typing import Literal

from local.simulator.steps import Lag

type Shape = Literal["map", "array"]

# The product of each service type, and its metrics in the order of the fields of Lag.
PRODUCTS: Mapping[str, str] = {"transfer": "udts", "integration": "udtsdis"}
METRICS: Mapping[str, tuple[str, ...]] = {
    "udts": (
        "udts_sync_syncing_delay_time",
        "udts_sync_remaining_binlogsize",
        "udts_sync_estimate_remaining_seconds",
        "udts_source_data_size",
        "udts_target_data_size",
        "udts_source_data_count",
        "udts_target_data_count",
    ),
    "udtsdis": (
        "udtsdis_sync_syncing_delay_time",
        "udtsdis_sync_remaining_binlogsize",
        "udtsdis_sync_estimate_remaining_seco",
        "udtsdis_source_data_size",
        "udtsdis_target_data_size",
        "udtsdis_source_data_count",
        "udtsdis_target_data_count",
    ),
}


def monitor_attr(
    values: Mapping[str, float], *, measured_at: float, asked: Collection[str], shape: Shape
) -> object:
    """MonitorAttr of one resource; of all its metrics unless some are asked for."""
    samples = {
        metric: [_sample(metric, value, measured_at)]
        for metric, value in values.items()
        if metric in asked or not asked
    }
    if shape == "map":
        return samples
    return [{"Metric": metric, "MetricValues": samples[metric]} for metric in samples]


def values_of(lag: Lag, product: str, share: float) -> dict[str, float]:
    """The metrics of a product when ``share`` of the step is over; a figure not given is not among them."""
    figures = (
        lag.delay_seconds,
        lag.remaining_bytes,
        lag.seconds_to_level,
        lag.read_bytes_per_second,
        lag.written_bytes_per_second,
        lag.read_rows_per_second,
        lag.written_rows_per_second,
    )
    return {
        metric: pair[0] + (pair[1] - pair[0]) * share
        for metric, pair in zip(METRICS[product], figures, strict=True)
        if pair is not None
    }


def _sample(metric: str, value: float, measured_at: float) -> dict[str, object]:
    return {"Metric": metric, "TagsList": [], "Value": {"Timestamp": int(measured_at), "Value": value}}
