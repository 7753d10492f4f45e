// The packet of audio pings. internal/audio/packet.go is its twin, and docs/audio.md draws the bytes.

import type { Seen } from './seen';

export const recordSize = 68; // bytes
export const Type = { ping: 1, pong: 2 } as const;

/** Which values of a record are there, and how they were made. */
export const Flag = {
  stamped: 1, // t2 and t3 are there
  clockKnown: 2, // clockError is there
  tells: 4, // seen is there
  wrongClock: 8, // the echo's clock is wrong on purpose
  atWire: 16, // t2 is of the moment at which the packet came off the wire …
  atReceive: 32, // … or of the browser's receiveTime; of neither: of the page's own stamp
  carried: 64, // the pong waited for the next packet of the echo's encoder
} as const;
const allFlags = 127;

/** micros turns Unix ms into the time stamps of the wire, and millis turns them back. */
export const micros = (ms: number): number => Math.round(ms * 1000);
export const millis = (us: number): number => us / 1000;

/** What one packet says of one ping. */
export interface Record {
  type: number;
  flags: number;
  run: bigint;
  seq: number; // of the ping; 0 = it is not counted
  clockError: number; // µs
  t1: number; // whole Unix µs: the ping left …
  t2: number; // … reached the echo …
  t3: number; // … and the pong left it
  seen: Seen;
}

const version = 1, magic = 0x72746362; // "rtcb"
const codeMask = 3, code3 = 3, oneFrame = 0x41, fullByte = 255;
const silence = new Uint8Array([0xf8, 0xff, 0xfe]); // 20 ms: CELT, full band, mono

/** Whether an Opus packet has one frame and no padding, so that padding can be added to it. */
const canCarry = (frame: Uint8Array): boolean => frame.length > 0 && (frame[0]! & codeMask) === 0;

/**
 * An Opus packet of size bytes, or of as many as it needs, that carries records. It is the packet of frame, of which
 * nothing but the padding changes, or silence where frame cannot carry.
 */
export function encode(frame: Uint8Array | undefined, size: number, records: Record[]): Uint8Array<ArrayBuffer> {
  const of = frame && canCarry(frame) ? frame : silence;
  if (records.length === 0 && size <= of.length) return new Uint8Array(of);
  const least = records.length * recordSize;
  const room = Math.max(size - of.length - 1, 1 + Math.floor(Math.max(0, least - 1) / (fullByte - 1)) + least);
  const long = Math.floor((room - 1) / fullByte); // bytes of the padding's length that are full
  const padding = room - 1 - long;
  const out = new Uint8Array(of.length + 1 + room), body = 3 + long;
  out[0] = of[0]! | code3;
  out[1] = oneFrame;
  out.fill(fullByte, 2, 2 + long);
  out[2 + long] = padding - long * (fullByte - 1);
  out.set(of.subarray(1), body);
  let at = body + of.length - 1;
  for (const r of records) {
    write(out, at, r);
    at += recordSize;
  }
  return out;
}

function write(out: Uint8Array<ArrayBuffer>, at: number, r: Record): void {
  const v = new DataView(out.buffer, out.byteOffset + at, recordSize);
  v.setUint32(0, magic);
  v.setUint8(4, version);
  v.setUint8(5, r.type);
  v.setUint16(6, r.flags);
  v.setBigUint64(8, r.run);
  v.setUint32(16, r.seq);
  v.setUint32(20, r.clockError);
  [r.t1, r.t2, r.t3].forEach((t, i) => v.setBigInt64(24 + 8 * i, BigInt(t)));
  v.setUint32(48, Math.min(r.seen.count, 2 ** 32 - 1));
  v.setUint32(52, r.seen.last);
  v.setUint32(56, r.seen.high);
  v.setUint32(60, r.seen.low);
  v.setUint32(64, crc32(out.subarray(at, at + 64)));
}

/** The records of a payload. There are none in a payload that is not ours, and a damaged record is 'malformed'. */
export function decode(payload: Uint8Array): (Record | 'malformed')[] {
  const list: (Record | 'malformed')[] = [];
  for (let rest = padding(payload); rest && rest.length >= recordSize; rest = rest.subarray(recordSize)) {
    const v = new DataView(rest.buffer, rest.byteOffset, recordSize);
    if (v.getUint32(0) !== magic) break;
    list.push(read(rest, v));
  }
  return list;
}

/** Replaces each record r of a payload by f(r). */
export function rewrite(payload: Uint8Array<ArrayBuffer>, f: (r: Record) => Record): void {
  const of = padding(payload);
  for (const [i, r] of decode(payload).entries()) {
    if (r !== 'malformed') write(payload, of!.byteOffset - payload.byteOffset + i * recordSize, f(r));
  }
}

/** The padding of a packet of one frame. */
function padding(payload: Uint8Array): Uint8Array | undefined {
  if (payload.length < 3 || (payload[0]! & codeMask) !== code3 || payload[1] !== oneFrame) return undefined;
  let at = 2, length = 0;
  for (; payload[at] === fullByte; at++) length += fullByte - 1;
  if (at === payload.length) return undefined;
  length += payload[at]!;
  return length > payload.length - at - 1 ? undefined : payload.subarray(payload.length - length);
}

function read(b: Uint8Array, v: DataView): Record | 'malformed' {
  const type = v.getUint8(5);
  if (crc32(b.subarray(0, 64)) !== v.getUint32(64) || v.getUint8(4) !== version ||
    (type !== Type.ping && type !== Type.pong)) return 'malformed';
  const time = (at: number) => Number(v.getBigInt64(at));
  return {
    type, flags: v.getUint16(6) & allFlags, run: v.getBigUint64(8), seq: v.getUint32(16), clockError: v.getUint32(20),
    t1: time(24), t2: time(32), t3: time(40),
    seen: { count: v.getUint32(48), last: v.getUint32(52), high: v.getUint32(56), low: v.getUint32(60) },
  };
}

const table = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let i = 0; i < 8; i++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n;
});

/** The CRC-32 of IEEE 802.3. */
function crc32(of: Uint8Array): number {
  let c = ~0;
  for (const b of of) c = table[(c ^ b) & 255]! ^ (c >>> 8);
  return ~c >>> 0;
}
