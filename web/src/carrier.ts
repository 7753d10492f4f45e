// What carries pings, and what it tells of them: the ping loop knows no more of either.

import type { Reason, State } from './contract';
import type { Seen } from './seen';

/** Where time comes from: the page's clock and a timer that nothing throttles. */
export interface Time {
  now(): number; // monotonic, ms
  origin: number; // Unix ms of now() = 0
  wake(at: number, f: () => void): void; // one at a time: a new call replaces the one before
}

/** A pong that answers a ping of ours. */
export interface Pong {
  seq: number; // 0 = of one that is not counted …
  before: number; // … the last counted ping that had left before
  from: string;
  at: number; // on the page's clock
  receive: number; // Unix ms; NaN = not known …
  send: number; // … as when the echo sent it
  kind: State['kind'];
  seen?: Seen;
}

/** What carries pings, and matches what comes back: the twin of recorder.Wire. */
export interface Wire {
  /**
   * Makes ping seq leave, which was written down as sent at the moment at; 0 = one that is not counted. Its errors are
   * those of Session.send. 'waits' = it leaves later, and the listener will be told of it.
   */
  send(seq: number, at: number): Promise<void> | void | 'waits';
  /** Takes back a ping that waits. The listener is told if it has not left. */
  withdraw?(seq: number): void;
  hear(listener: Listener): void;
}

/** What a wire tells. */
export interface Listener {
  answered(p: Pong): void;
  malformed(): void;
  stray(from: string): void; // a pong to no ping of ours
  foreign(): void; // one to somebody else, who is answered on the same track
  left(seq: number, at: number): void; // a ping that has waited
  withdrawn(seq: number, why: Reason): void; // it has not left, and will not
}
