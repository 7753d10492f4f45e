// The places of a hub: who is silent since when, and what each runner said last.
import { useApi } from './api';
import type { Fleet, FleetSeat } from './contract';
import { Take } from './figure';
import { Told } from './told';
import { ago, count, marks, moment, ms, plural, utc } from './text';

// What comes first is what somebody has to look at.
const order = ['silent', 'unlike', 'failing', 'new', 'paused', 'well', 'revoked'];
const signs: Partial<Record<string, string>> = {
  silent: '○',
  unlike: '≠',
  failing: '✕',
  new: '◌',
  paused: '‖',
  well: '●',
  revoked: '–',
};

export function FleetView() {
  const answer = useApi<Fleet | undefined>('/api/v1/fleet', 5);
  const fleet = answer.value;
  if (!fleet)
    return answer.error || answer.waiting ? (
      <Told error={answer.error} waiting={answer.waiting} />
    ) : (
      <p class="told">
        There is no hub here: <code>rtcbench hub --config fleet.yaml</code> starts one.
      </p>
    );
  const places = fleet.places.toSorted((a, b) => order.indexOf(a.state) - order.indexOf(b.state));
  const sum = order.flatMap((s) => {
    const n = places.filter((p) => p.state === s).length;
    return n > 0 ? [`${signs[s]} ${n} ${s}`] : [];
  });
  return (
    <section>
      <h2>Fleet</h2>
      <Told error={answer.error} waiting={false} />
      <div class="title">
        <p class="says">
          {plural(places.length, 'place')}
          {sum.length > 0 && `: ${sum.join(', ')}`}. The hub is rtcbench {fleet.version}.
        </p>
        {places.length > 0 && <Take title="Fleet" table={table(places, fleet.now)} />}
      </div>
      {places.length === 0 && (
        <p class="told">
          No place has joined yet: <code>rtcbench fleet token</code> on the hub's machine makes a token, and{' '}
          <code>rtcbench runner --hub … --join TOKEN</code> joins.
        </p>
      )}
      {places.length > 0 && (
        <div class="scroll" tabIndex={0} role="region" aria-label="places of the fleet">
          <table class="rows fleet">
            <thead>
              <tr>
                {heads.map((h) => (
                  <th scope="col">{h}</th>
                ))}
              </tr>
            </thead>
            <tbody>
              {places.map((p) => (
                <tr class={p.state}>
                  {cells(p, fleet.now).map((c) => (
                    <td>{c}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

const heads = ['place', 'location', 'state', 'version', 'waiting', 'clock', 'last run', 'UTC', 'last error'];

function cells(p: FleetSeat, now: number): string[] {
  const heard = p.heard_at === null ? 'never heard' : `heard ${ago(now - p.heard_at)} ago`;
  const silent = p.heard_at === null ? 'never heard' : `silent for ${ago(now - p.heard_at)}`;
  return [
    p.name,
    p.location_id,
    `${signs[p.state] ?? ''} ${p.state === 'silent' ? silent : `${p.state}, ${heard}`}`,
    p.version || '–',
    p.waiting === null ? '–' : count(p.waiting),
    p.clock_offset_ms === null ? '–' : `${ms(p.clock_offset_ms)} ms ± ${ms(p.clock_bound_ms)}`,
    p.last_run_at === null ? '–' : `${moment(p.last_run_at)}, ${marks[p.validity] ?? ''} ${p.validity || 'failed'}`,
    p.last_run_at === null ? '–' : utc(p.last_run_at).slice(5, -4),
    p.error || '–',
  ];
}

const table = (places: FleetSeat[], now: number) => ({ head: heads, lines: places.map((p) => cells(p, now)) });
