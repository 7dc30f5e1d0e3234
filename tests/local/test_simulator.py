"""The simulator answers as UCloud's documentation says, and tells what its scenario says."""

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from ucloud.core import exc  # type: ignore[import-untyped]
from ucloud.core.auth import Credential  # type: ignore[import-untyped]
from ucloud.core.typesystem import encoder  # type: ignore[import-untyped]

from local.simulator import signature_of, simulator_running
from tests.local.asking import ask, check, one_task, rows_of, sdk, send, signed, statuses

DOCUMENTED_PUBLIC_KEY = "ucloudsomeone@example.com1296235120854146120"
DOCUMENTED_PRIVATE_KEY = "46f09bb9fab4f12dfc160dae12273d5332b5debe"

# --- Signature ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "signature"),
    [
        pytest.param(
            {"Action": "DescribeUHostInstance", "Region": "cn-bj2", "Limit": 10},
            "cba5cf5ec4d4233d206b1b54951e3787350a642f",
            id="the short vector",
        ),
        pytest.param(
            {
                "Action": "CreateUHostInstance",
                "CPU": 2,
                "ChargeType": "Month",
                "DiskSpace": 10,
                "ImageId": "f43736e1-65a5-4bea-ad2e-8a46e18883c2",
                "LoginMode": "Password",
                "Memory": 2048,
                "Name": "Host01",
                "Password": "VUNsb3VkLmNu",
                "Quantity": 1,
                "Region": "cn-bj2",
                "Zone": "cn-bj2-04",
            },
            "4f9ef5df2abab2c6fccd1e9515cb7e2df8c6bb65",
            id="the long vector",
        ),
    ],
)
def test_signatures_equal_the_published_vectors(parameters: dict[str, object], signature: str) -> None:
    """Source: UCloud API reference, "Signature algorithm" and "Public parameters"."""
    assert (
        signature_of(parameters | {"PublicKey": DOCUMENTED_PUBLIC_KEY}, DOCUMENTED_PRIVATE_KEY) == signature
    )


# The SDK writes 1e-07 where the documentation forbids scientific notation: there it is no witness.
FLOATS = st.floats(allow_nan=False, allow_infinity=False).filter(
    lambda value: value % 1 == 0 or "e" not in str(value)
)
SCALARS = st.booleans() | st.integers() | FLOATS | st.text()
NAMES = st.text(alphabet="abcXYZ0189", min_size=1)
FLAT = st.dictionaries(NAMES, SCALARS)
NESTED = st.dictionaries(NAMES, SCALARS | FLAT | st.lists(SCALARS | FLAT))


@given(parameters=NESTED, public_key=st.text(), private_key=st.text())
def test_signatures_equal_the_official_sdks(
    parameters: dict[str, object], public_key: str, private_key: str
) -> None:
    """Flat and nested parameters of every type JSON has, but null, are signed as the SDK signs them."""
    ours = signature_of(parameters | {"PublicKey": public_key}, private_key)
    assert ours == Credential(public_key, private_key).verify_ac(encoder.encode(parameters))


def test_small_fractions_are_signed_without_scientific_notation() -> None:
    """The rule the SDK breaks: 0.0000001 is signed as it is written."""
    assert signature_of({"Share": 1e-7}, "key") == signature_of({"Share": "0.0000001"}, "key")


# --- The gateway ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "ret_code"),
    [
        pytest.param({"Action": ""}, 160, id="no action"),
        pytest.param({"Action": "DescribeUHostInstance"}, 161, id="an action of another product"),
        pytest.param({"Signature": ""}, 170, id="no signature"),
        pytest.param({"Signature": "0" * 40}, 171, id="a wrong signature"),
        pytest.param({"Signature": "ñ"}, 171, id="a signature that is none"),
        pytest.param({"TaskId": "udts-2"}, 171, id="parameters changed after signing"),
        pytest.param({"PublicKey": "somebody-else"}, 172, id="an unknown user"),
    ],
)
def test_the_gateway_refuses_with_the_documented_ret_code(change: dict[str, str], ret_code: int) -> None:
    """A refusal is HTTP 200 with RetCode, Message and Action, and leaves the task as it was."""
    with simulator_running(one_task("Loading", "Done")) as simulator:
        answer = send(simulator, signed(simulator, "GetUDTSTaskStatus", TaskId="udts-1") | change).json()
        assert (answer["RetCode"], "Data" in answer) == (ret_code, False)
        assert answer["Message"]
        assert answer["Action"] == f"{change.get('Action', 'GetUDTSTaskStatus')}Response"
        assert check(simulator)["Status"] == "Loading"


