// How a picture is cut, as in srgan itself: tiles of one size with their surroundings, the last of each
// axis moved inwards; beyond its borders the picture continues as its reflection.

/** Where the tiles of one axis begin, and their length, which is a multiple of `multiple`. */
export function cut(length, most, multiple) {
  const whole = Math.ceil(length / multiple) * multiple;
  const count = Math.ceil(whole / Math.max(most, multiple));
  const size = Math.ceil(whole / count / multiple) * multiple;
  return { size, starts: Array.from({ length: count }, (_, number) => Math.min(number * size, whole - size)) };
}

/** Positions in [0, length) of start - halo ... start + size + halo - 1, reflected at both ends. */
export function reflected(start, size, length, halo, repeatsEdge) {
  const last = repeatsEdge ? 2 * length - 1 : Math.max(2 * length - 2, 1);
  const period = repeatsEdge ? last + 1 : last;
  return Int32Array.from({ length: size + 2 * halo }, (_, index) => {
    const position = (((start - halo + index) % period) + period) % period;
    return Math.min(position, last - position);
  });
}

/** The part of RGBA pixels at these rows and columns, as floats (3, rows, columns) in [0, 1]. */
export function windowOf(pixels, width, rows, columns) {
  const plane = rows.length * columns.length;
  const values = new Float32Array(3 * plane);
  let place = 0;
  for (const row of rows)
    for (const column of columns) {
      const from = 4 * (row * width + column);
      for (let channel = 0; channel < 3; channel++) values[channel * plane + place] = pixels[from + channel] / 255;
      place++;
    }
  return values;
}
