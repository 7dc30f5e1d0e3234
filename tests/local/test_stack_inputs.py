"""What `make up` watches, and what it refuses before anything is started."""

import pytest

from local import background
from local.lifetime import StackError
from local.simulator.scenario import load_scenario
from local.simulator.simulator import TEST_PRIVATE_KEY, TEST_PUBLIC_KEY
from local.stack_inputs import StackInputs, task_list

REAL = {"UCLOUD_PUBLIC_KEY": "public", "UCLOUD_PRIVATE_KEY": "private", "UDTS_TASKS": "udts-1"}


def test_keys_and_tasks_watch_the_real_ucloud_with_the_callers_configuration() -> None:
    """The variables are those of the README; what is not set has the template's default."""
    inputs = StackInputs.from_environment({**REAL, "HISTORY_RETENTION_DAYS": "48"})
    assert inputs.real
    assert inputs.keys == {"public_key": "public", "private_key": "private"}
    expected = {
        "UdtsTasks": "udts-1",
        "HistoryRetentionDays": "48",
        "UcloudBaseUrl": "https://api.ucloud.cn",
        "SampleMinutes": "5",
    }
    assert inputs.parameters.items() >= expected.items()


def test_without_keys_and_tasks_the_simulator_is_watched() -> None:
    """Its keys open nothing else."""
    inputs = StackInputs.from_environment({})
    assert not inputs.real
    assert inputs.keys == {"public_key": TEST_PUBLIC_KEY, "private_key": TEST_PRIVATE_KEY}


@pytest.mark.parametrize("missing", REAL)
def test_half_a_configuration_is_refused(missing: str) -> None:
    """Who set two of three wanted the real UCloud and would watch the simulator without noticing."""
    with pytest.raises(StackError, match=f"missing: {missing}"):
        StackInputs.from_environment({**REAL, missing: ""})


def test_a_configuration_that_a_run_would_refuse_is_refused_with_everything_that_is_wrong() -> None:
    """In the run's own words, and before the minute that starting takes."""
    wrong = {
        "UDTS_TASKS": "udts/1/2, udts-2:nonsense",
        "DISPLAY_TIMEZONE": "Mars/Base",
        "NOTIFY_ON": "fialed",
    }
    with pytest.raises(StackError, match="The configuration is wrong") as refused:
        StackInputs.from_environment({**REAL, **wrong})
    for each in ("udts/1/2", "nonsense", "Mars/Base", "fialed"):
        assert each in str(refused.value)
    # What only the deployment fills in is not called missing.
    assert "TABLE_NAME" not in str(refused.value)


def test_the_callers_environment_is_neither_read_nor_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what was given counts."""
    monkeypatch.setenv("NOTIFY_ON", "nonsense")
    assert StackInputs.from_environment(REAL).parameters["NotifyOn"] == "all"


def test_every_task_of_the_scenario_is_watched() -> None:
    """With its name and project, in the short form of UDTS_TASKS."""
    tasks = task_list(load_scenario(background.SCENARIO))
    assert "orders-db=org-hiny12/udts-orders:transfer" in tasks.split(", ")
    assert "udts-short:transfer" in tasks.split(", ")
