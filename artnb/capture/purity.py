"""The purity ledger of a cell: what its result hangs on besides its code and its inputs.

Three witnesses: the **source** of the cell, of the notebook's functions that it can reach
and of the person's own modules; the **audit** hook (network, child processes, files); and
**states** before and after (random numbers, settings of the process, threads). What any of
them noticed is written down with its line. A cell of which the ledger says nothing gives
the same again when the same goes in.
"""

from __future__ import annotations

import ast
import os
import sys
import threading
import types
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from artnb.capture import _audit
from artnb.capture._code import made_by_text, source_of_code
from artnb.capture._goes_on import (
    a_display_by_plotly,
    a_library,
    a_start_by_forkserver,
    an_import,
    children,
    is_idle,
    tasks,
)
from artnb.capture._heard import (
    DELETES,
    asks_of_machine,
    folder_of,
    only_asks,
    path_of,
    shown,
)
from artnb.capture._impure import Finding, look_at, of_held
from artnb.capture._randomness import RandomWatch, packed, set_states
from artnb.capture.on_disk import file_digest, folder_digest
from artnb.capture.places import is_installed_file
from artnb.capture.surroundings import (
    NOT_COMPARED,
    Module,
    global_state,
    local_modules,
    missing_modules,
    module_source,
)

__all__ = ["Finding", "Ledger", "Purity", "packed", "set_states"]

_NETWORK = frozenset((
    "socket.bind", "socket.connect", "socket.getaddrinfo", "socket.gethostbyname",
    "socket.gethostbyaddr", "socket.getnameinfo", "socket.sendto", "socket.sendmsg",
))  # fmt: skip
_CHILDREN = frozenset((
    "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.system", "pty.spawn",
    "subprocess.Popen",
))  # fmt: skip
_EFFECTS = {
    "os.remove": "deletes", "os.rmdir": "deletes", "os.chmod": "changes the mode of",
    "os.chown": "changes the owner of", "os.symlink": "links", "os.link": "links",
    "os.chflags": "changes the flags of", "os.setxattr": "changes attributes of",
    "os.kill": "sends a signal to", "os.utime": "changes the times of",
}  # fmt: skip
_OF_FORKSERVER = _NETWORK | {"os.chmod"}
_INPUT = frozenset(("builtins.input",))
_SYSTEM_FILES = ("/proc/", "/sys/")
_RANDOM_FILES = ("/dev/random", "/dev/urandom")
_CACHES = (
    "/.cache/",
    "/__pycache__/",
    "/.config/matplotlib/",
    "/.ipython/",
    "/.local/share/",
    "/artnb-cell-",
)
_WRITES = os.O_WRONLY | os.O_RDWR
_MOST_FINDINGS = 50
_MOST_LISTED = 20_000
_LONGEST_NAME = 255


@dataclass
class Purity:
    """What the witnesses say of one cell.

    Attributes
    ----------
    findings : list of Finding
        Empty: the cell may be skipped when the same goes in.
    files : dict
        SHA-256 of files that were read or are named in the code, by absolute path.
    listed : dict
        Digest of the names in folders that were listed.
    absent : list of str
        Files that were asked for, or are named in the code, and not there.
    named : list of str
        Folders that are named in the code, and there.
    missing : list of str
        What is imported and cannot be found.
    folders : list of str
        Folders that were made.
    written : set of str
        Files outside the working folder, or passed over there, that were written.
    random : dict
        States of the generators that moved, afterwards.
    state, loaded : dict
        Settings of the process, before; and of libraries that were loaded meanwhile.
    modules : list of Module
        The person's own modules that are loaded, afterwards.
    """

    findings: list[Finding] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    listed: dict[str, str] = field(default_factory=dict)
    absent: list[str] = field(default_factory=list)
    named: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    written: set[str] = field(default_factory=set)
    random: dict[str, Any] = field(default_factory=dict)
    state: dict[str, str] = field(default_factory=dict)
    loaded: dict[str, str] = field(default_factory=dict)
    modules: list[Module] = field(default_factory=list)


