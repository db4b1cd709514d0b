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
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from artnb import serializers
from artnb.capture import Capture, Output, Recorder, contained, fingerprint, sharing_memory
from artnb.capture.purity import Finding, Ledger, Purity, named_texts, packed
from artnb.capture.surroundings import module_of
from artnb.errors import ArtnbError
from artnb.jupyter.aliasing import shares
from artnb.jupyter.generators import state_of
from artnb.jupyter.identity import Identity, differences
from artnb.jupyter.inplace import can_take_over, places
from artnb.jupyter.keeping import kept_names, kept_statements
from artnb.jupyter.replaying import Cannot, Replay, prepare
from artnb.jupyter.values import Kept
from artnb.model import RunRecord, VersionRecord
from artnb.repository import Repository

__all__ = ["CellCache", "Hit"]

_MOST_VERSIONS = 20
_LARGEST_EXTRA = 256 << 20
_NOT_AS_IT_WAS = {"figure": "a picture", "stub": "a note only: it could not be saved"}
_IMMUTABLE = (str, bytes, int, float, complex, bool, type(None), range, frozenset)


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


@dataclass
class _Lasting:
    """What of a run comes back at a hit, and why some of it does not."""

    values: dict[str, dict[str, Any]] = field(default_factory=dict)
    extras: dict[str, dict[str, Any]] = field(default_factory=dict)
    aliases: dict[str, dict[str, Any]] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    unbound: list[str] = field(default_factory=list)


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
        self._untrusted: list[str] = []
        self.notes: list[str] = []

    # -- before the cell

    def find(self, tree: ast.Module, recorder: Recorder) -> Hit | None:
        """Return the earlier run that stands for this one, or None and say why in `notes`."""
        self._tree = tree
        self._recorder = recorder
        self.identity = Identity(tree, recorder, self._namespace, self._options)
        self._marks = {each.__qualname__: fingerprint(each) for each in recorder.code}
        self._places = {name: places(self._namespace[name]) for name in recorder.inputs}
        reasons: list[str] = []
        for run, version in self._earlier():
            record = run.outputs["cache"]
            changed = [str(each) for each in differences(record["identity"], self.identity)]
            against = changed or [*self.identity.unknown, *record["lost"]]
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
        known = {each.name for each in self._repository.collections(self._project)}
        if self._name not in known:
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
        texts = set()
        for read in self._recorder.inputs.values():
            texts |= named_texts(read.plain)
        self._ledger.start(self._tree, self._recorder.code, texts, self._roots())

    def _roots(self) -> set[str]:
        """Return the modules that what the cell reads comes from."""
        values = list(self._recorder.library.values())
        for name in self._recorder.inputs:
            value = self._namespace.get(name)
            values += [value, *contained(value)]
        return {module_of(value) for value in values}

    def stop(self) -> None:
        """End the watch; a second time does nothing."""
        self._purity = self._ledger.stop()

    # -- after the cell

    def to_record(
        self,
        capture: Capture,
        kept: Sequence[Kept],
        shown: Sequence[Mapping[str, Any]],
        result: Any,
        outputs: Mapping[str, Any],
    ) -> dict[str, Any]:
        """Return what the run's record keeps for a later hit.

        Parameters
        ----------
        kept : sequence of Kept
            The variables that are in the version.
        shown : sequence
            All that the cell showed, in order.
        result : object
            The cell's last value, if it was shown.
        outputs : mapping
            What the run's record says of files.
        """
        lasting = self._lasting(capture, kept)
        root = Path(outputs.get("files_root", "."))
        reads, unsure = self._reads(outputs, root)
        written = self._written(outputs, root, lasting)
        impure = [*self._purity.findings, *unsure, *self._effects(capture)]
        record: dict[str, Any] = {
            "identity": self.identity.to_record(self._purity, reads),
            "impure": [
                {"kind": f.kind, "what": f.what, "line": f.line, "where": f.where} for f in impure
            ],
            "lost": [*self.identity.unknown, *lasting.lost],
            "values": lasting.values,
            "extras": lasting.extras,
            "aliases": lasting.aliases,
            "deleted": sorted({*capture.deleted, *lasting.unbound}),
            "written": written,
            "folders": sorted(set(self._purity.folders)),
            "result": self._result(result, capture),
            "shown": _blob(self._repository, list(shown)),
            "random": _blob(self._repository, packed(self._purity.random)),
        }
        against = [str(each) for each in impure] or record["lost"] or self._untrusted
        if against and not self.notes:
            self.notes = [f"cannot be skipped: {'; '.join(against[:5])}"]
        return record

    def _effects(self, capture: Capture) -> Iterator[Finding]:
        for name in sorted(capture.consumed):
            yield Finding("effect", f"uses up the iterator {name}")
        for code in self._recorder.code:
            if self._marks.get(code.__qualname__) != fingerprint(code):
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
        self, outputs: Mapping[str, Any], root: Path, lasting: _Lasting
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

    # -- values

    def _lasting(self, capture: Capture, kept: Sequence[Kept]) -> _Lasting:
        lasting = _Lasting()
        made = {item.name: item.content for item in kept}
        bound = kept_names(self._tree)
        for name, output in capture.outputs.items():
            if output.role in ("import", "code"):
                if name not in bound:
                    lasting.lost.append(f"{name} is not bound by a line of its own")
                continue
            if self._how(output) == "changed" and name not in self._recorder.inputs:
                continue  # it sees the change of what the cell reads, also the next time
            kind = type(output.value).__name__
            place = {
                "how": self._how(output),
                "kind": type(output.value).__qualname__,
                "fingerprint": made[name].fingerprint
                if name in made
                else fingerprint(output.value),
            }
            if place["how"] == "changed" and not (
                can_take_over(output.value) and self._places[name] == places(output.value)
            ):
                lasting.lost.append(f"{name} ({kind}) was changed in place, with what it holds")
            if (state := state_of(output.value)) is not None:
                lasting.extras[name] = {**place, "state": state}
            elif name in made:
                lasting.values[name] = {**place, "path": made[name].path}
                if made[name].format in _NOT_AS_IT_WAS:
                    what = _NOT_AS_IT_WAS[made[name].format]
                    lasting.lost.append(f"{name} ({kind}) is kept as {what}")
                elif not serializers.is_safe(made[name].format) and not self._trust:
                    self._untrusted.append(f"{name} is kept as {made[name].format}, which can run "
                                           "code: add --trust")  # fmt: skip
            elif (extra := self._extra(output.value)) is not None:
                lasting.extras[name] = {**place, **extra}
            elif output.role == "temporary":
                lasting.unbound.append(name)  # a closed file of a with statement
            else:
                lasting.lost.append(f"{name} ({kind}) is not kept in a format that is safe to load")
        self._tie(capture, lasting)
        return lasting

    def _how(self, output: Output) -> str:
        """Return ``changed`` also of what was bound anew to the object that it was."""
        same = output.how == "stored" and self._recorder.is_same(output.name)
        return "changed" if same and not isinstance(output.value, _IMMUTABLE) else output.how

    def _extra(self, value: Any) -> dict[str, Any] | None:
        """Return where a value is kept that is in no version, or None."""
        with tempfile.TemporaryDirectory(prefix="artnb-cell-") as folder:
            try:
                saved = serializers.dump(value, Path(folder), "value")
            except ArtnbError:
                return None
            if saved.format == "stub" or not serializers.is_safe(saved.format):
                return None
            if saved.path.stat().st_size > _LARGEST_EXTRA:
                return None
            again = serializers.load(saved.path, saved.format, saved.meta)
            if type(again) is not type(value) or fingerprint(again) != fingerprint(value):
                return None  # a figure comes back as a picture
            digest = self._repository.put_blob(saved.path.read_bytes())
        return {"sha256": digest, "format": saved.format, "meta": saved.meta}

    def _tie(self, capture: Capture, lasting: _Lasting) -> None:
        """Note which new values are, or are views of, values that were there before."""
        mine = {
            name: capture.outputs[name].value
            for name in (*lasting.values, *lasting.extras)
            if not isinstance(capture.outputs[name].value, _IMMUTABLE)
        }
        fixed = {
            n for n in mine if (lasting.values.get(n) or lasting.extras[n])["how"] == "changed"
        }
        new = {name: value for name, value in mine.items() if name not in fixed}
        others = {**self._recorder.others(capture.outputs), **{name: mine[name] for name in fixed}}
        others = {name: value for name, value in others.items() if _may_share(value)}
        notes = shares({**others, **new})
        lasting.aliases = {name: notes[name] for name in new if name in notes}
        for name, value in new.items():
            near = sharing_memory([value], others) | {
                other for other in others if sharing_memory([others[other]], {name: value})
            }
            if near and notes.get(name, {}).get("with") not in others:
                lasting.lost.append(_about_sharing(name, near))
            elif name not in notes:
                rest = {n: each for n, each in new.items() if n != name and n not in notes}
                if near := sharing_memory([value], rest):
                    lasting.lost.append(_about_sharing(name, near))

    def _result(self, result: Any, capture: Capture) -> dict[str, Any] | None:
        if result is None:
            return None
        for name in () if isinstance(result, _IMMUTABLE) else (*capture.outputs, *capture.inputs):
            if self._namespace.get(name) is result:
                return {"name": name}
        extra = self._extra(result)
        if extra is None:
            return {"kind": type(result).__qualname__}
        return {**extra, "kind": type(result).__qualname__, "fingerprint": fingerprint(result)}


def _about_sharing(name: str, near: set[str]) -> str:
    return f"{name} shares memory with {', '.join(sorted(near)[:3])}, and would not do so again"


def _may_share(value: Any) -> bool:
    if callable(value) and not hasattr(value, "parameters"):
        return False
    return not isinstance(value, _IMMUTABLE)


def _blob(repository: Repository, value: Any) -> str | None:
    """Return the digest under which a value is kept as JSON; of nothing None."""

    def plain(part: Any) -> Any:
        if isinstance(part, bytes):
            return {"base64": base64.b64encode(part).decode()}
        return str(part)

    if not value:
        return None
    return repository.put_blob(json.dumps(value, default=plain).encode("utf-8", "surrogatepass"))
