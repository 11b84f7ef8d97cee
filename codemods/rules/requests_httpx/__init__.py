"""AW102 with `--client httpx`: `requests.get(...)` and its kin become requests of an `httpx.AsyncClient`.

httpx reads the body before it gives a response, so that only the call is awaited: its statement goes into the block of
a client, and the response is used where it was. `arguments` decides what a request may be given, `response` what may be
done with the result, and `forms` where; `writing` writes it all. Facts about the two libraries come from a verified
table of requests 2.34 against httpx 0.28.
"""
