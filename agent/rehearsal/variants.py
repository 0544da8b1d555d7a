"""What may matter to a strategy: the noise, and how many places it looks at before it asks a model."""

from agent.rehearsal.jobs import Job
from agent.rehearsal.setting import Setting
from agent.strategy import bayes
from models.domain.campaign import Plug
from models.domain.inputs import validated

NOISES = {"noise x0.5": 0.5, "noise x2": 2.0}
"""Factors on the standard deviation of all noise."""
NOISY = ("fast", "log")
"""Worlds whose noise can be turned up."""
STARTS = {"initial x0.5": 0.5, "initial x2": 2.0}
"""Factors on the measurements of the initial design."""
LEAST_INITIAL = 2
MOST_OF_BUDGET = 0.7


def variants_of(setting: Setting, name: str, n_seeds: int) -> list[Job]:
    """Campaigns of one strategy with one thing changed, on the seeds of the contest."""
    jobs: list[Job] = []
    contender, _ = setting.plans[name]
    for place in range(n_seeds):
        if setting.scene.kind in NOISY:
            jobs += [setting.job(name, place, variant, noise) for variant, noise in NOISES.items()]
        plug = contender.spec.strategy
        if plug.kind != "bayes":
            continue
        initial = validated(bayes.Options, plug.options, "strategy").initial
        for variant, factor in STARTS.items():
            n = max(round(factor * initial), LEAST_INITIAL)
            if n == initial or n > MOST_OF_BUDGET * contender.spec.budget.measurements:
                continue
            job = setting.job(name, place, variant)
            changed = Plug.model_validate({"kind": plug.kind} | plug.options | {"initial": n})
            jobs.append(job.model_copy(update={"spec": job.spec.model_copy(update={"strategy": changed})}))
    return jobs
