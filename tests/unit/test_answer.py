"""What UCloud answers, in any shape: read whole when it is right, and never an exception when it is not."""

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from udts_monitor.adapters.answer import TRANSIENT_HTTP, Answer, FailedCall, read_answer
from udts_monitor.adapters.redaction import Redactor
from udts_monitor.adapters.task_status import REASON_LIMIT, STATUS_LIMIT, read_observation
from udts_monitor.decision.observation import NoAnswer, Observation, Position, Progress
from udts_monitor.text import one_line, plain, truncate

UUID = "7b4ac6a1-3c0f-4d7e-8d1a-9f4f4e1f0001"
# Source: UCloud API reference, GetUDTSTaskStatus, the documented example.
DOCUMENTED = (
    b'{"Action":"GetUDTSTaskStatusResponse","Data":{"CurRetryCount":0,"MaxRetryCount":0,"Progress":{"CurCount":0,'
    b'"CurDuration":0,"Percentage":0,"TotalCount":0,"TotalDuration":0},"Status":"Done","Sync":{"BinlogName":'
    b'"mysql-bin.000006","BinlogPos":154}},"Message":"","RetCode":0}'
)
# Each figure of an answer, where it stands, and what it is called inside.
FIGURES = {
    "TotalCount": "total_rows",
    "CurCount": "moved_rows",
    "TotalDuration": "total_seconds",
    "CurDuration": "elapsed_seconds",
    "Percentage": "percent",
    "RedisOffsetSize": "redis_offset",
    "RedisDelayTime": "redis_delay_seconds",
    "MongoDelayTime": "mongo_delay_seconds",
}


def read(
    body: bytes | str | object, *, http_status: int = 200, secrets: tuple[str, ...] = (), uuid: str = UUID
) -> Observation | FailedCall:
    """What an answer is read as; anything but bytes is sent as its JSON."""
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    found = read_answer(http_status=http_status, body=sent, request_uuid=uuid, redactor=Redactor(secrets))
    return read_observation(found) if isinstance(found, Answer) else found


def observed(body: bytes | object, secrets: tuple[str, ...] = ()) -> Observation:
    """The observation in an answer that has one."""
    found = read(body, secrets=secrets)
    assert isinstance(found, Observation), found
    return found


def refused(body: bytes | object, *, http_status: int = 200, secrets: tuple[str, ...] = ()) -> FailedCall:
    """The refusal an answer comes to."""
    found = read(body, http_status=http_status, secrets=secrets)
    assert isinstance(found, FailedCall), found
    return found


def with_data(**data: object) -> dict[str, object]:
    """A successful answer about a task that loads, with more in its Data."""
    return {"RetCode": 0, "Data": {"Status": "Loading", **data}}


# --- What is right --------------------------------------------------------------------------------


def test_the_documented_example_is_read_exactly() -> None:
    """Every field of it, zeros as zeros and not as nothing."""
    assert read(DOCUMENTED) == Observation(
        status="Done",
        failed_message="",
        progress=Progress(total_rows=0, moved_rows=0, total_seconds=0, elapsed_seconds=0, percent=0),
        position=Position(binlog_name="mysql-bin.000006", binlog_pos=154),
        retries_used=0,
        retries_allowed=0,
        request_uuid=UUID,
    )


def test_every_field_of_an_answer_is_kept() -> None:
    """Also those the official SDK drops: the Redis and Mongo delays."""
    answer = {
        "RetCode": 0,
        "Data": {
            "Status": "Failed",
            "FailedMessage": "Error 1040: Too many connections",
            "MaxRetryCount": 3,
            "CurRetryCount": 2,
            "Progress": {name: number + 0.5 for number, name in enumerate(FIGURES, start=1)},
            "Sync": {"BinlogName": "mysql-bin.000006", "BinlogPos": 154, "BinlogGTID": "3e11:1-5"},
        },
    }
    assert observed(answer) == Observation(
        status="Failed",
        failed_message="Error 1040: Too many connections",
        progress=Progress(**{field: number + 0.5 for number, field in enumerate(FIGURES.values(), start=1)}),
        position=Position(binlog_name="mysql-bin.000006", binlog_pos=154, binlog_gtid="3e11:1-5"),
        retries_used=2,
        retries_allowed=3,
        request_uuid=UUID,
    )


@given(figures=st.dictionaries(st.sampled_from(sorted(FIGURES)), st.integers(0, 10**18), min_size=1))
def test_any_choice_of_figures_is_kept_and_no_other_made_up(figures: dict[str, int]) -> None:
    """All fields are optional: one that is missing is unknown, not zero."""
    progress = observed(with_data(Progress=figures)).progress
    assert progress == Progress(**{FIGURES[name]: figure for name, figure in figures.items()})


