import type { Time } from './carrier';

/** The page's clock, with a timer in a worker. */
export function pageTime(): Time {
  const worker = new Worker('ticker.js');
  let wanted: (() => void) | undefined;
  worker.onmessage = (e: MessageEvent<string>) => {
    if (e.data === 'due') wanted?.();
  };
  return {
    origin: performance.timeOrigin,
    now: () => performance.now(),
    wake(at, f) {
      wanted = f;
      worker.postMessage(Math.max(0, at - performance.now()));
    },
  };
}
