"""The methods, and what the articles behind this project say of them: 1,000,000 records on Node.js.

hello is their answer time of one /hello during the write; partition and offload are not in them.
"""

METHODS = ("sync", "promise", "callback", "stream", "partition", "offload")

CLAIMS = {
    "sync": {"time": "2-3 s", "hello": "2,500 ms", "memory": "50-70 MB", "loop": "BLOCKED"},
    "promise": {"time": "45-60 s", "hello": "50 ms", "memory": "50-80 MB", "loop": "free"},
    "callback": {"time": "0.5-1 s", "hello": "80 ms", "memory": "500 MB-2 GB", "loop": "\"free\""},
    "stream": {"time": "0.3-0.5 s", "hello": "45 ms", "memory": "60-90 MB", "loop": "free"},
}
