"""Not there: W&B's callbacks for other libraries, of which ``wandb.integration`` is made.

The module is only for its error: scripts import from it before anything else of them runs.
"""

raise ImportError(
    "artnb has no callbacks for other libraries (wandb.integration): in a callback of your own "
    "call artnb.log, and for checkpoints artnb.log_model. artnb's README has some of a few lines."
)
