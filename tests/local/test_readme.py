"""What the README tells people to type does what it says."""

import json
import re
import shlex
import subprocess

import pytest
from pydantic import SecretStr

from local.template import PROJECT
from udts_monitor.adapters.config import Settings
from udts_monitor.adapters.task_list import parse_tasks

README = (PROJECT / "README.md").read_text()
DOCUMENTS = (
    *("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"),
    *(
        "docs/architecture.md",
        "docs/events.md",
        "docs/filter-policies.md",
        "docs/operating.md",
        "docs/proofs.md",
    ),
)
# SAM's own reader of parameters; it needs the environment that SAM has to itself.
SAM_PARSER = """
import json, sys
from samcli.cli.types import CfnParameterOverridesType
print(json.dumps(CfnParameterOverridesType().convert([sys.argv[1]], None, None)))
"""


def read_by_sam(argument: str) -> dict[str, str]:
    """The parameters SAM makes of an argument."""
    done = subprocess.run(  # noqa: S603 - our own tool
        [PROJECT / ".tools/sam/bin/python", "-c", SAM_PARSER, argument],
        capture_output=True,
        text=True,
        check=True,
    )
    parameters: dict[str, str] = json.loads(done.stdout)
    return parameters


def test_the_task_list_on_the_command_line_survives_sam() -> None:
    """It cuts a value at a space, without a word: the second task was watched by nobody."""
    (example,) = re.findall(
        r"^sam deploy --parameter-overrides (.+?)[ \\\n]+UcloudSecretArn", README, re.MULTILINE
    )
    (argument,) = shlex.split(example)
    tasks = parse_tasks(read_by_sam(argument)["UdtsTasks"]).tasks
    assert [task.task_id for task in tasks] == ["udts-ixdp441", "udts-abc123"]
    assert tasks[0].name == "orders"


def test_the_list_in_json_is_one() -> None:
    """With a threshold of its own, and everything else of the project."""
    (example,) = re.findall(r"^```json\n(.+?)^```", README, re.MULTILINE | re.DOTALL)
    watched = parse_tasks(example)
    assert [task.task_id for task in watched.tasks] == ["udts-ixdp441"]
    assert watched.tasks[0].thresholds == {"stopped_grace_minutes": 0}
    assert watched.projects == ("",)


def test_the_table_has_every_variable_with_its_default() -> None:
    """Nobody has to read the code to know what can be set, and what holds when it is not."""
    said: dict[str, str] = {}
    for names, defaults in re.findall(r"^\| (`[A-Z_`, ]+`) \| ([^|]*) ?\|", README, re.MULTILINE):
        variables = re.findall(r"[A-Z_]+", names)
        values = [value.strip("` ") for value in defaults.split(",")]
        said |= dict(
            zip(variables, values if len(values) == len(variables) else values * len(variables), strict=True)
        )
    fields = Settings.model_fields
    assert said.keys() == {name.upper() for name in fields}
    for name, field in fields.items():
        default = "" if field.is_required() or isinstance(field.default, SecretStr) else str(field.default)
        assert said[name.upper()] == default, name


def test_the_readme_is_read_in_ten_minutes() -> None:
    """What is longer is linked."""
    assert len(README.splitlines()) <= 200


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_leads_somewhere(document: str) -> None:
    """Files exist, and headings of documents too."""
    text = (PROJECT / document).read_text(encoding="utf-8")
    folder = (PROJECT / document).parent
    for target in re.findall(r"\]\((?!https?://)([^)\s]+)\)", text):
        path, _, anchor = target.partition("#")
        found = folder / path if path else PROJECT / document
        assert found.exists(), target
        if anchor and found.suffix == ".md":
            headings = re.findall(r"^#+ (.+)$", found.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {slug(heading) for heading in headings}, target


def slug(heading: str) -> str:
    """A heading's anchor on a code host."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_git_ignores_the_answers_to_sam_and_the_keys() -> None:
    """The next `git pull` must not fail, and no key must be committed."""
    assert "keys.json" in README
    # Where `sam deploy --guided` is told to write its answers (samconfig.toml).
    for name in ("samconfig.local.toml", "keys.json"):
        done = subprocess.run(["git", "check-ignore", "--quiet", name], cwd=PROJECT, check=False)  # noqa: S603, S607
        assert done.returncode == 0, name
    assert "--secret-string '" not in README
