"""`python -m local.simulator`: the simulator alone, until SIGTERM or Ctrl-C."""

import argparse
import asyncio
import os
import signal
from pathlib import Path

from local.simulator.lives import generated
from local.simulator.scenario import Scenario, load_scenario
from local.simulator.serving import LOOPBACK, listen
from local.simulator.simulator import TEST_PRIVATE_KEY, TEST_PUBLIC_KEY, Simulator
from local.simulator.strict import InvalidError


def main() -> None:
    """Reads the command line, serves, and ends cleanly."""
    parser = argparse.ArgumentParser(
        prog="python -m local.simulator",
        description="A UCloud with the UDTS API on this machine, until SIGTERM or Ctrl-C.",
    )
    parser.add_argument("--host", default=LOOPBACK, help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=0, help="port to listen on (default: any free one)")
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--scenario", type=Path, help="YAML file; without it the account has no tasks")
    source.add_argument("--lives", type=int, default=0, help="so many tasks with lives from a seed instead")
    parser.add_argument("--seed", type=int, default=1, help="of the lives (default: %(default)s)")
    parser.add_argument(
        "--minute-seconds",
        type=float,
        default=1,
        help="how long a minute of a life takes (default: %(default)s)",
    )
    parser.add_argument(
        "--public-key",
        default=os.environ.get("UCLOUD_PUBLIC_KEY") or TEST_PUBLIC_KEY,
        help=f"default: UCLOUD_PUBLIC_KEY, else {TEST_PUBLIC_KEY}",
    )
    parser.add_argument(
        "--private-key",
        default=os.environ.get("UCLOUD_PRIVATE_KEY") or TEST_PRIVATE_KEY,
        help=f"default: UCLOUD_PRIVATE_KEY, else {TEST_PRIVATE_KEY}",
    )
    options = parser.parse_args()
    try:
        scenario = _scenario(options)
    except InvalidError as error:
        parser.error(str(error))
    simulator = Simulator(scenario, public_key=options.public_key, private_key=options.private_key)
    asyncio.run(_serve(simulator, options.host, options.port))


def _scenario(options: argparse.Namespace) -> Scenario:
    if options.scenario:
        return load_scenario(options.scenario)
    return generated(options.lives, seed=options.seed, minute_seconds=options.minute_seconds)


async def _serve(simulator: Simulator, host: str, port: int) -> None:
    ended = asyncio.Event()
    for ending in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(ending, ended.set)
    runner = await listen(simulator, host, port)
    print(f"UCloud simulator on {simulator.url}", flush=True)
    await ended.wait()
    await runner.cleanup()


if __name__ == "__main__":
    main()
