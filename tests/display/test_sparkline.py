import math

from altitude.display.sparkline import ASCII, LONGEST, sparkline


def test_the_highest_value_is_the_highest_block() -> None:
    assert sparkline([0.0, 0.5, 1.0]) == "▁▅█"
    assert sparkline([1.0, 0.0], ASCII) == "#_"


def test_what_does_not_change_lies_flat() -> None:
    assert sparkline([3.0, 3.0]) == "▁▁"


def test_what_is_not_finite_leaves_a_gap() -> None:
    assert sparkline([0.0, math.nan, math.inf, 1.0]) == "▁  █"
    assert sparkline([math.nan]) == " "
    assert sparkline([]) == ""


def test_a_long_curve_keeps_its_ends() -> None:
    line = sparkline([float(epoch) for epoch in range(1000)])
    assert (len(line), line[0], line[-1]) == (LONGEST, "▁", "█")
