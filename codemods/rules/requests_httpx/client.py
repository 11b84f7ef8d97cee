HTTPX = __import__("codemods.rules.requests_aiohttp.client", fromlist=["AIOHTTP"]).AIOHTTP
