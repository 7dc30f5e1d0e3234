"""`python -m local.command demo`: exit code 0 only when each expected message arrived once, and no other."""

import argparse
import os
import sys
import time

from local.aws import LocalAwsError
from local.demo import report, verdict
from local.demo.limit import TooLateError, within
from local.demo.picture import show_picture
from local.demo.play import Play
from local.demo.screen import Screen
from local.demo.setting import stage_set
from local.demo.stage import TOPICS
from local.demo.story import EXPECTED, SCENES
from local.sam import SamError

# Together with half a minute to build and deploy, less than 3 minutes.
_PLAY_SECONDS = 130
_REPORT_SECONDS = 10
_LATE_SECONDS = 1


def main() -> int:
    """Set the stage, play, judge; whatever ends it, nothing stays behind."""
    argparse.ArgumentParser(
        prog="python -m local.command demo",
        description="`make run`: plays the whole monitor through on a local AWS and judges what it told. "
        "Takes no arguments, needs three minutes, leaves nothing behind.",
    ).parse_args()
    screen = Screen()
    try:
        screen.heading(
            "UDTS monitor", "the real template on a local AWS watches seven tasks of a simulated UCloud"
        )
        screen.heading("Setting up")
        with stage_set(screen) as play:
            return _judged(play, screen)
    except (LocalAwsError, SamError, TooLateError) as error:
        report.show_verdict(screen, f"FAIL: {error}", passed=False)
    except BrokenPipeError:
        # Nobody reads any more, so there is nobody to tell; Python itself would try once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1


def _judged(play: Play, screen: Screen) -> int:
    screen.heading("Playing")
    found = _played(play)
    with within(_REPORT_SECONDS, "what came of it could not be read"):
        report.show(screen, play.stage)
    show_picture(screen, play.stage)
    found += (*verdict.problems(EXPECTED, play.stage.arrivals(), TOPICS), *play.stage.errors)
    report.show_verdict(screen, verdict.line(found, EXPECTED, TOPICS), passed=not found)
    return 1 if found else 0


def _played(play: Play) -> tuple[str, ...]:
    """Play the story and return what went wrong beside the messages."""
    found: tuple[str, ...] = ()
    try:
        with within(_PLAY_SECONDS, "the story did not come to its end"):
            for scene in SCENES:
                found += play.scene(scene)
            # Whatever is told late or twice has the time to arrive.
            time.sleep(_LATE_SECONDS)
            play.stage.look()
    except TooLateError as error:
        found += (str(error),)
    return found


if __name__ == "__main__":
    sys.exit(main())
