#!/usr/bin/env python3
"""Simulates a cluster of a thousand nodes: pictures, stragglers and lost nodes as discrete events (SimPy).

    benchmarks/simulate_cluster.py
    benchmarks/simulate_cluster.py --nodes 1000 --cores 64 --loss-hours 24 --stragglers 0.05

A worker takes a table of tasks and computes one picture after another. When a node is lost, so are its
workers, and others start their tables again from the beginning; the node comes back after a while. The total
time is compared with the plan, which is pictures x (seconds + overhead) / workers.
"""

from __future__ import annotations

import argparse
import random
from collections import deque
from dataclasses import dataclass

import simpy

TABLE = 16  # pictures at most, as in srgan.cluster.run
START = 30.0  # seconds until a new worker has its engine


@dataclass
class Tally:
    """What happened."""

    done: int = 0
    wasted: float = 0.0  # core seconds
    losses: int = 0
    ended: float = 0.0


def worker(
    env: simpy.Environment,
    tables: deque[int],
    slow: float,
    options: argparse.Namespace,
    tally: Tally,
    chance: random.Random,
):
    """Runs one worker until nothing is left, or its node is lost."""
    held, began = 0, env.now
    try:
        yield env.timeout(START)
        while True:
            if not tables:
                return
            held, began = tables.popleft(), env.now
            seconds = sum(options.seconds * chance.lognormvariate(-0.125, 0.5) for _ in range(held))
            yield env.timeout(seconds * slow + options.overhead * held)
            tally.done += held
            tally.ended = env.now
            held = 0
    except simpy.Interrupt:
        if held:
            tally.wasted += env.now - began
            tables.appendleft(held)


def node(env: simpy.Environment, tables: deque[int], options: argparse.Namespace, tally: Tally, seed: int):
    """Runs one node: its workers until it is lost, and then again."""
    chance = random.Random(seed)
    slow = options.slowness if chance.random() < options.stragglers else 1.0
    while tally.done < options.pictures:
        workers = [
            env.process(worker(env, tables, slow, options, tally, chance)) for _ in range(options.cores)
        ]
        lost = env.timeout(chance.expovariate(1 / (3600 * options.loss_hours)))
        yield simpy.AnyOf(env, [lost, simpy.AllOf(env, workers)])
        alive = [each for each in workers if each.is_alive]
        if alive:
            tally.losses += 1
            for each in alive:
                each.interrupt()
            yield env.timeout(options.back_after)
        elif tally.done < options.pictures:
            yield env.timeout(START)  # other nodes may lose the tables they hold


def simulate(options: argparse.Namespace, seed: int) -> Tally:
    """Runs all nodes until all pictures are done."""
    env, tally = simpy.Environment(), Tally()
    tables: deque[int] = deque()
    left = options.pictures
    while left:
        tables.append(max(1, min(TABLE, left // (4 * options.nodes * options.cores))))
        left -= tables[-1]
    for number in range(options.nodes):
        env.process(node(env, tables, options, tally, seed * options.nodes + number))
    while tally.done < options.pictures:
        env.step()
    return tally


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nodes", type=int, default=1000)
    parser.add_argument("--cores", type=int, default=16, help="workers per node")
    parser.add_argument("--pictures", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=27.8, help="core seconds per picture")
    parser.add_argument("--overhead", type=float, default=0.3, help="seconds per picture for storage")
    parser.add_argument("--stragglers", type=float, default=0.02, help="share of nodes that are slow")
    parser.add_argument("--slowness", type=float, default=3.0)
    parser.add_argument("--loss-hours", type=float, default=24.0, help="mean hours until a node is lost")
    parser.add_argument("--back-after", type=float, default=300.0, help="seconds until a lost node is back")
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    workers = options.nodes * options.cores
    plan = options.pictures * (options.seconds + options.overhead) / workers
    print(f"plan       {plan:.0f} s, {workers} workers")
    for seed in range(options.seeds):
        tally = simulate(options, seed)
        share = tally.wasted / (options.pictures * options.seconds)
        print(
            f"seed {seed}     {tally.ended:.0f} s, {tally.ended / plan:.2f} of the plan; "
            f"{tally.losses} nodes lost, {100 * share:.2f} % done twice"
        )


if __name__ == "__main__":
    main()
