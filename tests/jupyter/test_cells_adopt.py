"""A later cell's version restored before the earlier one's: what it holds becomes the variable."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

MADE = (
    "import numpy as np, torch",
    "%%artifact made\nx, l, net = np.arange(9), [[1], 'a'], torch.nn.Linear(2, 1)",
    "%%artifact later\ns = {'v': x[2:], 'l': l, 'net': net}",
)
NAMES = ("x", "l", "net", "s")


def forget(shell, *names):
    shell.shell._artnb_extension.session.held.clear()
    for name in names:
        shell.namespace.pop(name, None)


def restored(shell, ref):
    return repr(shell.run_all(f"%artnb restore {ref}").result)


def tied(space):
    s = space["s"]
    return [np.shares_memory(s["v"], space["x"]), s["l"] is space["l"], s["net"] is space["net"]]


def test_what_is_held_becomes_the_variable_and_that_is_said(shell):
    shell.run_all(*MADE)
    forget(shell, *NAMES)
    restored(shell, "later")
    text = restored(shell, "made")
    assert tied(shell.namespace) == [True] * 3
    assert text.count("the object in s") == 3
    net = shell.namespace["net"]
    restored(shell, "made")
    assert shell.namespace["net"] is net
    assert tied(shell.namespace) == [True] * 3


def test_only_those_that_hold_it_are_named(shell):
    more = "\nview, deep, items, by = x[3:], {'s': s}, [9], {'n': net}"
    shell.run_all(*MADE[:2], MADE[2] + more)
    forget(shell, *NAMES, "view", "deep", "items", "by")
    restored(shell, "later")
    lines = [line.split(None, 2) for line in restored(shell, "made").splitlines()]
    said = {line[0]: line[2] for line in lines if line[:1] and line[0] in NAMES}
    assert said["x"].endswith("the object in deep, s, view")
    assert said["l"].endswith("the object in deep, s")
    assert said["net"].endswith("the object in by, deep, s")


CHANGES = {
    "an array": ("s['v'][0] = 77", [False, True, True], "x"),
    "a list": ("s['l'][0].append(2)", [True, False, True], "l"),
    "a network": ("with torch.no_grad(): s['net'].weight += 1", [True, True, False], "net"),
}


@pytest.mark.parametrize(("change", "expected", "name"), CHANGES.values(), ids=CHANGES)
def test_what_was_changed_since_is_left_to_its_holder(shell, change, expected, name):
    shell.run_all(*MADE)
    before = repr(shell.namespace[name] if name != "net" else shell.namespace[name].state_dict())
    forget(shell, *NAMES)
    restored(shell, "later")
    shell.run_all(change)
    text = restored(shell, "made")
    assert tied(shell.namespace) == expected
    now = shell.namespace[name]
    assert repr(now if name != "net" else now.state_dict()) == before
    line = next(line for line in text.splitlines() if line.split()[:1] == [name])
    assert "not the object in s, which was changed since" in line


def test_a_network_that_was_set_otherwise_is_another_one(shell):
    shell.run_all(*MADE, "%%artifact asked\nnet.eval();")
    forget(shell, *NAMES)
    restored(shell, "later")
    inside = shell.namespace["s"]["net"]
    assert "not the object in s, which is set otherwise" in restored(shell, "asked")
    assert not shell.namespace["net"].training
    assert inside.training
    assert shell.namespace["s"]["net"] is shell.namespace["net"]  # `asked` has them both


def test_what_moves_the_network_that_was_there_is_named(shell):
    shell.run_all(
        "import torch",
        "%%artifact made\nnet = torch.nn.Sequential(torch.nn.Linear(2, 1))\n"
        "opt = torch.optim.SGD(net.parameters(), lr=0.1)\nother = torch.nn.Linear(2, 1)",
        "%%artifact asked\nnet.eval();",
        "first = net[0]",
    )
    text = restored(shell, "asked")
    assert "first, opt still of the one before" in text
    shell.run_all("del first")
    assert "still of" not in restored(shell, "made")
    assert shell.namespace["opt"].param_groups[0]["params"][0] is shell.namespace["net"][0].weight


def test_nothing_of_the_persons_is_replaced_for_it(shell):
    shell.run_all(*MADE)
    forget(shell, *NAMES)
    restored(shell, "later")
    shell.run_all("l = 'mine'")
    result = shell.run("%artnb restore made")
    assert "would replace l," in str(result.error_in_exec)
    assert shell.namespace["l"] == "mine"
    shell.run_all("%artnb restore made --force")
    assert tied(shell.namespace) == [True] * 3


def test_in_any_order_an_optimizer_moves_the_network(shell):
    shell.run_all(
        "import torch",
        "%%artifact net\nmodel = torch.nn.Linear(2, 1)",
        "%%artifact moved\noptimizer = torch.optim.SGD(model.parameters(), lr=1)",
        "%%artifact stepped\nplan = torch.optim.lr_scheduler.StepLR(optimizer, 2)",
        "%%artifact later\ns = {'model': model, 'optimizer': optimizer, 'plan': plan}",
    )
    names = ("model", "optimizer", "plan", "s")
    for refs in (("later", "stepped", "moved", "net"), ("stepped", "later", "net", "moved")):
        forget(shell, *names)
        for ref in refs:
            restored(shell, ref)
        space = shell.namespace
        assert [space["s"][name] is space[name] for name in names[:3]] == [True] * 3
        assert space["optimizer"].param_groups[0]["params"][0] is space["model"].weight
        assert space["plan"].optimizer is space["optimizer"]


def test_two_later_ones_are_tied_without_the_earlier_one(shell):
    shell.run_all(*MADE, "%%artifact last\nt = {'v': x[:4], 'l': l, 'net': net}")
    forget(shell, *NAMES, "t")
    restored(shell, "later")
    restored(shell, "last")
    s, t = shell.namespace["s"], shell.namespace["t"]
    assert np.shares_memory(s["v"], t["v"])
    assert s["l"] is t["l"]
    assert s["net"] is t["net"]
    restored(shell, "made")
    assert tied(shell.namespace) == [True] * 3


def test_what_a_cell_reads_is_resumed_before_the_rest(shell):
    shell.run_all(*MADE, "%%artifact last\nn = len(s)")
    forget(shell, *NAMES, "n")
    shell.run_all("%artnb resume last")
    assert "x" not in shell.namespace
    restored(shell, "made")
    assert tied(shell.namespace) == [True] * 3


def test_names_of_one_object(shell):
    shell.run_all(
        "%%artifact made\nx = [[1]]\ny = x",
        "%%artifact later\ns = {'x': x}",
    )
    forget(shell, "x", "y", "s")
    restored(shell, "later")
    restored(shell, "made")
    space = shell.namespace
    assert space["s"]["x"] is space["x"] is space["y"]


def test_another_version_of_the_variable_stands_by_itself(shell):
    shell.run_all(*MADE, "%%artifact made\nx, l, net = x + 1, [[2], 'a'], torch.nn.Linear(2, 1)")
    forget(shell, *NAMES)
    restored(shell, "later")
    text = restored(shell, "made:v1")
    assert tied(shell.namespace) == [False] * 3
    assert "the object that" not in text


def test_what_nothing_holds_is_not_kept_alive(shell):
    shell.run_all(
        "import numpy as np",
        "%%artifact made\nx, y = np.arange(200_000), np.arange(9)",
        "%%artifact later\ns, t = {'x': x}, {'y': y}",
    )
    forget(shell, "x", "y", "s", "t")
    restored(shell, "later")
    large, small = (weakref.ref(shell.namespace[a][b]) for a, b in ("sx", "ty"))
    shell.run_all("s.clear(); t.clear()")
    gc.collect()
    assert large() is None
    shell.run_all("del s, t", "%reset -f out", "1")
    gc.collect()
    assert small() is None
