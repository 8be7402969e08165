import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ENDING_KINDS } from '../src/phases/ending.ts';
import { OBSTACLES } from '../src/phases/obstacles.ts';
import type { Mount } from '../src/providers/starting/mount.ts';
import { Command } from '../src/session/commands/commands.ts';
import type { FamilyKind } from '../tests/support/reached.ts';
import { exampleErrors } from './docs/error-tables.ts';

// `tsx scripts/families.ts FOLDER`: the families of rows that a run of `.ci/run` has not reached, by what it has noted in
// FOLDER (tests/support/reached.ts): of each family at least one row is tagged `ci`. families-not-reached.txt names those
// that are not reached yet; one that is missing beside them fails. A command may be judged, and refused, only because of
// when it comes: those two kinds are printed and decide nothing.

const NOT_YET = 'scripts/families-not-reached.txt';

const MOUNTS: Record<Mount['kind'], true> = {
  read_only: true,
  writable: true,
  hidden: true,
  held: true,
  empty: true,
};

const [folder = ''] = process.argv.slice(2);
const reached = new Set((await readdir(folder)).map(decodeURIComponent));
const all = await families();
const missing = all.map(([kind, name]) => `${kind}=${name}`).filter((name) => !reached.has(name));
const expected = new Set((await readFile(NOT_YET, 'utf8')).split('\n').filter(Boolean));
const lost = missing.filter((name) => !expected.has(name));
for (const name of lost) console.log(`not reached: ${name}`);
console.log(`${all.length - missing.length} of ${all.length} families were reached`);
process.exitCode = lost.some((name) => !/^(?:refusal|judge)=/.test(name)) ? 1 : 0;

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
