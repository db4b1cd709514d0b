"""What cloudpickle by itself does not write comes back in another process."""

from __future__ import annotations

import subprocess
import sys

SAVE = """
import functools
from pathlib import Path
from artnb import serializers

class Tail:
    def __init__(self, *items): self.items = items
    @functools.cached_property
    def length(self):
        "How many."
        return len(self.items)
    @functools.lru_cache(maxsize=3, typed=True)
    def times(self, n): return self.length * n
    @classmethod
    @functools.cache
    def name(cls): return cls.__name__

@functools.cache
def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)

tail = Tail(1, 2)
tail.length
print(serializers.dump([tail, Tail(1, 2, 3), fib], Path.cwd(), "value").format)
"""
LOAD = """
from pathlib import Path
from artnb import serializers

tail, other, fib = serializers.load(Path("value.pkl"), "cloudpickle", {}, trust=True)
assert (tail.length, vars(tail)["length"], other.length, vars(other)["length"]) == (2, 2, 3, 3)
assert type(tail).length.__doc__ == "How many."
assert (tail.times(4), other.times(4), tail.name()) == (8, 12, "Tail")
assert type(tail).times.cache_parameters() == {"maxsize": 3, "typed": True}
assert (fib(90), fib.cache_info().currsize) == (2880067194370816120, 91)
print("done")
"""


def test_cached_properties_and_functions_come_back_in_another_process(tmp_path):
    def ran(code):
        command = [sys.executable, "-c", code]
        return subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True)

    assert ran(SAVE).stdout.strip() == "cloudpickle"
    assert ran(LOAD).stdout.strip() == "done"
