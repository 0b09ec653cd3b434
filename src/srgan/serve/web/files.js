// Files that are chosen, dropped, pasted, or lie in a folder that is.

const INTERESTING = /\.(png|jpe?g|jfif|webp|tiff?|bmp|avif|heic|heif|gif|mp4|m4v|mov|mkv|webm|avi|mpe?g|ts|m2ts|flv)$/i;

/** Of a folder, only what may be a picture or a video. */
export const inFolder = files => [...files].filter(file => INTERESTING.test(file.name) && !file.name.startsWith("."));

export async function dropped(transfer) {
  // All entries at once: after the first wait, the browser has forgotten them.
  const entries = [...transfer.items].map(item => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return [...transfer.files];
  return (await Promise.all(entries.map(entry => (entry.isFile ? taken(entry) : below(entry))))).flat();
}

const taken = entry => new Promise((done, fail) => entry.file(done, fail));

async function below(folder) {
  const reader = folder.createReader();
  const files = [];
  for (;;) {
    const entries = await new Promise((done, fail) => reader.readEntries(done, fail)); // a hundred at a time
    if (!entries.length) return files;
    for (const entry of entries) {
      files.push(...(entry.isFile ? inFolder([await taken(entry)]) : await below(entry)));
    }
  }
}
