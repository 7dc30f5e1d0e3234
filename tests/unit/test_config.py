"""The configuration: every variable, its default and its bounds, and every mistake told at once."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.test_credentials import MARK, shown
from udts_monitor.adapters.config import Settings, read_settings, read_watch_list
from udts_monitor.decision.event import Kind
from udts_monitor.errors import ConfigurationError
from udts_monitor.outbox.notification import Topic
from udts_monitor.task import TaskRef

type Reader = Callable[..., Settings]
type Problems = Callable[..., list[str]]

REQUIRED = {
    "UDTS_TASKS": "udts-1",
    "UCLOUD_SECRET_ARN": "arn:aws:secretsmanager:us-east-1:123456789012:secret:udts",
    "TABLE_NAME": "table",
    "ALERTS_TOPIC_ARN": "arn:aws:sns:us-east-1:123456789012:alerts",
}
# Source: the configuration table of the design.
DEFAULTS: dict[str, Any] = {
    "UCLOUD_PROJECT_ID": "",
    "UCLOUD_BASE_URL": "https://api.ucloud.cn",
    "CONSOLE_URL": "https://console.ucloud.cn/",
    "PAGER_TOPIC_ARN": "",
    "CHAT_TOPIC_ARN": "",
    "EVENTS_TOPIC_ARN": "",
    "NOTIFY_ON": "all",
    "UNREACHABLE_AFTER_CHECKS": 3,
    "RECOVERED_AFTER_CHECKS": 3,
    "SYNCED_AFTER_CHECKS": 3,
    "STOPPED_GRACE_MINUTES": 20,
    "STALLED_AFTER_MINUTES": 60,
    "SOURCE_LOG_RETENTION_HOURS": 0,
    "CUTOVER_BELOW_MEGABYTES": 5,
    "ROLL_CALL": "weekly",
    "UCLOUD_REGION": "",
    "RESUME_WITHIN_DAYS": 7,
    "MAX_RUN_HOURS": 0,
    "MAX_DELAY_SECONDS": 300,
    "SAMPLE_MINUTES": 5,
    "HISTORY_RETENTION_DAYS": 90,
    "DIGEST_ABOVE": 5,
    "MAX_CONCURRENCY": 16,
    "SHARD_TASKS": 0,
    "SHARD_QUEUE_URL": "",
    "DISPLAY_TIMEZONE": "UTC",
    "DISPLAY_LANGUAGE": "en",
}
# What SHARD_TASKS needs beside it.
QUEUE = {"SHARD_QUEUE_URL": "https://queue.example.com"}
KEYS = ("UCLOUD_PUBLIC_KEY", "UCLOUD_PRIVATE_KEY")
VARIABLES = {*REQUIRED, *DEFAULTS, *KEYS}
COUNTS = ("UNREACHABLE_AFTER_CHECKS", "RECOVERED_AFTER_CHECKS", "SYNCED_AFTER_CHECKS")
THRESHOLDS = (
    "STOPPED_GRACE_MINUTES",
    "STALLED_AFTER_MINUTES",
    "RESUME_WITHIN_DAYS",
    "MAX_RUN_HOURS",
    "MAX_DELAY_SECONDS",
    "SOURCE_LOG_RETENTION_HOURS",
    "CUTOVER_BELOW_MEGABYTES",
    "SAMPLE_MINUTES",
)
# The smallest and the largest value that is taken, and whether only whole numbers are.
BOUNDS = (
    dict.fromkeys(COUNTS, (0, 1000000, True))
    | dict.fromkeys(THRESHOLDS, (0, 1000000, False))
    | {
        "HISTORY_RETENTION_DAYS": (1, 3650, True),
        "DIGEST_ABOVE": (1, 1000, True),
        "MAX_CONCURRENCY": (1, 64, True),
        "SHARD_TASKS": (0, 5000, True),
    }
)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Reader:
    """Reads the settings of the required variables and the given ones; None takes a variable away."""

    def read_from(**variables: str | None) -> Settings:
        for name in VARIABLES:
            monkeypatch.delenv(name, raising=False)
        for name, value in {**REQUIRED, **variables}.items():
            if value is not None:
                monkeypatch.setenv(name, value)
        return read_settings()

    return read_from


@pytest.fixture
def problems(read: Reader) -> Problems:
    """The problems of a wrong environment; its error never shows a key, whatever is wrong."""

    def problems_of(**variables: str | None) -> list[str]:
        with pytest.raises(ConfigurationError) as wrong:
            read(**variables)
        assert MARK not in shown(wrong.value)
        assert all(problem in str(wrong.value) for problem in wrong.value.problems)
        return wrong.value.problems

    return problems_of


def value_of(settings_: Settings, variable: str) -> object:
    """The field of a variable."""
    return getattr(settings_, variable.lower())


# --- Defaults -------------------------------------------------------------------------------------


def test_the_table_of_the_design_is_complete() -> None:
    """A new setting has to appear here with its default and its bounds."""
    assert {name.upper() for name in Settings.model_fields} == VARIABLES
    numbers = {name for name, value in DEFAULTS.items() if not isinstance(value, str)}
    assert numbers == BOUNDS.keys()


def test_the_required_variables_are_enough(read: Reader) -> None:
    """Everything else has a default."""
    found = read()
    assert {name: value_of(found, name) for name in DEFAULTS} == DEFAULTS
    assert {name: value_of(found, name) for name in REQUIRED} == REQUIRED


@pytest.mark.parametrize("variable", sorted(DEFAULTS))
def test_an_empty_variable_is_a_missing_one(read: Reader, variable: str) -> None:
    """A template cannot leave a variable out, only empty."""
    assert value_of(read(**{variable: ""}), variable) == DEFAULTS[variable]


@pytest.mark.parametrize("variable", [*DEFAULTS, *REQUIRED])
def test_white_space_around_a_value_does_not_count(read: Reader, variable: str) -> None:
    """Copied from a console, a value often brings a blank or a line end with it."""
    default = {**DEFAULTS, **REQUIRED}[variable]
    value = default or ("org-7" if isinstance(default, str) else 7)
    assert value_of(read(**{**QUEUE, variable: f" {value}\n"}), variable) == value


def test_variables_of_others_do_not_disturb(read: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lambda itself sets dozens."""
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("UDTS_SOMETHING_ELSE", "1")
    assert read().udts_tasks == "udts-1"


