"""Our own packages as people install them: the wheel and the tarballs, built when they are not there."""

import os
import shutil
import subprocess
from pathlib import Path

from . import tools
from .tools import REPOSITORY, TARGET


def python(folder, requirements):
    """Installs the wheel into a folder; answers an interpreter with the requirements, and the environment to use it."""
    interpreter = tools.python(requirements) / "python"
    pip = [interpreter, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    tools.quiet(*pip, "--no-index", "--target", folder, wheel())
    return interpreter, {"PYTHONPATH": str(folder)}


def wheel():
    """`OPENWA_WHEEL`, else the one that the package's own tests left behind, else a new one."""
    if "OPENWA_WHEEL" in os.environ:
        return Path(os.environ["OPENWA_WHEEL"]).resolve(strict=True)
    folder = TARGET / "wheels"
    if not any(folder.glob("openwa_client-*.whl")):
        # It builds before it tests.
        subprocess.run([REPOSITORY / "bindings-python/test", "webhook"], check=True)
    (wheel,) = folder.glob("openwa_client-*.whl")
    return wheel


def node(folder, package_json):
    """Installs the tarballs into a folder, beside a package.json."""
    shutil.copy(package_json, folder / "package.json")
    options = ["--offline", "--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    tools.quiet("npm", "install", "--prefix", folder, *options, *tarballs())


def tarballs():
    """Those in the folder `OPENWA_TARBALLS`, else where the package's own tests put them, else new ones."""
    folder = Path(os.environ.get("OPENWA_TARBALLS", REPOSITORY / "bindings-node/release")).resolve()
    found = sorted(folder.glob("*.tgz"))
    if not found:
        # It builds before it tests.
        subprocess.run([REPOSITORY / "bindings-node/test.sh", "package"], check=True)
        found = sorted(folder.glob("*.tgz"))
    return found
