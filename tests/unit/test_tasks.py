"""The task list: what it may say, and how every wrong entry is told with the rule it breaks."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from udts_monitor.adapters import task_list
from udts_monitor.adapters.task_entry import TaskListError
from udts_monitor.decision.policy import THRESHOLDS
from udts_monitor.task import MAX_THRESHOLD, TYPES, TaskRef, WatchList

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
IDS = st.builds(
    str.__add__, st.sampled_from(LETTERS), st.text(alphabet=LETTERS + "_.-", min_size=0, max_size=40)
)
# A name of the short form ends at = and must not look like the end of an entry.
SHORT_NAMES = st.text(alphabet=LETTERS + "-_.!#$%&()订库éö", min_size=1, max_size=30)
NAMES = st.text(alphabet=LETTERS + " ,;=/:'\"订库éö", max_size=60).map(lambda name: " ".join(name.split()))
TASK_TYPES = st.sampled_from(["", *TYPES])
COUNTS = [name for name in THRESHOLDS if name.endswith("_checks")]


def parse_tasks(text: str, **given_: str) -> tuple[TaskRef, ...]:
    """The tasks that a list names one by one."""
    return task_list.parse_tasks(text, **given_).tasks


def parse_parameters(texts: dict[str, str], **given_: str) -> tuple[TaskRef, ...]:
    """The tasks that parameters name one by one."""
    return task_list.parse_parameters(texts, **given_).tasks


def problems(text: str, **given_: str) -> list[str]:
    """The problems of a wrong list."""
    with pytest.raises(TaskListError) as wrong:
        parse_tasks(text, **given_)
    return wrong.value.problems


def as_json(*entries: object) -> str:
    """A list in its JSON form."""
    return json.dumps(entries)


# --- Short form -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "task"),
    [
        pytest.param("udts-abc123", TaskRef(task_id="udts-abc123"), id="an id alone"),
        pytest.param(
            "org-a/udts-1", TaskRef(task_id="udts-1", project_id="org-a"), id="with a project before it"
        ),
        pytest.param(
            "udts-1:integration", TaskRef(task_id="udts-1", type="integration"), id="with a type after it"
        ),
        pytest.param("orders=udts-1", TaskRef(task_id="udts-1", name="orders"), id="with a name"),
        pytest.param(
            "orders=org-hiny12/udts-ixdp441:transfer",
            TaskRef(task_id="udts-ixdp441", project_id="org-hiny12", type="transfer", name="orders"),
            id="with everything, as documented",
        ),
        pytest.param("订单库=udts-1", TaskRef(task_id="udts-1", name="订单库"), id="with a name in Chinese"),
    ],
)
def test_the_short_form_of_an_entry(entry: str, task: TaskRef) -> None:
    """[name=][project/]task_id[:type], each part on its own and all together."""
    assert parse_tasks(entry) == (task,)


@pytest.mark.parametrize(
    "text", ["udts-1,udts-2", "udts-1 udts-2", "udts-1\nudts-2\n", " udts-1 ,\t udts-2 ", ",udts-1,,udts-2"]
)
def test_entries_are_separated_by_commas_or_white_space(text: str) -> None:
    """However many of them: a list over several lines is as good as one line."""
    assert [task.task_id for task in parse_tasks(text)] == ["udts-1", "udts-2"]


@given(name=st.just("") | SHORT_NAMES, project=st.just("") | IDS, task_id=IDS, task_type=TASK_TYPES)
def test_the_short_form_reads_what_was_written(name: str, project: str, task_id: str, task_type: str) -> None:
    """Every legal combination comes back as it was meant."""
    text = (
        f"{name + '=' * bool(name)}{project + '/' * bool(project)}{task_id}{':' * bool(task_type)}{task_type}"
    )
    assert parse_tasks(text) == (TaskRef(task_id=task_id, project_id=project, type=task_type, name=name),)


@given(tasks=st.lists(st.tuples(IDS, IDS, TASK_TYPES), min_size=1, unique_by=lambda task: task[:2]))
def test_both_forms_say_the_same(tasks: list[tuple[str, str, str]]) -> None:
    """Whoever outgrows the short form loses nothing by writing JSON, and the order stays."""
    short = ", ".join(f"{project}/{task}" + f":{kind}" * bool(kind) for project, task, kind in tasks)
    long = as_json(*({"id": task, "project": project, "type": kind} for project, task, kind in tasks))
    assert parse_tasks(short) == parse_tasks(long)
    assert [task.task_id for task in parse_tasks(short)] == [task for _, task, _ in tasks]


def test_the_default_project_stands_in_where_an_entry_names_none() -> None:
    """In both forms, and never instead of one that is named."""
    for text in ("udts-1 org-b/udts-2", as_json({"id": "udts-1"}, {"id": "udts-2", "project": "org-b"})):
        assert [task.project_id for task in parse_tasks(text, default_project="org-a")] == ["org-a", "org-b"]


def test_a_task_has_a_key_and_a_name_for_people() -> None:
    """The key says - for the default project; the name is the id where none was given."""
    first, second = parse_tasks("udts-1 orders=org-b/udts-2")
    assert (first.key, first.display_name) == ("-/udts-1", "udts-1")
    assert (second.key, second.display_name) == ("org-b/udts-2", "orders")


# --- JSON form ------------------------------------------------------------------------------------


def test_the_json_form_of_an_entry() -> None:
    """Every field: thresholds as numbers, the deadline as a moment in UTC."""
    thresholds = dict.fromkeys(THRESHOLDS, 4)
    entry = {
        "id": "udts-1",
        "project": "org-a",
        "type": "transfer",
        "name": "orders, the big one",
        "owner": "data platform 数据平台",
        "runbook": "https://wiki.example.com:8443/udts?page=1#orders",
        "deadline": "2026-12-24T18:00:00+08:00",
    }
    assert parse_tasks(as_json(entry | thresholds)) == (
        TaskRef(
            task_id="udts-1",
            project_id="org-a",
            type="transfer",
            name="orders, the big one",
            owner="data platform 数据平台",
            runbook="https://wiki.example.com:8443/udts?page=1#orders",
            thresholds=dict.fromkeys(THRESHOLDS, 4.0),
            deadline=datetime(2026, 12, 24, 10, tzinfo=UTC),
        ),
    )


def test_a_deadline_is_utc_whatever_its_offset() -> None:
    """All moments inside are UTC; the offset was only a way to write it."""
    (task,) = parse_tasks(as_json({"id": "udts-1", "deadline": "2026-12-24T18:00:00+08:00"}))
    assert task.deadline is not None
    assert task.deadline.tzinfo is UTC


@given(
    entries=st.lists(
        st.fixed_dictionaries(
            {"id": IDS},
            optional={
                "project": IDS,
                "type": TASK_TYPES,
                "name": NAMES,
                "stopped_grace_minutes": st.floats(min_value=0, max_value=MAX_THRESHOLD),
                "recovered_after_checks": st.integers(min_value=0, max_value=MAX_THRESHOLD),
                "deadline": st.datetimes(
                    timezones=st.sampled_from(
                        [UTC, timezone(timedelta(hours=8)), timezone(-timedelta(hours=5))]
                    )
                )
                .filter(lambda time: 1 < time.year < 9999)
                .map(datetime.isoformat),
            },
        ),
        min_size=1,
        unique_by=lambda entry: (entry.get("project"), entry["id"]),
    )
)
def test_the_json_form_reads_what_was_written(entries: list[dict[str, Any]]) -> None:
    """Every legal entry comes back with all its fields and with no others."""
    for entry, task in zip(entries, parse_tasks(as_json(*entries)), strict=True):
        assert (task.task_id, task.project_id) == (entry["id"], entry.get("project", ""))
        assert (task.type, task.name) == (entry.get("type", ""), entry.get("name", ""))
        assert task.thresholds == {name: entry[name] for name in THRESHOLDS if name in entry}
        written = entry.get("deadline")
        assert task.deadline == (datetime.fromisoformat(written) if written else None)


def test_null_and_empty_fields_are_fields_that_were_not_given() -> None:
    """Programs that write lists write them so."""
    entry = {
        "id": "udts-1",
        "project": None,
        "type": "",
        "name": None,
        "owner": None,
        "runbook": "",
        "deadline": None,
    }
    assert parse_tasks(as_json(entry)) == (TaskRef(task_id="udts-1"),)


# --- What is wrong, and how it is told ------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        pytest.param("", "the list is empty", id="nothing"),
        pytest.param(",, \n", "the list ends with a comma", id="only separators"),
        pytest.param("[]", "the list is empty", id="an empty JSON list"),
        pytest.param("a/b/udts-1", "a/b/udts-1: not of the form [name=][project/]task_id", id="two projects"),
        pytest.param("a=b=udts-1", "a=b=udts-1: not of the form", id="two names"),
        pytest.param("=udts-1", "=udts-1: not of the form", id="an empty name"),
        pytest.param("/udts-1", "/udts-1: not of the form", id="an empty project"),
        pytest.param("udts-1:", "udts-1:: not of the form", id="an empty type"),
        pytest.param("-udts", "-task_id leaves nothing out", id="left out of nothing"),
        pytest.param("udts-1:copy", "udts-1:copy: type is neither transfer nor integration", id="type"),
        pytest.param("udts-1;udts-2", "udts-1;udts-2: not of the form", id="the wrong separator"),
        pytest.param("x" * 129, "not of the form", id="an id that is too long"),
        pytest.param("x=org-a/*", "x=org-a/*: not of the form", id="a name for a whole project"),
        pytest.param('[{"id": "udts-1"', "the JSON form cannot be read", id="half a list"),
        pytest.param('[{"id": "udts-1"}] x', "the JSON form cannot be read", id="something after the list"),
        pytest.param('["udts-1"]', "entry 1: not an object with an id", id="a bare text in JSON"),
        pytest.param("[null]", "entry 1: not an object with an id", id="null in JSON"),
        pytest.param("[{}]", "entry 1: id is missing", id="no id"),
        pytest.param('[{"id": ""}]', "entry 1: id is missing", id="an empty id"),
        pytest.param('[{"id": 7}]', "entry 1: id has to be a text", id="a number as id"),
        pytest.param('[{"id": "a b"}]', "entry 1: id is not an id: 128 letters, digits", id="a space"),
        pytest.param('[{"id": "a", "project": "b/c"}]', "entry 1 (a): project is not an id", id="project"),
        pytest.param('[{"id": "a", "project": 0}]', "entry 1 (a): project has to be a text", id="project 0"),
        pytest.param('[{"id": "a", "type": false}]', "entry 1 (a): type has to be a text", id="type false"),
        pytest.param('[{"id": "a", "type": "Transfer"}]', "type is neither", id="type in capitals"),
        pytest.param('[{"id": "a", "name": ["b"]}]', "entry 1 (a): name has to be a text", id="a name list"),
        pytest.param('[{"id": "a", "nmae": "b"}]', "entry 1 (a): unknown field nmae; known are", id="a typo"),
        pytest.param(
            '[{"id": "a", "deadline": "soon"}]', "entry 1 (a): deadline is not a time such as", id="no time"
        ),
        pytest.param(
            '[{"id": "a", "deadline": "2026-12-24"}]', "entry 1 (a): deadline has no time zone", id="no zone"
        ),
        pytest.param(
            '[{"id": "a", "deadline": "0001-01-01T00:00:00+08:00"}]',
            "entry 1 (a): deadline is beyond all calendars",
            id="a time before all times",
        ),
        pytest.param(f'[{{"id": "a", "owner": "{"x" * 61}"}}]', "owner has more than 60", id="a long owner"),
        pytest.param('[{"id": "a", "owner": 7}]', "entry 1 (a): owner has to be a text", id="owner a number"),
        pytest.param(
            f'[{{"id": "a", "runbook": "https://a.b/{"x" * 300}"}}]',
            "runbook has more than 300",
            id="a long link",
        ),
        pytest.param('[{"id": "a", "max_run_hours": "8"}]', "max_run_hours has to be a number", id="a text"),
        pytest.param('[{"id": "a", "max_run_hours": -1}]', "number from 0 to 1000000", id="below zero"),
        pytest.param(
            '[{"id": "a", "max_run_hours": 1000001}]', "number from 0 to 1000000", id="far too much"
        ),
        pytest.param('[{"id": "a", "max_run_hours": NaN}]', "max_run_hours has to be a number", id="NaN"),
        pytest.param('[{"id": "a", "max_run_hours": 1e999}]', "max_run_hours has to be a number", id="inf"),
        pytest.param('[{"id": "a", "max_run_hours": true}]', "max_run_hours has to be a number", id="true"),
        pytest.param('[{"id": "a", "max_run_hours": null}]', "max_run_hours has to be a number", id="null"),
        pytest.param(
            '[{"id": "a", "synced_after_checks": 1.5}]',
            "synced_after_checks has to be a whole number",
            id="half a check",
        ),
        pytest.param(
            f'[{{"id": "a", "max_run_hours": {"9" * 5000}}}]',
            "the JSON form cannot be read",
            id="5000 digits",
        ),
        pytest.param("[" * 200_000, "the JSON form cannot be read", id="a bottomless list"),
    ],
)
def test_a_wrong_entry_is_named_with_the_rule_it_breaks(text: str, rule: str) -> None:
    """A person reads one sentence and knows what to change where."""
    (problem,) = problems(text)
    assert rule in problem


def test_all_wrong_entries_are_told_at_once() -> None:
    """In both forms, and the right ones among them are not mentioned."""
    assert [problem.split(": ")[0] for problem in problems("a/b/c, udts-1, ?, udts-2:copy")] == [
        "a/b/c",
        "?",
        "udts-2:copy",
    ]
    told = problems(as_json({"id": "?"}, {"id": "udts-1"}, 5, {"id": "udts-2", "x": 1}))
    assert [problem.split(": ")[0] for problem in told] == ["entry 1", "entry 3", "entry 4 (udts-2)"]


def test_the_error_names_every_problem_in_its_text() -> None:
    """Whoever prints only the error still sees all of them."""
    with pytest.raises(TaskListError, match=r"a/b/c: .*; \?: "):
        parse_tasks("a/b/c ?")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        pytest.param("udts-1 udts-1", ["udts-1: names the same task as udts-1"], id="twice the same"),
        pytest.param(
            "udts-1 org-a/udts-1",
            ["org-a/udts-1: names the same task as udts-1"],
            id="the default project, named and not",
        ),
        pytest.param(
            "x=udts-1 y=udts-1:transfer udts-1",
            ["y=udts-1:transfer: names the same task as x=udts-1", "udts-1: names the same task as x=udts-1"],
            id="three times, under two names",
        ),
        pytest.param(
            '[{"id": "udts-1"}, {"id": "udts-1"}]',
            ["entry 2 (udts-1): names the same task as entry 1 (udts-1)"],
            id="in JSON",
        ),
    ],
)
def test_a_task_named_more_than_once_is_a_problem(text: str, named: list[str]) -> None:
    """Two states under one key would tell everything twice."""
    assert problems(text, default_project="org-a") == named


def test_no_task_has_the_monitor_s_own_name() -> None:
    """Its news would be the monitor's; in a project of its own it may."""
    assert problems("monitor") == ["monitor: is the monitor's own name"]
    assert parse_tasks("org-a/monitor")[0].key == "org-a/monitor"


