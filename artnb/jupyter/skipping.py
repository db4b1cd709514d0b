"""``%%artifact NAME --cache``: whether a cell need not run, and what a later hit needs.

A run with ``--cache`` writes down what it hung on (`Identity`), what makes it unfit to be
skipped (`artnb.capture.purity`), and what comes back beside the version's values: names that
the version leaves out, what was shown, the last value, the random generators' states. The
next run of the cell is a hit if an earlier one of the same artifact is the same in all and
was pure. Otherwise it runs, and the line below the cell says why.
"""

from __future__ import annotations

import ast
import base64
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from artnb import ownjson as json
from artnb.capture import Capture, Recorder, contained, fingerprint
from artnb.capture.modes import modes_of
from artnb.capture.plain import named_texts
from artnb.capture.purity import Finding, Ledger, Purity, packed
from artnb.capture.reach import names_in
from artnb.capture.surroundings import module_of
from artnb.display import Line
from artnb.errors import ArtnbError
from artnb.jupyter.code import source_of
from artnb.jupyter.identity import Identity, differences
from artnb.jupyter.inplace import places
from artnb.jupyter.keeping import kept_statements
from artnb.jupyter.lasting import Lasting
from artnb.jupyter.replaying import Cannot, Replay, prepare
from artnb.jupyter.session import Session
from artnb.jupyter.taking import Kept
from artnb.model import RunRecord, VersionRecord
from artnb.repository import Repository
from artnb.secrets import known_secrets, scrubbed, secrets_in

__all__ = ["CellCache", "Hit", "finish_hit"]

_MOST_VERSIONS = 20


@dataclass(frozen=True, slots=True)
class Hit:
    """An earlier run that stands for this one.

    Attributes
    ----------
    tree : ast.Module
        What runs in the cell's place.
    """

    run: RunRecord
    version: VersionRecord
    replay: Replay
    tree: ast.Module


