"""Notebooks with many names, and a program that saves and restores them.

``python hash_cells.py NEW [OLD]`` runs each notebook in the repository NEW, then restores in OLD
what another process saved there and runs it again. It prints as JSON all that a person or a
later process can see of that, which must not hang on the hashes of this process.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import sys
from pathlib import Path

NAMES = ("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta")
ALL = ", ".join(NAMES)


def each(line, names=NAMES):
    """Return a line for each name, with the name for ``@`` and its number for ``#``."""
    return "\n".join(line.replace("@", n).replace("#", str(i)) for i, n in enumerate(names))


SETUP = """
import collections, functools, types
import numpy as np, torch
class Thing:
    def __init__(self, **given): vars(self).update(given)
class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(2, 1)
        self.others = []
torch.manual_seed(0)
"""
NETS = """%%artifact nets
enc, dec, third = (torch.nn.Linear(3, 3) for _ in range(3))
dec.weight = third.weight = enc.weight
third.bias = dec.bias
whole = torch.nn.Sequential(enc, torch.nn.Linear(3, 3))
part = whole[1]
moved = torch.optim.Adam([*whole.parameters(), dec.bias])
plan = torch.optim.lr_scheduler.StepLR(moved, 2)
box = {'enc': enc, 'w': enc.weight, 'o': moved}"""