def test_all_rules_that_an_entry_breaks_are_told_at_once() -> None:
    """One look, one change: nobody deploys once for each fault."""
    told = problems(
        as_json(
            {
                "id": "a b",
                "project": "*",
                "type": "copy",
                "owner": "x" * 61,
                "runbook": "http://wiki",
                "deadline": "soon",
                "max_run_hours": -1,
                "synced_after_checks": 1.5,
                "nmae": "x",
            },
            {"id": "udts-2", "type": "copy", "deadline": "2026-12-24"},
        )
    )
    assert [problem.split(": ")[0] for problem in told] == ["entry 1"] * 9 + ["entry 2 (udts-2)"] * 2
    broken = [problem.split(": ")[1].split(" ")[0] for problem in told]
    assert (
        broken
        == ("unknown id project type owner runbook max_run_hours synced_after_checks deadline type deadline")
        .replace("max_run_hours synced_after_checks", "synced_after_checks max_run_hours")
        .split()
    )


# What `sam deploy --parameter-overrides "UdtsTasks=..."` leaves of a list with spaces.
CUT_OFF = ["udts-users,", "users=org-a/udts-1:transfer,", "udts-1, ", "[{", '[{"id":', '[{"id":"udts-1"},']


@pytest.mark.parametrize("text", CUT_OFF)
def test_a_list_that_was_cut_off_at_a_space_is_refused(text: str) -> None:
    """SAM deploys the first half, and nobody would watch the second."""
    assert any("cut off" in problem and "quote the list" in problem for problem in problems(text))


