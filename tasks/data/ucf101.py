"""UCF101, the paper's ten sports, from clips that the user has (Soomro, Zamir and Shah 2012).

Reads ``ucf101/<Class>/v_<Class>_g<group>_c<clip>.npz`` (or ``.avi``, ``.mp4``) in ``MEMSWEEP_DATA``, or the same
below a folder of the user's. An ``.npz`` holds ``frames`` [frame, height, width] or [.., 3], uint8. Video files need
the extra ``video``; ``convert`` writes the reduced frames of each beside it, once, for they take minutes to decode.
Classes are those of the ten whose folders are there, two at the least.

Grey is divided by 255; series as in ``tasks.data.video``. Clips of one group show the same people in the same place,
so the protocol ``honest`` splits by groups: 1-7 test (the official list 1), 8-10 validation, 11-25 train. The
authors' split is not published; ``paper`` takes a random 80/20 of the clips, which leaks groups.
"""

import importlib
import os
import re
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tasks.data.archive import read_npz
from tasks.data.location import data_folder
from tasks.data.protocol import HONEST, PAPER
from tasks.data.video import COLUMNS, FRAMES, ROWS, chosen_frames, group_split, random_split, reduced, video_task
from tasks.errors import DataError
from tasks.task import Task

PROTOCOLS = {
    HONEST: "by groups: 11-25 train, 8-10 validation, 1-7 test",
    "random": "random 80/20 of the clips, an eighth of the 80 for validation",
    PAPER: "the same random 80/20, chosen on the test part",
}
SPORTS = (
    "Archery",
    "BalanceBeam",
    "Basketball",
    "Bowling",
    "GolfSwing",
    "PushUps",
    "Skiing",
    "TennisSwing",
    "TrampolineJumping",
    "YoYo",
)
_VIDEOS = (".avi", ".mp4")
_CLIP = re.compile(r".*_g(\d+)_c\d+")


def load(folder: Path | None = None, protocol: str = HONEST) -> Task:
    """Load the clips of a folder; raises ``DataError`` if there are none or one is not in order."""
    root = data_folder("ucf101") if folder is None else folder
    names = [name for name in SPORTS if _clips(root / name)]
    if len(names) < 2:
        raise DataError(
            f"`{root}` must hold clips of at least two of the classes {', '.join(SPORTS)}, each in a folder of that "
            f"name, but holds {', '.join(names) or 'none'}."
        )
    paths = [(path, label) for label, name in enumerate(names) for path in _clips(root / name)]
    frames = np.empty((len(paths), FRAMES, ROWS, COLUMNS), np.float16)
    for out, (path, _) in zip(frames, paths, strict=True):
        out[:] = read_clip(path) / np.float32(255)
    y = np.array([label for _, label in paths], np.int64)
    if protocol == HONEST:
        split = group_split(np.array([_group(path) for path, _ in paths]), validation=range(8, 11), test=range(1, 8))
    else:
        split = random_split(y, protocol)
    for part, clips in split._asdict().items():
        if len(clips) == 0 or (part == "train" and len(np.unique(y[clips])) < len(names)):
            raise DataError(
                f"`{root}`: the protocol `{protocol}` ({PROTOCOLS[protocol]}) must find clips of all "
                f"classes to train on and some for each other part, but its {part} part has {len(clips)}; add clips "
                "or choose another protocol."
            )
    return video_task(
        "ucf101",
        f"{len(names)} sports of UCF101",
        class_names=tuple(names),
        frames=frames,
        y=y,
        split=split,
        protocol=protocol,
    )


def read_clip(path: Path) -> NDArray[np.float32]:
    """The 16 reduced frames of a clip, grey levels 0 to 255 [16, 60, 80]."""
    try:
        if path.suffix == ".npz":
            frames = read_npz(path, ("frames",))["frames"]
            if frames.dtype != np.uint8:
                raise DataError(f"frames must be uint8, but are {frames.dtype}.")
            return np.stack([reduced(frames[index]) for index in chosen_frames(len(frames))])
        decoded = _decode(path)
        return np.stack([decoded[index] for index in chosen_frames(len(decoded))])
    except DataError as error:
        raise DataError(f"`{path}`: {error}") from error


def convert(root: Path) -> int:
    """Write the reduced frames of every video file below ``root`` beside it; returns how many were new."""
    new = 0
    for path in sorted(path for suffix in _VIDEOS for path in root.glob(f"*/*{suffix}")):
        target = path.with_suffix(".npz")
        if target.exists():
            continue
        frames = np.round(read_clip(path)).astype(np.uint8)
        # Whole or not at all: a run that is stopped leaves no half file under the final name.
        handle, unfinished = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
        try:
            with os.fdopen(handle, "wb") as stream:
                np.savez_compressed(stream, frames=frames)
            Path(unfinished).replace(target)
        finally:
            Path(unfinished).unlink(missing_ok=True)
        new += 1
    return new


def _clips(folder: Path) -> list[Path]:
    """The clips of a class by name; of a clip that is there in several forms the ``.npz``."""
    by_name: dict[str, Path] = {}
    for suffix in (*reversed(_VIDEOS), ".npz"):
        by_name.update({path.stem: path for path in folder.glob(f"*{suffix}")})
    return [by_name[name] for name in sorted(by_name)]


def _group(path: Path) -> int:
    match = _CLIP.fullmatch(path.stem)
    if match is None:
        raise DataError(f"`{path}`: the name of a clip must end in _g<group>_c<clip>, as in v_Archery_g01_c01.")
    return int(match.group(1))


def _decode(path: Path) -> list[NDArray[np.float32]]:
    """All frames of a video file, reduced."""
    try:
        imageio: Any = importlib.import_module("imageio.v3")
        importlib.import_module("imageio_ffmpeg")
    except ImportError as error:
        raise DataError(
            "reading video files needs a decoder, but imageio with ffmpeg is not installed; "
            "run `pip install memsweep[video]` or save the frames as an .npz of that name."
        ) from error
    try:
        return [reduced(frame) for frame in imageio.imiter(path, plugin="FFMPEG")]
    except (OSError, RuntimeError, ValueError) as error:
        raise DataError(f"must be an intact video file, but cannot be decoded ({error}).") from error
