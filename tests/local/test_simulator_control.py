"""The simulator misbehaves on demand, counts what it got, and obeys over HTTP as it does in process."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from local.simulator import InvalidError, Simulator, UnknownTaskError, simulator_running
from tests.local.asking import ask, check, one_task, rows_of, send, signed, statuses


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """One task that is done."""
    with simulator_running(one_task("Done")) as running:
        yield running


def status_call(simulator: Simulator, task_id: str = "udts-1") -> dict[str, object]:
    """The parameters of a check."""
    return signed(simulator, "GetUDTSTaskStatus", TaskId=task_id)


# --- Faults ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [404, 429, 500, 502, 503, 504])
def test_an_injected_http_status_is_answered(simulator: Simulator, status: int) -> None:
    """With HTML, as gateways do."""
    simulator.inject(http_status=status)
    answer = send(simulator, status_call(simulator))
    assert answer.status_code == status
    assert answer.headers["Content-Type"].startswith("text/html")


def test_an_injected_ret_code_is_answered_with_its_message(simulator: Simulator) -> None:
    """Any code, with the action's name as in every answer."""
    simulator.inject(ret_code=299, message="IAM says no")
    assert ask(simulator, "GetUDTSTaskStatus", TaskId="udts-1") == {
        "Action": "GetUDTSTaskStatusResponse",
        "RetCode": 299,
        "Message": "IAM says no",
    }


def test_success_without_data_is_a_fault_too(simulator: Simulator) -> None:
    """RetCode 0 and nothing else, as in an example of UCloud's own documentation."""
    simulator.inject(ret_code=0, message="")
    answer = ask(simulator, "GetUDTSTaskStatus", TaskId="udts-1")
    assert answer == {"Action": "GetUDTSTaskStatusResponse", "RetCode": 0, "Message": ""}


def test_latency_delays_the_true_answer(simulator: Simulator) -> None:
    """It alone changes nothing in the answer."""
    simulator.inject(latency_seconds=0.3)
    began = time.monotonic()
    assert check(simulator)["Status"] == "Done"
    assert time.monotonic() - began >= 0.3


def test_latency_comes_before_any_other_fault(simulator: Simulator) -> None:
    """A slow 503 is one fault."""
    simulator.inject(latency_seconds=0.3, http_status=503)
    began = time.monotonic()
    assert send(simulator, status_call(simulator)).status_code == 503
    assert time.monotonic() - began >= 0.3


def test_a_hang_lasts_as_long_as_the_clients_patience(simulator: Simulator) -> None:
    """No byte is sent."""
    simulator.inject(hang=True)
    with pytest.raises(requests.ReadTimeout):
        send(simulator, status_call(simulator), timeout=0.3)


def test_leaving_the_block_ends_what_hangs() -> None:
    """A test need not wait for the calls it left hanging: they lose their connection."""
    with ThreadPoolExecutor() as pool:
        with simulator_running(one_task("Done")) as simulator:
            simulator.inject(hang=True)
            hanging = pool.submit(send, simulator, status_call(simulator), timeout=30)
            while not simulator.log().calls:
                time.sleep(0.01)
        assert isinstance(hanging.exception(timeout=5), requests.ConnectionError)


def test_a_closed_connection_gives_no_answer(simulator: Simulator) -> None:
    """Not even a status line."""
    simulator.inject(close=True)
    with pytest.raises(requests.ConnectionError):
        send(simulator, status_call(simulator))


def test_a_truncated_answer_ends_before_its_announced_length(simulator: Simulator) -> None:
    """A client that checks the length notices."""
    simulator.inject(truncated=True)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        send(simulator, status_call(simulator))


def test_an_answer_that_is_not_json_has_status_200(simulator: Simulator) -> None:
    """As from a proxy that explains itself in HTML."""
    simulator.inject(not_json=True)
    answer = send(simulator, status_call(simulator))
    assert answer.status_code == 200
    with pytest.raises(requests.JSONDecodeError):
        answer.json()


