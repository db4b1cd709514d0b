"""Collecting: what nothing needs is marked dead in the catalogue, then deleted from the store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection as Some
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from artnb.belonging import refuse_others
from artnb.catalog import Catalog, LeaseLostError
from artnb.errors import ArtnbError
from artnb.ingest import Ingest
from artnb.keys import base_of, is_blobs, is_pack, is_recipe
from artnb.maintenance.collect import Collected, Facts, Plan, make_plan
from artnb.store import Backend, ObjectStat, ObjectStore, pack_spans, read_recipe
from artnb.store.staging import process_alive

__all__ = ["Collection"]

_AT_ONCE = 200
"""Objects a transaction marks: few enough that writers hardly wait."""
_IN_MEMORY = 64 << 20


class Collection:
    """One pass over one store.

    Parameters
    ----------
    before : float
        What is newer, or was deleted later, stays.
    foreseen : mapping, optional
        For a preview: versions that would be deleted first, and when.
    """

    def __init__(
        self,
        store: ObjectStore,
        catalog: Catalog,
        ingest: Ingest,
        before: float,
        foreseen: Mapping[int, float] | None = None,
    ) -> None:
        self._store = store
        self._catalog = catalog
        self._ingest = ingest
        self._before = before
        self._foreseen = foreseen or {}
        self._identity = catalog.identity
        refuse_others(store.backend, self._identity)
        self._facts = self._gather()
        # Not when all is done: what a blob was made of is forgotten with it.
        self._former = catalog.upkeep.former_holders(self._foreseen)
        self._blobs_in = self._facts.blobs_in()
        self._freed: Counter[str] = Counter()

    def preview(self) -> Collected:
        """Return what `run` would free."""
        plan = make_plan(self._facts)
        free = [
            key
            for key, digests in self._digests(plan.unneeded).items()
            if self._facts.held.isdisjoint(digests)
        ]
        for key in (*plan.leftovers, *free):
            self._freed[key] = self._facts.objects[key].size
        for key, needed in plan.wasteful.items():
            self._freed[key] = self._saved(key, needed)
        return self._report(plan, len(plan.wasteful))

    def run(self) -> Collected:
        """Free what nothing needs. Safe beside writers, readers and other collectors."""
        plan = make_plan(self._facts)
        rewritten = 0
        for packs in self._batches(plan.wasteful):
            for key in self._buried(self._carried_out(packs)):
                self._delete(key, self._saved(key, packs[key]))
                rewritten += 1
        for start in range(0, len(plan.unneeded), _AT_ONCE):
            for key in self._buried(plan.unneeded[start : start + _AT_ONCE]):
                self._delete(key, self._facts.objects[key].size)
        if plan.leftovers:  # who marked them may have died before it was written down
            self._write_down()
        for key in plan.leftovers:
            self._delete(key, self._facts.objects[key].size)
        return self._report(plan, rewritten)

    def _batches(
        self, packs: Mapping[str, tuple[str, ...]]
    ) -> Iterator[dict[str, tuple[str, ...]]]:
        """Yield the packs a few at a time: what is needed of them goes into memory."""
        batch: dict[str, tuple[str, ...]] = {}
        size = 0
        for key, needed in packs.items():
            batch[key] = needed
            size += sum(self._blobs_in[key][digest] for digest in needed)
            if len(batch) == _AT_ONCE or size > _IN_MEMORY:
                yield batch
                batch, size = {}, 0
        if batch:
            yield batch

    def _carried_out(self, packs: Mapping[str, tuple[str, ...]]) -> list[str]:
        """Write elsewhere what is needed of packs; what is damaged in one keeps it as it is."""
        with suppress(LeaseLostError):  # another collector thought this one dead
            return self._ingest.move_out(packs)
        return []

    def _gather(self) -> Facts:
        backend, upkeep = self._store.backend, self._catalog.upkeep
        # The store is listed first: what is entered after that is seen in the catalogue.
        objects = dict(_stats(backend))
        needed = upkeep.needed(self._before, self._foreseen)
        return Facts(
            objects=objects,
            places={
                # Of a blob in a recipe this object has the recipe's bytes: its parts lie elsewhere.
                digest: replace(at, length=objects[at.object].size)
                if is_recipe(at.object) and at.object in objects
                else at
                for digest, at in upkeep.places().items()
            },
            needed=needed,
            spared=needed - upkeep.needed(float("inf"), self._foreseen),
            held=upkeep.leased(process_alive),
            dead=upkeep.dead_generations(),
            before=self._before,
        )

    def _buried(self, keys: Sequence[str]) -> list[str]:
        """Mark objects dead, and return those that may be deleted."""
        dead = self._catalog.upkeep.bury(self._digests(keys), self._before, process_alive)
        if dead:
            self._write_down()
        return dead

    def _write_down(self) -> None:
        """Write down in the store what is dead: one that is made again now knows it, too."""
        self._ingest.write_journal()
        # Its name as it was when this pass began: a new one may be at the same address by now.
        refuse_others(self._store.backend, self._identity)

    def _digests(self, keys: Sequence[str]) -> dict[str, list[str]]:
        found = ((key, _digests_in(self._store.backend, key)) for key in keys)
        return {key: digests for key, digests in found if digests is not None}

    def _delete(self, key: str, freed: int) -> None:
        self._store.backend.delete(key)
        self._freed[key] = freed

    def _saved(self, key: str, needed: Some[str]) -> int:
        lengths = self._blobs_in[key]
        return self._facts.objects[key].size - sum(lengths[digest] for digest in needed)

    def _report(self, plan: Plan, rewritten: int) -> Collected:
        former = self._former
        projects: Counter[str | None] = Counter()
        for key, freed in self._freed.items():
            lengths = {
                digest: length
                for digest, length in self._blobs_in.get(key, {}).items()
                if digest not in self._facts.needed
            }
            for digest, length in lengths.items():
                projects[former.get(digest)] += length
            # What is left is a pack's index; it goes with the first of its blobs.
            first = former.get(next(iter(lengths), ""))
            projects[first] += max(0, freed - sum(lengths.values()))
        return Collected(
            objects=len(self._freed),
            bytes=self._freed.total(),
            projects={name: count for name, count in projects.items() if count},
            rewritten=rewritten,
            young=plan.young,
        )


def _stats(backend: Backend) -> Iterator[tuple[str, ObjectStat]]:
    return (entry for entry in backend.listing() if is_blobs(entry[0]))


def _digests_in(backend: Backend, key: str) -> list[str] | None:
    """Return the blobs in an object by its own account; None if it cannot be read."""
    if not is_pack(key) and not is_recipe(key):
        return ["".join(base_of(key).split("/")[1:])]
    try:
        if is_recipe(key):
            return [read_recipe(backend, key).digest]
        return [digest for digest, _, _ in pack_spans(backend, key)]
    except (ArtnbError, OSError, ValueError, KeyError):
        return None  # left alone: only `verify` may move it
