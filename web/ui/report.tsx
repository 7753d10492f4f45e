// A report in one file: the runs stand in the page itself, and nothing is asked for.
import { render } from 'preact';
import 'uplot/dist/uPlot.min.css';
import './style.css';
import type { Comparison, Run } from './contract';
import { Forest } from './forest';
import { RunView } from './run';

interface Report {
  made: string;
  by: string;
  runs: Run[];
  comparison: Comparison | null;
}

const report = JSON.parse(document.getElementById('report')?.textContent ?? '{}') as Report;

function App() {
  return (
    <>
      <header>
        <h1>rtcbench</h1>
        <p class="quiet">
          report of {report.made}, by {report.by}
        </p>
      </header>
      <main>
        {report.comparison && (
          <>
            <p class="verdict">{report.comparison.all.verdict}</p>
            <p class="says">
              A: {report.comparison.all.a.operand}; B: {report.comparison.all.b.operand}.
            </p>
            <Forest c={report.comparison} />
          </>
        )}
        {report.runs.map((r) => (
          <RunView run={r} />
        ))}
      </main>
    </>
  );
}

render(<App />, document.body);
