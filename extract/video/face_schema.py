"""What a track of faces holds, whichever extractor made it."""

from ...track import Field

LANDMARKS = ("right_eye", "left_eye", "nose", "right_mouth", "left_mouth")
"""The five points in their order; right and left are the person's own, so the right eye is left in the picture."""

FACES = {
    "box": Field(shape=(4,), columns=("left", "top", "right", "bottom"), unit="px"),
    "landmarks": Field(shape=(5, 2), columns=("x", "y"), unit="px"),
    "confidence": Field(),
    "track": Field(dtype="int32"),
    "frame_size": Field(dtype="int32", shape=(2,), columns=("width", "height"), unit="px"),
}
"""One row per face; faces of one frame have the same times. Boxes may reach past the frame. ``track`` numbers people as
far as they can be told apart: the same number in two frames is the same person."""
