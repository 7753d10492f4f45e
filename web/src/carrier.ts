// What carries pings, and what it tells of them: the ping loop knows no more of either.

import type { Reason, State } from './contract';
import type { Seen } from './seen';

/** Where time comes from: the page's clock and a timer that nothing throttles. */
export interface Time {
  now(): number; // monotonic, ms
  origin: number; // Unix ms of now() = 0
  wake(at: number, f: () => void): void; // one at a time: a new call replaces the one before
}

/** A pong that answers one of our pings. */
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
   * Sends the ping with the number seq, which was written down as sent at the moment at; 0 = a ping that is not
   * counted. Its errors are those of Session.send. 'waits' = the ping leaves later, and the listener will be told of
   * it.
   */
  send(seq: number, at: number): Promise<void> | void | 'waits';
  /** Takes back a ping that waits. The listener is told if the ping has not left. */
  withdraw?(seq: number): void;
  hear(listener: Listener): void;
}

/** What a wire tells the ping loop. */
export interface Listener {
  answered(p: Pong): void;
  malformed(from: string): void; // a message that nobody can read
  stray(from: string): void; // a pong that answers no ping of ours
  foreign(): void; // a pong to another runner, which is answered on the same track
  left(seq: number, at: number): void; // a ping that has waited
  withdrawn(seq: number, why: Reason): void; // a ping that has not left, and will not
}
