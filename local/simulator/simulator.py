"""The simulator's core without any network: it answers calls, remembers them, and is controlled."""

import threading
import time
from collections.abc import Mapping

from local.simulator.account import Account, Answer
from local.simulator.calls import CallLog, CallRecorder
from local.simulator.faults import ActiveFault, Fault, Injection, with_fault_apart
from local.simulator.metrics import Shape
from local.simulator.scenario import Scenario, TaskPlan
from local.simulator.steps import Step
from local.simulator.strict import InvalidError, checked
from local.simulator.task import SimulatedTask

TEST_PUBLIC_KEY = "simulator-public-key"
TEST_PRIVATE_KEY = "simulator-private-key"  # opens nothing but the simulator


class UnknownTaskError(LookupError):
    """A control call named a task the account does not have."""


class Simulator:
    """Answers the server's thread and obeys the test's thread: every public method holds the one lock.

    Control methods take the field names of the YAML format and raise InvalidError for any other.
    """

    def __init__(self, scenario: Scenario, *, public_key: str, private_key: str) -> None:
        self.url = ""
        self._lock = threading.RLock()
        self._ahead_seconds = 0.0
        self._account = Account(scenario, public_key=public_key, private_key=private_key, now=self._now())
        self._faults = [ActiveFault(injection) for injection in scenario.faults]
        self._recorder = CallRecorder()

    @property
    def public_key(self) -> str:
        """The public key accepted now."""
        return self._account.public_key

    @property
    def private_key(self) -> str:
        """The private key accepted now."""
        return self._account.private_key

    def answer(self, parameters: Mapping[str, str]) -> Answer:
        """One call of the API, recorded."""
        with self._lock:
            fault = self._striking(parameters)
            if fault is not None and fault.replaces_answer:
                answer = Answer(body=_fault_body(parameters, fault), fault=fault)
            else:
                true = self._account.answer(parameters, self._now())
                fault = true.fault or fault
                body = _fault_body(parameters, fault) if fault and fault.replaces_answer else true.body
                answer = Answer(body=body, fault=fault)
            self._recorder.call(parameters, answer, self._now())
            return answer

    def connection_seen(self) -> None:
        """One more TCP connection carried a call of the API."""
        with self._lock:
            self._recorder.connection()

    def tasks(self) -> list[dict[str, object]]:
        """Every task as ListUDTSTask would show it, and its project; looking does not count as a check."""
        with self._lock:
            return [
                task.list_row(self._now())
                | {"Project": task.plan.project or self._account.scenario.default_project}
                for task in self._account.tasks.values()
            ]

    def set_status(self, task_id: str, status: str, **fields: object) -> None:
        """The task is this from now on, its steps forgotten; fields as in a step of a scenario."""
        self.set_step(task_id, fields | {"status": status})

    def set_step(self, task_id: str, fields: Mapping[str, object]) -> None:
        """Like set_status, for a step that may be a fault."""
        step = checked(Step, fields)
        with self._lock:
            self._task(task_id).set(step, self._now())

    def add_task(self, **fields: object) -> None:
        """A new task; fields as in a scenario."""
        plan = checked(TaskPlan, fields)
        with self._lock:
            if plan.id in self._account.tasks:
                raise InvalidError(f"task {plan.id} exists already")
            if not self._account.scenario.has_project(plan.project or self._account.scenario.default_project):
                raise InvalidError(f"task {plan.id}: project {plan.project} is not in projects")
            self._account.tasks[plan.id] = SimulatedTask(plan, self._now())

    def remove_task(self, task_id: str) -> None:
        """The account no longer knows the task."""
        with self._lock:
            self._task(task_id)
            del self._account.tasks[task_id]

    def inject(self, **fields: object) -> None:
        """A fault from now on: `inject(http_status=503, task_id="udts-1", probability=0.5, count=3, seed=1)`.

        Of several faults that could strike a call the oldest does, so that counts make a sequence.
        """
        injection = checked(Injection, with_fault_apart(fields))
        with self._lock:
            self._faults.append(ActiveFault(injection))

    def faults(self) -> list[Injection]:
        """The injections that may still strike, oldest first."""
        with self._lock:
            return [active.injection for active in self._faults if not active.spent]

    def clear_faults(self, task_id: str | None = None) -> None:
        """Ends all injected faults, or those aimed at one task; faults in a task's steps stay."""
        with self._lock:
            self._faults = [
                active
                for active in self._faults
                if task_id is not None and active.injection.task_id != task_id
            ]

    def log(self) -> CallLog:
        """What was called so far."""
        with self._lock:
            return self._recorder.so_far()

    def forget_calls(self) -> None:
        """Counts from nothing again; connections that are open are not counted a second time."""
        with self._lock:
            self._recorder = CallRecorder()

    def set_keys(self, public_key: str, private_key: str) -> None:
        """Key rotation: from now on only this pair is accepted."""
        with self._lock:
            self._account.public_key = public_key
            self._account.private_key = private_key

    def set_metrics_shape(self, shape: Shape) -> None:
        """From now on metrics are told as a map or as an array."""
        with self._lock:
            self._account.metrics_shape = shape

    def advance(self, seconds: float) -> None:
        """Lets time pass at once for everything that lasts `seconds` in a scenario."""
        with self._lock:
            self._ahead_seconds += seconds

    def _now(self) -> float:
        return time.time() + self._ahead_seconds

    def _task(self, task_id: str) -> SimulatedTask:
        try:
            return self._account.tasks[task_id]
        except KeyError as error:
            raise UnknownTaskError(f"there is no task {task_id}") from error

    def _striking(self, parameters: Mapping[str, str]) -> Fault | None:
        for active in self._faults:
            if active.strikes(parameters.get("Action", ""), parameters.get("TaskId", "")):
                return active.injection.fault
        return None


def _fault_body(parameters: Mapping[str, str], fault: Fault) -> dict[str, object]:
    """What the fault says as JSON; empty for faults that say nothing of the kind."""
    if fault.ret_code is None:
        return {}
    return {
        "Action": f"{parameters.get('Action', '')}Response",
        "RetCode": fault.ret_code,
        "Message": f"injected RetCode {fault.ret_code}" if fault.message is None else fault.message,
    }
