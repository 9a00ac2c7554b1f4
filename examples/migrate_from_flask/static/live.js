"use strict";

const address = new URL(document.currentScript.dataset.socket, location.href);
address.protocol = address.protocol.replace("http", "ws");
const state = document.getElementById("state");
const socket = new WebSocket(address);

socket.onopen = () => { state.textContent = "New notes appear by themselves."; };
socket.onclose = () => { state.textContent = "Load the page again for new notes."; };
socket.onmessage = (event) => {
  const note = JSON.parse(event.data);
  const line = document.createElement("li");
  const author = document.createElement("small");
  author.textContent = `${note.author}, ${note.time}`;
  line.append(note.text, " ", author);
  document.getElementById("notes").prepend(line);
};
