"""The container image, built for real and run: small, non-root, no build tools, and tokens only where they should rest.

The base is made here (debootstrap, then buildah in chroot isolation, so neither a registry nor a daemon is needed) and kept
between runs in the user's cache folder.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).parents[2]
BASE, IMAGE = "localhost/daypass-test-base", "localhost/daypass-test"
LACKING = [tool for tool in ("buildah", "debootstrap") if not shutil.which(tool)] + ["root"] * (os.geteuid() != 0)
SECRET = "planted-secret-that-must-not-leave-this-machine"

pytestmark = [
    pytest.mark.container,
    pytest.mark.skipif(bool(LACKING), reason=f"THE CONTAINER IMAGE IS NOT TESTED: {', '.join(LACKING)} missing here"),
]


@dataclass(frozen=True)
class Container:
    """A container of the image, and the environment in which buildah finds it."""

    name: str
    root: Path
    environment: Mapping[str, str]

    def run(self, *command: str, options: tuple[str, ...] = (), timeout: float = 60) -> subprocess.CompletedProcess[str]:
        """Run a command inside, as the image's own user unless the options say otherwise."""
        whole = ["buildah", "run", *options, self.name, "--", *command]
        return subprocess.run(
            whole, env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout, check=False
        )

    def prints(self, *command: str, options: tuple[str, ...] = ()) -> str:
        """What a command prints inside; it must succeed."""
        result = self.run(*command, options=options)
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout


@pytest.fixture(scope="module")
def environment() -> dict[str, str]:
    """The environment of buildah, with images of our own beside the machine's, and the base among them."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "daypass-tests"
    cache.mkdir(parents=True, exist_ok=True)
    storage = cache / "storage.conf"
    storage.write_text(f'[storage]\ndriver = "vfs"\ngraphroot = "{cache}/images"\nrunroot = "{cache}/run"\n')
    environment = os.environ | {"CONTAINERS_STORAGE_CONF": str(storage), "STORAGE_DRIVER": "vfs", "BUILDAH_ISOLATION": "chroot"}
    if not buildah(environment, "images", "--quiet", "--filter", f"reference={BASE}"):
        make_base(environment, cache / "base")
    return environment


def buildah(environment: Mapping[str, str], *arguments: str) -> str:
    """Run buildah; what it printed."""
    result = subprocess.run(["buildah", *arguments], env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


def make_base(environment: Mapping[str, str], folder: Path) -> None:
    """A Debian with Python and little else, as an image."""
    shutil.rmtree(folder, ignore_errors=True)
    command = ["debootstrap", "--variant=minbase", "--include=python3,python3-venv,ca-certificates", "bookworm", str(folder)]
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=400, check=False)
    assert result.returncode == 0, result.stdout[-2000:]
    scratch = buildah(environment, "from", "scratch")
    buildah(environment, "add", "--quiet", scratch, str(folder), "/")
    buildah(environment, "commit", "--quiet", "--rm", scratch, BASE)
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def container(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Container]:
    """A container of the image that `tools/build-image` builds, from a copy of the source in which secrets lie about."""
    source = tmp_path_factory.mktemp("source")
    for name in ("Dockerfile", ".dockerignore", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    for name in ("requirements", "src", "tools"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    (source / ".env").write_text(f"CLIENT_ID={SECRET}\n")
    (source / "tokens.tok").write_text(SECRET)

    build = environment | {"BASE_IMAGE": BASE, "IMAGE": IMAGE, "DOCKER_HOST": "unix:///nowhere", "PIP_TRUSTED_HOST": f"{SECRET}.example"}
    result = subprocess.run(
        [source / "tools" / "build-image"], env=build, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=400, check=False
    )
    assert result.returncode == 0, result.stdout[-4000:]
    name = buildah(environment, "from", IMAGE)
    try:
        yield Container(name, Path(buildah(environment, "mount", name)), environment)
    finally:
        buildah(environment, "rm", name)
        buildah(environment, "rmi", IMAGE)


def test_the_version_is_told(container: Container) -> None:
    assert re.fullmatch(r"daypass \d+\.\d+\.\d+\n", container.prints("daypass", "--version"))


def test_bare_daypass_is_what_the_container_does(container: Container) -> None:
    image = json.loads(buildah(container.environment, "inspect", "--type", "image", IMAGE))["Docker"]["config"]
    assert image["Entrypoint"] == ["daypass"]
    assert not image.get("Cmd")
    assert not image.get("Volumes")


def test_it_runs_as_nobody_special(container: Container) -> None:
    assert container.prints("id", "-u") == "10001\n"


def test_it_runs_as_any_user(container: Container) -> None:
    assert container.prints("daypass", "--version", options=("--user", "4242:4242"))


def test_no_build_tool_is_in_it(container: Container) -> None:
    tools = "pip pip3 gcc cc make git hatchling"
    assert container.prints("sh", "-c", f"for tool in {tools}; do command -v $tool || true; done") == ""


def test_no_build_package_is_in_it(container: Container) -> None:
    search = "import sys; from importlib.util import find_spec; print(*filter(find_spec, sys.argv[1:]))"
    assert container.prints("python", "-c", search, "pip", "setuptools", "hatchling", "pytest", "msal") == "msal\n"


def test_nothing_of_the_build_machine_is_in_it(container: Container) -> None:
    found = subprocess.run(["grep", "-rlF", SECRET, container.root], capture_output=True, text=True, timeout=60, check=False)
    assert (found.stdout, found.returncode) == ("", 1)
    assert SECRET not in buildah(container.environment, "inspect", "--type", "image", IMAGE)


def test_the_build_leaves_nothing_behind(container: Container) -> None:
    assert [path for path in ("source", "build", "wheel", "run/secrets/pip.conf") if (container.root / path).exists()] == []


def test_the_demo_runs_to_its_end(container: Container) -> None:
    told = container.prints("daypass", "demo", "--auto-approve")
    assert "Welcome, Megan Bowen!" in told
    assert "Study for the AZ-204 exam" in told


# A tenant inside the container, for the commands that follow.
TENANT = """
export XDG_STATE_HOME=$(mktemp -d)
daypass sandbox up --port 0 --interval 1 --auto-approve megan --background >/dev/null
trap 'daypass sandbox down >/dev/null' EXIT
eval "$(daypass sandbox env)"
"""
AT_A_TERMINAL = "script --quiet --return --command daypass /dev/null"


def test_without_a_volume_tokens_stay_in_memory_and_a_note_says_so(container: Container) -> None:
    told = container.prints("sh", "-c", TENANT + AT_A_TERMINAL)
    assert "No writable volume is mounted at /data" in told
    assert "Welcome, Megan Bowen!" in told
    assert list((container.root / "data").rglob("*.vault")) == []
    assert jwts_below(container.root / "data") == jwts_below(container.root / "tmp") == ""


@pytest.fixture
def volume() -> Iterator[Path]:
    """A folder on a file system of its own, as volumes are, that belongs to the image's user."""
    with TemporaryDirectory(dir="/dev/shm") as folder:
        os.chown(folder, 10001, 10001)
        yield Path(folder)


