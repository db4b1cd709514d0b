"""What scripts written for W&B take from its ``util``."""

from artnb.words import new_id

__all__ = ["generate_id"]


def generate_id(length: int = 8) -> str:
    """Return random characters for a run's id."""
    text = ""
    while len(text) < length:
        text += new_id()
    return text[:length]
