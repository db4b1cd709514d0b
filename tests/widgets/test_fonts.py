"""Letters that the first font lacks: found in another, or named in a warning."""

import shutil
import warnings
from pathlib import Path

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from PIL import Image

import artnb
from artnb.lineage import LineageGraph
from artnb.model import RunRecord
from artnb.widgets import fonts
from artnb.widgets.raster import figure_png

# Linear A: no font for daily use has it.
LETTER, OTHER = "\U00010600", "\U00010601"
FINISHED = "완료"


@pytest.fixture
def made(tmp_path, monkeypatch):
    """A font of three letters, solid squares: the only one besides the first."""
    path = tmp_path / "square.ttf"
    pen = TTGlyphPen(None)
    for point in ((100, 0), (100, 800), (900, 800), (900, 0)):
        (pen.moveTo if point == (100, 0) else pen.lineTo)(point)
    pen.closePath()
    square, empty = pen.glyph(), TTGlyphPen(None).glyph()
    builder = FontBuilder(1000)
    builder.setupGlyphOrder([".notdef", "square"])
    builder.setupCharacterMap({ord(letter): "square" for letter in (LETTER, *FINISHED)})
    builder.setupGlyf({".notdef": empty, "square": square})
    builder.setupHorizontalMetrics({".notdef": (1000, 0), "square": (1000, 100)})
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": "Square", "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    builder.save(path)
    monkeypatch.setattr(fonts, "_OTHERS", (str(path),))
    monkeypatch.setattr(fonts, "_listed", lambda letter: [])
    return str(path)


def graph(name):
    run = RunRecord(
        id="abcd0001", project="p", number=1, name=name, job_type="train", state="finished",
        created_at=1.0,
    )  # fmt: skip
    return LineageGraph([run], [], [])


def inside(name):
    """Pixels of the first line of the run's box."""
    return figure_png(graph(name), "instances", 2).crop((100, 50, 260, 84))


def test_a_letter_that_the_first_font_lacks_comes_from_another(made):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        drawn = inside(LETTER * 3)
    dark = sum(value < 128 for value in drawn.convert("L").tobytes())
    assert dark > 3 * 150  # solid squares, no outlines


def test_text_is_parted_by_font_and_keeps_its_order(made):
    parts = [
        (part, font.path == made) for part, font in fonts.Fonts().runs(f"a b{LETTER}\u0301 c", 20)
    ]
    assert "".join(part for part, _ in parts) == f"a b{LETTER}\u0301 c"
    assert parts[1] == (f"{LETTER}\u0301 ", True)
    assert not parts[0][1]
    assert not parts[2][1]


def test_a_letter_that_no_font_has_is_named(made):
    with pytest.warns(UserWarning, match=f"No font of this system has {OTHER}: "):
        figure_png(graph(f"a{OTHER}b"), "instances", 1)


def test_words_in_korean_come_from_a_font_that_has_them(made):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure_png(graph("trainer"), "instances", lang="ko")


def test_words_in_korean_that_no_font_has_are_named_with_the_way_out(made):
    with pytest.warns(UserWarning, match='No font of this system has 개 실 행: .*lang="en"'):
        figure_png(graph("trainer"), "types", lang="ko")


def test_the_warning_comes_with_the_file(made, tmp_path):
    with artnb.init(project="lab", name=f"run {OTHER}"):
        pass
    view = artnb.graph("lab", level="instances")
    with pytest.warns(UserWarning, match="write SVG"):
        path = view.to_png(tmp_path / "graph.png")
    with Image.open(path) as image:
        assert image.size[0] > 100


@pytest.mark.skipif(shutil.which("fc-list") is None, reason="fontconfig is not installed")
def test_fontconfig_names_fonts_that_have_a_letter():
    files = [Path(name) for name in fonts._listed("a") if name]
    assert files
    assert all(file.is_file() for file in files)
    assert not any(fonts._listed("\U0010ffff"))


def test_letters_that_the_first_font_has_need_no_other(made):
    first = fonts.Fonts().first(20)
    assert [font for _, font in fonts.Fonts().runs("Plain: v0 · ÄÖ", 20)] == [first]
