"""What UCloud answered to a call: the decoded JSON object, or why the call failed.

Source: UCloud API reference, RetCode.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from udts_monitor.adapters import fields
from udts_monitor.adapters.redaction import Redactor
from udts_monitor.decision.observation import NoAnswer
from udts_monitor.messages.causes import cause_step
from udts_monitor.messages.phrases import Language

_OK = 200
_UUID_LIMIT = 128
_MESSAGE_LIMIT = 300

# Waiting does not help with these: a person has to change something. What that is the messages know.
CONFIGURATION = frozenset({160, 161, 170, 171, 172, 174, 292, 293, 294, 295, 299})
KEYS_REJECTED = frozenset({170, 171, 172, 174})
TRANSIENT_CODES = frozenset({110, 130, 150, 153})
TRANSIENT_HTTP = frozenset({429, 500, 502, 503, 504})
PRODUCT_ERRORS_FROM = 2000
UNLIMITED = 1_000  # attempts: more than the client ever makes
_NO_SECRETS = Redactor()


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedCall:
    """A call that brought no usable answer.

    Attributes:
        attempts: how many calls in all may be spent on it: 1 where another one cannot help.
        keys_rejected: other keys may help.
        quote: UCloud's own words in the reason, empty when it gave none.
    """

    cause: str
    reason: str
    quote: str = ""
    configuration: bool = False
    attempts: int = UNLIMITED
    keys_rejected: bool = False
    request_uuid: str = ""

    def as_no_answer(self) -> NoAnswer:
        """What the check yields when no further attempt is made."""
        return NoAnswer(
            cause=self.cause,
            reason=self.reason,
            quote=self.quote,
            configuration=self.configuration,
            request_uuid=self.request_uuid,
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """The decoded object of a successful call, free of secrets.

    Attributes:
        content: UCloud's fields by their wire names, of any type where a type is documented.
        request_uuid: UCloud's id of the request, empty when the answer carried none.
    """

    content: Mapping[str, Any]
    request_uuid: str = ""


def read_answer(
    *, http_status: int, body: bytes, request_uuid: str = "", redactor: Redactor = _NO_SECRETS
) -> Answer | FailedCall:
    """The answer in a response, or why there is none.

    Args:
        http_status: of the response.
        body: as received, of any content.
        request_uuid: UCloud's id of the request.
        redactor: knows what must not come back out, wherever UCloud repeats it.
    """
    uuid = fields.line(redactor.hide(request_uuid), _UUID_LIMIT)
    if http_status in TRANSIENT_HTTP:
        return FailedCall(
            cause=f"HTTP {http_status}", reason=f"UCloud answered HTTP {http_status}", request_uuid=uuid
        )
    content = _decoded(body, redactor)
    if not isinstance(content, dict):
        cause = "not JSON" if http_status == _OK else f"HTTP {http_status}"
        return FailedCall(
            cause=cause, reason=f"UCloud answered HTTP {http_status} without a JSON object", request_uuid=uuid
        )
    code = fields.number(content.get("RetCode", 0))
    if code is None or code != int(code):
        # Not known to be a success, and so never taken for one.
        return FailedCall(
            cause="no RetCode",
            reason="UCloud answered with a RetCode that is no number",
            attempts=2,
            request_uuid=uuid,
        )
    if code:
        return _refused(int(code), content, uuid)
    if http_status != _OK:
        return FailedCall(
            cause=f"HTTP {http_status}",
            reason=f"UCloud answered HTTP {http_status}",
            attempts=1,
            request_uuid=uuid,
        )
    return Answer(content, uuid)


def _decoded(body: bytes, redactor: Redactor) -> Any:  # noqa: ANN401 - any JSON
    """The JSON value in a body, None where there is none."""
    try:
        text = body.decode("utf-8", "replace")
        value = json.loads(text, parse_int=fields.parsed_int, parse_constant=lambda _: None)
        return redactor.hide_in(value) if redactor.may_be_in(text) else value
    except (ValueError, RecursionError):
        return None


def _refused(code: int, content: Mapping[str, Any], uuid: str) -> FailedCall:
    message = fields.line(content.get("Message"), _MESSAGE_LIMIT)
    reason = f"UCloud answered RetCode {code}" + (f" ({message})" if message else "")
    if code in CONFIGURATION:
        attempts, reason = 1, f"{reason}: {cause_step(f'RetCode {code}', Language.EN)}"
    elif code in TRANSIENT_CODES:
        attempts = UNLIMITED
    else:
        attempts = 2 if code > PRODUCT_ERRORS_FROM else 1
    return FailedCall(
        cause=f"RetCode {code}",
        reason=reason,
        quote=message,
        configuration=code in CONFIGURATION,
        attempts=attempts,
        keys_rejected=code in KEYS_REJECTED,
        request_uuid=uuid,
    )
