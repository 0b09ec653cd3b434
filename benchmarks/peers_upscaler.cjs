// Upscales one picture with UpscalerJS for every line on stdin. Arguments: FOLDER WIDTH HEIGHT.
"use strict";
const fs = require("node:fs");
const http = require("node:http");
const os = require("node:os");
const path = require("node:path");
const readline = require("node:readline");

const [folder, width, height] = process.argv.slice(2);
const modules = path.join(folder, "node_modules");
const root = path.join(modules, "@upscalerjs", "esrgan-medium");

async function main() {
  const tf = (globalThis.tf = require(path.join(modules, "@tensorflow", "tfjs")));
  const wasm = require(path.join(modules, "@tensorflow", "tfjs-backend-wasm"));
  wasm.setWasmPaths(path.join(modules, "@tensorflow", "tfjs-backend-wasm", "dist", path.sep));
  wasm.setThreadsCount(os.cpus().length);
  await tf.setBackend("wasm");
  globalThis.window ??= globalThis; // only its build for browsers accepts any backend
  const Upscaler = require(path.join(modules, "upscaler", "dist", "browser", "umd", "upscaler.min.js"));
  const found = require(path.join(root, "dist", "cjs", "models", "esrgan-medium", "src", "x4", "cjs.js"));
  const definition = found.default ?? found;
  const server = http.createServer((request, response) => fs.createReadStream(path.join(root, request.url)).pipe(response));
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const base = { ...(typeof definition === "function" ? definition() : definition) };
  const upscaler = new Upscaler({ model: { ...base, path: `http://127.0.0.1:${server.address().port}/models/x4/model.json` } });
  const picture = tf.randomUniform([Number(height), Number(width), 3], 0, 255).toInt();
  for await (const _ of readline.createInterface({ input: process.stdin })) {
    const result = await upscaler.upscale(picture, { output: "tensor" });
    await result.data();
    result.dispose();
    console.log("done");
  }
  process.exit(0);
}

main();
