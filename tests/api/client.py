"""Ask an application without a server: in an event loop of its own, started and stopped as by one."""

from __future__ import annotations

import asyncio
import threading

import httpx


class Client:
    def __init__(self, app):
        self.app = app
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self):
        self._thread.start()
        self._life = self.app.router.lifespan_context(self.app)
        self.run(self._life.__aenter__())
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        self._http = httpx.AsyncClient(transport=transport, base_url="http://test")
        return self

    def __exit__(self, *_):
        self.run(self._http.aclose())
        self.run(self._life.__aexit__(None, None, None))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def run(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def request(self, method, path, **more):
        return self.run(self._http.request(method, path, **more))

    def get(self, path, **more):
        return self.request("GET", path, **more)

    def post(self, path, **more):
        return self.request("POST", path, **more)

    def delete(self, path, **more):
        return self.request("DELETE", path, **more)

    def together(self, requests):
        """Send requests (method, path, more) all at once."""

        async def every():
            return await asyncio.gather(*(self._http.request(*one[:2], **one[2]) for one in requests))

        return self.run(every())
