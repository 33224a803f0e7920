"""How much of the movie reviews' batches is padding, and how many shapes there are to compile."""

from throughtime.data.batching import padding_waste
from throughtime.data.catalogue import fetch
from throughtime.data.readers import open_source
from throughtime.training.preparation import prepare
from throughtime.training.settings import Settings

BAR = 0.15
BATCH_SIZES = (16, 32, 64)


def measure() -> list[dict[str, object]]:
    """Return the part of all time steps that is padding, for each batch size."""
    rows: list[dict[str, object]] = []
    for batch_size in BATCH_SIZES:
        settings = Settings.parse({"task": "classify", "training": {"batch_size": batch_size}})
        data = prepare(open_source(str(fetch("movie_reviews") / "train.csv")), settings).train
        plan = data.plan(batch_size, seed=0, epoch=0)
        waste = padding_waste(plan, data.store.lengths, batch_size)
        shapes = len({part.time_steps for part in plan})
        rows.append(
            {
                "batch_size": batch_size,
                "waste": waste,
                "shapes": shapes,
                "batches": len(plan),
                "bar": BAR,
                "reached": waste < BAR,
            }
        )
    return rows
