import { describe, it } from 'node:test';
import { expect } from 'expect';
import { Order } from '../src/order';

describe('the order of packets', () => {
  it('has a packet behind a later one, also where numbers begin anew, and none that comes twice', () => {
    const o = new Order();
    for (const n of [65533, 65535, 65535, 65534, 1, 0, 2]) o.came(9, n);
    expect(o.behind).toBe(2);
    expect(o.came(9, 1)).toBe(true);
    expect(o.came(9, 3)).toBe(false);
  });

  it('is that of one stream: another one has numbers of its own', () => {
    const o = new Order();
    o.came(9, 500);
    expect(o.came(10, 20)).toBe(false);
    expect(o.came(10, 19)).toBe(true);
    expect(o.behind).toBe(1);
  });
});
