// Made of internal/dashboard, internal/report and internal/result by go generate. Do not edit.

export interface SeriesList {
  store: string;
  since: number;
  until: number;
  series: Series[];
  next: string | null;
  errors: string[];
}

export interface Series {
  location_id: string;
  platform: string;
  engine: string;
  transport_class: string;
  path: string;
  echo_place: string;
  where: Point | null;
  last_run: LastRun;
  total: Sum;
  p50: (number | null)[];
  parts: Sum[];
  curve: Rank[];
  bins: Bin[];
  not_shown: string;
}

export interface Point {
  lat: number;
  lon: number;
  city: string;
}

export interface LastRun {
  run_id: string;
  end_time: number;
  p95_rtt: number | null;
  validity: string;
}

export interface Sum {
  runs: number;
  runs_left_out: number;
  answered: number;
  failed: number;
  not_sent: number;
  packet_loss_rate: number | null;
  packet_loss_ci95: number[] | null;
  p: (number | null)[];
  p50_ci95: number[] | null;
  p95_ci95: number[] | null;
  p99_ci95: number[] | null;
  heat: number[][];
  verdicts: Partial<Record<string, number>>;
}

export interface Rank {
  q: number;
  ms: number;
  lo: number | null;
  hi: number | null;
}

export interface Bin {
  lo: number;
  hi: number;
  n: number;
}

export interface Overview {
  store: string;
  since: number;
  until: number;
  errors: string[];
  points: Point[];
  locations: Spot[];
  echoes: string[];
  ways: Way[];
  location: number[];
  echo: number[];
  way: number[];
  runs: number[];
  runs_left_out: number[];
  answered: number[];
  failed: number[];
  p50: (number | null)[];
  p95: (number | null)[];
  p99: (number | null)[];
  last_end: number[];
  validity: string[];
  course: string[];
  least: (number | null)[];
  most: (number | null)[];
}

export interface Spot {
  location_id: string;
  point: number | null;
}

export interface Way {
  platform: string;
  engine: string;
  transport_class: string;
  path: string;
}

export interface Run {
  result: File;
  curve: Rank[];
  bins: Bin[];
  buffers: Buffers | null;
}

export interface Buffers {
  up: BufferPoint[];
  down: BufferPoint[];
}

export interface BufferPoint {
  wait_ms: number;
  share: number;
}

export interface Comparison {
  all: Groups;
  places: AtPlace[];
  next: string | null;
}

export interface Groups {
  a: Side;
  b: Side;
  alike: boolean;
  method: string;
  paired: boolean;
  median_diff_ms: Shift | null;
  p95_diff_ms: Shift | null;
  p99_diff_ms: Shift | null;
  floor_diff_ms: number | null;
  p_value: number | null;
  loss_diff: Shift | null;
  margin_percent: number;
  slower_than?: Gate | null;
  lossier_than?: Gate | null;
  runs_needed: number;
  notes: string[];
  verdict: string;
}

export interface Side {
  operand: string;
  run_ids: string[];
  runs: number;
  runs_compared: number;
  runs_unjudged: number;
  runs_doubtful: number;
  runs_invalid: number;
  runs_left_out: number;
  pings_answered: number;
  pings_settled: number;
  transport_classes: string[];
  paths: string[];
  echo_places: string[];
  platforms: string[];
  engines: string[];
  locations: string[];
  start_time: number | null;
  end_time: number | null;
  p50_ms: number | null;
  p95_ms: number | null;
  p99_ms: number | null;
  loss: number | null;
  voice?: Voices | null;
}

export interface Voices {
  mouth_to_ear_ms: number;
  r: number;
  mos_cqe: number;
  bound: boolean;
  turn_share: number;
}

export interface Shift {
  value: number;
  ci95: number[] | null;
  percent?: number | null;
}

export interface Gate {
  percent: number;
  shown: boolean;
  decided: boolean;
  by?: number | null;
  reason?: string;
}

export interface AtPlace {
  location_id: string;
  echo_place: string;
  comparison: Groups;
}

export interface Fleet {
  now: number;
  version: string;
  places: FleetSeat[];
  next: string | null;
}

export interface FleetSeat {
  name: string;
  location_id: string;
  lat: number | null;
  lon: number | null;
  state: string;
  heard_at: number | null;
  version: string;
  waiting: number | null;
  last_run_at: number | null;
  validity: string;
  error: string;
  clock_offset_ms: number | null;
  clock_bound_ms: number | null;
}

export interface Mesh {
  store: string;
  since: number;
  until: number;
  cells: Cell[];
  next: string | null;
  errors: string[];
}

export interface Cell {
  from: string;
  to: string;
  to_location: string | null;
  platform: string;
  engine: string;
  transport_class: string;
  path: string;
  n: number;
  failed: number;
  runs: number;
  runs_left_out: number;
  p50_rtt: number | null;
  p50_ci95: number[] | null;
  p95_rtt: number | null;
  p95_ci95: number[] | null;
  packet_loss_rate: number | null;
  packet_loss_ci95: number[] | null;
  verdicts: Partial<Record<string, number>>;
  last_run: LastRun;
}

