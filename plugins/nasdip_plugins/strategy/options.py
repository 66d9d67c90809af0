"""Options of the strategies (torch-free)."""

from pydantic import Field

from nasdip_core.options import Options


class ReinforceOptions(Options):
    """Size of the controller, and how it learns."""

    hidden: int = Field(
        default=32, ge=1, le=1024, description="units of the LSTM (35 in Zoph and Le, ICLR 2017)"
    )
    batch: int = Field(
        default=5, ge=1, le=1000, description="trials an update (8 in Zoph and Le, ICLR 2017)"
    )
    rate: float = Field(
        default=0.02,
        gt=0,
        le=1,
        description="learning rate of Adam (0.0006 for 12,800 trials in Zoph and Le, ICLR 2017)",
    )
    memory: float = Field(
        default=0.95,
        gt=0,
        lt=1,
        description="weight of a trial in the baseline after each further one (moving baseline of "
        "Zoph and Le, ICLR 2017; 0.99 in ENAS's code)",
    )
    entropy: float = Field(
        default=0.05,
        ge=0,
        description="bonus of the entropy, in deviations of the values a nat (0.0001 of accuracy "
        "in ENAS's code, Pham et al., ICML 2018)",
    )
    ratio: float = Field(
        default=2.0,
        ge=1,
        description="most that a trial of an older policy counts (V-trace, Espeholt et al., ICML "
        "2018)",
    )


class EvolutionOptions(Options):
    """Who may have children."""

    population: int = Field(
        default=20,
        ge=2,
        le=10_000,
        description="youngest trials that may be parents (100 in Real et al., AAAI 2019)",
    )
    sample: int = Field(
        default=20,
        ge=1,
        le=10_000,
        description="draws from them of which the best is the parent (25 in Real et al.)",
    )


class LocalSearchOptions(Options):
    """Where a climb begins."""

    starts: int = Field(
        default=10,
        ge=1,
        le=10_000,
        description="random architectures of which the best is climbed from (10 in the code of "
        "White et al., UAI 2021)",
    )


class TpeOptions(Options):
    """When the model begins, and how hard it is asked."""

    startup: int = Field(default=10, ge=1, description="random trials before the model (Optuna)")
    candidates: int = Field(
        default=24, ge=1, description="draws of which the most promising is tried (Optuna)"
    )


class GpOptions(Options):
    """When the model begins."""

    startup: int = Field(default=10, ge=1, description="random trials before the model (Optuna)")


class NsgaOptions(Options):
    """Size of a generation."""

    population: int = Field(
        default=20, ge=2, le=10_000, description="trials a generation (50 in Optuna)"
    )
