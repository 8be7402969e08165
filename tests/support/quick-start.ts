import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { Script } from 'node:vm';

/**
 * Starts the programs with compiled code, whatever home and guard they have: tests start thousands of them, and half of
 * such a start is V8's work. Without the cache, as under another Node, the code is compiled as usual.
 */
export async function startQuickly(folder: string): Promise<void> {
  await compile(join(folder, 'background.cjs'));
  for (const [file, name] of Object.entries(STARTED))
    await writeStub(join(folder, `${file}.cjs`), 'background.cjs', `own.exports.${name}();`);
  for (const name of ['rehearsal', 'whole', 'reading']) {
    const loaded = join(folder, `samocode-${name}.cjs`);
    await rename(loaded, join(folder, `${name}.cjs`));
    await compile(join(folder, `${name}.cjs`));
    await writeStub(loaded, `${name}.cjs`, 'module.exports = own.exports;');
  }
}

/** Files by what of the bundle they start. */
const STARTED = { worker: 'worker', supervisor: 'supervisor', 'form-check': 'formCheck' };

async function compile(file: string): Promise<void> {
  // Code from a cache cannot import, so its stub imports for it.
  const text = (await readFile(file, 'utf8')).replace(/^#!/, '//').replaceAll(/\bimport\(/g, '__import(');
  const source = `(function(exports,require,module,__dirname,__import){${text}\n})`;
  // All code, not only what runs at the start; the cache is valid for programs without this flag.
  setFlagsFromString('--no-lazy');
  const script = new Script(source, { filename: file });
  setFlagsFromString('--lazy');
  await writeFile(file, source);
  await writeFile(`${file}.cache`, script.createCachedData());
}

async function writeStub(path: string, bundle: string, start: string): Promise<void> {
  const text = `#!/usr/bin/env node
const { readFileSync } = require('node:fs');
const { Script } = require('node:vm');
const filename = __dirname + '/${bundle}';
const script = new Script(readFileSync(filename, 'utf8'), { filename, cachedData: readFileSync(filename + '.cache') });
const own = { exports: {} };
script.runInThisContext()(own.exports, require, own, __dirname, (path) => import(path));
${start}
`;
  await writeFile(path, text, { mode: 0o755 });
}
