# SPDX-License-Identifier: MIT

"""The one seed of all random choices in tests: LOOPSCOPE_SEED, else a new one. It is printed, so that a run can be
repeated."""

import os
import random


def printed_seed() -> int:
    seed = int(os.environ.get("LOOPSCOPE_SEED") or random.randrange(1, 1 << 30))
    print(f"LOOPSCOPE_SEED={seed}", flush=True)
    return seed