def test_a_status_alone_is_an_observation() -> None:
    """Nothing else of Data is needed."""
    assert observed({"Data": {"Status": "Syncing"}}) == Observation(status="Syncing", request_uuid=UUID)


@pytest.mark.parametrize("nothing", [None, "", {}, [], 0, {"CurCount": None, "BinlogName": ""}])
def test_an_empty_progress_or_position_is_none(nothing: object) -> None:
    """Incremental tasks have an empty Progress, full loads no Sync."""
    found = observed(with_data(Progress=nothing, Sync=nothing))
    assert (found.progress, found.position) == (None, None)


@pytest.mark.parametrize(
    ("value", "number"),
    [
        pytest.param("12", 12, id="a number as text"),
        pytest.param("12.5", 12.5, id="a fraction as text"),
        pytest.param(" 12 ", 12, id="with blanks"),
        pytest.param(-1, -1, id="below zero"),
        pytest.param(2**63, 2**63, id="beyond 64 bits"),
        pytest.param("", None, id="an empty text"),
        pytest.param("many", None, id="a word"),
        pytest.param("NaN", None, id="NaN as text"),
        pytest.param("1e999", None, id="infinity as text"),
        pytest.param(10**39, None, id="more than DynamoDB holds"),
        pytest.param("1" * 5000, None, id="thousands of digits as text"),
        pytest.param(1e-200, 0, id="less than DynamoDB holds"),
        pytest.param(float("nan"), None, id="NaN"),
        pytest.param(float("inf"), None, id="infinity"),
        pytest.param(True, None, id="true"),
        pytest.param([1], None, id="a list"),
        pytest.param({"a": 1}, None, id="an object"),
    ],
)
def test_a_figure_is_a_sane_number_or_unknown(value: object, number: float | None) -> None:
    """What cannot be stored or compared is not there; the status beside it still counts."""
    progress = observed(with_data(Progress={"CurCount": value, "TotalCount": 1})).progress
    assert progress == Progress(moved_rows=number, total_rows=1)


def test_numbers_of_thousands_of_digits_do_not_hide_the_status() -> None:
    """Python refuses to convert them, which must not cost the answer."""
    body = b'{"RetCode": 0, "Data": {"Status": "Done", "CurRetryCount": %s}}' % (b"9" * 100_000)
    assert observed(body) == Observation(status="Done", request_uuid=UUID)


# --- What has no status ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param({"RetCode": 0}, id="no Data"),
        pytest.param({}, id="nothing"),
        pytest.param({"RetCode": 0, "Data": None}, id="Data null"),
        pytest.param({"RetCode": 0, "Data": {}}, id="Data empty"),
        pytest.param({"RetCode": 0, "Data": [{"Status": "Done"}]}, id="Data a list"),
        pytest.param({"RetCode": 0, "Data": "Done"}, id="Data a text"),
        pytest.param({"RetCode": 0, "Data": {"Status": None}}, id="Status null"),
        pytest.param({"RetCode": 0, "Data": {"Status": ""}}, id="Status empty"),
        pytest.param({"RetCode": 0, "Data": {"Status": " \t\n"}}, id="Status blank"),
        pytest.param({"RetCode": 0, "Data": {"Status": "\u200b\x00"}}, id="Status invisible"),
        pytest.param({"RetCode": 0, "Data": {"Status": 5}}, id="Status a number"),
        pytest.param({"RetCode": 0, "Data": {"Status": ["Done"]}}, id="Status a list"),
        pytest.param({"RetCode": 0, "Data": {"status": "Done"}}, id="Status in lower case"),
        pytest.param({"RetCode": 0, "Status": "Done"}, id="Status outside Data"),
    ],
)
def test_an_answer_without_a_status_word_is_no_answer(answer: object) -> None:
    """It happens in the documentation's own examples; asked once more, then reported."""
    found = refused(answer)
    assert (found.cause, found.attempts, found.configuration) == ("no status", 2, False)
    assert found.request_uuid == UUID


@pytest.mark.parametrize("code", [None, "abc", "", True, 1e40, 0.5, [171], {"code": 171}], ids=repr)
def test_a_ret_code_that_is_no_number_is_no_success(code: object) -> None:
    """What was not said to be a success may not be told as a failure or a finish."""
    found = refused({"RetCode": code, "Data": {"Status": "Failed"}})
    assert (found.cause, found.attempts, found.configuration) == ("no RetCode", 2, False)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"Done"',
        b"5",
        b"<html>502</html>",
        b'{"Data": {"Status": "Do',
        b"\xff\xfe",
        b"[" * 99_999,
    ],
)
def test_a_body_that_is_no_json_object_is_passing(body: bytes) -> None:
    """Truncated, a proxy's page, or bottomless: asked again as often as time allows."""
    found = refused(body)
    assert (found.cause, found.configuration, found.attempts) == (
        "not JSON",
        False,
        FailedCall(cause="", reason="").attempts,
    )
    assert found.request_uuid == UUID


