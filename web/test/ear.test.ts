import { describe, it } from 'node:test';
import { expect } from 'expect';
import { length, period, rate, samples } from '../src/bursts';
import { Ear } from '../src/ear';

/** What an ear hears of bursts that take so many samples each, with noise of its own; undefined = it does not come. */
function ear(lags: (number | undefined)[], noise = 0.01, scale = 0.3): Ear {
  const all = new Float32Array(lags.length * period + 4 * rate);
  let x = 1;
  for (let i = 0; i < all.length; i++) {
    x = (Math.imul(x, 1103515245) + 12345) >>> 0;
    all[i] = noise * (x / 2 ** 31 - 1);
  }
  lags.forEach((lag, k) => {
    if (lag !== undefined) samples(k).forEach((v, i) => (all[k * period + lag + i]! += scale * v));
  });
  const e = new Ear();
  for (let at = 0; at < all.length; at += 4800) e.hear(at, all.subarray(at, at + 4800));
  return e;
}

const found = (e: Ear, k: number, about?: number) => e.find(k, k * period, about)?.lag;

describe('an ear', () => {
  it('finds each burst by itself, to a fraction of a sample, wherever it is', () => {
    const lags = [480, 19_201, 100_003, 7], e = ear(lags);
    lags.forEach((lag, k) => expect(Math.abs(found(e, k)! - lag)).toBeLessThan(0.5));
  });

  it('finds what is about where the last one was, and nothing that is not', () => {
    const e = ear([20_000, 20_700, 30_000]);
    expect(Math.abs(found(e, 1, 20_000)! - 20_700)).toBeLessThan(0.5);
    expect(found(e, 2, 20_700)).toBeUndefined();
    expect(Math.abs(found(e, 2)! - 30_000)).toBeLessThan(0.5);
  });

  it('takes no burst for another, and noise for none', () => {
    const e = ear([9600, undefined, 9600]);
    expect(found(e, 1)).toBeUndefined();
    expect(found(ear([undefined], 0.2), 0)).toBeUndefined();
    expect(found(new Ear(), 0)).toBeUndefined();
  });

  it('finds them in as much noise as there is sound', () => {
    expect(Math.abs(found(ear([12_345], 0.02, 0.3), 0)! - 12_345)).toBeLessThan(3);
  });

  it('matches closely whatever it finds, also where the means of its samples match better than they do', () => {
    for (let noise = 0.02; noise < 0.4; noise += 0.01) {
      expect(ear([12_345], noise).find(0, 0)?.match ?? 1).toBeGreaterThanOrEqual(0.4);
    }
  });

  it('knows when it has heard all that it may', () => {
    const e = new Ear();
    e.hear(0, new Float32Array(length + 20_000));
    expect([e.has(0, 18_000), e.has(0, 19_000), e.has(0)]).toEqual([true, false, false]);
    e.hear(3 * rate, new Float32Array(length)); // with a gap, which was silence
    expect([e.has(0), e.captured]).toEqual([true, 3 * rate + length]);
  });
});
