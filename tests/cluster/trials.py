"""What befalls the processes of a cluster in mid-work. Each trial waits until the process truly holds work."""

import signal
import time

from tests.cluster.house import Cluster, eventually
from tests.cluster.process import Process
from tests.cluster.rest import come_to_rest

LAST_WORDS = 0.2
"""What a process sent just before it was stopped is carried out by the database all the same; so long that may take."""


def stop_in_mid_work(house: Cluster, worker: Process, *, patience: float = 240.0) -> dict[str, int]:
    """Pause a worker at a moment when it holds deliveries; id → fence of those."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        worker.pause()
        time.sleep(LAST_WORDS)
        held = house.witness.in_hand(worker.pid)
        if held:
            return held
        worker.resume()
        time.sleep(0.02)
    raise AssertionError(f"{worker.name} never held anything")


def kill_in_mid_work(house: Cluster, worker: Process) -> dict[str, int]:
    """Kill -9, and start it anew at once."""
    held = stop_in_mid_work(house, worker)
    worker.kill()
    start_anew(worker)
    return held


def start_anew(process: Process) -> None:
    """Returns when it works: who is killed while it starts, or meets no database then, would be started by its supervisor."""
    before = process.starts()
    process.start()
    eventually(lambda: process.starts() > before, f"{process.name} works again")


def outstay_the_lease(house: Cluster, worker: Process) -> dict[str, int]:
    """Pause a worker until others have taken everything it held, then let it go on: what it settles comes too late."""
    held = stop_in_mid_work(house, worker)
    eventually(
        lambda: taken_over(house, held),
        f"others take over what {worker.name} holds",
        patience=house.lease * 2 + 240,
    )
    worker.resume()
    eventually(lambda: house.witness.late(set(held)) > 0, f"{worker.name} settles too late", patience=240)
    return held


def nap(house: Cluster, worker: Process, *, seconds: float) -> None:
    """Pause a worker that holds something for a while."""
    stop_in_mid_work(house, worker)
    time.sleep(seconds)
    worker.resume()


def taken_over(house: Cluster, held: dict[str, int]) -> bool:
    """Whether each of these was claimed anew by somebody, or is not waiting any more."""
    now = house.witness.fences(set(held))
    return all(now[key][0] > fence for key, fence in held.items())


def restart_database(house: Cluster, how: signal.Signals = signal.SIGINT, *, away: float = 1.0) -> None:
    """The database is gone for a moment, in the middle of everything."""
    house.server.stop(how)
    time.sleep(away)
    house.server.start()


def restart_gateway(house: Cluster, gateway: Process) -> None:
    """Kill -9 a gateway; messages go to the other one until it is back."""
    gateway.kill()
    time.sleep(0.5)
    start_anew(gateway)


def calm_down(house: Cluster, *, patience: float = 400.0) -> None:
    """People go home, faults stop; returns when nothing is open and nothing moved for a while."""
    come_to_rest(house.town, house.witness.open, house.witness.lines, patience=patience)


def end_all(house: Cluster) -> dict[str, int]:
    """SIGTERM to everybody at once; exit codes by name."""
    for process in house.processes:
        process.ask_to_end()
    return {process.name: process.ended() for process in house.processes}
