"""A new store: its tables, and SPANCO, the pipeline that it begins with.

S and P describe the account (no deal yet), A to O the deal. Stages are data: a source may bring
other pipelines, a company may change these.
"""

from __future__ import annotations

import pandas as pd
from sqlalchemy import Engine, select

from workbench.store.batch import Author, batch
from workbench.store.engine import migrate
from workbench.store.replay import BEGINNING
from workbench.store.schema import Pipeline
from workbench.vocabulary import Surface

STAGES = pd.DataFrame(
    [
        ("S", "Suspect", "Suspect", 1, "open", "account", 0.02, None),
        ("P", "Prospect", "Prospect", 2, "open", "account", 0.05, None),
        ("A", "Analyse", "Analysis", 3, "open", "deal", 0.15, 30),
        ("N", "Négociation", "Negotiation", 4, "open", "deal", 0.40, 30),
        ("C", "Conclusion", "Closing", 5, "open", "deal", 0.75, 21),
        ("O", "Ordre d’achat", "Purchase order", 6, "won", "deal", 1.0, None),
        ("LOST", "Perdue", "Lost", 7, "lost", "deal", 0.0, None),
    ],
    columns=[
        "code", "label", "label_en", "position", "kind", "grain", "probability", "stalled_days",
    ],
)  # fmt: skip


def create(url: str) -> Engine:
    """Open a store, making it first where there is none; it then has the SPANCO pipeline.

    Raises:
        StoreError: the address is of no known kind, or nothing answers there.
    """
    engine = migrate(url)
    with engine.connect() as connection:
        if connection.scalar(select(Pipeline.id).where(Pipeline.code == "spanco")):
            return engine
    with batch(engine, Author("workbench", Surface.RULE, "a new store")) as opened:
        pipeline = pd.DataFrame({"code": ["spanco"], "label": ["SPANCO"], "effective": [BEGINNING]})
        pipeline_id = opened.create("pipeline", pipeline).iloc[0]
        opened.create(
            "stage",
            STAGES.assign(
                code="spanco/" + STAGES["code"], pipeline_id=pipeline_id, effective=BEGINNING
            ),
        )
    return engine
