"""Metrics, billing and pre-checks: told as UCloud documents them, to calls that name what it documents."""

import time
from collections.abc import Mapping
from typing import Any

import pytest
import requests

from local.simulator import Simulator, simulator_running
from tests.local.asking import ask, check, data_of, one_task, rows_of, sdk, send, signed
from udts_monitor.adapters.answer import Answer, FailedCall
from udts_monitor.adapters.listing import list_tasks
from udts_monitor.adapters.metrics import WatchedTasks, figures_of, lag_of_tasks
from udts_monitor.adapters.precheck import FailedItem, failed_items
from udts_monitor.adapters.ucloud import Reader
from udts_monitor.decision.observation import NoAnswer
from udts_monitor.task import TaskRef

LAG = {
    "delay_seconds": [0, 600],
    "remaining_bytes": 5_000_000,
    "seconds_to_level": 60,
    "read_bytes_per_second": 2000.5,
    "written_bytes_per_second": 1000,
    "read_rows_per_second": 20,
    "written_rows_per_second": 10,
}
WINDOW = {"Offset": 0, "Limit": 100}
PLACE = {"Region": "cn-bj2", "ProjectId": "org-default", "ProductKey": "udts"}
METRICS = (
    "udts_sync_syncing_delay_time",
    "udts_sync_remaining_binlogsize",
    "udts_sync_estimate_remaining_seconds",
    "udts_source_data_size",
    "udts_target_data_size",
    "udts_source_data_count",
    "udts_target_data_count",
)


def resources(simulator: Simulator, **parameters: object) -> list[dict[str, Any]]:
    """The List of a successful QueryMetricDataSummary."""
    found = data_of(ask(simulator, "QueryMetricDataSummary", **(PLACE | WINDOW | parameters)))["List"]
    assert isinstance(found, list)
    return found


def ids(simulator: Simulator, **parameters: object) -> list[object]:
    """The resources of a successful QueryMetricDataSummary."""
    return [row["ResourceId"] for row in resources(simulator, **parameters)]


# --- Metrics --------------------------------------------------------------------------------------


def test_metrics_are_told_as_the_map_of_the_documented_example() -> None:
    """Each with the moment it was measured; a pair of numbers moves while the step lasts."""
    step = {"status": "Syncing", "seconds": 100_000, "lag": LAG | {"age_seconds": 120}}
    with simulator_running(one_task(step, name="orders")) as simulator:
        simulator.advance(50_000)
        (row,) = resources(simulator)
    assert (row["ResourceId"], row["Name"], row["Region"]) == ("udts-1", "orders", "cn-bj2")
    assert set(row["MonitorAttr"]) == set(METRICS)
    (sample,) = row["MonitorAttr"][METRICS[0]]
    assert sample["Metric"] == METRICS[0]
    assert sample["Value"]["Value"] == pytest.approx(300, abs=1)
    assert sample["Value"]["Timestamp"] == pytest.approx(time.time() + 50_000 - 120, abs=30)


def test_metrics_are_told_as_the_declared_array_when_asked_to() -> None:
    """By the scenario, or from some moment on."""
    scenario = one_task({"status": "Syncing", "lag": LAG})
    with simulator_running(scenario | {"metrics_shape": "array"}) as simulator:
        attribute = resources(simulator)[0]["MonitorAttr"]
        assert [item["Metric"] for item in attribute] == list(METRICS)
        assert attribute[1]["MetricValues"][0]["Value"]["Value"] == 5_000_000
        simulator.set_metrics_shape("map")
        assert isinstance(resources(simulator)[0]["MonitorAttr"], dict)
        requests.put(f"{simulator.url}/_control/metrics", json={"shape": "array"}, timeout=5)
        assert isinstance(resources(simulator)[0]["MonitorAttr"], list)