# --- Required -------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [None, "", "  "], ids=["missing", "empty", "blank"])
@pytest.mark.parametrize("variable", sorted(REQUIRED))
def test_a_required_variable_cannot_be_missing(problems: Problems, variable: str, value: str | None) -> None:
    """Missing, empty or blank: one problem that names it."""
    (problem,) = problems(**{variable: value})
    assert problem.startswith(variable)


@pytest.mark.parametrize("given_key", KEYS)
def test_one_key_alone_is_not_enough(problems: Problems, given_key: str) -> None:
    """Both keys or the secret; the problem names all three."""
    (problem,) = problems(**{"UCLOUD_SECRET_ARN": "", given_key: MARK})
    assert all(name in problem for name in ("UCLOUD_SECRET_ARN", *KEYS))


def test_both_keys_stand_in_for_the_secret(read: Reader) -> None:
    """For local use."""
    found = read(UCLOUD_SECRET_ARN=None, UCLOUD_PUBLIC_KEY="public", UCLOUD_PRIVATE_KEY="private")
    assert found.ucloud_public_key.get_secret_value() == "public"
    assert found.ucloud_private_key.get_secret_value() == "private"


def test_one_topic_of_any_audience_is_enough(read: Reader) -> None:
    """Programs alone may listen, or people alone."""
    assert read(ALERTS_TOPIC_ARN="", EVENTS_TOPIC_ARN="arn:e").topics == {Topic.EVENTS: "arn:e"}
    assert read(EVENTS_TOPIC_ARN="arn:e").topics == {
        Topic.ALERTS: REQUIRED["ALERTS_TOPIC_ARN"],
        Topic.EVENTS: "arn:e",
    }


@pytest.mark.parametrize("topic", Topic)
def test_any_topic_may_be_the_only_one(read: Reader, topic: Topic) -> None:
    """Chat alone, alerts alone or events alone: each is somebody who hears."""
    none = {f"{other.upper()}_TOPIC_ARN": "" for other in Topic}
    assert read(**(none | {f"{topic.upper()}_TOPIC_ARN": "arn:t"})).topics == {topic: "arn:t"}


# --- Numbers --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("variable", "bounds"), BOUNDS.items())
def test_a_number_is_taken_within_its_bounds(
    read: Reader, variable: str, bounds: tuple[int, int, bool]
) -> None:
    """The smallest and the largest value belong to the range."""
    low, high, whole = bounds
    assert value_of(read(**{**QUEUE, variable: str(low)}), variable) == low
    assert value_of(read(**{**QUEUE, variable: str(high)}), variable) == high
    if not whole:
        assert value_of(read(**{variable: "0.5"}), variable) == 0.5


