"""What a run talks to while it trains."""

from dataclasses import dataclass

from rich.console import Console

from altitude.runs.notices import Notices
from altitude.session import EndRequest
from altitude.tracking.run import Run


@dataclass(frozen=True)
class RunContext:
    """Where a run is tracked and shown, and how it is asked to end.

    Attributes:
        tracked: The run in the tracking store.
        console: Where progress is shown.
        request: Whether the process was asked to end.
        notices: Takes what goes wrong after training.
    """

    tracked: Run
    console: Console
    request: EndRequest
    notices: Notices
