"""Writes networks in ncnn's two files, as its converters do, and says in PyTorch what they compute."""

import numpy as np
import torch
from torch.nn import functional as F

FLOAT16 = 0x01306B47


class NcnnWriter:
    """Collects layers; each is told what it takes and what it makes by name."""

    def __init__(self, seed=0, half=False):
        self.random = np.random.default_rng(seed)
        self.half = half
        self.lines, self.weights, self.blobs = [], b"", 0

    def layer(self, kind, inputs, outputs, params=""):
        inputs, outputs = inputs.split(), outputs.split()
        counts = f"{len(inputs)} {len(outputs)}"
        self.lines.append(
            " ".join([f"{kind:16} {kind}_{len(self.lines)} {counts}", *inputs, *outputs, params])
        )
        self.blobs += len(outputs)

    def numbers(self, *shape, low=-1.0, high=1.0):
        """Weights of 32 bits, without a mark."""
        values = self.random.uniform(low, high, shape).astype(np.float32)
        self.weights += values.astype("<f4").tobytes()
        return torch.from_numpy(values)

    def conv(self, x, y, inputs, outputs, size=3, *, params="", pad=None, bias=True):
        """A convolution; gives its function in PyTorch."""
        pad = size // 2 if pad is None else pad
        count = outputs * inputs * size**2
        said = f"0={outputs} 1={size} 4={pad} 5={int(bias)} 6={count} {params}"
        self.layer("Convolution", x, y, said.strip())
        weight = self.random.standard_normal((outputs, inputs, size, size)) / np.sqrt(inputs * size**2)
        weight = weight.astype(np.float16 if self.half else np.float32)
        self.weights += (FLOAT16 if self.half else 0).to_bytes(4, "little") + weight.tobytes()
        self.weights += b"\0" * (-len(self.weights) % 4)
        weight = torch.from_numpy(weight.astype(np.float32))
        offset = self.numbers(outputs, low=-0.1, high=0.1) if bias else None
        return lambda x: F.conv2d(
            x, weight.to(x), None if offset is None else offset.to(x), padding=size // 2
        )

    def save(self, path):
        head = f"7767517\n{len(self.lines)} {self.blobs}\n"
        path.with_suffix(".param").write_text(head + "\n".join(self.lines) + "\n")
        path.with_suffix(".bin").write_bytes(self.weights)
        return path.with_suffix(".param")


def dense(writer):
    """In the manner of an RRDBNet, 2x: joined channels, sums with factors, nearest enlargement."""
    leaky = "9=2 -23310=1,2.000000e-01"
    writer.layer("Input", "", "data")
    first = writer.conv("data", "a", 3, 8)
    writer.layer("Split", "a", "a0 a1 a2 a3")
    second = writer.conv("a0", "b", 8, 4, params=leaky)
    writer.layer("Concat", "a1 b", "c")
    third = writer.conv("c", "d", 12, 8)
    writer.layer("Eltwise", "d a2", "e", "0=1 -23301=2,2.000000e-01,1.000000e+00")
    fourth = writer.conv("e", "f", 8, 8, bias=False)
    writer.layer("BinaryOp", "a3 f", "g", "0=0")
    writer.layer("Interp", "g", "h", "0=1 1=2.000000e+00 2=2.000000e+00")
    fifth = writer.conv("h", "i", 8, 8, params="9=1")
    sixth = writer.conv("i", "output", 8, 3)

    def forward(x):
        a = first(x)
        d = third(torch.cat((a, F.leaky_relu(second(a), 0.2)), 1))
        g = a + fourth(0.2 * d + a)
        return sixth(F.relu(fifth(F.interpolate(g, scale_factor=2.0, mode="nearest"))))

    return forward, 2


