// How figures are written: with their unit, never more digits than they deserve, and – for what is not known.

/**
 * A value with so many decimals, rounded as the command line rounds it: what lies halfway goes to the even digit. What
 * rounds to zero has no minus.
 */
export function fixed(v: number, decimals: number): string {
  const halfway = Number.isInteger(v * 2 ** (decimals + 1)) && Math.abs((v * 10 ** decimals) % 2) === 0.5;
  const at = halfway ? v - (Math.sign(v) * 10 ** -decimals) / 4 : v;
  return at.toFixed(decimals).replace(/^-(?=[0.]+$)/, '');
}

/** A number with a narrow space at each thousand. */
const spaced = (n: number, decimals: number) =>
  n.toLocaleString('en', { maximumFractionDigits: decimals }).replaceAll(',', '\u202f');

export function ms(v: number | null | undefined): string {
  if (v === null || v === undefined) return '–';
  const size = Math.abs(v);
  if (size >= 1000) return count(Number(fixed(v, 0)));
  return fixed(v, size >= 100 ? 0 : size >= 10 ? 1 : 2);
}

export function percent(v: number | null | undefined): string {
  return v === null || v === undefined ? '–' : `${fixed(100 * v, 2)}\u00a0%`;
}

/** How a voice is rated. Where the codec is not known, the rating is of the delay alone, and at the most that. */
export function rating({ r, mos_cqe: mos, bound }: { r: number; mos_cqe: number; bound: boolean }): string {
  const is = bound ? '≤' : '=';
  const of = bound ? ', of the delay alone: the codec is not known' : '';
  return `By the E-model R ${is} ${r.toFixed(1)} of 100, MOS ${is} ${mos.toFixed(2)} of 5${of}`;
}

export const count = (n: number): string => spaced(n, 3);

/** A value at an axis. */
export const tick = (v: number): string => spaced(v, 6);

export function plural(n: number, what: string): string {
  return `${count(n)} ${what}${n === 1 ? '' : 's'}`;
}

const turned = { pings: 'turns', ping: 'turn', 'round trip': 'turn latency', lost: 'no answer' };

/** A text about pings as it is said of turns, which are none. */
export function words(turns: boolean | undefined, text: string): string {
  if (turns !== true) return text;
  return Object.entries(turned).reduce((said, [of, is]) => said.replaceAll(of, is), text);
}

export const ofTurns = (s: { transport_class: string }) => s.transport_class === 'turn';

const two = (n: number) => String(n).padStart(2, '0');

/** A moment in the viewer's own time. */
export function moment(unix: number): string {
  const t = new Date(unix * 1000);
  return `${t.getFullYear()}-${two(t.getMonth() + 1)}-${two(t.getDate())} ${two(t.getHours())}:${two(t.getMinutes())}`;
}

export function utc(unix: number): string {
  return `${new Date(unix * 1000).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

export const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** How far the viewer's clock is from UTC at a moment: UTC+1, UTC−3:30, or UTC itself. */
export function offset(unix: number): string {
  const min = -new Date(unix * 1000).getTimezoneOffset();
  if (min === 0) return 'UTC';
  const [h, m] = [Math.floor(Math.abs(min) / 60), Math.abs(min) % 60];
  return `UTC${min < 0 ? '−' : '+'}${h}${m ? `:${two(m)}` : ''}`;
}

export function ago(seconds: number): string {
  if (seconds < 90) return `${Math.max(0, Math.round(seconds))} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 129600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86400)} days`;
}

const classes: Partial<Record<string, string>> = {
  'datachannel-reliable': 'data channel, reliable',
  'datachannel-lossy': 'data channel, lossy',
  'signalling-websocket': 'WebSocket',
  'rtp-audio': 'audio (RTP)',
  turn: 'turns of an agent',
  'in-process': 'within a process',
};

export interface Way {
  platform: string;
  engine: string;
  transport_class: string | null;
  path: string | null;
}

/** What carried the messages, in words. */
export function way(s: Way): string {
  const carried = s.transport_class === null ? 'unknown' : (classes[s.transport_class] ?? s.transport_class);
  return `${s.platform}, ${s.engine}, ${carried}${s.path ? `, ${s.path}` : ''}`;
}

/** From where to where, in words: the echo is named where another place's has answered. */
export const route = (s: { location_id: string; echo_place?: string }) =>
  s.echo_place && s.echo_place !== 'none' ? `${s.location_id} → ${s.echo_place}` : s.location_id;

export const marks: Partial<Record<string, string>> = {
  valid: '●',
  doubtful: '◐',
  unjudged: '○',
  invalid: '✕',
};

/** An interval, where there is one. */
export const range = (ci: number[] | null, write: (v: number | undefined) => string) =>
  ci ? `${write(ci[0])} … ${write(ci[1])}` : '–';

/** A name with its numbers made as long as each other, so that 10 comes after 9. */
export const ordered = (name: string) => name.toLowerCase().replace(/\d+/g, (n) => n.padStart(12, '0'));
