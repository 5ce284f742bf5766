import pytest

import altitude


@pytest.mark.parametrize("name", altitude.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(altitude, name) is not None


def test_a_name_of_an_earlier_release_still_works_and_warns() -> None:
    with pytest.warns(DeprecationWarning, match=r"altitude\.Deferred is now altitude\.LazyCall"):
        old = altitude.Deferred
    assert old is altitude.LazyCall


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = altitude.nothing
