"""The UCloud account: who may ask, which tasks there are, and the actions it answers."""

import hmac
from collections.abc import Callable
from dataclasses import dataclass

from local.simulator.faults import Fault
from local.simulator.metrics import METRICS, PRODUCTS, Shape
from local.simulator.parameters import Parameters, check_parameters, items, whole_number
from local.simulator.ret_codes import RefusedError, RetCode
from local.simulator.scenario import Scenario
from local.simulator.signature import signature_of
from local.simulator.task import SimulatedTask

type Body = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a call is answered: a body, and the fault it suffers on its way, if any."""

    body: Body
    fault: Fault | None = None


class Account:
    """Answers calls in the gateway's order of refusal: action, signature, user, project, then the product."""

    def __init__(self, scenario: Scenario, *, public_key: str, private_key: str, now: float) -> None:
        self.scenario = scenario
        self.public_key = public_key
        self.private_key = private_key
        self.metrics_shape: Shape = scenario.metrics_shape
        self.tasks = {plan.id: SimulatedTask(plan, now) for plan in scenario.tasks}
        self._actions: dict[str, Callable[[Parameters, float], Answer]] = {
            "GetUDTSTaskStatus": self._status,
            "GetUDTSTaskHistory": self._history,
            "GetUDTSPrecheckTask": self._precheck,
            "ListUDTSTask": self._list,
            "QueryMetricDataSummary": self._metrics,
            "StartUDTSTask": self._start,
            "StopUDTSTask": self._stop,
        }

    def answer(self, parameters: Parameters, now: float) -> Answer:
        """The answer to one call; every answer has RetCode and Action, a refusal also its Message."""
        action = parameters.get("Action", "")
        head: Body = {"Action": f"{action}Response", "Message": "", "RetCode": int(RetCode.OK)}
        try:
            if not action:
                raise RefusedError(RetCode.NO_ACTION, "Missing Action")  # noqa: TRY301 - one place answers refusals
            perform = self._actions.get(action)
            if perform is None:
                raise RefusedError(RetCode.UNKNOWN_ACTION, f"Action [{action}] does not exist")  # noqa: TRY301
            self._authorise(parameters)
            check_parameters(parameters)
            done = perform(parameters, now)
        except RefusedError as refused:
            return Answer(body=head | {"RetCode": int(refused.ret_code), "Message": refused.message})
        return Answer(body=head | done.body, fault=done.fault)

    def _authorise(self, parameters: Parameters) -> None:
        signature = parameters.get("Signature", "")
        if not signature:
            raise RefusedError(RetCode.NO_SIGNATURE, "Missing Signature")
        if parameters.get("PublicKey") != self.public_key:
            raise RefusedError(RetCode.UNKNOWN_PUBLIC_KEY, "User does not exist")
        if not hmac.compare_digest(signature.encode(), signature_of(parameters, self.private_key).encode()):
            raise RefusedError(RetCode.WRONG_SIGNATURE, "Signature VerifyAC Error")
        if not self.scenario.has_project(self._project(parameters)):
            raise RefusedError(
                RetCode.UNKNOWN_PROJECT, f"Project [{self._project(parameters)}] does not exist"
            )

    def _project(self, parameters: Parameters) -> str:
        return parameters.get("ProjectId") or self.scenario.default_project

    def _visible(self, parameters: Parameters) -> list[SimulatedTask]:
        """The tasks of the project asked for and, if the request names a Type, of that service type."""
        project = self._project(parameters)
        service_type = parameters.get("Type")
        return [
            task
            for task in self.tasks.values()
            if (task.plan.project or self.scenario.default_project) == project
            and service_type in (None, "", task.plan.service_type)
        ]

    def _task(self, parameters: Parameters) -> SimulatedTask:
        task_id = parameters.get("TaskId", "")
        for task in self._visible(parameters):
            if task.plan.id == task_id:
                return task
        raise RefusedError(RetCode.NO_SUCH_TASK, f"Task [{task_id}] does not exist")

    def _status(self, parameters: Parameters, now: float) -> Answer:
        task = self._task(parameters)
        step = task.check(now)
        return Answer(body={"Data": task.status_data(now)}, fault=step.fault)

    def _history(self, parameters: Parameters, now: float) -> Answer:
        return Answer(body={"Data": self._task(parameters).history_rows(now)})

    def _list(self, parameters: Parameters, now: float) -> Answer:
        page = _page(self._visible(parameters), parameters)
        return Answer(body={"Data": [task.list_row(now) for task in page]})

    def _precheck(self, parameters: Parameters, now: float) -> Answer:
        return Answer(body={"Data": self._task(parameters).precheck_data(now)})

    def _metrics(self, parameters: Parameters, now: float) -> Answer:
        """The resources of a product; the metrics of another region are none."""
        if parameters["ProductKey"] not in METRICS:
            raise RefusedError(RetCode.BAD_PARAMETER, "Params [ProductKey] not available")
        asked, ids = items(parameters, "Metrics"), items(parameters, "ResourceIds")
        found = [
            task
            for task in self._visible(parameters)
            if PRODUCTS[task.plan.service_type] == parameters["ProductKey"]
            and parameters["Region"] == self.scenario.region
            and (task.plan.id in ids or not ids)
        ]
        rows = [
            task.metrics_row(now, asked=asked, shape=self.metrics_shape) | {"Region": self.scenario.region}
            for task in _page(found, parameters)
        ]
        return Answer(body={"Data": {"List": rows, "Total": len(found)}})

    def _start(self, parameters: Parameters, now: float) -> Answer:
        self._task(parameters).start(now)
        return Answer(body={})

    def _stop(self, parameters: Parameters, now: float) -> Answer:
        self._task(parameters).stop(now)
        return Answer(body={})


def _page(tasks: list[SimulatedTask], parameters: Parameters) -> list[SimulatedTask]:
    offset = whole_number(parameters, "Offset", 0)
    return tasks[offset : offset + whole_number(parameters, "Limit", 20)]
