import './hand-over.ts';

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ENDING_KINDS } from '../src/core/kernel/phases/ending.ts';
import { OBSTACLES } from '../src/core/kernel/phases/obstacles.ts';
import type { Mount } from '../src/core/sandbox/guard/make-guard.ts';
import { Command } from '../src/core/session/commands/commands.ts';
import type { FamilyKind } from '../tests/support/reached.ts';
import { exampleErrors } from './docs/error-tables.ts';

// `tsx scripts/families.ts FOLDER`: prints the families of rows that a run of `.ci/run` has not reached, by what it has
// noted in FOLDER (tests/support/reached.ts). There should be none: of each family at least one row is tagged `ci`. Fails
// if a family of a kind that was once complete is missing.

const COMPLETE: readonly FamilyKind[] = ['crash point', 'ending', 'mount'];

const MOUNTS: Record<Mount['kind'], true> = {
  read_only: true,
  writable: true,
  hidden: true,
  empty: true,
  link: true,
};

const [folder = ''] = process.argv.slice(2);
const reached = new Set((await readdir(folder)).map(decodeURIComponent));
const all = await families();
const missing = all.filter(([kind, name]) => !reached.has(`${kind}=${name}`));
for (const kind of new Set(missing.map(([kind]) => kind))) {
  const names = missing.filter(([of]) => of === kind).map(([, name]) => name);
  console.log(`${kind}, ${names.length} not reached: ${names.join(', ')}`);
}
process.exitCode = missing.some(([kind]) => COMPLETE.includes(kind)) ? 1 : 0;
console.log(`${all.length - missing.length} of ${all.length} families were reached`);

async function families(): Promise<[FamilyKind, string][]> {
  const kinds = Command.options.map(({ shape }) => shape.kind.value);
  const named = (kind: FamilyKind, names: readonly string[]) =>
    names.map((name): [FamilyKind, string] => [kind, name]);
  return [
    ...named(
      'refusal',
      exampleErrors().map(({ code }) => code),
    ),
    ...named(
      'obstacle',
      OBSTACLES.map(({ name }) => name),
    ),
    ...named('ending', ENDING_KINDS),
    ...named(
      'judge',
      kinds.flatMap((kind) => [`${kind} accepted`, `${kind} refused`]),
    ),
    ...named('crash point', await crashPoints()),
    ...named('mount', Object.keys(MOUNTS)),
  ];
}

async function crashPoints(): Promise<string[]> {
  const names = (await readdir('src', { recursive: true })).filter((name) => name.endsWith('.ts'));
  const texts = await Promise.all(names.map((name) => readFile(join('src', name), 'utf8')));
  const points = texts.flatMap((text) =>
    [...text.matchAll(/crashPoint\('([^']+)'\)/g)].map(([, name = '']) => name),
  );
  return [...new Set(points)].sort();
}
