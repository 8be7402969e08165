// Builds every published program into dist/ (or, with --faults, dist-test/ with crash and fault points compiled in).
import { chmod, readFile, rm, writeFile } from 'node:fs/promises';
import { build } from 'esbuild';
import { writeNotices } from './third-party-notices.mjs';

const withFaults = process.argv.includes('--faults');
const outdir = withFaults ? 'dist-test' : 'dist';
const { version } = JSON.parse(await readFile('package.json', 'utf8'));

/** Programs: the published file's name and the module that starts it. */
const PROGRAMS = {
  'samocode-mcp': 'src/server/main.ts',
  samocode: 'src/cli/main.ts',
  worker: 'src/worker/main.ts',
  'samocode-rehearsal': 'src/providers/rehearsal/main.ts',
};

const options = {
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  minifySyntax: true,
  minifyWhitespace: true,
  keepNames: false,
  legalComments: 'none',
  metafile: true,
  loader: { '.md': 'text' },
  define: { __FAULTS__: String(withFaults), __VERSION__: JSON.stringify(version) },
  banner: {
    // CommonJS libraries inside the bundle (cross-spawn, ajv) call require for Node's own modules.
    js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
  },
  logLevel: 'warning',
};

await rm(outdir, { recursive: true, force: true });

// The worker and the rehearsal child are one file each: an upgrade in mid run must change nothing
// until the next worker starts. Server and CLI share chunks and load their heavy parts when used.
const single = await build({
  ...options,
  entryPoints: { worker: PROGRAMS.worker, 'samocode-rehearsal': PROGRAMS['samocode-rehearsal'] },
  outdir,
});
const split = await build({
  ...options,
  entryPoints: { 'samocode-mcp': PROGRAMS['samocode-mcp'], samocode: PROGRAMS.samocode },
  splitting: true,
  chunkNames: 'chunks/[name]-[hash]',
  outdir,
});

for (const name of Object.keys(PROGRAMS)) await chmod(`${outdir}/${name}.js`, 0o755);
if (!withFaults) {
  await writeNotices([...Object.keys(single.metafile.inputs), ...Object.keys(split.metafile.inputs)]);
}
await writeFile(`${outdir}/package.json`, `${JSON.stringify({ type: 'module', version })}\n`);
