import { describe, it } from 'node:test';
import { expect } from 'expect';

// What a browser has, as far as the module looks at it.
class Channel extends EventTarget {
  maxPacketLifeTime = null;
  constructor(readonly ordered: boolean, readonly maxRetransmits: number | null) {
    super();
  }
  send(): void {}
}
class Peer extends EventTarget {
  connectionState = 'connected';
  createDataChannel = (): Channel => new Channel(true, null);
}
class Socket {
  constructor(readonly url: string) {}
  send(): void {}
}
Object.assign(globalThis, { window: globalThis, RTCPeerConnection: Peer, RTCDataChannel: Channel, WebSocket: Socket });

/** The other side of a call from browser to browser opens the channel. */
function openedByTheOther(ordered: boolean, maxRetransmits: number | null): RTCDataChannel {
  const channel = new Channel(ordered, maxRetransmits);
  const event = Object.assign(new Event('datachannel'), { channel });
  new RTCPeerConnection().dispatchEvent(event);
  channel.dispatchEvent(new Event('open'));
  return channel as unknown as RTCDataChannel;
}

describe('the way of a ping', () => {
  it('is seen on a channel that the other side opened, and is that of the message looked for', async () => {
    const { lookFor, ways } = await import('../src/observe');
    const reliable = openedByTheOther(true, null), lossy = openedByTheOther(false, 1);
    lossy.send('before');
    expect(ways()).toEqual([]);
    lookFor('1763870123456.75');
    new WebSocket('wss://example.com/').send('keep-alive');
    lossy.send('another message');
    expect(ways()).toEqual([]);
    reliable.send('{"to":"*","data":{"type":"ping","timestamp":1763870123456.75}}');
    expect(ways()).toEqual(['datachannel-reliable']);
    lookFor('1763870123457.75');
    lossy.send(new TextEncoder().encode('{"timestamp":1763870123457.75}'));
    expect(ways()).toEqual(['datachannel-reliable', 'datachannel-lossy']);
  });
});
