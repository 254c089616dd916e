/** Gets the recording out of the page, or out of a file that was dropped on it. */

/** @returns {object} what tools/trace-view/embed.py wrote beside the recording */
export function readAbout() {
  try {
    return JSON.parse(document.getElementById("about").textContent);
  } catch {
    return {}; // a page without a recording
  }
}

/** @returns {Promise<ArrayBuffer | undefined>} the stream in the page */
export async function readEmbedded() {
  const text = document.getElementById("trace").textContent.trim();
  if (!text || text.startsWith("/*")) return undefined;
  const packed = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const unpacked = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(unpacked).arrayBuffer();
}

/** Calls use(buffer, name) for each file that is dropped on the page. */
export function acceptFiles(use) {
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", async (event) => {
    event.preventDefault();
    const file = event.dataTransfer.files[0];
    if (file) use(await file.arrayBuffer(), file.name);
  });
}
