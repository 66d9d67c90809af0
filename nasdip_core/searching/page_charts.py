"""The charts on the page of a search."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from nasdip_core.report.axis import Point
from nasdip_core.report.scatter import Marks, Stairs, scatter
from nasdip_core.report.units import count, quantity

Trial = Mapping[str, Any]
"""An entry of the history."""
_TRAINED = ("done", "pruned")


def progress_chart(history: Sequence[Trial]) -> str:
    """Return the reward of every trial and the best so far; nothing where no trial has one."""
    rewards = [t["reward"] for t in history if t["state"] in _TRAINED and t["reward"] is not None]
    if not rewards:
        return ""
    lowest, lower = _lower_edge(rewards)

    def marks(state: str) -> list[tuple[float, float | None]]:
        valued = state != "infeasible"  # what is told of one that cannot be is for samplers only
        return [
            (t["trial"], max(t["reward"], lowest) if valued and t["reward"] is not None else None)
            for t in history
            if t["state"] == state
        ]

    return scatter(
        "Reward of every trial",
        [
            Marks("done", "dot", "c0", marks("done")),
            Marks("pruned", "ring", "c1", marks("pruned")),
            Marks("failed", "cross", "mark", marks("failed")),
            Marks("duplicate", "dash", "faint", marks("duplicate")),
            Marks("infeasible", "tick", "faint", marks("infeasible")),
        ],
        Stairs("best so far", _best_so_far(marks("done"))),
        x_name="trial",
        meaning="Higher is better; of a pruned trial an estimate." + lower,
    )


def _lower_edge(rewards: Sequence[float]) -> tuple[float, str]:
    """Return the lowest reward that is drawn where it is, and what to say of those below."""
    # The worst tenth may take half of the height, so that the others can be told apart.
    tenth = sorted(rewards)[len(rewards) // 10]
    lowest = tenth - (max(rewards) - tenth)
    below = sum(reward < lowest for reward in rewards)
    return lowest, f" {count(below)} far below stand at the lower edge." if below else ""


def _best_so_far(done: Sequence[tuple[float, float | None]]) -> list[Point]:
    found: list[Point] = []
    for trial, reward in done:
        if reward is not None and (not found or reward > found[-1][1]):
            found.append((trial, reward))
    return found


def importance_bars(importance: Mapping[str, float]) -> str:
    """Return a bar a decision, the most important first; nothing without any."""
    if not importance:
        return ""
    longest = max(*importance.values(), 1e-12)
    rows = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td class="number">{share:.1%}</td>'
        f'<td class="bar"><span style="width:{share / longest:.1%}"></span></td></tr>'
        for name, share in importance.items()
    )
    return (
        '<figure class="chart"><figcaption><h3>Importance of decisions</h3>'
        "<p>How much each has to do with being among the best tenth of the trials (PED-ANOVA).</p>"
        '</figcaption><table class="bars"><thead class="quiet"><tr><th scope="col">Decision</th>'
        '<th scope="col">Share</th><td></td></tr></thead>'
        f"<tbody>{rows}</tbody></table></figure>"
    )


def front_chart(front: Sequence[Trial], history: Sequence[Trial]) -> str:
    """Return quality against cost: the front, and every other trial."""
    done = {(t["cost"], t["reward"]) for t in history if t["state"] == "done"}
    lowest, lower = _lower_edge([reward for _, reward in done])
    unbeaten = {(place["cost"], place["reward"]) for place in front}
    best, others = (
        [(cost, max(reward, lowest)) for cost, reward in sorted(places)]
        for places in (unbeaten, done - unbeaten)
    )
    costs = [cost for cost, _ in done]
    return scatter(
        "Quality against cost",
        [Marks("other trials", "dot", "faint", others), Marks("front", "dot", "c0", best)],
        Stairs("best at a cost", best),
        x_name="multiply-adds",
        meaning="No other trial is both better and cheaper than one of the front." + lower,
        log=min(costs) > 0 and max(costs) >= 10 * min(costs),
        words=quantity,
    )