@pytest.mark.parametrize(
    "body", ["null", "[]", '{"RetCode": 0}', '{"RetCode": "0", "Data": {"Status": 7}}', "{"]
)
def test_any_body_can_be_sent_as_json(simulator: Simulator, body: str) -> None:
    """Verbatim: answers of any shape, valid or not."""
    simulator.inject(body=body)
    answer = send(simulator, status_call(simulator))
    assert (answer.text, answer.headers["Content-Type"]) == (body, "application/json")


def test_a_redirect_points_where_it_is_told(simulator: Simulator) -> None:
    """A client that follows it would give its signed call away."""
    simulator.inject(redirect_to="http://127.0.0.1:9/elsewhere")
    answer = send(simulator, status_call(simulator))
    assert (answer.status_code, answer.headers["Location"]) == (302, "http://127.0.0.1:9/elsewhere")


def test_a_trickle_sends_a_byte_a_second(simulator: Simulator) -> None:
    """Each read succeeds in time, so that only a limit on the whole answer ends it."""
    simulator.inject(trickle=True)
    began = time.monotonic()
    with requests.post(simulator.url, data=status_call(simulator), timeout=5, stream=True) as answer:
        assert next(answer.iter_content(2)) == b'{"'
    assert 0.9 < time.monotonic() - began < 3


def test_a_huge_answer_is_true_json_without_an_announced_length(simulator: Simulator) -> None:
    """Only counting while reading protects from it."""
    simulator.inject(huge_megabytes=3)
    answer = send(simulator, status_call(simulator))
    assert "Content-Length" not in answer.headers
    assert len(answer.content) > 3 * 2**20
    assert answer.json()["Data"]["Status"] == "Done"


def test_a_client_that_leaves_early_makes_no_noise(caplog: pytest.LogCaptureFixture) -> None:
    """Refusing a huge answer is what a client should do: the simulator logs no error for it."""
    with simulator_running(one_task("Done")) as simulator:
        simulator.inject(huge_megabytes=50)
        with requests.post(simulator.url, data=status_call(simulator), timeout=5, stream=True) as answer:
            assert next(answer.iter_content(1024))
        simulator.clear_faults()
        assert check(simulator)["Status"] == "Done"
    assert caplog.records == []


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        pytest.param({"http_status": 503}, "Loading", id="replaced answers are no checks"),
        pytest.param({"huge_megabytes": 1}, "Done", id="damaged answers are checks"),
    ],
)
def test_a_call_that_does_not_reach_the_task_does_not_move_it(fault: dict[str, object], told: str) -> None:
    """What is injected before the task leaves its steps alone; what happens after it does not."""
    with simulator_running(one_task("Loading", "Done")) as simulator:
        simulator.inject(**fault, count=1)
        send(simulator, status_call(simulator))
        assert check(simulator)["Status"] == told


def test_a_fault_befalls_only_the_task_and_action_it_is_aimed_at() -> None:
    """Others are answered as ever."""
    tasks = [{"id": task_id, "steps": ["Done"]} for task_id in ("udts-1", "udts-2")]
    with simulator_running({"tasks": tasks}) as simulator:
        simulator.inject(ret_code=150, task_id="udts-1", action="GetUDTSTaskStatus")
        assert ask(simulator, "GetUDTSTaskStatus", TaskId="udts-1")["RetCode"] == 150
        assert ask(simulator, "GetUDTSTaskHistory", TaskId="udts-1")["RetCode"] == 0
        assert ask(simulator, "GetUDTSTaskStatus", TaskId="udts-2")["RetCode"] == 0


def test_faults_with_a_count_strike_one_after_the_other(simulator: Simulator) -> None:
    """The oldest first, until each is used up."""
    simulator.inject(ret_code=150, count=2)
    simulator.inject(ret_code=153, count=1)
    codes = [ask(simulator, "GetUDTSTaskStatus", TaskId="udts-1")["RetCode"] for _ in range(4)]
    assert codes == [150, 150, 153, 0]
    assert simulator.faults() == []


