// Without this script the form is sent as any other; with it the upload can be watched and stopped.
const form = document.querySelector("form");
const stop = document.querySelector("#stop");
const progress = document.querySelector("#progress");
const state = document.querySelector("#state");

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const request = new XMLHttpRequest();
  const begun = performance.now();

  request.upload.addEventListener("progress", ({ loaded, total }) => {
    const rate = loaded / 1048576 / ((performance.now() - begun) / 1000);
    progress.value = loaded / total;
    state.textContent = `${Math.floor((100 * loaded) / total)} %, ${rate.toFixed(1)} MiB/s`;
  });
  request.addEventListener("load", () => {
    if (request.status < 400) location.reload();
    else finish(request.status === 413 ? "That is too much." : `Refused (${request.status}).`);
  });
  request.addEventListener("abort", () => finish("Stopped."));
  request.addEventListener("error", () => finish("The connection was lost."));

  stop.onclick = () => request.abort();
  stop.hidden = progress.hidden = false;
  request.open("POST", form.action);
  request.send(new FormData(form));
});

function finish(message) {
  stop.hidden = progress.hidden = true;
  state.textContent = message;
}