@pytest.mark.parametrize(("variable", "bounds"), BOUNDS.items())
def test_a_number_beyond_its_bounds_is_a_problem(
    problems: Problems, variable: str, bounds: tuple[int, int, bool]
) -> None:
    """Also words, NaN, infinity, and fractions of what is counted."""
    low, high, whole = bounds
    wrong = [str(low - 1), str(high + 1), "many", "NaN", "inf", "1e400", "1;2", " "]
    for value in wrong + ["1.5"] * whole:
        (problem,) = problems(**{variable: value})
        assert problem.startswith(f"{variable}: ")


def test_the_policy_holds_the_thresholds(read: Reader) -> None:
    """Each number arrives where it is used, in its unit."""
    policy = read(
        UNREACHABLE_AFTER_CHECKS="1",
        RECOVERED_AFTER_CHECKS="2",
        STOPPED_GRACE_MINUTES="3.5",
        SAMPLE_MINUTES="4",
        RESUME_WITHIN_DAYS="5",
    ).policy
    assert (policy.unreachable_after_checks, policy.recovered_after_checks) == (1, 2)
    assert (policy.stopped_grace_minutes, policy.sample_minutes, policy.resume_within_days) == (3.5, 4, 5)


# --- The address of UCloud ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "https://api.ucloud.cn",
        "https://api.ucloud.cn/",
        "https://api.another-brand.example:8443/api",
        "http://api.service.ucloud.cn",
        "http://127.0.0.1:8080",
        "http://127.9.9.9",
        "http://[::1]:8080",
        "http://localhost:8080/",
        "HTTPS://API.UCLOUD.CN",
    ],
)
def test_an_address_is_https_or_this_machine_or_the_vpc(read: Reader, url: str) -> None:
    """Where requests may go."""
    assert read(UCLOUD_BASE_URL=url).ucloud_base_url == url


@pytest.mark.parametrize(
    "url",
    [
        "http://api.ucloud.cn",
        "http://api.service.ucloud.cn.example.com",
        "http://127.0.0.1.example.com",
        "http://localhost@example.com",
        "http://example.com\\@localhost",
        "http://0.0.0.0",
        "http://169.254.169.254",
        "ftp://api.ucloud.cn",
        "api.ucloud.cn",
        "//api.ucloud.cn",
        "https://",
        "https://[::1",
        "https://api.ucloud.cn:port",
        "https://api.ucloud.cn:99999",
        "https://api.ucloud .cn",
        "javascript:alert(1)",
    ],
)
def test_any_other_address_is_a_problem(problems: Problems, url: str) -> None:
    """Over plain HTTP anybody on the way could read the public key and the answers, or forge them."""
    (problem,) = problems(UCLOUD_BASE_URL=url)
    assert problem.startswith("UCLOUD_BASE_URL: ")


# --- Words ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        pytest.param("all", set(Kind), id="all"),
        pytest.param("failed", {Kind.FAILED}, id="one"),
        pytest.param("failed,finished", {Kind.FAILED, Kind.FINISHED}, id="two"),
        pytest.param(" Failed , , FINISHED,", {Kind.FAILED, Kind.FINISHED}, id="written carelessly"),
        pytest.param("failed,all", set(Kind), id="all and one more"),
    ],
)
def test_notify_on_names_the_kinds_that_are_told(read: Reader, text: str, kinds: set[Kind]) -> None:
    """A comma list, or all."""
    policy = read(NOTIFY_ON=text).policy
    assert {kind for kind in Kind if policy.lets_through(kind)} == kinds


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_may_be_chosen(read: Reader, kind: Kind) -> None:
    """Each by its name alone."""
    policy = read(NOTIFY_ON=kind.value).policy
    assert [found for found in Kind if policy.lets_through(found)] == [kind]


def test_an_unknown_kind_is_a_problem_that_names_the_known_ones(problems: Problems) -> None:
    """A kind with a typo would never be told."""
    (problem,) = problems(NOTIFY_ON="failed,fnished,oops")
    assert problem.startswith("NOTIFY_ON: unknown kind fnished, oops; known are all, failed, retrying")


@pytest.mark.parametrize("text", [",", " ", " , ,"])
def test_a_list_of_no_kinds_is_a_problem(problems: Problems, text: str) -> None:
    """A monitor that never tells anything looks like one that has nothing to tell."""
    (problem,) = problems(NOTIFY_ON=text)
    assert problem.startswith("NOTIFY_ON: ")


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Asia/Shanghai", "Etc/GMT+8"])
def test_a_time_zone_is_an_iana_name(read: Reader, zone: str) -> None:
    """Found in the tzdata the layer brings along."""
    assert read(DISPLAY_TIMEZONE=zone).display_timezone == zone


