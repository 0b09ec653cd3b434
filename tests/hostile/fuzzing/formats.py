"""All kinds of input, by name: how whole ones are made, and how they are read."""

from collections.abc import Callable
from pathlib import Path

from fuzzing import apart, http_requests, mending, model_seeds, readers, seeds
from fuzzing.batches import Format

_RECIPES = Path(__file__).parents[3] / "src" / "srgan" / "training" / "recipes"
_FACES = [f"{name}/{name}_{number:04}.jpg" for name in ("Abel", "Bea", "A", "B") for number in range(1, 5)]


def _words(*words: str) -> list[bytes]:
    return [word.encode("latin-1") for word in words]


# What means something in a format.
_PNG = _words("acTL", "fcTL", "fdAT", "eXIf", "zTXt", "iCCP", "PLTE", "tRNS", "cICP", "\xff\xff\xff\xff")
_JPEG = _words("\xff\xd9", "\xff\xc0", "\xff\xc2", "\xff\xda", "\xff\xdd", "Exif\0\0", "ICC_PROFILE\0")
_WEBP = _words("VP8X", "VP8L", "VP8 ", "ANIM", "ANMF", "ALPH", "ICCP")
_GIF = _words("\x21\xf9\x04", "\x21\xff\x0b", "\x2c", "\x3b", "NETSCAPE2.0")
_HEIF = _words(
    "meta", "iprp", "ispe", "pixi", "colr", "irot", "imir", "clap", "iref", "grid", "auxC", "\0" * 4
)
_MP4 = _words(
    "moov", "trak", "stsd", "stts", "ctts", "stsc", "stco", "elst", "moof", "trun", "uuid", "\0" * 4
)
_AVI = _words("movi", "idx1", "strh", "strf", "LIST")
_Y4M = _words("FRAME\n", " W", " H", " C420p10", " F0:0", " W999999999", "\n")
_TOML = _words(
    "[", "]", "=", '"', "'''", "nan", "inf", "-1", "true", "1e999", "9" * 400, "{}", "\0", "1979-05-27"
)
_JSON = _words("null", "[]", "{}", "-1", "1e999", "NaN", '"a"', "true", "9" * 400, "[" * 2000, "\\ud800", ",")
_PICKLE = _words("cos\nsystem\n", "cbuiltins\neval\n", "R", ".", "b", "\x81", "}", "]", "0", "2", "Q", "r")
_ONNX = _words("Conv", "Resize", "Loop", "If", "DepthToSpace", "\xff\xff\xff\xff\x0f")
_NCNN = _words(
    "0=", "-23303=", "1e9", "-1", "nan", "inf", "Split", "Interp", "PixelShuffle", "BinaryOp", "\n"
)
_CSV = _words(
    '"', ",", "\n", "\0", "\r", "first,second,same\n", "a" * 300, "a" * 200_000, "/etc/passwd", "\xff"
)
_LFW = _words("\t", "\n", "9" * 5000, "\xc2\xb2", "\xd9\xa3", "\0", "/../", "a" * 300, "-1", "\x85")
_HTTP = _words(
    "--x1y2", "--x1y2--", "\r\n\r\n", 'name="file"', 'name="quality"', "filename*=", "&detail=2", "%00"
)


def _recipes() -> list[bytes]:
    return [path.read_bytes() for path in sorted(_RECIPES.glob("*.toml"))]


def _csv() -> list[bytes]:
    head = b"first,second,same\n"
    return [head + b"a.jpg,b.jpg,1\na.jpg,c.jpg,0\n", head + b'"a,1.jpg","b.jpg",1\nb.jpg,c.jpg,0\n']


def _lfw() -> list[bytes]:
    return [b"10\t300\nAbel 1 4\nAbel 2 Bea 3\n", b"2\nA 1 2\nB 1 A 1\n"]


