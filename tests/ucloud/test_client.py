"""The client against the simulator: what it asks, what it sees, and over how many connections."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from ucloud.core import exc  # type: ignore[import-untyped]

from local.simulator import TEST_PRIVATE_KEY, Simulator, simulator_running
from tests.local.asking import one_task, sdk
from tests.ucloud.asking import KEYS, TASK, Asking
from tests.ucloud.servers import DONE, keeps_alive, raw_server
from udts_monitor.decision.observation import Observation, Position, Progress
from udts_monitor.task import TaskRef

STEP = {
    "status": "Failed",
    "failed_message": "Error 1040: Too many connections\n订单库",
    "cur_retry": 2,
    "progress": {
        "total_count": 1000,
        "cur_count": 250,
        "total_duration_seconds": 80,
        "cur_duration_seconds": 20,
        "percentage": 25.5,
        "redis_offset_size": 7,
        "redis_delay_seconds": 8,
        "mongo_delay_seconds": 9,
    },
    "position": {"binlog_name": "mysql-bin.000006", "binlog_pos": 154, "binlog_gtid": "3e11:1-5"},
}

# --- What it asks ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("task", "parameters"),
    [
        pytest.param(TASK, {}, id="the id alone"),
        pytest.param(TaskRef(task_id="udts-1", project_id="org-a"), {"ProjectId": "org-a"}, id="project"),
        pytest.param(TaskRef(task_id="udts-1", type="transfer"), {"Type": "transfer"}, id="type"),
        pytest.param(
            TaskRef(task_id="udts-1", project_id="org-a", type="transfer", name="orders"),
            {"ProjectId": "org-a", "Type": "transfer"},
            id="both; the name is ours alone",
        ),
    ],
)
def test_a_check_asks_for_the_task_as_it_is_configured(task: TaskRef, parameters: dict[str, str]) -> None:
    """One signed GetUDTSTaskStatus; what the configuration does not say is not sent."""
    with simulator_running(one_task("Loading", project="org-a") | {"default_project": "org-a"}) as simulator:
        assert Asking(simulator.url).observed(task).status == "Loading"
        (call,) = simulator.log().calls
    expected = {"Action": "GetUDTSTaskStatus", "TaskId": "udts-1", "PublicKey": KEYS.public_key}
    assert call.parameters == expected | parameters


def test_the_private_key_never_leaves_the_process() -> None:
    """The request holds the public key and a signature, in a form's body and not in the URL."""
    with raw_server(keeps_alive(DONE)) as server:
        Asking(server.url).observed()
    (request,) = server.requests
    head, _, body = request.partition(b"\r\n\r\n")
    assert head.startswith(b"POST / HTTP/1.1\r\n")
    assert set(parse_qs(body.decode())) == {"Action", "TaskId", "PublicKey", "Signature"}
    assert TEST_PRIVATE_KEY.encode() not in request