def test_a_project_that_is_not_listed_is_refused() -> None:
    """RetCode 292, but only for projects the scenario does not list."""
    with simulator_running({"projects": ["org-a"]}) as simulator:
        assert ask(simulator, "ListUDTSTask", ProjectId="org-b")["RetCode"] == 292
        assert ask(simulator, "ListUDTSTask", ProjectId="org-a")["RetCode"] == 0
        assert ask(simulator, "ListUDTSTask")["RetCode"] == 0


def test_without_a_list_every_project_exists() -> None:
    """A scenario that says nothing about projects refuses none."""
    with simulator_running() as simulator:
        assert ask(simulator, "ListUDTSTask", ProjectId="org-b")["RetCode"] == 0


@pytest.mark.parametrize(
    "action", ["GetUDTSTaskStatus", "GetUDTSTaskHistory", "StartUDTSTask", "StopUDTSTask"]
)
@pytest.mark.parametrize(
    "aim",
    [
        pytest.param({"TaskId": "udts-9"}, id="a task there is not"),
        pytest.param({"TaskId": "udts-1", "ProjectId": "org-b"}, id="a task of another project"),
        pytest.param({"TaskId": "udts-1", "Type": "integration"}, id="a task of another type"),
        pytest.param({}, id="no task id"),
    ],
)
def test_a_task_that_cannot_be_found_is_a_product_error(action: str, aim: dict[str, str]) -> None:
    """Product codes are above 2000, and the message names the task."""
    with simulator_running(one_task("Loading")) as simulator:
        answer = ask(simulator, action, **aim)
        assert int(str(answer["RetCode"])) > 2000
        assert aim.get("TaskId", "[]") in str(answer["Message"])


def test_requests_may_be_get_form_or_json() -> None:
    """All three ways UCloud documents give the same answer; JSON numbers are signed as numbers."""
    with simulator_running(one_task("Loading")) as simulator:
        parameters = signed(simulator, "ListUDTSTask", Offset=0, Limit=5)
        texts = {name: str(value) for name, value in parameters.items()}
        answers = [
            requests.get(simulator.url, params=texts, timeout=5).json(),
            requests.post(simulator.url, data=texts, timeout=5).json(),
            requests.post(simulator.url, json=parameters, timeout=5).json(),
        ]
        assert [len(rows_of(answer)) for answer in answers] == [1, 1, 1]


@pytest.mark.parametrize("body", ["", "{", "[]", "null", '"text"'])
def test_a_json_body_that_cannot_be_read_has_no_action(body: str) -> None:
    """RetCode 160 and not a server error."""
    with simulator_running() as simulator:
        headers = {"Content-Type": "application/json"}
        answer = requests.post(simulator.url, data=body, headers=headers, timeout=5)
        assert (answer.status_code, answer.json()["RetCode"]) == (200, 160)


def test_every_answer_carries_a_request_uuid_of_its_own() -> None:
    """Success, refusal and fault alike: support asks for it in every case."""
    with simulator_running(one_task("Loading")) as simulator:
        parameters = signed(simulator, "GetUDTSTaskStatus", TaskId="udts-1")
        answers = [send(simulator, parameters), send(simulator, {})]
        simulator.inject(http_status=503)
        answers.append(send(simulator, parameters))
        uuids = {answer.headers["X-UCLOUD-REQUEST-UUID"] for answer in answers}
        assert len(uuids) == 3


# --- What a task tells ----------------------------------------------------------------------------


