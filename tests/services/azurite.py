"""Azurite, Microsoft's own stand-in for Azure's blob storage."""

from __future__ import annotations

from dataclasses import dataclass

from ports import free_port

from services.process import BUILD, Processes, installed

FOLDER = BUILD / "azurite"
VERSION = "3.35.0"
# The account that every Azurite has; documented, and no secret.
ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


@dataclass(frozen=True)
class Azure:
    """Its address and its one account."""

    endpoint: str
    account: str = ACCOUNT
    key: str = KEY

    @property
    def env(self) -> dict[str, str]:
        return {
            "AZURE_STORAGE_ACCOUNT_NAME": self.account,
            "AZURE_STORAGE_ACCOUNT_KEY": self.key,
            "AZURE_ENDPOINT": self.endpoint,
        }

    @property
    def connection(self) -> str:
        """What Azure's own libraries are given."""
        return (
            f"DefaultEndpointsProtocol=http;AccountName={self.account};AccountKey={self.key};"
            f"BlobEndpoint={self.endpoint};"
        )

    def new_container(self, name: str) -> str:
        from azure.storage.blob import BlobServiceClient

        with BlobServiceClient.from_connection_string(self.connection) as client:
            client.create_container(name)
        return name

    def new_place(self, name: str) -> str:
        return f"az://{self.new_container(name)}/team"

    def drop(self, name: str) -> None:
        from azure.storage.blob import BlobServiceClient

        with BlobServiceClient.from_connection_string(self.connection) as client:
            client.delete_container(name)


def start(processes: Processes) -> Azure:
    """Start it; takes about a second."""
    script = installed(FOLDER / "node_modules" / ".bin" / "azurite-blob")
    port = free_port()
    processes.start(
        "azurite", script, "--blobHost", "127.0.0.1", "--blobPort", port, "--location",
        processes.folder, "--silent", "--skipApiVersionCheck", "--disableTelemetry",
    )  # fmt: skip
    processes.wait_for(f"http://127.0.0.1:{port}/{ACCOUNT}")
    return Azure(f"http://127.0.0.1:{port}/{ACCOUNT}")


def install() -> None:
    import json
    import subprocess

    if not (FOLDER / "node_modules" / ".bin" / "azurite-blob").exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        wanted = {"private": True, "dependencies": {"azurite": VERSION}}
        (FOLDER / "package.json").write_text(json.dumps(wanted))
        quiet = ("--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error")
        subprocess.run(["npm", "install", *quiet], cwd=FOLDER, check=True)
