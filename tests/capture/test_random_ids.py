"""Ids that libraries draw at random are no content of what has them."""

from __future__ import annotations

import pickle
import subprocess
import sys

import pandas as pd
import pytest

from artnb.capture import fingerprint


def styled(**options):
    return pd.DataFrame({"eur": [4.1, 2.2]}).style.format(precision=1).set_properties(**options)


def test_a_styled_table_is_that_of_another_run():
    pytest.importorskip("jinja2")
    one, two = styled(), styled()
    assert one.uuid != two.uuid
    assert fingerprint(one) == fingerprint(two) is not None
    assert fingerprint(one) != fingerprint(styled(color="red"))
    assert fingerprint(one.set_uuid("mine")) != fingerprint(two)


MAP = """
import folium
from artnb.capture import fingerprint


def drawn(*places):
    found = folium.Map(location=[45.5, -122.6])
    for place in places:
        folium.Marker(place, popup="here").add_to(found)
    return found
"""


def test_a_map_is_that_of_another_run():
    pytest.importorskip("folium")
    found: dict = {}
    exec(MAP, found)
    drawn = found["drawn"]
    one = fingerprint(drawn([1, 2]))
    assert one == fingerprint(drawn([1, 2])) is not None
    assert one == fingerprint(pickle.loads(pickle.dumps(drawn([1, 2]))))
    assert one != fingerprint(drawn([1, 3]))
    assert one != fingerprint(drawn([1, 2], [1, 2]))
    program = f"{MAP}\nprint(fingerprint(drawn([1, 2])))"
    again = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert again.stdout.strip() == one, again.stderr
