"""Which calls set something that lasts in the process: ``dask.config.set``, ``ABC.register``.

Told by the verb in the name, for no list of libraries is ever whole. What `global_state`
and the random generators' states compare exactly is left to them.
"""

from __future__ import annotations

import ast
import re

__all__ = [
    "CONTAINER_VERBS",
    "VERBS",
    "WHOLE_VERBS",
    "acts_on_argument",
    "is_compared",
    "is_setting",
    "is_verb",
]

VERBS = (
    r"(?:un|de)?register|set(?!diff|xor|tings|up\b)|reset|configure|(?:en|dis)able|use_|"
    r"(?:un)?install|(?:un|monkey)?_?patch|(?:de)?activate|init_|initialize|add[_A-Z]|addaudithook|"
    r"override|switch|push_|for_type|(?:bind)?textdomain|load_ext|capture[A-Z]"
)
"""What the names of functions that set something begin with, as part of a regular expression."""
WHOLE_VERBS = r"(?:basic|dict|file)Config|use|init|filterwarnings|simplefilter|extension|config"
_VERB = re.compile(rf"_*(?:(?:{VERBS})\w*|{WHOLE_VERBS})")
CONTAINER_VERBS = frozenset((
    "add", "append", "appendleft", "clear", "discard", "extend", "insert", "pop", "push",
    "remove", "setdefault", "update",
))  # fmt: skip
"""Of what a library holds: ``warnings.filters.insert``; ``numpy.add`` is no such."""

_ALSO = frozenset(("copyreg.pickle", "copyreg.constructor", "signal.signal", "logging.disable"))
_COMPARED = re.compile(
    r"random\.|numpy\.random\.|numpy\.(?:seterr|set_printoptions)$|os\.(?:putenv|unsetenv)"
    r"|pandas\.(?:_config\.config\.)?(?:(?:re)?set_option$|options\b)|sklearn\.(?:_config\.)?set_config$"
    r"|polars\.(?:config\.)?Config\b|matplotlib\.(?!.*register|units\b)|time\.tzset|locale\.setlocale"
    r"|decimal\.(?:get|set)context|sys\.(?:path\b|setrecursionlimit|set_int_max_str_digits)"
    r"|torch\.(?:backends\.cudnn|set_(?:default_(?:dtype|device)|num_threads|grad_enabled|printoptions"
    r"|float32_matmul_precision)|use_deterministic_algorithms)"
    r"|(?:gc|faulthandler|tracemalloc|builtins|artnb)\."
)


def is_verb(name: str) -> bool:
    """Return whether a function of that name, without its module's, may set something."""
    return _VERB.fullmatch(name) is not None


def is_compared(name: str) -> bool:
    """Return whether what `name`, a full name, sets is compared as it is, or never counts."""
    return _COMPARED.match(name) is not None


def is_setting(name: str) -> bool:
    """Return whether a call of `name`, a full name, may set something that is not compared.

    Examples
    --------
    >>> is_setting("dask.config.set"), is_setting("numpy.mean"), is_setting("numpy.seterr")
    (True, False, False)
    """
    if name not in _ALSO and not is_verb(name.rpartition(".")[2]):
        return False
    return "." in name and not is_compared(name)


def acts_on_argument(call: ast.Call, tree: ast.AST) -> bool:
    """Return whether a call's first argument is an object that `tree` makes.

    ``set_node_attributes(graph, ...)`` sets the graph; ``set(options)`` is told by what
    `options` is bound to.
    """
    first = call.args[0] if call.args else None
    if not isinstance(first, ast.Name):
        return False
    bound = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        and any(isinstance(each, ast.Name) and each.id == first.id for each in node.targets)
    ]
    plain = (ast.Constant, ast.Dict, ast.List, ast.Tuple, ast.Set, ast.JoinedStr, ast.Lambda)
    return bool(bound) and not any(isinstance(value, plain) for value in bound)
