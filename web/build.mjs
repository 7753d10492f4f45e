// Bundles the page into dist/, which web.go embeds. Nothing is fetched at run time but what the
// platforms' own SDKs fetch.
import { build } from 'esbuild';
import { copyFile } from 'node:fs/promises';

const common = { bundle: true, minify: true, target: 'chrome120', legalComments: 'none', logLevel: 'warning' };
await build({ ...common, entryPoints: ['src/main.ts'], outfile: 'dist/engine.js', format: 'iife' });
await build({ ...common, entryPoints: ['src/ticker.worker.ts'], outfile: 'dist/ticker.js', format: 'iife' });
await copyFile('src/index.html', 'dist/index.html');

// With an argument, also the bare page of make bench, into that folder.
if (process.argv[2]) await build({ ...common, entryPoints: ['bench/bare.ts'], outfile: `${process.argv[2]}/bare.js`, format: 'iife' });
