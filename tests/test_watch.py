"""`watch`: histograms of a model that is trained, under W&B's names; training never suffers."""

import copy
import io

import pytest
import torch

import artnb
from artnb.errors import InvalidValueError, NoRunError, RunFinishedError


@pytest.fixture
def run():
    with artnb.init(project="demo", job_type="train") as opened:
        yield opened


def net():
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.ReLU(), torch.nn.Linear(2, 1))


def train(model, run, steps=4):
    for _ in range(steps):
        model.zero_grad()
        loss = ((model(torch.rand(5, 3)) - 1) ** 2).mean()
        loss.backward()
        run.log({"loss": loss.item()})


def logged(run):
    run.finish()
    rows = artnb.Api().run(run.id).history(pandas=False)
    return [{key for key in row if "/" in key} for row in rows]


GRADIENTS = {f"gradients/{name}" for name in ("0.weight", "0.bias", "2.weight", "2.bias")}
PARAMETERS = {name.replace("gradients", "parameters") for name in GRADIENTS}


@pytest.mark.parametrize(
    ("log", "names"),
    [
        ("gradients", GRADIENTS),
        ("parameters", PARAMETERS),
        ("all", GRADIENTS | PARAMETERS),
        (None, set()),
    ],
)
def test_every_so_many_steps_are_in_the_row_of_their_step(run, log, names):
    model = net()
    run.watch(model, log=log, log_freq=2)
    train(model, run)
    assert logged(run) == [set(), names, set(), names]


def test_the_counts_are_those_of_the_gradient(run):
    model = net()
    artnb.watch(model, log_freq=1)
    train(model, run, steps=1)
    run.finish()
    (row,) = artnb.Api().run(run.id).history(pandas=False)
    gradient = model[0].weight.grad.reshape(-1)
    found = row["gradients/0.weight"]
    assert found["values"] == torch.histc(gradient, 64, gradient.min(), gradient.max()).tolist()
    assert found["packedBins"]["min"] == gradient.min().item()


def test_a_second_model_has_names_of_its_own(run):
    one, two = net(), torch.nn.Linear(3, 1)
    run.watch((one, two), log_freq=1)
    train(one, run, 1)
    train(two, run, 1)
    assert logged(run) == [GRADIENTS, {"gradients/graph_1weight", "gradients/graph_1bias"}]


def test_what_is_watched_no_longer_is_left_alone(run):
    one, two = net(), torch.nn.Linear(3, 1)
    run.watch(one, log="all", log_freq=1)
    run.watch(two, idx=0, log_freq=1)
    run.unwatch(one)
    train(one, run, 1)
    train(two, run, 1)
    artnb.unwatch()
    train(two, run, 1)
    assert logged(run) == [set(), {"gradients/weight", "gradients/bias"}, set()]


def test_watching_again_takes_the_place_of_before_and_the_end_takes_all_hooks(run):
    model = net()
    run.watch(model, log_freq=1)
    run.watch(model, log="parameters", log_freq=1, idx=0)
    train(model, run, 1)
    assert logged(run) == [PARAMETERS]
    assert not model._forward_hooks
    assert not any(parameter._backward_hooks for parameter in model.parameters())


def test_a_hook_that_fails_is_said_once_and_training_goes_on(run, monkeypatch):
    from artnb._run import watching

    def broken(tensor):
        raise RuntimeError("no kernel for this")

    monkeypatch.setattr(watching, "_histogram", broken)
    model = torch.nn.Linear(3, 1, bias=False)
    run.watch(model, log_freq=1)
    with pytest.warns(UserWarning, match="gradients/weight is watched no longer") as said:
        train(model, run, 3)
    assert len(said) == 1
    assert model.weight.grad is not None
    assert logged(run) == [set()] * 3


def test_copies_and_saved_models_are_not_watched(run):
    model = net()
    run.watch(model, log="all", log_freq=1)
    file = io.BytesIO()
    torch.save(model, file)
    file.seek(0)
    for other in (copy.deepcopy(model), torch.load(file, weights_only=False)):
        train(other, run, 1)
    assert logged(run) == [set(), set()]


@pytest.mark.parametrize(
    ("tensor", "counts"),
    [
        (torch.tensor([1.0, float("nan"), 2.0, float("inf")]), 2),
        (torch.tensor([float("nan")]), None),
        (torch.zeros(0), None),
        (torch.full((3,), 2.0), 3),
        (torch.tensor([1.0, 2.0], dtype=torch.float16), 2),
        (torch.tensor([1.0, 2.0], dtype=torch.float64), 2),
        (torch.tensor([[0.0, 2.0], [0.0, 0.0]]).to_sparse(), 4),
        (torch.tensor([1, 2, 3]), 3),
    ],
)
def test_odd_tensors_are_counted(tensor, counts):
    from artnb._run.watching import _histogram

    found = _histogram(tensor)
    assert (found and sum(found["values"])) == counts


def test_what_cannot_be_watched_is_refused(run):
    with pytest.raises(InvalidValueError, match="did you mean 'gradients'"):
        run.watch(net(), log="gradient")
    with pytest.raises(InvalidValueError, match="from 1 on"):
        run.watch(net(), log_freq=0)
    with pytest.raises(TypeError, match=r"a list is no|a int is no"):
        run.watch([3])
    run.finish()
    with pytest.raises(RunFinishedError):
        run.watch(net())
    with pytest.raises(NoRunError):
        artnb.watch(net())


def test_a_disabled_run_watches_nothing():
    model = net()
    with artnb.init(mode="disabled") as run:
        run.watch(model)
        run.alert("a", "b")
        assert not any(parameter._backward_hooks for parameter in model.parameters())


@pytest.mark.parametrize("sign", [1, -1])
def test_gradients_that_lie_close_together_far_from_zero_are_counted(run, sign, recwarn):
    model = torch.nn.Linear(2, 1, bias=False)
    run.watch(model, log_freq=1)
    (model(torch.tensor([[100.0, 100.1]])) * sign).sum().backward()
    run.finish()
    (row,) = artnb.Api().run(run.id).history(pandas=False)
    assert sum(row["gradients/weight"]["values"]) == 2
    assert [str(each.message) for each in recwarn if "watched" in str(each.message)] == []
