"""State that all routes share, and the way from a request to a task."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from srgan.errors import OutputError
from srgan.files import explained, move_file, remove_folder
from srgan.serve.kinds import recognise
from srgan.serve.models import Offer
from srgan.serve.options import Options, check_result
from srgan.serve.outcomes import error_of
from srgan.serve.problems import ProblemError
from srgan.serve.settings import Settings
from srgan.serve.store import Store
from srgan.serve.task import Task
from srgan.serve.uploads import UPLOAD, receive, shown_name
from srgan.serve.workshop import Workshop


@dataclass(frozen=True, kw_only=True)
class Service:
    """A running server.

    Attributes:
        settings: configuration of the server.
        offers: models by name.
        store: keeps tasks on the disk.
        workshop: runs tasks.
    """

    settings: Settings
    offers: Mapping[str, Offer]
    store: Store
    workshop: Workshop

    async def take(self, request: Request, query: Options, *, is_kept: bool) -> Task:
        """Receives an upload, checks it, and queues it.

        Args:
            request: its body is the upload.
            query: its options; form fields are added.
            is_kept: whether the task outlives the request and may be a video.

        Raises:
            ProblemError: if it is refused; its files are deleted.
        """
        client = request.client.host if request.client else "unknown"
        self._check_queue(client)
        task = Task(
            id=secrets.token_urlsafe(16), client=client, name="", source="", options={}, is_kept=is_kept
        )
        task.folder = self.store.folder_of(task.id)
        try:
            upload = await receive(request, task.folder, self.settings.limits, self._check_disk)
            options = query.with_fields(upload.fields)
            task.options = options.model_dump(exclude_none=True, exclude={"name"})
            await run_in_threadpool(self._recognise, task, options, upload.name or options.name or "")
            self._check_queue(client)  # others may have come meanwhile
            self.workshop.add(task)
        except BaseException as error:
            await run_in_threadpool(_discard, task)
            if isinstance(error, OSError | OutputError):  # whose messages name paths of this computer
                raise ProblemError.of(error_of(error, task)) from error
            raise
        return task

    def _check_queue(self, client: str) -> None:
        """Refuses a task if the queue is full.

        Raises:
            ProblemError: with ``Retry-After``.
        """
        waiting, most = self.workshop.waiting, self.settings.limits.waiting
        if waiting >= most or self.workshop.waiting_of(client) >= max(1, most // 4):
            pause = min(60, 1 + round(waiting * self.workshop.tally.seconds_each))
            raise ProblemError(
                HTTPStatus.TOO_MANY_REQUESTS,
                f"too many jobs are waiting; try again in {pause} seconds",
                code="busy",
                headers={"Retry-After": str(pause)},
            )

    def _check_disk(self) -> None:
        """Refuses an upload if the disk budget is used up.

        Raises:
            ProblemError: with ``Retry-After``.
        """
        if self.store.bytes() >= self.settings.limits.disk_bytes:
            raise ProblemError(
                HTTPStatus.INSUFFICIENT_STORAGE,
                "the server has no space for more results; delete some, or try again later",
                code="disk",
                headers={"Retry-After": "60"},
            )

    def _recognise(self, task: Task, options: Options, name: str) -> None:
        limits = self.settings.limits
        models = {name: offer.model for name, offer in self.offers.items()}
        job_options = options.for_job(models, limits.pixels)
        upload = task.folder / UPLOAD
        kind = recognise(upload, limits)
        if kind.is_video and not task.is_kept:
            raise ProblemError(
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
                "the file is a video; send it to /v1/jobs",
                code="type",
                field="file",
            )
        if kind.is_video and options.invented:
            raise ProblemError(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                "a map of what was invented works with pictures only; leave it out",
                code="usage",
                field="invented",
            )
        check_result(job_options, kind.size, limits.pixels)
        task.name = shown_name(name, kind.extension)
        task.source = f"{UPLOAD}{kind.extension}"
        task.is_video, task.is_long = kind.is_video, kind.is_long
        with explained(task.folder / task.source):
            move_file(upload, task.folder / task.source)


def _discard(task: Task) -> None:
    with suppress(OutputError):  # the next start does it
        remove_folder(task.folder)
