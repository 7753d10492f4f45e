// How the page that shows runs writes figures.

import { it } from 'node:test';
import { expect } from 'expect';
import { count, fixed, ms, rating, tick } from '../ui/text';

it('rates a voice by a bound where the codec is not known', () => {
  const voice = { r: 91.24, mos_cqe: 4.366, bound: true };
  expect(rating(voice)).toBe(
    'By the E-model R ≤ 91.2 of 100, MOS ≤ 4.37 of 5, of the delay alone: the codec is not known',
  );
  expect(rating({ ...voice, bound: false })).toBe('By the E-model R = 91.2 of 100, MOS = 4.37 of 5');
});

it('has the digits of the command line, which rounds what lies halfway to the even one', () => {
  expect([812.5, 813.5, -812.5, 812.51].map((v) => fixed(v, 0))).toEqual(['812', '814', '-812', '813']);
  expect([40.125, 40.375, 2.675, 0.5, -0.004].map((v) => fixed(v, 2))).toEqual([
    '40.12',
    '40.38',
    '2.67',
    '0.50',
    '0.00',
  ]);
  expect(ms(812.5)).toBe('812');
});

it('parts the thousands with a narrow space, and never with a comma', () => {
  expect([count(999), count(12_000), ms(1640), ms(-23_456.5), tick(1200), tick(0.0025)]).toEqual([
    '999',
    '12\u202f000',
    '1\u202f640',
    '-23\u202f456',
    '1\u202f200',
    '0.0025',
  ]);
});
