"""The build backend of `pip install .`: maturin, after a look whether there is a cargo that can do it.

Without this look, maturin would try to download a Rust toolchain, and an old compiler would fail somewhere
in the middle of a dependency.
"""

import re
import shutil
import subprocess
import sys

from maturin import *  # noqa: F401,F403  (the hooks that this file does not name are maturin's)
import maturin


def _rust_version_needed():
    """What Cargo.toml promises to build with."""
    with open("Cargo.toml", encoding="utf-8") as manifest:
        found = re.search(r'^rust-version = "(\d+)\.(\d+)"', manifest.read(), re.MULTILINE)
    return tuple(map(int, found.groups()))


def _require_cargo():
    needed = _rust_version_needed()
    wanted = "cuda-lint is written in Rust and is built with cargo {}.{} or newer".format(*needed)
    cure = "Install Rust (rustup, or your system's packages), and run pip again."
    cargo = shutil.which("cargo")
    if cargo is None:
        sys.exit(f"{wanted}, and there is no cargo on the PATH. {cure}")
    try:
        answer = subprocess.run([cargo, "--version"], stdout=subprocess.PIPE, check=True).stdout.decode()
        version = tuple(map(int, re.search(r"(\d+)\.(\d+)", answer).groups()))
    except (OSError, subprocess.CalledProcessError, AttributeError) as error:
        sys.exit(f"{wanted}, and `{cargo} --version` does not work ({error}). {cure}")
    if version < needed:
        sys.exit(f"{wanted}; this is {answer.strip()}. {cure}")


def get_requires_for_build_wheel(config_settings=None):
    _require_cargo()
    return maturin.get_requires_for_build_wheel(config_settings)


def get_requires_for_build_editable(config_settings=None):
    _require_cargo()
    return maturin.get_requires_for_build_editable(config_settings)
