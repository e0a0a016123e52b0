"""Measures every method of every system, repeat by repeat, and keeps what was measured whatever happens.

The repeats go round: one of each method, then the next, so that a drift of the machine meets all alike.
"""

from loopscope_load import experiment, units
from loopscope_load.client import Client
from loopscope_load.failure import Failure, Refused
from loopscope_load.server_process import running

# Every record of a promise waits for another thread, which costs 2 us on one machine and 60 in Node.js: the one method
# that could take minutes where the others take seconds.
TRIED = "promise"
TRIAL_COUNT = 10_000
QUICK_WRITE_S = 90


def compare(systems, options, plan, results, data_dir, progress):
    """Fills results; returns the names of what failed."""
    failed = []
    for number in range(1, options.repeats + 1):
        for system in systems:
            for method in (name for name in options.methods if name in system.methods):
                if (system.name, method) in failed:
                    continue
                entry = results.entry(system.name, method, options.count)
                if entry["outcome"] == "refused":
                    continue
                what = title(system, method, options.count, number, options)
                try:
                    with progress.step(what):
                        if number == 1:
                            entry["count"], entry["cut_from"] = records(system, method, options, data_dir)
                        count = entry["count"]
                        repeat = experiment.measure(
                            system,
                            method,
                            count,
                            plan,
                            data_dir,
                            lambda part, what=what: progress.show(f"{what}, {part}"),
                        )
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


def records(system, method, options, data_dir):
    """(how many to write, what was asked for if that is more): --quick cuts a write that would take too long."""
    if not options.quick or method != TRIED or options.count <= TRIAL_COUNT:
        return options.count, None
    with running(system.command(data_dir)) as server, Client(server.url) as client:
        trial_ms = client.write(method, TRIAL_COUNT, verify=False)["timing_ms"]["completed"]
    fits = affordable(trial_ms / TRIAL_COUNT)
    return (options.count, None) if fits >= options.count else (fits, options.count)


def affordable(each_ms):
    """How many such records QUICK_WRITE_S pays for, as a round number and never fewer than the trial's."""
    count = int(QUICK_WRITE_S * 1000 / each_ms)
    digits = 10 ** (len(str(count)) - 1)
    return max(TRIAL_COUNT, count // digits * digits)


def title(system, method, count, number, options):
    of = f", repeat {number} of {options.repeats}" if options.repeats > 1 else ""
    whose = "" if system.name == "loopscope" else f"{system.name} "
    return f"{whose}{method}: {units.count(count, 'record')}{of}"


def in_short(repeat):
    return (
        f"{units.duration(repeat['write']['time_ms'])}, /hello max "
        f"{units.duration_of_us(repeat['during']['max_us'])} (idle {units.duration_of_us(repeat['idle']['max_us'])})"
    )
