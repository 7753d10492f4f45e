// The places of a hub: who is silent since when, and what each runner said last.
import { useApi } from './api';
import type { Fleet, FleetSeat } from './contract';
import { ago, moment, ms, plural } from './text';

// What comes first is what somebody has to look at.
const order = ['silent', 'failing', 'new', 'paused', 'well', 'revoked'];
const signs: Partial<Record<string, string>> = {
  silent: '○',
  failing: '✕',
  new: '◌',
  paused: '‖',
  well: '●',
  revoked: '–',
};

export function FleetView() {
  const answer = useApi<Fleet | undefined>('/api/v1/fleet', 5);
  const fleet = answer.value;
  if (answer.error) return <p class="told bad">{answer.error}</p>;
  if (!fleet) return <p class="told">{answer.waiting ? 'Reading …' : 'There is no hub here: rtcbench hub starts one.'}</p>;
  const places = fleet.places.toSorted((a, b) => order.indexOf(a.state) - order.indexOf(b.state));
  const sum = order.flatMap((s) => {
    const n = places.filter((p) => p.state === s).length;
    return n > 0 ? [`${signs[s]} ${n} ${s}`] : [];
  });
  return (
    <section>
      <h2>Fleet</h2>
      <p class="says">
        {plural(places.length, 'place')}
        {sum.length > 0 && `: ${sum.join(', ')}`}. The hub is rtcbench {fleet.version}.
      </p>
      {places.length === 0 && (
        <p class="told">
          No place has joined yet: <code>rtcbench fleet token</code> on the hub's machine makes a token, and{' '}
          <code>rtcbench runner --hub … --join TOKEN</code> joins.
        </p>
      )}
      <div class="scroll" tabIndex={0} role="region" aria-label="places of the fleet">
        <table class="rows fleet">
          <thead>
            <tr>
              {['place', 'location', 'state', 'version', 'waiting', 'clock', 'last run', 'last error'].map((h) => (
                <th scope="col">{h}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {places.map((p) => (
              <Row p={p} now={fleet.now} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Row({ p, now }: { p: FleetSeat; now: number }) {
  const heard = p.heard_at === null ? 'never heard' : `heard ${ago(now - p.heard_at)} ago`;
  const silent = p.heard_at === null ? 'never heard' : `silent for ${ago(now - p.heard_at)}`;
  const clock = p.clock_offset_ms === null ? '–' : `${ms(p.clock_offset_ms)} ms ± ${ms(p.clock_bound_ms)}`;
  const run = p.last_run_at === null ? '–' : `${moment(p.last_run_at)}, ${p.validity || 'failed'}`;
  return (
    <tr>
      <td>{p.name}</td>
      <td>{p.location_id}</td>
      <td>
        {signs[p.state]} {p.state === 'silent' ? silent : `${p.state}, ${heard}`}
      </td>
      <td>{p.version || '–'}</td>
      <td>{p.waiting ?? '–'}</td>
      <td>{clock}</td>
      <td>{run}</td>
      <td>{p.error || '–'}</td>
    </tr>
  );
}
