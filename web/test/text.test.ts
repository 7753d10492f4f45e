// How the page that shows runs writes figures.

import { it } from 'node:test';
import { expect } from 'expect';
import { rating } from '../ui/text';

it('rates a voice by a bound where the codec is not known', () => {
  const voice = { r: 91.24, mos_cqe: 4.366, bound: true };
  expect(rating(voice)).toBe(
    'By the E-model R ≤ 91.2 of 100, MOS ≤ 4.37 of 5, of the delay alone: the codec is not known',
  );
  expect(rating({ ...voice, bound: false })).toBe('By the E-model R = 91.2 of 100, MOS = 4.37 of 5');
});
