"""Real applications and extensions of Flask, fetched by name and changed in their imports alone.

    python tests/trials/run.py [--keep] [--only NAME] [NAME ...]

Needs Python 3.11, pip and a package index. For each application: its source distribution is
fetched, the imports of Flask and Werkzeug are swapped, a fresh virtual environment gets this
project and neither of the two, the application's own tests run there, and it answers requests
under a real server. Extensions run their tests with Flask too, in a second environment: what
fails with both is not counted against either. Exits with 1 if anything is worse than on Flask.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from extensions import EXTENSIONS, try_extensions
from flask_examples import EXAMPLES, try_examples
from results import table
from workshop import TrialError

PROJECT = Path(__file__).resolve().parents[2]


def main() -> int:
    options = _parse_options()
    workplace = Path(tempfile.mkdtemp(prefix="asyncflask-trials-"))
    try:
        results = []
        if options.only != "extensions":
            results += try_examples(PROJECT, _folder(workplace, "examples"), options.names)
        if options.only != "examples":
            results += try_extensions(PROJECT, _folder(workplace, "extensions"), options.names)
    except TrialError as exc:
        print(exc, file=sys.stderr)
        return 1
    finally:
        if not options.keep:
            shutil.rmtree(workplace, ignore_errors=True)
    print(table(results))
    if options.keep:
        print(f"Kept: {workplace}")
    return 0 if results and all(result.is_good for result in results) else 1


def _parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    names = [example.folder for example in EXAMPLES] + [each.name for each in EXTENSIONS]
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(names))
    parser.add_argument("--only", choices=("examples", "extensions"), help="one of the two lists")
    parser.add_argument("--keep", action="store_true", help="keep the folder that was worked in")
    options = parser.parse_args()
    if unknown := set(options.names) - set(names):
        parser.error(f"no such application: {', '.join(sorted(unknown))}")
    return options


def _folder(workplace: Path, name: str) -> Path:
    folder = workplace / name
    folder.mkdir()
    return folder


if __name__ == "__main__":
    sys.exit(main())
