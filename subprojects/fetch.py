#!/usr/bin/env python3
"""Puts the tarballs of the wraps beside this file into packagecache/.

Each is downloaded from its own address or, if that fails, from Debian's source archive. The wrap's
SHA-256 decides whether it is the right one. If both fail, a subproject's files are taken from
another archive that has the same bytes, of Debian or of another project, and unpacked here.
"""

import configparser
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.parse
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
CACHE = HERE / "packagecache"

# The releases of Debian that have the tarballs; tried on the mirrors that this machine uses.
SUITES = ["bookworm", "bookworm-backports", "trixie"]

# Source distributions of Python packages that contain the files of a subproject, byte for byte: the
# package, its archive, the SHA-256 of that, and which of its files becomes which one of the subproject.
SAME_FILES = {
    "simdjson-3.12.3": (
        "pysimdjson",
        "pysimdjson-7.0.2.tar.gz",
        "44cf276e48912a3b9c7ca362c14da8420a7ac15a9f1a16ec95becff86db3904a",
        {
            "pysimdjson-7.0.2/simdjson/simdjson.cpp": "singleheader/simdjson.cpp",
            "pysimdjson-7.0.2/simdjson/simdjson.h": "singleheader/simdjson.h",
        },
    ),
}


# What the library is built without: only the command needs these.
OPTIONAL = {"CLI11-2.4.1", "xxHash-0.8.3"}

# Tarballs that Debian has repacked without some files: their SHA-256, and what of them the subproject needs.
REPACKED = {
    "CLI11-2.4.1": ("0b8fbf2398875f15f30a675c7f412123a2aaa38df2863e991de72004fd5f1292", ["include", "LICENSE"]),
}


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def download(address, target):
    """Gives up soon: there are other sources."""
    deadline = time.monotonic() + 60
    with urllib.request.urlopen(address, timeout=8) as answer, target.open("wb") as out:
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
        hashes = [wrap["source_hash"], *REPACKED.get(wrap["directory"], ())[:1]]
        version = None
        for line in apt("apt-cache", "showsrc", package).splitlines():
            if line.startswith("Version:"):
                version = line.split()[1]
            elif any(digest in line for digest in hashes):
                log += apt("apt-get", "source", "--download-only", "--tar-only", f"{package}={version}")
                break
    (CACHE / "fetch.log").write_text(log)


def unpack_repacked(wrap, folder):
    """Makes the subproject's directory out of a tarball of REPACKED."""
    digest, wanted = REPACKED.get(wrap["directory"], (None, []))
    package = wrap["source_filename"].split("_")[0]
    for archive in folder.glob(f"{package}_*.tar.*"):
        if sha256(archive) != digest:
            continue
        made = folder / wrap["directory"]
        shutil.copytree(HERE / "packagefiles" / wrap["patch_directory"], made)
        with tarfile.open(archive) as members:
            for member in members:
                _, _, name = member.name.partition("/")
                if member.isfile() and name.split("/")[0] in wanted:
                    (made / name).parent.mkdir(parents=True, exist_ok=True)
                    (made / name).write_bytes(members.extractfile(member).read())
        shutil.rmtree(HERE / wrap["directory"], ignore_errors=True)
        os.replace(made, HERE / wrap["directory"])


def archive_address(package, file_name):
    """The address of a package's archive, from the index that pip uses. pip download would build it."""
    from pip._internal.models.index import PyPI

    page = os.environ.get("PIP_INDEX_URL", PyPI.simple_url).rstrip("/") + f"/{package}/"
    with urllib.request.urlopen(page, timeout=8) as answer:
        links = re.findall(r'href="([^"#]+)', answer.read().decode())
    for link in links:
        if link.endswith("/" + file_name):
            return urllib.parse.urljoin(page, link)
    raise FileNotFoundError(file_name)


def from_same_files(wrap, folder):
    """Makes the subproject's directory out of an archive of SAME_FILES."""
    if wrap["directory"] not in SAME_FILES:
        return
    package, file_name, digest, files = SAME_FILES[wrap["directory"]]
    archive, made = folder / "archive.tar.gz", folder / wrap["directory"]
    try:
        download(archive_address(package, file_name), archive)
    except (ImportError, OSError):
        return
    if sha256(archive) != digest:
        return
    shutil.copytree(HERE / "packagefiles" / wrap["patch_directory"], made)
    with tarfile.open(archive) as members:
        for name, target in files.items():
            (made / target).parent.mkdir(exist_ok=True)
            (made / target).write_bytes(members.extractfile(name).read())
    shutil.rmtree(HERE / wrap["directory"], ignore_errors=True)
    os.replace(made, HERE / wrap["directory"])


def update_patch(wrap):
    """Copies this version's patch files into a subproject that Meson unpacked with older ones."""
    if "patch_directory" in wrap and (HERE / wrap["directory"]).is_dir():
        shutil.copytree(HERE / "packagefiles" / wrap["patch_directory"], HERE / wrap["directory"], dirs_exist_ok=True)


def main():
    CACHE.mkdir(exist_ok=True)
    wraps = []
    for path in sorted(HERE.glob("*.wrap")):
        parser = configparser.ConfigParser(interpolation=None)
        parser.read(path)
        wraps.append(parser["wrap-file"])
        update_patch(wraps[-1])

    def take(wrap, path):
        if path.is_file() and sha256(path) == wrap["source_hash"]:
            os.replace(path, CACHE / wrap["source_filename"])

    def is_there(wrap):
        unpacked = HERE / wrap["directory"] / "meson.build"  # which Meson uses as it is
        return (CACHE / wrap["source_filename"]).is_file() or unpacked.is_file()

    def missing():
        return [wrap for wrap in wraps if not is_there(wrap)]

    for wrap in missing():
        print(f"== downloading {wrap['directory']}", flush=True)
        partial = CACHE / (wrap["source_filename"] + ".part")
        try:
            download(wrap["source_url"], partial)
            take(wrap, partial)
        except OSError:
            pass
        partial.unlink(missing_ok=True)

    if wraps_left := missing():
        names = " and ".join(wrap["directory"] for wrap in wraps_left)
        print(f"== not available there: downloading {names} from Debian's source archive", flush=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as folder:
            folder = pathlib.Path(folder)
            from_debian(wraps_left, folder)
            for wrap in wraps_left:
                take(wrap, folder / wrap["source_filename"])
                unpack_repacked(wrap, folder)

    for wrap in missing():
        with tempfile.TemporaryDirectory(dir=CACHE) as folder:
            from_same_files(wrap, pathlib.Path(folder))

    for wrap in missing():
        print(
            f"{wrap['source_filename']} is available neither from {wrap['source_url']}\n"
            f"nor from Debian's source archive (details: subprojects/packagecache/fetch.log).\n"
            f"Put it into subprojects/packagecache yourself: its SHA-256 is {wrap['source_hash']}.",
            file=sys.stderr,
        )
        if wrap["directory"] in OPTIONAL:
            print("Without it the command safetensors is not built.", file=sys.stderr)
    return 0 if all(wrap["directory"] in OPTIONAL for wrap in missing()) else 1


if __name__ == "__main__":
    sys.exit(main())
