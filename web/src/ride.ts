// Pings as audio packets: each rides the encoder's next frame, in a worker (frames.ts).

import { Reason, type Plan } from './contract';
import { packetSize, type Told } from './frames';
import { Flag, millis } from './packet';
import type { Listener, Time, Wire } from './carrier';
import { Muted } from './session';
import { Stamps } from './stamps';

/**
 * How the arrivals of pings (up) and of pongs (down) were stamped, and whether the pongs waited for the echo's encoder.
 */
export interface Arrived {
  up: string;
  down: string;
  carried: boolean;
}

/** What a runner has of its seat's audio. */
export interface Pings {
  muted(): boolean;
  whose(tap: number): string | undefined; // the participant's whose track a tap is
  readonly arrived: Arrived;
}

export type Ask =
  | { what: 'run'; run: bigint }
  | { what: 'ping'; n: number; seq: number; size: number }
  | { what: 'withdraw'; n: number; seq: number };

/** The worker. */
export interface Port {
  post(m: Ask): void;
  listen(f: (m: Told) => void): void;
}

/** The run's name as the packet has it. */
const runNumber = (run: string): bigint =>
  [...run.slice(0, 8)].reduce((n, c) => (n << 8n) | BigInt(c.charCodeAt(0) & 255), 0n);

const soundSize = 320; // bytes of a ping beside sound: more than any frame of it needs, so that all are equal

export class Ride implements Wire {
  private readonly stamps = new Stamps();
  private readonly run: bigint;
  private tries = 0;
  private readonly waiting = new Map<number, number>(); // the last try of each ping that has not left

  constructor(
    private readonly pings: Pings, private readonly port: Port, private readonly plan: Plan,
    private readonly time: Time,
  ) {
    this.run = runNumber(plan.run);
    port.post({ what: 'run', run: this.run });
  }

  send(seq: number): 'waits' {
    if (this.pings.muted()) throw new Muted('the track of the pings is muted, or has ended');
    if (seq === 0) this.withdraw(0); // of those that are not counted one waits at most
    this.waiting.set(seq, ++this.tries);
    this.port.post({ what: 'ping', n: this.tries, seq, size: this.size(seq) });
    return 'waits';
  }

  /**
   * The size of a ping in bytes; 0 = the usual size. In a lab a counted ping is larger than all other packets, and its
   * size tells its number, as in internal/audio.
   */
  private size(seq: number): number {
    const { payload, numbered, media } = this.plan, asked = payload || (media ? soundSize : 0);
    return numbered && seq !== 0 ? (asked || packetSize) + 1 + (seq % 251) : asked;
  }

  withdraw(seq: number): void {
    const n = this.waiting.get(seq);
    if (n !== undefined) this.port.post({ what: 'withdraw', n, seq });
  }

  hear(listener: Listener): void {
    this.port.listen((m) => {
      switch (m.what) {
        case 'left':
          if (this.waiting.get(m.seq) === m.n) this.waiting.delete(m.seq);
          this.stamps.add(millis(m.t1), m.seq);
          return listener.left(m.seq, millis(m.t1) - this.time.origin);
        case 'withdrawn':
          this.waiting.delete(m.seq);
          return listener.withdrawn(m.seq, this.pings.muted() ? Reason.muted : Reason.stalled);
        case 'malformed': {
          const from = this.pings.whose(m.tap);
          if (from !== undefined) listener.malformed(from);
          return;
        }
        case 'pong':
          return this.match(m, listener);
      }
    });
  }

  private match({ tap, at, exact, record: r }: Extract<Told, { what: 'pong' }>, listener: Listener): void {
    const from = this.pings.whose(tap), t1 = millis(r.t1);
    if (from === undefined) return;
    if (r.run !== this.run) return listener.foreign();
    if (this.stamps.find(t1) !== r.seq) return listener.stray(from);
    const { arrived } = this.pings;
    arrived.up = r.flags & Flag.atWire ? 'wire' : r.flags & Flag.atReceive ? 'receive-time' : 'page';
    arrived.down = exact ? 'receive-time' : 'page';
    arrived.carried = (r.flags & Flag.carried) !== 0;
    const told = (r.flags & Flag.stamped) !== 0;
    listener.answered({
      seq: r.seq, before: this.stamps.before(t1), from, at: at - this.time.origin,
      receive: told ? millis(r.t2) : NaN, send: told ? millis(r.t3) : NaN,
      seen: r.flags & Flag.tells ? r.seen : undefined,
      kind: r.flags & Flag.wrongClock ? 'rtcbench-wrong-clock' : 'rtcbench',
    });
  }
}
