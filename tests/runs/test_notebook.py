from pathlib import Path
from typing import Any

from altitude import RunResult


def result(folder: Path, **changes: Any) -> RunResult:
    return RunResult(
        metrics={"best_epoch": 1.0, "test_accuracy": 0.5},
        metrics_by_epoch={"epoch_seconds": [1.0]},
        model_path=folder / "best.keras",
        output_dir=folder,
        **changes,
    )


def test_scores_the_model_and_the_curves_are_shown(tmp_path: Path) -> None:
    (tmp_path / "curves.png").write_bytes(b"a picture")
    page = result(tmp_path)._repr_html_()
    assert "accuracy 0.5000" in page
    assert str(tmp_path / "best.keras") in page
    assert 'src="data:image/png;base64,YSBwaWN0dXJl"' in page


def test_what_is_shown_is_escaped(tmp_path: Path) -> None:
    page = result(tmp_path, stop_reason="<script>alert(1)</script>")._repr_html_()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_addresses_are_links(tmp_path: Path) -> None:
    address = "http://localhost:5000/#/experiments/1?a=b&c=d"
    page = result(tmp_path, run_id="0123", how_to_open=f"mlflow ui, then {address}")._repr_html_()
    assert f'<a href="{address.replace("&", "&amp;")}">' in page
