"""Tools that tests need, installed once at the versions that lock files pin."""

import os
import shutil
import subprocess
import sys
import zlib
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", REPOSITORY / "target"))


def python(requirements, *, interpreter=sys.executable):
    """The folder of programs of a virtual environment with these requirements, each pinned by its hash."""
    text = requirements.read_bytes()
    folder = TARGET / "tools" / f"{requirements.parent.name}-{requirements.stem}-{zlib.crc32(text):08x}"
    complete = folder / "complete"
    if not complete.exists():
        shutil.rmtree(folder, ignore_errors=True)
        quiet(interpreter, "-m", "venv", folder)
        pip = [folder / "bin/pip", "install", "--quiet", "--disable-pip-version-check"]
        quiet(*pip, "--require-hashes", "--no-deps", "--only-binary=:all:", "-r", requirements)
        complete.touch()
    return folder / "bin"


def node(folder):
    """The programs of the packages in a folder's lock file, installed beside it."""
    lock, installed = folder / "package-lock.json", folder / "node_modules/.openwa-lock"
    if not installed.exists() or installed.read_bytes() != lock.read_bytes():
        quiet("npm", "ci", "--prefix", folder, "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error")
        shutil.copyfile(lock, installed)
    return folder / "node_modules/.bin"


def quiet(*command):
    """Says what it printed only when it failed."""
    command = [str(part) for part in command]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}")
    return done.stdout
