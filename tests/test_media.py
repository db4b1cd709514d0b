"""Pictures: what becomes which pixels, what is refused, and what a row keeps of them."""

from __future__ import annotations

import hashlib
from collections import UserList, deque
from decimal import Decimal

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from PIL import Image as Pil

import artnb
from artnb.errors import InvalidValueError
from artnb.image import Image
from artnb.media import encode

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>&amp;"


def pixels(*given, **kwargs):
    return np.asarray(Image(*given, **kwargs).to_pil()).tolist()


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.0, 0.5, 1.0], [0, 128, 255]),
        ([0.0, 0.0, 0.0], [0, 0, 0]),
        ([1.0, 1.0, 1.0], [255, 255, 255]),
        ([-1.0, 0.0, 1.0], [0, 128, 255]),
        ([-0.5, 0.2, 0.4], [64, 153, 178]),
        ([0.0, 127.4, 300.0], [0, 127, 255]),
        ([-1.01, 0.0, 200.0], [0, 0, 200]),
        ([np.nan, np.inf, -np.inf], [0, 255, 0]),
        ([0, 1, 255], [0, 1, 255]),
        ([-5, 256, 100_000], [0, 255, 255]),
        ([True, False, True], [255, 0, 255]),
    ],
)
def test_numbers_become_grey_values(values, expected):
    assert pixels(np.array([values])) == [expected]


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, ">f4"])
def test_floats_of_any_width_are_scaled(dtype):
    assert pixels(np.array([[0, 0.5, 1]], dtype)) == [[0, 128, 255]]


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64, torch.uint8])
def test_tensors_of_any_width_are_drawn(dtype):
    assert pixels(torch.tensor([[0, 1]], dtype=dtype))[0][1] == (1 if dtype == torch.uint8 else 255)


def test_a_tensor_with_a_gradient_is_drawn():
    assert pixels(torch.ones(1, 1, requires_grad=True)) == [[255]]


@pytest.mark.parametrize(
    ("given", "size", "mode"),
    [
        (np.zeros((2, 5)), (5, 2), "L"),
        (np.zeros((2, 5, 1)), (5, 2), "L"),
        (np.zeros((2, 5, 3)), (5, 2), "RGB"),
        (np.zeros((2, 5, 4)), (5, 2), "RGBA"),
        (np.zeros((1, 2, 5)), (5, 2), "L"),
        (np.zeros((1, 2, 5, 3)), (5, 2), "RGB"),
        (np.zeros((1, 1, 2, 5, 3)), (5, 2), "RGB"),
        (torch.zeros(2, 5), (5, 2), "L"),
        (torch.zeros(1, 2, 5), (5, 2), "L"),
        (torch.zeros(3, 2, 5), (5, 2), "RGB"),
        (torch.zeros(4, 2, 5), (5, 2), "RGBA"),
        (torch.zeros(1, 3, 2, 5), (5, 2), "RGB"),
        (torch.zeros(1, 1, 2, 5), (5, 2), "L"),
        (torch.zeros(2, 5, 3), (5, 2), "RGB"),
        ([[0, 1], [2, 3], [4, 5]], (2, 3), "L"),
    ],
    ids=lambda value: str(tuple(value.shape)) if hasattr(value, "shape") else None,
)
def test_shapes_are_understood(given, size, mode):
    image = Image(given)
    assert ((image.width, image.height), image.to_pil().size) == (size, size)
    assert (image.to_pil().mode, image.format) == (mode, "png")


def test_the_channels_of_a_tensor_come_first():
    red = torch.stack([torch.ones(2, 2), torch.zeros(2, 2), torch.zeros(2, 2)])
    assert pixels(red)[0][0] == [255, 0, 0]
    assert pixels(red.permute(1, 2, 0).numpy())[0][0] == [255, 0, 0]


def test_mode_converts():
    assert Image(np.zeros((2, 2, 3)), mode="L").to_pil().mode == "L"
    assert Image(Pil.new("RGB", (2, 2)), mode="L").to_pil().mode == "L"
    assert Image(figure(), mode="L").to_pil().mode == "L"


def figure():
    made = Figure(figsize=(1, 1))
    made.add_subplot().plot([1, 2])
    return made


def test_a_pil_image_keeps_its_pixels():
    given = Pil.new("RGBA", (3, 2), (1, 2, 3, 4))
    image = Image(given)
    assert (image.width, image.height) == (3, 2)
    assert image.to_pil().tobytes() == given.tobytes()


@pytest.mark.parametrize("given", [figure(), figure().axes[0]], ids=["figure", "axes"])
def test_a_figure_is_drawn(given):
    image = Image(given)
    assert len(set(image.to_pil().convert("L").tobytes())) > 10
    assert (image.width, image.height) == image.to_pil().size