def test_faults_end_when_they_are_cleared(simulator: Simulator) -> None:
    """All of them, or those of one task."""
    simulator.inject(ret_code=150)
    simulator.inject(ret_code=153, task_id="udts-1")
    simulator.clear_faults("udts-1")
    assert [injection.fault.ret_code for injection in simulator.faults()] == [150]
    simulator.clear_faults()
    assert check(simulator)["Status"] == "Done"


def hits(seed: int, order: list[str]) -> dict[str, list[bool]]:
    """Which calls of each task a fault of probability 0.5 strikes when they arrive in this order."""
    tasks = [{"id": task_id, "steps": ["Done"]} for task_id in sorted(set(order))]
    struck: dict[str, list[bool]] = {task_id: [] for task_id in order}
    with simulator_running({"tasks": tasks}) as simulator:
        simulator.inject(ret_code=150, probability=0.5, seed=seed)
        for task_id in order:
            answer = simulator.answer({"Action": "GetUDTSTaskStatus", "TaskId": task_id})
            struck[task_id].append(answer.body["RetCode"] == 150)
    return struck


def test_random_faults_are_repeatable_by_their_seed() -> None:
    """The same seed hits the same calls of a task, in whatever order concurrent calls arrive."""
    together = hits(7, ["udts-1", "udts-2"] * 40)
    assert together == hits(7, ["udts-1"] * 40 + ["udts-2"] * 40)
    assert together != hits(8, ["udts-1", "udts-2"] * 40)
    assert together["udts-1"] != together["udts-2"]
    assert all(8 <= sum(struck) <= 32 for struck in together.values())


@pytest.mark.parametrize(("probability", "ret_code"), [(0, 0), (1, 150)])
def test_probability_zero_is_never_and_one_is_always(
    simulator: Simulator, probability: float, ret_code: int
) -> None:
    """The ends of the range are exact."""
    simulator.inject(ret_code=150, probability=probability)
    codes = {ask(simulator, "GetUDTSTaskStatus", TaskId="udts-1")["RetCode"] for _ in range(20)}
    assert codes == {ret_code}


# --- Live control in process ----------------------------------------------------------------------


def test_a_status_that_is_set_stays_until_it_is_set_again() -> None:
    """It replaces the steps and has the fields it is given."""
    with simulator_running(one_task("Dumping", "Loading", "Done")) as simulator:
        simulator.set_status("udts-1", "Failed", failed_message="Deadlock found", cur_retry=1)
        assert [check(simulator)["FailedMessage"] for _ in "123"] == ["Deadlock found"] * 3
        simulator.set_status("udts-1", "Syncing")
        assert check(simulator) == {"Status": "Syncing", "MaxRetryCount": 0, "CurRetryCount": 0}
        history = rows_of(ask(simulator, "GetUDTSTaskHistory", TaskId="udts-1"))
        assert [row["AntState"] for row in history] == ["Dumping", "Failed", "Syncing"]


def test_setting_a_status_forgets_what_a_stop_interrupted() -> None:
    """Started again, the task goes on from what it was set to."""
    with simulator_running(one_task({"status": "Loading", "checks": 2}, "Done")) as simulator:
        ask(simulator, "StopUDTSTask", TaskId="udts-1")
        simulator.set_status("udts-1", "Failed")
        ask(simulator, "StartUDTSTask", TaskId="udts-1")
        assert statuses(simulator, 3) == ["Starting", "Syncing", "Syncing"]


def test_tasks_come_and_go() -> None:
    """An added task is listed and answers, a removed one is unknown."""
    with simulator_running() as simulator:
        simulator.add_task(id="udts-7", steps=["Loading", "Done"], project="org-b")
        assert [(task["TaskId"], task["Project"]) for task in simulator.tasks()] == [("udts-7", "org-b")]
        assert ask(simulator, "GetUDTSTaskStatus", TaskId="udts-7", ProjectId="org-b")["RetCode"] == 0
        simulator.remove_task("udts-7")
        assert simulator.tasks() == []
        assert ask(simulator, "GetUDTSTaskStatus", TaskId="udts-7", ProjectId="org-b")["RetCode"] != 0


