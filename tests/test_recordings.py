"""Sound, video, pages and the like: kept with the run, found again by W&B's names."""

import io
import json
import wave
from pathlib import Path

import numpy as np
import pandas
import pytest
import torch
from PIL import Image as pil

import artnb
from artnb.errors import ArtnbWarning, CommError, InvalidValueError
from artnb.lineage import run_node
from artnb.repository import open_repository
from artnb.widgets.describe import describe, shown_blobs


@pytest.fixture
def run():
    with artnb.init(project="demo") as opened:
        yield opened


@pytest.mark.parametrize(
    ("samples", "channels"),
    [
        (np.linspace(-1, 1, 800), 1),
        (np.zeros((800, 2), dtype=np.int16), 2),
        (torch.zeros(800), 1),
        (torch.zeros(800, dtype=torch.bfloat16, requires_grad=True), 1),
        (np.full(800, 3.0), 1),
    ],
)
def test_samples_become_a_wave_file(samples, channels):
    sound = artnb.Audio(samples, sample_rate=8_000, caption="a")
    with wave.open(io.BytesIO(sound.to_bytes())) as read:
        assert (read.getframerate(), read.getnchannels(), read.getnframes()) == (
            8_000, channels, 800,
        )  # fmt: skip
    assert sound.facts == {"seconds": 0.1}


def test_frames_become_a_gif():
    frames = np.zeros((3, 3, 8, 6), dtype=np.uint8)
    frames[1], frames[2] = 128, 255
    for given in (
        frames,
        frames[None],
        torch.from_numpy(frames) / 255,
        torch.from_numpy(frames).bfloat16(),
    ):
        video = artnb.Video(given, fps=10)
        with pil.open(io.BytesIO(video.to_bytes())) as read:
            assert (read.n_frames, read.size, read.info["duration"]) == (3, (6, 8), 100)
        assert video.facts == {"width": 6, "height": 8}


def test_frames_that_are_to_be_another_format_are_a_gif_and_that_is_said():
    with pytest.warns(ArtnbWarning, match="kept as GIF, not as mp4"):
        video = artnb.Video(np.zeros((2, 3, 4, 4), np.uint8), format="mp4", fps=12.5)
    assert (video.format, video.to_bytes()[:3]) == ("gif", b"GIF")


def test_several_videos_stand_side_by_side():
    videos = np.zeros((3, 2, 3, 4, 6), np.uint8)
    videos[1] = 255
    video = artnb.Video(videos)
    assert video.facts == {"width": 12, "height": 8}
    with pil.open(io.BytesIO(video.to_bytes())) as read:
        shown = np.asarray(read.convert("L"))
    assert (shown[:4, 6:] == 255).all()
    assert not shown[:, :6].any()
    assert not shown[4:].any()


def test_files_are_kept_as_they_are(tmp_path):
    (tmp_path / "x.mp4").write_bytes(b"mp4")
    (tmp_path / "x.html").write_text("<p>x</p>")
    (tmp_path / "x.pdb").write_text("ATOM")
    (tmp_path / "x.ogg").write_bytes(b"sound")
    assert artnb.Video("x.mp4").to_bytes() == b"mp4"
    assert artnb.Video(io.BytesIO(b"webm"), format="webm").format == "webm"
    assert artnb.Html(Path("x.html")).to_bytes() == b"<p>x</p>"
    assert artnb.Html("x.html", data_is_not_path=True).to_bytes() == b"x.html"
    assert artnb.Html(io.StringIO("<b>y</b>")).to_bytes() == b"<b>y</b>"
    assert artnb.Molecule("x.pdb").format == "pdb"
    assert artnb.Molecule(io.StringIO("C"), file_type="smi").to_bytes() == b"C"
    assert artnb.Object3D(np.zeros((2, 3))).to_bytes() == b"[[0.0,0.0,0.0],[0.0,0.0,0.0]]"
    assert artnb.Audio("x.ogg").format == "ogg"


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: artnb.Audio(np.zeros(3)), "sample_rate"),
        (lambda: artnb.Audio(np.zeros((2, 2, 2)), 1), r"shape \(2, 2, 2\)"),
        (lambda: artnb.Audio(np.full(2, 40_000), 1), "16 bits"),
        (lambda: artnb.Audio("none.wav"), "no file"),
        (lambda: artnb.Video(np.zeros((2, 3, 4, 4)), format="avi"), "the format 'avi'"),
        (lambda: artnb.Video(np.zeros((4, 4))), r"shape \(4, 4\)"),
        (lambda: artnb.Video(b"x", format="avi"), "the format 'avi'"),
        (lambda: artnb.Html(3), "give text"),
        (lambda: artnb.Object3D(np.zeros((2, 5))), r"shape \(2, 5\)"),
        (lambda: artnb.Plotly(3), "no figure"),
    ],
)
def test_what_is_none_is_refused(make, said):
    with pytest.raises(InvalidValueError, match=said):
        make()


