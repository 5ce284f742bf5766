from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from altitude import ConfigError
from altitude.records.prediction.batch import InputForm
from altitude.records.prediction.images import read_images


def test_what_cannot_be_read_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "a" / ".hidden").mkdir(parents=True)
    grey = np.arange(16, dtype=np.uint8).reshape(4, 4)
    for name in ("a/2.png", "1.png", "3.PNG", "a/.hidden/4.png"):
        Image.fromarray(grey).save(tmp_path / name)
    (tmp_path / "a" / "broken.jpg").write_bytes(b"no image")
    (tmp_path / "notes.txt").write_text("no image either")
    first, second = read_images(tmp_path, InputForm((4, 4), "float32"), 3)
    assert [*first.names, *second.names] == ["1.png", "3.PNG", "a/2.png"]
    assert (np.concatenate([first.x, second.x]) == grey).all()
    (fault,) = [*first.faults, *second.faults]
    assert fault.startswith("a/broken.jpg: Unknown image file format")


def test_an_image_is_brought_into_the_form_of_the_model(tmp_path: Path) -> None:
    path = tmp_path / "it.png"
    halves = np.zeros((4, 8), np.uint8)
    halves[:, 6:] = 255
    Image.fromarray(halves).save(path)
    (whole,) = read_images(path, InputForm((4, 4, 3), "float32"), 3)
    (centre,) = read_images(path, InputForm((4, 4, 3), "float32", crop=True), 3)
    assert whole.names == ["it.png"]
    assert whole.x.shape == centre.x.shape == (1, 4, 4, 3)
    assert whole.x[0, 0, 3].min() > 0
    assert centre.x.max() == 0


@pytest.mark.parametrize("shape", [(8,), (4, 4, 2), (None, None, 3), (2, 4, 4, 3)])
def test_a_model_that_takes_no_images_is_told_so(
    shape: tuple[int | None, ...], tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="a model that takes images of one size"):
        next(read_images(tmp_path, InputForm(shape, "float32"), 3))


def test_a_folder_without_images_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no image"):
        next(read_images(tmp_path, InputForm((4, 4, 3), "float32"), 3))