def test_wrong_control_is_refused_and_changes_nothing() -> None:
    """A misspelt field is an error, not ignored."""
    with simulator_running({"projects": ["org-a"]} | one_task("Loading")) as simulator:
        with pytest.raises(InvalidError, match="failed_mesage: unknown field"):
            simulator.set_status("udts-1", "Failed", failed_mesage="oops")
        with pytest.raises(InvalidError, match="task udts-1 exists already"):
            simulator.add_task(id="udts-1", steps=["Done"])
        with pytest.raises(InvalidError, match="project org-b is not in projects"):
            simulator.add_task(id="udts-2", steps=["Done"], project="org-b")
        with pytest.raises(UnknownTaskError, match="there is no task udts-2"):
            simulator.set_status("udts-2", "Done")
        with pytest.raises(InvalidError, match="htp_status: unknown field"):
            simulator.inject(htp_status=503)
        assert statuses(simulator, 1) == ["Loading"]


def test_keys_rotate(simulator: Simulator) -> None:
    """From then on the new pair is accepted and the old one is unknown."""
    before = status_call(simulator)
    simulator.set_keys("new-public", "new-private")
    assert send(simulator, before).json()["RetCode"] == 172
    assert check(simulator)["Status"] == "Done"


def test_calls_are_counted_and_remembered(simulator: Simulator) -> None:
    """With time, task, RetCode, fault and parameters; no signature is kept."""
    check(simulator)
    ask(simulator, "ListUDTSTask", ProjectId="org-default")
    simulator.inject(http_status=503, count=1)
    send(simulator, status_call(simulator))
    log = simulator.log()
    assert log.per_action == {"GetUDTSTaskStatus": 2, "ListUDTSTask": 1}
    assert log.per_task == {"udts-1": 2}
    assert [(call.ret_code, call.fault) for call in log.calls] == [
        (0, None),
        (0, None),
        (None, "http_status"),
    ]
    assert log.calls[1].parameters == {
        "Action": "ListUDTSTask",
        "PublicKey": simulator.public_key,
        "ProjectId": "org-default",
    }
    assert log.calls[0].time <= log.calls[2].time
    simulator.forget_calls()
    assert (simulator.log().calls, simulator.log().connections) == ((), 0)


def test_connections_are_counted_so_that_pooling_can_be_proved(simulator: Simulator) -> None:
    """One per pooled session, one per call without a pool, none for control."""
    with requests.Session() as session:
        for _ in range(5):
            session.post(simulator.url, data=status_call(simulator), timeout=5)
            session.get(f"{simulator.url}/_control/tasks", timeout=5)
    assert simulator.log().connections == 1
    for _ in range(3):
        send(simulator, status_call(simulator))
    requests.get(f"{simulator.url}/_control/tasks", timeout=5)
    assert simulator.log().connections == 4


# --- Live control over HTTP -----------------------------------------------------------------------


def control(simulator: Simulator, method: str, path: str, fields: object = None) -> dict[str, object]:
    """The answer to a control call that succeeds."""
    answer = requests.request(method, f"{simulator.url}/_control/{path}", json=fields, timeout=5)
    assert answer.status_code == 200, answer.text
    content = answer.json()
    assert isinstance(content, dict)
    return content