@pytest.mark.parametrize("format", ["PNG", "JPEG", "GIF", "WEBP"])
def test_a_file_is_kept_as_it_is(tmp_path, format):
    path = tmp_path / "picture"
    Pil.new("RGB", (3, 2), (200, 100, 0)).save(path, format)
    for given in (path, str(path)):
        image = Image(given)
        assert image.to_png() == path.read_bytes()
        assert (image.format, image.width, image.height) == (format.lower(), 3, 2)


def test_a_file_of_another_kind_becomes_png(tmp_path):
    Pil.new("RGB", (3, 2), (200, 100, 0)).save(tmp_path / "a.bmp")
    assert pixels(tmp_path / "a.bmp")[0][0] == [200, 100, 0]
    assert Image(tmp_path / "a.bmp").format == "png"


def test_an_image_of_an_image_is_the_same():
    first = Image(np.zeros((2, 2)), caption="a")
    assert Image(first).to_png() == first.to_png()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (None, "NoneType"),
        (object(), "object"),
        (np.array([["a"]]), "<U1"),
        (np.array([[None]]), "object"),
        (np.zeros((2, 2), complex), "complex128"),
        (np.zeros((2, 2), "datetime64[D]"), "datetime64"),
        (np.zeros((2, 2), [("a", "i4")]), "ndarray of"),
        ([[1], [1, 2]], "list.*inhomogeneous"),
        (np.zeros(5), r"shape \(5,\)"),
        (np.float64(1), r"shape \(\)"),
        (np.zeros((0, 3)), r"shape \(0, 3\)"),
        (np.zeros((2, 5, 7)), r"shape \(2, 5, 7\)"),
        (np.zeros((2, 4, 4, 3)), r"shape \(2, 4, 4, 3\)"),
        (torch.zeros(2, 3, 4, 4), r"shape.*2, 3, 4, 4.*\(C, H, W\)"),
        (torch.eye(2).to_sparse(), "Tensor.*[Ss]parse"),
        (Pil.new("RGB", (0, 0)), "empty"),
        ("nothing.png", "no file 'nothing.png'"),
        (".", "no file"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_what_is_no_picture_is_refused(given, said):
    with pytest.raises(InvalidValueError, match=f"Image: .*{said}"):
        Image(given)


def test_a_file_that_is_no_picture_is_named(tmp_path):
    (tmp_path / "a.png").write_text("no picture")
    with pytest.raises(InvalidValueError, match=r"a\.png.*cannot be read as a picture"):
        Image(tmp_path / "a.png")


def test_a_mode_that_does_not_exist_is_named():
    with pytest.raises(InvalidValueError, match="mode 'XYZ'"):
        Image(np.zeros((2, 2)), mode="XYZ")


def test_equal_pictures_have_equal_bytes():
    made = [Image(np.full((4, 4), 0.5), caption=caption).to_png() for caption in "ab"]
    assert made[0] == made[1]
    assert Image(figure()).to_png() == Image(figure()).to_png()


@pytest.mark.parametrize("caption", [HOSTILE, "", "zwölf\n", 3])
def test_a_caption_is_kept_as_text(caption):
    image = Image(np.zeros((2, 2)), caption=caption)
    assert image.caption == str(caption)
    assert encode(image, lambda _: "digest")["caption"] == str(caption)


def test_a_display_of_a_picture_is_the_picture_and_no_html():
    bundle = Image(np.zeros((2, 2)), caption=HOSTILE)._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "image/png"}
    assert repr(HOSTILE) in bundle["text/plain"]


@pytest.fixture
def run():
    with artnb.init(project="demo") as opened:
        yield opened


def rows(run):
    run.finish()
    return artnb.Api().run(run.id).history(pandas=False)


def test_a_row_has_the_pictures_digest_and_size(run):
    image = Image(np.zeros((2, 5)), caption=HOSTILE)
    run.log({"p": image})
    ((row),) = rows(run)
    data = image.to_png()
    assert row["p"] == {
        "_type": "image-file", "sha256": hashlib.sha256(data).hexdigest(), "size": len(data),
        "width": 5, "height": 2, "format": "png", "caption": HOSTILE,
    }  # fmt: skip


def test_pil_images_and_figures_are_logged_by_themselves(run):
    run.log({"pil": Pil.new("L", (3, 2)), "figure": figure(), "in": {"side": Pil.new("L", (1, 1))}})
    (row,) = rows(run)
    assert [row[key]["_type"] for key in ("pil", "figure")] == ["image-file"] * 2
    assert row["in"]["side"]["width"] == 1


