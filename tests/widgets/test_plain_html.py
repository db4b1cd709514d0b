"""HTML as text: tables in columns, no markup, and whatever a person shows is read."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from artnb.widgets.plain_html import text_of_html

PIECES = ["<", ">", "<![", "]]>", "<!--", "-->", "<!", "<?", "</", "&", ";", "&#x", "[", "x", " "]
PIECES += [f"<{tag}>" for tag in ("table", "tr", "td", "th", "p", "style", "/style", "/table")]


@settings(deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
@example("<![foo[x]]>")
def test_any_text_is_read(html):
    assert isinstance(text_of_html(html), str)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("a<br>b", "a\nb"),
        ("<script>x</script><p>said &amp; done</p>", "said & done"),
        ("<table><tr><td>a</td><td>bb</td></tr><tr><td>ccc</td></tr></table>", "a    bb\nccc"),
        ("<p>one</p><table><tr><td>1</td></tr></table><p>two</p>", "one\n1\ntwo"),
        ("", ""),
    ],
)
def test_it_says_what_a_page_would(html, text):
    assert text_of_html(html) == text
