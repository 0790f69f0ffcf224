"""`python -m daypass_sandbox up`: the verbs of `daypass sandbox`, without the product."""

from __future__ import annotations

import argparse
import os
import sys

from . import commands


def main() -> int:
    """Run one command line and return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m daypass_sandbox", description=commands.SUMMARY)
    commands.configure(parser)
    arguments = parser.parse_args()
    try:
        return int(arguments.run(arguments))
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # whoever read the output has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


if __name__ == "__main__":
    sys.exit(main())