def test_a_comma_at_the_end_of_a_parameter_is_no_cut() -> None:
    """Nothing cuts what stands in Parameter Store, and lists over several lines are written so."""
    assert len(parse_parameters({"/tasks": "udts-1,\nudts-2,\n"})) == 2


# --- Links ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "link",
    [
        "http://wiki.example.com",
        "https://",
        "https:///udts",
        "https://user:password@wiki.example.com/",
        "https://wiki.example.com\\@evil.example",
        "https://wiki.example.com/a b",
        "https://wiki.example.com/<https://evil.example|a>",
        "https://wiki.example.com/\nhttps://evil.example",
        "https://wiki.example.com/\u202egpj.exe",
        "https://wiki.example.com/\x9b31m",
        "https://wiki.example.com/`a`",
        'https://wiki.example.com/" onclick="x',
        "javascript:alert(1)",
        "wiki.example.com/udts",
    ],
)
def test_a_runbook_is_a_link_that_stays_one_in_every_format(link: str) -> None:
    """It stands in mails, chat and HTML: nothing in it ends the link, and it leads to one host over https."""
    (problem,) = problems(as_json({"id": "udts-1", "runbook": link}))
    assert problem == "entry 1 (udts-1): runbook has to be a link such as https://wiki.example.com/udts"


