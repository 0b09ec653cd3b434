"""Recognising faces: dlib's ResNet, or any network that embeds a face."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from srgan.errors import MissingExtraError, ModelError
from srgan.evaluation.onnx import compile_onnx
from srgan.recognition.face_detectors import Box, Detector, DlibDetector, import_dlib


class Recogniser(Protocol):
    """Embeds faces, so that those of one person are near each other.

    Attributes:
        name: for the report.
        locator: finds the faces as this recogniser needs them.
    """

    name: str
    locator: Detector

    def embed(self, image: NDArray[np.uint8], face: Box) -> NDArray[np.float64]:
        """Embeds the face in a picture (H, W, 3), RGB, uint8, as (n,); compared by Euclidean distance."""
        ...


class DlibRecogniser:
    """dlib's ResNet: 128 numbers per face, whose Euclidean distance tells people apart.

    The face is turned upright by five landmarks that are found in the picture it is shown.

    Raises:
        MissingExtraError: if dlib or its models are not installed.
    """

    name = "dlib ResNet"

    def __init__(self) -> None:
        self._dlib = import_dlib()
        self.locator: Detector = DlibDetector()
        # Not imported: the package needs pkg_resources, and only its files are wanted.
        package = importlib.util.find_spec("face_recognition_models")
        if package is None or not package.submodule_search_locations:
            raise MissingExtraError("dlib's models of faces", "faces")
        folder = Path(package.submodule_search_locations[0]) / "models"
        self._landmarks = self._dlib.shape_predictor(str(folder / "shape_predictor_5_face_landmarks.dat"))
        self._network = self._dlib.face_recognition_model_v1(
            str(folder / "dlib_face_recognition_resnet_model_v1.dat")
        )

    def embed(self, image: NDArray[np.uint8], face: Box) -> NDArray[np.float64]:
        """Returns the face as (128,); see :class:`Recogniser`."""
        image = np.ascontiguousarray(image)
        corners = (face.left, face.top, face.right - 1, face.bottom - 1)
        rectangle = self._dlib.rectangle(*(round(corner) for corner in corners))
        shape = self._landmarks(image, rectangle)
        return np.array(self._network.compute_face_descriptor(image, shape))


@dataclass(frozen=True, kw_only=True)
class EmbedderOptions:
    """The input of another program's network.

    Attributes:
        margin: of the square around the face's box that is cut out, as a share of its side on each side.
        mean: subtracted from each value, 0..255.
        deviation: what it is then divided by.
        order: of the channels.
    """

    margin: float = 0.0
    mean: float = 127.5
    deviation: float = 127.5
    order: Literal["rgb", "bgr"] = "rgb"


class OnnxRecogniser:
    """A network with one input (1, 3, S, S), whose first output is the embedding; compared by angle.

    The square around the face is cut out, black beyond the picture's border, and resized; it is not rotated.

    Args:
        path: the ``.onnx`` file.
        locator: finds the faces.
        options: what the network takes.

    Raises:
        ModelError: if the file is missing, damaged, or no such network.
    """

    def __init__(self, path: Path, locator: Detector, options: EmbedderOptions | None = None) -> None:
        self.name = path.name
        self.locator = locator
        self._options = options or EmbedderOptions()
        self._compiled = compile_onnx(path, any_size=False)
        shape = self._compiled.inputs[0].partial_shape
        if shape.is_dynamic or shape.to_shape()[2] != shape.to_shape()[3]:
            raise ModelError(f"{path}: takes {shape}; a network of square pictures of one size is needed")
        self._side = int(shape.to_shape()[2])
        self._type = self._compiled.inputs[0].element_type.to_dtype()

    def embed(self, image: NDArray[np.uint8], face: Box) -> NDArray[np.float64]:
        """Returns the face as (n,), of length 1; see :class:`Recogniser`."""
        half = max(face.right - face.left, face.bottom - face.top) * (0.5 + self._options.margin)
        across, down = (face.left + face.right) / 2, (face.top + face.bottom) / 2
        left, top, right, bottom = map(round, (across - half, down - half, across + half, down + half))
        crop = Image.fromarray(image).crop((left, top, right, bottom))
        pixels = np.asarray(crop.resize((self._side, self._side), Image.Resampling.BICUBIC))
        if self._options.order == "bgr":
            pixels = pixels[:, :, ::-1]
        values = (pixels.transpose(2, 0, 1)[None] - self._options.mean) / self._options.deviation
        embedding = self._compiled([np.ascontiguousarray(values, dtype=self._type)])[0]
        flat = embedding.astype(np.float64).ravel()
        length = np.linalg.norm(flat)
        unit: NDArray[np.float64] = flat / length if length else flat
        return unit
