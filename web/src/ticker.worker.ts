// A timer that nothing throttles: pages in the background have theirs slowed to once a second,
// workers do not.
let timer: ReturnType<typeof setTimeout> | undefined;
self.onmessage = (e: MessageEvent<number>) => {
  clearTimeout(timer);
  timer = setTimeout(() => self.postMessage(0), e.data);
};
