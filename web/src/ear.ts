// Finds bursts of noise in what a page hears, on the sample clock by which the bursts were said.

import { length, samples, step, values } from './bursts';

const kept = 8 * 48_000; // samples
const farthest = 3 * 48_000; // samples: a burst that is later is not heard
const near = 1440; // samples, 30 ms: how far from the one before it a burst is looked for at first
const least = 0.4; // of a match: what is no burst stays below 0.25

export interface Heard {
  lag: number; // samples from the mouth to the ear
  match: number; // coefficient of correlation, 0 to 1
}

export class Ear {
  private readonly all = new Float32Array(kept);
  private readonly coarse = new Float32Array(kept / step); // means of step samples each
  private sum = 0;
  private first = -1; // frame
  captured = 0; // the frame that comes next

  /** Takes what was heard from a frame on. What is missing between two calls was silence. */
  hear(frame: number, heard: Float32Array): void {
    if (this.first < 0) this.first = this.captured = frame;
    while (this.captured < frame) this.take(0);
    for (const v of heard) this.take(v);
  }

  private take(v: number): void {
    const n = this.captured++;
    this.all[n % kept] = v;
    this.sum += v;
    if (this.captured % step !== 0) return;
    this.coarse[Math.floor(n / step) % this.coarse.length] = this.sum / step;
    this.sum = 0;
  }

  /**
   * Whether everything that could be burst k has been heard: up to the latest time at which the burst may come, or,
   * with lag, up to a little after lag.
   */
  has(spoken: number, lag?: number): boolean {
    return this.captured >= spoken + length + (lag === undefined ? farthest : lag + near);
  }

  /**
   * Looks for burst k, which was said at the frame spoken (a multiple of step): about lag later, or anywhere without
   * lag.
   */
  find(k: number, spoken: number, lag?: number): Heard | undefined {
    const of = samples(k), rough = means(of);
    const from = Math.max(spoken + (lag === undefined ? 0 : Math.max(0, lag - near)), this.first);
    const to = Math.min(spoken + (lag === undefined ? farthest : lag + near), this.captured - length);
    let best = 0, at = -1;
    for (let n = Math.ceil(from / step); n <= Math.floor(to / step); n++) {
      const c = correlation(this.coarse, n, rough);
      if (c > best) [best, at] = [c, n];
    }
    return best < least ? undefined : this.exactly(of, at * step, spoken);
  }

  /**
   * The best lag within one step around about. It is refined between samples by the parabola through the three highest
   * values.
   */
  private exactly(of: Float32Array, about: number, spoken: number): Heard | undefined {
    const c = Array.from({ length: 2 * step + 1 }, (_, i) => correlation(this.all, about - step + i, of));
    const i = c.indexOf(Math.max(...c)), [a, b, d] = [c[i - 1] ?? c[i]!, c[i]!, c[i + 1] ?? c[i]!];
    const bend = a - 2 * b + d, lag = about - step + i - spoken + (bend < 0 ? (a - d) / (2 * bend) : 0);
    return lag < 0 || b < least ? undefined : { lag, match: Math.min(1, b) };
  }
}

const means = (of: Float32Array): Float32Array =>
  Float32Array.from({ length: values }, (_, j) => {
    let sum = 0;
    for (let i = 0; i < step; i++) sum += of[j * step + i]!;
    return sum / step;
  });

/** The coefficient of correlation of a template with a ring, from a place in the ring on. */
function correlation(ring: Float32Array, from: number, of: Float32Array): number {
  let both = 0, own = 0, theirs = 0;
  for (let i = 0; i < of.length; i++) {
    const x = ring[(from + i) % ring.length]!, y = of[i]!;
    both += x * y;
    own += x * x;
    theirs += y * y;
  }
  return own > 1e-9 ? both / Math.sqrt(own * theirs) : 0;
}
