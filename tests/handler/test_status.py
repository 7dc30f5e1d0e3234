"""The read-only function as Lambda calls it: by hand, from a dashboard, over its address."""

import base64
import hmac
import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote_plus

import boto3
import pytest

from functions.task_status import app
from tests.handler.conftest import KEYS, Deployed, refused
from udts_monitor.errors import CommandError, ConfigurationError, StoreError

TOKEN = "read-token-of-thirty-characters"
ARN = "arn:aws:lambda:us-east-1:123456789012:function:udts-monitor-task-status"


@pytest.fixture(autouse=True)
def new_environment() -> Iterator[None]:
    """Nothing is left of an earlier test's function."""
    for cached in (app._reader, app._token):  # noqa: SLF001 - a new execution environment
        cached.cache_clear()
    yield
    for cached in (app._reader, app._token):  # noqa: SLF001 - a new execution environment
        cached.cache_clear()


def ask(event: object) -> Any:  # noqa: ANN401 - whatever it answers
    """Call the handler."""
    context = SimpleNamespace(
        function_name="udts-monitor-task-status",
        memory_limit_in_mb=1024,
        invoked_function_arn=ARN,
        aws_request_id="request",
    )
    return app.lambda_handler(event, context)  # type: ignore[arg-type]


def get(path: str = "/", *, method: str = "GET", iam: bool = False, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    """A request to the function's address."""
    context: dict[str, Any] = {"http": {"method": method}, "domainName": "abc.lambda-url.example.com"}
    if iam:
        context["authorizer"] = {"iam": {"accountId": "123456789012"}}
    event = {
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {},
        "requestContext": context,
    }
    answer: dict[str, Any] = ask({**event, **more})
    return answer


@pytest.fixture
def guarded(deployed: Deployed, monkeypatch: pytest.MonkeyPatch) -> Deployed:
    """A function whose address asks for the token."""
    secret = boto3.client("secretsmanager").create_secret(
        Name="page", SecretString=json.dumps({"read_token": TOKEN})
    )
    monkeypatch.setenv("STATUS_TOKEN_SECRET_ARN", secret["ARN"])
    deployed.run()
    return deployed


def test_by_hand_it_answers_json(deployed: Deployed) -> None:
    """What is watched, the history of one task, and the incidents; a run before has written them."""
    deployed.run()
    status = ask({"command": "status"})
    assert (status["watched"], status["late"]) == (5, False)
    assert ask(None)["watched"] == 5
    history = ask({"command": "history", "task": "udts-3"})
    assert [point["status"] for point in history["points"]] == ["Syncing"]
    assert ask({"command": "incidents", "hours": 48}) == {"incidents": []}
    assert json.dumps(status)


def test_it_calls_query_and_nothing_else(deployed: Deployed) -> None:
    """Its role allows no more."""
    deployed.run()
    deployed.calls.clear()
    ask({"command": "status"})
    assert deployed.calls == {"Query": 3}
    get("/", iam=True)
    # Five tasks and the monitor itself.
    assert deployed.calls == {"Query": 3 + 3 + 6}


@pytest.mark.parametrize(
    ("event", "said"),
    [
        ({"command": "stauts"}, "'stauts' is not known; known are status, history, incidents, explain"),
        ({"command": "status", "task": "x"}, "unknown fields: 'task'"),
        ({"command": "history"}, "task: missing"),
        ({"command": "history", "task": "<script>"}, "task: '<script>' is not watched"),
        ({"command": "history", "task": "udts-1", "hours": "many"}, "hours: a whole number from 1 to 2160"),
        ([1], "The payload is no JSON object"),
    ],
)
def test_a_wrong_question_gets_one_clear_line(deployed: Deployed, event: object, said: str) -> None:
    """It names the field and its rule."""
    deployed.run()
    with pytest.raises(CommandError) as found:
        ask(event)
    assert said in str(found.value)
    assert "\n" not in str(found.value)


@pytest.mark.usefixtures("deployed")
def test_a_function_without_a_table_says_which_variable_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """And a table that is not there is named."""
    monkeypatch.delenv("TABLE_NAME")
    with pytest.raises(ConfigurationError, match="TABLE_NAME: missing"):
        ask({"command": "status"})
    monkeypatch.setenv("TABLE_NAME", "elsewhere")
    with pytest.raises(StoreError, match="could not be used to read"):
        ask({"command": "status"})


def test_a_dashboard_gets_html_in_its_theme_and_each_task_can_be_opened(deployed: Deployed) -> None:
    """The click calls the function again with the task's key and the dashboard's time range."""
    deployed.run()
    context = {"theme": "dark", "timeRange": {"start": 1, "end": 2}}
    shown = ask({"widgetContext": context})
    assert shown.startswith('<div class="cwdb-no-default-styles"><style>:root{color-scheme:dark;')
    assert f'<cwdb-action action="call" display="popup" endpoint="{ARN}">' in shown
    assert '{"command": "task", "task": "-/udts-3"}' in shown
    opened = ask({"command": "task", "task": "-/udts-3", "widgetContext": context})
    assert "udts-3" in opened
    assert "udts-4" not in opened
    assert "no such page or task" in ask({"command": "task", "task": "-/<b>", "widgetContext": context})


@pytest.mark.usefixtures("deployed")
def test_a_dashboard_can_ask_what_the_widget_is() -> None:
    """In Markdown, before there is anything to show."""
    assert ask({"describe": True}).startswith("### UDTS monitor")


@pytest.mark.parametrize(
    "found",
    [None, 1, "now", {}, {"start": "x", "end": 1}, {"start": 9e18, "end": 9e19}, {"start": 5, "end": 1}],
)
def test_a_time_range_that_is_none_is_the_last_day(deployed: Deployed, found: object) -> None:
    """Whatever the dashboard sends."""
    deployed.run()
    assert "udts-1" in ask({"command": "task", "task": "udts-1", "widgetContext": {"timeRange": found}})


def test_the_address_shows_the_page_to_whom_aws_lets_in(deployed: Deployed) -> None:
    """With AWS_IAM the request says who signed it."""
    deployed.run()
    answer = get(iam=True)
    assert (answer["statusCode"], answer["headers"]["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "All 5 tasks are well" in answer["body"]
    assert "udts-monitor, 123456789012, us-east-1" in answer["body"]


def test_an_address_without_a_token_shows_nothing_to_anybody_else(deployed: Deployed) -> None:
    """A wrong template must not open the page."""
    deployed.run()
    answer = get()
    assert answer["statusCode"] == 403
    assert "udts-1" not in answer["body"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "Bearer wrong"},
        {"authorization": f"Bearer {TOKEN}x"},
        {"authorization": f"Basic {TOKEN}"},
        {"authorization": "Basic " + base64.b64encode(b"me:wrong").decode()},
        {"authorization": "Bearer "},
        {"authorization": "Bearer \u6f22"},
    ],
)
@pytest.mark.usefixtures("guarded")
def test_without_the_token_there_is_a_form_and_nothing_of_the_table(headers: dict[str, str]) -> None:
    """Programs get JSON; neither learns more."""
    answer = get(headers=headers)
    assert answer["statusCode"] == 401
    assert '<form method="post"' in answer["body"]
    data = get("/api/status", headers=headers)
    assert (data["statusCode"], json.loads(data["body"])) == (
        401,
        {"error": "the read token is missing or wrong"},
    )
    for found in (answer, data):
        assert "udts-1" not in found["body"]
        assert TOKEN not in found["body"]


@pytest.mark.usefixtures("guarded")
def test_the_token_opens_the_page_for_programs_and_feed_readers() -> None:
    """As a bearer, or as the password of any name."""
    basic = base64.b64encode(f"me:{TOKEN}".encode()).decode()
    for given in (f"Bearer {TOKEN}", f"bearer {TOKEN}", f"Basic {basic}"):
        assert get("/api/status", headers={"authorization": given})["statusCode"] == 200


@pytest.mark.usefixtures("guarded")
def test_a_person_gives_the_token_once_and_a_cookie_opens_the_page_from_then_on() -> None:
    """The cookie is another secret: who reads it has no token. No script sees it, no other site sends it."""
    wrong = get(method="POST", body="token=wrong")
    assert (wrong["statusCode"], "That was not the token." in wrong["body"]) == (401, True)
    body = base64.b64encode(f"token={quote_plus(TOKEN)}".encode()).decode()
    answer = get(method="POST", body=body, isBase64Encoded=True)
    assert (answer["statusCode"], answer["headers"]["Location"]) == (303, "./")
    cookie = answer["headers"]["Set-Cookie"]
    assert TOKEN not in cookie
    assert cookie.endswith("Path=/; Secure; HttpOnly; SameSite=Strict")
    opened = get(cookies=["other=1", cookie.partition(";")[0]])
    assert (opened["statusCode"], "All 5 tasks are well" in opened["body"]) == (200, True)
    assert get(cookies=[cookie.partition(";")[0][:-1] + "0x"])["statusCode"] == 401


def test_the_token_is_compared_in_constant_time(guarded: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    """How long a wrong one takes must not tell how much of it was right."""
    del guarded
    compared: list[tuple[bytes, bytes]] = []
    same = hmac.compare_digest

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return bool(same(one, other))

    monkeypatch.setattr(hmac, "compare_digest", compare)
    get(headers={"authorization": "Bearer wrong"})
    assert (b"wrong", TOKEN.encode()) in compared


@pytest.mark.parametrize("text", ["", "{}", "[]", "not json", '{"read_token": "short"}', json.dumps(KEYS)])
def test_a_secret_without_a_usable_token_closes_the_page(guarded: Deployed, text: str) -> None:
    """An empty token must never open it; what stands in the secret is repeated nowhere."""
    del guarded
    boto3.client("secretsmanager").update_secret(SecretId="page", SecretString=text or "x")
    answer = get(headers={"authorization": "Bearer "})
    assert answer["statusCode"] == 503
    assert "short" not in answer["body"]


def test_a_table_that_cannot_be_read_is_one_sentence_on_the_page(deployed: Deployed) -> None:
    """Nothing of AWS's words gets out; the log has them."""
    deployed.run()
    deployed.faults["Query"] = refused("AccessDeniedException", "Query")
    page, data = get(iam=True), get("/api/status", iam=True)
    assert (page["statusCode"], data["statusCode"]) == (503, 503)
    assert "The table cannot be read just now." in page["body"]
    assert json.loads(data["body"]) == {"error": "the table cannot be read just now"}
    assert "AccessDenied" not in page["body"] + data["body"]
