// The last runs, the newest first.
import { useApi } from './api';
import { Take } from './figure';
import { address, asked, go, link } from './state';
import { count, marks, moment, ms, percent, route, utc, way } from './text';
import { Told } from './told';

interface HistoryRun {
  run_id: string;
  end_time: number;
  location_id: string;
  platform: string;
  engine: string;
  transport_class: string;
  path: string;
  echo_place?: string;
  total_messages: number;
  p50_rtt: number | null;
  p95_rtt: number | null;
  p99_rtt: number | null;
  packet_loss_rate: number | null;
  validity: string;
  doubts: { code: string; text: string }[];
}

const step = 200;

export function Runs() {
  const last = Number(address.value.get('last')) || step;
  const answer = useApi<{ runs: HistoryRun[]; next: string | null; errors: string[] }>(
    `/api/v1/runs?${asked({ limit: String(last) })}`,
  );
  const list = answer.value?.runs;
  return (
    <section>
      <h2>Runs</h2>
      <Told error={answer.error} waiting={answer.waiting && !list} />
      {list?.length === 0 && (
        <p class="told">
          No run of this choice ended in this time. Choose a longer time above, or make one:{' '}
          <code>rtcbench livekit</code>
        </p>
      )}
      {list && list.length > 0 && (
        <>
          <div class="title">
            <p class="says">The newest first. Each run can be held against another one from its own page.</p>
            <Take title="Runs" table={table(list)} />
          </div>
          <div class="scroll" tabIndex={0} role="region" aria-label="runs">
            <table class="rows">
              <thead>
                <tr>
                  {['ended', 'UTC', 'place', 'way', 'pings', 'P50 ms', 'P95', 'P99', 'loss', 'trust', 'run'].map(
                    (h) => (
                      <th scope="col">{h}</th>
                    ),
                  )}
                </tr>
              </thead>
              <tbody>
                {list.map((r) => (
                  <Line r={r} />
                ))}
              </tbody>
            </table>
          </div>
          {answer.value?.next && (
            <p>
              <button type="button" onClick={() => go('runs', { last: String(last + step) })}>
                Show {step} more
              </button>
            </p>
          )}
        </>
      )}
    </section>
  );
}

function Line({ r }: { r: HistoryRun }) {
  return (
    <tr class={r.validity}>
      <td>{moment(r.end_time)}</td>
      <td class="quiet">{utc(r.end_time).slice(5, -4)}</td>
      <td>{route(r)}</td>
      <td>{way(r)}</td>
      <td>{count(r.total_messages)}</td>
      {[ms(r.p50_rtt), ms(r.p95_rtt), ms(r.p99_rtt), percent(r.packet_loss_rate)].map((v) => (
        <td class={v === '–' ? undefined : 'figure-in'}>{v}</td>
      ))}
      <td class={`trusted ${r.validity}`} title={r.doubts.map((d) => d.text).join('; ')}>
        {marks[r.validity]} {r.validity}
      </td>
      <td>
        <a href={link('run', { id: r.run_id })}>{r.run_id.slice(-8)}</a>
      </td>
    </tr>
  );
}

const table = (list: HistoryRun[]) => ({
  head: ['ended', 'UTC', 'place', 'way', 'pings', 'P50 ms', 'P95 ms', 'P99 ms', 'loss', 'trust', 'doubts', 'run'],
  lines: list.map((r) => [
    moment(r.end_time),
    utc(r.end_time),
    route(r),
    way(r),
    count(r.total_messages),
    ms(r.p50_rtt),
    ms(r.p95_rtt),
    ms(r.p99_rtt),
    percent(r.packet_loss_rate),
    r.validity,
    r.doubts.map((d) => d.text).join('; '),
    r.run_id,
  ]),
});
