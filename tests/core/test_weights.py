"""Files of trained weights: what they hold, and what is none."""

from pathlib import Path

import pytest
import torch
from safetensors import SafetensorError
from safetensors.torch import save_file

from nasdip_core.architecture.assemble import assemble
from nasdip_core.architecture.named import NamedArchitecture, find_architecture
from nasdip_core.errors import OptionError, RunError
from nasdip_core.plugins import Plugins
from nasdip_core.weights import load_weights, network_of, read_weights, save_weights


@pytest.fixture
def named(plugins: Plugins) -> NamedArchitecture:
    return find_architecture("fast-translate", plugins)


def test_weights_come_back_with_their_network(
    tmp_path: Path, plugins: Plugins, named: NamedArchitecture
) -> None:
    path = tmp_path / "w.safetensors"
    network = assemble(named.architecture, 3, plugins, seed=1, in_channels=3)
    save_weights(path, network.state_dict(), named, "translate")
    assert network_of(path, "translate") == named
    other = assemble(named.architecture, 3, plugins, seed=2, in_channels=3)
    load_weights(other, read_weights(path))
    picture = torch.rand(1, 3, 32, 48, generator=torch.Generator().manual_seed(0))
    assert torch.equal(network(picture), other(picture))


def test_files_that_hold_no_weights(tmp_path: Path, named: NamedArchitecture) -> None:
    missing, text, foreign, other = (tmp_path / name for name in "abcd")
    text.write_text("no weights")
    save_file({"x": torch.zeros(1)}, foreign)
    save_weights(other, {"x": torch.zeros(1)}, named, "colourise")
    for path, says in (
        (missing, "cannot read the weights"),
        (text, "is no file of weights"),
        (foreign, "holds no weights of nasdip"),
        (other, "of the task 'colourise', not 'translate'"),
    ):
        with pytest.raises(OptionError, match=says) as caught:
            network_of(path, "translate")
        assert str(path) in str(caught.value)


def test_weights_of_another_network(plugins: Plugins, named: NamedArchitecture) -> None:
    network = assemble(named.architecture, 3, plugins, in_channels=3)
    with pytest.raises(OptionError, match="do not fit the network"):
        load_weights(network, {"x": torch.zeros(1)})


def test_a_disk_that_is_full_is_told_as_such(
    tmp_path: Path, named: NamedArchitecture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise SafetensorError("No space left on device (os error 28)")

    monkeypatch.setattr("safetensors.torch.save_file", full)
    with pytest.raises(RunError, match=r"cannot write .*No space left"):
        save_weights(tmp_path / "w.safetensors", {}, named, "translate")
    assert not list(tmp_path.iterdir())
