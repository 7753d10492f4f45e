// The mouth and the ear of a page, in the thread of its sound: bursts leave, and what is heard is handed on. Both carry
// the number of their sample.

import { length, period, samples, step } from './bursts';
import type { FromBooth } from './booth';

declare const currentFrame: number;
declare const registerProcessor: (name: string, of: new () => unknown) => void;
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}

const handed = 4800; // samples at a time

class Booth extends AudioWorkletProcessor {
  private begin = -1; // frame of the first burst; -1 = none is spoken
  private spoken = -1;
  private words: Float32Array = new Float32Array(0);
  private heard = new Float32Array(handed);
  private count = 0;

  constructor() {
    super();
    this.port.onmessage = ({ data: speaks }: MessageEvent<boolean>) => {
      this.begin = speaks ? Math.ceil((currentFrame + period) / step) * step : -1;
    };
  }

  process(inputs: Float32Array[][], outputs: Float32Array[][]): boolean {
    const out = outputs[0]?.[0], heard = inputs[0]?.[0], frames = out?.length ?? 128;
    for (let i = 0; i < frames; i++) {
      const since = this.begin < 0 ? -1 : currentFrame + i - this.begin;
      if (out) out[i] = since < 0 ? 0 : this.say(Math.floor(since / period), since % period);
      this.heard[this.count++] = heard?.[i] ?? 0;
      if (this.count === handed) this.hand(currentFrame + i + 1 - handed);
    }
    return true;
  }

  private say(k: number, at: number): number {
    if (k !== this.spoken) {
      [this.spoken, this.words] = [k, samples(k)];
      this.tell({ what: 'spoke', k, frame: this.begin + k * period });
    }
    return at < length ? this.words[at]! : 0;
  }

  private hand(frame: number): void {
    this.tell({ what: 'heard', frame, samples: this.heard }, this.heard.buffer);
    this.heard = new Float32Array(handed);
    this.count = 0;
  }

  private tell(m: FromBooth, ...over: Transferable[]): void {
    this.port.postMessage(m, over);
  }
}

registerProcessor('booth', Booth);
