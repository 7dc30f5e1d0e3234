"""A UCloud that runs on this machine: the UDTS part of its API, with faults on demand.

Alone: `python -m local.simulator --scenario local/simulator/example.yaml`, or with lives from a seed, in fast
motion: `python -m local.simulator --lives 6 --seed 7 --minute-seconds 1`.
In a test: `with simulator_running({"tasks": [{"id": "udts-1", "steps": ["Done"]}]}) as simulator:`.
"""

from local.simulator.calls import Call, CallLog
from local.simulator.faults import Fault, Injection
from local.simulator.ret_codes import RetCode
from local.simulator.scenario import Scenario, TaskPlan, load_scenario, parse_scenario
from local.simulator.serving import simulator_running
from local.simulator.signature import signature_of
from local.simulator.simulator import TEST_PRIVATE_KEY, TEST_PUBLIC_KEY, Simulator, UnknownTaskError
from local.simulator.steps import Position, Progress, Step
from local.simulator.strict import InvalidError

__all__ = [
    "TEST_PRIVATE_KEY",
    "TEST_PUBLIC_KEY",
    "Call",
    "CallLog",
    "Fault",
    "Injection",
    "InvalidError",
    "Position",
    "Progress",
    "RetCode",
    "Scenario",
    "Simulator",
    "Step",
    "TaskPlan",
    "UnknownTaskError",
    "load_scenario",
    "parse_scenario",
    "signature_of",
    "simulator_running",
]