def test_a_bottomless_object_is_read_or_refused_in_a_thread_too() -> None:
    """Checks run in threads, whose stacks are smaller: no depth may end the process."""
    found: list[object] = []
    bodies = [
        b'{"Data": {"Status": "Done", "x": ' + b"[" * depth + b"]" * depth + b"}}"
        for depth in (500, 5_000, 400_000)
    ]
    thread = threading.Thread(target=lambda: found.extend(map(read, bodies)))
    thread.start()
    thread.join(timeout=30)
    assert len(found) == len(bodies)


# --- RetCodes and HTTP statuses -------------------------------------------------------------------

CONFIGURATION = (160, 161, 170, 171, 172, 174, 292, 293, 294, 295, 299)


@pytest.mark.parametrize("code", [110, 130, 150, 153])
def test_a_passing_ret_code_is_tried_as_often_as_time_allows(code: int) -> None:
    """Timeout, fault, unavailable, throttled: nobody has to do anything."""
    found = refused({"RetCode": code, "Message": "later"})
    assert (found.cause, found.configuration, found.keys_rejected) == (f"RetCode {code}", False, False)
    assert found.attempts > 100


@pytest.mark.parametrize("code", CONFIGURATION)
def test_a_configuration_ret_code_is_tried_once_and_says_what_to_change(code: int) -> None:
    """Waiting does not help; UCloud's own words stand before the advice."""
    found = refused({"RetCode": code, "Message": "UCloud's own words"})
    assert (found.cause, found.configuration, found.attempts) == (f"RetCode {code}", True, 1)
    said, _, advice = found.reason.partition(": ")
    assert said == f"UCloud answered RetCode {code} (UCloud's own words)"
    assert len(advice) > 20


@pytest.mark.parametrize("code", CONFIGURATION)
def test_only_codes_about_the_keys_ask_for_other_keys(code: int) -> None:
    """A wrong signature, user or token may be a rotation; a missing permission is not."""
    assert refused({"RetCode": code}).keys_rejected is (code in {170, 171, 172, 174})


@pytest.mark.parametrize("code", [2001, 21001, 230_000])
def test_a_product_error_is_tried_once_more_and_reported_as_it_came(code: int) -> None:
    """The code of "no such task" is not documented: code and message are told."""
    found = refused({"RetCode": code, "Message": "Task [udts-9] does not exist"})
    assert (found.attempts, found.configuration) == (2, False)
    assert found.reason == f"UCloud answered RetCode {code} (Task [udts-9] does not exist)"


@pytest.mark.parametrize("code", [1, 100, 230, 2000, -1])
def test_a_code_nobody_documented_is_reported_and_not_tried_again(code: int) -> None:
    """Neither passing nor known to be a matter of configuration."""
    found = refused({"RetCode": code})
    assert (found.attempts, found.configuration, found.reason) == (
        1,
        False,
        f"UCloud answered RetCode {code}",
    )


def test_a_ret_code_outranks_the_status_beside_it() -> None:
    """A refused call says nothing about the task."""
    assert refused({"RetCode": 150, "Data": {"Status": "Done"}}).cause == "RetCode 150"
    assert refused({"RetCode": "171", "Data": {"Status": "Done"}}).cause == "RetCode 171"


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
@pytest.mark.parametrize("body", [b"", DOCUMENTED, b'{"RetCode": 171}'])
def test_a_passing_http_status_outranks_the_body(status: int, body: bytes) -> None:
    """What a broken gateway says about a task or about keys is not believed."""
    found = refused(body, http_status=status)
    assert (found.cause, found.configuration, found.keys_rejected) == (f"HTTP {status}", False, False)
    assert (found.attempts > 100, found.request_uuid) == (True, UUID)


@pytest.mark.parametrize("status", [201, 204, 302, 400, 401, 403, 404, 418, 501])
def test_no_other_http_status_than_200_brings_an_observation(status: int) -> None:
    """A RetCode in such an answer is still told; a status word is not believed."""
    found = refused(DOCUMENTED, http_status=status)
    assert (found.cause, found.request_uuid) == (f"HTTP {status}", UUID)
    assert refused(b"<html>", http_status=status).cause == f"HTTP {status}"
    assert refused(b'{"RetCode": 299}', http_status=status).cause == "RetCode 299"


