"""Feature maps of networks trained on ImageNet, in which a perceptual loss compares pictures."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

from srgan.errors import ModelError
from srgan.files import make_folder

VGG19_FILE = "vgg19-dcbb9e9d.pth"
"""torchvision's file of ImageNet weights; the name ends in the start of its SHA-256."""

_VGG19_URL = f"https://download.pytorch.org/models/{VGG19_FILE}"

# Convolutions of VGG19 up to conv5_4 (Simonyan & Zisserman 2014, configuration E); 0 is a 2x2 max pooling.
_VGG19 = (64, 64, 0, 128, 128, 0, 256, 256, 256, 256, 0, 512, 512, 512, 512, 0, 512, 512, 512, 512)


class VGGFeatures(nn.Module):
    """VGG19 up to conv5_4 before its activation, the "VGG54" of the SRGAN paper; never trained.

    Args:
        tensors: parameters under torchvision's names, ``features.0.weight`` and so on; others are ignored.

    Raises:
        ModelError: if a parameter is missing or of another shape.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, tensors: Mapping[str, Tensor]) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        inputs = 3
        for outputs in _VGG19:
            if outputs == 0:
                layers.append(nn.MaxPool2d(2))
                continue
            layers += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU()]
            inputs = outputs
        self.features = nn.Sequential(*layers[:-1])
        _load(self, tensors, "VGG19")
        self.register_buffer("mean", torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1), persistent=False)
        self.register_buffer(
            "deviation", torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1), persistent=False
        )

    def forward(self, image: Tensor) -> list[Tensor]:
        """Returns feature maps of pictures.

        Args:
            image: (N, 3, H, W), RGB in [0, 1], each side at least 16.

        Returns:
            One map, (N, 512, H / 16, W / 16), divided by 12.75, so that the mean squared difference of two
            maps is on the paper's scale of 0.006 (1 / 12.75 squared).
        """
        maps: Tensor = self.features((image - self.mean) / self.deviation)
        return [maps / 12.75]


class _Fire(nn.Module):
    """A squeeze to few maps, then 1x1 and 3x3 convolutions side by side."""

    def __init__(self, inputs: int, squeezed: int, expanded: int) -> None:
        super().__init__()
        self.squeeze1x1 = nn.Conv2d(inputs, squeezed, 1)
        self.expand1x1 = nn.Conv2d(squeezed, expanded, 1)
        self.expand3x3 = nn.Conv2d(squeezed, expanded, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.squeeze1x1(x))
        return F.relu(torch.cat((self.expand1x1(x), self.expand3x3(x)), 1))


class SqueezeFeatures(nn.Module):
    """SqueezeNet 1.0 (arXiv 1602.07360) up to fire8, where VGG19's file cannot be had; never trained.

    Args:
        tensors: parameters of the Caffe release, ``conv1.weight``, ``fire2.squeeze1x1.weight`` and so on;
            others are ignored. Made for BGR in 0..255 less the mean (104, 117, 123).

    Raises:
        ModelError: if a parameter is missing or of another shape.
    """

    mean: Tensor

    def __init__(self, tensors: Mapping[str, Tensor]) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 96, 7, stride=2)
        self.fire2 = _Fire(96, 16, 64)
        self.fire3 = _Fire(128, 16, 64)
        self.fire4 = _Fire(128, 32, 128)
        self.fire5 = _Fire(256, 32, 128)
        self.fire6 = _Fire(256, 48, 192)
        self.fire7 = _Fire(384, 48, 192)
        self.fire8 = _Fire(384, 64, 256)
        _load(self, tensors, "SqueezeNet 1.0")
        self.register_buffer("mean", torch.tensor([104.0, 117.0, 123.0]).view(1, 3, 1, 1), persistent=False)

    def forward(self, image: Tensor) -> list[Tensor]:
        """Returns feature maps of pictures.

        Args:
            image: (N, 3, H, W), RGB in [0, 1], each side at least 32.

        Returns:
            The maps after conv1, fire4 and fire8, each place scaled to unit length over the channels, as
            LPIPS does, so that no layer outweighs the others. conv1 is evaluated at every pixel instead of
            every second one, and the rest for each of the four ways to take every second of its places: there
            are N maps after conv1, (N, 96, H - 6, W - 6), and 4N after fire4 and fire8. With the network's
            own stride of 2, a pattern on the pixels that it skips would cost nothing.
        """
        x = image.flip(1) * 255 - self.mean
        first = F.relu(F.conv2d(x, self.conv1.weight, self.conv1.bias))
        rows, columns = (side - 1 for side in first.shape[2:])
        starts = [(row, column) for row in (0, 1) for column in (0, 1)]
        x = torch.cat([first[:, :, y : y + rows : 2, x : x + columns : 2] for y, x in starts])
        x = F.max_pool2d(x, 3, 2, ceil_mode=True)
        fourth = self.fire4(self.fire3(self.fire2(x)))
        x = F.max_pool2d(fourth, 3, 2, ceil_mode=True)
        eighth = self.fire8(self.fire7(self.fire6(self.fire5(x))))
        return [F.normalize(maps, dim=1) for maps in (first, fourth, eighth)]


def _load(network: nn.Module, tensors: Mapping[str, Tensor], name: str) -> None:
    wanted = network.state_dict()
    wrong = [key for key, value in wanted.items() if key not in tensors or tensors[key].shape != value.shape]
    if wrong:
        raise ModelError(f"the feature weights are not those of {name}: '{wrong[0]}' is missing or differs")
    network.load_state_dict({key: tensors[key] for key in wanted})
    network.requires_grad_(False).eval()


def download_vgg19() -> Path:
    """Downloads torchvision's ImageNet weights of VGG19 (548 MB), once, to PyTorch's cache.

    Raises:
        ModelError: if it is not there and cannot be downloaded.
    """
    path = Path(torch.hub.get_dir()) / "checkpoints" / VGG19_FILE
    if not path.is_file():
        make_folder(path.parent)
        start = VGG19_FILE.removesuffix(".pth").split("-")[1]
        try:
            torch.hub.download_url_to_file(_VGG19_URL, str(path), hash_prefix=start)
        except (OSError, RuntimeError) as error:
            raise ModelError(
                f"VGG19's weights cannot be downloaded ({error}); get {VGG19_FILE} elsewhere and set "
                "loss.features_file, or set loss.features to squeezenet with a file, or to none"
            ) from None
    return path


def read_feature_weights(path: Path) -> dict[str, Tensor]:
    """Reads ``.pth``, ``.npz`` or ``.safetensors``; never executes code from the file.

    A file with torchvision's name, which ends in the start of its SHA-256, must have that hash.

    Raises:
        ModelError: if the file is missing, damaged or of another kind.
    """
    if not path.is_file():
        raise ModelError(
            f"{path}: no such file of feature weights; give the path of torchvision's {VGG19_FILE} or of a "
            "SqueezeNet 1.0 .npz, or set loss.features=none and loss.content_weight=0"
        )
    if path.name == VGG19_FILE:
        start = VGG19_FILE.removesuffix(".pth").split("-")[1]
        with path.open("rb") as file:
            if not hashlib.file_digest(file, "sha256").hexdigest().startswith(start):
                raise ModelError(f"{path}: its SHA-256 does not start with {start}; download it again")
    try:
        if path.suffix == ".npz":
            with np.load(path, allow_pickle=False) as arrays:
                return {name: torch.from_numpy(arrays[name]) for name in arrays.files}
        if path.suffix == ".safetensors":
            return load_file(path)
        tensors: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
        return tensors
    except (OSError, ValueError, EOFError, RuntimeError, SafetensorError, pickle.UnpicklingError) as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise ModelError(f"{path}: not readable feature weights ({reason})") from None
