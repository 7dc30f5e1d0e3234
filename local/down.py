"""`make down`: ends the local stack and removes what killed commands left. Needs no installation."""

import sys

from local import lifetime, scratch


def main() -> int:
    """Say in one line what came of it; that nothing runs is no error."""
    try:
        stopped = lifetime.stop()
    except lifetime.StackError as error:
        print(error, file=sys.stderr)
        return 1
    scratch.sweep()
    print("The local stack is stopped." if stopped else "The local stack is not running.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
