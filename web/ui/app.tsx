// The page of rtcbench ui, and of a hub.
import { render } from 'preact';
import { useEffect } from 'preact/hooks';
import '@preact/signals';
import 'uplot/dist/uPlot.min.css';
import './style.css';
import { address, connection, defaultSince, follow, go, link, listen, reading, view, type View } from './state';
import { useApi } from './api';
import type { Fleet } from './contract';
import { FleetView } from './fleet';
import { LiveView } from './live';
import { offset, zone } from './text';
import { Compare } from './compare';
import { MeshView } from './mesh';
import { Runs } from './runs';
import { OneRun, Place, Places } from './views';

const tabs: [View, string][] = [
  ['places', 'Places'],
  ['mesh', 'Mesh'],
  ['runs', 'Runs'],
  ['compare', 'Compare'],
  ['live', 'Live'],
];
const times: [string, string][] = [
  ['1h', 'last hour'],
  ['24h', 'last 24 hours'],
  ['7d', 'last 7 days'],
  ['30d', 'last 30 days'],
  ['all', 'all'],
];
const choices = {
  platform: ['livekit', 'daily'],
  engine: ['native', 'browser'],
  transport: ['datachannel-reliable', 'datachannel-lossy', 'signalling-websocket', 'rtp-audio', 'turn'],
} as const;
const named = { location: 'place', echo_place: 'echo', path: 'path' } as const;

function Head() {
  const here = view.value;
  const hub = useApi<Fleet | undefined>('/api/v1/fleet').value !== undefined;
  return (
    <header>
      <h1>
        <a href={link('places', {})}>rtcbench</a>
      </h1>
      <nav aria-label="views">
        {[...tabs, ...(hub ? [['fleet', 'Fleet'] as [View, string]] : [])].map(([name, title]) => (
          <a
            href={link(name, {})}
            aria-current={here === name ? 'page' : undefined}
            onClick={(e) => {
              e.preventDefault();
              go(name, { location: undefined, path: undefined, echo_place: undefined, id: undefined });
            }}
          >
            {title}
          </a>
        ))}
      </nav>
      <p class={`live ${connection.value}`} role="status">
        {connection.value === 'lost'
          ? 'rtcbench does not answer; waiting for it'
          : reading.value
            ? `reading the last day: ${reading.value.done} of ${reading.value.of} hours`
            : connection.value === 'open'
              ? 'live'
              : ''}
      </p>
    </header>
  );
}

function Filters() {
  const q = address.value;
  if (['compare', 'run', 'live', 'fleet'].includes(view.value)) return null;
  const since = q.get('since') ?? defaultSince;
  const own = times.some(([v]) => v === since) ? [] : [[since, `since ${since}`] as [string, string]];
  return (
    <form class="filters" aria-label="which runs">
      <label>
        time{' '}
        <select value={since} onChange={(e) => go(view.value, { since: e.currentTarget.value })}>
          {[...own, ...times].map(([v, t]) => (
            <option value={v}>{t}</option>
          ))}
        </select>
      </label>
      {(['platform', 'engine', 'transport'] as const).map((name) => (
        <label>
          {name === 'transport' ? 'class' : name}{' '}
          <select value={q.get(name) ?? ''} onChange={(e) => go(view.value, { [name]: e.currentTarget.value })}>
            <option value="">all</option>
            {choices[name].map((v) => (
              <option value={v}>{v}</option>
            ))}
          </select>
        </label>
      ))}
      {(['location', 'echo_place', 'path'] as const).map(
        (name) =>
          q.get(name) && (
            <button
              type="button"
              aria-label={`without ${named[name]} ${q.get(name) ?? ''}`}
              onClick={() =>
                go(name === 'location' && view.value === 'place' ? 'places' : view.value, { [name]: undefined })
              }
            >
              {named[name]} {q.get(name)} ✕
            </button>
          ),
      )}
      <label>
        <input
          type="checkbox"
          checked={q.get('include_invalid') === 'true'}
          onChange={(e) => go(view.value, { include_invalid: e.currentTarget.checked ? 'true' : undefined })}
        />{' '}
        invalid runs too
      </label>
      <span class="quiet">
        times in {zone}
        {offset(Date.now() / 1000) !== zone && `, now ${offset(Date.now() / 1000)}`}
      </span>
    </form>
  );
}

const shown: Record<View, () => preact.JSX.Element> = {
  places: Places,
  place: Place,
  mesh: MeshView,
  runs: Runs,
  run: OneRun,
  compare: Compare,
  live: LiveView,
  fleet: FleetView,
};

function App() {
  const Shown = shown[view.value];
  const what = address.value.get(view.value === 'run' ? 'id' : 'location') ?? '';
  useEffect(() => {
    const title = view.value === 'run' ? `run ${what.slice(-8)}` : view.value === 'place' && what ? what : view.value;
    document.title = `${title} · rtcbench`;
  }, [view.value, what]);
  return (
    <>
      <Head />
      <Filters />
      <main>
        <Shown />
      </main>
    </>
  );
}

follow();
listen();
render(<App />, document.body);