def test_on_a_volume_the_sign_in_outlives_the_command_and_is_sealed(container: Container, volume: Path) -> None:
    told = container.prints("sh", "-c", f"{TENANT}{AT_A_TERMINAL} && daypass status", options=("--volume", f"{volume}:/data"))
    greeted, status = told.split("Welcome, Megan Bowen!")
    assert "megan@contoso.example" in status
    assert "volume is mounted" not in greeted
    [vault] = volume.rglob("*.vault")
    assert (vault.stat().st_mode & 0o777, vault.stat().st_uid) == (0o600, 10001)
    assert jwts_below(volume) == ""


def test_the_pretend_tenant_alone_listens_to_the_outside(container: Container) -> None:
    """Its image is this one with another entry point, which is read from the Dockerfile and run here."""
    stage = (ROOT / "Dockerfile").read_text().partition("FROM runtime AS sandbox\n")[2].partition("\nFROM ")[0]
    entry_point = json.loads(re.search(r"^ENTRYPOINT (.*)$", stage, re.MULTILINE)[1])
    assert "EXPOSE 8443" in stage
    site = json.loads(container.prints(*entry_point, "--port", "0", "--name", "tenant", "--seed", "empty", "--background"))
    try:
        context = ssl.create_default_context(cafile=str(container.root / site["ca_file"].lstrip("/")))
        port = urlsplit(site["authority"]).port
        with (
            socket.create_connection(("127.0.0.2", port), timeout=10) as plain,
            context.wrap_socket(plain, server_hostname="tenant") as secure,
        ):
            secure.sendall(b"GET /common/v2.0/.well-known/openid-configuration HTTP/1.1\r\nHost: tenant:8443\r\nConnection: close\r\n\r\n")
            answer = b"".join(iter(lambda: secure.recv(65536), b""))
        assert answer.startswith(b"HTTP/1.1 200")
        assert b"https://tenant:8443/" in answer
    finally:
        container.prints("daypass", "sandbox", "down")


def jwts_below(folder: Path) -> str:
    """The files below a folder that hold a token in the clear."""
    command = ["grep", "-rlE", r"eyJ[A-Za-z0-9_-]{10,}\.eyJ", folder]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False).stdout
