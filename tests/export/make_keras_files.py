"""Makes keras_files.zip for the tests of the import: tiny generators that Keras saved, and what they give.

They are trained for half a minute to enlarge pictures, so that they keep colours, as all such networks do.

    KERAS_BACKEND=torch python make_keras_files.py     # Keras 3.15, PyTorch
    python make_keras_files.py older                   # Keras 2.15, TensorFlow

Functions in the files hold the path of this one: run a copy of it in /tmp.
"""

import io
import sys
import tempfile
import zipfile
from pathlib import Path

import keras
import numpy as np
from keras import layers

TARGET = Path(__file__).with_name("keras_files.zip")
SPANS = {"0..1": (1, 0), "-1..1": (2, -1), "0..255": (255, 0)}


def pixel_shuffle(x, side=2):
    """What tf.nn.depth_to_space does."""
    if keras.__version__.startswith("2"):
        import tensorflow as tf

        return tf.nn.depth_to_space(x, side)
    return keras.ops.depth_to_space(x, side)


def residual_block(x, channels):
    y = layers.Conv2D(channels, 3, padding="same")(x)
    y = layers.BatchNormalization(momentum=0.5)(y)
    y = layers.PReLU(shared_axes=[1, 2], alpha_initializer=keras.initializers.Constant(0.2))(y)
    y = layers.Conv2D(channels, 3, padding="same", use_bias=False)(y)
    return layers.Add()([x, layers.BatchNormalization(momentum=0.5, scale=False)(y)])


def upsampling():
    """As the widely copied Keras-SRGAN: UpSampling2D, from -1..1 to -1..1."""
    x = start = layers.Input((None, None, 3))
    x = layers.Conv2D(4, 5, padding="same")(x)
    x = layers.PReLU(shared_axes=[1, 2], alpha_initializer=keras.initializers.Constant(0.2))(x)
    x = residual_block(x, 4)
    x = layers.UpSampling2D(size=2)(layers.Conv2D(6, 3, padding="same")(x))
    x = layers.LeakyReLU(0.2)(x)
    x = layers.Conv2D(3, 5, padding="same")(x)
    return keras.Model(start, layers.Activation("tanh")(x)), "-1..1", "-1..1"


def shuffle():
    """Ranges changed by functions, pixel shuffle by one too, from 0..255 to 0..255."""
    x = start = layers.Input((None, None, 3))
    x = layers.Lambda(lambda x: x / 255.0)(x)
    x = layers.Conv2D(4, 3, padding="same")(x)
    x = layers.PReLU(shared_axes=[1, 2])(x)
    x = residual_block(x, 4)
    x = layers.Lambda(pixel_shuffle)(layers.Conv2D(16, 3, padding="same")(x))
    x = layers.PReLU(shared_axes=[1, 2])(x)
    x = layers.Conv2D(3, 3, padding="same", activation="tanh")(x)
    return keras.Model(start, layers.Lambda(lambda x: (x + 1) * 127.5)(x)), "0..255", "0..255"


def chain():
    """A chain of layers, with padding of its own, from 0..1 to 0..1."""
    steps = [
        layers.Input((None, None, 3)),
        layers.Rescaling(2.0, offset=-1.0),
        layers.ZeroPadding2D(1),
        layers.Conv2D(8, 3, activation="relu"),
        layers.UpSampling2D(3, interpolation="bilinear"),
        layers.Dropout(0.1),
        layers.Conv2D(3, 3, padding="same"),
    ]
    return keras.Sequential(steps), "0..1", "0..1"


def pictures(random, number, side):
    """Squares of several sizes in [0, 1]."""
    found = np.zeros((number, side, side, 3), np.float32)
    for square in (1, 2, 4, side):
        few = random.random((number, -(-side // square), -(-side // square), 3), np.float32)
        found += 0.25 * few.repeat(square, 1).repeat(square, 2)[:, :side, :side]
    return found


def train(model, takes, gives, scale):
    random = np.random.default_rng(0)
    small = pictures(random, 512, 12)
    large = small.repeat(scale, 1).repeat(scale, 2)
    (span, black), (out_span, out_black) = SPANS[takes], SPANS[gives]
    model.compile(keras.optimizers.Adam(0.01), "mae")
    model.fit(small * span + black, large * out_span + out_black, epochs=20, batch_size=16, verbose=0)


def main():
    older = "older" in sys.argv
    cases = {"upsampling.h5": upsampling, "shuffle.keras": shuffle, "chain.h5": chain}
    if older:
        cases = {f"older_{name}": make for name, make in cases.items()}
    picture = np.random.default_rng(1).random((1, 5, 7, 3)) * 0.6 + 0.2
    picture = picture.astype(np.float16).astype(np.float32)
    with zipfile.ZipFile(TARGET, "a" if older else "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, make in cases.items():
            keras.utils.set_random_seed(0)
            model, takes, gives = make()
            scale = 3 if make is chain else 2
            trained, *_ = make()
            train(trained, takes, gives, scale)
            model.set_weights(trained.get_weights())  # this one holds no optimiser
            with tempfile.TemporaryDirectory() as folder:
                model.save(Path(folder) / name)
                archive.writestr(name, (Path(folder) / name).read_bytes())
            (span, black), (out_span, out_black) = SPANS[takes], SPANS[gives]
            result = (model.predict(picture * span + black, verbose=0) - out_black) / out_span
            buffer = io.BytesIO()
            small = picture.astype(np.float16)
            np.savez_compressed(buffer, picture=small, result=result, takes=takes, scale=scale)
            archive.writestr(f"{name}.npz", buffer.getvalue())
            print(name, np.abs(result - picture.repeat(scale, 1).repeat(scale, 2)).mean())


if __name__ == "__main__":
    main()