@pytest.mark.parametrize(
    "link", ["https://w.example", "https://w.example/订单?a=1&b=%20#c", "https://a-b:1/"]
)
def test_a_runbook_is_kept_as_it_is(link: str) -> None:
    """Any path, query and fragment."""
    (task,) = parse_tasks(as_json({"id": "udts-1", "runbook": link}))
    assert task.runbook == link


def test_an_owner_is_one_line() -> None:
    """It becomes a message attribute, by which subscriptions are filtered."""
    (task,) = parse_tasks(as_json({"id": "udts-1", "owner": " team\n\u202eblue\x1b "}))
    assert task.owner == "team blue"


# --- Parameter Store ------------------------------------------------------------------------------


def test_a_list_in_several_parameters_is_one_list() -> None:
    """Each in either form; the order is that of the parameters and their entries."""
    found = parse_parameters(
        {
            "/udts/a": "udts-1 x=org-b/udts-2",
            "/udts/b": as_json({"id": "udts-3", "owner": "team"}),
            "/udts/c": "",
        },
        default_project="org-a",
    )
    assert found == (
        TaskRef(task_id="udts-1", project_id="org-a"),
        TaskRef(task_id="udts-2", project_id="org-b", name="x"),
        TaskRef(task_id="udts-3", project_id="org-a", owner="team"),
    )


