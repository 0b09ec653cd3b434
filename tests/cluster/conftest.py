"""A worker of the tiny model without Ray, pictures, and a store of objects on this computer."""

import urllib.request
from dataclasses import dataclass

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("pyarrow", reason="needs the extra 'cluster'")

from srgan.cluster.attempts import Attempts
from srgan.cluster.model_files import ModelFiles
from srgan.cluster.storage import Place
from srgan.cluster.work import TASK, WHOLE, Work
from srgan.cluster.worker import Worker
from srgan.jobs.options import JobOptions


@pytest.fixture
def pictures(tmp_path, photo):
    """Writes variants of the photograph into a folder."""

    def write(*names, folder="in"):
        for number, name in enumerate(names):
            path = tmp_path / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.roll(photo, number, axis=1)).save(path)
        return tmp_path / folder

    return write


@pytest.fixture
def work(tiny_model, tmp_path):
    """Makes a worker's orders."""

    def make(dest=None, **options):
        return Work(
            dest=Place.of(str(dest or tmp_path / "out")),
            options=JobOptions(**options),
            model=ModelFiles.of(tiny_model),
            device="cpu",
            tile=64,
        )

    return make


@pytest.fixture
def do():
    """Lets a worker do one task, and gives the row that comes back."""

    def run(work, input_, output, attempts=None, **more):
        task = {**dict.fromkeys(TASK), "kind": WHOLE, "input": str(input_), "output": output, **more}
        (row,) = Worker(work, 1, attempts or Attempts()).do([task])
        return row

    return run


@dataclass(frozen=True)
class Store:
    """A store that speaks S3."""

    client: object
    query: str

    def address(self, key):
        return f"s3://bucket/{key}?{self.query}"

    def keys(self, prefix=""):
        found = self.client.list_objects_v2(Bucket="bucket", Prefix=prefix).get("Contents", [])
        return [item["Key"] for item in found]


@pytest.fixture
def store(monkeypatch):
    """moto's server, with an empty bucket called "bucket"."""
    server = pytest.importorskip("moto.server", reason="needs moto")
    boto3 = pytest.importorskip("boto3", reason="needs boto3")

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    running = server.ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    try:
        reset = urllib.request.Request(f"http://{host}:{port}/moto-api/reset", method="POST")
        urllib.request.urlopen(reset).close()  # servers of one process have one memory
        client = boto3.client("s3", endpoint_url=f"http://{host}:{port}")
        client.create_bucket(Bucket="bucket")
        query = f"scheme=http&endpoint_override={host}:{port}&region=us-east-1"
        yield Store(client, query)
    finally:
        running.stop()
