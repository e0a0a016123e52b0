"""The methods, and what the articles behind this project say of them: 1,000,000 records on Node.js.

hello is their answer time of one /hello during the write, order that of the records in the file; partition and
offload are not in the articles.
"""

METHODS = ("sync", "promise", "callback", "stream", "partition", "offload")

CLAIMED_COUNT = 1_000_000

MB = 1_000_000

CLAIMS = {
    "sync": {
        "time": "2-3 s",
        "memory": "50-70 MB",
        "cpu": "70-90 %",
        "order": "in order",
        "hello": "2,500 ms",
        "loop": "BLOCKED",
    },
    "promise": {
        "time": "45-60 s",
        "memory": "50-80 MB",
        "cpu": "5-10 %",
        "order": "in order",
        "hello": "50 ms",
        "loop": "free",
    },
    "callback": {
        "time": "0.5-1 s",
        "memory": "500 MB-2 GB",
        "cpu": "30-50 %",
        "order": "not guaranteed",
        "hello": "80 ms",
        "loop": '"free"',
    },
    "stream": {
        "time": "0.3-0.5 s",
        "memory": "60-90 MB",
        "cpu": "40-50 %",
        "order": "in order",
        "hello": "45 ms",
        "loop": "free",
    },
}

# The same as numbers, least and greatest, in the units of the summary's figures.
RANGES = {
    "sync": {"time_ms": (2000, 3000), "peak_bytes": (50 * MB, 70 * MB), "cpu_share": (0.7, 0.9)},
    "promise": {"time_ms": (45_000, 60_000), "peak_bytes": (50 * MB, 80 * MB), "cpu_share": (0.05, 0.1)},
    "callback": {"time_ms": (500, 1000), "peak_bytes": (500 * MB, 2000 * MB), "cpu_share": (0.3, 0.5)},
    "stream": {"time_ms": (300, 500), "peak_bytes": (60 * MB, 90 * MB), "cpu_share": (0.4, 0.5)},
}
HELLO_US = {"sync": 2_500_000, "promise": 50_000, "callback": 80_000, "stream": 45_000}