def test_a_status_answer_has_every_field_of_its_step() -> None:
    """The YAML's readable names arrive under UCloud's names, retries included."""
    progress = {
        "total_count": 1000,
        "cur_count": 250,
        "total_duration_seconds": 80,
        "cur_duration_seconds": 20,
        "percentage": 25.5,
        "redis_offset_size": 7,
        "redis_delay_seconds": 8,
        "mongo_delay_seconds": 9,
    }
    position = {"binlog_name": "mysql-bin.000006", "binlog_pos": 154, "binlog_gtid": "3e11:1-5"}
    step = {
        "status": "Failed",
        "failed_message": "Error 1040",
        "cur_retry": 2,
        "progress": progress,
        "position": position,
    }
    with simulator_running(one_task(step, max_retry=3)) as simulator:
        assert ask(simulator, "GetUDTSTaskStatus", TaskId="udts-1") == {
            "Action": "GetUDTSTaskStatusResponse",
            "RetCode": 0,
            "Message": "",
            "Data": {
                "Status": "Failed",
                "FailedMessage": "Error 1040",
                "MaxRetryCount": 3,
                "CurRetryCount": 2,
                "Progress": {
                    "TotalCount": 1000,
                    "CurCount": 250,
                    "TotalDuration": 80,
                    "CurDuration": 20,
                    "Percentage": 25.5,
                    "RedisOffsetSize": 7,
                    "RedisDelayTime": 8,
                    "MongoDelayTime": 9,
                },
                "Sync": {"BinlogName": "mysql-bin.000006", "BinlogPos": 154, "BinlogGTID": "3e11:1-5"},
            },
        }


def test_what_a_step_does_not_give_is_not_in_the_answer() -> None:
    """No empty Progress or Sync is made up."""
    with simulator_running(one_task("Syncing")) as simulator:
        assert check(simulator) == {"Status": "Syncing", "MaxRetryCount": 0, "CurRetryCount": 0}


def test_bare_words_are_told_once_each_and_the_last_for_ever() -> None:
    """The short form for walks through statuses, one per check."""
    with simulator_running(one_task("Dumping", "Loading", "Done")) as simulator:
        assert statuses(simulator, 5) == ["Dumping", "Loading", "Done", "Done", "Done"]


def test_a_step_of_checks_lasts_that_many_status_calls() -> None:
    """Only status calls count: listing and history look without moving the task."""
    with simulator_running(one_task({"status": "Loading", "checks": 3}, "Done")) as simulator:
        told = []
        for _ in range(5):
            rows_of(ask(simulator, "ListUDTSTask"))
            rows_of(ask(simulator, "GetUDTSTaskHistory", TaskId="udts-1"))
            told += statuses(simulator, 1)
        assert told == ["Loading", "Loading", "Loading", "Done", "Done"]


def test_a_step_of_seconds_lasts_however_often_it_is_asked() -> None:
    """Time alone ends it; several steps may pass between two calls, and a step of checks waits to be told."""
    steps = ({"status": "Starting", "seconds": 60}, {"status": "Dumping", "seconds": 60}, "Loading", "Done")
    with simulator_running(one_task(*steps)) as simulator:
        assert statuses(simulator, 3) == ["Starting", "Starting", "Starting"]
        simulator.advance(3600)
        assert statuses(simulator, 3) == ["Loading", "Done", "Done"]


def test_numbers_move_in_a_straight_line_while_a_timed_step_lasts() -> None:
    """A pair goes from its first to its second number, and stays there in a last step."""
    step = {
        "status": "Loading",
        "seconds": 100_000,
        "progress": {"total_count": 1000, "cur_count": [0, 1000], "percentage": [0, 100]},
        "position": {"binlog_name": "mysql-bin.000006", "binlog_pos": [500, 100]},
    }
    with simulator_running(one_task(step)) as simulator:
        simulator.advance(50_050)
        halfway = check(simulator)
        simulator.advance(1_000_000)
        after = check(simulator)
    assert halfway["Progress"] == {
        "TotalCount": 1000,
        "CurCount": 500,
        "Percentage": pytest.approx(50, abs=0.1),
    }
    assert halfway["Sync"] == {"BinlogName": "mysql-bin.000006", "BinlogPos": 300}
    assert after["Progress"] == {"TotalCount": 1000, "CurCount": 1000, "Percentage": 100}
    assert after["Sync"] == {"BinlogName": "mysql-bin.000006", "BinlogPos": 100}