NOTEBOOKS = {
    "one list in many": (
        "%%artifact made\n_l, _m = [1], [2]\n" + each("@ = {'l': _l, 'm': _m, 'n': #}"),
        f"%%artifact later\ns = [{ALL}]\nsome = [theta, alpha, eta]",
        "%%artifact more\nt = {'s': s, 'a': alpha, 'l': alpha['l']}",
    ),
    "a ring": (
        "%%artifact made\n" + each("@ = {'n': #}") + "\n_all = [" + ALL + "]\n"
        "for _a, _b in zip(_all, _all[1:] + _all[:1]): _a['next'], _b['before'] = _b, _a",
        "%%artifact later\ns = {'ring': eta}",
    ),
    "many names of one": (
        "%%artifact made\nx, y = [1], np.arange(9)\n" + each("@ = x") + "\n" + each("_@ = @_y = y"),
        "%%artifact later\ns = [x, beta, eta_y, y[1:]]",
        "%%artifact even\nalpha.append(2)\nzeta_y[0] = 7",
    ),
    "many views": (
        "%%artifact made\nx = np.arange(99.)\n" + each("@ = x[#:#+20]"),
        "%%artifact later\n" + each("@_v = [@[1:], @]"),
        "%%artifact own\n_w = torch.arange(50.)\n"
        + each("@_w = {'w': _w[#:#+9], 's': {'@', 'x'}}"),
    ),
    "networks": (
        NETS,
        "%%artifact later\ns = {'moved': moved, 'dec': dec, 'third': third}\n"
        "second = torch.optim.SGD([third.bias, *enc.parameters()], lr=1)",
        "%%artifact trained\n_ = whole(torch.ones(2, 3)).sum().backward(); moved.step()",
    ),
    "optimizers of many": (
        "%%artifact nets\n" + each("@ = torch.nn.Linear(2, 1)\n@.bias = alpha.bias"),
        f"%%artifact moved\no = torch.optim.SGD([n.weight for n in ({ALL})], lr=1)",
    ),
    "networks of the notebook": (
        "%%artifact nets\n" + each("@ = Net()") + "\n"
        + each("@.others.append(theta)", NAMES[:-1]) + f"\nbox = [{ALL}]",
    ),
    "sets": (
        "%%artifact made\n_s, _f = {*'abcd', ('e', 1)}, frozenset('abcdef')\ns, f = _s, _f\n"
        "d = {'s': s, 'f': f, 'deep': {f, frozenset('xyz')}}",
        "%%artifact later\nt = [s, f, d]\nd['s'].add('q')",
        "%artnb diff made made:v0", "%artnb diff later made",
    ),
    "sets of objects": (
        "%%artifact made\n_l, _x = [0], np.arange(9.)\n"
        "s = {Thing(n=n, l=_l, x=_x[n:]) for n in range(5)}\nt = [frozenset(s), _l]",
        "%%artifact later\nu = [sorted(s, key=lambda each: each.n), t]",
    ),
    "objects": (
        "%%artifact made\n_s = [1]\n" + each("@ = Thing(s=_s, n=#, t={'u', 'v', '@'})")
        + "\nalpha.next = theta; theta.next = alpha\nbox = [beta, eta]",
        "%%artifact later\ne = {'a': alpha, 'b': box}\nf = functools.partial(print, gamma)",
        "%%artifact more\nalpha.s.append(4)",
    ),
    "functions": (
        each("def @(x):\n    return x + # + c_@\nc_@ = #"),
        f"def top(x):\n    return sum(f(x) for f in {{{ALL}}})",
        f"%%artifact made\nr = top(1)\nfs = [{ALL}]",
        "c_alpha = 99; c_eta = 5\ndef beta(x):\n    return 0\ndef theta(x):\n    return c_alpha",
        "%artnb why made", f"%%artifact held\nfs2 = {{{ALL}}}\nn = sum(f(1) for f in fs2)",
    ),
    "out of date": (
        *(f"%%artifact {n}\n{n} = [{i}] * 300" for i, n in enumerate(NAMES)),
        "loose, other = [1] * 300, [2] * 300",
        f"%%artifact sum\nr = [loose, other, *{', *'.join(NAMES)}]",
        *(f"%%artifact {n}\n{n} = [{i + 1}] * 300" for i, n in enumerate(NAMES[::2])),
        "beta[0] = 3; delta[1] = 4; zeta[2] = 2; loose[0] = other[0] = 9",
        "%artnb resume sum", "del loose, other, alpha, eta", "%artnb resume sum",
    ),
    "files": (
        "%%artifact made\nimport pathlib\npathlib.Path('d').mkdir(exist_ok=True)\n"
        f"for _n in {NAMES}:\n    pathlib.Path(_n).write_text(_n * 30)\n"
        "    pathlib.Path('d', _n + '.csv').write_text(_n)",
        "%%artifact later\nr = [p.read_text() for p in sorted(pathlib.Path('d').iterdir())]\n"
        f"q = [pathlib.Path(n).read_text() for n in {NAMES}]",
    ),
    "skipped": (
        each("@ = [#] * 300") + "\ndef f(): return 1\ndef g(): return 2",
        f"%%artifact made --cache\nr = [f(), g(), {ALL}]\ns = {{'x', 'y'}}",
        f"%%artifact made --cache\nr = [f(), g(), {ALL}]\ns = {{'x', 'y'}}",
        each("@.append(#)", NAMES[:5]) + "\ndef f(): return 3\ndef g(): return 4",
        f"%%artifact made --cache\nr = [f(), g(), {ALL}]\ns = {{'x', 'y'}}",
        "import os, time",
        "%%artifact odd --cache\nr = [time.time() > 0, os.getpid() > 0, input is None]",
        "%%artifact odd --cache\nr = [time.time() > 0, os.getpid() > 0, input is None]",
    ),
    "each cell": (
        "%artnb auto on", "alpha, beta, gamma = [1], {'a': 1}, {'x', 'y', 'z'}",
        "delta = [alpha, beta]; eta = {'g': gamma, 'd': delta}", "alpha.append(2); gamma.add('q')",
        "zeta = np.arange(9); theta = zeta[2:]; both = {'z': zeta, 't': theta}", "zeta[3] = 11",
        "%artnb auto off",
    ),
    "left out, and lost": (
        "%%artifact made\nimport threading\n" + each("@ = threading.Lock()", NAMES[:3]) + "\n"
        "_p, password, api_token = 1, 'x', 'y'\n" + each("@_g = iter([#])", NAMES[:3])
        + "\nlist_, dict_, set_ = [1], {'a': [1]}, {'x', 'y', 'z'}",
        "%%artifact held\nbox = [alpha, list_]\nr = [*beta_g, *alpha_g]",
        "list_.append(2); dict_['b'] = 1; set_.add('q')",
        "%artnb restore made", "%artnb resume held",
    ),
    "settings": (
        "lr, size, name, options = 0.1, 32, 'x', {'b': 1, 'a': {'d': 2, 'c': 3}}",
        "%%artifact made\nimport artnb\nartnb.config.update({'z': 1, 'y': 2})\n"
        "artnb.log({'loss': 1, 'acc': 2})\nartnb.summary['k'] = {'b': 1, 'a': 2}\n"
        "r = (lr, size, name, options)",
        "lr, size, name = 0.2, 16, 'y'; options['b'] = 3",
    ),
}  # fmt: skip

