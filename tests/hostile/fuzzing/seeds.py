"""Whole files, small and of many kinds, from which damaged ones are made."""

import io
import tempfile
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image, PngImagePlugin

_PIXELS = np.stack(np.meshgrid(np.arange(24) * 10, np.arange(16) * 15) * 2, axis=2)
RGB = Image.fromarray(_PIXELS[..., :3].astype(np.uint8))
RGBA = Image.fromarray(_PIXELS.astype(np.uint8))
GREY = RGB.convert("L")
DEEP = Image.fromarray(_PIXELS[..., 0].astype(np.uint16) * 256)
_OTHERS = [Image.fromarray(np.roll(_PIXELS[..., :3], 3, axis=1).astype(np.uint8))]
_EXIF = Image.Exif()
_EXIF[0x0112] = 6
_EXIF[0x010F] = "maker"


def _saved(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def _profile() -> bytes:
    from PIL import ImageCms

    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def png() -> list[bytes]:
    """8 and 16 bits, a palette, transparency, interlaced, moving, with texts, profile and EXIF."""
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Title", "a")
    texts.add_itxt("XML:com.adobe.xmp", "<x/>", zip=True)
    return [
        _saved(RGB, "png", pnginfo=texts, icc_profile=_profile(), exif=_EXIF, dpi=(72, 72)),
        _saved(RGBA, "png"),
        _saved(DEEP, "png"),
        _saved(RGB.quantize(16), "png", transparency=3),
        _saved(GREY, "png", transparency=10),
        _saved(RGB, "png", save_all=True, append_images=_OTHERS, duration=40),
        _deep_png(),
    ]


def _deep_png() -> bytes:
    import pyvips

    return bytes(pyvips.Image.new_from_array(_PIXELS.astype(np.uint16) * 256).pngsave_buffer(interlace=True))


def jpeg() -> list[bytes]:
    """Baseline and progressive, grey, CMYK, with EXIF and a profile, MPO."""
    return [
        _saved(RGB, "jpeg", exif=_EXIF, icc_profile=_profile(), comment=b"c"),
        _saved(RGB, "jpeg", progressive=True, subsampling=0),
        _saved(GREY, "jpeg"),
        _saved(RGB.convert("CMYK"), "jpeg"),
        _saved(RGB, "mpo", save_all=True, append_images=_OTHERS),
        _saved(RGB, "jpeg", restart_marker_blocks=1),
    ]


def webp() -> list[bytes]:
    """Lossy and lossless, transparent, moving, with what pictures carry."""
    return [
        _saved(RGB, "webp", exif=_EXIF, icc_profile=_profile(), xmp=b"<x/>"),
        _saved(RGBA, "webp", lossless=True),
        _saved(RGBA, "webp"),
        _saved(RGB, "webp", save_all=True, append_images=_OTHERS, duration=40),
    ]


def tiff() -> list[bytes]:
    """Samples of several depths, tiles, BigTIFF, compressions, pages, planes."""
    import pyvips
    import tifffile

    rgb = _PIXELS[..., :3].astype(np.uint8)
    made = [
        _saved(RGB, "tiff", exif=_EXIF, icc_profile=_profile()),
        _saved(RGB.convert("CMYK"), "tiff", compression="tiff_lzw"),
        _saved(GREY.convert("1"), "tiff", compression="group4"),
        _saved(RGB, "tiff", compression="jpeg"),
        _saved(RGB, "tiff", compression="tiff_adobe_deflate", save_all=True, append_images=_OTHERS),
        _saved(RGB.quantize(16), "tiff"),
    ]
    image = pyvips.Image.new_from_array(rgb)
    made.append(bytes(image.tiffsave_buffer(tile=True, tile_width=16, tile_height=16, bigtiff=True)))
    options = {"compression": "deflate", "predictor": "horizontal", "subifd": True, "pyramid": True}
    made.append(bytes(image.tiffsave_buffer(**options)))
    for array, options in (
        (_PIXELS.astype(np.uint16) * 256, {"photometric": "rgb", "extrasamples": ["unassalpha"]}),
        (rgb.astype(np.float32) / 255, {"photometric": "rgb"}),
        (np.moveaxis(rgb, 2, 0), {"photometric": "rgb", "planarconfig": "separate"}),
        (_PIXELS[..., 0].astype(np.uint16), {"photometric": "minisblack", "byteorder": ">"}),
    ):
        buffer = io.BytesIO()
        order = options.pop("byteorder", "<")
        tifffile.imwrite(buffer, array, byteorder=order, metadata=None, **options)
        made.append(buffer.getvalue())
    return made


def bmp() -> list[bytes]:
    """1, 8, 24 and 32 bits."""
    images = (RGB, RGBA, GREY, GREY.convert("1"), RGB.quantize(16))
    return [_saved(image, "bmp") for image in images]


def gif() -> list[bytes]:
    """Still and moving, transparent, interlaced."""
    return [
        _saved(RGB, "gif"),
        _saved(RGBA, "gif"),
        _saved(RGB, "gif", save_all=True, append_images=_OTHERS, duration=40, loop=0, comment=b"c"),
        _saved(RGB, "gif", interlace=True),
    ]


def avif() -> list[bytes]:
    """8 and 10 bits, transparent, moving, with EXIF."""
    import pyvips

    deep = pyvips.Image.new_from_array(_PIXELS.astype(np.uint16) * 256)
    return [
        _saved(RGB, "avif", exif=_EXIF, icc_profile=_profile()),
        _saved(RGBA, "avif"),
        _saved(RGB, "avif", save_all=True, append_images=_OTHERS, duration=40),
        bytes(deep.heifsave_buffer(compression="av1", bitdepth=10)),
    ]


def heic() -> list[bytes]:
    """8 and 10 bits, transparent, with EXIF, of several pictures."""
    import pillow_heif

    def saved(image: Image.Image, **options: object) -> bytes:
        buffer = io.BytesIO()
        pillow_heif.from_pillow(image).save(buffer, **options)
        return buffer.getvalue()

    deep = pillow_heif.HeifFile()
    deep.add_frombytes("RGB;16", (24, 16), (_PIXELS[..., :3].astype(np.uint16) * 256).tobytes())
    buffer = io.BytesIO()
    deep.save(buffer)
    several = io.BytesIO()
    pair = pillow_heif.from_pillow(RGB)
    pair.add_from_pillow(_OTHERS[0])
    pair.save(several)
    return [saved(RGB, exif=_EXIF.tobytes()), saved(RGBA), saved(GREY), buffer.getvalue(), several.getvalue()]


def film(ending: str, *codecs: str, sound: str | None = None) -> Callable[[], list[bytes]]:
    """Makes films of ten frames, one a codec, with sound if asked for."""
    return lambda: [_film(ending, codec, sound) for codec in codecs]


def _film(ending: str, codec: str, sound: str | None) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"film{ending}"
        with av.open(str(path), "w") as out:
            options = {"x265-params": "log-level=none"} if codec == "libx265" else {}
            video = out.add_stream(codec, rate=25, options=options)
            video.width, video.height, video.gop_size = 64, 48, 5
            video.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
            video.codec_context.thread_count = 1
            audio = out.add_stream(sound, rate=48000) if sound else None
            for number in range(10):
                row = np.roll(_PIXELS[..., :3], number, axis=1).astype(np.uint8)
                frame = av.VideoFrame.from_ndarray(np.tile(row, (3, 3, 1))[:, :64].copy(), format="rgb24")
                frame.pts, frame.time_base = number, Fraction(1, 25)
                out.mux(video.encode(frame))
                if audio is not None:
                    size = audio.codec_context.frame_size or 1024
                    samples = np.zeros((audio.codec_context.channels, size), np.float32)
                    tone = av.AudioFrame.from_ndarray(samples, format="fltp", layout=audio.layout.name)
                    tone.sample_rate, tone.pts = 48000, number * size
                    out.mux(audio.encode(tone))
            for stream in (video, audio):
                if stream is not None:
                    out.mux(stream.encode(None))
        return path.read_bytes()


def y4m() -> list[bytes]:
    """4:2:0 and 4:4:4, with and without the numbers that may be left out."""
    random = np.random.default_rng(0)
    made = []
    for head, size in (
        (b"YUV4MPEG2 W16 H8 F25:1 Ip A1:1 C420jpeg\n", 192),
        (b"YUV4MPEG2 W16 H8 F30000:1001 C444\n", 384),
        (b"YUV4MPEG2 W16 H8 F24:1 Cmono\n", 128),
    ):
        frames = [b"FRAME\n" + random.integers(0, 256, size, np.uint8).tobytes() for _ in range(4)]
        made.append(head + b"".join(frames))
    return made
