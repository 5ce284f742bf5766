"""The objects that a run uses while it trains."""

from dataclasses import dataclass

from rich.console import Console

from altitude.runs.notices import Notices
from altitude.session import EndRequest
from altitude.tracking.run import Run


@dataclass(frozen=True)
class RunContext:
    """The tracking and display of a run, and requests to end it.

    Attributes:
        tracked: The run in the tracking store.
        console: The console that shows progress.
        request: The request to end the process, if there was one.
        notices: Records what goes wrong after training.
    """

    tracked: Run
    console: Console
    request: EndRequest
    notices: Notices
