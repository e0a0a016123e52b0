"""Measures every method of every system, repeat by repeat, and keeps what was measured whatever happens.

The repeats go round: one of each method, then the next, so that a drift of the machine meets all alike.
"""

from loopscope_load import experiment, units
from loopscope_load.failure import Failure, Refused

QUICK_NODE_PROMISE_COUNT = 100_000   # some 55 us a record: a million would take the demonstration a minute


def compare(systems, options, plan, results, data_dir, progress):
    """Fills results; returns the names of what failed."""
    failed = []
    for number in range(1, options.repeats + 1):
        for system in systems:
            for method in (name for name in options.methods if name in system.methods):
                if (system.name, method) in failed:
                    continue
                count, cut_from = records(system, method, options)
                entry = results.entry(system.name, method, count, cut_from)
                if entry["outcome"] == "refused":
                    continue
                what = title(system, method, count, number, options)
                try:
                    with progress.step(what):
                        repeat = experiment.measure(system, method, count, plan, data_dir,
                                                    lambda part, what=what: progress.show(f"{what}, {part}"))
                except Refused as refused:
                    results.not_measured(entry, "refused", str(refused))
                    progress.say(f"{what}: refused: {refused}")
                except Failure as failure:
                    results.not_measured(entry, "failed", str(failure))
                    failed.append((system.name, method))
                    progress.say(f"{what}: failed")
                else:
                    results.measured(entry, repeat)
                    progress.say(f"{what}: {in_short(repeat)}")
    results.finish()
    return [f"{system} {method}" for system, method in failed]


def records(system, method, options):
    if options.quick and (system.name, method) == ("node", "promise") and options.count > QUICK_NODE_PROMISE_COUNT:
        return QUICK_NODE_PROMISE_COUNT, options.count
    return options.count, None


def title(system, method, count, number, options):
    of = f", repeat {number} of {options.repeats}" if options.repeats > 1 else ""
    whose = "" if system.name == "loopscope" else f"{system.name} "
    return f"{whose}{method}: {units.count(count, 'record')}{of}"


def in_short(repeat):
    return (f"{units.duration(repeat['write']['time_ms'])}, /hello max "
            f"{units.duration_of_us(repeat['during']['max_us'])} (idle {units.duration_of_us(repeat['idle']['max_us'])})")
