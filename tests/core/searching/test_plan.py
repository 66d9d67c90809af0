"""What must agree for two searches to be one."""

from pathlib import Path

import numpy as np
from PIL import Image

from nasdip_core.options import parse
from nasdip_core.plugins import Plugins
from nasdip_core.searching.options import SearchRequest
from nasdip_core.searching.plan import plan_search


def test_files_in_options_count_by_content(plugins: Plugins, tmp_path: Path) -> None:
    picture = tmp_path / "a.png"
    Image.fromarray(np.full((24, 24, 3), 99, np.uint8)).save(picture)

    def settings(name: str, kernel: np.ndarray) -> dict[str, object]:
        np.save(tmp_path / name, kernel)
        content = {"data": str(picture), "task": {"kernel": str(tmp_path / name), "sigma": 3}}
        request = parse(SearchRequest, content, "")
        return plan_search("deblur", request, plugins, Path()).settings()

    first = settings("one.npy", np.eye(3))
    assert settings("two.npy", np.eye(3)) == first
    assert settings("one.npy", np.ones((3, 3))) != first
