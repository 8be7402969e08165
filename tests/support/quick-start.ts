import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { Script } from 'node:vm';

/**
 * Starts the background programs with compiled code: tests start thousands of them, and half of such a start is V8's
 * work. Without the cache, as under another Node, the code is compiled as usual.
 */
export async function startQuickly(folder: string): Promise<void> {
  await compile(join(folder, 'background.cjs'));
  for (const [file, name] of Object.entries(STARTED))
    await writeStub(join(folder, `${file}.cjs`), 'background.cjs', `own.exports.${name}();`);
  const rehearsal = join(folder, 'samocode-rehearsal.cjs');
  await rename(rehearsal, join(folder, 'rehearsal.cjs'));
  await compile(join(folder, 'rehearsal.cjs'));
  await writeStub(rehearsal, 'rehearsal.cjs');
}

/** Files by what of the bundle they start. */
const STARTED = { worker: 'worker', supervisor: 'supervisor', 'form-check': 'formCheck' };

async function compile(file: string): Promise<void> {
  // Code from a cache cannot import, so its stub imports for it.
  const text = (await readFile(file, 'utf8')).replace(/^#!/, '//').replaceAll(/\bimport\(/g, '__import(');
  const source = `(function(exports,require,module,__import){${text}\n})`;
  // All code, not only what runs at the start; the cache is valid for programs without this flag.
  setFlagsFromString('--no-lazy');
  const script = new Script(source, { filename: file });
  setFlagsFromString('--lazy');
  await writeFile(file, source);
  await writeFile(`${file}.cache`, script.createCachedData());
}

async function writeStub(path: string, bundle: string, start = ''): Promise<void> {
  const text = `#!/usr/bin/env node
const { readFileSync } = require('node:fs');
const { Script } = require('node:vm');
const filename = __dirname + '/${bundle}';
const script = new Script(readFileSync(filename, 'utf8'), { filename, cachedData: readFileSync(filename + '.cache') });
const own = { exports: {} };
script.runInThisContext()(own.exports, require, own, (path) => import(path));
${start}
`;
  await writeFile(path, text, { mode: 0o755 });
}
