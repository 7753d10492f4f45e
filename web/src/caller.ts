// A seat with a voice: it says what it is told to say, and tells of everything that it hears.

import type { Call, Heard, Say, Talk } from './contract';
import { type Media, voiceTrack } from './media';
import { rtvi } from './rtvi';
import type { Packet, Session } from './session';
import type { Overheard } from './talker';
import * as taps from './taps';

const every = 20; // ms between two Talks, at the least

const bytesOf = (base64: string): Uint8Array<ArrayBuffer> => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));

export class Caller {
  private waiting: Heard[] = [];
  private talk = 0;
  private last = 0;
  private readonly from = new Map<number, string>(); // whose track a tap is

  constructor(private readonly session: Session, private readonly tell: (t: Talk) => void) {}

  /** Publishes a track, which repeats quiet at first, and listens to everybody. */
  async start(media: Media, { quiet, reconnectTimeout }: Call): Promise<void> {
    const here = (kind: 'joined' | 'left') => (from: string) => this.hear({ kind, from, at: this.now() });
    taps.overhear((o) => this.overhear(o));
    this.session.onPacket((p) => this.message(p));
    this.session.link.onEnd((why) => this.flush(why));
    let patience: ReturnType<typeof setTimeout> | undefined;
    this.session.link.onDown((down, ago) => {
      clearTimeout(patience);
      if (!down || reconnectTimeout === 0) return;
      patience = setTimeout(
        () => this.flush(`no connection to the server for ${reconnectTimeout / 1000}s`),
        Math.max(0, reconnectTimeout - ago));
    });
    this.say(quiet);
    media.watch({
      wants: () => true, sent: () => {}, joined: here('joined'), gone: here('left'),
      cannot: (why) => this.session.link.end(why),
      came: ({ from, receiver }) => {
        const tap = taps.tapOf(receiver);
        if (tap !== undefined) this.from.set(tap, from);
      },
    });
    await media.publish(voiceTrack);
  }

  say({ number, packets }: Say): void {
    taps.post({ what: 'say', say: number, packets: packets.map(bytesOf) });
  }
  cut(say: number): void {
    taps.post({ what: 'cut', say });
  }

  private now = (): number => performance.timeOrigin + performance.now();

  private message(p: Packet): void {
    const told = rtvi(p.data);
    if (told) this.hear({ kind: 'told', from: p.from, at: performance.timeOrigin + p.at, ...told });
  }

  private overhear(o: Overheard): void {
    if (o.what === 'spoken') {
      const { say, index, last, at } = o;
      return this.hear({ kind: 'spoken', at, say, index, last });
    }
    const { tap: track, at, seq, stamp } = o, from = this.from.get(track);
    if (from === undefined || o.packet.length === 0) return; // nobody knows whose packet this is
    this.hear({ kind: 'sound', at, from, track, seq, stamp, packet: btoa(String.fromCharCode(...o.packet)) });
  }

  private hear(h: Heard): void {
    this.waiting.push(h);
    if (this.now() - this.last >= every || h.kind === 'joined' || h.kind === 'left' || h.last) this.flush('');
  }

  private flush(ended: string): void {
    this.last = this.now();
    this.tell({ talk: ++this.talk, heard: this.waiting.splice(0), ended });
  }
}
