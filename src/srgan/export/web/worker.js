// Runs the network, tile by tile, away from the page, so that the page stays quick.
import { cut, reflected, windowOf } from "./tiles.js";
import { keepWithin, layersOf } from "./transparency.js";

const MOST_THREADS = 8;

const here = name => new URL(name, import.meta.url).href;
const told = (kind, facts = {}, moved = []) => postMessage({ kind, ...facts }, moved);
const pause = () => new Promise(done => setTimeout(done));

let model, ort, session;
let wanted = 0;

async function fetched(name) {
  const answer = await fetch(here(name));
  if (!answer.ok) throw new Error(`${name} could not be loaded (${answer.status})`);
  return answer;
}

/** Makes the network ready on "webgpu" or "wasm", and tries it. */
async function open(kind, network) {
  ort = await import(`./ort.${kind}.min.js`);
  ort.env.wasm.numThreads = crossOriginIsolated ? Math.min(navigator.hardwareConcurrency, MOST_THREADS) : 1;
  const core = kind === "webgpu" ? "ort-wasm-simd-threaded.asyncify" : "ort-wasm-simd-threaded";
  ort.env.wasm.wasmPaths = { mjs: here(`${core}.js`), wasm: here(`${core}.wasm`) };
  session = await ort.InferenceSession.create(network, { executionProviders: [kind] });
  const side = model.multiple * Math.ceil(16 / model.multiple);
  const grey = await run(new Float32Array(3 * side * side).fill(0.5), side, side);
  if (!grey.every(value => value >= 0 && value <= 1)) throw new Error("wrong results");
  const threads = ort.env.wasm.numThreads;
  return kind === "webgpu" ? "WebGPU" : `WebAssembly, ${threads === 1 ? "1 thread" : `${threads} threads`}`;
}

async function start() {
  model = await (await fetched("srgan.json")).json();
  const network = new Uint8Array(await (await fetched(model.file)).arrayBuffer());
  let engine;
  if (await navigator.gpu?.requestAdapter().catch(() => null))
    engine = await open("webgpu", network).catch(error => console.warn("WebGPU is not used:", error));
  told("ready", { model, engine: engine ?? (await open("wasm", network)) });
}

/** Floats (3, rows, columns) in, (3, scale * rows, scale * columns) out. */
async function run(values, rows, columns) {
  const picture = new ort.Tensor("float32", values, [1, 3, rows, columns]);
  const { result } = await session.run({ picture });
  const made = await result.getData();
  result.dispose();
  return made;
}

/** Writes the inner part of a result into RGBA pixels. */
function fill(target, made, { isGrey, isAlpha }, { top, left, rows, columns, height, width }) {
  const plane = rows * columns;
  const rounded = new Uint8ClampedArray(3);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const from = (top + y) * columns + left + x;
      for (let channel = 0; channel < 3; channel++) rounded[channel] = 255 * made[channel * plane + from];
      if (isGrey) rounded.fill((rounded[0] + rounded[1] + rounded[2]) / 3);
      const to = 4 * (y * width + x);
      if (isAlpha) target[to + 3] = rounded[0];
      else target.set(rounded, to);
    }
}

/** One part of the result, as RGBA: of the tile that begins at a place. */
async function partOf(layers, size, { top, left, rows: height, columns: width, halo }) {
  const { scale, repeatsEdge } = model;
  const rows = reflected(top, height, size.height, halo, repeatsEdge);
  const columns = reflected(left, width, size.width, halo, repeatsEdge);
  const inner = {
    top: scale * halo, left: scale * halo, rows: scale * rows.length, columns: scale * columns.length,
    height: scale * Math.min(height, size.height - top), width: scale * Math.min(width, size.width - left),
  };
  const part = new Uint8ClampedArray(4 * inner.height * inner.width).fill(255);
  for (const layer of layers) {
    const made = await run(windowOf(layer.pixels, size.width, rows, columns), rows.length, columns.length);
    fill(part, made, layer, inner);
  }
  return { part, x: scale * left, y: scale * top, width: inner.width };
}

async function enlarge({ job, pixels, width, height }) {
  const down = cut(height, model.tile, model.multiple), across = cut(width, model.tile, model.multiple);
  const size = { width, height }, layers = layersOf(pixels, width, height);
  const total = down.starts.length * across.starts.length;
  const halo = total === 1 ? model.border : model.halo;
  let done = 0;
  for (const top of down.starts)
    for (const left of across.starts) {
      const made = await partOf(layers, size, { top, left, rows: down.size, columns: across.size, halo });
      if (layers.length > 1) keepWithin(made, pixels, size, model.scale);
      await pause(); // a message that stops this one is heard only now
      if (wanted !== job) return;
      done++;
      told("part", { job, ...made, done, total }, [made.part.buffer]);
    }
}

onmessage = ({ data }) => {
  wanted = data.job;
  if (data.pixels) enlarge(data).catch(error => told("failed", { job: data.job, why: error.message ?? String(error) }));
};

start().catch(error => told("broken", { why: error.message ?? String(error) }));