def compact(writer, final="bicubic"):
    """In the manner of realesr-animevideov3-x3: made 4x, then resized by three quarters."""
    writer.layer("Input", "", "data", "0=0 1=0 2=3")
    writer.layer("Split", "data", "data0 data1")
    first = writer.conv("data0", "a", 3, 8)
    writer.layer("PReLU", "a", "b", "0=8")
    slopes = writer.numbers(8, low=0.0, high=0.4)
    last = writer.conv("b", "c", 8, 48)
    writer.layer("PixelShuffle", "c", "d", "0=4")
    writer.layer("Interp", "data1", "e", "0=1 1=4.000000e+00 2=4.000000e+00")
    writer.layer("BinaryOp", "d e", "f" if final else "output")
    if final:
        kind = {"bilinear": 2, "bicubic": 3}[final]
        writer.layer("Interp", "f", "output", f"0={kind} 1=7.500000e-01 2=7.500000e-01")

    def forward(x):
        details = F.pixel_shuffle(last(F.prelu(first(x), slopes.to(x))), 4)
        y = details * 1.0 + F.interpolate(x, scale_factor=4.0, mode="nearest")
        if not final:
            return y
        return F.interpolate(y, scale_factor=0.75, mode=final, align_corners=False)

    return forward, 3 if final else 4


def assorted(writer):
    """The other kinds of layers, 1x, of pixels that are put into channels first."""
    writer.layer("Input", "", "data")
    writer.layer("BinaryOp", "data", "data0", "0=1 1=1 2=5.000000e-01")
    writer.layer("Reorg", "data0", "a", "0=2")
    first = writer.conv("a", "b", 12, 8, params="9=4")
    writer.layer("Padding", "b", "c", "0=1 1=1 2=1 3=1 4=0")
    second = writer.conv("c", "d", 8, 8, pad=0, params="9=3 -23310=2,-2.000000e+00,2.000000e+00")
    writer.layer("BatchNorm", "d", "e", "0=8 1=1.000000e-03")
    slope, mean = writer.numbers(8, low=0.5, high=1.5), writer.numbers(8)
    variance, bias = writer.numbers(8, low=0.5, high=1.5), writer.numbers(8)
    writer.layer("Split", "e", "e0 e1 e2")
    writer.layer("Swish", "e0", "f")
    writer.layer("Sigmoid", "e1", "g")
    writer.layer("BinaryOp", "f g", "h", "0=2")
    writer.layer("MemoryData", "", "constant", "0=1 1=1 2=8")
    constant = writer.numbers(8)
    writer.layer("BinaryOp", "h constant", "i", "0=1")
    writer.layer("TanH", "e2", "j")
    writer.layer("Eltwise", "i j", "k", "0=0")
    writer.layer("Dropout", "k", "l")
    writer.layer("Noop", "l", "m")
    writer.layer("Scale", "m", "n", "0=8 1=1")
    gain, offset = writer.numbers(8), writer.numbers(8)
    writer.layer("ReLU", "n", "o", "0=1.000000e-01")
    writer.layer("Interp", "o", "p", "0=2 1=2.000000e+00 2=2.000000e+00")
    third = writer.conv("p", "q", 8, 12, size=5)
    writer.layer("BinaryOp", "q", "r", "0=7 1=1 2=2.500000e-01")
    writer.layer("PixelShuffle", "r", "s", "0=2 1=1")
    writer.layer("BinaryOp", "s", "t", "0=3 1=1 2=4.000000e+00")
    writer.layer("Interp", "t", "u", "0=3 1=5.000000e-01 2=5.000000e-01")
    writer.layer("BinaryOp", "u", "v", "0=0 1=1 2=5.000000e-01")
    writer.layer("Clip", "v", "output", "0=0.000000e+00 1=1.000000e+00")

    def channels(tensor, x):
        return tensor.to(x).reshape(1, -1, 1, 1)

    def forward(x):
        d = second(torch.sigmoid(first(F.pixel_unshuffle(x - 0.5, 2)))).clamp(-2, 2)
        e = F.batch_norm(d, mean.to(x), variance.to(x), slope.to(x), bias.to(x), eps=1e-3)
        k = (F.silu(e) * torch.sigmoid(e) - channels(constant, x)) * torch.tanh(e)
        o = F.leaky_relu(k * channels(gain, x) + channels(offset, x), 0.1)
        q = 0.25 - third(F.interpolate(o, scale_factor=2.0, mode="bilinear", align_corners=False))
        s = F.pixel_shuffle(q.unflatten(1, (4, 3)).transpose(1, 2).flatten(1, 2), 2) / 4
        return F.interpolate(s, scale_factor=0.5, mode="bicubic", align_corners=False) + 0.5

    return forward, 1
