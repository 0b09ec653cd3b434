"""Routes that answer directly: upscaling a picture, the list of models, health and metrics."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Annotated, Any, cast

from fastapi import APIRouter, Query
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response

from srgan.networks import DEFAULT_MODEL
from srgan.serve.options import MEDIA_TYPES, Options, accepted_format
from srgan.serve.problems import ProblemError
from srgan.serve.results import result_response
from srgan.serve.service import Service
from srgan.serve.tally import MEDIA_TYPE
from srgan.serve.task import Task

router = APIRouter()

BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            },
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
        },
    }
}
"""Describes uploads for OpenAPI; options may also be form fields."""

PROBLEM: dict[int | str, dict[str, Any]] = {
    "4XX": {"description": "Refused, with one sentence.", "content": {"application/problem+json": {}}}
}


def service_of(request: Request) -> Service:
    """Returns the service that the application was created with."""
    return cast("Service", request.app.state.service)


@router.post(
    "/v1/upscale",
    summary="Upscale a picture",
    response_class=FileResponse,
    responses={200: {"content": {kind: {} for kind in (*MEDIA_TYPES, "image/gif")}}, **PROBLEM},
    openapi_extra=BODY,
)
async def upscale(request: Request, options: Annotated[Options, Query()]) -> Response:
    """Returns the result and keeps nothing. ``Accept`` chooses the format unless ``format`` is given."""
    service = service_of(request)
    if options.format is None:
        options.format = accepted_format(request.headers.get("accept"))
    task = await service.take(request, options, is_kept=False)
    forget = BackgroundTask(service.workshop.remove, task)
    try:
        await _finished(request, service, task)
        if task.error is not None:
            raise ProblemError.of(task.error)
        if task.outcome is None:
            raise ProblemError(HTTPStatus.CONFLICT, "the job was cancelled", code="cancelled")
        return result_response(task, task.outcome, forget)
    except BaseException:
        await forget()
        raise


async def _finished(request: Request, service: Service, task: Task) -> None:
    """Waits until a task has ended, and cancels it if the client disconnects."""
    ended: asyncio.Future[Any] = asyncio.wrap_future(task.ended)
    # The body has been read: what comes next is the disconnection.
    gone: asyncio.Future[Any] = asyncio.ensure_future(request.receive())
    try:
        await asyncio.wait([ended, gone], return_when=asyncio.FIRST_COMPLETED)
        if gone.done():
            service.workshop.cancel(task)
            await asyncio.wait([ended])  # which, unlike ``await ended``, never cancels the future
        if task.outcome is None and service.workshop.is_closing:
            raise ProblemError(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "the server is being stopped; send the picture again later",
                code="stopping",
                headers={"Retry-After": "10"},
            )
    except asyncio.CancelledError:
        service.workshop.cancel(task)
        raise
    finally:
        gone.cancel()


@router.get("/v1/models", summary="List the models")
async def models(request: Request) -> dict[str, Any]:
    """Returns each model's name, summary and licence, and whether it is the default.

    ``detail`` says whether the options ``detail`` and ``invented`` apply to it, ``denoise`` whether it does.
    """
    return {
        "models": [
            {
                "name": name,
                "summary": offer.card.summary,
                "licence": offer.card.licence,
                "detail": bool(offer.card.fidelity),
                "denoise": bool(offer.card.grain),
                "default": name == DEFAULT_MODEL,
            }
            for name, offer in service_of(request).offers.items()
        ]
    }


@router.get("/healthz", summary="Check that the server answers")
async def healthz() -> dict[str, str]:
    """Answers as long as the server runs."""
    return {"status": "ok"}


@router.get("/readyz", summary="Check that the server takes work", responses=PROBLEM)
async def readyz(request: Request) -> dict[str, str]:
    """Answers 503 until the default model is loaded."""
    if not service_of(request).workshop.is_ready:
        raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, "the server is starting; try again in a second")
    return {"status": "ready"}


@router.get("/metrics", summary="Read metrics, for Prometheus", response_class=PlainTextResponse)
async def metrics(request: Request) -> Response:
    """Returns counts of requests, jobs, seconds and pixels, the length of the queue, and memory use."""
    workshop = service_of(request).workshop
    text = workshop.tally.text(waiting=workshop.waiting, running=workshop.running)
    return PlainTextResponse(text, media_type=MEDIA_TYPE)
