"""Boxes, masks and classes of pictures: checked, kept with them, and given back."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from PIL import Image as pil

import artnb
from artnb.errors import InvalidValueError
from artnb.lineage import run_node
from artnb.repository import open_repository
from artnb.widgets.describe import describe, shown_blobs

IDS = np.array([[0, 1], [2, 250]], dtype=np.uint8)
BOX = {"position": {"minX": 0.1, "maxX": 0.5, "minY": 0.2, "maxY": 0.6}, "class_id": 1}
MIDDLE = {
    "position": {"middle": [np.int64(1), 1], "width": 1, "height": 2}, "domain": "pixel",
    "class_id": np.int64(2), "box_caption": "a tree", "scores": {"sure": np.float32(0.5)},
}  # fmt: skip


def picture(**given):
    return artnb.Image(np.zeros((2, 2)), **given)


def test_boxes_are_kept_in_plain_numbers_and_each_class_has_a_name():
    found = picture(
        boxes={"guess": {"box_data": [BOX, MIDDLE], "class_labels": {np.int64(1): "car"}}},
        classes=artnb.Classes([{"id": 3, "name": "road"}]),
    ).boxes["guess"]
    assert found["box_data"][1]["position"] == {"middle": [1, 1], "width": 1, "height": 2}
    assert found["box_data"][1]["scores"] == {"sure": 0.5}
    assert found["class_labels"] == {1: "car", 2: "class_2", 3: "road"}


@pytest.mark.parametrize(
    "given", [IDS, torch.tensor(IDS), IDS.astype(float), IDS[:, :, None], IDS.tolist()]
)
def test_a_mask_is_class_ids_of_any_form(given):
    mask = picture(masks={"truth": {"mask_data": given}}).masks["truth"]
    assert mask["mask_data"].tolist() == IDS.tolist()
    assert mask["class_labels"] == {n: f"class_{n}" for n in (1, 2, 250)}


@pytest.mark.parametrize("mode", ["L", "P", "RGB"])
def test_a_mask_is_taken_from_a_file(tmp_path, mode):
    drawn = pil.fromarray(IDS)
    if mode == "P":
        drawn = pil.frombytes("P", drawn.size, drawn.tobytes())
        drawn.putpalette(bytes(768))
    drawn.convert(mode).save(tmp_path / "mask.png")
    mask = picture(masks={"truth": {"path": tmp_path / "mask.png"}}).masks["truth"]
    assert mask["mask_data"].tolist() == IDS.tolist()


@pytest.mark.parametrize(("names", "clear"), [({}, 0), ({0: "road"}, 255)])
def test_the_file_of_a_mask_shows_it_in_colours_and_class_0_only_by_name(names, clear):
    kept: list[bytes] = []
    drawn = picture(masks={"truth": {"mask_data": IDS, "class_labels": names}})
    drawn.to_row(lambda suffix, data: kept.append(data) or {})
    shown = pil.open(io.BytesIO(kept[1])).convert("RGBA")
    alphas = np.array(shown)[:, :, 3]
    assert bool(alphas[0, 0]) == bool(clear)
    assert set(alphas.ravel()[1:].tolist()) == {140}
    assert len({shown.getpixel((x, y))[:3] for x, y in ((1, 0), (0, 1), (1, 1))}) == 3


def test_a_picture_of_a_picture_has_its_caption_and_not_what_stands_on_it():
    first = artnb.Image(np.zeros((2, 2)), caption="said", masks={"truth": {"mask_data": IDS}})
    second = artnb.Image(first, boxes={"guess": {"box_data": [BOX]}})
    assert (second.caption, list(second.masks), list(second.boxes)) == ("said", [], ["guess"])
    assert second.to_png() == first.to_png()
    assert artnb.Image(first, mode="RGB", caption="other").image.mode == "RGB"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"boxes": [BOX]}, "boxes are a dict of dicts"),
        ({"boxes": {"a": {}}}, "'a' need box_data, a list"),
        ({"boxes": {"a": {"box_data": [{"position": {"minX": 0}}]}}}, "has no position"),
        ({"boxes": {"a": {"box_data": [{"position": {"middle": [1]}}]}}}, "has no position"),
        ({"boxes": {"a": {"box_data": [{**BOX, "domain": "cm"}]}}}, "domain 'cm'"),
        ({"boxes": {"a": {"box_data": [{**BOX, "scores": {"x": "y"}}]}}}, "no numbers"),
        ({"boxes": {"a": {"box_data": [], "class_labels": ["car"]}}}, "no dict"),
        ({"masks": {"a": {}}}, "needs mask_data, or the path"),
        ({"masks": {"a": {"mask_data": np.zeros((2, 2, 3))}}}, r"shape \(2, 2, 3\)"),
        ({"masks": {"a": {"mask_data": np.full((2, 2), 0.5)}}}, "class id from 0 to 255"),
        ({"masks": {"a": {"mask_data": np.full((2, 2), 256)}}}, "class id from 0 to 255"),
        ({"masks": {"a": {"path": "nowhere.png"}}}, "no file 'nowhere.png'"),
        ({"classes": [{"id": 1}]}, r"\{'id': 1\} is no class"),
    ],
)
def test_what_is_none_is_said(given, said):
    with pytest.raises(InvalidValueError, match=said):
        picture(**given)


def test_a_logged_picture_keeps_them_through_a_collection():
    with artnb.init(project="demo") as run:
        run.log(
            {
                "seen": picture(
                    boxes={"guess": {"box_data": [BOX]}}, masks={"truth": {"mask_data": IDS}}
                ),
                "rows": artnb.Table(["x"], [[picture(masks={"m": {"mask_data": IDS + 1}})]]),
            }
        )
    repository = open_repository()
    repository.maintenance.collect(grace=0)
    (row,) = repository.history(run.id)
    seen = row["seen"]
    assert seen["boxes"]["guess"] == {"box_data": [BOX], "class_labels": {"1": "class_1"}}
    assert repository.read_blob(seen["masks"]["truth"]["sha256"])[:4] == b"\x89PNG"
    assert len(row["rows"]["media"]) == 2
    for digest in row["rows"]["media"]:
        repository.read_blob(digest)
    details = describe(repository, run_node(run.id))
    (item,) = next(group for group in details["images"] if group["key"] == "seen")["rows"][0][
        "items"
    ]
    assert item["boxes"] == seen["boxes"]
    assert {item["masks"][0]["digest"], *row["rows"]["media"]} <= shown_blobs(details)
    assert "displays" not in details["shown"]
    names = [file.name for file in artnb.Api().run(run.id).files(pattern="media/images/*")]
    assert [name.split("/")[2] for name in names if "mask" in name] == ["mask"]


def test_a_table_in_an_artifact_gives_pictures_and_sounds_back_to_be_logged_again():
    shown = artnb.Image(
        np.full((2, 2), 9), caption="one", masks={"truth": {"mask_data": IDS}},
        boxes={"guess": {"box_data": [MIDDLE]}},
    )  # fmt: skip
    rows = [["a", shown, artnb.Audio(np.zeros(4), sample_rate=8, caption="hm")], ["b", None, None]]
    table = artnb.Table(["id", "picture", "sound"], rows)
    with artnb.init(project="demo") as run:
        first = artnb.Artifact("all", "dataset")
        first.add(table, "rows")
        run.log_artifact(first)
        back = run.use_artifact("all:latest").get("rows")
        some = artnb.Table(back.columns, back.data[:1])
        second = artnb.Artifact("some", "dataset")
        second.add(some, "rows")
        run.log_artifact(second)
    (name, picture, sound) = artnb.Api().artifact("some:latest").get("rows").data[0]
    assert name == "a"
    assert picture.to_png() == shown.to_png()
    assert (picture.caption, picture.width, picture.boxes) == ("one", 2, shown.boxes)
    assert picture.masks["truth"]["mask_data"].tolist() == IDS.tolist()
    assert picture.masks["truth"]["class_labels"] == shown.masks["truth"]["class_labels"]
    assert isinstance(sound, artnb.Audio)
    assert (sound.to_bytes(), sound.caption, sound.facts) == (
        rows[0][2].to_bytes(),
        "hm",
        {"seconds": 0.5},
    )
    assert second.file_count == 4


def test_a_picture_and_a_sound_that_were_added_come_back_as_such():
    with artnb.init(project="demo") as run:
        draft = artnb.Artifact("things", "dataset")
        draft.add(picture(caption="c", masks={"truth": {"mask_data": IDS}}), "./one")
        draft.add(artnb.Html("<b>x</b>"), "page")
        run.log_artifact(draft)
    version = artnb.Api().artifact("things:latest")
    one = version.get("./one.png")
    assert (one.caption, one.masks["truth"]["mask_data"].tolist()) == ("c", IDS.tolist())
    assert version["page"].to_bytes() == b"<b>x</b>"
    assert version.get_entry("page.html").value().format == "html"


def test_classes_are_an_entry_too():
    classes = artnb.Classes([{"id": 0, "name": "road"}, {"id": "x", "name": "car"}])
    with artnb.init(project="demo") as run:
        draft = artnb.Artifact("labels", "dataset")
        draft.add(classes, "classes")
        run.log_artifact(draft)
    assert artnb.Api().artifact("labels:latest").get("classes") == classes
