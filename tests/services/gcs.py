"""gcp-storage-emulator for Google's storage, with the XML API that obstore speaks before it."""

from __future__ import annotations

import json
import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from ports import free_port

from services.process import BUILD, Processes, installed

ENV = BUILD / "google"
VERSION = "2026.7.19"
ROLES = ("owner", "reader", "stranger")


@dataclass(frozen=True)
class Google:
    """Its address, and the key files of who may do all, who may read, and who was sent away."""

    endpoint: str
    owner: Path
    reader: Path
    stranger: Path

    @property
    def env(self) -> dict[str, str]:
        """What every Google program takes for an emulator without accounts."""
        return {"STORAGE_EMULATOR_HOST": self.endpoint}

    def call(self, method: str, path: str, body: dict | None = None) -> dict:
        """Ask by the JSON API: what artnb itself does is not its own witness."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"{self.endpoint}/storage/v1{path}", data, {"Content-Type": "application/json"},
            method=method,
        )  # fmt: skip
        with urllib.request.urlopen(request) as answer:
            return json.loads(answer.read() or b"{}")

    def new_bucket(self, name: str) -> str:
        # Soft deletion, Google's default, would keep the bytes of the whole session.
        self.call("POST", "/b?project=artnb",
                  {"name": name, "softDeletePolicy": {"retentionDurationSeconds": 0}})  # fmt: skip
        return name

    def new_place(self, name: str) -> str:
        return f"gs://{self.new_bucket(name)}/team"

    def drop(self, name: str) -> None:
        """Delete an empty bucket."""
        self.call("DELETE", f"/b/{name}")


def start(processes: Processes) -> Google:
    """Start it; takes under a second."""
    python = installed(ENV / "bin" / "python")
    port = free_port()
    endpoint = f"http://127.0.0.1:{port}"
    keys = {role: _key_file(processes.folder, role, endpoint) for role in ROLES}
    accounts = {f"{role}@artnb.example": {"role": role, "key": public}
                for role, (_, public) in keys.items() if role != "stranger"}  # fmt: skip
    (processes.folder / "accounts.json").write_text(json.dumps(accounts))
    processes.start(
        "google", python, Path(__file__).with_name("gcs_xml.py"), port,
        processes.folder / "accounts.json",
    )  # fmt: skip
    processes.wait_for(endpoint)
    return Google(endpoint, *(path for path, _ in keys.values()))


def _key_file(folder: Path, role: str, endpoint: str) -> tuple[Path, str]:
    """Write what Google gives for a service account, and return it with its public key."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    path = folder / f"{role}.json"
    path.write_text(json.dumps({
        "type": "service_account", "project_id": "artnb", "private_key_id": role,
        "private_key": private.decode(), "client_email": f"{role}@artnb.example",
        "token_uri": f"{endpoint}/token",
    }))  # fmt: skip
    return path, public.decode()


def install() -> None:
    """Make its environment: its requirements are no business of the tests' own."""
    import subprocess

    if not (ENV / "bin" / "gcp-storage-emulator").exists():
        subprocess.run([sys.executable, "-m", "venv", ENV], check=True)
        pip = [ENV / "bin" / "python", "-m", "pip", "-q", "--disable-pip-version-check"]
        wanted = [f"gcp-storage-emulator=={VERSION}", "google-auth>=2.40", "cryptography"]
        subprocess.run([*pip, "install", *wanted], check=True)
