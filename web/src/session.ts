// What the ping loop needs of a platform, and what the platform tells of itself.

import type { Change, Class, Told } from './contract';
import type { Media } from './media';

/** A message that arrived; at is performance.now() in the SDK's callback. */
export interface Packet {
  data: unknown; // text, or an object that the platform decoded
  from: string;
  at: number;
}

export interface Session {
  identity: string;
  /**
   * Hands text to the platform. Throws, or rejects with, NotConnected while the link is down and may come back; any
   * other error ends the run.
   */
  send(text: string, to: string | undefined, by: Class): Promise<void> | void;
  onPacket(handler: (p: Packet) => void): void;
  /** When the link goes down and comes back, and when the session is over though nobody left it. */
  readonly link: Link;
  /** What the platform tells of the seat. */
  facts(): Promise<Told>;
  leave(): Promise<void>;
  /** How many participants are in the room beside this one. */
  others(): number;
  /** Its audio, where the seat was taken for that. */
  readonly media?: Media;
}

/** The link is down and may come back: bench.ErrNotConnected. */
export class NotConnected extends Error {}

/** The track by which a message was to leave is muted, unpublished or has ended: bench.ErrMuted. */
export class Muted extends NotConnected {}

/** The state of a session's link. A listener that comes late is told what it has missed. */
export class Link {
  readonly changes: Change[] = []; // of what should stay as it is; at is performance.now()
  private readonly known = new Map<string, string>();
  reconnects = 0; // how often the link was lost, or a part of it
  private isDown = false;
  private over = '';
  private readonly downs: ((down: boolean, ago: number) => void)[] = [];
  private readonly ends: ((why: string) => void)[] = [];

  set down(down: boolean) {
    this.turn(down, 0);
  }
  /** Notes now that the link went down so many milliseconds ago. */
  wentDown(ago: number): void {
    this.turn(true, ago);
  }
  private turn(down: boolean, ago: number): void {
    if (down === this.isDown) return;
    this.isDown = down;
    for (const f of this.downs) f(down, ago);
  }
  get ended(): string {
    return this.over;
  }
  end(why: string): void {
    if (this.over !== '') return;
    this.over = why;
    for (const f of this.ends) f(why);
  }
  /**
   * Notes what a part of the way, or a part that belongs to the participant whose, is now. A value that was not known
   * before, or is not known now, is no change.
   */
  became(what: Change['what'], to: string | undefined, whose = ''): void {
    const key = `${what} ${whose}`, from = this.known.get(key);
    if (!to || to === from) return;
    if (from !== undefined) this.changes.push({ what, from, to, at: performance.now() });
    this.known.set(key, to);
  }
  /** Calls f when the link goes down or comes back; ago = how many milliseconds before this was seen. */
  onDown(f: (down: boolean, ago: number) => void): void {
    this.downs.push(f);
    if (this.isDown) f(true, 0);
  }
  onEnd(f: (why: string) => void): void {
    this.ends.push(f);
    if (this.over !== '') f(this.over);
  }
}

/** An answer of the platform that refuses a join, in words for people. Any other error is the library's own. */
export class Refusal extends Error {
  override name = 'Refusal';
}
