"""The text files of the repository, for the checks of the sources."""

import pathlib
import subprocess
import sys

SKIPPED = 77  # to Meson

root = pathlib.Path(__file__).resolve().parents[2]


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(SKIPPED)


def tracked_files(suffixes):
    """Paths, relative to the root, of the files that Git tracks and that have one of these suffixes."""
    if not (root / ".git").exists():
        skip("this is not a Git checkout")
    try:
        listing = subprocess.run(
            ["git", "-c", f"safe.directory={root}", "-C", root, "ls-files", "-z"], capture_output=True, text=True
        )
    except FileNotFoundError:
        skip("Git is not installed")
    if listing.returncode != 0:
        skip(f"git ls-files failed: {listing.stderr.strip()}")
    paths = [pathlib.Path(name) for name in listing.stdout.split("\0") if name]
    found = [path for path in paths if path.suffix in suffixes and (root / path).is_file()]
    assert found, f"no file has a suffix of {suffixes}"
    return found
