"""Notices about failures after training, which do not fail the run."""

import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from altitude.tracking.run import Run


class Notices:
    """Collects notices; each is shown as a warning and logged as a tag.

    After the last epoch, a part that fails must cost neither the weights nor the scores.

    Args:
        tracked: The run.
        output_dir: Folder for tracebacks.
    """

    def __init__(self, tracked: Run, output_dir: Path) -> None:
        self._tracked = tracked
        self._output_dir = output_dir
        self.texts: list[str] = []

    def add(self, tag: str, text: str) -> None:
        """Warns, and tags the run.

        Args:
            tag: The tag of the run to set.
            text: The warning.
        """
        warnings.warn(text, stacklevel=2)
        self.texts.append(text)
        self._tracked.set_tags({tag: text[:5000]})

    @contextmanager
    def attempt(self, name: str) -> Iterator[None]:
        """Turns an exception of the block into a notice.

        Args:
            name: What is attempted, in words.
        """
        try:
            yield
        except Exception as error:  # noqa: BLE001 - whatever it is, the rest is still done
            report = self._output_dir / f"failed-{name.replace(' ', '-')}.txt"
            report.write_text("".join(traceback.format_exception(error)))
            self._tracked.log_artifact(report)
            text = f"{name} failed after training: {type(error).__name__}: {error} (see {report})"
            self.add(f"failed.{name.replace(' ', '_')}", text)

    def guarded(self, name: str, function: Callable[..., Any]) -> Callable[..., None]:
        """Returns a function whose failure becomes a notice.

        Args:
            name: What is attempted, in words.
            function: The function to call, whose result is dropped.
        """

        def call(*args: Any, **kwargs: Any) -> None:
            with self.attempt(name):
                function(*args, **kwargs)

        return call