_CHANCE = (
    (r"\b[a-z]+-[a-z]+-\d+\b", "RUN"),
    (r"0x[0-9a-f]{6,}|digest +[0-9a-f]{64}", "ID"),
    (r"Out\[\d+\]|Cell In\[\d+\]|\b_\d+\b", "OUT"),
    (r"\d+ (ms|s|min) ago|\bjust now\b", "AGO"),
    (r"/ipykernel_\d+/\d+\.py|ipython-input-\d+-\w+|\b\d+ms\b", "CELL"),
)


class Program:
    def __init__(self):
        from IPython.core.interactiveshell import InteractiveShell
        from traitlets.config import Config

        config = Config()
        config.HistoryManager.enabled = False
        config.InteractiveShell.colors = "nocolor"
        self._shell = InteractiveShell.instance(config=config)
        self._run("%load_ext artnb")
        self._own = set(self._shell.user_ns)
        self._session = self._shell._artnb_extension.session

    def save(self, folder):
        self._work_in(folder)
        return {name: self._saved(name, cells) for name, cells in NOTEBOOKS.items()}

    def restore(self, folder):
        self._work_in(folder)
        return {name: self._restored(name, cells) for name, cells in NOTEBOOKS.items()}

    def _saved(self, name, cells):
        self._begin(name)
        texts = [self._run(cell) for cell in cells]
        self._session.saver.settle()
        before = self._state()
        says = [self._run("%artnb status")]
        for ref in dict.fromkeys(ref.partition(":")[0] for ref in self._refs()):
            says += [self._run(f"%artnb {word} {ref}") for word in ("why", "show")]
        return {"texts": texts, "state": before, "says": says, "runs": self._runs()}

    def _restored(self, name, cells):
        found = {}
        self._project = name.replace(" ", "-")
        refs = self._refs()
        for way, order in (("forth", refs), ("back", refs[::-1])):
            self._begin(name)
            texts = [self._run(f"%artnb restore {ref} --trust --force") for ref in order]
            found[way] = {"texts": texts, "state": self._state()}
        self._begin(name)
        found["again"] = [self._run(cell) for cell in cells if not cell.startswith("%artnb re")]
        self._session.saver.settle()
        found["new versions"] = [ref for ref in self._refs() if ref not in refs]
        return found

    # -- one notebook

    def _work_in(self, folder):
        from artnb.repository import close_repositories

        close_repositories()
        folder.mkdir(exist_ok=True)
        os.environ["ARTNB_DIR"] = str(folder)
        os.chdir(folder)
        self._folder = str(folder)

    def _begin(self, name):
        space = self._shell.user_ns
        for each in [each for each in space if each not in self._own]:
            del space[each]
        self._session.saver.settle()
        for known in ("held", "file_digests", "over_budget"):
            getattr(self._session, known).clear()
        self._project = name.replace(" ", "-")
        self._run(f"%artnb project {self._project}")
        self._run(SETUP)

    def _run(self, cell):
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            result = self._shell.run_cell(cell, store_history=True)
        text = f"{out.getvalue()}\n{result.result!r}\n{result.error_before_exec!r}"
        return self._told(f"{text}\n{result.error_in_exec!r}")

    def _told(self, text):
        text = text.replace(getattr(self, "_folder", "//"), "FOLDER")
        for pattern, stands_for in _CHANCE:
            text = re.sub(pattern, stands_for, text)
        return text

    @property
    def _repository(self):
        from artnb.repository import open_repository

        return open_repository()

    def _refs(self):
        runs = reversed(self._repository.runs(self._project))
        logged = (version for run in runs for version in self._repository.logged(run.id))
        return list(dict.fromkeys(version.ref for version in logged))

    def _runs(self):
        repository, found = self._repository, []
        for run in reversed(repository.runs(self._project)):
            told = [run.job_type, run.state, run.config, run.summary, run.outputs]
            found.append({
                "told": self._told(json.dumps(told, default=str)),
                "code": repository.code(run.id),
                "used": [version.ref for version in repository.used(run.id)],
                "made": [self._version(version) for version in repository.logged(run.id)],
            })  # fmt: skip
        return found

    def _version(self, version):
        entries = [
            # A class of the notebook gets a name by chance in each process, in its pickle.
            [e.path, e.variable, e.format, e.digest if "pickle" not in e.format else "", e.meta]
            for e in self._repository.manifest(version)
        ]
        pickled = any("pickle" in entry[2] for entry in entries)
        return [version.ref, version.type, "" if pickled else version.digest, entries]

    def _state(self):
        space = {n: v for n, v in self._shell.user_ns.items() if n not in self._own and n[0] != "_"}
        return Look().at({n: space[n] for n in sorted(space) if type(space[n]) is not type(os)})


