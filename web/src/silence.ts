// A connection whose server was killed stays "connected" in a browser for some seconds. Its traffic tells sooner.

/** What connections have sent and received up to now: bytes and connectivity checks, added up. */
export interface Traffic {
  sent: number;
  received: number;
}

const enough = 1000; // ms without any packet, where packets of ours went out; checks of ICE alone are answered sooner

/** Hears whether anything comes in, from the moment of the first look on. */
export class Silence {
  private before: Traffic | undefined;
  private since = 0;

  /** For how many milliseconds nothing has come in; 0 = something has come in, or nothing was to be answered. */
  look(now: Traffic, at: number): number {
    if (this.before === undefined || now.received > this.before.received) {
      this.before = now;
      this.since = at;
    }
    return now.sent > this.before.sent && at - this.since >= enough ? at - this.since : 0;
  }
}
