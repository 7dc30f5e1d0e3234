"""The parameters each action knows. The simulator refuses any other, so that a misspelt one shows.

Source: UCloud API reference, the actions' request parameters. That UCloud refuses an unknown one is not
documented; a list is numbered from 0.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from local.simulator.ret_codes import RefusedError, RetCode

type Parameters = Mapping[str, str]

# The official SDK sends region and project with every call.
_EVERY_CALL = frozenset({"Action", "PublicKey", "Signature", "ProjectId", "Region"})
_ITEM = re.compile(r"(?P<list>[A-Za-z]+)\.(?P<number>0|[1-9][0-9]*)")


@dataclass(frozen=True, slots=True)
class Known:
    """The parameters of one action beside those of every call; a list ends in a dot."""

    required: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()


# A task that is not named is a task that is not found: TaskId is not among the required ones.
_ABOUT_A_TASK = Known(optional=frozenset({"TaskId", "Type"}))
KNOWN: Mapping[str, Known] = {
    "GetUDTSTaskStatus": _ABOUT_A_TASK,
    "GetUDTSTaskHistory": _ABOUT_A_TASK,
    "GetUDTSPrecheckTask": _ABOUT_A_TASK,
    "StartUDTSTask": _ABOUT_A_TASK,
    "StopUDTSTask": _ABOUT_A_TASK,
    "ListUDTSTask": Known(optional=frozenset({"Offset", "Limit", "Type"})),
    "QueryMetricDataSummary": Known(
        required=frozenset({"Region", "ProjectId", "ProductKey", "Offset", "Limit"}),
        optional=frozenset({"Metrics.", "ResourceIds."}),
    ),
}


def check_parameters(parameters: Parameters) -> None:
    """Refuses a call that misses a parameter its action requires, or has one it does not know.

    Raises:
        RefusedError: naming the first such parameter.
    """
    known = KNOWN[parameters["Action"]]
    if missing := sorted(name for name in known.required if not parameters.get(name)):
        raise RefusedError(RetCode.BAD_PARAMETER, f"Missing params [{missing[0]}]")
    all_known = _EVERY_CALL | known.required | known.optional
    if unknown := sorted(name for name in parameters if _kind(name) not in all_known):
        raise RefusedError(RetCode.BAD_PARAMETER, f"Params [{unknown[0]}] not available")


def whole_number(parameters: Parameters, name: str, default: int) -> int:
    """A parameter that counts something.

    Raises:
        RefusedError: it is no whole number from 0.
    """
    text = parameters.get(name) or str(default)
    if not (text.isascii() and text.isdigit()):
        raise RefusedError(RetCode.BAD_PARAMETER, f"Params [{name}] not available")
    return int(text)


def items(parameters: Parameters, name: str) -> tuple[str, ...]:
    """The items of a list, in the order of their numbers; empty when it was not given.

    Raises:
        RefusedError: a number is left out: what follows it would be lost.
    """
    given = [item for item in parameters if item.startswith(f"{name}.")]
    names = [f"{name}.{number}" for number in range(len(given))]
    if set(given) != set(names):
        raise RefusedError(RetCode.BAD_PARAMETER, f"Params [{name}] not available")
    return tuple(parameters[item] for item in names)


def _kind(name: str) -> str:
    item = _ITEM.fullmatch(name)
    return f"{item['list']}." if item else name