def test_numbers_move_from_check_to_check_in_a_step_of_checks() -> None:
    """The first check tells the first number and the last check the last."""
    step = {"status": "Loading", "checks": 3, "progress": {"cur_count": [0, 10]}}
    with simulator_running(one_task(step, "Done")) as simulator:
        assert [check(simulator)["Progress"] for _ in range(3)] == [{"CurCount": n} for n in (0, 5, 10)]


def test_a_fault_step_spoils_the_call_and_keeps_the_status() -> None:
    """Asking goes wrong, the list still shows what the task was."""
    steps = ("Loading", {"fault": {"http_status": 503}, "checks": 2}, {"fault": {"ret_code": 150}}, "Done")
    with simulator_running(one_task(*steps)) as simulator:
        call = signed(simulator, "GetUDTSTaskStatus", TaskId="udts-1")
        assert check(simulator)["Status"] == "Loading"
        assert [send(simulator, call).status_code for _ in range(2)] == [503, 503]
        assert send(simulator, call).json()["RetCode"] == 150
        assert rows_of(ask(simulator, "ListUDTSTask"))[0]["Status"] == "Loading"
        assert check(simulator)["Status"] == "Done"


# --- List, history, start and stop ----------------------------------------------------------------


def test_the_list_is_paged_by_offset_and_limit() -> None:
    """Twenty rows unless asked otherwise, in the scenario's order, and nothing beyond the end."""
    tasks = [{"id": f"udts-{number}", "steps": ["Loading"]} for number in range(25)]
    with simulator_running({"tasks": tasks}) as simulator:

        def page(**window: object) -> list[object]:
            return [row["TaskId"] for row in rows_of(ask(simulator, "ListUDTSTask", **window))]

        assert page() == [f"udts-{number}" for number in range(20)]
        assert page(Offset=20) == [f"udts-{number}" for number in range(20, 25)]
        assert page(Offset=3, Limit=2) == ["udts-3", "udts-4"]
        assert page(Offset=25) == []
        assert ask(simulator, "ListUDTSTask", Limit="-1")["RetCode"] == 21003


def test_the_list_shows_the_tasks_of_the_project_and_type_asked_for() -> None:
    """Without a project it is the default project; a Type, if given, is the service type."""
    tasks = [
        {"id": "udts-1", "steps": ["Loading"]},
        {"id": "udts-2", "steps": ["Loading"], "service_type": "integration"},
        {"id": "udts-3", "steps": ["Loading"], "project": "org-b"},
    ]
    with simulator_running({"default_project": "org-a", "tasks": tasks}) as simulator:

        def ids(**aim: str) -> list[object]:
            return [row["TaskId"] for row in rows_of(ask(simulator, "ListUDTSTask", **aim))]

        assert ids() == ids(ProjectId="org-a") == ["udts-1", "udts-2"]
        assert ids(ProjectId="org-b") == ["udts-3"]
        assert ids(Type="integration") == ["udts-2"]


def test_a_list_row_has_the_documented_fields() -> None:
    """Everything of ListUDTSTask's row, without FailedMessage and Sync."""
    step = {
        "status": "Failed",
        "failed_message": "no",
        "progress": {"cur_count": 1},
        "position": {"binlog_name": "b", "binlog_pos": 1},
    }
    with simulator_running(one_task(step, name="orders", type="full", max_retry=2)) as simulator:
        row = rows_of(ask(simulator, "ListUDTSTask"))[0]
    identity = {"TaskId", "Name", "Type", "ServiceType", "CreateTime"}
    state = {"Status", "MaxRetryCount", "CurRetryCount", "Progress"}
    billing = {"ChargeType", "AutoRenew", "IsExpire", "ExpireTime"}
    assert set(row) == identity | state | billing
    assert (row["Name"], row["Type"], row["Status"]) == ("orders", "full", "Failed")


