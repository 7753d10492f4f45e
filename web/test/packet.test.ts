// Plays testdata/audio to the page's packet; internal/audio/packet_test.go plays it to the other one.

import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { expect } from 'expect';
import { decode, encode, type Record } from '../src/packet';
import { readWindow } from '../src/seen';

interface Vector {
  says: string;
  frame?: string;
  size?: number;
  verdict: 'ours' | 'not ours' | 'malformed';
  records?: { [name: string]: number | string }[];
  packet: string;
  broken?: boolean; // nobody writes such a packet
}

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));

const record = (r: { [name: string]: number | string }): Record => ({
  type: Number(r.type), flags: Number(r.flags), run: BigInt(`0x${r.run}`), seq: Number(r.seq),
  clockError: Number(r.clock_error_us), t1: Number(r.t1_us), t2: Number(r.t2_us), t3: Number(r.t3_us),
  seen: { count: Number(r.seen), last: Number(r.seen_last), ...readWindow(String(r.seen_window))! },
});

describe('the page and Go write and read the same packets', () => {
  const list = JSON.parse(readFileSync('../testdata/audio/packets.json', 'utf8')) as Vector[];
  it('has them', () => expect(list.length).toBeGreaterThanOrEqual(20));
  for (const v of list) {
    it(v.says, () => {
      const records = (v.records ?? []).map(record), packet = bytes(v.packet);
      if (!v.broken) {
        const written = encode(v.frame === undefined ? undefined : bytes(v.frame), v.size ?? 0, records);
        expect(Buffer.from(written).toString('hex')).toBe(v.packet);
      }
      const read = decode(packet);
      expect(read.filter((r) => r !== 'malformed')).toEqual(records);
      const verdict = read.length === 0 ? 'not ours' : read[0] === 'malformed' ? 'malformed' : 'ours';
      expect(verdict).toBe(v.verdict);
    });
  }
});
