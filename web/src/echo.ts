// The echo, in a page of its own. Its twin is internal/echo.

import type { Session } from './session';
import { SeenRun } from './seen';
import { decodePing, encodePong } from './wire';

const maxRuns = 1024; // runs that are remembered; the oldest goes

/** Answers pings until the session is left. The function returned gives how many pings it has had. */
export function answer(session: Session, clock: (at?: number) => number): () => number {
  let count = 0;
  const runs = new Map<string, SeenRun>();
  session.onPacket((p) => {
    const ping = decodePing(p.data);
    if (!ping || p.from === '') return; // an answer to nobody would go to everybody
    count++;
    try {
      let run: SeenRun | undefined;
      if (ping.run !== undefined) {
        const key = `${p.from}\0${ping.run}`;
        run = runs.get(key);
        if (!run) {
          if (runs.size >= maxRuns) runs.delete(runs.keys().next().value!);
          runs.set(key, (run = new SeenRun()));
        }
        run.note(Number.isInteger(ping.seq) && ping.seq! > 0 && ping.seq! < 2 ** 32 ? ping.seq! : 0);
      }
      const result = session.send(encodePong(ping, clock(p.at), clock(), count, run), p.from, ping.channel);
      if (result instanceof Promise) result.catch(() => {});
    } catch {
      // A pong that cannot be sent is dropped: the pinger calls its ping lost, as it should.
    }
  });
  return () => count;
}
