import type { Frame } from '../src/red';

/** A clock that stands still until it is told to go on. */
export class FakeTime {
  t = 0;
  origin = 1_700_000_000_000;
  private queue: { at: number; n: number; f: () => void }[] = [];
  private n = 0;
  private alarm?: { at: number; n: number; f: () => void };
  now = () => this.t;
  after(delay: number, f: () => void) {
    const entry = { at: this.t + delay, n: this.n++, f };
    this.queue.push(entry);
    return entry;
  }
  wake = (at: number, f: () => void) => {
    if (this.alarm) this.queue = this.queue.filter((e) => e !== this.alarm);
    this.alarm = this.after(Math.max(0, at - this.t), f);
  };
  /** Runs until done, in the order of time. */
  async run(done: () => boolean) {
    for (let i = 0; i < 100_000 && !done(); i++) {
      await Promise.resolve();
      this.queue.sort((a, b) => a.at - b.at || a.n - b.n);
      const next = this.queue.shift();
      if (!next) break;
      this.t = next.at;
      next.f();
      await Promise.resolve();
    }
  }
}

/** 20 ms of silence, as an encoder makes it. */
export const silent = [0xfc, 0xff, 0xfe];

/** A frame of an audio track. */
export function frameOf(bytes: number[], metadata: { receiveTime?: number; mimeType?: string } = {}): Frame {
  return { data: Uint8Array.from(bytes).buffer, getMetadata: () => metadata };
}