class Ledger:
    """Watches one cell from `start` to `stop`.

    Parameters
    ----------
    namespace : mapping
        The live globals of the notebook.
    ours : iterable of str
        Folders of artnb's own.
    """

    def __init__(self, namespace: Mapping[str, Any], ours: Iterable[str] = ()) -> None:
        self._namespace = namespace
        self._ours = tuple(f"{os.path.realpath(folder)}/" for folder in ours)
        self._random = RandomWatch()
        self._findings: dict[Finding, None] = {}
        self._purity = Purity()
        self._opened: set[str] = set()
        self._code: tuple[Any, ...] = ()
        self._own = threading.local()
        self._running = False
        self._texts: set[str] = set()
        self._deleted: dict[str, Finding] = {}
        self._set_by_imports: set[str] = set()
        self._has_asked = False

    def start(
        self,
        tree: ast.AST,
        code: Iterable[Any],
        texts: Iterable[str] = (),
        roots: Iterable[str] = (),
        held: Iterable[Any] = (),
    ) -> None:
        """Begin to watch.

        Parameters
        ----------
        code : iterable
            The notebook's functions and classes that the cell can reach.
        texts : iterable of str
            Texts among what the cell reads: some may name files.
        roots : iterable of str
            Modules that what the cell reads comes from.
        held : iterable
            Functions of libraries that what the cell reads holds.
        """
        self._code = tuple(code)
        made = made_by_text(self._code)
        self._sources = [look_at(tree, self._namespace)]
        self._sources += [source_of_code(each) for each in self._code if each not in made]
        self._of_held = of_held(held)
        texts = set(texts)
        if not texts.isdisjoint(("now", "today")) and "numpy" in sys.modules:
            self._of_held.append(Finding("clock", "reads a text that may stand for the time"))
        self._texts = {text for source in self._sources for text in source.texts} | texts
        self._asked: list[str] = []
        self._note_named_files()
        self._state, self._environ = global_state(), dict(os.environ)
        self._purity.state = {k: v for k, v in self._state.items() if k not in NOT_COMPARED}
        self._roots = set(roots) | set().union(*(source.imports for source in self._sources))
        self._modules = {module.name: module.state for module in local_modules(self._roots)}
        self._threads = set(threading.enumerate())
        self._tasks = tasks()
        self._children = children()
        self._random.start()
        self._running = True
        _audit.listen(self._heard)

    def stop(self) -> Purity:
        """Return what was seen; a second time the same."""
        if not self._running:
            return self._purity
        self._running = False
        _audit.unlisten(self._heard)
        drawn = [
            Finding("random", what, *self._drawn_at(library))
            for library, what in self._random.stop().items()
        ]
        for source in self._sources:
            self._add(*source.findings)
        kinds = {finding.kind for finding in self._findings}
        self._add(*(finding for finding in self._of_held if finding.kind not in kinds))
        self._add(*drawn, *self._differences())
        self._add(*(each for path, each in self._deleted.items() if not os.path.exists(path)))  # noqa: PTH110
        self._purity.modules = local_modules(self._roots)
        for module in self._purity.modules:
            if self._modules.get(module.name, module.state) != module.state:
                self._add(Finding("effect", f"changes something in {module.name}"))
            source = module_source(module.path, module.name)
            self._add(*source.findings)
            called = set().union(*(each.calls for each in self._sources))
            self._add(*(found for name, found in source.setters if name in called))
            if not module.is_file:
                self._add(Finding("unseen", "the module was edited after it was imported",
                                  None, os.path.basename(module.path)))  # fmt: skip  # noqa: PTH119
        self._purity.findings = list(self._findings)[:_MOST_FINDINGS]
        self._purity.random = self._random.after
        for path in self._opened:
            if (digest := file_digest(path)) and path not in self._purity.written:
                self._purity.files.setdefault(path, digest)
        # What the cell makes itself is no reason to run it again, unless it made it because it
        # was not there, or adds to it the next time.
        asks = any(source.asks_for_files for source in self._sources)
        self._purity.absent += [path for path in self._asked if asks or not os.path.exists(path)]  # noqa: PTH110
        self._purity.missing = missing_modules(self._roots)
        made = tuple(f"{folder}/" for folder in self._purity.folders)
        listed = self._purity.listed.items()
        self._purity.listed = {k: v for k, v in listed if not f"{k}/".startswith(made)}
        self._purity.written = {path for path in self._purity.written if os.path.exists(path)}  # noqa: PTH110
        return self._purity

    def _drawn_at(self, library: str) -> tuple[int | None, str]:
        return next((s.draws[library] for s in self._sources if library in s.draws), (None, ""))

    # -- the source

    @property
    def texts(self) -> frozenset[str]:
        """The texts of the code, and of what it reads, that may name files."""
        return frozenset(self._texts)

    def _note_named_files(self) -> None:
        """Note the files that texts name: code that is not Python reads them unseen."""
        for text in self._texts:
            if not 0 < len(text) <= 1024 or "\n" in text or "\0" in text:
                continue
            path = os.path.abspath(os.path.expanduser(text))  # noqa: PTH100, PTH111 - as text
            if os.path.isfile(path):  # noqa: PTH113
                if digest := file_digest(path):
                    self._purity.files[path] = digest
            elif not os.path.isdir(path):  # noqa: PTH112
                if len(text) <= _LONGEST_NAME and len(self._asked) < _MOST_LISTED:
                    self._asked.append(path)
            elif self._is_below(path):
                self._purity.named.append(path)
            elif os.sep in text:
                self._add(Finding("unseen", f"names the folder {text}, outside the working folder: "
                                            "what C code reads there is not seen"))  # fmt: skip

    @staticmethod
    def _is_below(path: str) -> bool:
        return f"{os.path.realpath(path)}/".startswith(f"{os.path.realpath(os.getcwd())}/")  # noqa: PTH109

    # -- the audit hook

    def _heard(self, event: str, args: tuple[Any, ...]) -> None:
        if getattr(self._own, "busy", False):
            return
        if event not in _audit.PURITY_EVENTS or _is_of_artnb(threading.current_thread()):
            return
        self._own.busy = True
        try:
            self._note(event, args)
        finally:
            self._own.busy = False

    def _note(self, event: str, args: tuple[Any, ...]) -> None:
        if event == "open":
            self._note_open(args)
        elif event in _OF_FORKSERVER and a_start_by_forkserver():
            self._found("process", "starts a process: by the server of multiprocessing")
        elif event == "os.putenv" and an_import():
            self._set_by_imports.add(os.fsdecode(args[0]))
        elif event == "socket.bind" and an_import() and a_library():
            return  # whether there is IPv6
        elif event in _CHILDREN and only_asks(event, args):
            self._has_asked = True
        elif event in _NETWORK:
            self._found("network", f"uses the network: {shown(args)}")
        elif event in _CHILDREN:
            self._found("process", f"starts a process: {shown(args)}")
        elif event in _INPUT:
            self._found("input", "asks for input")
        elif event in ("os.listdir", "os.scandir"):
            self._note_listing(args[0])
        elif event == "os.mkdir":
            path = path_of(args[0])
            if path and not self._is_ours(path):
                self._purity.folders.append(path)
        elif event == "os.rename":
            source, target = path_of(args[0]), path_of(args[1])
            if source not in self._purity.written and not an_import():
                self._found("effect", f"moves {source}")
            if target and not self._is_ours(target):
                self._purity.written.add(target)
        elif event in _EFFECTS:
            path = path_of(args[0], folder_of(event, args)) or str(args[0])
            own = self._purity.written.union(self._purity.folders)
            if path not in own and not self._is_ours(path) and not an_import():
                self._note_effect(event, path)

    def _note_open(self, args: tuple[Any, ...]) -> None:
        path = path_of(args[0])
        if path is None or self._is_ours(path):
            return
        if path in _RANDOM_FILES:
            self._found("random", f"reads {path}")
            return
        if isinstance(args[2], int) and args[2] & _WRITES:
            if path != os.devnull:
                if not (args[2] & os.O_TRUNC or path in self._purity.written):
                    self._note_absent(path)  # what is there would be kept: `open(path, "a")`
                self._purity.written.add(path)
            return
        if path.startswith(_SYSTEM_FILES):
            if not (an_import() or asks_of_machine(path) or a_display_by_plotly()):
                self._found("environment", f"reads {path}")
            return
        if path.startswith("/dev/") or is_installed_file(path) or an_import():
            return
        if os.path.isfile(path):  # noqa: PTH113
            if path not in self._purity.written:
                self._opened.add(path)
        else:
            self._note_absent(path)

    def _note_absent(self, path: str) -> None:
        if len(self._purity.absent) < _MOST_LISTED and not os.path.exists(path):  # noqa: PTH110
            self._purity.absent.append(path)

    def _note_effect(self, event: str, path: str) -> None:
        line, where = self._place()
        found = Finding("effect", f"{_EFFECTS[event]} {path}", line, where)
        if event in DELETES:
            self._deleted.setdefault(path, found)  # perhaps to write it anew
        else:
            self._add(found)

    def _note_listing(self, given: Any) -> None:
        path = path_of(given if given is not None else ".", given)
        if path is None or path in self._purity.listed or self._is_ours(path + "/"):
            return
        if is_installed_file(path + "/") or an_import():
            return
        self._purity.listed[path] = folder_digest(path)

    def _is_ours(self, path: str) -> bool:
        if any(part in path for part in _CACHES):
            return True
        return bool(self._ours) and os.path.realpath(path).startswith(self._ours)

    # -- states

    def _differences(self) -> list[Finding]:
        found = []
        now = global_state()
        for what, state in self._state.items():
            if now.get(what) != state and (what != "os.environ" or self._has_set_variables()):
                found.append(Finding("effect", f"changes {what}"))
        left = [
            each
            for each in threading.enumerate()
            if each not in self._threads and not _is_of_artnb(each)
        ]
        left = [each for each in left if each.is_alive() and not is_idle(each)]
        if left:
            names = ", ".join(sorted(each.name for each in left)[:3])
            found.append(Finding("effect", f"leaves a thread running: {names}"))
        if tasks() - self._tasks:
            found.append(Finding("effect", "leaves a task running"))
        known = self._has_asked or any(f.kind == "process" for f in self._findings)
        if children() != self._children and not known:
            found.append(Finding("process", "starts a process"))
        # What was loaded meanwhile has the settings that it came with.
        self._purity.loaded = {what: now[what] for what in now.keys() - self._state.keys()}
        return found

    def _has_set_variables(self) -> bool:
        """Return whether another variable was set than those that imports set: they do again."""
        before, now = self._environ, dict(os.environ)
        names = before.keys() | now.keys()
        return any(before.get(n) != now.get(n) for n in names - self._set_by_imports)

    # -- findings

    def _found(self, kind: str, what: str) -> None:
        line, where = self._place()
        self._add(Finding(kind, what, line, where))

    def _add(self, *findings: Finding) -> None:
        for finding in findings:
            if len(self._findings) < _MOST_FINDINGS:
                self._findings.setdefault(finding)

    def _place(self) -> tuple[int | None, str]:
        """Return the line of the person's code that is running in this thread."""
        frame: types.FrameType | None = sys._getframe(1)
        while frame is not None:
            if frame.f_globals is self._namespace:
                name = frame.f_code.co_name
                return frame.f_lineno, "" if name in ("<module>", "<cell line: 1>") else name
            frame = frame.f_back
        return None, ""


def _is_of_artnb(thread: threading.Thread) -> bool:
    """Return whether a thread is artnb's own: one that saves what an earlier cell made."""
    return thread.name.startswith("artnb-")