def test_logged_files_are_found_by_name_and_come_back(run, tmp_path):
    class Figure:
        def to_json(self):
            return '{"data": []}'

    Figure.__module__ = "plotly.graph_objs"
    run.log(
        {
            "sound": artnb.Audio(np.zeros(8), 8_000, caption="c"),
            "page": artnb.Html("<p>x</p>"),
            "two": [artnb.Html("1"), artnb.Html("2")],
            "figure": Figure(),
            "deep": {"picture": artnb.Image(np.zeros((2, 2)))},
        }
    )
    (tmp_path / "note.txt").write_text("kept")
    run.save("note.txt")
    run.finish()
    seen = artnb.Api().run(run.id)
    names = [file.name for file in seen.files()]
    assert names[0] == "note.txt"
    assert {name.rpartition("_")[0] for name in names[1:]} == {
        "media/audio/sound_0", "media/html/page_0", "media/html/two_0", "media/plotly/figure_0",
        "media/images/deep_0",
    }  # fmt: skip
    assert len(names) == 7
    (page,) = seen.files(pattern="media/html/page%")
    with page.download(root="out") as file:
        assert (file.read(), file.name) == ("<p>x</p>", f"out/{page.name}")
    with pytest.raises(InvalidValueError, match="replace=True"):
        page.download(root="out")
    (tmp_path / "out" / page.name).write_text("changed")
    assert page.download(root="out", exist_ok=True).read() == "changed"
    assert page.download(root="out", replace=True).read() == "<p>x</p>"
    assert seen.file("note.txt").size == 4
    assert [file.name for file in seen.files(names=["note.txt"])] == ["note.txt"]
    with pytest.raises(CommError, match=r"did you mean 'note\.txt'"):
        seen.file("note.tx")
    with pytest.raises(InvalidValueError, match="not both"):
        seen.files(names=[], pattern="x")


def test_the_panel_shows_what_it_can_and_says_how_to_get_the_rest(run):
    run.log({"clip": artnb.Video(np.zeros((2, 1, 4, 4))), "page": artnb.Html("<p>x</p>")})
    run.finish()
    details = describe(open_repository(), run_node(run.id))
    (clip,) = details["images"]
    assert (clip["key"], clip["rows"][0]["items"][0]["format"]) == ("clip", "gif")
    assert clip["rows"][0]["items"][0]["digest"] in shown_blobs(details)
    (told,) = details["shown"]["displays"]
    assert told["text"].startswith("page · html, 8 bytes\nartnb.Api().run(")
    _, program, said = told["text"].split("\n")
    assert said == "x"
    assert eval(program).read() == "<p>x</p>"


def test_a_logged_figure_of_plotly_is_drawn(run):
    class Figure:
        def to_json(self):
            return '{"data": [{"y": [1, 4]}], "layout": {"title": "T"}}'

    Figure.__module__ = "plotly.graph_objs"
    run.log({"figure": Figure()})
    run.finish()
    (told,) = describe(open_repository(), run_node(run.id))["shown"]["displays"]
    assert told["text"] == 'figure · Plotly "T": scatter (2 points)'
    assert told["charts"][0]["y"] == [1, 4]


def test_logged_charts_of_altair_and_bokeh_are_drawn_and_come_back(run):
    altair, bokeh = pytest.importorskip("altair"), pytest.importorskip("bokeh.plotting")
    rows = altair.Data(values=[{"a": 1, "b": 4}, {"a": 2, "b": 5}])
    chart = altair.Chart(rows, title="T").mark_line().encode(x="a:Q", y="b:Q")
    plot = bokeh.figure(title="B")
    plot.scatter([1, 2, 3], [4, 5, 6])
    run.log({"chart": chart, "plot": plot, "several": [chart, chart]})
    run.finish()
    told = describe(open_repository(), run_node(run.id))["shown"]["displays"]
    assert {each["text"] for each in told} == {
        'chart · Vega-Lite "T": line "b by a" (2 points)',
        'several · Vega-Lite "T": line "b by a" (2 points)',
        'plot · Bokeh "B": Scatter "y by x" (3 points)',
    }
    names = [file.name for file in artnb.Api().run(run.id).files()]
    (name,) = (name for name in names if name.startswith("media/altair/chart_"))
    assert name.endswith(".vl.json")
    spec = json.loads(Path(artnb.Api().run(run.id).file(name).download().name).read_bytes())
    assert altair.Chart.from_dict(spec).to_dict()["mark"] == {"type": "line"}


def test_a_chart_of_too_many_rows_says_what_to_do(run):
    altair = pytest.importorskip("altair")
    rows = pandas.DataFrame({"a": range(5_001)})
    with pytest.raises(InvalidValueError, match=r"MaxRowsError.*Log fewer points of it"):
        run.log({"chart": altair.Chart(rows).mark_point().encode(x="a:Q")})