@pytest.mark.parametrize(
    "zone", ["Mars/Olympus", "+08:00", "../../etc/passwd", "/etc/localtime", "Europe", "."]
)
def test_an_unknown_time_zone_is_a_problem(problems: Problems, zone: str) -> None:
    """Paths included: the name is looked up in files."""
    (problem,) = problems(DISPLAY_TIMEZONE=zone)
    assert problem.startswith("DISPLAY_TIMEZONE: ")
    assert zone in problem


@pytest.mark.parametrize("variable", ["DISPLAY_TIMEZONE", "NOTIFY_ON", "UDTS_TASKS", "DISPLAY_LANGUAGE"])
def test_a_problem_that_repeats_a_value_is_one_line_that_prints(problems: Problems, variable: str) -> None:
    """It goes to logs and terminals."""
    (problem,) = problems(**{variable: "a/b/c\x1b[2J\u202e\x9b31m\u2028\x85x"})[:1]
    assert problem.startswith(f"{variable}: ")
    assert problem.isprintable()


@pytest.mark.parametrize("project", ["org-a/org-b", "-", "org a", "*", "x" * 129])
def test_a_default_project_that_is_no_id_is_a_problem(problems: Problems, project: str) -> None:
    """It becomes part of the tasks' keys, where a slash or a dash alone would mean something else."""
    (problem,) = problems(UCLOUD_PROJECT_ID=project)
    assert problem.startswith("UCLOUD_PROJECT_ID: ")


# --- Tasks ----------------------------------------------------------------------------------------


def test_tasks_are_read_with_the_default_project(read: Reader) -> None:
    """The list of the settings, or one read from elsewhere, by the same rule."""
    found = read(UCLOUD_PROJECT_ID="org-a", UDTS_TASKS="x=udts-1 org-b/udts-2")
    assert read_watch_list(found).tasks == (
        TaskRef(task_id="udts-1", project_id="org-a", name="x"),
        TaskRef(task_id="udts-2", project_id="org-b"),
    )


def test_every_wrong_task_is_a_problem_of_its_own(read: Reader, problems: Problems) -> None:
    """In the variable and in a list read from elsewhere alike."""
    told = problems(UDTS_TASKS="udts-1 a/b/c udts-2:copy ?")
    assert [problem.split(": ")[:2] for problem in told] == [
        ["UDTS_TASKS", "a/b/c"],
        ["UDTS_TASKS", "udts-2:copy"],
        ["UDTS_TASKS", "?"],
    ]
    with pytest.raises(ConfigurationError) as wrong:
        read_watch_list(read(UDTS_TASKS="ssm:/udts/tasks"), {"/udts/tasks": "udts-1 a/b/c udts-2:copy -"})
    assert [problem.split(": ")[:3] for problem in wrong.value.problems] == [
        ["UDTS_TASKS", "/udts/tasks", "entry 2"],
        ["UDTS_TASKS", "/udts/tasks", "entry 3"],
        ["UDTS_TASKS", "/udts/tasks", "entry 4"],
    ]


def test_a_task_named_with_and_without_the_default_project_is_named_twice(problems: Problems) -> None:
    """The default project counts when the environment is read, too."""
    assert problems(UCLOUD_PROJECT_ID="org-a", UDTS_TASKS="udts-1 org-a/udts-1") == [
        "UDTS_TASKS: org-a/udts-1: names the same task as udts-1"
    ]


@pytest.mark.parametrize("text", ["ssm:/udts/tasks", " ssm:/udts/tasks ", "ssm: /udts/tasks"])
def test_a_reference_names_a_parameter(read: Reader, text: str) -> None:
    """Nothing is read from it yet."""
    assert read(UDTS_TASKS=text).tasks_parameter == "/udts/tasks"


def test_a_list_is_no_reference(read: Reader) -> None:
    """Then no parameter is read."""
    assert read(UDTS_TASKS="udts-1").tasks_parameter == ""
    assert read(UDTS_TASKS='[{"id": "udts-1"}]').tasks_parameter == ""


@pytest.mark.parametrize("text", ["ssm:", "ssm: ", "ssm:/", "ssm://"])
def test_a_reference_to_nothing_is_a_problem(problems: Problems, text: str) -> None:
    """The prefix alone names no parameter, and the root of all folders holds everybody's."""
    (problem,) = problems(UDTS_TASKS=text)
    assert problem.startswith("UDTS_TASKS: ssm: has to be followed by")


