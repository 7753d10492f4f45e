// A timer that nothing throttles: pages in the background have theirs slowed to once a second,
// workers do not. It also wakes the page every few milliseconds, for one that has slept since its
// last ping takes half a millisecond longer to hear the pong: that would be the instrument's.
const wakeEvery = 4; // ms
let timer: ReturnType<typeof setTimeout> | undefined;
self.onmessage = (e: MessageEvent<number>) => {
  clearTimeout(timer);
  timer = setTimeout(() => self.postMessage('due'), e.data);
};
setInterval(() => self.postMessage('awake'), wakeEvery);
