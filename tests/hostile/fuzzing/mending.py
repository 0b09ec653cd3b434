"""Check sums made right again, so that damage is not refused for them alone."""

import io
import struct
import zipfile
import zlib


def png(data: bytes) -> bytes:
    """A PNG with the sums of its chunks."""
    out, place = bytearray(data), 8
    while place + 12 <= len(out):
        (length,) = struct.unpack_from(">I", out, place)
        end = place + 8 + length
        if end + 4 > len(out):
            break
        struct.pack_into(">I", out, end, zlib.crc32(out[place + 4 : end]))
        place = end + 4
    return bytes(out)


def archive(data: bytes) -> bytes:
    """A zip file with the sums of its members, as far as they are stored and can be found."""
    out = bytearray(data)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as opened:
            members, start = opened.infolist(), opened.start_dir
        for member in members:
            name, extra = struct.unpack_from("<HH", out, member.header_offset + 26)
            begin = member.header_offset + 30 + name + extra
            check = zlib.crc32(out[begin : begin + member.file_size])
            struct.pack_into("<I", out, member.header_offset + 14, check)
            struct.pack_into("<I", out, start + 16, check)
            start += 46 + sum(struct.unpack_from("<HHH", out, start + 28))
    except (zipfile.BadZipFile, struct.error, NotImplementedError, ValueError, EOFError):
        pass
    return bytes(out)
