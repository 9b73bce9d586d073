"""The addresses that can be asked, and what each answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

import structlog
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from sftp_sync.errors import SyncError
from sftp_sync.web import page
from sftp_sync.web.door import Application, Door
from sftp_sync.web.observatory import Observatory

FOUND, NOT_FOUND, NOT_READY = 200, 404, 503
KEPT_A_MINUTE = {"Cache-Control": "max-age=60"}

log = structlog.get_logger(__name__)

Answer = Callable[[Request], Response]


def application(
    observatory: Observatory, crew: ThreadPoolExecutor, listen_host: str
) -> Application:
    """All of it, behind its door."""

    def beside(answer: Answer) -> Callable[[Request], Awaitable[Response]]:
        """Answer on a thread of the crew: looking at the ledger takes a moment."""

        async def answered(request: Request) -> Response:
            return await asyncio.get_running_loop().run_in_executor(crew, answer, request)

        return answered

    answers = Answers(observatory)
    routes = {
        "/": answers.overview,
        "/campaigns/{name}": answers.campaign,
        "/readyz": answers.ready,
        "/metrics": answers.metrics,
    }
    return Door(
        Starlette(
            routes=[
                *(Route(path, beside(answer)) for path, answer in routes.items()),
                Route("/healthz", _alive),
                *(Route(f"/{name}", _file(name)) for name in page.FILES),
            ]
        ),
        listen_host,
    )


async def _alive(request: Request) -> Response:
    del request
    return PlainTextResponse("ok\n")


def _file(name: str) -> Callable[[Request], Awaitable[Response]]:
    async def answered(request: Request) -> Response:
        del request
        content, kind = page.file(name)
        return Response(content, media_type=kind, headers=KEPT_A_MINUTE)

    return answered


class Answers:
    """What is said to each question."""

    def __init__(self, observatory: Observatory) -> None:
        self._observatory = observatory

    def overview(self, request: Request) -> Response:
        """The status page."""
        del request
        try:
            return HTMLResponse(self._observatory.overview())
        except SyncError as problem:
            return _trouble(problem)

    def campaign(self, request: Request) -> Response:
        """One campaign."""
        name = request.path_params["name"]
        try:
            text = self._observatory.campaign(name)
        except SyncError as problem:
            return _trouble(problem)
        if text is None:
            return HTMLResponse(page.message("There is no such campaign here."), NOT_FOUND)
        return HTMLResponse(text)

    def ready(self, request: Request) -> Response:
        """Whether every campaign that is meant to run can run."""
        del request
        try:
            reasons = self._observatory.reasons()
        except SyncError as problem:
            log.warning("ledger_unavailable", reason=problem.message)
            return JSONResponse({"ready": False, "ledger": [str(problem)]}, NOT_READY)
        document = {"ready": not reasons, "campaigns": reasons}
        return JSONResponse(document, NOT_READY if reasons else FOUND)

    def metrics(self, request: Request) -> Response:
        """Everything that is counted. A ledger that does not answer is a number too."""
        del request
        return Response(self._observatory.metrics(), media_type=CONTENT_TYPE_LATEST)


def _trouble(problem: SyncError) -> Response:
    log.warning("ledger_unavailable", reason=problem.message)
    return HTMLResponse(page.message(problem.message, problem.fix), NOT_READY)
