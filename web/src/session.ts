// What the ping loop needs of a platform, and what the platform tells of itself.

/** A message that arrived; at is performance.now() in the SDK's callback. */
export interface Packet {
  data: unknown; // text, or an object that the platform decoded
  from: string;
  at: number;
}

export interface Session {
  identity: string;
  /** Hands text to the platform; rejects or throws when it does not take it. */
  send(text: string, to: string | undefined, lossy: boolean): Promise<void> | void;
  onPacket(handler: (p: Packet) => void): void;
  /** Called when the link goes down (true) and comes back (false). */
  onDown(handler: (down: boolean) => void): void;
  /** Called once, when the session is over and nobody left it. */
  onEnd(handler: (why: string) => void): void;
  facts(): Promise<Record<string, unknown>>;
  leave(): Promise<void>;
}

export interface JoinConfig {
  platform: 'livekit' | 'daily';
  url: string;
  token?: string;
  lossy?: boolean;
  bundleURL?: string;
  userName?: string;
}
