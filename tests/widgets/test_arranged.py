"""Where boxes stand: layers, few crossings, and arrows that pass no box."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from artnb.widgets.arranged import arranged, spread
from artnb.widgets.picture import HEIGHT, WIDTH, Box, Picture

NODES = [f"n{n}" for n in range(12)]
ARROWS = st.lists(st.tuples(st.sampled_from(NODES), st.sampled_from(NODES)), max_size=30)


def layers_of(found):
    return {slot: n for n, layer in enumerate(found.layers) for slot in layer}


def picture(arrows, down=False):
    return Picture({node: Box(node, "", False, "#000000") for node in NODES}, arrows, down)


@settings(deadline=None)
@given(ARROWS)
def test_each_step_of_each_arrow_leads_to_a_neighbouring_layer(arrows):
    found = arranged(NODES, arrows)
    at = layers_of(found)
    assert {slot for slot in at if isinstance(slot, str)} == set(NODES)
    assert set(found.ways) == {(a, b) for a, b in arrows if a != b}
    for (a, b), way in found.ways.items():
        assert (way[0], way[-1]) == (a, b)
        if at[a] != at[b]:
            assert all(abs(at[x] - at[y]) == 1 for x, y in pairwise(way))


@settings(deadline=None)
@given(ARROWS)
def test_without_a_cycle_all_arrows_go_forward(arrows):
    arrows = [(a, b) for a, b in arrows if NODES.index(a) < NODES.index(b)]
    at = layers_of(arranged(NODES, arrows))
    assert all(at[a] < at[b] for a, b in arrows)


def test_what_begins_late_stands_before_what_uses_it():
    at = layers_of(arranged("abcde", [*pairwise("abcd"), ("e", "d")]))
    assert at["e"] == at["c"]


def test_arrows_do_not_cross_where_they_need_not():
    found = arranged("abcdef", [("a", "f"), ("b", "e"), ("c", "d")])
    starts, ends = found.layers
    assert [starts.index(each) for each in "abc"] == [ends.index(each) for each in "fed"]


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(-1e3, 1e3), st.floats(1, 50)), min_size=1, max_size=20))
def test_what_is_spread_keeps_its_order_and_distance(given_):
    wanted, steps = [each for each, _ in given_], [step for _, step in given_][1:]
    found = spread(wanted, steps)
    for (a, b), step in zip(pairwise(found), steps, strict=True):
        assert b - a >= step - 1e-6
    if all(b - a >= step for (a, b), step in zip(pairwise(wanted), steps, strict=True)):
        assert found == pytest.approx(wanted)


@settings(deadline=None)
@given(ARROWS, st.booleans())
def test_no_two_boxes_overlap_and_all_lie_on_the_sheet(arrows, down):
    drawn = picture(arrows, down)
    places = sorted(drawn.places().values())
    width, height = drawn.size()
    assert all(0 <= x <= width - WIDTH and 0 <= y <= height - HEIGHT for x, y in places)
    for n, (x, y) in enumerate(places):
        assert all(x2 - x >= WIDTH or abs(y2 - y) >= HEIGHT for x2, y2 in places[n + 1 :])


@pytest.mark.parametrize("down", [False, True])
def test_an_arrow_over_a_layer_passes_beside_its_box(down):
    drawn = picture([("n0", "n1"), ("n1", "n2"), ("n0", "n2")], down)
    left, top = drawn.places()["n1"]
    for start, _, _, end in drawn.curves("n0", "n2"):
        for x, y in (start, end):
            assert not (left < x < left + WIDTH and top < y < top + HEIGHT)


def test_an_arrow_back_begins_behind_and_ends_ahead():
    drawn = picture([("n0", "n1"), ("n1", "n0")])
    (forth,), (back,) = drawn.curves("n0", "n1"), drawn.curves("n1", "n0")
    assert forth[0][0] < forth[-1][0]
    assert back[0][0] > back[-1][0]
    assert {forth[0][1], back[0][1]} == {forth[-1][1], back[-1][1]}
    assert forth[0][1] != back[0][1]
