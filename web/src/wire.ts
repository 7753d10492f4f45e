// The messages of the original tool. internal/ping/wire.go is its twin.

import type { Class } from './contract';
import { readWindow, type Seen, windowText } from './seen';

export interface Ping {
  timestamp: number;
  seq?: number;
  run?: string; // names the run; without it the runner does not ask what the echo has seen
  channel: Class; // by which it came, and its pong is to go
}

export interface Pong {
  timestamp: number;
  receive: number; // NaN = not known
  send: number;
  seq?: number;
  ours: boolean;
  wrong: boolean; // its clock is, on purpose
  seen?: Seen;
}

const maxMessage = 64 << 10;
const maxRun = 62; // characters: as bench.maxNumber, less the quotes

export function encodePing(timestamp: number, seq: number, run: string, channel: Class, size: number): string {
  let text = `{"type":"ping","timestamp":${timestamp},"seq":${seq},"run":"${run}"`;
  if (channel === 'datachannel-lossy') text += ',"channel":"lossy"';
  const missing = size - text.length - ',"pad":""}'.length;
  if (missing > 0) text += `,"pad":"${'x'.repeat(missing)}"`;
  return text + '}';
}

export function encodePong(ping: Ping, receive: number, send: number, count: number, seen?: Seen): string {
  const seq = ping.seq === undefined ? '' : `,"seq":${ping.seq}`;
  const told = seen ? `,"seen":${seen.count},"seen_last":${seen.last},"seen_window":"${windowText(seen)}"` : '';
  const times = `"client_timestamp":${ping.timestamp},"server_receive_time":${receive},"server_send_time":${send}`;
  return `{"type":"pong",${times},"message_count":${count}${seq}${told},"echo":"rtcbench"}`;
}

/** The object in a message, whether it came as text or as an object; undefined when there is none. */
export function parse(data: unknown): Record<string, unknown> | undefined {
  let v = data;
  if (typeof v === 'string') {
    if (v.length > maxMessage) return undefined;
    try {
      v = JSON.parse(v);
    } catch {
      return undefined;
    }
    if (typeof v === 'string') return parse(v); // some clients encode twice
  }
  return v !== null && typeof v === 'object' && !Array.isArray(v) ? (v as Record<string, unknown>) : undefined;
}

const finite = (v: unknown): v is number => typeof v === 'number' && Number.isFinite(v);

export function decodePing(data: unknown): Ping | undefined {
  const m = parse(data);
  if (m?.type !== 'ping' || !finite(m.timestamp)) return undefined;
  return {
    timestamp: m.timestamp, seq: finite(m.seq) ? m.seq : undefined,
    run: typeof m.run === 'string' && m.run.length <= maxRun ? m.run : undefined,
    channel: m.channel === 'lossy' ? 'datachannel-lossy' : '',
  };
}

/** Reads a pong; 'other' = the message is no pong, 'malformed' = nobody can read it. */
export function decodePong(data: unknown): Pong | 'other' | 'malformed' {
  const m = parse(data);
  if (!m) return 'malformed';
  if (m.type !== 'pong') return 'other';
  if (!finite(m.client_timestamp)) return 'malformed';
  return {
    timestamp: m.client_timestamp,
    receive: finite(m.server_receive_time) ? m.server_receive_time : NaN,
    send: finite(m.server_send_time) ? m.server_send_time : NaN,
    seq: finite(m.seq) ? m.seq : undefined,
    ours: m.echo === 'rtcbench',
    wrong: m.clock === 'wrong',
    seen: decodeSeen(m),
  };
}

function decodeSeen(m: Record<string, unknown>): Seen | undefined {
  const window = typeof m.seen_window === 'string' ? readWindow(m.seen_window) : undefined;
  const whole = (v: unknown): v is number => Number.isSafeInteger(v) && (v as number) >= 0;
  if (!window || !whole(m.seen) || !whole(m.seen_last) || m.seen_last >= 2 ** 32) return undefined;
  return { count: m.seen, last: m.seen_last, ...window };
}
