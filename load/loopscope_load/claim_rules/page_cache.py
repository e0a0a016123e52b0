# SPDX-License-Identifier: MIT

"""Rules on the page cache: what of a file is in it only, and when that reaches the disk."""

from loopscope_load import Json, units
from loopscope_load.claim_rules.view import HOLDS, IN_PART, NODE, OWN, Judged, NotMeasured, View, grade, known
from loopscope_load.writes import grown_bytes

IN_MEMORY = ("tmpfs", "ramfs")


def check_has_disk(view: View) -> None:
    """Before a verdict on what reaches the disk."""
    file_system = view.document["machine"]["file_system"]
    if file_system in IN_MEMORY:
        raise NotMeasured(
            f"The files were on {file_system}, which is memory: no disk is behind it. TMPDIR chooses another."
        )


def dirty_at_the_end(view: View, system: str) -> tuple[float, float]:
    """The dirty and all bytes of the file when its writer had just closed it."""
    pages = view.part(system, "pages")
    return float(pages["closed"]["dirty_bytes"]), float(pages["size_bytes"])


def dirty_words(view: View, system: str) -> str:
    return "{} of {} dirty after the end".format(*map(units.megabytes, dirty_at_the_end(view, system)))


def whose_pages(view: View) -> str:
    """The system whose file is judged. The kernel is the same, so it is loopscope where Node.js was not measured."""
    return view.judged_system(lambda system: view.part(system, "pages"))


def same_kernel(said: str) -> dict[str, str]:
    """The cells of what is no system's own."""
    return dict.fromkeys((NODE, OWN), f"{said} (the same kernel)")


def only_cached(view: View, claim: Json) -> Judged:
    """The bytes are only in the page cache when the write is done. `value.cached`: the claim says so, or denies it."""
    check_has_disk(view)
    cells = view.cells_of(lambda system: dirty_words(view, system))
    dirty, size = dirty_at_the_end(view, whose_pages(view))
    share = dirty / size
    why = f"{min(1, share) * 100:.0f} % of the file were only in the page cache, not on the disk."
    if 0.1 < share < 0.9:
        return Judged(cells, IN_PART, why)
    return Judged(cells, grade((share >= 0.9) == claim["value"]["cached"]), why)


def after_fsync(view: View, claim: Json) -> Judged:
    check_has_disk(view)

    def left(system: str) -> tuple[float, float]:
        pages = view.part(system, "pages")
        return pages["closed"]["dirty_bytes"], pages["synced"]["dirty_bytes"] + pages["synced"]["writeback_bytes"]

    def cell(system: str) -> str:
        before, after = map(units.megabytes, left(system))
        pages = view.part(system, "pages")
        synced, evicted, read = (
            units.megabytes(pages[when]["cached_bytes"]) for when in ("synced", "evicted", "read_back")
        )
        return f"dirty {before} before fsync, {after} after; cached {synced}, evicted {evicted}, read back {read}"

    cells = view.cells_of(cell)
    before, after = left(whose_pages(view))
    why = f"fsync left {units.megabytes(after)} of {units.megabytes(before)} dirty."
    return Judged(cells, grade(after == 0 and before > 0, after == 0), why)


def after_a_while(view: View, claim: Json) -> Judged:
    check_has_disk(view)
    found = view.common("aged")
    before, after = (units.megabytes(found[f"{when}_bytes"]) for when in ("before", "after"))
    said = f"{before} dirty, {after} after {found['after_s']:.0f} s"
    if found["after_s"] < found["expire_s"]:
        raise NotMeasured(
            f"{said}: the kernel writes pages back at the latest when they are {found['expire_s']:.0f} s old."
        )
    written = found["after_bytes"] < 0.1 * found["before_bytes"]
    return Judged(same_kernel(said), grade(written), f"Without any fsync: {said}.")


def page_cache_grows(view: View, claim: Json) -> Judged:
    found = view.common("memory")
    cached, total, available = (units.megabytes(found[f"{name}_bytes"]) for name in ("cached", "total", "available"))
    said = f"{cached} of {total} are page cache; {available} could be"
    verdict = HOLDS if found["available_bytes"] >= 0.5 * found["total_bytes"] else IN_PART
    return Judged(same_kernel(said), verdict, f"The kernel sets no size: {said}.")


def disk_over_time(view: View, claim: Json) -> Judged:
    """How much of the file had reached the disk by the last sample of the first write: cached and no longer dirty.

    From the second write on, the samples have the file of the write before as well.
    """
    check_has_disk(view)

    def written_back(system: str) -> tuple[float, float, float]:
        repeat = view.shown_repeat(system, claim["method"])
        samples, (started, ended) = repeat["samples"], repeat["windows_ms"][0]
        columns = (samples.get(name) or [] for name in ("at_ms", "cached_bytes", "dirty_bytes"))
        for at, cached, dirty in reversed(list(zip(*columns))):
            if at <= ended and cached and dirty is not None:
                return max(0, cached - dirty), cached, at - started
        raise NotMeasured("There are no samples of the file's pages.")

    def words(found: tuple[float, float, float]) -> str:
        back, cached, after_ms = found
        return f"{units.megabytes(back)} of {units.megabytes(cached)} on the disk after {units.duration(after_ms)}"

    cells, (back, cached, _) = view.compare(written_back, words)
    share = back / cached
    why = f"{share * 100:.0f} % of its bytes had reached the disk by the end of the write."
    return Judged(cells, grade(share >= 0.9, share >= 0.1), why)


def two_levels(view: View, claim: Json) -> Judged:
    def grown(system: str) -> float:
        return known(grown_bytes(view.report(system, claim["method"])), "The growth of memory")

    def cell(system: str) -> str:
        return f"process {units.megabytes(grown(system))} more; file {dirty_words(view, system)}"

    cells = view.cells_of(cell)
    process, (dirty, _) = grown(NODE), dirty_at_the_end(view, NODE)
    why = f"Node.js grew by {units.megabytes(process)}, the page cache by the whole file."
    return Judged(cells, grade(process > 0 and dirty > 0, process > 0 or dirty > 0), why)
