"""Bad input before anything can be asked: one clear line, a code for scripts, and nothing that is secret."""

import boto3
import pytest
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    ProfileNotFound,
)

from udts_monitor_cli.main import COMMANDS, main
from udts_monitor_cli.parser import parser

SECRET = "marked-secret-access-key"


def refusal(code: str, message: str = "refused") -> ClientError:
    """What AWS answers."""
    return ClientError({"Error": {"Code": code, "Message": message}}, "DescribeStacks")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (NoCredentialsError(), "There are no AWS credentials"),
        (NoRegionError(), "No AWS region is set"),
        (EndpointConnectionError(endpoint_url="https://nowhere"), "AWS cannot be reached"),
        (ProfileNotFound(profile="nobody"), "aws configure list-profiles"),
        (refusal("ExpiredToken"), "AWS refuses the credentials (ExpiredToken)"),
        (refusal("AccessDenied", "not authorized"), "These credentials may not call DescribeStacks"),
        (
            refusal("ValidationError", "Stack with id x does not exist"),
            "There is no stack nothing in us-east-1",
        ),
        (refusal("Throttling", "slow\ndown\x1b[31m"), "AWS refused DescribeStacks (Throttling): slow down"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_what_aws_refuses_is_one_line_that_says_what_to_change(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception, said: str
) -> None:
    """Whatever it is; with the code for it, and nothing on the other stream."""

    def refused(*_: object, **__: object) -> object:
        raise error

    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setattr(boto3.Session, "client", refused)
    assert main(["status", "--stack", "nothing"]) == 3
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert said in printed.err
    assert SECRET not in printed.err
    assert "\x1b" not in printed.err


@pytest.mark.parametrize("words", [[], ["stats"], ["history", "--plot=no"], ["silence", "all"], ["export"]])
def test_a_wrong_command_line_ends_with_two(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """As of every program."""
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert "usage: udts-monitor" in capsys.readouterr().err


def test_every_command_is_offered_explained_and_done() -> None:
    """Help, completion and the program know the same ones."""
    (choices,) = [action.choices for action in parser()._actions if action.dest == "command"]  # noqa: SLF001 - argparse has no other way
    assert choices is not None
    assert set(choices) == set(COMMANDS)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_completion_script_names_every_command(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It needs neither AWS nor a stack."""
    with pytest.raises(SystemExit) as ended:
        main(["--print-completion", shell])
    assert ended.value.code == 0
    script = capsys.readouterr().out
    assert [command for command in COMMANDS if command not in script] == []
