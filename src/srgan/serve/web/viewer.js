// Two pictures, or two videos, that zoom and pan together: under one line, or side by side.

const LARGEST = 16; // screen pixels for one of the result

export class Viewer {
  #frame; #split; #size = [1, 1]; #scale = 1; #place = [0, 0]; #media = {}; #pointers = new Map(); #grip = null; #isWhole = true; #isBeside = false;

  constructor(frame, split, onZoom) {
    this.#frame = frame;
    this.#split = split;
    this.onZoom = onZoom;
    split.oninput = () => this.divide(Number(split.value));
    new ResizeObserver(() => (this.#isWhole ? this.whole() : this.#draw())).observe(frame);
    frame.onpointerdown = event => this.#down(event);
    frame.onpointermove = event => this.#move(event);
    frame.onpointerup = frame.onpointercancel = event => this.#pointers.delete(event.pointerId);
    frame.onkeydown = event => this.#key(event);
    frame.ondblclick = event => (this.#isWhole ? this.actual(this.#inFrame(event)) : this.whole());
    frame.addEventListener("wheel", event => {
      if (!event.ctrlKey) return; // the page scrolls; a touchpad's pinch comes with Ctrl
      event.preventDefault();
      this.zoom(Math.exp(-event.deltaY / 200), this.#inFrame(event));
    }, { passive: false });
  }

  /** Shows elements: before and map may be null; sizes are pixels of the result. */
  show({ before, after, map, size, isBeside }) {
    this.#media = { before, after, map };
    this.#size = size;
    for (const name of ["before", "after", "map"]) {
      this.#frame.querySelector(`.${name}`).replaceChildren(...(this.#media[name] ? [this.#media[name]] : []));
    }
    this.#frame.classList.toggle("single", !before);
    this.divide(50);
    this.beside(isBeside);
  }

  /** Side by side, or under the line. */
  beside(isBeside) {
    const [width, height] = this.#size;
    this.#isBeside = isBeside;
    this.#frame.classList.toggle("beside", isBeside);
    this.#frame.style.aspectRatio = `${isBeside ? 2 * width : width} / ${height}`;
    this.#split.disabled = isBeside || !this.#media.before;
    this.whole();
  }

  divide(percent) {
    const place = Math.min(100, Math.max(0, percent));
    this.#split.value = place;
    this.#frame.style.setProperty("--split", `${place}%`);
  }

  whole() {
    const [width, height] = this.#frameSize(), [w, h] = this.#size;
    this.#isWhole = true;
    this.#scale = Math.min(width / w, height / h);
    this.#draw();
  }

  /** One pixel of the result on one of the screen. */
  actual(around) {
    this.zoom(1 / devicePixelRatio / this.#scale, around);
  }

  zoom(factor, [x, y] = this.#frameSize().map(side => side / 2)) {
    const [width, height] = this.#frameSize(), [w, h] = this.#size;
    const around = [this.#isBeside ? x % width : x, y]; // both halves show the same place
    const whole = Math.min(width / w, height / h), actual = 1 / devicePixelRatio;
    const scale = Math.min(Math.max(whole, LARGEST * actual), Math.max(Math.min(whole, actual), this.#scale * factor));
    this.#isWhole = scale === whole;
    this.#place = this.#place.map((place, axis) => around[axis] - ((around[axis] - place) * scale) / this.#scale);
    this.#scale = scale;
    this.#draw();
  }

  pan(x, y) {
    this.#place = [this.#place[0] + x, this.#place[1] + y];
    this.#draw();
  }

  /** Of what one picture is seen through: the frame, or half of it. */
  #frameSize() {
    return [this.#frame.clientWidth / (this.#isBeside ? 2 : 1), this.#frame.clientHeight];
  }

  #inFrame({ clientX, clientY }) {
    const { left, top } = this.#frame.getBoundingClientRect();
    return [clientX - left, clientY - top];
  }

  #draw() {
    const frame = this.#frameSize();
    // What is smaller than the frame stands in its middle; what is larger covers it.
    this.#place = this.#place.map((place, axis) => {
      const left = frame[axis] - this.#size[axis] * this.#scale;
      return left > 0 ? left / 2 : Math.min(0, Math.max(left, place));
    });
    for (const [name, element] of Object.entries(this.#media)) {
      if (!element) continue;
      element.style.width = `${this.#size[0]}px`;
      element.style.height = name === "map" ? "auto" : `${this.#size[1]}px`; // a map has its scale below
      element.style.transform = `translate(${this.#place[0]}px, ${this.#place[1]}px) scale(${this.#scale})`;
    }
    this.#frame.classList.toggle("zoomed", !this.#isWhole);
    this.onZoom(Math.round(100 * this.#scale * devicePixelRatio));
  }

  #down(event) {
    this.#frame.setPointerCapture(event.pointerId);
    this.#pointers.set(event.pointerId, this.#inFrame(event));
    const [x] = this.#inFrame(event);
    const line = (this.#frame.clientWidth * Number(this.#split.value)) / 100;
    this.#grip = !this.#split.disabled && (this.#isWhole || Math.abs(x - line) < 24) ? "line" : "picture";
  }

  #move(event) {
    const before = this.#pointers.get(event.pointerId);
    if (!before) return;
    const now = this.#inFrame(event);
    if (this.#pointers.size === 2) this.#pinch(event.pointerId, before, now);
    else if (this.#grip === "picture") this.pan(now[0] - before[0], now[1] - before[1]);
    else this.divide((100 * now[0]) / this.#frame.clientWidth);
    this.#pointers.set(event.pointerId, now);
  }

  #pinch(moving, before, now) {
    const [[, other]] = [...this.#pointers].filter(([id]) => id !== moving);
    const apart = point => Math.hypot(point[0] - other[0], point[1] - other[1]) || 1;
    this.zoom(apart(now) / apart(before), now.map((place, axis) => (place + other[axis]) / 2));
    this.pan((now[0] - before[0]) / 2, (now[1] - before[1]) / 2);
  }

  #key(event) {
    const step = 60, fine = 2, { key } = event;
    const along = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[key];
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (along && (event.shiftKey || this.#split.disabled)) this.pan(step * along[0], step * along[1]);
    else if (along?.[0]) this.divide(Number(this.#split.value) - fine * along[0]);
    else if (key === "+" || key === "=") this.zoom(1.5);
    else if (key === "-") this.zoom(1 / 1.5);
    else if (key === "0") this.whole();
    else if (key === "1") this.actual();
    else return;
    event.preventDefault();
  }
}