def test_a_logged_page_with_a_chart_of_altair_is_drawn(run):
    rows = '{"values": [{"a": "x", "b": 1}]}'
    of = '{"x": {"field": "a", "type": "nominal"}, "y": {"field": "b", "type": "quantitative"}}'
    spec = f'{{"$schema": "vega-lite/v6", "data": {rows}, "mark": "bar", "encoding": {of}}}'
    run.log({"chart": artnb.Html(f"<script>vega-lite; embed({spec})</script>")})
    run.finish()
    (told,) = describe(open_repository(), run_node(run.id))["shown"]["displays"]
    assert told["text"] == 'chart · Vega-Lite: bar "b by a" (1 point)'
    assert told["charts"][0]["labels"] == ["x"]


def test_parts_of_a_figure_are_logged_as_its_picture(run):
    from matplotlib.figure import Figure

    axes = Figure().subplots()
    run.log({"axes": axes, "line": axes.plot([1, 2])[0]})
    run.finish()
    (row,) = artnb.Api().run(run.id).history(pandas=False)
    assert row["axes"]["_type"] == "image-file"
    assert row["line"]["sha256"] == row["axes"]["sha256"]


def test_a_figure_of_matplotlib_becomes_one_of_plotly():
    pytest.importorskip("plotly")
    from matplotlib.figure import Figure

    figure = Figure()
    figure.subplots().plot([1, 2, 3], [1, 4, 9])
    (trace,) = json.loads(artnb.Plotly(figure).to_bytes())["data"]
    assert trace["type"] == "scatter"


def test_media_in_a_table_are_kept_and_named_by_it(run):
    sound = artnb.Audio(np.zeros(8), 8_000)
    run.log({"t": artnb.Table(["a"], [[sound]])})
    run.finish()
    (row,) = artnb.Api().run(run.id).history(pandas=False)
    (kept,) = row["t"]["kept"]
    assert open_repository().read_blob(kept) == sound.to_bytes()
    assert row["t"]["media"] == []


def test_an_artifact_holds_them_as_files(run):
    made = artnb.Artifact("media", "dataset")
    made.add(artnb.Html("<p>x</p>"), "page")
    clip = made["clip.gif"] = artnb.Video(np.zeros((2, 1, 4, 4)))
    logged = run.log_artifact(made)
    folder = Path(logged.download())
    assert (folder / "page.html").read_text() == "<p>x</p>"
    assert (folder / "clip.gif").read_bytes() == clip.to_bytes()


def test_a_scene_has_points_boxes_and_vectors():
    box = artnb.box3d(
        center=(1, 0, 0), size=(2, 4, 6), orientation=(1, 0, 0, 1), color=(1, 0.5, 0), label="car",
    )  # fmt: skip
    # Turned by a quarter about z: what was across is up.
    assert np.allclose(np.ptp(box["corners"], axis=0), (4, 2, 6))
    assert np.allclose(np.mean(box["corners"], axis=0), (1, 0, 0))
    scene = artnb.Object3D.from_point_cloud(points=[(0, 0, 0), (1, 2, 3)], boxes=[box])
    kept = json.loads(scene.to_bytes())
    assert (scene.format, scene.facts) == ("pts.json", {"points": 2})
    assert (kept["type"], kept["points"][1], kept["vectors"]) == ("lidar/beta", [1, 2, 3], [])
    assert kept["boxes"][0]["label"] == "car"
    assert len(kept["boxes"][0]["corners"]) == 8
    vectors = {"start": [0, 0, 0], "end": [1, 1, 1]}
    arrays = {
        "type": "lidar/beta", "points": np.ones((2, 3)), "boxes": np.array([box]),
        "vectors": np.array([vectors]),
    }  # fmt: skip
    assert json.loads(artnb.Object3D(arrays).to_bytes())["vectors"] == [vectors]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"type": "lidar", "points": [[0, 0, 0]]}, "only one is 'lidar/beta'"),
        ({"type": "lidar/beta", "points": [[0, 0]]}, r"shape \(1, 2\)"),
        ({"type": "lidar/beta", "boxes": [{"corners": [[0, 0, 0]]}]}, "no box with 8 corners"),
    ],
)
def test_a_scene_that_is_none_is_said(given, said):
    with pytest.raises(InvalidValueError, match=said):
        artnb.Object3D(given)
    with pytest.raises(InvalidValueError, match=r"size has the shape \(2,\)"):
        artnb.box3d(center=(0, 0, 0), size=(1, 1), orientation=(1, 0, 0, 0), color=(0, 0, 0))
    with pytest.raises(InvalidValueError, match="orientation is zero"):
        artnb.box3d(center=(0, 0, 0), size=(1, 1, 1), orientation=(0, 0, 0, 0), color=(0, 0, 0))


def test_an_opened_file_says_what_it_is(tmp_path):
    (tmp_path / "wolf.obj").write_text("v 0 0 0\n")
    with open(tmp_path / "wolf.obj") as file:
        assert artnb.Object3D(file).format == "obj"
    assert artnb.Object3D.from_file(io.StringIO("v 0 0 0"), "obj").format == "obj"