def test_a_refusal_becomes_no_answer_with_all_it_says() -> None:
    """Nothing gets lost between the client and the run."""
    refusal = refused({"RetCode": 299, "Message": "no"})
    assert refusal.as_no_answer() == NoAnswer(
        cause="RetCode 299", reason=refusal.reason, quote="no", configuration=True, request_uuid=UUID
    )


# --- Secrets --------------------------------------------------------------------------------------

PRIVATE = 'pr/iv"ate\\key-é漢'
PUBLIC = "ucloudsomeone@example.com1296235120854146120"


def escaped(text: str) -> str:
    """Every character as JSON may also write it."""
    return "".join(f"\\u{unit:04x}" for character in text for unit in utf16(character))


def utf16(character: str) -> list[int]:
    """A character's UTF-16 units."""
    encoded = character.encode("utf-16-be", "surrogatepass")
    return [int.from_bytes(encoded[place : place + 2]) for place in range(0, len(encoded), 2)]


PLACES: dict[str, Callable[[str], dict[str, Any]]] = {
    "Message": lambda text: {"RetCode": 171, "Message": text},
    "Message of a product error": lambda text: {"RetCode": 3000, "Message": text},
    "Status": lambda text: {"Data": {"Status": text}},
    "FailedMessage": lambda text: {"Data": {"Status": "Failed", "FailedMessage": text}},
    "BinlogName": lambda text: {"Data": {"Status": "Syncing", "Sync": {"BinlogName": text}}},
    "BinlogGTID": lambda text: {"Data": {"Status": "Syncing", "Sync": {"BinlogGTID": text}}},
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("secret", [PRIVATE, PUBLIC], ids=["private", "public"])
def test_a_secret_that_ucloud_repeats_is_hidden(place: str, secret: str) -> None:
    """Plain, JSON-escaped as usual, and with every character escaped."""
    text = f"signed with {secret} and {secret}"
    plain = PLACES[place](text)
    bodies = [
        json.dumps(plain, ensure_ascii=False).encode(),
        json.dumps(plain).encode(),
        json.dumps(PLACES[place]("MARK")).replace("MARK", escaped(text)).encode(),
    ]
    for body in bodies:
        found = repr(read(body, secrets=(PRIVATE, PUBLIC)))
        assert secret not in found
        assert repr(secret)[1:-1] not in found
        assert "***" in found


@given(before=st.text(max_size=20), after=st.text(max_size=20), place=st.sampled_from(sorted(PLACES)))
def test_no_surrounding_text_brings_a_secret_to_light(before: str, after: str, place: str) -> None:
    """Whatever stands beside it, and wherever the text is cut."""
    secret = "kEy-Mark-7f3a9c"
    assert secret not in repr(read(PLACES[place](before + secret + after), secrets=(secret,)))


def test_a_secret_is_hidden_before_a_text_is_cut() -> None:
    """Cut first, half of it would stay."""
    secret = "kEy-Mark-7f3a9c"
    found = refused({"RetCode": 3000, "Message": "x" * 290 + " " + secret}, secrets=(secret,))
    assert "kEy" not in found.reason


def test_short_secrets_do_not_eat_the_answer() -> None:
    """A test key such as "a" would turn every word into stars."""
    assert observed(with_data(), secrets=("a", "Loading")).status == "Loading"


# --- Anything at all ------------------------------------------------------------------------------

JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=10**20, max_value=10**60)
    | st.floats()
    | st.text(alphabet=st.characters(), max_size=20)
    | st.sampled_from(["Done", "Failed", "\ud800", "NaN", "1e999", "9" * 50, "\u202eDone", "Do\x00ne"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["Status", "CurCount", "x"]) | st.text(max_size=5), inner, max_size=4
        )
    ),
    max_leaves=8,
)


