"""What a person reads in English and Korean: every text has both, with the same values."""

from __future__ import annotations

import ast
import copy
import json
import pickle
import re
from pathlib import Path

import pytest

from artnb.errors import CommError, nearest
from artnb.texts import Message, say, sent, sentences

ROOT = Path(__file__).parents[1]
KO = json.loads((ROOT / "artnb" / "texts" / "ko.json").read_text("utf-8"))
SOURCES = {path: ast.parse(path.read_text("utf-8")) for path in (ROOT / "artnb").rglob("*.py")}

TEMPLATE_AT = {"Message": 0, "say": 1}
"""Which argument of a call is a template."""

SHOWN_BY_THE_PAGE = (
    *("missing.py", "comparison.py", "server/handlers.py", "jupyter/loading.py"),
    *("widgets/rpc.py", "widgets/nodes.py", "widgets/edits.py", "widgets/notebook.py"),
    "widgets/compare.py",
    *("widgets/preview/files.py", "widgets/preview/arrays.py", "widgets/preview/frames.py"),
)
"""Files whose every error reaches the page."""


def called(node):
    function = getattr(node, "func", None)
    return getattr(function, "id", getattr(function, "attr", ""))


def literals(node):
    return [
        each.value
        for each in ast.walk(node)
        if isinstance(each, ast.Constant) and isinstance(each.value, str)
    ]


def asked():
    """Yield (where, template, how many values or None if that is not known) of each call."""
    for path, tree in SOURCES.items():
        for call in ast.walk(tree):
            at = TEMPLATE_AT.get(called(call))
            if at is None or len(call.args) <= at:
                continue
            values = call.args[at + 1 :]
            count = None if any(isinstance(v, ast.Starred) for v in values) else len(values)
            test = call.args[at]
            # Of a choice, what it is made by is no text.
            parts = [test.body, test.orelse] if isinstance(test, ast.IfExp) else [test]
            for part in parts:
                if isinstance(part, ast.Constant):
                    yield f"{path.relative_to(ROOT)}:{call.lineno}", part.value, count


def test_each_text_of_python_is_there_in_korean_with_its_values():
    found = list(asked())
    assert len(found) > 90
    wrong = [(where, text) for where, text, _ in found if text not in KO]
    assert wrong == []
    holes = {text: len(set(re.findall(r"\{\d\}", text))) for text in KO}
    assert [(where, text) for where, text, n in found if n not in (None, holes[text])] == []


@pytest.mark.parametrize("text", KO)
def test_both_languages_have_the_same_values(text):
    def holes(said):
        return sorted(set(re.findall(r"\{\d\}", said)))

    assert holes(KO[text]) == holes(text) == [f"{{{n}}}" for n in range(len(holes(text)))]


def test_each_text_is_asked_for_by_python_or_by_the_page():
    python = {text for tree in SOURCES.values() for text in literals(tree)}
    page = "".join(
        path.read_text("utf-8") for path in (ROOT / "js" / "src").rglob("*") if path.is_file()
    )
    quoted = {text: json.dumps(text, ensure_ascii=False) for text in KO}
    assert [text for text in KO if text not in python and quoted[text] not in page] == []


def test_each_error_that_the_page_shows_can_be_said_in_korean():
    plain, seen = [], 0
    for name in SHOWN_BY_THE_PAGE:
        for node in ast.walk(SOURCES[ROOT / "artnb" / name]):
            if not (isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call)):
                continue
            seen += 1
            said = called(node.exc.args[0])
            if said not in ("Message", "about_problems"):
                plain.append(f"{name}:{node.lineno}")
    assert (plain, seen > 10) == ([], True)


def test_a_message_is_a_text_in_english_and_says_itself_in_korean():
    message = Message("There is no project {0}; {1}", "'x'", nearest("x", ["xy", "xz"]))
    assert message == "There is no project 'x'; did you mean 'xz' or 'xy'?"
    assert message.into("ko") == "'x' 프로젝트가 없습니다. 혹시 'xz' 또는 'xy'을(를) 찾으셨나요?"
    assert message.into("en") == message
    for same in (pickle.loads(pickle.dumps(message)), copy.deepcopy(message)):
        assert (same, same.into("ko")) == (message, message.into("ko"))


def test_an_error_keeps_its_message_on_its_way_through_another_process():
    error = CommError(Message("{0} is no node of a graph.", "'x'"))
    assert str(error) == "'x' is no node of a graph."
    back = pickle.loads(pickle.dumps(error))
    assert back.message.into("ko") == "'x'은(는) 그래프의 노드가 아닙니다."
    assert (CommError("as it is").message, CommError().message) == ("as it is", "")


def test_what_a_value_says_is_not_looked_into():
    assert say("ko", "Fold into {0}", "{0} {1} \\1") == "{0} {1} \\1(으)로 접기"
    assert Message("{0} of {1}", 1) == "1 of {1}"  # an error must not fail to be told


def test_a_text_without_a_translation_stays_english():
    assert say("ko", "no such text {0}", 3) == "no such text 3"
    assert say("ko", "") == ""


def test_sentences_are_one_text_in_each_language():
    said = sentences(Message("It has no values."), "", Message("Not found"))
    assert said == "It has no values. Not found"
    assert said.into("ko") == "값이 없습니다. 찾을 수 없음"


def test_messages_are_sent_with_what_they_are_made_of_and_all_else_as_it_is():
    message = Message("{0} ms", 4)
    given = {"note": message, "rows": [["a", message]], "parts": [{"note": message}]}
    own = {"deep": {"note": message}, "x": [1, 2], "none": [], "n": 3}
    wire = {"message": "4 ms", "template": "{0} ms", "values": ["4"]}
    changed = {"note": wire, "rows": [["a", wire]], "parts": [{"note": wire}]}
    assert sent({**given, **own}) == {**changed, **own}
    nested = Message("{0}: {1}", "a", message).to_json()
    assert nested["values"] == ["a", wire]