@pytest.mark.parametrize(("shape", "nothing"), [("map", {}), ("array", [])])
def test_a_step_without_lag_has_no_values(shape: str, nothing: object) -> None:
    """The resource is there all the same; figures that are not given are not made up."""
    scenario = one_task("Syncing", {"status": "Synced", "lag": {"delay_seconds": 0}})
    with simulator_running(scenario | {"metrics_shape": shape}) as simulator:
        assert resources(simulator)[0]["MonitorAttr"] == nothing
        check(simulator)
        check(simulator)
        assert len(resources(simulator)[0]["MonitorAttr"]) == 1


def test_metrics_are_those_of_the_product_region_and_project_asked_for() -> None:
    """A transfer task is a resource of udts, an integration task of udtsdis."""
    tasks = [
        {"id": "udts-1", "steps": ["Syncing"]},
        {"id": "udts-2", "steps": ["Syncing"], "service_type": "integration"},
        {"id": "udts-3", "steps": ["Syncing"], "project": "org-b"},
    ]
    with simulator_running({"tasks": tasks}) as simulator:
        assert ids(simulator) == ["udts-1"]
        assert ids(simulator, ProductKey="udtsdis") == ["udts-2"]
        assert ids(simulator, ProjectId="org-b") == ["udts-3"]
        assert ids(simulator, Region="cn-sh2") == []


def test_metrics_and_resources_can_be_named() -> None:
    """By lists that are numbered from 0."""
    tasks = [{"id": f"udts-{n}", "steps": [{"status": "Syncing", "lag": LAG}]} for n in (1, 2, 3)]
    with simulator_running({"tasks": tasks}) as simulator:
        named = {"ResourceIds.0": "udts-3", "ResourceIds.1": "udts-1", "Metrics.0": METRICS[2]}
        rows = resources(simulator, **named)
    assert [(row["ResourceId"], list(row["MonitorAttr"])) for row in rows] == [
        ("udts-1", [METRICS[2]]),
        ("udts-3", [METRICS[2]]),
    ]


def test_metrics_are_paged_and_counted() -> None:
    """The total is that of all pages."""
    tasks = [{"id": f"udts-{n}", "steps": ["Syncing"]} for n in range(5)]
    with simulator_running({"tasks": tasks}) as simulator:
        answer = data_of(ask(simulator, "QueryMetricDataSummary", **PLACE, Offset=3, Limit=10))
        assert (ids(simulator, Offset=1, Limit=2), answer["Total"]) == (["udts-1", "udts-2"], 5)
        assert isinstance(answer["List"], list)
        assert len(answer["List"]) == 2


# --- Parameters -----------------------------------------------------------------------------------


@pytest.mark.parametrize("missing", ["Region", "ProjectId", "ProductKey", "Offset", "Limit"])
def test_metrics_need_all_parameters_that_are_required(missing: str) -> None:
    """The refusal names the one that is not there."""
    given = {name: value for name, value in (PLACE | WINDOW).items() if name != missing}
    with simulator_running() as simulator:
        answer = ask(simulator, "QueryMetricDataSummary", **given)
    assert answer["RetCode"] == 21003
    assert f"[{missing}]" in str(answer["Message"])


@pytest.mark.parametrize(
    ("action", "parameters"),
    [
        ("QueryMetricDataSummary", PLACE | WINDOW | {"Metric.0": METRICS[0]}),
        ("QueryMetricDataSummary", PLACE | WINDOW | {"Metrics.1": METRICS[0]}),
        ("QueryMetricDataSummary", PLACE | WINDOW | {"Metrics.00": METRICS[0]}),
        ("QueryMetricDataSummary", PLACE | WINDOW | {"Metrics": METRICS[0]}),
        ("QueryMetricDataSummary", PLACE | WINDOW | {"ProductKey": "umem"}),
        ("QueryMetricDataSummary", PLACE | WINDOW | {"Limit": "all"}),
        ("GetUDTSPrecheckTask", {"TaskID": "udts-1"}),
        ("GetUDTSTaskHistory", {"TaskId": "udts-1", "Limit": 5}),
        ("GetUDTSTaskStatus", {"TaskId": "udts-1", "Project": "org-a"}),
        ("ListUDTSTask", {"TaskId": "udts-1"}),
    ],
)
def test_a_parameter_that_is_misspelt_or_wrong_is_refused(action: str, parameters: dict[str, object]) -> None:
    """It would change nothing, and nobody would see it."""
    with simulator_running(one_task("Loading")) as simulator:
        assert ask(simulator, action, **parameters)["RetCode"] == 21003


