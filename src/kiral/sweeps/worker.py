"""A worker process of a local cluster: `python -m kiral.sweeps.worker SCHEDULER FOLDER`.

It ends with the process that started it, also where that one is killed.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time


async def serve(scheduler: str, folder: str) -> None:
    """Do what the scheduler says, one task at a time, until it is gone. `folder` is for Dask's own files."""
    from distributed import Worker

    async with Worker(scheduler, nthreads=1, local_directory=folder, memory_limit=0, death_timeout=30) as worker:
        await worker.finished()


def _end_with(parent: int) -> None:
    """A parent that was killed cannot say so: this process then has another one."""
    while os.getppid() == parent:
        time.sleep(0.2)
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    asyncio.run(serve(*sys.argv[1:]))
