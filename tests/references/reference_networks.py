"""Other people's networks as their papers and programs have them, written in PyTorch for the tests alone."""

import torch
from torch import nn
from torch.nn import functional as F

MEAN = torch.tensor([0.4488, 0.4371, 0.4040]).reshape(1, 3, 1, 1)


def conv(inputs, outputs, size=3):
    return nn.Conv2d(inputs, outputs, size, padding=size // 2)


class DenseBlock(nn.Module):
    def __init__(self, c, growth):
        super().__init__()
        for layer in range(5):
            setattr(self, f"conv{layer + 1}", conv(c + layer * growth, growth if layer < 4 else c))

    def forward(self, x):
        seen = x
        for layer in range(1, 5):
            seen = torch.cat((seen, F.leaky_relu(getattr(self, f"conv{layer}")(seen), 0.2)), 1)
        return self.conv5(seen) * 0.2 + x


class RRDB(nn.Module):
    def __init__(self, c, growth):
        super().__init__()
        self.rdb1, self.rdb2, self.rdb3 = (DenseBlock(c, growth) for _ in range(3))

    def forward(self, x):
        return self.rdb3(self.rdb2(self.rdb1(x))) * 0.2 + x


class RRDBNet(nn.Module):
    def __init__(self, blocks=2, c=8, growth=4, ups=2, unshuffle=1):
        super().__init__()
        self.unshuffle, self.ups = unshuffle, ups
        self.conv_first = conv(3 * unshuffle**2, c)
        self.body = nn.Sequential(*(RRDB(c, growth) for _ in range(blocks)))
        self.conv_body = conv(c, c)
        for number in range(ups):
            setattr(self, f"conv_up{number + 1}", conv(c, c))
        self.conv_hr, self.conv_last = conv(c, c), conv(c, 3)

    def forward(self, x):
        x = self.conv_first(F.pixel_unshuffle(x, self.unshuffle))
        x = x + self.conv_body(self.body(x))
        for number in range(self.ups):
            x = F.interpolate(x, scale_factor=2.0, mode="nearest")
            x = F.leaky_relu(getattr(self, f"conv_up{number + 1}")(x), 0.2)
        return self.conv_last(F.leaky_relu(self.conv_hr(x), 0.2))


class SRVGGNetCompact(nn.Module):
    def __init__(self, blocks=3, c=8, scale=4, activation="prelu"):
        super().__init__()
        self.scale = scale
        kinds = {"prelu": lambda: nn.PReLU(c), "relu": nn.ReLU, "leakyrelu": lambda: nn.LeakyReLU(0.1)}
        layers = [conv(3, c), kinds[activation]()]
        for _ in range(blocks):
            layers += [conv(c, c), kinds[activation]()]
        self.body = nn.ModuleList([*layers, conv(c, 3 * scale**2)])

    def forward(self, x):
        y = x
        for layer in self.body:
            y = layer(y)
        return F.pixel_shuffle(y, self.scale) + F.interpolate(x, scale_factor=self.scale, mode="nearest")


class ResidualBlock(nn.Module):
    def __init__(self, c, share=1.0):
        super().__init__()
        self.conv1, self.conv2, self.share = conv(c, c), conv(c, c), share

    def forward(self, x):
        return x + self.conv2(F.relu(self.conv1(x))) * self.share


class MSRResNet(nn.Module):
    def __init__(self, blocks=2, c=8, scale=4):
        super().__init__()
        self.scale, self.side = scale, 3 if scale == 3 else 2
        self.conv_first = conv(3, c)
        self.body = nn.Sequential(*(ResidualBlock(c) for _ in range(blocks)))
        self.upconv1 = conv(c, c * self.side**2)
        if scale == 4:
            self.upconv2 = conv(c, c * 4)
        self.conv_hr, self.conv_last = conv(c, c), conv(c, 3)

    def forward(self, x):
        y = self.body(F.leaky_relu(self.conv_first(x), 0.1))
        y = F.leaky_relu(F.pixel_shuffle(self.upconv1(y), self.side), 0.1)
        if self.scale == 4:
            y = F.leaky_relu(F.pixel_shuffle(self.upconv2(y), 2), 0.1)
        y = self.conv_last(F.leaky_relu(self.conv_hr(y), 0.1))
        return y + F.interpolate(x, scale_factor=self.scale, mode="bilinear", align_corners=False)


class EDSR(nn.Module):
    def __init__(self, blocks=2, c=8, scale=4, share=1.0):
        super().__init__()
        self.conv_first = conv(3, c)
        self.body = nn.Sequential(*(ResidualBlock(c, share) for _ in range(blocks)))
        self.conv_after_body = conv(c, c)
        sides = {2: (2,), 3: (3,), 4: (2, 2), 8: (2, 2, 2)}[scale]
        self.upsample = nn.Sequential(
            *(layer for side in sides for layer in (conv(c, c * side**2), nn.PixelShuffle(side)))
        )
        self.conv_last = conv(c, 3)

    def forward(self, x):
        y = self.conv_first((x - MEAN.to(x)) * 255)
        y = self.upsample(y + self.conv_after_body(self.body(y)))
        return self.conv_last(y) / 255 + MEAN.to(x)


class Conv3XC(nn.Module):
    """As it is evaluated: the three convolutions and the one beside them, at a border as one 3x3."""

    def __init__(self, inputs, outputs, gain=2):
        super().__init__()
        self.sk = nn.Conv2d(inputs, outputs, 1)
        self.conv = nn.Sequential(
            nn.Conv2d(inputs, inputs * gain, 1),
            nn.Conv2d(inputs * gain, outputs * gain, 3),
            nn.Conv2d(outputs * gain, outputs, 1),
        )
        self.eval_conv = conv(inputs, outputs)  # never brought up to date here

    def forward(self, x):
        # Beyond the border a merged 3x3 sees zeros, the first of the three would see its bias.
        inner = F.conv2d(F.pad(x, (1, 1, 1, 1)), self.conv[0].weight)
        constant = F.conv2d(torch.ones(1, 1, 3, 3).to(x), self.conv[0].bias.reshape(-1, 1, 1, 1))
        constant = self.conv[2](self.conv[1](constant))
        linear = F.conv2d(F.conv2d(inner, self.conv[1].weight), self.conv[2].weight)
        return linear + constant + self.sk(x)


class SPAB(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.c1_r, self.c2_r, self.c3_r = (Conv3XC(c, c) for _ in range(3))

    def forward(self, x):
        inner = F.silu(self.c1_r(x))  # in place in the authors' program
        y = self.c3_r(F.silu(self.c2_r(inner)))
        return (y + x) * (torch.sigmoid(y) - 0.5), inner


class SPAN(nn.Module):
    def __init__(self, c=8, scale=4, norm=True):
        super().__init__()
        self.norm = norm
        if not norm:
            self.register_buffer("no_norm", torch.zeros(1))
        self.conv_1, self.conv_2 = Conv3XC(3, c), Conv3XC(c, c)
        for number in range(6):
            setattr(self, f"block_{number + 1}", SPAB(c))
        self.conv_cat = conv(4 * c, c, 1)
        self.upsampler = nn.Sequential(conv(c, 3 * scale**2), nn.PixelShuffle(scale))

    def forward(self, x):
        head = x = self.conv_1((x - MEAN.to(x)) * 255 if self.norm else x)
        results = []
        for number in range(6):
            x, inner = getattr(self, f"block_{number + 1}")(x)
            results.append(x)
        return self.upsampler(self.conv_cat(torch.cat((head, self.conv_2(x), results[0], inner), 1)))


def random_network(network, last, seed=0):
    """The network with weights whose results lie mostly in [0, 1] and depend on the picture.

    Args:
        network: any of those above.
        last: name of its last convolution.
        seed: of the weights.
    """
    torch.manual_seed(seed)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if parameter.ndim == 4:
                nn.init.kaiming_normal_(parameter, nonlinearity="leaky_relu")
            elif name.endswith("bias"):
                parameter.uniform_(-0.1, 0.1)
            else:
                parameter.uniform_(0.05, 0.4)  # slopes
        layer = network.get_submodule(last)
        some = torch.rand(1, 3, 24, 24)
        layer.bias.zero_()
        weight = layer.weight.clone()
        layer.weight.zero_()
        base = network(some)
        layer.weight.copy_(weight)
        details = network(some) - base
        layer.weight *= 0.15 / details.std()
        # What a bias of 1 adds to the result: 1, but for networks that calculate from 0 to 255.
        layer.bias += 1.0
        unit = (network(some) - base - details * 0.15 / details.std()).mean()
        layer.bias.zero_()
        layer.bias += (0.5 - network(some).mean()) / unit
    return network.eval()
