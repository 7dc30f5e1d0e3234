"""Read what UCloud answered. Tolerant of all but a missing status word and a RetCode that is no number.

Source: UCloud API reference, GetUDTSTaskStatus (Data) and RetCode.
"""

import html
import json
import math
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, quote_plus

from udts_monitor.observation import NoAnswer, Number, Observation, Position, Progress
from udts_monitor.text import cut, one_line

STATUS_LIMIT = 64
# A DynamoDB item holds 400 KB; the reason stands in it up to three times, at most 4 bytes a character.
REASON_LIMIT = 8_000
_NAME_LIMIT = 128
_GTID_LIMIT = 1_000
_MESSAGE_LIMIT = 300
# DynamoDB keeps 38 digits and magnitudes from 1E-130; no row count and no position comes near.
_NUMBER_LIMIT = 1e30
_HIDE_FROM_LENGTH = 8

# Source: RetCode table. Waiting does not help with these: a person has to change something.
CONFIGURATION: Mapping[int, str] = {
    160: "UCLOUD_BASE_URL does not lead to the UCloud API",
    161: "UCLOUD_BASE_URL does not lead to an API that knows UDTS",
    170: "UCLOUD_BASE_URL leads past something that drops the signature",
    171: "the private key does not belong to the public key: put the right pair into the secret",
    172: "the public key is not known: put a valid pair into the secret",
    174: "the token is not known: put a valid key pair into the secret",
    292: "the project does not exist or the key may not see it: correct the project of the task",
    293: "the key has no permission for the zone: extend its permissions in UCloud's IAM",
    294: "UCloud refuses the address this call came from: add it to the allow-list of the account's API keys "
    "(a Lambda outside a VPC has changing addresses)",
    295: "the account has a security lock on its API: lift it in the console",
    299: "the key's user may not read UDTS: grant that in UCloud's IAM",
}
KEYS_REJECTED = frozenset({170, 171, 172, 174})
PASSING = frozenset({110, 130, 150, 153})
PASSING_HTTP = frozenset({429, 500, 502, 503, 504})
PRODUCT_ERRORS_FROM = 2000
ALWAYS = 1_000  # attempts: as many as the client makes


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A call without a status word.

    Attributes:
        attempts: how many calls in all may be spent on it: 1 where another one cannot help.
        keys_rejected: other keys may help.
    """

    cause: str
    reason: str
    configuration: bool = False
    attempts: int = ALWAYS
    keys_rejected: bool = False
    request_uuid: str = ""

    def as_no_answer(self) -> NoAnswer:
        """What the check yields when no further attempt is made."""
        return NoAnswer(
            cause=self.cause,
            reason=self.reason,
            configuration=self.configuration,
            request_uuid=self.request_uuid,
        )


def read_answer(
    *, http_status: int, body: bytes, request_uuid: str = "", secrets: Collection[str] = ()
) -> Observation | Refusal:
    """The observation in an answer, or why there is none.

    Args:
        http_status: of the response.
        body: as received, of any content.
        request_uuid: UCloud's id of the request.
        secrets: texts that must not come back out, wherever UCloud repeats them.
    """
    hide = _hiding(secrets)
    uuid = cut(one_line(hide(request_uuid)), _NAME_LIMIT)
    if http_status in PASSING_HTTP:
        return Refusal(
            cause=f"HTTP {http_status}", reason=f"UCloud answered HTTP {http_status}", request_uuid=uuid
        )
    try:
        answer = _hidden(
            json.loads(body.decode("utf-8", "replace"), parse_int=_int, parse_constant=lambda _: None), hide
        )
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        cause = "not JSON" if http_status == 200 else f"HTTP {http_status}"  # noqa: PLR2004
        return Refusal(
            cause=cause, reason=f"UCloud answered HTTP {http_status} without a JSON object", request_uuid=uuid
        )
    code = _number(answer.get("RetCode", 0))
    if code is None or code != int(code):
        # Not known to be a success, and so never taken for one.
        return Refusal(
            cause="no RetCode",
            reason="UCloud answered with a RetCode that is no number",
            attempts=2,
            request_uuid=uuid,
        )
    if code:
        return _refused(int(code), answer, uuid)
    return _observation(answer, http_status, uuid)


def _refused(code: int, answer: Mapping[str, Any], uuid: str) -> Refusal:
    said = cut(one_line(_text(answer.get("Message"))), _MESSAGE_LIMIT)
    reason = f"UCloud answered RetCode {code}" + (f" ({said})" if said else "")
    if code in CONFIGURATION:
        attempts, reason = 1, f"{reason}: {CONFIGURATION[code]}"
    elif code in PASSING:
        attempts = ALWAYS
    else:
        attempts = 2 if code > PRODUCT_ERRORS_FROM else 1
    return Refusal(
        cause=f"RetCode {code}",
        reason=reason,
        configuration=code in CONFIGURATION,
        attempts=attempts,
        keys_rejected=code in KEYS_REJECTED,
        request_uuid=uuid,
    )


def _observation(answer: Mapping[str, Any], http_status: int, uuid: str) -> Observation | Refusal:
    if http_status != 200:  # noqa: PLR2004
        return Refusal(
            cause=f"HTTP {http_status}",
            reason=f"UCloud answered HTTP {http_status}",
            attempts=1,
            request_uuid=uuid,
        )
    data = answer.get("Data")
    data = data if isinstance(data, dict) else {}
    status = _word(data.get("Status"))
    if not status:
        return Refusal(
            cause="no status", reason="UCloud answered without a status", attempts=2, request_uuid=uuid
        )
    return Observation(
        status=status,
        failed_message=cut(_text(data.get("FailedMessage")).strip(), REASON_LIMIT),
        progress=_progress(data.get("Progress")),
        position=_position(data.get("Sync")),
        retries_used=_count(data.get("CurRetryCount")),
        retries_allowed=_count(data.get("MaxRetryCount")),
        request_uuid=uuid,
    )


def _word(value: Any) -> str:  # noqa: ANN401 - anything may stand there
    """A status word that can be shown; one that had to be cleaned for that passes for no other word."""
    said = _text(value).strip()
    shown = one_line(said)
    return cut(shown if shown == said else f"{shown}?", STATUS_LIMIT) if shown else ""


def _progress(progress: Any) -> Progress | None:  # noqa: ANN401 - anything may stand there
    if not isinstance(progress, dict):
        return None
    found = Progress(
        total_rows=_number(progress.get("TotalCount")),
        moved_rows=_number(progress.get("CurCount")),
        total_seconds=_number(progress.get("TotalDuration")),
        elapsed_seconds=_number(progress.get("CurDuration")),
        percent=_number(progress.get("Percentage")),
        redis_offset=_number(progress.get("RedisOffsetSize")),
        redis_delay_seconds=_number(progress.get("RedisDelayTime")),
        mongo_delay_seconds=_number(progress.get("MongoDelayTime")),
    )
    return found if found != Progress() else None


def _position(sync: Any) -> Position | None:  # noqa: ANN401 - anything may stand there
    if not isinstance(sync, dict):
        return None
    found = Position(
        binlog_name=cut(one_line(_text(sync.get("BinlogName"))), _NAME_LIMIT),
        binlog_pos=_number(sync.get("BinlogPos")),
        binlog_gtid=cut(one_line(_text(sync.get("BinlogGTID"))), _GTID_LIMIT),
    )
    return found if found != Position() else None


def _text(value: Any) -> str:  # noqa: ANN401 - anything may stand there
    """A text that can be encoded, empty for whatever is not a text."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def _number(value: Any) -> Number | None:  # noqa: ANN401 - anything may stand there
    """A finite number of sane size, also where it comes as text; otherwise None."""
    if isinstance(value, str):
        try:
            value = float(value) if "." in value or "e" in value.lower() else int(value[:40])
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not math.isfinite(value) or abs(value) >= _NUMBER_LIMIT:
        return None
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if abs(value) >= 1 / _NUMBER_LIMIT else 0


