"""Keys on the command line: keygen."""

from __future__ import annotations

import argparse
import os
from getpass import getuser
from pathlib import Path

from artnb.cli.text import Commands
from artnb.environment import HOST
from artnb.errors import InvalidValueError
from artnb.signing import new_key

__all__ = ["add_commands"]


def add_commands(commands: Commands) -> None:
    """Add the command that makes keys."""
    text = "make a key that signs what you log, so that your team knows who wrote it"
    made = commands.add_parser("keygen", help=text, description=text)
    made.add_argument("file", nargs="?", type=Path, help="default: ~/.config/artnb/key")
    made.add_argument("--name", help="whose it is; default: user@machine")
    made.add_argument(
        "--hmac", action="store_true", help="one secret for a whole team, in place of two halves"
    )
    made.set_defaults(run=_keygen)


def _keygen(options: argparse.Namespace) -> None:
    path = (options.file or Path.home() / ".config" / "artnb" / "key").expanduser()
    key = new_key("hmac" if options.hmac else "ed25519", options.name or f"{getuser()}@{HOST}")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise InvalidValueError(
            f"{path} exists, and what it signed could not be checked without it. Name another file."
        ) from None
    with open(handle, "w", encoding="utf-8") as stream:
        stream.write(key.secret_line())
    print(f"key         {key.id} of {key.name}")
    print(f"written     {path} (secret: who has it signs as you)")
    print(f"to sign     ARTNB_SIGN_KEY={path}, or sign_key in artnb.toml")
    if key.kind == "hmac":
        print("to check    give the same file to your team, by a safe way")
        return
    Path(f"{path}.pub").write_text(key.public_line(), "utf-8")
    print("to check    others add this line to the file that their trusted_keys names:")
    print(key.public_line(), end="")