def test_the_environment_cannot_lead_requests_elsewhere(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """No proxy, no .netrc: requests go to the configured address and carry nothing else."""
    for variable in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password kEy-Mark\n", encoding="utf-8")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    with raw_server(keeps_alive(DONE)) as server:
        assert Asking(server.url).observed().status == "Done"
    assert b"authorization" not in server.requests[0].lower()


def test_cookies_are_not_kept() -> None:
    """A gateway that sets them does not tie later checks to one of its servers."""
    with raw_server(keeps_alive(DONE, b"Set-Cookie: route=7; Path=/\r\n")) as server:
        asking = Asking(server.url)
        asking.observed()
        asking.observed()
    assert b"cookie" not in server.requests[1].lower()


# --- What it sees ---------------------------------------------------------------------------------


def test_everything_ucloud_says_is_observed() -> None:
    """Status, reason, all figures, position and retries; the request's id for UCloud's support."""
    with simulator_running(one_task(STEP, max_retry=3)) as simulator:
        found = Asking(simulator.url).observed()
    assert found == Observation(
        status="Failed",
        failed_message="Error 1040: Too many connections\n订单库",
        progress=Progress(
            total_rows=1000,
            moved_rows=250,
            total_seconds=80,
            elapsed_seconds=20,
            percent=25.5,
            redis_offset=7,
            redis_delay_seconds=8,
            mongo_delay_seconds=9,
        ),
        position=Position(binlog_name="mysql-bin.000006", binlog_pos=154, binlog_gtid="3e11:1-5"),
        retries_used=2,
        retries_allowed=3,
        request_uuid=found.request_uuid,
    )
    assert len(found.request_uuid) == 36


def test_the_official_sdk_sees_the_same() -> None:
    """Every field the SDK knows has the value it has here; the three it drops are known gains."""
    with simulator_running(one_task(STEP, max_retry=3)) as simulator:
        ours = Asking(simulator.url).observed()
        theirs = sdk(simulator).udts().get_udts_task_status({"TaskId": "udts-1"})["Data"]
    assert ours.progress is not None
    assert ours.position is not None
    figures = theirs["Progress"]
    assert (ours.status, ours.failed_message) == (theirs["Status"], theirs["FailedMessage"])
    assert (ours.retries_used, ours.retries_allowed) == (theirs["CurRetryCount"], theirs["MaxRetryCount"])
    assert (ours.progress.total_rows, ours.progress.moved_rows) == (
        figures["TotalCount"],
        figures["CurCount"],
    )
    assert (ours.progress.total_seconds, ours.progress.elapsed_seconds, ours.progress.percent) == (
        figures["TotalDuration"],
        figures["CurDuration"],
        figures["Percentage"],
    )
    assert (ours.position.binlog_name, ours.position.binlog_pos, ours.position.binlog_gtid) == (
        theirs["Sync"]["BinlogName"],
        theirs["Sync"]["BinlogPos"],
        theirs["Sync"]["BinlogGTID"],
    )
    assert {"RedisOffsetSize", "RedisDelayTime", "MongoDelayTime"}.isdisjoint(figures)


def test_the_official_sdk_is_refused_the_same() -> None:
    """Code and message of a refusal are those the SDK raises."""
    with simulator_running() as simulator:
        ours = Asking(simulator.url).unanswered()
        with pytest.raises(exc.RetCodeException) as theirs:
            sdk(simulator).udts().get_udts_task_status({"TaskId": "udts-1"})
    assert ours.cause == f"RetCode {theirs.value.code}"
    assert theirs.value.message in ours.reason


def test_every_answer_brings_its_request_uuid(simulator: Simulator, asking: Asking) -> None:
    """Observations and refusals alike, each its own: support asks for it in every case."""
    found = [asking.check().request_uuid, asking.check(TaskRef(task_id="udts-9")).request_uuid]
    for fault in ({"http_status": 503}, {"http_status": 403}, {"not_json": True}, {"ret_code": 299}):
        simulator.clear_faults()
        simulator.inject(**fault)
        found.append(asking.check().request_uuid)
    assert len(set(found)) == 6
    assert all(len(uuid) == 36 for uuid in found)


def test_keys_that_ucloud_repeats_are_hidden(simulator: Simulator, asking: Asking) -> None:
    """Its message is told to people and kept in logs."""
    simulator.inject(ret_code=171, message=f"{KEYS.public_key} signed with {KEYS.private_key}")
    reason = asking.unanswered().reason
    assert KEYS.public_key not in reason
    assert KEYS.private_key not in reason
    assert "*** signed with ***" in reason


# --- Over how many connections --------------------------------------------------------------------


def test_a_hundred_checks_share_one_connection(simulator: Simulator, asking: Asking) -> None:
    """A new connection for each check would be thirty times slower."""
    for _ in range(100):
        asking.observed()
    log = simulator.log()
    assert (len(log.calls), log.connections) == (100, 1)


def test_threads_share_a_pool_of_one_connection_each() -> None:
    """And no answer ends up with the wrong task."""
    words = ["Created", "Dumping", "Loading", "Syncing", "Synced", "Stopped", "Done", "Failed"]
    tasks = [{"id": f"udts-{word}", "steps": [word]} for word in words]
    with simulator_running({"tasks": tasks}) as simulator:
        asking = Asking(simulator.url, connections=8)
        asked = words * 13
        with ThreadPoolExecutor(8) as pool:
            found = list(
                pool.map(lambda word: asking.observed(TaskRef(task_id=f"udts-{word}")).status, asked)
            )
        log = simulator.log()
    assert found == asked
    assert len(log.calls) == len(asked)
    assert log.connections <= 8


@pytest.mark.parametrize("fault", [{"ret_code": 299}, {"http_status": 403}, {"body": "{}"}])
def test_a_refused_check_keeps_its_connection(
    simulator: Simulator, asking: Asking, fault: dict[str, object]
) -> None:
    """An account with wrong rights must not cost a TLS handshake for every task and minute."""
    simulator.inject(**fault)
    for _ in range(5):
        asking.unanswered()
    assert simulator.log().connections == 1


def test_without_time_nothing_is_asked(simulator: Simulator, asking: Asking) -> None:
    """A check whose turn comes after the deadline leaves UCloud alone."""
    begun = time.monotonic()
    found = asking.unanswered(seconds=-1)
    assert time.monotonic() - begun < 0.5
    assert (found.cause, found.configuration) == ("timeout", False)
    assert not simulator.log().calls
    assert not asking.pauses