def _count(value: Any) -> int | None:  # noqa: ANN401 - anything may stand there
    number = _number(value)
    return int(number) if number is not None and number >= 0 else None


def _int(digits: str) -> int | None:
    """Python refuses to convert thousands of digits; such a number means nothing here anyway."""
    return int(digits) if len(digits) <= 40 else None  # noqa: PLR2004


def _hiding(secrets: Collection[str]) -> Callable[[str], str]:
    """What takes secrets out of a text, also as somebody else's form, address, JSON or HTML writes them."""
    found = {form for secret in secrets if len(secret) >= _HIDE_FROM_LENGTH for form in _disguises(secret)}
    if not found:
        return lambda text: text
    pattern = re.compile("|".join(map(re.escape, sorted(found, key=len, reverse=True))), re.IGNORECASE)
    return lambda text: pattern.sub("***", text)


def _disguises(secret: str) -> Iterator[str]:
    in_json = json.dumps(secret)[1:-1]
    yield from (secret, in_json, json.dumps(in_json)[1:-1], html.escape(secret))
    with suppress(UnicodeEncodeError):
        yield from (quote(secret, safe=""), quote_plus(secret))


def _hidden(value: Any, hide: Callable[[str], str]) -> Any:  # noqa: ANN401 - any JSON
    match value:
        case str():
            return hide(value)
        case dict():
            return {key: _hidden(item, hide) for key, item in value.items()}
        case list():
            return [_hidden(item, hide) for item in value]
        case _:
            return value