export interface Pings {
  run: string;
  run_id: string;
  place: string;
  location_id: string;
  platform: string;
  engine: string;
  transport_class: string;
  count: number;
  cooldown_ms: number;
  pings: Ping[];
  dropped: number;
  over: boolean;
}

export interface Ping {
  seq: number;
  outcome: string;
  at_ms: number;
  rtt_ms: number | null;
}

export interface File {
  platform: string;
  measurements: Measurement[];
  statistics: Statistics;
  metadata: Metadata;
  details: Details;
}

export interface Measurement {
  round_trip_time: number;
  client_to_server: number | null;
  server_to_client: number | null;
  message_number: number;
  timestamp: number;
}

export interface Statistics {
  total_messages: number;
  successful_messages: number;
  failed_messages: number;
  packet_loss_rate: number | null;
  mean_rtt: number | null;
  median_rtt: number | null;
  min_rtt: number | null;
  max_rtt: number | null;
  std_dev_rtt: number | null;
  p50_rtt: number | null;
  p95_rtt: number | null;
  p99_rtt: number | null;
  jitter: number | null;
}

export interface Metadata {
  start_time: number;
  end_time: number;
  duration_ms: number;
  iterations: number;
  timeout_ms: number;
  platform: string;
  room_url: string;
  location_id: string | null;
  run_id: string;
  cooldown_ms: number | null;
}

export interface Details {
  schema_version: number;
  tool: Tool;
  engine: string;
  engine_version: string;
  transport_class: string | null;
  path: string | null;
  channel: Channel | null;
  inbound_channel: Channel | null;
  plan: Plan;
  echo: Echo;
  counts: unknown;
  ended: string;
  error: string | null;
  rtt_ms: RTT;
  late_rtt_ms: number[];
  jitter_rfc3550_ms: number | null;
  ipdv_ms: Quantiles;
  pdv_ms: Quantiles;
  variation?: Variations | null;
  loss: Loss;
  bursts?: Bursts | null;
  hold_ms: Tail;
  one_way: OneWay;
  instrument: Instrument;
  connect_ms: Connect;
  ice: ICE[];
  reconnects: number | null;
  server: unknown;
  histogram: Histogram | null;
  samples: Samples;
  doubts: Doubt[];
  validity: Validity | null;
  path_changes: Change[];
  daily?: unknown | null;
  turns?: Turns | null;
  audio?: AudioLeg[];
  voice?: Voice | null;
  media?: Media | null;
  standin?: boolean;
  fleet?: Origin | null;
}

export interface Tool {
  version: string;
  commit: string;
  go: string;
  os: string;
  arch: string;
}

export interface Channel {
  ordered: boolean;
  max_retransmits: number | null;
}

export interface Plan {
  payload_bytes: number | null;
  warmup: number | null;
  echo_timeout_ms: number | null;
  grid: string | null;
  reconnect_timeout_ms: number | null;
  lossy: boolean;
  class?: string | null;
  phase_ms?: number | null;
}

export interface Echo {
  mode: string;
  kind: string | null;
  identity: string | null;
  others: string[];
  unmatched?: number;
  place?: string;
}

export interface RTT {
  p90: number | null;
  p999: number | null;
  ci95: Partial<Record<string, number[] | null>>;
  n_needed: Partial<Record<string, number>>;
}

export interface Quantiles {
  p50: number | null;
  p95: number | null;
  p99: number | null;
}

export interface Variations {
  up: Variation;
  down: Variation;
}

export interface Variation {
  packets: number;
  pdv_ms: Above;
  buffer_ms: Buffer;
  jitter_rfc3550_ms: number | null;
  reordered: number;
  reordering_extent: number;
}

export interface Above {
  p50: number | null;
  p90: number | null;
  p95: number | null;
  p99: number | null;
  p999: number | null;
  max: number | null;
}

export interface Buffer {
  loses_1_percent: number | null;
  loses_0_1_percent: number | null;
}

export interface Loss {
  wilson95: number[] | null;
  longest_run: number | null;
  up: number | null;
  down: number | null;
  unknown: number;
}

export interface Bursts {
  round_trip: Burst | null;
  up: Burst | null;
  down: Burst | null;
}

export interface Burst {
  packets: number;
  lost: number;
  periods: number;
  mean_length: number;
  longest: number;
  distance_p50: number | null;
  burst_ratio: number | null;
}

export interface Tail {
  p50: number | null;
  p99: number | null;
  max: number | null;
}

