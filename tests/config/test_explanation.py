from typing import Any

import pytest
from hydra.errors import HydraException
from omegaconf import OmegaConf

from altitude.config.explanation import LAUNCHERS, explain


@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_a_launcher_that_is_not_installed_says_how_to_install_it(launcher: str) -> None:
    config: Any = OmegaConf.create()
    problem = explain(f"hydra/launcher={launcher}", HydraException("Could not find it"), config)
    assert problem.given == launcher
    assert problem.instead == f"pip install 'keras-altitude[{LAUNCHERS[launcher]}]'"
