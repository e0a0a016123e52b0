# SPDX-License-Identifier: MIT

"""Numbers as people read them: two or three digits and a unit. A figure that was not measured is "n/a"."""

NOT_MEASURED = "n/a"


def duration(ms: float | None) -> str:
    """A length of time, given in milliseconds."""
    if ms is None:
        return NOT_MEASURED
    if ms < 0.00995:
        return f"{ms * 1000:.1f} us"
    if ms < 9.95:
        return f"{ms:.2f} ms" if ms < 0.995 else f"{ms:.1f} ms"
    if ms < 999.5:
        return f"{ms:.0f} ms"
    seconds = ms / 1000
    if seconds < 9.995:
        return f"{seconds:.2f} s"
    return f"{seconds:.1f} s" if seconds < 99.95 else f"{seconds:,.0f} s"


def duration_of_us(us: float | None) -> str:
    return duration(None if us is None else us / 1000)


def cost(ms: float | None) -> str:
    """The cost of one of many operations, given in milliseconds: always in microseconds."""
    if ms is None:
        return NOT_MEASURED
    return f"{ms * 1000:.1f} us" if ms < 0.00995 else f"{ms * 1000:,.0f} us"


def megabytes(size_bytes: float | None) -> str:
    """A size in decimal megabytes, the unit of the articles."""
    if size_bytes is None:
        return NOT_MEASURED
    size_mb = size_bytes / 1e6
    if size_mb < 9.95:
        return f"{size_mb:.1f} MB"
    return f"{size_mb:.0f} MB" if size_mb < 999.5 else f"{size_mb / 1000:.2f} GB"


def count(number: int | None, noun: str = "") -> str:
    """A number of things: count(1000, "write call") is "1,000 write calls"."""
    if number is None:
        return f"{NOT_MEASURED} {noun}s" if noun else NOT_MEASURED
    if not noun:
        return f"{number:,}"
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def rate(per_s: float | None) -> str:
    """A number of records a second: 370 k, 1.25 M."""
    if per_s is None:
        return NOT_MEASURED
    if per_s < 999.5:
        return f"{per_s:.0f}"
    scaled, unit = (per_s / 1e3, "k") if per_s < 999_500 else (per_s / 1e6, "M")
    return (
        f"{scaled:,.0f} {unit}"
        if scaled >= 99.5
        else f"{scaled:.1f} {unit}"
        if scaled >= 9.95
        else f"{scaled:.2f} {unit}"
    )


def percent(share: float | None) -> str:
    """A share of one core. More than one core is above 100 %."""
    if share is None:
        return NOT_MEASURED
    return f"{share * 100:.0f} %" if share >= 0.1 else f"{share * 100:.1f} %"


def ratio(value: float) -> str:
    """A ratio as people compare with it: 0.25, 2.0, 20."""
    return f"{value:,.0f}" if value >= 9.95 else f"{value:.1f}" if value >= 0.95 else f"{value:.2g}"