def test_history_has_a_row_for_each_change_of_status() -> None:
    """Also for steps that passed while nobody asked, each with the moment it began."""
    steps = ({"status": "Dumping", "seconds": 60}, {"status": "Loading", "seconds": 60}, {"status": "Done"})
    with simulator_running(one_task(*steps)) as simulator:
        simulator.advance(500)
        rows = rows_of(ask(simulator, "GetUDTSTaskHistory", TaskId="udts-1"))
    assert [(row["AntID"], row["AntState"]) for row in rows] == [
        ("udts-1", status) for status in ("Dumping", "Loading", "Done")
    ]
    times = [int(str(row["CreateTime"])) for row in rows]
    assert [later - times[0] for later in times] == [0, 60, 120]
    assert len(str(rows[0]["CreateTimeH"])) == len("2019-06-04 06:34:37")


def test_a_stopped_task_goes_on_where_it_stopped() -> None:
    """Stopping, Stopped until started, Starting, then the interrupted step and those after it."""
    with simulator_running(one_task({"status": "Loading", "checks": 2}, "Done")) as simulator:
        assert statuses(simulator, 1) == ["Loading"]
        assert ask(simulator, "StopUDTSTask", TaskId="udts-1")["RetCode"] == 0
        assert rows_of(ask(simulator, "ListUDTSTask"))[0]["Status"] == "Stopping"
        assert statuses(simulator, 3) == ["Stopping", "Stopped", "Stopped"]
        assert ask(simulator, "StartUDTSTask", TaskId="udts-1")["RetCode"] == 0
        assert statuses(simulator, 4) == ["Starting", "Loading", "Loading", "Done"]


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        pytest.param({}, ["Starting", "Syncing", "Syncing", "Syncing"], id="incremental syncs"),
        pytest.param({"type": "full"}, ["Starting", "Dumping", "Loading", "Done"], id="full load runs again"),
        pytest.param(
            {"after_start": ["Syncing", "Synced"]},
            ["Starting", "Syncing", "Synced", "Synced"],
            id="as after_start says",
        ),
    ],
)
def test_a_failed_task_can_be_started_again(fields: dict[str, object], told: list[str]) -> None:
    """Starting, then what the scenario or else the type of the task says."""
    with simulator_running(one_task("Failed", **fields)) as simulator:
        assert statuses(simulator, 1) == ["Failed"]
        ask(simulator, "StartUDTSTask", TaskId="udts-1")
        assert statuses(simulator, 4) == told


@pytest.mark.parametrize("status", ["FailedUnrecoverable", "StoppedUnrecoverable"])
def test_a_task_that_failed_for_good_cannot_be_started(status: str) -> None:
    """A product error, and the status stays."""
    with simulator_running(one_task(status)) as simulator:
        assert ask(simulator, "StartUDTSTask", TaskId="udts-1")["RetCode"] == 21002
        assert check(simulator)["Status"] == status


# --- The official SDK as witness ------------------------------------------------------------------


def test_the_official_sdk_works_against_the_simulator() -> None:
    """Status, list, history, stop and start, each through the SDK's own signing and parsing."""
    step = {"status": "Loading", "checks": 2, "progress": {"percentage": 12.5}, "failed_message": "none"}
    with simulator_running(one_task(step, "Done", name="orders", project="org-a")) as simulator:
        udts = sdk(simulator, project_id="org-a").udts()
        data = udts.get_udts_task_status({"TaskId": "udts-1"})["Data"]
        assert (data["Status"], data["Progress"]["Percentage"]) == ("Loading", 12.5)
        assert [row["Name"] for row in udts.list_udts_task({"Offset": "0", "Limit": "10"})["Data"]] == [
            "orders"
        ]
        udts.stop_udts_task({"TaskId": "udts-1"})
        assert udts.get_udts_task_status({"TaskId": "udts-1"})["Data"]["Status"] == "Stopping"
        udts.start_udts_task({"TaskId": "udts-1"})
        history = udts.get_udts_task_history({"TaskId": "udts-1"})["Data"]
        assert [row["AntState"] for row in history] == ["Loading", "Stopping", "Starting"]


def test_the_official_sdk_sees_refusals() -> None:
    """RetCode and request uuid arrive in the SDK's exception."""
    with simulator_running() as simulator:
        udts = sdk(simulator, private_key="wrong").udts()
        with pytest.raises(exc.RetCodeException) as refused:
            udts.get_udts_task_status({"TaskId": "udts-1"})
        assert refused.value.code == 171
        assert refused.value.request_uuid