@pytest.mark.parametrize(
    ("action", "parameters"),
    [
        ("QueryMetricDataSummary", PLACE | WINDOW),
        ("GetUDTSPrecheckTask", {"TaskId": "udts-1"}),
        ("GetUDTSTaskHistory", {"TaskId": "udts-1"}),
        ("ListUDTSTask", WINDOW),
    ],
)
def test_every_action_is_refused_without_the_right_signature(
    action: str, parameters: dict[str, object]
) -> None:
    """Before its parameters are looked at; a fault can be aimed at it too."""
    with simulator_running(one_task("Loading")) as simulator:
        call = signed(simulator, action, **parameters)
        assert send(simulator, call | {"Signature": "0" * 40}).json()["RetCode"] == 171
        assert send(simulator, call | {"ProjectId": "org-b"}).json()["RetCode"] == 171
        assert send(simulator, call).json()["RetCode"] == 0
        simulator.inject(ret_code=299, action=action, count=1)
        assert send(simulator, call).json()["RetCode"] == 299
        assert check(simulator)["Status"] == "Loading"


# --- Name, billing and pre-check ------------------------------------------------------------------


def row_of(simulator: Simulator) -> dict[str, object]:
    """The only row of the list."""
    (row,) = rows_of(ask(simulator, "ListUDTSTask"))
    return row


def test_a_task_says_until_when_it_is_paid_for() -> None:
    """Thirty days and renewed unless its plan says otherwise; expired once the time has come."""
    with simulator_running(one_task("Loading")) as simulator:
        row = row_of(simulator)
        assert (row["AutoRenew"], row["IsExpire"]) == ("Yes", "No")
        assert row["ExpireTime"] == pytest.approx(time.time() + 30 * 86400, abs=30)
    with simulator_running(one_task("Loading", auto_renew=False, expires_in_seconds=3600)) as simulator:
        assert (row_of(simulator)["AutoRenew"], row_of(simulator)["IsExpire"]) == ("No", "No")
        simulator.advance(3601)
        assert row_of(simulator)["IsExpire"] == "Yes"


def test_a_step_renames_a_task_and_changes_its_billing_for_good() -> None:
    """The expiry counts from the moment the step begins."""
    steps = (
        {"status": "Loading", "seconds": 60},
        {"status": "Syncing", "seconds": 60, "name": "new", "auto_renew": False, "expires_in_seconds": 600},
        {"status": "Synced"},
    )
    with simulator_running(one_task(*steps, name="old")) as simulator:
        assert row_of(simulator)["Name"] == "old"
        simulator.advance(125)
        row = row_of(simulator)
        assert (row["Status"], row["Name"], row["AutoRenew"]) == ("Synced", "new", "No")
        assert row["ExpireTime"] == pytest.approx(time.time() + 125 - 65 + 600, abs=30)
        assert resources(simulator)[0]["Name"] == "new"


def test_a_pre_check_says_what_it_found_until_another_takes_its_place() -> None:
    """Nothing, as in the documented example, before one took place."""
    item = {"type": "grants", "message": "no SELECT", "instruction": "GRANT it", "is_target": True}
    with simulator_running(one_task("Created")) as simulator:
        assert data_of(ask(simulator, "GetUDTSPrecheckTask", TaskId="udts-1")) == {}
        simulator.set_status("udts-1", "Failed", precheck=[item])
        simulator.set_status("udts-1", "Created")
        assert data_of(ask(simulator, "GetUDTSPrecheckTask", TaskId="udts-1")) == {
            "State": "Failed",
            "PrecheckResultItem": [
                {
                    "State": "Failed",
                    "Type": "grants",
                    "ErrMessage": "no SELECT",
                    "Instruction": "GRANT it",
                    "IsTarget": True,
                }
            ],
        }
        simulator.set_status("udts-1", "Started", precheck=[])
        passed = data_of(ask(simulator, "GetUDTSPrecheckTask", TaskId="udts-1"))
        assert passed == {"State": "Success", "PrecheckResultItem": []}