def test_a_problem_of_a_parameter_names_the_parameter_and_the_entry_s_number() -> None:
    """Also where two parameters name one task; the right ones among them are not mentioned."""
    with pytest.raises(TaskListError) as wrong:
        parse_parameters(
            {
                "/udts/a": "udts-1 a/b/c ?",
                "/udts/b": as_json({"id": "udts-1", "type": "copy"}, 7),
                "/udts/c": "udts-1",
            }
        )
    assert [problem.split(": ")[:2] for problem in wrong.value.problems] == [
        ["/udts/a", "entry 2"],
        ["/udts/a", "entry 3"],
        ["/udts/b", "entry 1"],
        ["/udts/b", "entry 2"],
        ["/udts/c", "entry 1"],
    ]
    assert wrong.value.problems[-1].endswith("names the same task as /udts/a: entry 1")


def test_parameters_without_a_task_are_an_empty_list() -> None:
    """A monitor that watches nothing looks like one that has nothing to tell."""
    with pytest.raises(TaskListError, match="the list is empty"):
        parse_parameters({"/udts/a": "", "/udts/b": "[]"})


# --- What was pasted in the wrong place -----------------------------------------------------------

SECRET = "kEy-Mark/7f3a9c+Xy"
PASTED = [
    f'{{"public_key": "me@example.com", "private_key": "{SECRET}"}}',
    f'{{"public_key":"me@example.com","private_key":"{SECRET}"}}',
    f'[{{"public_key": "me@example.com", "private_key": "{SECRET}"}}]',
    f'[{{"id": "{SECRET}", "type": "{SECRET}", "deadline": "{SECRET}", "{SECRET}": 1}}]',
    f'["{SECRET}"]',
    f'"udts-1 {SECRET}"',
    f"public_key: 'me@example.com'\nprivate_key: '{SECRET}'",
    f'[{{"id": "udts-1"}}, {SECRET}]',
]


