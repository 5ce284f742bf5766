from pathlib import Path

from rich.console import Console

from altitude.display.links import linked


def test_addresses_and_paths_are_links_and_stay_whole(tmp_path: Path) -> None:
    address = "http://localhost:5000/#/experiments/1/runs/0123456789?workflowType=machine_learning"
    path = tmp_path / "best.keras"
    text = linked(f"open {address}.\nmodel {path}", path)
    links = {str(span.style.link) for span in text.spans if not isinstance(span.style, str)}
    assert links == {address, path.as_uri()}
    assert address in shown(linked(address), terminal=False).splitlines()


def test_a_terminal_gets_links_and_a_file_gets_text() -> None:
    text = linked("open http://localhost:5000/")
    assert "\x1b]8;" in shown(text, terminal=True)
    assert shown(text, terminal=False) == "open http://localhost:5000/\n"


def shown(text: object, *, terminal: bool) -> str:
    console = Console(width=60, force_terminal=terminal, _environ={"TERM": "xterm-256color"})
    with console.capture() as capture:
        console.print(text, soft_wrap=True, highlight=False)
    return capture.get()
