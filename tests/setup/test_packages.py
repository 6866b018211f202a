"""What scripts/lib.sh would install on each system, and what it says when it may not."""

import subprocess
from pathlib import Path

import pytest

from qpvmap.settings import CHECKOUT

RELEASES = {
    "debian 12": ("debian", "12", "15"),
    "debian 13": ("debian", "13", "17"),
    "ubuntu 22.04": ("ubuntu", "22.04", "14"),
    "ubuntu 24.04": ("ubuntu", "24.04", "16"),
}


def machine(folder: Path, system: str, version: str) -> Path:
    """Return a copy of lib.sh that looks at an empty machine of this release."""
    release = folder / "os-release"
    release.write_text(f'ID={system}\nVERSION_ID="{version}"\n', encoding="utf-8")
    (folder / "bin").mkdir()
    for tool in ("sed", "grep", "head", "dirname", "xargs", "cat", "env", "mkdir", "bash", "echo"):
        (folder / "bin" / tool).symlink_to(Path("/usr/bin") / tool)
    scripts = folder / "scripts"
    scripts.mkdir()
    text = (CHECKOUT / "scripts" / "lib.sh").read_text(encoding="utf-8")
    text = text.replace("/etc/os-release", str(release)).replace("/usr/bin/python3", "no-python")
    text = text.replace("/usr/share/postgresql", f"{folder}/postgresql")
    text = text.replace("/usr/lib/*", f"{folder}/lib/*").replace(
        "/etc/ssl/certs/ca-certificates.crt", f"{folder}/none.crt"
    )
    lib = scripts / "lib.sh"
    lib.write_text(text, encoding="utf-8")
    return lib


def asked(lib: Path, command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/usr/bin/bash", "-c", f"source {lib}; {command}"],
        env={"PATH": str(lib.parent.parent / "bin"), "HOME": str(lib.parent), **variables},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("release", RELEASES)
def test_packages_when_the_machine_is_empty_then_those_of_its_release(
    tmp_path: Path, release: str
) -> None:
    system, version, postgresql = RELEASES[release]
    told = asked(machine(tmp_path, system, version), "missing_packages --tests")
    name = "python3.11" if version == "22.04" else "python3"
    assert told.stderr == ""
    assert told.stdout.split() == [
        name,
        f"{name}-venv",
        "ca-certificates",
        "libpango-1.0-0",
        "libpangoft2-1.0-0",
        f"postgresql-{postgresql}",
        f"postgresql-{postgresql}-postgis-3",
        "chromium",
        "poppler-utils",
        "libatomic1",
    ]


@pytest.mark.parametrize("variable", ["QPVMAP_DATABASE_URL", "QPVMAP_TEST_DATABASE_URL"])
def test_packages_when_a_server_is_given_then_no_database_for_what_uses_it(
    tmp_path: Path, variable: str
) -> None:
    lib = machine(tmp_path, "debian", "12")
    option = "--tests" if "TEST" in variable else ""
    told = asked(lib, f"missing_packages {option}", **{variable: "postgresql://elsewhere/db"})
    assert "postgresql" not in told.stdout
    assert "ca-certificates" in told.stdout


def test_packages_when_a_chromium_is_named_then_none_is_asked(tmp_path: Path) -> None:
    lib = machine(tmp_path, "ubuntu", "24.04")
    chromium = tmp_path / "bin" / "my-chromium"
    chromium.write_text("#!/bin/sh\n")
    chromium.chmod(0o755)
    told = asked(lib, "missing_packages --tests", QPVMAP_CHROMIUM=str(chromium))
    assert "chromium" not in told.stdout.split()


def test_install_when_neither_root_nor_sudo_then_says_whom_to_ask(tmp_path: Path) -> None:
    lib = machine(tmp_path, "debian", "12")
    for name, body in (("id", "echo 1000"), ("apt-get", "exit 0")):
        (tmp_path / "bin" / name).write_text(f"#!/usr/bin/bash\n{body}\n")
        (tmp_path / "bin" / name).chmod(0o755)
    told = asked(lib, "install_packages")
    assert told.returncode == 1
    assert "Ni le compte root ni sudo ne sont disponibles." in told.stderr
    assert "Demandez à votre administrateur de lancer : apt-get install" in told.stderr
    assert "postgresql-15-postgis-3" in told.stderr


def test_install_when_there_is_no_apt_then_names_what_is_missing(tmp_path: Path) -> None:
    told = asked(machine(tmp_path, "debian", "13"), "install_packages")
    assert told.returncode == 1
    assert "Cette machine n’a pas apt" in told.stderr
    assert "postgresql-17" in told.stderr


def test_install_when_ubuntus_chromium_is_a_snap_then_says_what_to_do(tmp_path: Path) -> None:
    lib = machine(tmp_path, "ubuntu", "22.04")
    (tmp_path / "bin" / "apt-get").symlink_to("/usr/bin/true")
    told = asked(lib, "install_packages --tests")
    assert told.returncode == 1
    assert "snap" in told.stderr and "QPVMAP_CHROMIUM" in told.stderr


@pytest.mark.parametrize("known", [True, False])
def test_headless_shell_when_apt_refuses_or_has_none_then_the_installation_goes_on(
    tmp_path: Path, known: bool
) -> None:
    lib = machine(tmp_path, "debian", "12")
    for name, code in (("apt-cache", 0 if known else 100), ("apt-get", 100), ("id", 0)):
        (tmp_path / "bin" / name).write_text(f"#!/usr/bin/bash\necho 0\nexit {code}\n")
        (tmp_path / "bin" / name).chmod(0o755)
    told = asked(lib, "install_headless_shell --tests; echo goes on")
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.splitlines()[-1] == "goes on"
    assert ("durent plus longtemps" in told.stdout) is known
