"""What the README tells people to type does what it says."""

import json
import re
import shlex
import subprocess

from local.template import PROJECT
from udts_monitor.adapters.task_list import parse_tasks

README = (PROJECT / "README.md").read_text()
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


def test_the_task_lists_on_the_command_line_survive_sam() -> None:
    """It cuts a value at a space, without a word: the second task was watched by nobody."""
    examples = re.findall(r"^sam deploy (?=--parameter-overrides)(.+)$", README, re.MULTILINE)
    assert len(examples) == 2
    for example in examples:
        _, argument = shlex.split(example)
        tasks = parse_tasks(read_by_sam(argument)["UdtsTasks"]).tasks
        assert [task.task_id for task in tasks] == ["udts-ixdp441", "udts-abc123"]
        assert tasks[0].name == "orders"


def test_git_ignores_the_answers_to_sam_and_the_keys() -> None:
    """The next `git pull` must not fail, and no key must be committed."""
    for name in ("samconfig.local.toml", "keys.json"):
        assert name in README
        done = subprocess.run(["git", "check-ignore", "--quiet", name], cwd=PROJECT, check=False)  # noqa: S603, S607
        assert done.returncode == 0, name
    assert "--secret-string '" not in README
