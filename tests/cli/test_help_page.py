import pytest

from altitude.cli.help_page import wrapped, wrapped_help_page

PAGE = "experiment: accumulate, auxiliary_loss, lr_patience_clip\n\n  altitude   the default\n"


@pytest.mark.parametrize("width", [20, 40, 60, 80])
def test_no_word_is_split(width: int) -> None:
    assert wrapped(PAGE, width).split() == PAGE.split()
    assert max(map(len, wrapped(PAGE, width).splitlines())) <= width


def test_what_fits_stays_as_it_is() -> None:
    assert wrapped(PAGE, 80) == wrapped(PAGE, 0) == PAGE


def print_and_leave() -> None:
    with wrapped_help_page():
        print(PAGE)
        raise SystemExit(0)


def test_a_page_is_printed_where_it_was_broken_off_too(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    with pytest.raises(SystemExit):
        print_and_leave()
    assert capsys.readouterr().out == wrapped(PAGE + "\n", 40)
