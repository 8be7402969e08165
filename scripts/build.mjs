// Builds every published program into dist/, or with --faults into dist-test/ with crash and fault points compiled in.
// Tests build into folders of their own: --outdir FOLDER, --version TEXT, --also NAME=MODULE for a further program.
import { chmod, readFile, rm, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { writeNotices } from './third-party-notices.mjs';

const { values: asked } = parseArgs({
  options: {
    faults: { type: 'boolean', default: false },
    outdir: { type: 'string' },
    version: { type: 'string' },
    also: { type: 'string', multiple: true, default: [] },
  },
});
const outdir = asked.outdir ?? (asked.faults ? 'dist-test' : 'dist');
const version = asked.version ?? JSON.parse(await readFile('package.json', 'utf8')).version;

// One file each: an upgrade in mid run must change nothing until the next one starts. As CommonJS, which Node
// starts ten milliseconds sooner.
const ONE_FILE_EACH = {
  worker: 'src/worker/main.ts',
  supervisor: 'src/supervisor/main.ts',
  'samocode-rehearsal': 'src/rehearsal/main.ts',
};
// They share chunks and load their heavy parts when used.
const SHARING_CHUNKS = {
  'samocode-mcp': 'src/server/main.ts',
  samocode: 'src/cli/main.ts',
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
  // Its main file asks for its parts in a way that no bundler follows.
  alias: { 'jsonc-parser': 'jsonc-parser/lib/esm/main.js' },
  define: { __FAULTS__: String(asked.faults), __VERSION__: JSON.stringify(version) },
  logLevel: 'warning',
  outdir,
};
const esm = {
  ...options,
  banner: {
    // CommonJS libraries inside the bundle (cross-spawn, ajv) call require for Node's own modules.
    js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
  },
};
const cjs = {
  ...options,
  format: 'cjs',
  outExtension: { '.js': '.cjs' },
};

await rm(outdir, { recursive: true, force: true });
const also = Object.fromEntries(asked.also.map((text) => text.split('=')));
const built = await Promise.all([
  build({ ...cjs, entryPoints: ONE_FILE_EACH }),
  build({ ...esm, entryPoints: SHARING_CHUNKS, splitting: true, chunkNames: 'chunks/[name]-[hash]' }),
  build({ ...esm, entryPoints: also }),
]);
for (const { metafile } of built) {
  for (const [path, { entryPoint }] of Object.entries(metafile.outputs))
    if (entryPoint) await chmod(path, 0o755);
}
if (outdir === 'dist') await writeNotices(built.flatMap(({ metafile }) => Object.keys(metafile.inputs)));
await writeFile(`${outdir}/package.json`, `${JSON.stringify({ type: 'module', version })}\n`);
