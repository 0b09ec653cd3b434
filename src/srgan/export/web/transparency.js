// Pictures with transparent parts: colours for what nobody sees, and the mask as a picture of its own.

/** What to upscale of RGBA pixels: their colours, and, unless all is opaque, their alpha as grey. */
export function layersOf(pixels, width, height) {
  let isGrey = true, isOpaque = true;
  for (let at = 0; at < pixels.length; at += 4) {
    isGrey &&= pixels[at] === pixels[at + 1] && pixels[at] === pixels[at + 2];
    isOpaque &&= pixels[at + 3] === 255;
  }
  if (isOpaque) return [{ pixels, isGrey, isAlpha: false }];
  const alpha = pixels.map((_, at) => pixels[at | 3]);
  return [
    { pixels: filled(pixels, width, height), isGrey, isAlpha: false },
    { pixels: alpha, isGrey: true, isAlpha: true },
  ];
}

/** Fully transparent pixels get the mean of the smallest block around them that has others, lest edges darken. */
function filled(pixels, width, height) {
  const known = pixels.filter((_, at) => (at & 3) === 3);
  if (known.every(alpha => alpha) || !known.some(alpha => alpha)) return pixels;
  const [columns, rows] = [width, height].map(side => (side + 1) >> 1);
  const halved = new Uint8ClampedArray(4 * columns * rows);
  for (let y = 0; y < rows; y++)
    for (let x = 0; x < columns; x++) {
      const sum = [0, 0, 0, 0];
      for (let row = 2 * y; row < Math.min(2 * y + 2, height); row++)
        for (let column = 2 * x; column < Math.min(2 * x + 2, width); column++) {
          const from = 4 * (row * width + column);
          if (!pixels[from + 3]) continue;
          for (let channel = 0; channel < 3; channel++) sum[channel] += pixels[from + channel];
          sum[3]++;
        }
      if (sum[3]) halved.set([sum[0] / sum[3], sum[1] / sum[3], sum[2] / sum[3], 255], 4 * (y * columns + x));
    }
  const coarse = filled(halved, columns, rows);
  return pixels.map((value, at) => {
    if (pixels[at | 3]) return value;
    const place = at >> 2, y = Math.floor(place / width), x = place % width;
    return coarse[4 * ((y >> 1) * columns + (x >> 1)) + (at & 3)];
  });
}

/** Takes from a part's alpha what the network added: no pixel leaves the range of those around its own, two far. */
export function keepWithin({ part, x, y, width }, pixels, size, scale) {
  const alphaAt = (row, column) => pixels[4 * (row * size.width + column) + 3];
  for (let row = 0; row < part.length / 4 / width; row += scale)
    for (let column = 0; column < width; column += scale) {
      const [top, left] = [(y + row) / scale, (x + column) / scale];
      let low = 255, high = 0;
      for (let r = Math.max(top - 2, 0); r <= Math.min(top + 2, size.height - 1); r++)
        for (let c = Math.max(left - 2, 0); c <= Math.min(left + 2, size.width - 1); c++) {
          low = Math.min(low, alphaAt(r, c));
          high = Math.max(high, alphaAt(r, c));
        }
      for (let r = row; r < row + scale; r++)
        for (let at = 4 * (r * width + column) + 3; at < 4 * (r * width + column + scale); at += 4)
          part[at] = Math.min(Math.max(part[at], low), high);
    }
}
