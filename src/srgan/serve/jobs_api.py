"""Routes for jobs that run in the background: videos, large pictures, and everything the page sends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse

from srgan.serve.api import BODY, PROBLEM, service_of
from srgan.serve.options import Options, accepted_format
from srgan.serve.problems import ProblemError
from srgan.serve.results import map_response, result_file, result_name, result_response, source_response
from srgan.serve.service import Service
from srgan.serve.task import Outcome, Task
from srgan.serve.zipped import zipped

router = APIRouter(responses=PROBLEM)

_LOOK = 0.25  # seconds between two events
_PATIENCE = 10.0  # seconds for a job that is told to end


def _task(request: Request, job: str) -> Task:
    task = service_of(request).workshop.get(job)
    if task is None or not task.is_kept:
        raise ProblemError(
            HTTPStatus.NOT_FOUND, "there is no such job; it may have expired", code="unknown", field="job"
        )
    return task


def _outcome(task: Annotated[Task, Depends(_task)]) -> Outcome:
    if task.error is not None:
        raise ProblemError.of(task.error)
    if task.outcome is None:
        raise ProblemError(HTTPStatus.CONFLICT, "the job is not done yet; follow its events", code="state")
    return task.outcome


_Task = Annotated[Task, Depends(_task)]
_Outcome = Annotated[Outcome, Depends(_outcome)]


def describe(service: Service, task: Task) -> dict[str, Any]:
    """Describes a job for clients."""
    event, outcome = task.event, task.outcome
    return {
        "id": task.id,
        "name": task.name,
        "state": task.state,
        "video": task.is_video,
        "options": task.options,
        "before_this": service.workshop.position(task),
        "done": None if event is None else event.done,
        "total": None if event is None else event.total,
        "unit": None if event is None else event.unit,
        "share": 1.0 if outcome else None if event is None else event.share,
        "seconds_left": task.seconds_left,
        "error": None if task.error is None else ProblemError.of(task.error).to_json(),
        "result": None
        if outcome is None
        else {
            "name": result_name(task, outcome),
            "bytes": outcome.bytes,
            "sha256": outcome.sha256,
            "input_size": outcome.input_size,
            "output_size": outcome.output_size,
            "frames": outcome.frames,
            "seconds": round(outcome.seconds, 3),
            "model": outcome.model,
            "notes": outcome.notes,
            "invented": outcome.invented is not None,
        },
    }


@router.post(
    "/v1/jobs",
    status_code=HTTPStatus.ACCEPTED,
    summary="Start a job: a picture or a video",
    openapi_extra=BODY,
)
async def create(
    request: Request, response: Response, options: Annotated[Options, Query()]
) -> dict[str, Any]:
    """Answers as soon as the upload is complete. With a state folder, the job survives a restart."""
    service = service_of(request)
    if options.format is None:
        options.format = accepted_format(_pictures_only(request.headers.get("accept")))
    task = await service.take(request, options, is_kept=True)
    response.headers["Location"] = f"/v1/jobs/{task.id}"
    return describe(service, task)


def _pictures_only(accept: str | None) -> str | None:
    """Keeps the picture types of an ``Accept`` header, which may ask for JSON too."""
    kinds = [part for part in (accept or "").split(",") if part.strip().startswith("image/")]
    return ",".join(kinds) or None


@router.get("/v1/jobs/{job}", summary="Get the state of a job")
async def read(request: Request, task: _Task) -> dict[str, Any]:
    """Returns the job; ``state`` is waiting, running, done, failed or cancelled."""
    return describe(service_of(request), task)


@router.get(
    "/v1/jobs/{job}/events", summary="Follow a job by server-sent events", response_class=EventSourceResponse
)
async def events(request: Request, task: _Task) -> AsyncIterator[ServerSentEvent]:
    """Sends ``progress`` whenever the job changes, then ``end``; the data of both is the job."""
    service = service_of(request)
    ended, last = asyncio.wrap_future(task.ended), None
    while not (task.is_over or service.workshop.is_closing):
        now = describe(service, task)
        if now != last:
            yield ServerSentEvent(event="progress", data=now)
            last = now
        await asyncio.wait([ended], timeout=_LOOK)
    if task.is_over:
        yield ServerSentEvent(event="end", data=describe(service, task))


@router.get("/v1/jobs/{job}/result", summary="Download the result", response_class=FileResponse)
async def result(task: _Task, outcome: _Outcome) -> Response:
    """Returns the file or the requested ranges; ``Repr-Digest`` holds its SHA-256."""
    return result_response(task, outcome)


@router.get(
    "/v1/jobs/{job}/invented", summary="Download the map of what was invented", response_class=FileResponse
)
async def invented(task: _Task, outcome: _Outcome) -> Response:
    """Returns the map as a PNG."""
    if outcome.invented is None:
        raise ProblemError(
            HTTPStatus.NOT_FOUND, "this job has no map; send the file with invented=true", field="invented"
        )
    return map_response(task)


@router.get("/v1/jobs/{job}/source", summary="Download the upload", response_class=FileResponse)
async def source(task: _Task) -> Response:
    """Returns the uploaded file unchanged."""
    return source_response(task)


@router.delete(
    "/v1/jobs/{job}", status_code=HTTPStatus.NO_CONTENT, summary="Cancel a job and delete its files"
)
async def delete(request: Request, task: _Task) -> Response:
    """Stops the work within a tile, then deletes the upload and the result."""
    workshop = service_of(request).workshop
    workshop.cancel(task)
    await asyncio.wait([asyncio.wrap_future(task.ended)], timeout=_PATIENCE)
    await run_in_threadpool(workshop.remove, task)
    return Response(status_code=HTTPStatus.NO_CONTENT)


@router.get(
    "/v1/results.zip", summary="Download several results as one zip archive", response_class=StreamingResponse
)
async def archive(
    request: Request, job: Annotated[list[str], Query(min_length=1, max_length=500)]
) -> StreamingResponse:
    """Returns a zip archive with the results of the given jobs that are done."""
    tasks = [_task(request, name) for name in job]
    files = [
        (result_file(task, task.outcome), result_name(task, task.outcome))
        for task in tasks
        if task.outcome is not None
    ]
    headers = {"Content-Disposition": 'attachment; filename="results.zip"'}
    return StreamingResponse(zipped(files), media_type="application/zip", headers=headers)
