"""A client of a few lines for the simulator's tests: signs, asks, and hides nothing that goes wrong."""

from collections.abc import Mapping

import requests
from ucloud.client import Client  # type: ignore[import-untyped]

from local.simulator import Simulator, signature_of

PATIENCE_SECONDS = 5.0


def signed(simulator: Simulator, action: str, **parameters: object) -> dict[str, object]:
    """The parameters of a call the simulator accepts."""
    unsigned = {"Action": action, "PublicKey": simulator.public_key} | parameters
    return unsigned | {"Signature": signature_of(unsigned, simulator.private_key)}


def send(
    simulator: Simulator, parameters: Mapping[str, object], *, timeout: float = PATIENCE_SECONDS
) -> requests.Response:
    """One POST of a form; a redirect is answer enough."""
    return requests.post(simulator.url, data={**parameters}, timeout=timeout, allow_redirects=False)


def ask(simulator: Simulator, action: str, **parameters: object) -> dict[str, object]:
    """The JSON of one signed call."""
    answer = send(simulator, signed(simulator, action, **parameters)).json()
    assert isinstance(answer, dict)
    return answer


def data_of(answer: Mapping[str, object]) -> dict[str, object]:
    """The Data of a successful answer about one task."""
    assert answer["RetCode"] == 0, answer
    data = answer["Data"]
    assert isinstance(data, dict)
    return data


def rows_of(answer: Mapping[str, object]) -> list[dict[str, object]]:
    """The Data of a successful answer with rows."""
    assert answer["RetCode"] == 0, answer
    rows = answer["Data"]
    assert isinstance(rows, list)
    return rows


def check(simulator: Simulator, task_id: str = "udts-1") -> dict[str, object]:
    """The Data of GetUDTSTaskStatus."""
    return data_of(ask(simulator, "GetUDTSTaskStatus", TaskId=task_id))


def statuses(simulator: Simulator, times: int, task_id: str = "udts-1") -> list[object]:
    """The statuses of so many checks in a row."""
    return [check(simulator, task_id)["Status"] for _ in range(times)]


def sdk(simulator: Simulator, **config: object) -> Client:
    """The official SDK's client, pointed at the simulator."""
    keys = {"public_key": simulator.public_key, "private_key": simulator.private_key}
    return Client({"base_url": simulator.url, "region": "cn-bj2"} | keys | config)


def one_task(*steps: object, **fields: object) -> dict[str, object]:
    """A scenario with the task udts-1."""
    return {"tasks": [{"id": "udts-1", "steps": list(steps)} | fields]}
