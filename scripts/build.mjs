// Builds every published program into dist/, or with --faults into dist-test/ with crash and fault points compiled in.
// Tests build into folders of their own: --outdir FOLDER, --version TEXT, --also NAME=MODULE for a further program.
// --maps puts source maps beside the files, which turn a user's stack trace into names and lines.
import { chmod, readFile, rm, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { MARKDOWN_FOLDER, markdownFolderModule } from './markdown-folders.mjs';
import { writeNotices } from './third-party-notices.mjs';

const { values: asked } = parseArgs({
  options: {
    faults: { type: 'boolean', default: false },
    outdir: { type: 'string' },
    version: { type: 'string' },
    maps: { type: 'boolean', default: false },
    also: { type: 'string', multiple: true, default: [] },
  },
});
const outdir = asked.outdir ?? (asked.faults ? 'dist-test' : 'dist');
const version = asked.version ?? JSON.parse(await readFile('package.json', 'utf8')).version;

// One file for both: an upgrade in mid run must change nothing until the next one starts. As CommonJS, which Node
// starts ten milliseconds sooner. Each has a stub beside it, so that a process list names the program that runs.
const BACKGROUND = {
  worker: 'src/worker/main.ts',
  supervisor: 'src/supervisor/main.ts',
};
// Separate, since it starts for each iteration and needs a sixth of what those two load.
const REHEARSAL = { 'samocode-rehearsal': 'src/rehearsal/main.ts' };
// Runs around each agent of a strict sandbox, so without anything that it doesn't need.
const RELAY = { relay: 'src/relay/main.ts' };
// Runs around each agent of the Agent Client Protocol, as lean.
const ACP_RUNNER = { 'acp-runner': 'src/acp-runner/main.ts' };
// What action.yml starts on a runner of GitHub: one file, committed with the tag of a release and not published on npm.
const ACTION = { action: 'src/action/main.ts' };
// They share chunks and load their heavy parts when used.
const SHARING_CHUNKS = {
  'samocode-mcp': 'src/server/main.ts',
  samocode: 'src/cli/main.ts',
};

// What z.config({ jitless: true }) sets, but before the first schema is made: compiling a function for each schema at its
// first use costs a short program more than it gains, `samocode list` of 1,000 sessions included.
const INTERPRETED_SCHEMAS = '"use strict";(globalThis.__zod_globalConfig??={}).jitless=true;';

// esbuild leaves a letter beyond ASCII in a regular expression as it is, and for one such letter V8 takes a whole file as
// two bytes a letter, which takes twice as long to parse.
const ASCII_ONLY = {
  name: 'ascii-only',
  setup({ onLoad }) {
    onLoad({ filter: /\/src\/.*\.ts$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      const escaped = (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
      return { contents: text.replace(/[^\0-\x7f]/g, escaped), loader: 'ts' };
    });
  },
};

const MARKDOWN_FOLDERS = {
  name: 'markdown-folders',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: MARKDOWN_FOLDER }, ({ path }) => ({ path, namespace: 'markdown-folders' }));
    onLoad({ filter: MARKDOWN_FOLDER, namespace: 'markdown-folders' }, async ({ path }) => ({
      contents: await markdownFolderModule(path),
    }));
  },
};

const options = {
  bundle: true,
  plugins: [ASCII_ONLY, MARKDOWN_FOLDERS],
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  minifySyntax: true,
  minifyWhitespace: true,
  minifyIdentifiers: true,
  keepNames: false,
  legalComments: 'none',
  metafile: true,
  sourcemap: asked.maps && 'external',
  loader: { '.md': 'text', '.css': 'text', '.client.js': 'text' },
  alias: {
    // Its main file asks for its parts in a way that no bundler follows.
    'jsonc-parser': 'jsonc-parser/lib/esm/main.js',
    // A tenth of the server's start.
    ajv: './scripts/no-ajv.mjs',
    'ajv-formats': './scripts/no-ajv.mjs',
  },
  define: {
    __FAULTS__: String(asked.faults),
    __STRICT__: String(asked.faults),
    __VERSION__: JSON.stringify(version),
    // A library made for browsers asks for it; from Node 25 on that alone prints a warning.
    localStorage: 'undefined',
  },
  logLevel: 'warning',
  outdir,
};
const esm = {
  ...options,
  banner: {
    // CommonJS libraries inside the bundle (cross-spawn, commander) call require for Node's own modules.
    js: `import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);${INTERPRETED_SCHEMAS}`,
  },
};
// Not imported inside functions: a module that may run later is compiled twice.
const starters = Object.entries(BACKGROUND).map(
  ([name, path]) => `export { ${name}Main as ${name} } from './${path}';`,
);
const BUNDLE = 'background.cjs';
const cjs = {
  ...options,
  format: 'cjs',
  outExtension: { '.js': '.cjs' },
  banner: { js: INTERPRETED_SCHEMAS },
};
const { outdir: _, outExtension: _names, ...toOneFile } = cjs;
const background = {
  ...toOneFile,
  outfile: `${outdir}/${BUNDLE}`,
  stdin: { contents: starters.join('\n'), resolveDir: '.', sourcefile: BUNDLE },
};

await rm(outdir, { recursive: true, force: true });
const also = Object.fromEntries(asked.also.map((text) => text.split('=')));
const built = await Promise.all([
  build(background),
  build({ ...cjs, entryPoints: REHEARSAL }),
  build({ ...cjs, entryPoints: ACTION }),
  build({ ...cjs, banner: {}, entryPoints: { ...RELAY, ...ACP_RUNNER } }),
  build({ ...esm, entryPoints: SHARING_CHUNKS, splitting: true, chunkNames: 'chunks/[name]-[hash]' }),
  build({ ...esm, entryPoints: also }),
]);
for (const { metafile } of built) {
  for (const [path, { entryPoint }] of Object.entries(metafile.outputs))
    if (entryPoint) await chmod(path, 0o755);
}
for (const name of Object.keys(BACKGROUND)) {
  const stub = `#!/usr/bin/env node\nrequire('./${BUNDLE}').${name}();\n`;
  await writeFile(`${outdir}/${name}.cjs`, stub, { mode: 0o755 });
}
if (outdir === 'dist') await writeNotices(built.flatMap(({ metafile }) => Object.keys(metafile.inputs)));
await writeFile(`${outdir}/package.json`, `${JSON.stringify({ type: 'module', version })}\n`);
