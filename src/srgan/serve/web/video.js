// Two videos in step: the one after has the sound, the one before follows.

const APART = 0.06; // seconds that are not seen

export class Player {
  #videos = [];

  constructor(row, button, place) {
    this.#button = button;
    this.#row = row;
    this.#place = place;
    button.onclick = () => this.toggle();
    place.oninput = () => this.#videos.forEach(video => (video.currentTime = place.value * (video.duration || 0)));
  }

  #button; #row; #place;

  /** Takes the video after, and the one before if it can be played; none for pictures. */
  take(after, before) {
    this.#videos.forEach(video => video.pause());
    this.#videos = [after, before].filter(Boolean);
    this.#row.hidden = !after;
    if (!after) return;
    if (before) before.muted = true;
    after.onplay = after.onpause = after.onended = () => (this.#button.textContent = after.paused ? "Play" : "Pause");
    after.ontimeupdate = () => {
      if (after.duration) this.#place.value = after.currentTime / after.duration;
      if (before && !before.seeking && Math.abs(before.currentTime - after.currentTime) > APART) before.currentTime = after.currentTime;
    };
    this.#button.textContent = "Play";
    this.#place.value = 0;
  }

  toggle() {
    const isPaused = this.#videos[0].paused;
    this.#videos.forEach(video => (isPaused ? video.play() : video.pause()));
  }
}
