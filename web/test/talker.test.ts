import { describe, it } from 'node:test';
import { expect } from 'expect';
import { type Frame, opusOf } from '../src/red';
import { rtvi } from '../src/rtvi';
import { type Overheard, Talker } from '../src/talker';
import { frameOf, silent } from './fake';

function talker() {
  const told: Overheard[] = [], at = { t: 100 };
  const t = new Talker({ now: () => at.t, origin: 1_700_000_000_000 }, (o) => told.push(o));
  const leave = (): number[] => {
    const frame = frameOf(silent);
    let left = false;
    t.out(frame, () => (left = true));
    at.t += 20;
    expect(left).toBe(true);
    return [...opusOf(frame)];
  };
  return { t, told, at, leave };
}
const packets = (...first: number[]) => first.map((b) => Uint8Array.from([b, b]));

describe('a caller', () => {
  it('says its packets in the place of the encoder, one a frame, and quiet ones where there is nothing to say', () => {
    const { t, told, leave } = talker();
    expect(leave()).toEqual(silent); // it has not been told anything
    t.perform(0, packets(1, 2));
    expect([leave(), leave(), leave()]).toEqual([[1, 1], [2, 2], [1, 1]]);
    t.perform(7, packets(8, 9));
    expect([leave(), leave(), leave()]).toEqual([[8, 8], [9, 9], [2, 2]]);
    expect(told.filter((o) => o.what === 'spoken' && o.say === 7)).toEqual([
      { what: 'spoken', say: 7, index: 0, last: false, at: 1_700_000_000_180 },
      { what: 'spoken', say: 7, index: 1, last: true, at: 1_700_000_000_200 },
    ]);
  });

  it('ends what is cut with the next packet, and only that', () => {
    const { t, told, leave } = talker();
    t.perform(0, packets(1));
    t.perform(3, packets(4, 5, 6));
    t.cut(2);
    leave();
    t.cut(3);
    expect([leave(), leave()]).toEqual([[5, 5], [1, 1]]);
    expect(told.map((o) => o.what === 'spoken' && o.last)).toEqual([false, true, false]);
  });

  it('hears each packet with its number, its time stamp and when it came, also out of RED', () => {
    const { t, told } = talker();
    const red: Frame = {
      data: Uint8Array.from([0x80 | 111, 15, 0, 2, 111, 0xee, 0xee, 8, 9]).buffer,
      getMetadata: () => ({ mimeType: 'audio/red', receiveTime: 90, sequenceNumber: 5, rtpTimestamp: 960 }),
    };
    t.in(4, red);
    t.in(4, frameOf([1, 2])); // of a browser that says nothing of it
    expect(told).toEqual([
      { what: 'sound', tap: 4, at: 1_700_000_000_090, seq: 5, stamp: 960, packet: Uint8Array.from([8, 9]) },
      { what: 'sound', tap: 4, at: 1_700_000_000_100, seq: 1, stamp: 0, packet: Uint8Array.from([1, 2]) },
    ]);
  });

  it('takes notice of what an agent says of itself by RTVI, and of nothing else', () => {
    const speaks = { label: 'rtvi-ai', type: 'bot-started-speaking' };
    expect(rtvi(speaks)).toEqual({ what: 'rtvi bot-started-speaking', text: '' });
    const said = (final: boolean) => ({ label: 'rtvi-ai', type: 'user-transcription', data: { text: 'hello', final } });
    expect(rtvi(said(true))).toEqual({ what: 'rtvi user-transcription', text: 'hello' });
    for (const other of [said(false), { type: 'bot-started-speaking' }, 'rtvi-ai', null, { label: 'rtvi-ai' }]) {
      expect(rtvi(other)).toBeUndefined();
    }
  });
});
