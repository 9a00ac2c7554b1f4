const show = (id, text) => { document.getElementById(id).textContent = text }
const seen = { ticks: 0, missed: 0, connections: 0, last: null }
const clock = new EventSource(document.body.dataset.ticks)

clock.onopen = () => {
  show("connections", ++seen.connections)
  show("state", "Connected.")
}

// EventSource connects again by itself, and tells the server the last id that it has got.
clock.onerror = () => show("state", "The connection is lost; trying again …")

clock.onmessage = ({ data, lastEventId }) => {
  const { time, pages } = JSON.parse(data)
  const number = Number(lastEventId)
  if (seen.last !== null) seen.missed += number - seen.last - 1
  seen.last = number
  show("time", time)
  show("pages", pages)
  show("ticks", ++seen.ticks)
  show("missed", seen.missed)
}
