// The audio of a seat: the track of a runner, and the tracks by which an echo answers.

import type { Mouth } from './booth';
import type { AudioLeg, JoinConfig } from './contract';
import type { Held } from './frames';
import { legOf, noteFormat, streamOf } from './legs';
import { carries, type Media, notOpus, type Ours, pingTrack, pongTrack, type Theirs } from './media';
import type { Pings, Port } from './ride';
import { type Link, Refusal } from './session';
import * as taps from './taps';

/** Whether a seat is for audio. An echo always is, because it answers whatever comes. */
export const speaks = (c: JoinConfig): boolean =>
  c.class === 'rtp-audio' || c.role === 'echo' || c.role === 'caller';

let onWorker: (m: taps.News) => void = () => {};
/** Prepares a seat's audio. It has to be called before the SDK makes a connection. */
export function open(role: JoinConfig['role']): void {
  taps.open(role === 'echo' ? 'streams' : 'transforms', (m) => {
    if (m.what === 'format') noteFormat(m.tap, m);
    else onWorker(m);
  });
}

export const port: Port = {
  post: taps.post,
  listen: (f) => {
    onWorker = (m) => {
      if (m.what !== 'answered' && m.what !== 'format') f(m);
    };
  },
};

/** A runner's audio. */
export class Runner implements Pings {
  readonly arrived = { up: '', down: '', carried: false };
  private readonly from = new Map<number, Theirs>(); // by tap
  private constructor(private readonly ours: Ours) {}

  /** Publishes the track of the seat, and subscribes to every track that answers it. */
  static async start(media: Media, identity: string, link: Link): Promise<Runner> {
    const from: Theirs[] = [];
    let r: Runner | undefined;
    const came = (track: Theirs) => {
      const tap = taps.tapOf(track.receiver);
      if (!r) from.push(track);
      else if (tap !== undefined) r.from.set(tap, track);
    };
    media.watch({
      wants: (name) => name === pongTrack(identity), came, gone: () => {}, sent: () => {},
      cannot: (why) => link.end(why),
    });
    r = new Runner(await media.publish(pingTrack));
    from.forEach(came);
    await r.isOpus();
    return r;
  }

  get mouth(): Mouth {
    return this.ours.mouth;
  }
  muted(): boolean {
    return this.ours.muted();
  }
  /** The receiver of the newest track of a participant. */
  receiverOf(whose: string): RTCRtpReceiver | undefined {
    return [...this.from.values()].findLast((t) => t.from === whose)?.receiver;
  }
  whose(tap: number): string | undefined {
    return this.from.get(tap)?.from;
  }
  /** Notes where the audio of either way has changed to another stream. */
  look(link: Link): void {
    const now = new Map([['', streamOf(taps.tapOf(this.ours.sender()))]]);
    for (const [tap, { from }] of this.from) now.set(from, streamOf(tap) ?? now.get(from)); // the newest one
    for (const [whose, ssrc] of now) link.became('audio stream', ssrc?.toString(), whose);
  }
  /** What was agreed for the audio of both ways. */
  async legs(): Promise<AudioLeg[]> {
    const answer = [...this.from.values()].at(-1)?.receiver;
    const up = legOf('publisher', this.ours.sender(), this.arrived.up);
    const down = legOf('subscriber', answer, this.arrived.down, this.arrived.carried);
    return [await up, await down].filter((l) => l !== undefined);
  }

  /** Rejects where the platform has agreed on a codec that cannot carry pings. */
  private async isOpus(): Promise<void> {
    const mime = this.ours.sender()?.getParameters().codecs[0]?.mimeType;
    if (!carries(mime)) {
      await this.ours.end();
      throw new Refusal(notOpus('the audio of this room', mime!));
    }
  }
}

/** What an echo tells of itself: how many pings it has had, and how long it held the last ones. */
export interface Answers {
  count: number;
  held: Held[];
}
const mostHeld = 5000; // of them

/** Answers every runner in the room by a track of its own. */
export function answer(media: Media): Answers {
  const told: Answers = { count: 0, held: [] };
  onWorker = (m) => {
    if (m.what !== 'answered') return;
    told.count = m.answered;
    told.held.push(...m.held);
    told.held.splice(0, told.held.length - mostHeld);
  };
  const answers = new Map<string, { theirs: Theirs; ours: Promise<Ours> }>();
  const bind = async (runner: string) => {
    const a = answers.get(runner);
    if (!a) return;
    const by = taps.tapOf((await a.ours).sender()), tap = taps.tapOf(a.theirs.receiver);
    if (by !== undefined && tap !== undefined) taps.post({ what: 'answer', tap, by });
  };
  const gone = (runner: string) => {
    const a = answers.get(runner);
    answers.delete(runner);
    void a?.ours.then((o) => o.end()).catch(() => {});
  };
  media.watch({
    wants: (name) => name === pingTrack,
    came: (theirs) => {
      gone(theirs.from); // another track has other time stamps, which ours takes over: ours begins anew, too
      answers.set(theirs.from, { theirs, ours: media.publish(pongTrack(theirs.from)) });
      void bind(theirs.from).catch(() => {}); // a seat that is being left answers nobody
    },
    gone,
    sent: () => answers.forEach((_, runner) => void bind(runner).catch(() => {})),
  });
  return told;
}
