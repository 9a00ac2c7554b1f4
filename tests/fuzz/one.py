"""Fuzzes one target in this process: `python tests/fuzz/one.py <name> <libFuzzer's options>`."""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["asyncflask", "multipart"]):
    from targets import TARGETS


if __name__ == "__main__":
    check, _ = TARGETS[sys.argv.pop(1)]
    atheris.Setup(sys.argv, check)
    atheris.Fuzz()
