// What audio needs from a platform: our tracks, and those of the others.

import type { Mouth } from './booth';

/** A track of ours, which says nothing. */
export interface Ours {
  readonly mouth: Mouth;
  sender(): RTCRtpSender | undefined; // as it is now: a reconnect brings another
  muted(): boolean; // what it sends does not reach anybody
  end(): Promise<void>;
}

/** A track of another participant. */
export interface Theirs {
  from: string;
  receiver: RTCRtpReceiver;
}

export interface Media {
  publish(name: string): Promise<Ours>;
  /**
   * Subscribes to the tracks that are wanted, also to those that are there already. sent is called when one of our
   * tracks gets another sender.
   */
  watch(w: {
    wants(name: string, from: string): boolean;
    came(track: Theirs): void;
    gone(from: string): void;
    sent(): void;
    joined?(from: string): void; // somebody is there, or came
    cannot?(why: string): void; // a track that is wanted cannot be read
  }): void;
}

/** The name of a runner's track. pongTrack is the name of the track by which an echo answers a runner. */
export const pingTrack = 'rtcbench-ping';
/** The name of a caller's track. */
export const voiceTrack = 'rtcbench-voice';
export const pongTrack = (runner: string): string => `rtcbench-pong:${runner}`;

/** Whether frames of a codec can have pings in them. */
export const carries = (mime: string | undefined): boolean =>
  !mime || ['audio/opus', 'audio/red'].includes(mime.toLowerCase());

export const notOpus = (whose: string, mime: string): string =>
  `${whose} is ${mime}, and a ping rides in packets of Opus alone: let the room use Opus, or measure by messages`;

/** A track of silence, which takes no work until it starts. What the mouth says is heard on it. */
export interface Silence {
  mouth: Mouth;
  track: MediaStreamTrack;
  start(): Promise<void>;
  end(): void;
}

export function silence(): Silence {
  const context = new AudioContext({ sampleRate: 48_000 });
  const out = context.createMediaStreamDestination(), source = context.createConstantSource();
  source.offset.value = 0; // without a source, nothing comes out at all
  source.connect(out);
  source.start();
  void context.suspend();
  return {
    mouth: { context, out }, track: out.stream.getAudioTracks()[0]!, start: () => context.resume(),
    end: () => void context.close(),
  };
}
