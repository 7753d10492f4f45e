// Made of internal/browser/contract by go generate; it says more. Do not edit.

import type schema from '../../docs/result.schema.json';

/** Numbers are those of bench.Outcome. */
export const Outcome = {
  unsettled: 0,
  answered: 1,
  late: 2,
  lost: 3,
  notSent: 4,
} as const;
export type Outcome = (typeof Outcome)[keyof typeof Outcome];

/** Numbers are those of bench.Reason. */
export const Reason = {
  none: 0,
  stalled: 1,
  sendBlocked: 2,
  notConnected: 3,
  up: 4,
  down: 5,
  muted: 6,
  noLatency: 7,
} as const;
export type Reason = (typeof Reason)[keyof typeof Reason];

export type Way = 'datachannel-lossy' | 'datachannel-reliable' | 'rtp-audio' | 'websocket';

/** What is to carry pings and messages; '' = the platform's own. */
export type Class =
  '' | 'datachannel-reliable' | 'datachannel-lossy' | 'signalling-websocket' | 'in-process' | 'rtp-audio' | 'turn';

type Details = (typeof schema)['properties']['details'];
/** What is counted as it happens; the rest of bench.Counts follows from the samples. */
export type Count = Exclude<
  keyof Details['properties']['counts']['properties'],
  'sent' | 'answered' | 'late' | 'lost' | 'not_sent' | 'unsettled'
>;
/** What is not there is 0. */
export type Counts = { [name in Count]?: number };

/** JoinConfig is what the page needs to take a seat. */
export interface JoinConfig {
  platform: 'livekit' | 'daily';
  url: string;
  token?: string;
  class?: Class; // what carries the messages; "" = the platform's own
  role?: 'runner' | 'echo' | 'caller';
  bundleURL?: string; // Daily's call machine, where it is mirrored
  userName?: string;
  within?: number; // ms that are left for the join
}

/** Plan is bench.Plan, with what the run is called on the wire. */
export interface Plan {
  count: number;
  cooldown: number; // 0 = closed loop
  timeout: number;
  warmup: number;
  echoTimeout: number;
  reconnectTimeout: number;
  payload: number;
  numbered: boolean; // an audio packet's size tells its number
  media: boolean; // the page says bursts of noise, and finds them in what comes back
  class: Class; // what is to carry the pings; "" = the platform's own
  aligned: boolean; // slots begin at phase modulo cooldown of Unix time: runs at one time share a grid
  phase: number;
  echo: string; // the only identity whose pongs count; "" = the first that answers
  run: string; // names the run on the wire
}

/** Sample is bench.Sample. Times count from the start of the run. */
export interface Sample {
  seq: number;
  outcome: Outcome;
  reason: Reason;
  stamped: boolean; // hold and up are known
  due: number;
  sent: number;
  sendCall: number;
  rtt: number;
  hold: number;
  up: number;
}

export interface Ways {
  known: boolean;
  up: number;
  down: number;
  unknown: number;
}

/** State is a run as it is by now, but for its samples. */
export interface State {
  ended: 'complete' | 'interrupted' | 'disconnected';
  error: string; // "" = none
  noEcho: boolean; // nobody answered
  start: number; // Unix ms; 0 = no counted ping yet
  end: number;
  firstPong: number; // after the join began; 0 = none came
  identity: string; // of the echo
  kind: string;
  others: string[]; // that answered too
  counts: Counts;
  strays: number; // pongs that match no ping of ours …
  unmatched: number; // of the run's own echo: strays, and what nobody can read
  ways: Ways; // of the lost pings
}

/** Batch is what the page tells of a run while it goes on. Together the batches hold everything. */
export interface Batch {
  batch: number; // its number, from 0: they may overtake each other
  samples: Columns; // new ones, and those whose fate has changed
  state: State; // as it is by now
  facts?: Facts; // when they have changed
  hidden: boolean; // the page was in the background since the run began
  bursts: NoiseBurst[]; // that were found, or given up, since the last batch
}

