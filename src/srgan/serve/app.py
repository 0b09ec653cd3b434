"""Puts the server together as one ASGI application."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from importlib.metadata import version

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from srgan.errors import OutputError, SrganError
from srgan.jobs.models import Models
from srgan.jobs.result import JobError
from srgan.serve import api, jobs_api, login, page
from srgan.serve.gate import Gate
from srgan.serve.models import find_offers
from srgan.serve.options import explained
from srgan.serve.problems import ProblemError
from srgan.serve.service import Service
from srgan.serve.settings import Settings
from srgan.serve.store import Store
from srgan.serve.workshop import Workshop


def create_app(settings: Settings, models: Models) -> Gate:
    """Creates the application, which locks the state folder from its start to its end.

    Args:
        settings: configuration of the server.
        models: loads networks, on one device.

    Raises:
        DataError: if the folder of models does not exist.
        InUseError: if another server uses the state folder.
        OutputError: if the state folder cannot be read or written.
    """
    offers = find_offers(settings.models)
    store = Store(settings.state)
    names = {name: offer.model for name, offer in offers.items()}
    try:
        workshop = Workshop(store, models, names, settings.limits)
    except OutputError:
        store.close()
        raise

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        workshop.start()
        yield
        await run_in_threadpool(workshop.stop)

    app = FastAPI(
        title="srgan",
        version=version("srgan"),
        summary="Upscale pictures and videos.",
        openapi_url="/v1/openapi.json",
        docs_url=None,  # it loads scripts from other sites
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.service = Service(settings=settings, offers=offers, store=store, workshop=workshop)
    for room in (api, jobs_api, login, page):
        app.include_router(room.router)
    app.add_exception_handler(ProblemError, _problem)
    app.add_exception_handler(SrganError, _problem)
    app.add_exception_handler(MemoryError, _problem)
    app.add_exception_handler(RequestValidationError, _problem)
    app.add_exception_handler(HTTPException, _problem)
    app.add_exception_handler(ClientDisconnect, _problem)
    app.add_exception_handler(Exception, _problem)
    return Gate(app, settings, workshop)


async def _problem(_: Request, error: Exception) -> Response:
    """Turns an exception of a route into an answer."""
    if isinstance(error, RequestValidationError):
        return explained(error.errors()).response()
    if isinstance(error, HTTPException):
        status = HTTPStatus(error.status_code)
        sentence = f"{status.description or status.phrase}".lower()
        return ProblemError(status, sentence, headers=error.headers).response()
    if isinstance(error, SrganError):
        return ProblemError.of(error).response()
    if isinstance(error, ProblemError):
        return error.response()
    if isinstance(error, MemoryError):
        return ProblemError.of(JobError.of(error, "the request")).response()
    if isinstance(error, ClientDisconnect):  # nobody reads this, and the log need not have it
        return Response(status_code=HTTPStatus.BAD_REQUEST)
    sentence = "the server failed unexpectedly; see its log"
    return ProblemError(HTTPStatus.INTERNAL_SERVER_ERROR, sentence, code="unexpected").response()
