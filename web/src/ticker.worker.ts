// A timer that nothing throttles: the timers of pages in the background are slowed to once a second, those of workers
// are not. It also wakes the page every few milliseconds. A page that has slept since its last ping takes half a
// millisecond longer to hear the pong, and that time would be the instrument's.
const wakeEvery = 4; // ms
let timer: ReturnType<typeof setTimeout> | undefined;
self.onmessage = (e: MessageEvent<number>) => {
  clearTimeout(timer);
  timer = setTimeout(() => self.postMessage('due'), e.data);
};
setInterval(() => self.postMessage('awake'), wakeEvery);