def test_tasks_are_controlled_over_http() -> None:
    """Add, list, set and remove."""
    with simulator_running() as simulator:
        control(simulator, "POST", "tasks", {"id": "udts-1", "steps": ["Loading", "Done"]})
        control(simulator, "PUT", "tasks/udts-1", {"status": "Failed", "failed_message": "Deadlock found"})
        assert check(simulator)["FailedMessage"] == "Deadlock found"
        tasks = control(simulator, "GET", "tasks")["tasks"]
        assert isinstance(tasks, list)
        assert [(task["TaskId"], task["Status"]) for task in tasks] == [("udts-1", "Failed")]
        control(simulator, "PUT", "tasks/udts-1", {"fault": {"ret_code": 110}})
        assert ask(simulator, "GetUDTSTaskStatus", TaskId="udts-1")["RetCode"] == 110
        control(simulator, "DELETE", "tasks/udts-1")
        assert simulator.tasks() == []


def test_faults_are_controlled_over_http(simulator: Simulator) -> None:
    """Inject, look and clear."""
    control(simulator, "POST", "faults", {"ret_code": 153, "task_id": "udts-1", "count": 2})
    assert ask(simulator, "GetUDTSTaskStatus", TaskId="udts-1")["RetCode"] == 153
    faults = control(simulator, "GET", "faults")["faults"]
    assert isinstance(faults, list)
    assert [(fault["task_id"], fault["fault"]["ret_code"]) for fault in faults] == [("udts-1", 153)]
    control(simulator, "DELETE", "faults?task_id=udts-2")
    assert len(simulator.faults()) == 1
    control(simulator, "DELETE", "faults")
    assert simulator.faults() == []


def test_calls_keys_and_clock_are_controlled_over_http() -> None:
    """Counters are read and forgotten, keys rotated, time advanced."""
    with simulator_running(one_task({"status": "Loading", "seconds": 60}, "Done")) as simulator:
        check(simulator)
        counted = control(simulator, "GET", "calls")
        assert (counted["per_action"], counted["per_task"], counted["connections"]) == (
            {"GetUDTSTaskStatus": 1},
            {"udts-1": 1},
            1,
        )
        assert "GetUDTSTaskStatus" in json.dumps(counted["calls"])
        control(simulator, "DELETE", "calls")
        assert simulator.log().calls == ()
        control(simulator, "PUT", "keys", {"public_key": "new-public", "private_key": "new-private"})
        assert (simulator.public_key, simulator.private_key) == ("new-public", "new-private")
        control(simulator, "POST", "clock", {"advance_seconds": 61})
        assert check(simulator)["Status"] == "Done"


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "complaint"),
    [
        ("POST", "tasks", '{"id": "a", "steps": ["Done"], "colour": 1}', 400, "colour: unknown field"),
        ("PUT", "tasks/udts-1", '{"status": "Failed", "mesage": "x"}', 400, "mesage: unknown field"),
        ("PUT", "tasks/udts-1", "{}", 400, "a step needs a status or a fault"),
        ("PUT", "tasks/udts-9", '{"status": "Failed"}', 404, "there is no task udts-9"),
        ("DELETE", "tasks/udts-9", "", 404, "there is no task udts-9"),
        ("POST", "faults", '{"htp_status": 503}', 400, "htp_status: unknown field"),
        ("POST", "faults", '{"hang": true, "probability": 1.5}', 400, "probability"),
        ("PUT", "keys", '{"public_key": "a"}', 400, "private_key: is required"),
        ("POST", "clock", '{"advance_seconds": "soon"}', 400, "advance_seconds: should be a valid number"),
        ("PUT", "metrics", '{"shape": "heap"}', 400, "shape: should be 'map' or 'array'"),
        ("POST", "clock", "soon", 400, "the body is not JSON"),
        ("POST", "faults", "[]", 400, "the body must be a JSON object"),
    ],
)
def test_wrong_control_over_http_is_told_in_a_sentence(
    method: str, path: str, body: str, status: int, complaint: str
) -> None:
    """400 for wrong fields, 404 for a task there is not, and the reason in `error`."""
    with simulator_running(one_task("Loading")) as simulator:
        answer = requests.request(method, f"{simulator.url}/_control/{path}", data=body, timeout=5)
        assert answer.status_code == status
        assert complaint in answer.json()["error"]
        assert statuses(simulator, 1) == ["Loading"]
