// The least that one can write on livekit-client: no record, no match, no worker. make bench holds
// the engine's page against it.
import { Room, RoomEvent } from 'livekit-client';

const text = new TextEncoder(), read = new TextDecoder();

/** Joins, pings n times on a grid of Unix time, and returns the round trips in ms. */
async function bare(url: string, token: string, n: number, period: number, phase: number): Promise<number[]> {
  const room = new Room();
  await room.connect(url, token, { autoSubscribe: false });
  let sent = 0, back: (rtt: number) => void = () => {};
  room.on(RoomEvent.DataReceived, (payload) => {
    const at = performance.now();
    if (JSON.parse(read.decode(payload)).type === 'pong') back(at - sent);
  });
  const ping = () =>
    new Promise<number>((resolve) => {
      back = resolve;
      sent = performance.now();
      const ping = JSON.stringify({ type: 'ping', timestamp: performance.timeOrigin + sent });
      void room.localParticipant.publishData(text.encode(ping), { reliable: true });
    });
  for (let i = 0; i < 5; i++) await ping();
  const rtts: number[] = [];
  for (let i = 0; i < n; i++) {
    const unix = performance.timeOrigin + performance.now();
    await new Promise((r) => setTimeout(r, period - ((unix - phase) % period)));
    rtts.push(await ping());
  }
  await room.disconnect();
  return rtts;
}

Object.assign(window, { bare });
