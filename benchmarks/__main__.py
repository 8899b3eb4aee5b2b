"""Run every benchmark and print the ratios: ``python -m benchmarks [--quick] [WORK ...]``.

With ``--profile``: where the time of a step goes, and no comparison.
"""

import argparse
import datetime
import os
import platform
import statistics
import sys
from importlib.metadata import version
from importlib.util import find_spec

for _name in (
    "OPENBLAS",
    "OMP",
    "MKL",
    "VECLIB_MAXIMUM",
):  # read when NumPy loads: so before it does
    os.environ[f"{_name}_NUM_THREADS"] = "1"

from . import going_back, growth, measure, profile, work  # noqa: E402 (the threads come first)

BARE, IMPORT = 1.02, 0.050
RECORDING, JUMP, LONGEST_JUMP, LONGER = 1.03, 0.100, 0.300, 1.5
"""The most that recording may cost, the most seconds to any step of a run of 10,000 at the median
and at worst, and what going back may cost in a run a hundred times as long."""
DEPTH, LATER, BYTES = 1.25, 1.05, 10.0
"""The most that a layer may cost in a net ten times as deep, a late step over an early one, and the
bytes by which a step may make a run larger."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="a tenth of the work: that it runs, not how fast"
    )
    parser.add_argument("--no-torch", action="store_true", help="leave PyTorch out")
    parser.add_argument("--profile", action="store_true", help="where the time of a step goes")
    parser.add_argument(
        "work", nargs="*", metavar="WORK", help=f"of {', '.join(work.WORK)}; all by default"
    )
    options = parser.parse_args()
    unknown = set(options.work) - set(work.WORK)
    if unknown:
        parser.error(
            f"expected some of {', '.join(work.WORK)}; received {', '.join(sorted(unknown))}"
        )

    with_torch = find_spec("torch") is not None and not options.no_torch
    print(header(with_torch), flush=True)
    chosen = [work.WORK[name]() for name in options.work or work.WORK]
    if options.quick:
        chosen = [work.quick(w) for w in chosen]
    if options.profile:
        profile.table(chosen, 20 if options.quick else 400)
        return 0
    missed = table(chosen, measure.contestants(with_torch))
    missed += costs(chosen, options.quick) + grown(options.quick) + time_travel(options.quick)
    print("\n" + ("every target is met" if not missed else "missed: " + "; ".join(missed)))
    return 1 if missed and not options.quick else 0


def header(with_torch):
    names = ["nbann", "numpy", "scikit-learn", *["torch"] * with_torch]
    versions = ", ".join(f"{name} {_version(name)}" for name in names)
    return (
        f"{datetime.date.today()}, Python {platform.python_version()}, {versions}; "
        f"{os.cpu_count()} cores, one BLAS thread\n"
    )


def _version(name):
    if name == "nbann":
        import nbann

        return nbann.__version__
    return version(name)


def table(chosen, makers):
    """Print nbann's time over each one's; return the targets missed."""
    others = [name for name in makers if not name.startswith("nbann")]
    columns = [*(f"nbann / {name}" for name in others), "us a step", "epochs/s", "with evaluation"]
    print("| work | " + " | ".join(columns) + " |")
    print("| --- |" + " ---: |" * len(columns))
    missed = []
    for w in chosen:
        seconds = measure.in_turns(w, makers)
        cells = []
        for name in others:
            if name not in seconds:
                cells.append("-")
                continue
            value, target = measure.ratio(seconds, "nbann", name), w.targets.get(name)
            cells.append(f"{value:.2f}" + ("" if target is None else f" ({target:g})"))
            if target is not None and value > target:
                missed.append(f"{w.name}: {value:.3f} of {name}, target {target:g}")
        spent = statistics.median(seconds["nbann"])
        cells += [f"{1e6 * spent / w.steps:.1f}", f"{w.epochs / spent:,.0f}"]
        cells.append(f"x {measure.ratio(seconds, 'nbann, evaluating', 'nbann'):.2f}")
        print(f"| {w.name} | " + " | ".join(cells) + " |", flush=True)
    return missed


def costs(chosen, quick):
    """Print what a run costs over the bare loop, and an import; return the targets missed."""
    missed = []
    print("\n| a run without hooks | over the bare loop of its kernels |\n| --- | ---: |")
    for w in chosen:
        value = measure.over_bare_loop(w)
        print(f"| {w.name} | {value:.3f} |", flush=True)
        if value > BARE:
            missed.append(f"{w.name}: a run takes {value:.3f} of the bare loop, target {BARE}")
    taken = measure.import_seconds(5 if quick else 21)
    print(
        f"\nfrom nbann import Trainer: {1000 * taken:.0f} ms beyond NumPy "
        f"(target {1000 * IMPORT:.0f})"
    )
    if taken > IMPORT:
        missed.append(f"import takes {1000 * taken:.0f} ms")
    return missed


def grown(quick):
    """Print how cost and memory grow; return the targets missed."""
    missed = []
    seconds = growth.by_depth(3 if quick else 11)
    each = {layers: 1e6 * taken / layers for layers, taken in seconds.items()}
    print("\n| layers of 64 neurons, batch 64 | us a step | us a step and layer |")
    print("| ---: | ---: | ---: |")
    for layers, taken in seconds.items():
        print(f"| {layers} | {1e6 * taken:,.0f} | {each[layers]:.1f} |")
    ratio = each[max(each)] / each[min(each)]
    print(f"\na layer in the deepest net over one in the shallowest: {ratio:.2f} (target {DEPTH})")
    if ratio > DEPTH:
        missed.append(f"a layer of {max(each)} costs {ratio:.2f} of one of {min(each)}")
    steps = 20_000 if quick else 200_000
    later = growth.later_over_sooner(steps)
    print(f"a step at the end of {steps:,} over one at the start: {later:.3f} (target {LATER})")
    if later > LATER:
        missed.append(f"late steps take {later:.3f} of early ones")
    size = growth.bytes_a_step(steps)
    print(
        f"memory: {size:.1f} bytes a step (target {BYTES:g}), so {size:.0f} MB in a million steps"
    )
    if size > BYTES:
        missed.append(f"a step leaves {size:.1f} bytes behind")
    return missed


def time_travel(quick):
    """Print what going back costs; return the targets missed."""
    missed = []
    print("\n| a run that records | over one that does not |\n| --- | ---: |")
    makers = going_back.works()
    if quick:
        makers = {name: (make, max(1, epochs // 10)) for name, (make, epochs) in makers.items()}
    for name, value in going_back.recording(makers, 3 if quick else 11).items():
        print(f"| {name} | {value:.3f} |", flush=True)
        if value > RECORDING:
            missed.append(f"{name}: recording takes {value:.3f}, target {RECORDING}")
    print("\n| steps | to a random place, median ms | worst ms | back a batch, median ms |")
    print("| ---: | ---: | ---: | ---: |")
    lengths = going_back.LENGTHS[:2] if quick else going_back.LENGTHS
    medians, backs = {}, {}
    for steps in lengths:
        taken = going_back.jumps(steps)
        medians[steps], worst = statistics.median(taken), taken[-1]
        backs[steps] = going_back.steps_back(steps)
        cells = (1000 * t for t in (medians[steps], worst, backs[steps]))
        print(f"| {steps:,} | " + " | ".join(f"{ms:.1f}" for ms in cells) + " |", flush=True)
        if steps == 10_000 and (medians[steps] > JUMP or worst > LONGEST_JUMP):
            missed.append(f"going to a place takes {medians[steps]:.3f} s, {worst:.3f} s at worst")
    for what, seconds in (("to a random place", medians), ("back a batch", backs)):
        ratio = seconds[lengths[-1]] / seconds[lengths[0]]
        print(f"{what}, in the longest run over the shortest: {ratio:.2f} (target {LONGER})")
        if ratio > LONGER:
            missed.append(f"{what}: {ratio:.2f} in a longer run, target {LONGER}")
    return missed


if __name__ == "__main__":
    sys.exit(main())