def test_shards_need_the_queue_that_the_template_makes(
    read: Reader, problems: Callable[..., list[str]]
) -> None:
    """Off by default, on only with both; a queue that is not used does no harm."""
    assert read(**QUEUE).shard_tasks == 0
    assert read(**QUEUE, SHARD_TASKS="500").shard_tasks == 500
    (problem,) = problems(SHARD_TASKS="500")
    assert problem.startswith("SHARD_QUEUE_URL: missing; SHARD_TASKS needs the queue that the template makes")


# --- All together, and never a key ----------------------------------------------------------------


def test_all_problems_are_told_in_one_error(problems: Problems) -> None:
    """One look at the log, one change, and it runs."""
    wrong = {
        "ALERTS_TOPIC_ARN": None,
        "DIGEST_ABOVE": "0",
        "DISPLAY_TIMEZONE": "Mars/Olympus",
        "HISTORY_RETENTION_DAYS": "0",
        "MAX_CONCURRENCY": "65",
        "NOTIFY_ON": "oops",
        "TABLE_NAME": None,
        "UCLOUD_BASE_URL": "http://example.com",
        "UCLOUD_SECRET_ARN": None,
        "UDTS_TASKS": "a/b/c ?",
        **dict.fromkeys([*COUNTS, *THRESHOLDS], "-1"),
    }
    told = problems(**wrong)
    assert {problem.split(":")[0].split(",")[0] for problem in told} == set(wrong)
    assert len(told) == len(wrong) + 1  # the task list has two wrong entries


@pytest.mark.parametrize("variable", sorted(VARIABLES - set(KEYS)))
def test_no_key_is_in_the_error_of_another_variable(problems: Problems, variable: str) -> None:
    """The helper looks for the marked keys in the whole traceback, whatever goes wrong beside them."""
    wrong = {"UDTS_TASKS": "*", "TABLE_NAME": "", "NOTIFY_ON": "oops", "UCLOUD_BASE_URL": "x"}
    keys = dict.fromkeys(KEYS, MARK)
    problems(**{**keys, "UCLOUD_SECRET_ARN": None, **wrong, variable: "\n"})


def test_no_key_is_in_the_error_about_a_missing_variable(problems: Problems) -> None:
    """What is missing is missing from all that was given: pydantic would show that, the keys at its end."""
    told = problems(
        **dict.fromkeys(KEYS, MARK), TABLE_NAME=None, UCLOUD_SECRET_ARN=None, ALERTS_TOPIC_ARN=None
    )
    assert told[0] == "TABLE_NAME: missing; it is required"


@pytest.mark.parametrize("key", [f"{MARK}\udcff", MARK + "\n" * 100], ids=["not text", "blanks"])
def test_no_key_is_in_the_error_about_itself(read: Reader, key: str) -> None:
    """Bytes that are no text in a key: told, if at all, without the key."""
    try:
        found = read(UCLOUD_PUBLIC_KEY=key, UCLOUD_PRIVATE_KEY=key)
    except ConfigurationError as error:
        text = shown(error)
    else:
        text = f"{found!r} {found} {found.model_dump()} {found.model_dump_json()}"
    assert MARK not in text


def test_settings_never_show_a_key(read: Reader) -> None:
    """Not as text, not as repr, not as JSON."""
    found = read(UCLOUD_PUBLIC_KEY=MARK, UCLOUD_PRIVATE_KEY=MARK)
    assert MARK not in f"{found!r} {found} {found.model_dump()} {found.model_dump_json()}"


def test_settings_can_be_a_key_of_a_cache(read: Reader) -> None:
    """The handler wires its adapters once for each configuration; equal ones are one."""
    assert hash(read()) == hash(read())
    assert read() == read()
    assert read(MAX_CONCURRENCY="2") != read()


@given(values=st.dictionaries(st.sampled_from(sorted(VARIABLES)), st.text(max_size=40), max_size=5))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_the_environment_says_it_is_settings_or_one_error(
    read: Reader, values: dict[str, str]
) -> None:
    """No other exception gets out, and every problem begins with the name of a variable."""
    try:
        read(**{name: value.replace("\0", "") for name, value in values.items()})
    except ConfigurationError as error:
        told = error.problems
    except UnicodeEncodeError:  # a surrogate that no environment can hold
        return
    else:
        return
    assert told
    assert {problem.split(":")[0].split(",")[0] for problem in told} <= VARIABLES