/** NoiseBurst is bench.NoiseBurst. It was said at that Unix ms. */
export interface NoiseBurst {
  seq: number;
  at: number;
  ear: number | null; // null = it was not heard
  match: number;
  buffer: number | null; // null = nobody tells
  target: number | null;
  played: number;
  concealed: number;
}

/** Phase is a phase of the join, told at once. When the join ends too late, this is what it had done. */
export interface Phase {
  reached: string;
}

/** Say is something for a seat with a voice to say. */
export interface Say {
  number: number; // names it; 0 = what it says while there is nothing to say, over and over
  packets: string[]; // Opus, of 20 ms each, in base64
}

/** Call is how a seat with a voice begins. */
export interface Call {
  quiet: Say;
  reconnectTimeout: number; // 0 = as long as the platform's library waits
}

/** Talk is what a seat with a voice tells while a call goes on. */
export interface Talk {
  talk: number; // its number, from 1: they may overtake each other
  heard: Heard[];
  ended: string; // why the seat is lost; "" = it is not
}

/** Heard is bench.Heard. What has no meaning for its kind is left out. */
export interface Heard {
  kind: 'sound' | 'spoken' | 'joined' | 'left' | 'told';
  at: number; // Unix ms
  from?: string;
  track?: number;
  seq?: number;
  stamp?: number;
  packet?: string; // in base64
  say?: number;
  index?: number; // of its packet
  last?: boolean; // no other packet of it will leave
  what?: string;
  text?: string;
}

/** Channel is what a data channel was opened with. */
export interface Channel {
  ordered: boolean;
  maxRetransmits: number | null; // null = without limit
}

export interface Server {
  version: string;
  region: string;
  node: string;
}

export interface Daily {
  topology: string; // sfu or peer
  sfu_id: string; // the id of the server
  geo: string; // the region asked for
  signalling_host: string; // of the signalling WebSocket, where it can be seen
  network_rtt_ms: number | null; // what Daily says of the path; its unit is taken for ms
}

export interface AudioLeg {
  leg: string;
  codec: string;
  clock_rate: number;
  channels: number;
  payload_type: number;
  red: boolean;
  dtx: boolean;
  nack: boolean;
  extensions: string[];
  retransmitted: number | null;
  after_gap?: number | null;
  stamped: string;
  carried?: boolean;
}

/** Told is what a platform's library, and the platform itself, tell of a seat. */
export interface Told {
  engineVersion: string;
  outbound?: Channel | null; // of what we send
  inbound?: Channel | null; // of what is sent to us
  server?: Server; // LiveKit's
  daily?: Partial<Daily>;
  audio?: AudioLeg[]; // of a seat that speaks by audio
}

/** Change is bench.Change: a part of the way that became another. */
export interface Change {
  what: 'topology' | 'sfu' | 'region' | 'node' | 'audio stream';
  from: string;
  to: string;
  at: number;
}

/** Step is bench.Phase: a step of connecting, with when it was reached after the join began. */
export interface Step {
  name: string;
  leg: string;
  at: number;
}

/** Candidate is bench.Candidate. */
export interface Candidate {
  type: string;
  protocol: string;
  relayProtocol?: string;
  family: string;
  address: string;
}

/** Pair is bench.ICEPair. */
export interface Pair {
  leg: string;
  at: number;
  local: Candidate;
  remote: Candidate;
}

/** Facts is what is known of a seat. Moments are in Unix ms. */
export interface Facts extends Told {
  reconnects: number;
  changes: Change[];
  way: Way | ''; // by which the pings leave; "" = not seen, or by two
  joinStarted: number;
  phases: Step[];
  pairs: Pair[];
}

/** Seat is what Join gives. */
export interface Seat {
  identity: string;
  facts: Facts;
}

/** Samples by the names of their fields: a list for each field, all of one length. */
export type Columns = { [Name in keyof Sample]: Sample[Name][] };
export const columns = [
  'seq', 'outcome', 'reason', 'stamped', 'due', 'sent', 'sendCall', 'rtt', 'hold', 'up',
] as const satisfies (keyof Sample)[];
