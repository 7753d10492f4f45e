// Bundles the pages into dist/, which web.go embeds: of the engine one for each platform, so that neither loads the
// other's SDK; in dist/ui the page that shows runs, and the script of a report. Nothing is fetched at run time but what
// the SDKs themselves fetch.
import { build } from 'esbuild';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';

const common = {
  bundle: true, minify: true, target: 'chrome120', legalComments: 'none', logLevel: 'warning', format: 'iife',
};
const html = (script) => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <title>rtcbench engine</title>
    <script src="${script}"></script>
  </head>
  <body></body>
</html>
`;

await mkdir('dist', { recursive: true });
for (const old of await readdir('dist')) if (/\.(js|html)$/.test(old)) await rm(`dist/${old}`);
for (const platform of ['livekit', 'daily']) {
  await build({ ...common, entryPoints: [`src/${platform}.page.ts`], outfile: `dist/${platform}.js` });
  await writeFile(`dist/${platform}.html`, html(`${platform}.js`));
}
for (const thread of ['ticker.worker', 'audio.worker', 'booth.worklet']) {
  const outfile = `dist/${thread.split('.')[0]}.js`;
  await build({ ...common, entryPoints: [`src/${thread}.ts`], outfile });
}

await rm('dist/ui', { recursive: true, force: true });
const shown = { ...common, jsx: 'automatic', jsxImportSource: 'preact' };
await build({ ...shown, entryPoints: ['ui/app.tsx', 'ui/report.tsx'], outdir: 'dist/ui' });
await writeFile('dist/ui/index.html', `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>rtcbench</title>
    <link rel="icon" href="data:," />
    <link rel="stylesheet" href="app.css" />
    <script src="app.js" defer></script>
  </head>
  <body></body>
</html>
`);

// With an argument, also the bare page of make bench, into that folder.
if (process.argv[2]) await build({ ...common, entryPoints: ['bench/bare.ts'], outfile: `${process.argv[2]}/bare.js` });
