// The time that sound itself takes: a page says bursts of noise on the track of its pings, and finds them in what comes
// back.

import { rate } from './bursts';
import type { NoiseBurst } from './contract';
import { Ear, type Heard } from './ear';

export type FromBooth =
  | { what: 'spoke'; k: number; frame: number }
  | { what: 'heard'; frame: number; samples: Float32Array };

/** The mouth of a page: the node that feeds its track. */
export interface Mouth {
  context: AudioContext;
  out: AudioNode;
}

const most = 7200; // bursts, half an hour of them
const look = 100; // ms
const again = rate / 4; // samples between two searches for one burst everywhere

/** What a jitter buffer has told of itself up to a moment. */
interface Buffered {
  delay: number; // s, of all samples together
  target: number;
  emitted: number; // samples
  concealed: number;
}

/** A burst that was said, and was not found yet. */
interface Open {
  k: number;
  frame: number;
  at: number; // Unix ms
  tried: number; // the frame up to which it was looked for everywhere
  near?: number; // the lag about which it was looked for
}

export class Booth {
  private readonly ear = new Ear();
  private readonly open: Open[] = [];
  private fresh: NoiseBurst[] = [];
  private about?: number; // samples, as the last one took
  private receiver?: RTCRtpReceiver;
  private source?: AudioNode;
  private element?: HTMLAudioElement;
  private before?: Buffered;
  private timer = 0;
  private looking = false;

  private constructor(private readonly mouth: Mouth, private readonly node: AudioWorkletNode) {
    node.port.onmessage = ({ data: m }: MessageEvent<FromBooth>) => {
      if (m.what === 'heard') return this.ear.hear(m.frame, m.samples);
      const since = this.mouth.context.currentTime - m.frame / rate;
      const at = performance.timeOrigin + performance.now() - 1000 * since;
      this.open.push({ k: m.k, frame: m.frame, at, tried: m.frame });
      if (m.k + 1 === most) this.node.port.postMessage(false);
    };
  }

  static async enter(mouth: Mouth): Promise<Booth> {
    await mouth.context.audioWorklet.addModule('booth.js');
    const node = new AudioWorkletNode(mouth.context, 'booth', { outputChannelCount: [1] });
    node.connect(mouth.out);
    return new Booth(mouth, node);
  }

  /** Listens to a track from now on. The first one opens the mouth. */
  listen(receiver: RTCRtpReceiver | undefined): void {
    if (!receiver || receiver === this.receiver) return;
    if (!this.receiver) {
      this.node.port.postMessage(true);
      this.timer = window.setInterval(() => void this.look().catch(() => {}), look);
    }
    this.receiver = receiver;
    this.before = undefined;
    this.source?.disconnect();
    const stream = new MediaStream([receiver.track]);
    this.element ??= new Audio();
    this.element.muted = true;
    this.element.srcObject = stream; // without an element Chromium plays nothing of it
    void this.element.play().catch(() => {});
    this.source = this.mouth.context.createMediaStreamSource(stream);
    this.source.connect(this.node);
  }

  /** The bursts that were found, or given up, since the last call. */
  take(): NoiseBurst[] {
    const list = this.fresh;
    this.fresh = [];
    return list;
  }

  /** Ends the measurement. Bursts under way are not told of. */
  leave(): void {
    clearInterval(this.timer);
    this.node.port.postMessage(false);
    this.node.disconnect();
    this.source?.disconnect();
    if (this.element) this.element.srcObject = null;
  }

  private async look(): Promise<void> {
    if (this.looking) return;
    this.looking = true;
    try {
      for (const b of [...this.open]) {
        const { captured } = this.ear, { about } = this, over = this.ear.has(b.frame);
        const due = about === undefined || this.ear.has(b.frame, about);
        const nearby = about !== undefined && due && b.near !== about;
        // only the oldest: where it was found, the others are, too
        const anywhere = over || (due && b === this.open[0] && captured >= b.tried + again);
        if (!nearby && !anywhere) continue;
        const buffer = await this.buffer(); // before the search, which takes a while
        let heard = nearby ? this.ear.find(b.k, b.frame, about) : undefined;
        b.near = about;
        if (!heard && anywhere) {
          heard = this.ear.find(b.k, b.frame);
          b.tried = captured;
        }
        if (heard || over) this.settle(b, heard, buffer);
      }
    } finally {
      this.looking = false;
    }
  }

  private settle(b: Open, heard: Heard | undefined, now: Buffered | undefined): void {
    this.open.splice(this.open.indexOf(b), 1);
    if (heard) this.about = Math.round(heard.lag);
    const was = this.before, n = now && was ? now.emitted - was.emitted : 0;
    if (now && (n > 0 || !was)) this.before = now;
    this.fresh.push({
      seq: b.k + 1, at: b.at, ear: heard ? (1000 * heard.lag) / rate : null, match: heard?.match ?? 0,
      buffer: n > 0 ? (1000 * (now!.delay - was!.delay)) / n : null,
      target: n > 0 ? (1000 * (now!.target - was!.target)) / n : null,
      played: n, concealed: n > 0 ? Math.max(0, now!.concealed - was!.concealed) : 0,
    });
  }

  /** The jitter buffer's own figures. https://www.w3.org/TR/webrtc-stats/#inboundrtpstats-dict* */
  private async buffer(): Promise<Buffered | undefined> {
    const stats = (await this.receiver?.getStats()) as unknown as Map<string, { [name: string]: unknown }> | undefined;
    const s = [...(stats?.values() ?? [])].find((x) => x.type === 'inbound-rtp');
    return s && {
      delay: Number(s.jitterBufferDelay), target: Number(s.jitterBufferTargetDelay),
      emitted: Number(s.jitterBufferEmittedCount), concealed: Number(s.concealedSamples),
    };
  }
}
