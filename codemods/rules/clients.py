"""The libraries that can take the place of requests, by what the configuration calls them."""

from collections.abc import Mapping

from codemods.model import HttpClient
from codemods.rules.requests_aiohttp.client import AIOHTTP
from codemods.rules.requests_calls.client import Client
from codemods.rules.requests_httpx.client import HTTPX

CLIENTS: Mapping[HttpClient, Client] = {HttpClient.AIOHTTP: AIOHTTP, HttpClient.HTTPX: HTTPX}
