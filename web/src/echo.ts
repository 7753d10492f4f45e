// The echo, in a page of its own: see internal/echo, its twin.

import type { Session } from './session';
import { Book } from './seen';
import { decodePing, encodePong } from './wire';

const maxBooks = 1024; // runs that are remembered; the oldest goes

/** Answers pings until the session is left; returns how many it has had. */
export function answer(session: Session, clock: (at?: number) => number): () => number {
  let count = 0;
  const books = new Map<string, Book>();
  session.onPacket((p) => {
    const ping = decodePing(p.data);
    if (!ping || p.from === '') return; // an answer to nobody would go to everybody
    count++;
    try {
      let book: Book | undefined;
      if (ping.run !== undefined) {
        const key = `${p.from}\0${ping.run}`;
        book = books.get(key);
        if (!book) {
          if (books.size >= maxBooks) books.delete(books.keys().next().value!);
          books.set(key, (book = new Book()));
        }
        book.note(Number.isInteger(ping.seq) && ping.seq! > 0 && ping.seq! < 2 ** 32 ? ping.seq! : 0);
      }
      const result = session.send(encodePong(ping, clock(p.at), clock(), count, book), p.from, ping.lossy);
      if (result instanceof Promise) result.catch(() => {});
    } catch {
      // A pong that cannot be sent is dropped: the pinger calls its ping lost, as it should.
    }
  });
  return () => count;
}
