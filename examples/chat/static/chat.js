"use strict";

const form = document.querySelector("#say");
const button = form.querySelector("button");
const log = document.querySelector("#log");
const state = document.querySelector("#state");
const names = document.querySelector("#names");

let socket;
let failures = 0; // since the last time that the server was reached

function connect() {
  socket = new WebSocket(form.dataset.socket);
  socket.onmessage = (message) => {
    const event = JSON.parse(message.data);
    show[event.kind](event);
  };
  socket.onclose = (closed) => {
    button.disabled = true;
    // Sooner at first, then more seldom, and not everybody at the same moment.
    const seconds = Math.min(30, 2 ** failures++) * (0.5 + Math.random());
    state.textContent = `${closed.reason || "Disconnected."} Trying again …`;
    setTimeout(connect, seconds * 1000);
  };
}

const show = {
  welcome(event) {
    failures = 0;
    button.disabled = false;
    state.textContent = "Connected.";
    log.replaceChildren();
    showNames(event);
    event.history.forEach(show.message);
  },
  message(event) {
    const time = document.createElement("time");
    time.dateTime = new Date(event.time * 1000).toISOString();
    time.textContent = new Date(event.time * 1000).toLocaleTimeString([], { timeStyle: "short" });
    const name = document.createElement("strong");
    name.textContent = event.name;
    add("message", time, " ", name, " ", event.text);
  },
  join(event) {
    showNames(event);
    add("notice", `${event.name} has entered.`);
  },
  leave(event) {
    showNames(event);
    add("notice", `${event.name} has left.`);
  },
  refusal(event) {
    add("notice error", event.text);
  },
};

function showNames(event) {
  names.textContent = `Here: ${event.names.join(", ")}.`;
}

// What others have written is only ever added as text, never as HTML.
function add(kind, ...parts) {
  const line = document.createElement("li");
  line.className = kind;
  line.append(...parts);
  const wasAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  log.append(line);
  if (wasAtEnd) line.scrollIntoView({ block: "nearest" });
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const text = form.elements.text.value.trim();
  if (text === "" || socket.readyState !== WebSocket.OPEN) return;
  socket.send(text);
  form.reset();
});

connect();
