"""A graph as it is told to pages over time: whole now and then, and what changed since.

Both together say at any moment all that there is. So whoever keeps what was sent last of
each (a second view, a page that is loaded again, a saved notebook) has the whole state, and
a change that was lost on the way is made good by the next one.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from artnb.widgets.payload import (
    Contents,
    encode_contents,
    encode_edges,
    encode_nodes,
    narrow,
    pack,
    places_of,
)

__all__ = ["Telling", "encode_delta"]


class Telling:
    """What pages are told of a graph that changes.

    Attributes
    ----------
    whole : bytes
        What `encode_contents` gives, now or some time ago.
    news : bytes
        What `encode_delta` gives since `whole` was made; empty for nothing.
    """

    whole: bytes
    news: bytes

    def __init__(self, contents: Contents, project: str) -> None:
        self._project = project
        self._revision = 0
        self._begin(contents)

    def advance(self, contents: Contents) -> None:
        """Tell of the graph as it is now."""
        news = encode_delta(self._base, contents, self._revision)
        if news == self.news:
            return
        # News grow with all that changed, so the whole comes anew once the news have together
        # cost as much as it did: sooner or later would cost more over time.
        if news is None or self._sent + len(news) > len(self.whole):
            self._revision += 1
            self._begin(contents)
        else:
            self._sent += len(news)
            self.news = news

    def _begin(self, contents: Contents) -> None:
        self._base = contents
        self._sent = 0
        self.whole = encode_contents(contents, self._project, self._revision)
        self.news = b""


def encode_delta(old: Contents, new: Contents, base: int) -> bytes | None:
    """Return the columns that make `new` of `old`, which was sent as the revision `base`.

    Those of `encode_nodes` and `encode_edges` for what came, with ``at`` and ``drawn``, their
    places in the new lists; ``gone`` and ``lost``, the places in the old lists of nodes and
    edges that went. What changed went and came. An edge of a node that went, went too.

    Returns
    -------
    bytes or None
        Empty where nothing changed. None where what stayed has another order than before:
        then the whole must be sent.
    """
    nodes, edges = _difference(old.nodes, new.nodes), _difference(old.edges, new.edges)
    if nodes is None or edges is None:
        return None
    (gone, at), (lost, drawn) = nodes, edges
    if not (gone or at or lost or drawn):
        return b""
    header, columns = encode_nodes([new.nodes[place] for place in at])
    ends = encode_edges([new.edges[place] for place in drawn], places_of(new.nodes))
    places = {
        "at": narrow(at),
        "gone": narrow(gone),
        "drawn": narrow(drawn),
        "lost": narrow(lost),
    }
    return pack({"base": base, **header}, {**columns, **ends, **places})


def _difference(
    old: Sequence[Hashable], new: Sequence[Hashable]
) -> tuple[list[int], list[int]] | None:
    """Return places in `old` of what went and in `new` of what came; None for another order."""
    same = _alike(old, new)
    before, after = set(old[same:]), set(new[same:])
    gone = [place for place, item in enumerate(old[same:], same) if item not in after]
    came = [place for place, item in enumerate(new[same:], same) if item not in before]
    stayed = [item for item in old[same:] if item in after]
    if stayed != [item for item in new[same:] if item in before]:
        return None
    return gone, came


def _alike(old: Sequence[Hashable], new: Sequence[Hashable]) -> int:
    """Return how many items both begin with: nearly all, for projects grow at the end."""
    for place, (one, other) in enumerate(zip(old, new, strict=False)):
        if one != other:
            return place
    return min(len(old), len(new))
