from collections.abc import Callable

import pytest
from hydra.errors import InstantiationException
from hydra.utils import instantiate

from altitude.errors import ConfigError, Problem
from altitude.failures import failure_reason


def build(units: int) -> None:
    raise LookupError(f"no layer has {units} units\nnor may have")


def raised(call: Callable[[], object]) -> Exception:
    with pytest.raises(Exception) as caught:  # noqa: PT011 - any that is raised
        call()
    return caught.value


def test_an_error_in_what_hydra_instantiates_is_the_cause() -> None:
    target = f"{__name__}.build"
    error = raised(lambda: instantiate({"_target_": target, "units": 3}))
    assert isinstance(error, InstantiationException)
    assert failure_reason(error) == "LookupError: no layer has 3 units"


def test_of_a_pickled_one_the_second_line_is_left() -> None:
    error = InstantiationException(
        "Error in call to target 'mine.build':\nLookupError('no layer has 3 units')\n"
    )
    assert failure_reason(error) == "InstantiationException: LookupError: no layer has 3 units"


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("", "ValueError"),
        ("no such luck\nat all", "ValueError: no such luck"),
        (
            "Exception encountered when calling Dense.call().\n\n"
            "\x1b[1mMatrix size-incompatible: In[0]: [32,8], In[1]: [4,2]\x1b[0m\n\nArguments: ...",
            "ValueError: Matrix size-incompatible: In[0]: [32,8], In[1]: [4,2]",
        ),
        (
            "Graph execution error:\n\nDetected at node Equal defined at (most recent call last):\n"
            "<stack traces unavailable>\n"
            "Incompatible shapes: [128] vs. [64]\n\t [[{{node Equal}}]]",
            "ValueError: Incompatible shapes: [128] vs. [64]",
        ),
    ],
)
def test_the_line_that_holds_the_cause_is_chosen(message: str, expected: str) -> None:
    assert failure_reason(ValueError(message)) == expected


def test_of_a_config_the_first_problem() -> None:
    error = ConfigError([Problem("loop.epochs", "-1", "at least 1", "loop.epochs=1")])
    assert failure_reason(error) == "configuration: loop.epochs: given -1, expected at least 1"
