"""Lets `python -m asyncflask` be the `asyncflask` command."""

from .cli import main

if __name__ == "__main__":
    main()
