#!/usr/bin/env python3
"""Puts the tarballs of the wraps beside this file into packagecache/.

Each is taken from its own address or, where that cannot be reached, from Debian's source archive.
The wrap's SHA-256 decides whether it is the right one, wherever it came from.
"""

import configparser
import hashlib
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
CACHE = HERE / "packagecache"

# The releases of Debian that have the tarballs; tried on the mirrors that this machine uses.
SUITES = ["bookworm", "bookworm-backports", "trixie"]


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def from_address(wrap, target):
    """Downloads source_url; gives up soon, since Debian's archive is the way out."""
    deadline = time.monotonic() + 60
    with urllib.request.urlopen(wrap["source_url"], timeout=8) as answer, target.open("wb") as out:
        while piece := answer.read(1 << 16):
            out.write(piece)
            if time.monotonic() > deadline:
                raise TimeoutError("too slow")


def one_line_sources(text):
    """(options, address, suite) of each line `deb [options] address suite component...`."""
    for line in text.splitlines():
        if found := re.match(r"deb\s+(\[[^]]*\]\s+)?(\S+)\s+(\S+)\s+\S", line):
            yield (found[1] or "").strip(), found[2], found[3]


def deb822_sources(text):
    """The same of each stanza of a .sources file."""
    text = re.sub(r"^#.*\n", "", text, flags=re.M)
    for stanza in re.split(r"\n\s*\n", text):
        fields = dict(re.findall(r"^([\w-]+):[ \t]*(.*(?:\n[ \t].*)*)", stanza, flags=re.M))
        fields = {name.lower(): value for name, value in fields.items()}
        if "deb" not in fields.get("types", "").split() or fields.get("enabled", "").strip() == "no":
            continue
        key = fields.get("signed-by", "").strip()
        # A key may also stand in the stanza itself: only a file can be named on one line.
        options = f"[signed-by={key}]" if key.startswith("/") and "\n" not in key else ""
        for address in fields.get("uris", "").split():
            for suite in fields.get("suites", "").split():
                yield options, address, suite


def debian_sources():
    """deb-src lines for the mirrors from which this machine takes Debian itself."""
    etc = pathlib.Path("/etc/apt")
    entries = []
    for path in [etc / "sources.list", *sorted((etc / "sources.list.d").glob("*"))]:
        read = {".list": one_line_sources, ".sources": deb822_sources}.get(path.suffix)
        if read and path.is_file():
            entries += read(path.read_text(errors="replace"))
    mirrors = {(options, address): None for options, address, suite in entries if suite in SUITES}
    return [
        f"deb-src {options} {address} {suite} main"
        for options, address in mirrors
        for suite in SUITES
    ]


def from_debian(wraps, folder):
    """Downloads source packages that hold the wanted tarballs, with lists and settings of its own."""
    sources = debian_sources()
    if not sources:
        return
    (folder / "sources.list").write_text("\n".join(sources) + "\n")
    for name in ["lists/partial", "cache/archives/partial"]:
        (folder / name).mkdir(parents=True)
    settings = [
        f"Dir::Etc::sourcelist={folder}/sources.list",
        "Dir::Etc::sourceparts=-",
        f"Dir::State::lists={folder}/lists",
        f"Dir::Cache={folder}/cache",
        "Acquire::Retries=1",
        "Acquire::http::Timeout=30",
        "Acquire::https::Timeout=30",
        "Acquire::Languages=none",
        "APT::Sandbox::User=",
    ]
    settings = [word for setting in settings for word in ("-o", setting)]

    def apt(tool, *words):
        done = subprocess.run(
            [tool, *settings, *words], cwd=folder, text=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        )
        return done.stdout

    log = apt("apt-get", "update")
    for wrap in wraps:
        package = wrap["source_filename"].split("_")[0]
        version = None
        for line in apt("apt-cache", "showsrc", package).splitlines():
            if line.startswith("Version:"):
                version = line.split()[1]
            elif wrap["source_hash"] in line:
                log += apt("apt-get", "source", "--download-only", "--tar-only", f"{package}={version}")
                break
    (CACHE / "fetch.log").write_text(log)


def main():
    CACHE.mkdir(exist_ok=True)
    wraps = []
    for path in sorted(HERE.glob("*.wrap")):
        parser = configparser.ConfigParser(interpolation=None)
        parser.read(path)
        wraps.append(parser["wrap-file"])

    def take(wrap, path):
        if path.is_file() and sha256(path) == wrap["source_hash"]:
            os.replace(path, CACHE / wrap["source_filename"])

    def missing():
        return [wrap for wrap in wraps if not (CACHE / wrap["source_filename"]).is_file()]

    for wrap in missing():
        print(f"== downloading {wrap['directory']}", flush=True)
        partial = CACHE / (wrap["source_filename"] + ".part")
        try:
            from_address(wrap, partial)
            take(wrap, partial)
        except OSError:
            pass
        partial.unlink(missing_ok=True)

    if wraps_left := missing():
        names = " and ".join(wrap["directory"] for wrap in wraps_left)
        print(f"== not to be had there: taking {names} from Debian's source archive", flush=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as folder:
            folder = pathlib.Path(folder)
            from_debian(wraps_left, folder)
            for wrap in wraps_left:
                take(wrap, folder / wrap["source_filename"])

    for wrap in missing():
        print(
            f"{wrap['source_filename']} could be had neither from {wrap['source_url']}\n"
            f"nor from Debian's source archive (subprojects/packagecache/fetch.log tells more).\n"
            f"Put it into subprojects/packagecache yourself: its SHA-256 is {wrap['source_hash']}.",
            file=sys.stderr,
        )
    return 1 if missing() else 0


if __name__ == "__main__":
    sys.exit(main())
