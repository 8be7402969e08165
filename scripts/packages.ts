import './hand-over.ts';

import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ifExists } from '../src/core/kernel/errors.ts';
import { GENERATED_FOLDERS, HAND_MADE, packageFiles } from './packages/package-files.ts';
import { filesBelow } from './packages/source.ts';

// Writes what each client installs from skills/, commands/, agents/ and package.json: `npm run packages`.
// With `--check` it writes nothing and fails if a file differs from its source.
const root = fileURLToPath(new URL('..', import.meta.url));
const onlyCheck = process.argv.includes('--check');
const wanted = await packageFiles(root);
const differing: string[] = [];

for (const [path, text] of wanted) {
  if ((await ifExists(readFile(join(root, path), 'utf8'))) === text) continue;
  differing.push(path);
  if (onlyCheck) continue;
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), text);
}
for (const folder of GENERATED_FOLDERS) {
  for (const path of await filesBelow(root, folder)) {
    if (wanted.has(path) || HAND_MADE.has(path)) continue;
    differing.push(path);
    if (!onlyCheck) await rm(join(root, path));
  }
}

if (onlyCheck && differing.length > 0) {
  console.error(`${differing.join(', ')} differs from its source. Run: npm run packages`);
  process.exitCode = 1;
} else {
  console.log(`${wanted.size} files, ${onlyCheck ? 'up to date' : `${differing.length} changed`}`);
}
