import { describe, it } from 'node:test';
import { expect } from 'expect';
import { decodePing, decodePong, encodePing, encodePong } from '../src/wire';

describe('the wire', () => {
  it('writes what the original reads', () => {
    expect(encodePing(1763870123456.75, 7, 'r', '', 0))
      .toBe('{"type":"ping","timestamp":1763870123456.75,"seq":7,"run":"r"}');
    expect(encodePing(1763870123456.75, 7, 'r', 'datachannel-lossy', 0)).toContain('"channel":"lossy"');
    expect(encodePing(1763870123456.75, 7, 'r', '', 500)).toHaveLength(500);
    expect(JSON.parse(encodePing(1, 2, 'r', 'datachannel-lossy', 300)))
      .toMatchObject({ type: 'ping', timestamp: 1, seq: 2, channel: 'lossy' });
  });

  it('reads a pong as text, as an object and as text in text', () => {
    const pong = {
      type: 'pong', client_timestamp: 1.5, server_receive_time: 2, server_send_time: 3, message_count: 1, seq: 4,
    };
    for (const form of [pong, JSON.stringify(pong), JSON.stringify(JSON.stringify(pong))]) {
      expect(decodePong(form)).toEqual({ timestamp: 1.5, receive: 2, send: 3, seq: 4, ours: false, wrong: false });
    }
    expect(decodePong({ ...pong, clock: 'wrong' })).toMatchObject({ wrong: true });
  });

  it('tells what is no pong from what nobody can read', () => {
    for (const data of ['', '{', 'NaN', '[]', 'null', null, 7, undefined, '{"type":"pong"}',
      '{"type":"pong","client_timestamp":"1"}', '['.repeat(20000), 'x'.repeat(1 << 20),
      { type: 'pong', client_timestamp: Infinity }]) {
      expect(decodePong(data)).toBe('malformed');
    }
    for (const data of ['{}', { type: 'ping', timestamp: 1 }, '{"hello":1}']) expect(decodePong(data)).toBe('other');
  });

  it('answers a ping with its own timestamp and number', () => {
    const ping = decodePing({ type: 'ping', timestamp: 1763870123456.789, seq: 3 })!;
    expect(decodePong(encodePong(ping, 10.5, 11.5, 1)))
      .toMatchObject({ timestamp: 1763870123456.789, receive: 10.5, send: 11.5, seq: 3, ours: true });
    expect(encodePong(decodePing({ type: 'ping', timestamp: 1 })!, 1, 2, 1)).not.toContain('seq');
    expect(decodePing({ type: 'ping' })).toBeUndefined();
  });
});