def _coco() -> list[bytes]:
    box = b'{"image_id": 7, "category_id": 1, "bbox": [1, 2, 3.5, 4], "area": 14, "iscrowd": 0, "id": 1}'
    images = b'[{"id": 7, "file_name": "a.png"}, {"id": 9, "file_name": "b.png"}]'
    return [
        b'{"images": %s, "annotations": [%s, %s], "categories": [{"id": 1}, {"id": 2}]}' % (images, box, box),
        b'{"images": %s, "annotations": [], "categories": [{"id": 1}]}' % images,
    ]


def _picture(ending: str, make: Callable[[], list[bytes]], words: list[bytes] | None = None) -> Format:
    mend = mending.png if ending == ".png" else None
    return Format(ending=ending, seeds=make, read=readers.picture, words=words or [], mend=mend)


def _film(ending: str, *codecs: str, sound: str | None = None, words: list[bytes] | None = None) -> Format:
    return Format(
        ending=ending, seeds=seeds.film(ending, *codecs, sound=sound), read=readers.film, words=words or []
    )


FORMATS = {
    "png": _picture(".png", seeds.png, _PNG),
    "jpeg": _picture(".jpg", seeds.jpeg, _JPEG),
    "webp": _picture(".webp", seeds.webp, _WEBP),
    "tiff": _picture(".tif", seeds.tiff),
    "bmp": _picture(".bmp", seeds.bmp),
    "gif": _picture(".gif", seeds.gif, _GIF),
    "avif": _picture(".avif", seeds.avif, _HEIF),
    "heic": _picture(".heic", seeds.heic, _HEIF),
    "mp4": _film(".mp4", "libx264", "libx265", "mpeg4", sound="aac", words=_MP4),
    "mkv": _film(".mkv", "libx264", "ffv1", "libvpx-vp9", sound="aac"),
    "webm": _film(".webm", "libvpx", "libvpx-vp9", sound="libopus"),
    "avi": _film(".avi", "mpeg4", "mjpeg", "ffv1", words=_AVI),
    "y4m": Format(ending=".y4m", seeds=seeds.y4m, read=readers.piped_film, words=_Y4M),
    "safetensors": Format(
        ending=".safetensors", seeds=model_seeds.safetensors, read=readers.network, words=_JSON
    ),
    "pth": Format(
        ending=".pth", seeds=model_seeds.pth, read=readers.network, words=_PICKLE, mend=mending.archive
    ),
    "onnx": Format(
        ending=".onnx",
        seeds=model_seeds.onnx,
        read=readers.network,
        words=_ONNX,
        prepare=apart.examine_onnx_here,
        contained=frozenset(("crash",)),
    ),
    "ncnn": Format(ending=".param", seeds=model_seeds.ncnn, read=readers.ncnn, words=_NCNN),
    "h5": Format(
        ending=".h5",
        seeds=model_seeds.h5,
        read=readers.keras,
        words=_JSON,
        prepare=apart.read_keras_here,
        contained=frozenset(("crash", "hang", "standstill")),
        seconds=5,  # HDF5 loops endlessly on some; the program gives it 30
        mend=mending.archive,
    ),
    "toml": Format(ending=".toml", seeds=_recipes, read=readers.recipe, words=_TOML),
    "pairs-csv": Format(
        ending=".csv",
        seeds=_csv,
        read=readers.pairs,
        words=_CSV,
        prepare=readers.make_faces(["a.jpg", "b.jpg", "c.jpg", "a,1.jpg"]),
    ),
    "pairs-txt": Format(
        ending=".txt", seeds=_lfw, read=readers.pairs, words=_LFW, prepare=readers.make_faces(_FACES)
    ),
    "coco": Format(ending=".json", seeds=_coco, read=readers.annotations, words=_JSON),
    "http": Format(
        ending=".http",
        seeds=http_requests.seeds,
        read=http_requests.ask,
        words=_HTTP,
        prepare=http_requests.prepare,
    ),
}
