// Takes photos with a computer's camera. Phones have a better way of their own.

const $ = id => document.getElementById(id);
let stream = null;

/** Lets the button open the camera; `take` gets each photo as a file. */
export function offerCamera(take) {
  $("camera").hidden = !navigator.mediaDevices?.getUserMedia; // browsers have it at localhost and under TLS only
  $("camera").onclick = open;
  $("camera-close").onclick = () => $("camera-view").close();
  $("camera-view").onclose = close;
  $("capture").onclick = async () => {
    take(await photo($("camera-live")));
    $("camera-view").close();
  };
}

async function open() {
  $("camera-view").showModal();
  $("camera-said").textContent = "Allow the browser to use the camera.";
  $("capture").disabled = true;
  try {
    const opened = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 4096 } } });
    close(); // an earlier stream, if the dialog was closed and opened again while the browser asked
    stream = opened;
    if (!$("camera-view").open) return close();
    $("camera-live").srcObject = stream;
    await $("camera-live").play();
    $("camera-said").textContent = "";
    $("capture").disabled = false;
    $("capture").focus();
  } catch (error) {
    const why = { NotAllowedError: "the browser does not allow it", NotFoundError: "there is none", NotReadableError: "another program uses it" };
    $("camera-said").textContent = `The camera cannot be opened: ${why[error.name] ?? error.message}.`;
  }
}

function close() {
  stream?.getTracks().forEach(track => track.stop()); // its light goes off
  stream = $("camera-live").srcObject = null;
}

async function photo(video) {
  const canvas = Object.assign(document.createElement("canvas"), { width: video.videoWidth, height: video.videoHeight });
  canvas.getContext("2d").drawImage(video, 0, 0);
  const blob = await new Promise(done => canvas.toBlob(done, "image/png")); // JPEG would add blocks for the model to remove
  const time = new Date().toISOString().slice(0, 19).replace(/\D/g, "-");
  return new File([blob], `photo-${time}.png`, { type: "image/png" });
}
