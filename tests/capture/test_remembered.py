"""What an object remembers of having been used is no content; what was changed in it is."""

from __future__ import annotations

import contextlib
import copyreg
import dataclasses
import decimal
import functools
import io
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import dask.array
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import torch
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from scipy.spatial import Delaunay
from sklearn.datasets import load_iris
from sklearn.feature_extraction.text import HashingVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from torch.utils.data import DataLoader, TensorDataset

from artnb.capture import fingerprint
from artnb.serializers.cloud import cloud_pickler

SOURCE = """
import dataclasses, functools
class Own:
    def __init__(self): self.items = [1, 2]
    @functools.cached_property
    def total(self): return sum(self.items)
    @functools.cached_property
    def found(self): return list(self.items)
    @functools.lru_cache
    def times(self, n): return self.total * n
@dataclasses.dataclass
class Record:
    items: list = dataclasses.field(default_factory=list)
    _cache: dict = dataclasses.field(default_factory=dict, init=False, repr=False, compare=False)
class Problem(Exception): pass
"""


def notebooks(name: str) -> Any:
    namespace: dict[str, Any] = {"__name__": "__main__"}
    exec(SOURCE, namespace)
    return namespace[name]


class Cached:
    """Not the notebook's."""

    def __init__(self) -> None:
        self.items = [1, 2]

    @functools.cached_property
    def found(self) -> list[int]:
        return list(self.items)


class Graph(nx.Graph):
    pass


@dataclass(frozen=True)
class Case:
    make: Callable[[], Any]
    read: Callable[[Any], Any]
    change: Callable[[Any], Any]


def caught(error: BaseException) -> BaseException:
    with contextlib.suppress(BaseException):
        try:
            raise error
        except BaseException as same:
            raise same from OSError("before")
    return error


def rows() -> tuple[Any, Any]:
    return load_iris(return_X_y=True)


def fitted(model: Any) -> Any:
    return model.fit(*rows())


def dense(kind: str) -> Any:
    return getattr(scipy.sparse, kind)(np.array([[1.0, 0, 2], [0, 3, 0]]))


def look(graph: Any) -> None:
    list(graph.nodes), list(graph.edges), graph.degree, graph.adj, nx.pagerank(graph)


def ask_matrix(matrix: Any) -> None:
    matrix.has_sorted_indices, matrix.has_canonical_format, matrix @ np.ones(3)


def opened() -> Any:
    file = io.BytesIO()
    notes = PngInfo()
    notes.add(b"tEXt", b"made\0by hand", after_idat=True)
    Image.new("L", (3, 3), 5).save(file, "png", pnginfo=notes)
    return Image.open(file)


def loader(**options: Any) -> Any:
    return DataLoader(TensorDataset(torch.arange(8.0)), batch_size=2, **options)