class CellCache:
    """The cache of one artifact, for one cell.

    Parameters
    ----------
    options : sequence of str
        What of the first line changes the result.
    trust : bool
        Load formats that can run code, too.

    Attributes
    ----------
    notes : list of str
        What is to be said below the cell.
    """

    def __init__(
        self,
        repository: Repository,
        project: str,
        name: str,
        shell: Any,
        *,
        options: Sequence[str] = (),
        trust: bool = False,
    ) -> None:
        self._repository = repository
        self._project = project
        self._name = name
        self._namespace: dict[str, Any] = shell.user_ns
        self._shell = shell
        self._options = options
        self._trust = trust
        settings = repository.settings
        ours = [str(settings.root)] + ([] if "://" in settings.store else [settings.store])
        self._ledger = Ledger(self._namespace, ours)
        self._purity = Purity()
        self._known: tuple[str, ...] = ()
        self._is_started = False
        self.notes: list[str] = []

    # -- before the cell

    def find(self, tree: ast.Module, recorder: Recorder) -> Hit | None:
        """Return the earlier run that stands for this one, or None and say why in `notes`."""
        self._tree = tree
        self._recorder = recorder
        history = self._shell.history_manager.input_hist_parsed
        self.identity = Identity(tree, recorder, self._namespace, self._options, history)
        self._marks = [fingerprint(each) for each in recorder.code]
        self._places = {name: places(self._namespace[name]) for name in recorder.inputs}
        reasons: list[str] = []
        for run, version in self._earlier():
            record = run.outputs["cache"]
            # A function that the cell reads itself is an input, too.
            changed = [*dict.fromkeys(map(str, differences(record["identity"], self.identity)))]
            against = changed or list(dict.fromkeys([*self.identity.unknown, *record["lost"]]))
            against = against or [str(Finding(**each)) for each in record["impure"]]
            if not against:
                try:
                    replay = prepare(self._repository, version, run, self._shell, trust=self._trust)
                    body = kept_statements(tree)
                    return Hit(run, version, replay, replay.tree(tree, body))
                except (Cannot, ArtnbError) as error:
                    against = [str(error)]
            if not reasons:
                reasons = (
                    [f"changed: {'; '.join(changed[:5])}"]
                    if changed
                    else ([f"would skip, but: {'; '.join(against[:5])}"])
                )
        self.notes = reasons
        return None

    def _earlier(self) -> Iterator[tuple[RunRecord, VersionRecord]]:
        """Yield earlier runs that were cached, with what they made; the newest first."""
        if self._repository.collection_type(self._project, self._name) is None:
            return
        found = []
        for version in self._repository.versions(self._project, self._name)[:_MOST_VERSIONS]:
            if version.state not in ("deleted", "damaged"):
                for run in self._repository.logged_by(version.id):
                    if "cache" in run.outputs and run.state == "finished":
                        found.append((run, version))
        seen = set()
        for run, version in sorted(found, key=lambda pair: pair[0].created_at, reverse=True):
            origin = run.outputs["cache"].get("origin", run.id)
            if origin not in seen:
                seen.add(origin)
                yield run, version

    # -- around the cell

    def start(self) -> None:
        """Begin to watch."""
        self._is_started = True
        texts = set()
        for read in self._recorder.inputs.values():
            texts |= named_texts(read.plain)
        code = [*self._recorder.code, *self.identity.code_of_patches]
        self._ledger.start(self._tree, code, texts, self._roots(), self._recorder.held)

    def _roots(self) -> set[str]:
        """Return the modules that what the cell reads comes from."""
        values = list(self._recorder.library.values())
        for name in self._recorder.inputs:
            value = self._namespace.get(name)
            values += [value, *contained(value, plainly=True)]
        roots = {module_of(value) for value in values} | self._recorder.roots
        return roots | self._roots_of_patches()

    def _roots_of_patches(self) -> set[str]:
        """Return the modules of the person's own whose patches of libraries the cell names."""
        named = {node.attr for node in ast.walk(self._tree) if isinstance(node, ast.Attribute)}
        named |= {node.id for node in ast.walk(self._tree) if isinstance(node, ast.Name)}
        for code in self._recorder.code:
            named |= names_in(code)
        roots = self.identity.patches.roots
        return {module for module, names in roots.items() if not named.isdisjoint(names)}

    def stop(self) -> None:
        """End the watch; a second time does nothing."""
        self._purity = self._ledger.stop()
        if not self._is_started:
            return  # an earlier run stands for this one
        self._known = tuple(sorted(self._secrets(), key=len, reverse=True))
        # Of the texts that might name files, each is noted that names none.
        paths = {os.path.abspath(text) for text in self._known}  # noqa: PTH100
        self._purity.absent = [
            path
            for path in self._purity.absent
            if path not in paths and not any(text in path for text in self._known)
        ]

    def _secrets(self) -> Iterator[str]:
        """Yield the passwords and tokens that the cell reads, and that are typed into its code."""
        yield from known_secrets()
        for name, read in self._recorder.inputs.items():
            yield from secrets_in(name, read.plain)
        source = source_of(ast.unparse(self._tree), self._recorder.code)
        told = scrubbed(source, known_secrets())
        if told != source:
            yield from (text for text in self._ledger.texts if text in source and text not in told)

    # -- after the cell

    def take(
        self,
        capture: Capture,
        chosen: Collection[str],
        shown: Sequence[Mapping[str, Any]],
        result: Any,
        put_blob: Callable[[bytes], str],
    ) -> None:
        """Take what a later hit brings back, at the cell's end.

        Parameters
        ----------
        chosen : collection of str
            The variables that go into the version.
        shown : sequence
            All that the cell showed, in order.
        result : object
            The cell's last value, if it was shown.
        put_blob : callable
            Keeps bytes with the cell's run and returns their digest.
        """
        self._lasting = Lasting(
            put_blob, self._tree, self._recorder, capture, chosen, self._places, result,
            self._known,
        )  # fmt: skip
        self._effects = [*self._changes(capture)]
        self._deleted = {*capture.deleted, *self._lasting.unbound}
        self._shown = _blob(put_blob, list(shown))
        self._random = _blob(put_blob, packed(self._purity.random))

    def to_record(self, kept: Sequence[Kept], outputs: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the run's record keeps for a later hit, once the values are saved.

        Parameters
        ----------
        kept : sequence of Kept
            The variables that are in the version.
        outputs : mapping
            What the run's record says of files.
        """
        lasting = self._lasting
        untrusted = lasting.find(kept, trust=self._trust)
        root = Path(outputs.get("files_root", "."))
        reads, unsure = self._reads(outputs, root)
        written = self._written(outputs, root, lasting)
        impure = [
            replace(found, what=scrubbed(found.what, self._known))
            for found in (*self._purity.findings, *unsure, *self._effects)
        ]
        record: dict[str, Any] = {
            "identity": self.identity.to_record(self._purity, reads),
            "impure": [
                {"kind": f.kind, "what": f.what, "line": f.line, "where": f.where} for f in impure
            ],
            "lost": [*self.identity.unknown, *lasting.lost],
            "values": lasting.values,
            "extras": lasting.extras,
            "aliases": lasting.aliases,
            "held": lasting.held,
            "deleted": sorted(self._deleted),
            "written": written,
            "folders": sorted(set(self._purity.folders)),
            "result": lasting.result,
            "shown": self._shown,
            "random": self._random,
        }
        against = [str(each) for each in impure] or record["lost"] or untrusted
        if against and not self.notes:
            self.notes = [f"cannot be skipped: {'; '.join(against[:5])}"]
        return record

    def _changes(self, capture: Capture) -> Iterator[Finding]:
        for name in sorted(capture.consumed):
            yield Finding("effect", f"uses up the iterator {name}")
        for name, mode in self.identity.modes.items():
            value = self._namespace.get(name)
            if not self._recorder.is_same(name) or modes_of(value) == mode:
                continue
            # Of a class of the notebook only the state may come back.
            if name not in capture.changed or type(value).__module__ == "__main__":
                yield Finding("effect", f"sets how {name} works (training, requires_grad, layout)")
        for code, mark in zip(self._recorder.code, self._marks, strict=True):
            if mark != fingerprint(code):
                yield Finding("effect", f"changes {code.__qualname__}")

    def _reads(
        self, outputs: Mapping[str, Any], root: Path
    ) -> tuple[dict[str, str], list[Finding]]:
        found: dict[str, str] = {}
        unsure = []
        for note in outputs.get("reads", ()):
            if "sha256" in note:
                found[str(root / note["path"])] = note["sha256"]
            else:
                unsure.append(Finding("unseen", f"reads {note['path']}, whose bytes are not known"))
        if outputs.get("files_partial"):
            unsure.append(Finding("unseen", str(outputs["files_partial"])))
        if outputs.get("reads_more") or outputs.get("writes_more"):
            unsure.append(Finding("unseen", "touches too many files"))
        return found, unsure

    def _written(
        self, outputs: Mapping[str, Any], root: Path, lasting: Lasting
    ) -> list[dict[str, Any]]:
        written = []
        for note in outputs.get("writes", ()):
            if "entry" not in note:
                lasting.lost.append(f"{note['path']} was written and is not kept")
            else:
                written.append({"path": str(root / note["path"]), "entry": note["entry"]})
        kept = {each["path"] for each in written}
        lasting.lost += [
            f"{path} was written and is not kept"
            for path in sorted(self._purity.written - kept)
            if str(Path(path).resolve()) not in kept
        ]
        return written


def _blob(put_blob: Callable[[bytes], str], value: Any) -> str | None:
    """Return the digest under which a value is kept as JSON; of nothing None."""

    def plain(part: Any) -> Any:
        if isinstance(part, bytes):
            return {"base64": base64.b64encode(part).decode()}
        return str(part)

    if not value:
        return None
    return put_blob(json.dumps(value, default=plain).encode("utf-8", "surrogatepass"))


def finish_hit(
    hit: Hit,
    session: Session,
    repository: Repository,
    run_id: str,
    *,
    aliases: Sequence[str],
    namespace: Mapping[str, Any],
    outputs: Mapping[str, Any],
) -> Line:
    """End the run of a cell that was skipped, and return the line that says so.

    Parameters
    ----------
    outputs : mapping
        What its record says besides what that of the earlier run says.
    """
    # What it reads now may lie in newer versions than then, which hold the same of it.
    read = {(used.project, used.name) for used in repository.used(run_id)}
    for used in repository.used(hit.run.id):
        if (used.project, used.name) not in read:
            repository.use(run_id, used.id)
    repository.link_output(run_id, hit.version.id)
    version = repository.set_aliases(hit.version.id, ["latest", *aliases], run_id=run_id)
    before = hit.run.outputs
    for name, note in before["cache"]["values"].items():
        session.remember(name, version, note["path"], note["fingerprint"], namespace[name])
    outputs = {
        **before,
        **outputs,
        "cache": {"origin": hit.run.id, **before["cache"]},
        "cache_hit": hit.run.name,
    }
    repository.keep_named(run_id, outputs)  # the earlier run may be deleted
    run = repository.finish_run(run_id, more_follow=True, outputs=outputs)
    facts = [f"skipped ({version.version})", f"run {run.name}", f"the same as {hit.run.name}"]
    return Line(version.name, facts)