class Look:
    """What values are, which of them are one object, and whose memory is whose."""

    def __init__(self):
        self._met = {}
        self._memory = {}

    def at(self, value):
        import numpy as np
        import torch

        kind = type(value)
        if value is None or kind in (int, float, str, bool):
            return repr(value)
        if id(value) in self._met:
            return f"number {self._met[id(value)][0]}"
        number = len(self._met)
        self._met[id(value)] = number, value
        named = getattr(value, "__qualname__", None)
        if named is not None:
            return f"{kind.__name__} {named}"
        return [number, kind.__name__, *self._parts(value, np, torch)]

    def _parts(self, value, np, torch):
        if isinstance(value, set | frozenset):
            return sorted(re.sub(r" at 0x\w+", "", repr(each)) for each in map(_sorted, value))
        if isinstance(value, dict):
            return [[self.at(key), self.at(part)] for key, part in value.items()]
        if isinstance(value, list | tuple):
            return [self.at(part) for part in value]
        if isinstance(value, np.ndarray):
            whole = value
            while isinstance(whole.base, np.ndarray):
                whole = whole.base
            return [repr(value.tolist()), value.strides, self._memory_of(id(whole), whole)]
        if isinstance(value, torch.Tensor):
            at = value.untyped_storage().data_ptr()
            return [repr(value.tolist()), value.stride(), self._memory_of(at, value)]
        if isinstance(value, torch.nn.Module):
            return [*map(self.at, value.parameters()), self.at(getattr(value, "others", None))]
        if hasattr(value, "param_groups"):
            return [self.at(value.param_groups)]
        if type(value).__name__ in ("Thing", "StepLR"):
            return [self.at(part) for name, part in vars(value).items() if name[0] != "_"]
        return []

    def _memory_of(self, address, keep):
        return f"memory {self._memory.setdefault(address, (len(self._memory), keep))[0]}"


def _sorted(value):
    return tuple(sorted(map(repr, value))) if isinstance(value, frozenset) else value


def main(new, old=None):
    program = Program()
    found = {"saved": program.save(Path(new))}
    if old is not None:
        found["restored"] = program.restore(Path(old))
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
