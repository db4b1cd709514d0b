"""What can be logged, under the name that W&B's own modules have for it."""

from artnb.annotations import Classes
from artnb.figures import Bokeh, Plotly
from artnb.histogram import Histogram
from artnb.image import Image
from artnb.joined import JoinedTable
from artnb.recordings import Audio, Html, Video
from artnb.solids import Molecule, Object3D
from artnb.table import Table

__all__ = [
    "Audio",
    "Bokeh",
    "Classes",
    "Histogram",
    "Html",
    "Image",
    "JoinedTable",
    "Molecule",
    "Object3D",
    "Plotly",
    "Table",
    "Video",
]