def shaped(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Objects with some of these fields, each of its own kind or of any."""
    return st.fixed_dictionaries({}, optional={name: kind | JSON_VALUES for name, kind in fields.items()})


ANSWERS = shaped(
    RetCode=st.sampled_from([0, 0, 0, 110, 171, 2001]),
    Message=st.text(),
    Data=shaped(
        Status=st.sampled_from(["Done", "Failed", "Frobnicating"]),
        FailedMessage=st.text(alphabet=st.characters()),
        MaxRetryCount=st.integers(),
        CurRetryCount=st.integers(),
        Progress=shaped(**dict.fromkeys(FIGURES, st.integers() | st.floats())),
        Sync=shaped(BinlogName=st.text(), BinlogPos=st.integers(), BinlogGTID=st.text()),
    ),
)
BODIES = (
    st.binary()
    | ANSWERS.map(lambda answer: json.dumps(answer).encode())
    | JSON_VALUES.map(lambda value: json.dumps(value).encode())
)


def status_word_in(body: bytes) -> str | None:
    """The status word a body really holds, None when it holds none."""
    try:
        answer = json.loads(body.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    data = answer.get("Data") if isinstance(answer, dict) else None
    word = data.get("Status") if isinstance(data, dict) else None
    return word if isinstance(word, str) else None


@given(
    body=BODIES, http_status=st.just(200) | st.sampled_from([204, 301, 403, *TRANSIENT_HTTP]), uuid=st.text()
)
@example(body=b'{"Data": {"Status": "Done"}, "RetCode": 1e400}', http_status=200, uuid="")
@example(body=b'{"Data": {"Status": "Done"}, "RetCode": -Infinity}', http_status=200, uuid="")
@example(body=b'{"Data": {"Status": "\\ud800"}}', http_status=200, uuid="\ud800")
@example(body=b'{"Data": {"Status": "Done", "FailedMessage": "\\ud800"}}', http_status=200, uuid="")
def test_whatever_comes_is_an_observation_or_a_refusal(body: bytes, http_status: int, uuid: str) -> None:
    """No exception, no status that is not in the answer, and nothing that could not be stored."""
    found = read(body, http_status=http_status, uuid=uuid)
    word = status_word_in(body)
    if isinstance(found, Observation):
        assert http_status == 200
        assert word is not None
        said = word.encode("utf-8", "replace").decode().strip()
        shown = one_line(said)
        assert found.status == truncate(shown if shown == said else f"{shown}?", STATUS_LIMIT)
        _assert_storable(found)
    else:
        assert found.cause
        assert found.reason
        assert one_line(found.reason) == found.reason
        assert len(found.cause) < 50
        assert len(found.reason) < 1_000
    assert len(found.request_uuid) <= 128


def _assert_storable(found: Observation) -> None:
    """Within DynamoDB's numbers and sizes, and encodable."""
    assert 1 <= len(found.status) <= STATUS_LIMIT
    assert len(found.failed_message) <= REASON_LIMIT
    found.failed_message.encode()
    for part in (found.progress, found.position):
        for name in part.__slots__ if part else ():
            value = getattr(part, name)
            if isinstance(value, str):
                value.encode()
                assert len(value) <= 1_000
            elif value is not None:
                assert value == 0 or 1e-130 < abs(value) < 1e38
    for count in (found.retries_used, found.retries_allowed):
        assert count is None or 0 <= count < 1e38


@given(word=st.text(alphabet="abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=1, max_size=64))
def test_a_status_word_is_kept_verbatim(word: str) -> None:
    """Known or not, in its own spelling."""
    assert observed({"Data": {"Status": word}}).status == word


@given(word=st.sampled_from(["Done", "Success", "Failed"]), place=st.integers(0, 7), garble=st.characters())
def test_a_garbled_word_is_not_taken_for_the_word_it_resembles(word: str, place: int, garble: str) -> None:
    """Finished and failed are told once and loudly: only the word itself says so."""
    assume(not garble.isspace())
    garbled = word[:place] + garble + word[place:]
    found = read({"Data": {"Status": garbled}})
    assert not isinstance(found, Observation) or found.status != word


@given(text=st.text(min_size=1))
def test_a_reason_of_failure_keeps_its_words_and_lines(text: str) -> None:
    """Verbatim but for blanks around its lines and what does not print."""
    found = observed({"Data": {"Status": "Failed", "FailedMessage": text}})
    assert found.failed_message == plain(text.encode("utf-8", "replace").decode())


def test_nothing_that_steers_a_terminal_or_turns_a_line_is_kept_of_a_reason() -> None:
    """Escape sequences of 7 and 8 bits, turned reading direction, line ends that only some programs see."""
    text = "Error 1040:\u2028\u202eToo many\u2066 connections\x9b31m\x1b[2J\x85at\x00 source\r\nline 2"
    found = observed({"Data": {"Status": "Failed", "FailedMessage": text}})
    assert found.failed_message == "Error 1040:\nToo many connections31m[2J\nat source\nline 2"
    said = refused({"RetCode": 3000, "Message": text}).reason
    assert said.isprintable()
    assert "Error 1040: Too many connections31m[2J at source line 2" in said


def test_an_endless_reason_is_cut() -> None:
    """A megabyte of it would not fit into the table."""
    found = observed({"Data": {"Status": "Failed", "FailedMessage": "漢" * 300_000}})
    assert len(found.failed_message) == REASON_LIMIT
