// The echo, in a page of its own: see internal/echo, its twin.

import type { Session } from './session';
import { decodePing, encodePong } from './wire';

/** Answers pings until the session is left; returns how many it has had. */
export function answer(session: Session, clock: (at?: number) => number): () => number {
  let count = 0;
  session.onPacket((p) => {
    const ping = decodePing(p.data);
    if (!ping || p.from === '') return; // an answer to nobody would go to everybody
    count++;
    try {
      const result = session.send(encodePong(ping, clock(p.at), clock(), count), p.from, ping.lossy);
      if (result instanceof Promise) result.catch(() => {});
    } catch {
      // A pong that cannot be sent is dropped: the pinger calls its ping lost, as it should.
    }
  });
  return () => count;
}
