"""The digits that stand in for MNIST where it cannot be had."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "notebooks"))

import mnist_digits


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("digits")
    mnist_digits.write_digits(folder / "MNIST" / "raw")
    return folder


@pytest.fixture(scope="module")
def mnist():
    """torchvision's reader: slow to import, and each process of the tests imports this file."""
    from torchvision.datasets import MNIST

    return MNIST


def test_torchvision_reads_them_as_mnist(root, mnist):
    train, test = (mnist(root, train=part, download=False) for part in (True, False))
    assert (len(train), len(test)) == (60_000, 10_000)
    assert train.data.shape == (60_000, 28, 28)
    assert np.bincount(train.targets).min() > 4_000
    assert train.data.float().mean() == pytest.approx(33, abs=12)  # MNIST's own mean is 33.3


def test_no_test_digit_comes_from_a_training_digit():
    train, test = mnist_digits.split(1797, mnist_digits.SEED)
    assert set(train).isdisjoint(test)
    assert len(train) + len(test) == 1797


def test_the_same_seed_writes_the_same_bytes(tmp_path):
    for name in ("once", "again"):
        mnist_digits.write_digits(tmp_path / name, 6_000, 1_000)
    for name in mnist_digits.FILES:
        assert (tmp_path / "once" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


def test_fewer_can_be_written(tmp_path, mnist):
    mnist_digits.write_digits(tmp_path / "MNIST" / "raw", 300, 100)
    train, test = (mnist(tmp_path, train=part, download=True) for part in (True, False))
    assert (len(train), len(test)) == (300, 100)


@pytest.fixture
def few(monkeypatch):
    """`prepare` writes few digits where it writes some."""
    write = partial(mnist_digits.write_digits, train=300, test=100)
    monkeypatch.setattr(mnist_digits, "write_digits", write)


def test_prepare_says_the_source_and_keeps_what_is_there(root, few, monkeypatch, capsys):
    monkeypatch.setattr(mnist_digits, "_downloaded", lambda _: False)
    fresh = root / "fresh"
    assert "scikit-learn" in mnist_digits.prepare(fresh)
    monkeypatch.setattr(mnist_digits, "write_digits", lambda _: pytest.fail("written again"))
    assert "scikit-learn" in mnist_digits.prepare(fresh)
    assert capsys.readouterr().out.count("Handwritten digits from: scikit-learn") == 2


def test_mnist_itself_is_preferred(tmp_path, monkeypatch):
    monkeypatch.setattr(mnist_digits, "_downloaded", lambda _: True)
    assert mnist_digits.prepare(tmp_path) == "torchvision.datasets.MNIST"


def test_a_mirror_that_breaks_off_falls_back(tmp_path, mnist, few, monkeypatch, capsys):
    monkeypatch.setattr(mnist_digits, "_reachable", lambda _: True)
    monkeypatch.setattr(mnist, "mirrors", ["http://127.0.0.1:9/"])
    assert "scikit-learn" in mnist_digits.prepare(tmp_path)
    assert "could not be downloaded" in capsys.readouterr().out
    assert len(mnist(tmp_path, train=False)) == 100
