"""Networks of slots and what they are fed."""

import torch
from toys import TINY

from nasdip_core.architecture.specification import Architecture
from nasdip_core.fit.networks import make_networks
from nasdip_core.options import parse
from nasdip_core.plugins import Plugins
from nasdip_core.problem import Slot


def test_an_input_of_the_tasks_own_is_not_jittered() -> None:
    slots = {
        "drawn": Slot(3, (16, 16)),
        "given": Slot(3, (16, 16), input=torch.rand(1, 3, 4, 4), module=torch.nn.Identity),
    }
    architecture = parse(Architecture, TINY, "")
    made = make_networks(slots, architecture, Plugins.discover(), 0, torch.device("cpu"))
    draws = torch.Generator().manual_seed(0)
    again = {name: [network(0.2, draws) for _ in range(2)] for name, network in made.items()}
    assert torch.equal(*again["given"])
    assert not torch.allclose(*again["drawn"])