@pytest.mark.parametrize("text", PASTED)
def test_a_secret_in_place_of_the_list_is_not_repeated(text: str) -> None:
    """The error is logged, answered, and kept by the queue of failed runs."""
    with pytest.raises(TaskListError) as wrong:
        parse_tasks(text)
    assert SECRET not in str(wrong.value) + repr(wrong.value)


@pytest.mark.parametrize("text", [*PASTED, SECRET, f"udts-1 {SECRET} a/b/c", f"{SECRET} {SECRET}"])
def test_nothing_of_a_parameter_is_repeated(text: str) -> None:
    """A wrong name may lead to any parameter, a password among them."""
    with pytest.raises(TaskListError) as wrong:
        parse_parameters({"/udts/a": text, "/udts/b": "a/b/c"})
    assert SECRET not in str(wrong.value) + repr(wrong.value)


@pytest.mark.parametrize("key", ["46f09bb9fab4f12dfc160dae12273d5332b5debe", "AKIA" + "x" * 40])
def test_what_looks_like_a_key_is_named_by_its_number(key: str) -> None:
    """More letters and digits in a row than a name has."""
    for text in (f"udts-1 a/b/{key}", as_json({"id": "udts-1"}, {"id": key, "type": "copy"})):
        (problem,) = problems(text)
        assert key not in problem
        assert problem.startswith("entry 2: ")


def test_the_same_id_in_two_projects_is_two_tasks() -> None:
    """Only the whole key has to be unique."""
    assert len(parse_tasks("org-a/udts-1 org-b/udts-1 udts-1")) == 3


