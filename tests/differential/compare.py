"""Cells of two results: when they are the same, and how they differ."""

import dataclasses
import decimal
import math

RELATIVE_TOLERANCE = 1e-9
# near zero: rates and sentiments are of the order of 1
ABSOLUTE_TOLERANCE = 1e-12
NUMBERS = (int, float, decimal.Decimal)
CELL_CHARACTERS_SHOWN = 80


@dataclasses.dataclass
class Result:
    """Names of the columns and rows of Python values."""

    names: list[str]
    rows: list[list]


def same_cell(left, right):
    """Floats may differ by rounding; everything else is exact, also the kind of value."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, NUMBERS) and isinstance(right, NUMBERS):
        if isinstance(left, float) or isinstance(right, float):
            return math.isclose(float(left), float(right), rel_tol=RELATIVE_TOLERANCE, abs_tol=ABSOLUTE_TOLERANCE)
        return left == right
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same_cell, left, right))
    return type(left) is type(right) and left == right


def same_row(left, right):
    return len(left) == len(right) and all(map(same_cell, left, right))


def same(left, right):
    return left.names == right.names and len(left.rows) == len(right.rows) and all(map(same_row, left.rows, right.rows))


def shown(cell):
    text = repr(cell)
    return text if len(text) <= CELL_CHARACTERS_SHOWN else f"{text[:CELL_CHARACTERS_SHOWN]}… ({len(text)} characters)"


def differences(expected, found, limit):
    """The first differences as lines for a person."""
    if expected.names != found.names:
        return [f"columns: expected {expected.names}, found {found.names}"]
    lines = []
    if len(expected.rows) != len(found.rows):
        lines.append(f"rows: expected {len(expected.rows)}, found {len(found.rows)}")
    for number in range(max(len(expected.rows), len(found.rows))):
        left = expected.rows[number] if number < len(expected.rows) else None
        right = found.rows[number] if number < len(found.rows) else None
        if left is None or right is None:
            row, what = (left, "expected") if right is None else (right, "found")
            lines.append(f"row {number + 1}: only {what} [{', '.join(map(shown, row))}]")
        elif not same_row(left, right):
            cells = zip(expected.names, left, right, strict=True)
            told = [f"{name}: expected {shown(a)}, found {shown(b)}" for name, a, b in cells if not same_cell(a, b)]
            lines.append(f"row {number + 1} [{shown(left[0])}] {'; '.join(told)}")
        if len(lines) >= limit:
            break
    return lines
