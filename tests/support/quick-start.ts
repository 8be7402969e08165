import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { Script } from 'node:vm';

const BUNDLE = 'background.cjs';

/**
 * Lets the programs that share one file start with its code compiled: tests start thousands of them, and half of
 * such a start is V8's work. Without the cache, as under another Node, it is compiled as ever.
 */
export async function startQuickly(folder: string, programs: readonly string[]): Promise<void> {
  const file = join(folder, BUNDLE);
  // Code from a cache can't import: its stub does that for it.
  const text = (await readFile(file, 'utf8')).replaceAll(/\bimport\(/g, '__import(');
  const source = `(function(exports,require,module,__import){${text}\n})`;
  // Whole, not only what runs at the start; the cache counts for programs without this flag.
  setFlagsFromString('--no-lazy');
  const script = new Script(source, { filename: file });
  setFlagsFromString('--lazy');
  await writeFile(file, source);
  await writeFile(`${file}.cache`, script.createCachedData());
  for (const name of programs) await writeFile(join(folder, `${name}.cjs`), stubOf(name));
}

function stubOf(name: string): string {
  return `#!/usr/bin/env node
const { readFileSync } = require('node:fs');
const { Script } = require('node:vm');
const filename = __dirname + '/${BUNDLE}';
const script = new Script(readFileSync(filename, 'utf8'), { filename, cachedData: readFileSync(filename + '.cache') });
const own = { exports: {} };
script.runInThisContext()(own.exports, require, own, (path) => import(path));
own.exports['${name}']();
`;
}
