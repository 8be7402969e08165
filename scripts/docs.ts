import './hand-over.ts';

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

// Writes the pages that are made from code: `npm run docs`. With `--check` it writes nothing and fails
// if a page differs from the code.

// Otherwise set by the bundler; no page shows them.
Object.assign(globalThis, { __FAULTS__: false, __STRICT__: true, __VERSION__: '0.0.0-docs' });
const { PAGES } = await import('./docs/pages.ts');

const root = fileURLToPath(new URL('..', import.meta.url));
const onlyCheck = process.argv.includes('--check');
const differing: string[] = [];

for (const page of PAGES) {
  const path = join(root, page.path);
  const wanted = page.render();
  const current = await readFile(path, 'utf8').catch(() => undefined);
  if (current === wanted) continue;
  differing.push(page.path);
  if (onlyCheck) continue;
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, wanted);
}

if (onlyCheck && differing.length > 0) {
  console.error(`${differing.join(', ')} differs from the code. Run: npm run docs`);
  process.exitCode = 1;
} else {
  const change = onlyCheck ? 'up to date' : `${differing.length} written`;
  console.log(`${PAGES.length} page${PAGES.length === 1 ? '' : 's'}, ${change}`);
}
