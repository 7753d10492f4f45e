// Bursts of noise that can be told from each other. A page says them where the time that sound itself takes is
// measured.

export const rate = 48_000; // samples a second
export const step = 6; // samples of one value of the noise: it stays below 4 kHz, where a codec keeps the form of waves
export const values = 400; // of a burst: 50 ms
export const length = step * values;
export const period = rate / 4; // samples from burst to burst
const loud = 0.25, ramp = 20; // values at each end that fade

/**
 * The values of burst k, each for step samples. They are the same wherever they are computed, and unlike those of other
 * bursts.
 */
export function noise(k: number): Float32Array {
  let x = (k + 1) * 0x9e3779b1;
  const next = () => { // xorshift32 (Marsaglia 2003)
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) / 2 ** 31 - 1;
  };
  for (let i = 0; i < 8; i++) next();
  const fades = (i: number) => Math.min(1, i / ramp, (values - 1 - i) / ramp);
  return Float32Array.from({ length: values }, (_, i) => loud * fades(i) * next());
}

/** The samples of burst k: its values, joined by lines. */
export function samples(k: number): Float32Array {
  const of = noise(k);
  return Float32Array.from({ length }, (_, i) => {
    const j = Math.floor(i / step), part = (i % step) / step;
    return of[j]! * (1 - part) + (of[j + 1] ?? 0) * part;
  });
}
