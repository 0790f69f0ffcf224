"""`python -m daypass_sandbox up`: the verbs of `daypass sandbox`, without the product."""

from __future__ import annotations

import argparse
import sys

from . import commands


def main() -> int:
    """Run one command line and return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m daypass_sandbox", description=commands.SUMMARY)
    commands.configure(parser)
    arguments = parser.parse_args()
    return int(arguments.run(arguments))


if __name__ == "__main__":
    sys.exit(main())