CASES = {
    "context of decimals": Case(
        lambda: decimal.Context(prec=5),
        lambda context: (context.divide(1, 3), context.clear_flags(), context.sqrt(2)),
        lambda context: setattr(context, "prec", 7),
    ),
    "graph": Case(nx.karate_club_graph, look, lambda graph: graph.add_edge(1, 99)),
    "directed graph": Case(
        lambda: nx.DiGraph([(1, 2)]),
        lambda graph: (look(graph), graph.succ, graph.pred, graph.in_edges),
        lambda graph: graph.edges[1, 2].update(weight=2),
    ),
    "multigraph": Case(
        lambda: nx.MultiGraph([(1, 2)]), look, lambda graph: graph.nodes[1].update(w=2)
    ),
    "own kind of graph": Case(lambda: Graph([(1, 2)]), look, lambda graph: graph.add_node(3)),
    "graph in a dict": Case(
        lambda: {"g": nx.path_graph(4)},
        lambda box: look(box["g"]),
        lambda box: box["g"].remove_node(3),
    ),
    "exception": Case(lambda: ValueError("x", 3), caught, lambda e: e.add_note("more")),
    "exceptions in a list": Case(
        lambda: [KeyError("x")], lambda box: caught(box[0]), lambda box: setattr(box[0], "at", 3)
    ),
    "group of exceptions": Case(
        lambda: ExceptionGroup("all", [ValueError(3)]),
        lambda group: (caught(group), caught(group.exceptions[0])),
        lambda group: group.add_note("more"),
    ),
    "exception of the notebook": Case(
        lambda: notebooks("Problem")("x"), caught, lambda e: setattr(e, "args", ("y",))
    ),
    "cached property": Case(
        lambda: notebooks("Own")(),
        lambda own: (own.total, own.times(2)),
        lambda own: own.items.append(3),
    ),
    "cached property of a module": Case(
        Cached, lambda own: own.found, lambda own: own.items.append(3)
    ),
    "cache of a dataclass": Case(
        lambda: notebooks("Record")([1]),
        lambda own: own._cache.update(seen=1),
        lambda own: own.items.append(3),
    ),
    "method of a cached one": Case(
        lambda: notebooks("Own")().times,
        lambda method: method.__self__.total,
        lambda method: method.__self__.items.append(3),
    ),
    "neighbours": Case(
        lambda: fitted(KNeighborsClassifier()),
        lambda model: model.predict(rows()[0]),
        lambda model: model.fit(rows()[0][::2], rows()[1][::2]),
    ),
    "search": Case(
        lambda: fitted(GridSearchCV(LogisticRegression(max_iter=500), {"C": [0.1, 1]}, cv=2)),
        lambda model: (repr(model.cv_results_), model._repr_html_()),
        lambda model: model.cv_results_["param_C"].__setitem__(0, 7),
    ),
    "words": Case(
        lambda: TfidfVectorizer(stop_words="english").fit(["a cat sat", "dogs ran"]),
        lambda model: (model.transform(["a cat"]), model.get_feature_names_out()),
        lambda model: model.fit(["other words"]),
    ),
    "hashed words": Case(
        HashingVectorizer,
        lambda model: model.transform(["a cat"]),
        lambda model: model.set_params(n_features=16),
    ),
    "pipeline of words": Case(
        lambda: make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(["a b", "cat"], [0, 1]),
        lambda model: (model.predict(["cat"]), model._repr_html_()),
        lambda model: model.fit(["zoo is", "open"], [0, 1]),
    ),
    "bunch": Case(
        load_iris,
        lambda bunch: (dir(bunch), bunch.data, bunch["target"]),
        lambda bunch: bunch.target.__setitem__(0, 2),
    ),
    "groups": Case(
        lambda: pd.DataFrame({"a": [1, 1, 2], "b": [1, 2, 3]}).groupby("a"),
        lambda groups: (groups.mean(), groups.groups, groups.ngroups, list(groups)),
        lambda groups: groups.obj.__setitem__("b", 0),
    ),
    "window": Case(
        lambda: pd.Series([1.0, 2, 3]).rolling(2),
        lambda window: window.mean(),
        lambda window: setattr(window, "window", 3),
    ),
    "nullable numbers": Case(
        lambda: pd.array([1, None]),
        lambda array: (repr(array), array.sum(), array.isna()),
        lambda array: array.__setitem__(0, 5),
    ),
    "frame": Case(
        lambda: pd.DataFrame({"a": [1, 2]}, index=pd.Index(["x", "y"])),
        lambda frame: (frame.loc["x"], frame.describe(), frame.index.is_unique, frame.T),
        lambda frame: frame.loc.__setitem__(("x", "a"), 7),
    ),
    "sparse rows": Case(
        lambda: dense("csr_matrix"), ask_matrix, lambda matrix: matrix.data.__setitem__(0, 7)
    ),
    "sparse columns": Case(
        lambda: dense("csc_array"), ask_matrix, lambda matrix: matrix.data.__setitem__(0, 7)
    ),
    "triangles": Case(
        lambda: Delaunay(np.random.default_rng(0).random((6, 2))),
        lambda found: (found.transform, found.vertex_to_simplex, found.vertex_neighbor_vertices),
        lambda found: setattr(found, "min_bound", found.min_bound - 1),
    ),
    "masked array": Case(
        lambda: np.ma.masked_array([1, 2, 3], [0, 1, 0]),
        lambda array: (array.fill_value, array.filled(), repr(array)),
        lambda array: array.__setitem__(1, 2),
    ),
    "masked array's filling": Case(
        lambda: np.ma.masked_array([1.0, 2.0], [0, 1]),
        lambda array: array.fill_value,
        lambda array: setattr(array, "fill_value", -1.0),
    ),
    "picture of a file": Case(
        opened,
        lambda picture: (picture.load(), picture.getexif(), picture.convert("L")),
        lambda picture: picture.putpixel((0, 0), 9),
    ),
    "picture's notes": Case(
        lambda: [opened()],
        lambda box: box[0].resize((2, 2)),
        lambda box: box[0].info.update(dpi=(72, 72)),
    ),
    "view of bytes": Case(
        lambda: memoryview(bytearray(b"abc")),
        lambda view: (view.tolist(), view.toreadonly()),
        lambda view: view.__setitem__(0, 1),
    ),
    "distribution": Case(
        lambda: torch.distributions.Categorical(logits=torch.zeros(2)),
        lambda found: (found.probs, found.entropy()),
        lambda found: found.logits.add_(torch.tensor([1.0, 0])),
    ),
    "loader": Case(
        lambda: loader(shuffle=True),
        lambda batches: (list(batches), len(batches), next(iter(batches))),
        lambda batches: batches.dataset.tensors[0].add_(1),
    ),
    "loader with a generator": Case(
        lambda: loader(shuffle=True, generator=torch.Generator().manual_seed(1)),
        lambda batches: (len(batches), repr(batches)),
        lambda batches: list(batches),
    ),
    "generator": Case(
        lambda: torch.Generator().manual_seed(1),
        lambda generator: (generator.initial_seed(), generator.get_state()),
        lambda generator: torch.rand(1, generator=generator),
    ),
    "module": Case(
        lambda: torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Dropout(0.1)),
        lambda module: (module(torch.ones(1, 2)).sum().backward(), repr(module)),
        lambda module: setattr(module[1], "p", 0.2),
    ),
    "optimizer": Case(
        lambda: torch.optim.Adam(torch.nn.Linear(2, 2).parameters()),
        lambda optimizer: (optimizer.zero_grad(), optimizer.state_dict(), repr(optimizer)),
        lambda optimizer: optimizer.param_groups[0].update(lr=3.0),
    ),
    "lazy array": Case(
        lambda: dask.array.ones((4, 4), chunks=2),
        lambda array: (array.compute(scheduler="synchronous"), array.sum(), array._repr_html_()),
        lambda array: array.__setitem__(0, 7),
    ),
}


