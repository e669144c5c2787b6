"""How many looks at a Rollout one processor takes in a second: a canary in the middle of its steps."""

import time
from pathlib import Path

from gitsync.rollout.step import step
from tests.bench.result import Row
from tests.support.rollouts import cluster, rollout, set_image

STEPS = "canary: {steps: [{setWeight: 25}, {pause: {}}, {setWeight: 50}, {pause: {duration: 10s}}]}"


async def bench_rollout_step(folder: Path, *, looks: int = 5_000) -> list[Row]:
    """Counts processor time, so that a busy machine changes nothing."""
    world = cluster(rollout(STEPS))
    world.settle("web")
    set_image(world, "web:2")
    world.settle("web")
    body, children = world.get("Rollout", "web"), world.children()
    start = time.process_time()
    for _ in range(looks):
        step(body, children, world.now, world.parts)
    rate = looks / (time.process_time() - start)
    figures: dict[str, float | int | str] = {"steps_per_cpu_second": round(rate), "looks": looks}
    return [
        Row("step() of a Rollout in the middle of its steps", f"{rate:,.0f} a second", ">= 2,000 a second", figures)
    ]
