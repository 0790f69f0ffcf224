"""A code in letters so large that it can be read from across a room: three lines of half blocks for each."""

from __future__ import annotations

# Five rows of five dots each, as hexadecimal digits of two for a row; no two glyphs that a code may hold look alike.
GLYPHS = {
    "A": "0e111f1111", "B": "1e111e111e", "C": "0f1010100f", "D": "1e1111111e", "E": "1f101e101f", "F": "1f101e1010",
    "G": "0f1013110f", "H": "11111f1111", "I": "0e0404040e", "J": "070101110e", "K": "11121c1211", "L": "101010101f",
    "M": "111b151111", "N": "1119151311", "O": "0e1111110e", "P": "1e111e1010", "Q": "0e1115120d", "R": "1e111e1211",
    "S": "0f100e011e", "T": "1f04040404", "U": "111111110e", "V": "11110a0a04", "W": "1111151b11", "X": "110a040a11",
    "Y": "110a040404", "Z": "1f0204081f", "0": "0e1315190e", "1": "040c04040e", "2": "1e010e101f", "3": "1e010e011e",
    "4": "12121f0202", "5": "1f101e011e", "6": "0e101e110e", "7": "1f01020408", "8": "0e110e110e", "9": "0e110f010e",
    "-": "00000e0000",
}  # fmt: skip
ROWS = 5
BLOCKS = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}


def big(text: str, width: int) -> list[str]:
    """The lines that show a text large; none where it does not fit, or holds what there is no glyph for."""
    glyphs = [_dots(GLYPHS[letter]) for letter in text.upper() if letter in GLYPHS]
    if len(glyphs) != len(text) or not text or len(text) * 6 > width:
        return []
    rows = [[dot for glyph in glyphs for dot in (*glyph[row], False)] for row in range(ROWS)]
    rows.append([False] * len(rows[0]))
    return ["".join(BLOCKS[pair] for pair in zip(rows[top], rows[top + 1], strict=True)).rstrip() for top in range(0, ROWS + 1, 2)]


def _dots(glyph: str) -> list[list[bool]]:
    values = [int(glyph[index : index + 2], 16) for index in range(0, ROWS * 2, 2)]
    return [[bool(value >> shift & 1) for shift in (4, 3, 2, 1, 0)] for value in values]
