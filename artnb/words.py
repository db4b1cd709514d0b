"""Names that a person can say: ``sunny-smoke-1``."""

from __future__ import annotations

import os
import secrets

__all__ = ["new_id", "run_name"]

_ADJECTIVES = (
    "amber airy apt azure balmy bold brave breezy bright brisk calm candid clear clever cosy "
    "crisp deft dewy eager early easy elder fair fleet fond fresh gentle glad golden grand "
    "green hale happy hardy hazy hearty honest jolly keen kind lively loyal lucid lunar "
    "mellow merry mild misty modest neat nimble noble novel pale patient plain proud quick "
    "quiet rapid rosy royal rustic sage serene sharp silent silver simple sleek smooth snowy "
    "solar solid spry steady still stout sunny swift tender tidy tranquil true upbeat vivid "
    "warm wise witty young zesty"
).split()
_NOUNS = (
    "acorn anchor arch aspen bay beacon birch bloom breeze bridge brook canyon cedar cliff "
    "cloud coast comet coral cove crane creek dawn delta dew dune eagle echo elm ember falcon "
    "fern field finch fjord flame forest fox frost garden glade grove gull harbor haven hawk "
    "hazel heron hill island ivy jay lagoon lake lantern lark leaf linden lily maple marsh "
    "meadow mesa mist moon moss oak oasis ocean orchard otter owl peak pebble pine plain pond "
    "prairie quartz rain reef ridge river robin sail sea shore sky smoke snow spark spring "
    "spruce star stone stream summit sun swan thistle tide trail valley wave willow wind wood "
    "wren"
).split()
_BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"


def run_name(number: int) -> str:
    """Return a name for the run with this number in its project."""
    return f"{secrets.choice(_ADJECTIVES)}-{secrets.choice(_NOUNS)}-{number}"


def new_id() -> str:
    """Return 8 random base-36 characters."""
    # Of so many bits that no letter comes measurably oftener than another.
    number = int.from_bytes(os.urandom(16), "little")
    letters = ""
    for _ in range(8):
        letters += _BASE36[number % 36]
        number //= 36
    return letters
