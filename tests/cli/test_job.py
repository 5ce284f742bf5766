import sys

import pytest

from altitude.cli.job import _exit_as_error
from altitude.errors import EXPLAINED, ExitError


@pytest.mark.parametrize("status", [None, 0, 3])
def test_leaving_a_run_is_a_failure_whatever_the_status(status: int | None) -> None:
    with pytest.raises(ExitError, match=rf"sys\.exit\({status}\)") as caught, _exit_as_error():
        sys.exit(status)
    assert isinstance(caught.value, EXPLAINED)