# --- Witnesses: the official SDK, and the readers -------------------------------------------------


def test_the_official_sdk_reads_metrics() -> None:
    """Its own signing, parameters and parsing; of the two documented shapes it knows the array."""
    scenario = one_task({"status": "Syncing", "lag": LAG}) | {"metrics_shape": "array"}
    asked = {
        "Limit": 10,
        "Offset": 0,
        "ProductKey": "udts",
        "Metrics": [METRICS[1]],
        "ResourceIds": ["udts-1"],
    }
    with simulator_running(scenario) as simulator:
        cloudwatch = sdk(simulator, project_id="org-default").cloudwatch()
        (row,) = cloudwatch.query_metric_data_summary(asked)["Data"]["List"]
        assert row["ResourceId"] == "udts-1"
        (attribute,) = row["MonitorAttr"]
        assert (attribute["Metric"], attribute["MetricValues"][0]["Value"]["Value"]) == (METRICS[1], 5e6)


def test_the_official_sdk_signs_a_pre_check_call() -> None:
    """It has no method for it; its generic call is signed like any other."""
    with simulator_running(one_task("Created")) as simulator:
        answer = (
            sdk(simulator, project_id="org-default")
            .udts()
            .invoke("GetUDTSPrecheckTask", {"TaskId": "udts-1"})
        )
        assert (answer["RetCode"], answer["Data"]) == (0, {})


class Asking:
    """The readers' client: one signed call of the simulator, without retries."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    def call[T](self, parameters: Mapping[str, str], deadline: float, read: Reader[T]) -> T | FailedCall:
        """What is read in the decoded answer."""
        del deadline
        named = {"action" if name == "Action" else name: text for name, text in parameters.items()}
        return read(Answer(ask(self._simulator, **named)))


@pytest.mark.parametrize("shape", ["map", "array"])
@pytest.mark.parametrize("service_type", ["transfer", "integration"])
def test_the_readers_understand_the_simulator(shape: str, service_type: str) -> None:
    """Every parameter they send is known, and every figure of a step arrives, in both shapes and products."""
    step = {
        "status": "Checking",
        "lag": LAG | {"delay_seconds": 7},
        "precheck": [{"type": "t", "message": "m"}],
    }
    tasks = [
        {"id": f"udts-{n}", "name": f"db-{n}", "steps": [step], "service_type": service_type}
        for n in range(45)
    ]
    with simulator_running({"metrics_shape": shape, "tasks": tasks}) as simulator:
        caller = Asking(simulator)
        listed = list_tasks(caller, project_id="", task_type=service_type, deadline=0)
        assert not isinstance(listed, NoAnswer)
        assert [task.name for task in listed] == [f"db-{n}" for n in range(45)]
        watched = WatchedTasks(
            task_type=service_type, project_id="org-default", region="cn-bj2", task_ids=frozenset({"udts-44"})
        )
        lags = lag_of_tasks(caller, watched, now=listed[0].created_at or pytest.fail("no time"), deadline=0)
        assert not isinstance(lags, NoAnswer)
        lag = lags["udts-44"]
        assert (lag.delay_seconds, lag.remaining_bytes, lag.seconds_to_level) == (7, 5_000_000, 60)
        assert (lag.read_bytes_per_second, lag.written_bytes_per_second) == (2000.5, 1000)
        assert (lag.read_rows_per_second, lag.written_rows_per_second) == (20, 10)
        task = TaskRef(task_id="udts-1", type=service_type)
        assert failed_items(caller, task, deadline=0) == (FailedItem(type="t", message="m", is_target=False),)
    assert list(figures_of("udts")) == list(METRICS)
