"use strict";

const form = document.querySelector("#order");
const list = document.querySelector("#jobs");
const state = document.querySelector("#state");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const fields = form.elements;
  const answer = await fetch(form.action, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({
      title: fields.title.value,
      pages: fields.pages.valueAsNumber,
      is_hopeless: fields.is_hopeless.checked,
    }),
  });
  state.textContent = answer.ok ? "Ordered." : `Not ordered: ${answer.status}.`;
  await refresh();
});

async function refresh() {
  const answer = await fetch(list.dataset.url);
  const jobs = await answer.json();
  if (jobs.length) {
    list.replaceChildren(...jobs.map(item));
  }
}

function item(job) {
  const entry = document.createElement("li");
  const title = document.createElement(job.report ? "a" : "span");
  title.textContent = job.title;
  if (job.report) {
    title.href = job.report;
  }
  const progress = document.createElement("progress");
  progress.max = job.pages;
  progress.value = job.written;
  const note = document.createElement("small");
  note.textContent = job.error ?? `${job.state}, ${job.written} of ${job.pages} pages`;
  entry.append(title, progress, note);
  return entry;
}

async function keepRefreshing() {
  try {
    await refresh();
  } catch {
    state.textContent = "The server does not answer. Trying again …";
  }
  setTimeout(keepRefreshing, 1000);
}

keepRefreshing();
