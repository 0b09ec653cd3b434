"""NIQE's model of clean photographs as a file: the ``.npz`` that other implementations share."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np

from srgan.errors import DataError
from srgan.files import write_file
from srgan.metrics.niqe import FEATURES, NiqeModel


def read_niqe_model(path: Path) -> NiqeModel:
    """Reads ``niqe_pris_params.npz``, or what :func:`write_niqe_model` wrote.

    Raises:
        DataError: if the file is missing, or is not such a model.
    """
    try:
        with path.open("rb") as file, np.load(file) as arrays:
            mean = arrays["mu_pris_param"].astype(np.float64).reshape(FEATURES)
            covariance = arrays["cov_pris_param"].astype(np.float64).reshape(FEATURES, FEATURES)
    except FileNotFoundError:
        raise DataError(f"{path}: no such NIQE model; make one with 'srgan fit-niqe'") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, EOFError, zipfile.BadZipFile) as error:
        reason = " ".join(str(error).split())
        raise DataError(f"{path}: is not a NIQE model ({reason}); make one with 'srgan fit-niqe'") from None
    if not (np.isfinite(mean).all() and np.isfinite(covariance).all()):
        raise DataError(f"{path}: holds values that are not finite; make a NIQE model with 'srgan fit-niqe'")
    return NiqeModel(mean=mean, covariance=covariance)


def write_niqe_model(path: Path, model: NiqeModel) -> None:
    """Writes a model as an ``.npz`` that :func:`read_niqe_model` and other programs read.

    Raises:
        OutputError: if it cannot be written.
    """
    buffer = io.BytesIO()
    np.savez(buffer, mu_pris_param=model.mean[None], cov_pris_param=model.covariance)
    write_file(path, buffer.getvalue())