@pytest.mark.parametrize("count", [1, 109])
def test_a_list_of_pictures_is_kept_in_order(run, count):
    picture = np.zeros((1, 1))
    run.log({"p": [Image(picture, caption=str(n)) for n in range(count)]})
    (row,) = rows(run)
    assert (row["p"]["_type"], row["p"]["count"]) == ("images/separated", count)
    assert [each["caption"] for each in row["p"]["images"]] == [str(n) for n in range(count)]


def test_of_very_many_pictures_the_first_are_kept_and_that_is_said(run, monkeypatch):
    monkeypatch.setattr("artnb.media._MOST_IMAGES", 3)
    with pytest.warns(UserWarning, match="'p': of 4 images the first 3 are kept") as told:
        run.log({"p": [Image(np.zeros((1, 1)), caption=str(n)) for n in range(4)]})
    assert told[0].filename == __file__
    (row,) = rows(run)
    assert (row["p"]["count"], row["p"]["given"]) == (3, 4)
    assert row["p"]["images"][-1]["caption"] == "2"


@pytest.mark.parametrize("other", [1, "a", None, np.zeros((2, 2))])
def test_a_list_of_pictures_that_holds_something_else_is_refused(run, other):
    with pytest.raises(TypeError, match=f"'p'.*{type(other).__name__}"):
        run.log({"p": [Image(np.zeros((1, 1))), other]})


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (np.float32(0.5), 0.5),
        (torch.tensor([[2]]), 2),
        (np.array([1, 2]), [1, 2]),
        ([1], [1]),
        ([], []),
        ({1: {"a": (1, 2)}}, {"1": {"a": [1, 2]}}),
        (UserList([1, deque([2])]), [1, [2]]),
    ],
)
def test_other_values_become_plain(value, plain):
    assert encode(value, lambda _: "digest") == plain


@pytest.mark.parametrize(
    "many", [np.arange(40), torch.linspace(0, 39, 40).reshape(5, 8), np.arange(40, dtype=">i2")]
)
def test_an_array_of_many_numbers_is_counted(many):
    row = encode({"in": many}, put_blob=None)["in"]
    assert (row["_type"], sum(row["values"]), len(row["values"])) == ("histogram", 40, 32)
    assert row["packedBins"]["min"] == 0


@pytest.mark.parametrize("few", [np.arange(32), list(range(40)), np.array(["a"] * 40)])
def test_few_numbers_lists_and_texts_are_kept_one_by_one(few):
    assert encode(few, put_blob=None) == list(few)


def test_an_array_in_a_table_is_kept_one_by_one(run):
    run.log({"t": artnb.Table(["a"], [[np.arange(40)]])})
    (kept,) = artnb.Table.from_bytes(run._repository.read_blob(run.summary["t"]["sha256"])).data
    assert kept == [list(range(40))]


def test_histograms_of_one_name_are_a_list():
    two = [artnb.Histogram([1, 2]), artnb.Histogram([3])]
    assert encode(two, put_blob=None) == [each.to_json() for each in two]


def test_a_model_or_a_decimal_is_its_text():
    assert encode(torch.nn.Linear(2, 3), put_blob=None).startswith("Linear(in_features=2")
    assert encode({"eur": Decimal("1.50")}, put_blob=None) == {"eur": "1.50"}


def test_what_has_no_form_is_named_with_its_place():
    with pytest.raises(TypeError, match=r"log: 'a': 'b': .*builtins\.object"):
        encode({"b": object()}, lambda _: "digest", where="log: 'a'")


def test_pyplot_is_its_current_figure():
    from matplotlib import pyplot

    pyplot.switch_backend("agg")
    figure = pyplot.figure(figsize=(1, 1))
    with artnb.init(project="demo") as run:
        run.log({"plot": pyplot})
    (row,) = artnb.Api().run(run.id).history(pandas=False)
    assert row["plot"]["width"] == artnb.Image(figure).width == artnb.Image(pyplot).width
    pyplot.close(figure)


@pytest.mark.parametrize(
    ("given", "kind"), [("jpg", "jpeg"), ("jpeg", "jpeg"), ("bmp", "bmp"), ("png", "png")]
)
def test_an_array_is_kept_as_the_type_that_is_asked_for(given, kind):
    picture = artnb.Image(np.zeros((4, 4, 4)), file_type=given)
    assert (picture.format, picture.to_pil().format) == (kind, kind.upper())
    with pytest.raises(InvalidValueError, match="file_type 'jpgg'; did you mean 'jpg'"):
        artnb.Image(np.zeros((4, 4)), file_type="jpgg")
