"""Damage: from a whole file and a number, always the same broken one."""

import re
from collections.abc import Callable, Sequence
from random import Random

_TOKENS = re.compile(rb'"[^"\n]{0,200}"|[\w.+-]{1,200}')
_SMALL = (0, 1, 2, 4, 7, 8, 15, 16, 255, 256, 1000, 4096)
_EDGES = (*_SMALL, 16_383, 32_767, 65_535, 65_536, 2**24, 2**31 - 1, 2**32 - 1)


def mutated(seeds: Sequence[bytes], words: Sequence[bytes], random: Random) -> bytes:
    """One of the seeds, damaged.

    Args:
        seeds: whole files.
        words: what means something in the format, to be put in.
        random: decides all.
    """
    data = bytearray(random.choice(seeds))
    for _ in range(random.choice((1, 1, 2, 3, 5, 12))):
        random.choice(_WAYS)(data, seeds, words, random)
    return bytes(data)


def _place(data: bytearray, random: Random) -> int:
    """Anywhere; every second time near the beginning, where headers lie."""
    end = min(len(data), 64) if random.random() < 0.5 else len(data)
    return random.randrange(max(1, end))


def _flip(data: bytearray, _seeds: Sequence[bytes], _words: Sequence[bytes], random: Random) -> None:
    if data:
        data[_place(data, random)] ^= 1 << random.randrange(8)


def _set(data: bytearray, _seeds: Sequence[bytes], _words: Sequence[bytes], random: Random) -> None:
    if data:
        data[_place(data, random)] = random.choice((0, 1, 127, 128, 255, random.randrange(256)))


def _number(data: bytearray, _seeds: Sequence[bytes], _words: Sequence[bytes], random: Random) -> None:
    size, place = random.choice((2, 4, 8)), _place(data, random)
    value = random.choice(_EDGES) % 2 ** (8 * size)
    data[place : place + size] = value.to_bytes(size, random.choice(("little", "big")))


def _cut(data: bytearray, _seeds: Sequence[bytes], _words: Sequence[bytes], random: Random) -> None:
    del data[random.randrange(len(data) + 1) :]


def _remove(data: bytearray, _seeds: Sequence[bytes], _words: Sequence[bytes], random: Random) -> None:
    place = _place(data, random)
    del data[place : place + random.choice((1, 2, 4, 16, 100))]


def _repeat(data: bytearray, _seeds: Sequence[bytes], _words: Sequence[bytes], random: Random) -> None:
    place = _place(data, random)
    piece = data[place : place + random.choice((1, 4, 16, 100))]
    data[place:place] = piece * random.choice((1, 1, 2, 50))


def _fill(data: bytearray, _seeds: Sequence[bytes], _words: Sequence[bytes], random: Random) -> None:
    place, size = _place(data, random), random.choice((4, 16, 100))
    data[place : place + size] = random.randbytes(size)


def _join(data: bytearray, seeds: Sequence[bytes], _words: Sequence[bytes], random: Random) -> None:
    other = random.choice(seeds)
    data[_place(data, random) :] = other[random.randrange(len(other) + 1) :]


def _word(data: bytearray, _seeds: Sequence[bytes], words: Sequence[bytes], random: Random) -> None:
    if words:
        word, place = random.choice(words), _place(data, random)
        data[place : place + random.choice((0, len(word)))] = word


def _token(data: bytearray, _seeds: Sequence[bytes], words: Sequence[bytes], random: Random) -> None:
    """Another word for a number, a name or a text in quotation marks; what is around it stays."""
    tokens = [match.span() for match in _TOKENS.finditer(data, 0, 20_000)]
    if tokens and words:
        start, end = random.choice(tokens)
        other = bytes(data[slice(*random.choice(tokens))])
        data[start:end] = random.choice((*words, b"", b"0", b"-1", b"1e300", other))


_WAYS: tuple[Callable[[bytearray, Sequence[bytes], Sequence[bytes], Random], None], ...] = (
    _flip,
    _set,
    _number,
    _cut,
    _remove,
    _repeat,
    _fill,
    _join,
    _word,
    _token,
    _token,
)
