// Builds every published program into dist/, or with --faults into dist-test/ with crash and fault points compiled in.
// Tests build into folders of their own: --outdir FOLDER, --version TEXT, --also NAME=MODULE for a further program.
// --rehearsal MODULE: another rehearsal agent, as tests have one that can do what a process can do wrong.
// --noting FOLDER: each refusal and crash point that a program reaches leaves a file in FOLDER (tests/support/reached.ts).
// --without NAME leaves an extension out, or all of them with --without all: what src/app/extensions/ lists of it is empty.
// --maps puts source maps beside the files, which turn a user's stack trace into names and lines.
import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { browserScript } from './browser-scripts.mjs';
import { MARKDOWN_FOLDER, markdownFolderModule } from './markdown-folders.mjs';
import { writeNotices } from './third-party-notices.mjs';

const { values: asked } = parseArgs({
  options: {
    faults: { type: 'boolean', default: false },
    outdir: { type: 'string' },
    version: { type: 'string' },
    maps: { type: 'boolean', default: false },
    rehearsal: { type: 'string', default: 'src/extensions/rehearsal/agent/main.ts' },
    noting: { type: 'string', default: '' },
    also: { type: 'string', multiple: true, default: [] },
    without: { type: 'string', multiple: true, default: [] },
  },
});
const outdir = asked.outdir ?? (asked.faults ? 'dist-test' : 'dist');
const version = asked.version ?? JSON.parse(await readFile('package.json', 'utf8')).version;

// Every program is CommonJS, which Node starts ten milliseconds faster and whose compiled code can be kept. Two files hold
// nearly all code, each read once, so that an upgrade does not affect a running program; what they export is loaded when
// it is called.
const BACKGROUND = {
  worker: `(await import('./src/app/worker/main.ts')).workerMain()`,
  supervisor: `(await import('./src/app/supervisor/main.ts')).supervisorMain()`,
  // The hook at an agent's end, which reads what the agent wrote as the worker does.
  formCheck: `(await import('./src/core/worker/form-check/main.ts')).formCheckMain()`,
};
const WHOLE = {
  server: `import('./src/app/server/main.ts')`,
  whole: `(await import('./src/app/cli/whole-program.ts')).openWhole(...given)`,
};
// Each loads one of the two, so that a process list names the program that runs.
const STARTERS = {
  worker: 'src/app/worker/starter/main.ts',
  supervisor: 'src/app/supervisor/starter/main.ts',
  'samocode-mcp': 'src/app/server/starter/main.ts',
  // Answers the version and a completion itself.
  samocode: 'src/app/cli/main.ts',
};
// Separate, because it starts for each iteration and needs only a sixth of the code of those two.
const REHEARSAL = { 'samocode-rehearsal': asked.rehearsal };
// Runs around each agent of a strict sandbox, so it contains only what it needs.
const RELAY = { relay: 'src/core/sandbox/relay/main.ts' };
// Runs around each agent of the Agent Client Protocol; kept small for the same reason.
const ACP_RUNNER = { 'acp-runner': 'src/extensions/acp/runner/main.ts' };
// Runs in a thread of the live page; separate, because nothing else needs highlight.js.
const COLOURS = { colours: 'src/extensions/pages/web/diff/colours/main.ts' };
// Runs with a browser inside a sandbox. It loads playwright-core from the path that the worker gives it.
const PICTURES = { pictures: 'src/extensions/application/pictures/program/main.ts' };
// The program that action.yml starts on a GitHub runner: one file, committed with the tag of a release and not
// published on npm.
const ACTION = { action: 'src/app/action/main.ts' };
// Without what other commands than `list` and `status` need: each kilobyte that is loaded delays a short command.
const READING = { 'samocode-reading': 'src/app/cli/reading-program.ts' };

// The effect of z.config({ jitless: true }), but before the first schema is created: compiling a function for each schema
// at its first use costs a short program more than it saves, even `samocode list` with 1,000 sessions.
const INTERPRETED_SCHEMAS = '"use strict";(globalThis.__zod_globalConfig??={}).jitless=true;';

