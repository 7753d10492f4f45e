// The order in which the packets of one stream came: the twin of internal/platform/livekit/order.go.

export class Order {
  behind = 0; // packets after one that was sent later: sent again, or overtaken
  private highest?: number;
  private stream?: number;

  /** Notes a packet of a stream, by its number (16 bits). Reports whether it came after a later one. */
  came(stream: number, number: number): boolean {
    if (stream !== this.stream) [this.stream, this.highest] = [stream, undefined]; // it has numbers of its own
    const ahead = this.highest === undefined ? 1 : ((number - this.highest) << 16) >> 16;
    if (ahead > 0) this.highest = number;
    else if (ahead < 0) this.behind++; // the same one twice fills no gap
    return ahead < 0;
  }
}