export interface OneWay {
  clocks: string;
  reason: string | null;
  theta_ms: number | null;
  half_width_ms: number | null;
  up_p50_ms: number | null;
  up_ms: number[] | null;
  down_p50_ms: number | null;
  down_ms: number[] | null;
  theta_at_ms?: number | null;
  skew_used_ppm?: number | null;
  skew_ppm: number[] | null;
  measured_ms?: number[] | null;
  clock_error_ms?: ClockErrors | null;
}

export interface ClockErrors {
  runner: number | null;
  echo: number | null;
}

export interface Instrument {
  timer_error_ms: Tail;
  send_call_ms: Tail;
  gc_pause_ms: GCPause;
  floor_rtt_p50_ms: number | null;
  floor_age_s: number | null;
  platform_rtt_p50_ms: number | null;
  cpu_steal: number | null;
  cpu_wait: number | null;
  clock_step_ms: number | null;
  page_hidden: boolean;
}

export interface GCPause {
  total: number | null;
  max: number | null;
}

export interface Connect {
  signalling: number | null;
  ice: Partial<Record<string, number>>;
  dtls: Partial<Record<string, number>>;
  data_channel: Partial<Record<string, number>>;
  first_pong: number | null;
}

export interface ICE {
  leg: string;
  at_ms: number;
  local: string;
  remote: string;
  protocol: string;
  family: string;
  local_address?: string;
  remote_address?: string;
  path: string | null;
  relay_protocol?: string;
}

export interface Histogram {
  format: string;
  unit: string;
  data: string;
}

export interface Samples {
  seq: number[];
  due_ms: number[];
  sent_ms: (number | null)[];
  rtt_ms: (number | null)[];
  hold_ms: (number | null)[];
  up_raw_ms: (number | null)[];
  send_call_ms: (number | null)[];
  outcome: string[];
  reason?: string[];
}

export interface Doubt {
  code: string;
  text: string;
}

export interface Validity {
  verdict: string;
  reasons: Reason[];
}

export interface Reason {
  code: string;
  verdict: string;
  value: number;
  limit: number;
  unit: string;
  text: string;
}

export interface Change {
  what: string;
  from: string;
  to: string;
  at_ms: number;
}

export interface Turns {
  rule: TurnRule;
  calls: TurnCall[];
  turns: TurnFact[];
  known_agent: boolean;
  unmarked?: Unmarked | null;
}

export interface TurnRule {
  window_ms: number | null;
  quietest_dbfs: number;
  above_floor_db: number;
  loud_floor_dbfs: number;
  rest_ms: number | null;
  gap_ms: number | null;
  recording: string;
  playout: boolean;
}

export interface TurnCall {
  agent: string;
  dispatch_ms: number | null;
  greeting_ms: number | null;
  packet_ms: number | null;
  packets: number;
  lost: number;
  strange: number;
  own_late_ms: number | null;
  network_ms: number | null;
  network_by: string;
}

export interface TurnFact {
  seq: number;
  call: number;
  said: string;
  fate: string;
  why?: string;
  latency_ms: number | null;
  speech_ms: number | null;
  reply_ms: number | null;
  talk_over_ms: number | null;
  barge_in_ms: number | null;
  floor_dbfs: number;
  threshold_dbfs: number;
  lost: number;
  clicks: number;
  caller: Span[];
  agent: Span[];
  gaps: Span[];
  stalled_ms: number | null;
  uneven_ms: number | null;
  playout_ms: number | null;
  notes: Note[];
  agent_log_ms: number | null;
  own_error_ms: number | null;
  interrupt_at_ms: number | null;
  waited_ms: number | null;
}

export interface Span {
  from_ms: number | null;
  to_ms: number | null;
}

export interface Note {
  at_ms: number | null;
  what: string;
  text: string;
}

export interface Unmarked {
  turns: number;
  p50_ms: number | null;
  p50_ci95: Span;
  p95_ms: number | null;
  p95_ci95: Span;
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

export interface Voice {
  way: string;
  mouth_to_ear_ms: number;
  r: number;
  mos_cqe: number;
  bound: boolean;
  network_ms: number;
  turn_share: number;
  assumed: Assumed;
  parts: VoicePart[];
}

export interface Assumed {
  capture_ms: number;
  frame_ms: number;
  playout_ms: number;
  buffer_ms: number | null;
  turn_ms: number;
  codec: Codec | null;
}

export interface Codec {
  ie: number;
  bpl: number;
  source: string;
}

export interface VoicePart {
  name: string;
  value: number | null;
  unit: string;
  source: string;
}

export interface Media {
  bursts: NoiseBurst[];
}

export interface NoiseBurst {
  seq: number;
  at_ms: number | null;
  mouth_to_ear_ms: number | null;
  match: number;
  jitter_buffer_ms: number | null;
  jitter_buffer_target_ms: number | null;
  played_samples: number;
  concealed_samples: number;
}

export interface Origin {
  place: string;
  plan?: number;
  job?: string;
  slot?: unknown;
  received?: unknown;
  clock_offset_ms?: number | null;
  clock_bound_ms?: number | null;
}
