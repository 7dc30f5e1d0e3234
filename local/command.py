"""`python -m local.command demo|stack|simulator ...`: a command that ends in order from its first moment on.

Importing what a command needs takes a second or two, in which Ctrl-C would end in a traceback.
"""

import runpy
import sys

from local.endings import clean_up_when_ended


def main() -> None:
    """Run the module of this package that is named first, as the program it is."""
    clean_up_when_ended()
    name = sys.argv.pop(1)
    runpy.run_module(f"local.{name}", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
