// What was agreed for the audio of a leg, from three sources: the statistics and the description of the connection, and
// the frames themselves.

import type { AudioLeg } from './contract';
import { peerOf, tapOf } from './taps';

/** The format of the frames of a tap, and the stream that they belong to. */
interface Format {
  mimeType: string;
  payloadType: number;
  ssrc: number;
  behind?: number; // how many came after a later one; none = the browser gives no numbers
}
const formats = new Map<number, Format>();
export const noteFormat = (tap: number, { mimeType, payloadType, ssrc, behind }: Format): void =>
  void formats.set(tap, { mimeType, payloadType, ssrc, behind });

/** The SSRC of the newest frame of a tap. */
export const streamOf = (tap: number | undefined): number | undefined => formats.get(tap ?? 0)?.ssrc || undefined;

type Stats = { [name: string]: unknown };

/** The section of a description that has a mid. */
function section(sdp: string, mid: string | null): string {
  return sdp.split(/(?=^m=)/m).find((s) => new RegExp(`^a=mid:${mid}\r?$`, 'm').test(s)) ?? '';
}

const red = 'audio/red';

/** What is known of one end; undefined where nothing has been agreed. */
export async function legOf(
  leg: 'publisher' | 'subscriber', end: RTCRtpSender | RTCRtpReceiver | undefined, stamped: string, carried = false,
): Promise<AudioLeg | undefined> {
  const pc = end && peerOf(end);
  if (!end || !pc) return undefined;
  const stats = [...((await end.getStats()) as unknown as Map<string, Stats>).values()];
  const rtp = stats.find((s) => s.type === 'outbound-rtp' || s.type === 'inbound-rtp');
  const codec = stats.find((s) => s.type === 'codec' && (!rtp?.codecId || s.id === rtp.codecId));
  const seen = formats.get(tapOf(end) ?? 0);
  if (!codec && !seen) return undefined;
  const mid = pc.getTransceivers().find((t) => t.sender === end || t.receiver === end)?.mid ?? null;
  const local = section(pc.localDescription?.sdp ?? '', mid), remote = section(pc.remoteDescription?.sdp ?? '', mid);
  const type = Number(codec?.payloadType ?? seen!.payloadType);
  const nack = (sdp: string) => new RegExp(`^a=rtcp-fb:(${type}|\\*) nack\r?$`, 'm').test(sdp);
  const again = rtp?.retransmittedPacketsReceived ?? rtp?.retransmittedPacketsSent;
  const asked = nack(local) && nack(remote);
  const mime = String(codec?.mimeType ?? seen!.mimeType);
  return {
    leg, codec: mime, clock_rate: Number(codec?.clockRate ?? 0), channels: Number(codec?.channels ?? 1),
    payload_type: type, red: mime.toLowerCase() === red || seen?.mimeType.toLowerCase() === red,
    dtx: /(^|;) *usedtx=1/.test(String(codec?.sdpFmtpLine ?? '')), nack: asked,
    extensions: (end.getParameters().headerExtensions ?? []).map((x) => x.uri),
    retransmitted: typeof again === 'number' ? again : null, stamped, carried,
    ...(asked && seen?.behind !== undefined ? { after_gap: seen.behind } : {}),
  };
}