@pytest.fixture(autouse=True)
def _tracebacks_are_pickled(monkeypatch):
    # As tblib has it, which comes with dask's `distributed`: it registers all that is there.
    def with_traceback(error):
        return (type(error), error.args, {"seen": str(error.__traceback__)})

    table = {**copyreg.dispatch_table, ValueError: with_traceback, KeyError: with_traceback}
    monkeypatch.setattr(copyreg, "dispatch_table", table)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_read_is_no_change_and_a_change_is_one(case):
    value = case.make()
    before = fingerprint(value)
    assert before is not None
    case.read(value)
    assert fingerprint(value) == before
    case.change(value)
    assert fingerprint(value) != before


PICKLED = {name: case for name, case in CASES.items() if name != "view of bytes"}


@pytest.mark.parametrize("case", PICKLED.values(), ids=PICKLED)
def test_what_was_read_and_pickled_is_the_same(case):
    value = case.make()
    case.read(value)
    sink = io.BytesIO()
    cloud_pickler()(sink).dump(value)
    assert fingerprint(pickle.loads(sink.getvalue())) == fingerprint(value)


def test_what_a_notebooks_cached_property_made_and_can_change_is_content():
    own = notebooks("Own")()
    own.found.append("by hand")
    before = fingerprint(own)
    own.found.append("more")
    assert fingerprint(own) != before


def test_an_attribute_in_the_place_of_a_method_is_content():
    own = notebooks("Own")()
    before = fingerprint(own)
    own.times = max
    assert fingerprint(own) != before


def test_fields_of_a_dataclass_that_are_shown_or_compared_are_content():
    kind = dataclasses.make_dataclass(
        "Noted", [("note", str, dataclasses.field(default="", compare=False))]
    )
    assert fingerprint(kind("a")) != fingerprint(kind("b"))


@pytest.mark.parametrize("decorator", ["property", "functools.cached_property"])
def test_the_code_of_a_property_is_content_of_its_class(decorator):
    def kind(source):
        namespace: dict[str, Any] = {"__name__": "__main__", "functools": functools}
        exec(f"class K:\n @{decorator}\n def p(self): return {source}", namespace)
        return namespace["K"]

    assert fingerprint(kind("1")) == fingerprint(kind("1"))
    assert fingerprint(kind("1")) != fingerprint(kind("2"))


def of_package(module: str, **attributes: Any) -> Any:
    """Return an object as a package has it that the tests do not install."""
    made = type("Kept", (), {"__module__": module})()
    vars(made).update(attributes)
    return made


def test_what_statsmodels_and_xarray_find_out_is_no_content():
    fitted_ = of_package("statsmodels.regression.linear_model", params=[1.0], _cache={})
    before = fingerprint(fitted_)
    vars(fitted_).update(_cache={"bse": 2}, diagn={"jb": 3})
    assert fingerprint(fitted_) == before is not None
    fitted_.params.append(2.0)
    assert fingerprint(fitted_) != before

    table = of_package("xarray.core.dataset", values=np.arange(3), _attrs=None, _encoding=None)
    before = fingerprint(table)
    vars(table).update(_attrs={}, _encoding={})
    assert fingerprint(table) == before is not None
    table._attrs["unit"] = "m"
    assert fingerprint(table) != before


def test_a_state_that_holds_the_attributes_beside_notes_of_its_own():
    # As pydantic's models have it.
    own = notebooks("Own")
    kind = type("Model", (own,), {"__getstate__": lambda self: {"__dict__": vars(self), "set": ()}})
    value = kind()
    before = fingerprint(value)
    assert value.total == 3
    assert fingerprint(value) == before is not None
    value.items.append(3)
    assert fingerprint(value) != before