// Each error of a table gets its stack in one place (src/core/kernel/errors.ts). An agent in a guard can write no such file.
const NOTED_REFUSALS = `{const{captureStackTrace:capture}=Error;Error.captureStackTrace=(error,below)=>{
if(error?.what!==undefined&&error.code!==undefined)try{process.getBuiltinModule('node:fs').writeFileSync(
${JSON.stringify(asked.noting)}+'/refusal='+encodeURIComponent(error.code),'')}catch{}
capture(error,below)}};`;
const BEFORE_ALL = asked.noting === '' ? INTERPRETED_SCHEMAS : INTERPRETED_SCHEMAS + NOTED_REFUSALS;

// esbuild does not escape non-ASCII characters in regular expressions, and because of a single one V8 stores the whole
// file with two bytes per character, which takes twice as long to parse.
const ASCII_ONLY = {
  name: 'ascii-only',
  setup({ onLoad }) {
    onLoad({ filter: /\/src\/.*\.ts$/ }, async ({ path }) => {
      return { contents: asciiOnly(await readFile(path, 'utf8')), loader: 'ts' };
    });
  },
};

function asciiOnly(text) {
  const escaped = (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return text.replace(/[^\0-\x7f]/g, escaped);
}

const BROWSER_SCRIPTS = {
  name: 'browser-scripts',
  setup({ onLoad }) {
    onLoad({ filter: /\.app\.js$/ }, async ({ path }) => {
      const { text, files } = await browserScript(path, version);
      return { contents: text, loader: 'text', watchFiles: files };
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

/** Loads everything at the start, because a module that may run later is compiled twice; but what is seldom needed. */
const LOADED_AT_ONCE = {
  name: 'loaded-at-once',
  setup({ onResolve, onLoad }) {
    onLoad({ filter: /\/src\/.*\.ts$/ }, async ({ path }) => {
      const imports = [];
      const text = asciiOnly(await readFile(path, 'utf8')).replace(LATER, (_, from) => {
        imports.push(`import * as loaded${imports.length} from '${from}';`);
        return `Promise.resolve(loaded${imports.length - 1})`;
      });
      return { contents: text + imports.join('\n'), loader: 'ts' };
    });
    onResolve({ filter: SELDOM }, ({ kind }) =>
      kind === 'dynamic-import' ? { path: './seldom.cjs', external: true } : undefined,
    );
  },
};
const SELDOM = /(?:^execa|\/menus\.ts)$/;
const LATER = /\bimport\('(\.[^']*(?<!\/menus)\.ts)'\)/g;

/** Puts the result of `completionWords` in its place, so that no completion has to load the commands. */
const COMPLETION_WORDS = {
  name: 'completion-words',
  setup({ onLoad }) {
    onLoad({ filter: /\/completion-words\.ts$/ }, async () => {
      const file = resolve(outdir, 'completion-words.mjs');
      const contents = `import { completionWords } from './src/app/cli/completion-words.ts';
        import { useProviders } from './src/app/extensions/providers.ts';
        useProviders();
        export const words = completionWords();`;
      await build({
        ...toOneFile,
        format: 'esm',
        banner: ESM_BANNER,
        outfile: file,
        stdin: { contents, resolveDir: '.' },
      });
      const { words } = await import(file);
      await rm(file);
      return { contents: `export const completionWords = () => (${JSON.stringify(words)});` };
    });
  },
};

const EXTENSIONS = await readdir('src/extensions');
const leftOut = asked.without.includes('all') ? EXTENSIONS : asked.without;
const unknown = leftOut.find((name) => !EXTENSIONS.includes(name));
if (unknown !== undefined) throw new Error(`--without ${unknown}: there is only ${EXTENSIONS.join(', ')}`);
const has = (name) => !leftOut.includes(name);

// Only the lists of app/extensions/ may name an extension: elsewhere, its absence fails the build.
const WITHOUT = {
  name: 'without',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\/extensions\/\w+\// }, async ({ path, importer, resolveDir }) => {
      const [, name] = /\/src\/extensions\/(\w+)\//.exec(resolve(resolveDir, path)) ?? [];
      if (name === undefined || has(name)) return undefined;
      if (!importer.includes('/src/app/extensions/'))
        return { errors: [{ text: `${importer} needs the extension ${name}` }] };
      const text = await readFile(importer, 'utf8');
      const names =
        new RegExp(`import \\{([^}]*)\\} from '${path.replaceAll('.', '\\.')}'`).exec(text)?.[1] ?? '';
      return { path: `${path}?${names.replace(/\s/g, '')}`, namespace: 'left-out' };
    });
    onLoad({ filter: /./, namespace: 'left-out' }, ({ path }) => {
      const names = path.split('?')[1].split(',').filter(Boolean);
      return { contents: names.map((name) => `export const ${name} = [];`).join('\n') };
    });
  },
};

const options = {
  bundle: true,
  plugins: [WITHOUT, ASCII_ONLY, BROWSER_SCRIPTS, MARKDOWN_FOLDERS],
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
  loader: { '.md': 'text', '.css': 'text' },
  alias: {
    // Its main file loads its parts in a way that no bundler can follow.
    'jsonc-parser': 'jsonc-parser/lib/esm/main.js',
    // Their validator would take a tenth of the server's startup time.
    '@modelcontextprotocol/server/_shims': './scripts/no-validator.mjs',
    '@modelcontextprotocol/client/_shims': './scripts/no-validator.mjs',
  },
  define: {
    __FAULTS__: String(asked.faults),
    __STRICT__: String(asked.faults),
    __REACHED__: JSON.stringify(asked.noting),
    __VERSION__: JSON.stringify(version),
    'import.meta.dirname': '__dirname',
    // A library made for browsers reads it, which prints a warning on Node 25 and newer.
    localStorage: 'undefined',
  },
  logLevel: 'warning',
  outdir,
};
const cjs = {
  ...options,
  format: 'cjs',
  banner: { js: BEFORE_ALL },
};
const { outdir: _, ...toOneFile } = cjs;
// CommonJS libraries inside the bundle (cross-spawn, commander) call require for Node's own modules.
const ESM_BANNER = {
  js: `import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);${BEFORE_ALL}`,
};
const named = { ...cjs, outExtension: { '.js': '.cjs' } };
const bundle = (name, calls) => {
  const contents = Object.entries(calls).map(
    ([called, call]) => `export const ${called} = async (...given) => ${call};`,
  );
  const stdin = { contents: contents.join('\n'), resolveDir: '.', sourcefile: name };
  return build({ ...toOneFile, outfile: `${outdir}/${name}`, stdin });
};

await rm(outdir, { recursive: true, force: true });
await mkdir(outdir, { recursive: true });
const also = Object.fromEntries(asked.also.map((text) => text.split('=')));
const { samocode, 'samocode-mcp': server, ...starters } = STARTERS;
const seldom = `export { execa } from 'execa'; export * from './src/core/faces/terminal/menus.ts';`;
const built = await Promise.all([
  bundle('background.cjs', BACKGROUND),
  bundle('samocode-whole.cjs', WHOLE),
  build({
    ...named,
    entryPoints: { ...starters, ...(has('rehearsal') && REHEARSAL), ...(has('github') && ACTION) },
  }),
  build({
    ...named,
    banner: {},
    entryPoints: {
      ...RELAY,
      ...(has('acp') && ACP_RUNNER),
      ...(has('pages') && COLOURS),
      ...(has('application') && PICTURES),
    },
  }),
  build({
    ...cjs,
    plugins: [COMPLETION_WORDS, ...options.plugins],
    entryPoints: { samocode, 'samocode-mcp': server },
  }),
  build({ ...named, plugins: [LOADED_AT_ONCE, ...options.plugins], entryPoints: READING }),
  build({ ...cjs, format: 'esm', banner: ESM_BANNER, outExtension: { '.js': '.mjs' }, entryPoints: also }),
  build({ ...toOneFile, outfile: `${outdir}/seldom.cjs`, stdin: { contents: seldom, resolveDir: '.' } }),
]);
for (const { metafile } of built) {
  for (const [path, { entryPoint }] of Object.entries(metafile.outputs))
    if (entryPoint) await chmod(path, 0o755);
}
// In the guard, where no compiled code is kept.
const formCheck = `#!/usr/bin/env node\nrequire('./background.cjs').formCheck();\n`;
await writeFile(`${outdir}/form-check.cjs`, formCheck, { mode: 0o755 });
if (outdir === 'dist') await writeNotices(built.flatMap(({ metafile }) => Object.keys(metafile.inputs)));
await writeFile(`${outdir}/package.json`, `${JSON.stringify({ type: 'commonjs', version })}\n`);
