// What an echo has seen of a run's pings, and what a runner concludes from that: the twin of bench/seen.go.

import { Reason, type Ways } from './contract';

/** high and low are the window's 64 bits: bit i is ping last − i. */
export interface Seen {
  count: number;
  last: number;
  high: number;
  low: number;
}

const windowSize = 64;

const bit = (s: Seen, i: number): boolean => ((i < 32 ? s.low >>> i : s.high >>> (i - 32)) & 1) === 1;

/** The window in the form of the wire: hexadecimal. */
export const windowText = (s: Seen): string =>
  s.high === 0 ? s.low.toString(16) : s.high.toString(16) + s.low.toString(16).padStart(8, '0');

export function readWindow(text: string): { high: number; low: number } | undefined {
  if (!/^[0-9a-f]{1,16}$/i.test(text)) return undefined;
  return { high: Number.parseInt(text.slice(0, -8) || '0', 16), low: Number.parseInt(text.slice(-8), 16) };
}

/** What an echo has seen of one run: the echo's side. */
export class SeenRun implements Seen {
  count = 0;
  last = 0;
  high = 0;
  low = 0;

  note(seq: number): void {
    const back = this.last - seq;
    if (seq === 0) return;
    if (back < 0) {
      this.shift(-back);
      this.low |= 1;
      this.last = seq;
    } else if (back < windowSize) {
      if (bit(this, back)) return;
      if (back < 32) this.low |= 1 << back;
      else this.high |= 1 << (back - 32);
    }
    this.count++;
    this.low >>>= 0;
    this.high >>>= 0;
  }

  private shift(n: number): void {
    if (n >= windowSize) this.high = this.low = 0;
    else if (n >= 32) {
      this.high = this.low << (n - 32);
      this.low = 0;
    } else {
      this.high = (this.high << n) | (this.low >>> (32 - n));
      this.low <<= n;
    }
  }
}

/** The runner's side. open(seq) tells whether a ping has no pong yet: nothing is kept of the other pings. */
export class Ledger {
  told = false;
  covered = 0; // a ping up to here that is not known as seen had not reached the echo
  private count = 0;
  private last = 0;
  private restarted = false;
  private readonly seen = new Set<number>(); // of the open ones
  private readonly missing = new Set<number>(); // the window, or the silence after it, was over them

  constructor(private readonly open: (seq: number) => boolean) {}

  take(s: Seen, sent: number): void {
    if (this.told && s.last >= this.last && s.count < this.count) this.restarted = true;
    if (s.count >= this.count) {
      this.count = s.count;
      this.last = s.last;
    }
    this.told = true;
    for (let i = Math.min(windowSize, s.last) - 1; i >= 0; i--) {
      const seq = s.last - i;
      if (bit(s, i)) {
        this.missing.delete(seq);
        if (this.open(seq)) this.seen.add(seq);
      } else if (!this.seen.has(seq) && this.open(seq)) this.missing.add(seq);
    }
    for (let seq = Math.max(this.covered, s.last) + 1; seq <= sent; seq++) if (this.open(seq)) this.missing.add(seq);
    this.covered = Math.max(this.covered, s.last, sent);
  }

  answered(seq: number): void {
    this.seen.delete(seq);
    this.missing.delete(seq);
  }

  /** Where a lost ping was lost; Reason.none = that is not known of this ping. */
  way(seq: number): Reason {
    return this.seen.has(seq) ? Reason.down : this.missing.has(seq) ? Reason.up : Reason.none;
  }

  /** Counts on which way the lost pings were lost. left is how many pings up to covered have left. */
  split(lost: number[], left: number): Ways {
    const w: Ways = { known: this.told, up: 0, down: 0, unknown: 0 };
    let nameless = 0;
    for (const seq of lost) {
      const way = this.way(seq);
      if (way === Reason.down) w.down++;
      else if (way === Reason.up) w.up++;
      else if (seq <= this.covered && !this.restarted) nameless++;
      else w.unknown++;
    }
    const up = Math.min(Math.max(left - this.count - this.missing.size, 0), nameless);
    w.up += up;
    w.down += nameless - up;
    return w;
  }
}