# --- Hostile lists --------------------------------------------------------------------------------

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
FIELDS = st.sampled_from(["id", "project", "type", "name", "deadline", "bogus", *THRESHOLDS])
ENTRIES = st.dictionaries(FIELDS, JSON_VALUES | IDS, max_size=6) | JSON_VALUES


@given(text=st.text() | st.lists(ENTRIES, max_size=4).map(json.dumps) | st.text(alphabet='ab=/:*,[]{}" \n'))
@example(text='[{"id": ' + "[" * 5000 + "]" * 5000 + "}]")
@example(text='[{"id": {"a": ' * 800)
def test_whatever_the_list_says_it_is_read_or_refused_in_printable_words(text: str) -> None:
    """No other exception, and no problem that would break a line of the log or a terminal."""
    watch, told = WatchList(), list[str]()
    try:
        watch = task_list.parse_tasks(text)
    except TaskListError as wrong:
        told = wrong.problems
    assert bool(watch.tasks or watch.projects) != bool(told)
    assert len({task.key for task in watch.tasks}) == len(watch.tasks)
    assert all(problem.isprintable() for problem in told)


@given(name=st.text(max_size=300))
@example(name="\u200b")
@example(name="\ud800")
@example(name="orders\nSubject: forged")
@example(name="x" * 127 + "  y")
def test_a_name_can_always_be_shown(name: str) -> None:
    """One line, at most 128 characters, encodable, and the id where nothing of it prints."""
    (task,) = parse_tasks(as_json({"id": "udts-1", "name": name}))
    assert 1 <= len(task.display_name) <= 128
    assert task.display_name.isprintable() or not task.display_name.isascii()
    assert len(task.display_name.splitlines()) == 1
    assert task.display_name == task.display_name.strip()
    task.display_name.encode()


@pytest.mark.parametrize("hostile", ["x" * 5000, "a\x1b[2Jb!", "\u202egnp.exe/\u202d/x", "udts\x00/\x00/1"])
def test_a_hostile_entry_is_shown_short_and_harmless(hostile: str) -> None:
    """The error goes to logs and terminals: no escape sequences, no reordering, no thousand characters."""
    for text in (
        hostile,
        as_json({"id": hostile}),
        as_json({"id": "a", hostile: 1}, {"id": "b", "type": hostile}),
    ):
        for problem in problems(text):
            assert problem.isprintable()
            assert len(problem) < 500


def test_a_long_list_is_read_at_once() -> None:
    """A thousand tasks and a megabyte of rubbish: no pattern that takes for ever."""
    assert len(parse_tasks(" ".join(f"name{n}=org-a/udts-{n}:transfer" for n in range(1000)))) == 1000
    assert problems("a" * 500_000 + "=" * 500_000)


def test_references_are_not_lists() -> None:
    """The caller reads what ssm: refers to; as a list it is a wrong entry."""
    assert problems("ssm:/udts/tasks")


# --- Whole projects ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "projects"),
    [
        ("*", ("",)),
        ("org-a/* org-b/*", ("org-a", "org-b")),
        ("* * org-a/*", ("", "org-a")),
        ('[{"id": "*"}, {"id": "*", "project": "org-a"}]', ("", "org-a")),
    ],
)
def test_whole_projects_are_watched(text: str, projects: tuple[str, ...]) -> None:
    """The account's default one, or each by its id; named twice is named once."""
    assert task_list.parse_tasks(text).projects == projects


def test_named_tasks_and_those_left_out_stand_beside_whole_projects() -> None:
    """What is set for a named one wins later on."""
    found = task_list.parse_tasks("* -udts-9 orders=udts-1 -udts-8", default_project="org-a")
    assert found.projects == ("org-a",)
    assert found.excluded == {"udts-8", "udts-9"}
    assert found.tasks == (TaskRef(task_id="udts-1", project_id="org-a", name="orders"),)
