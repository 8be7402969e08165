import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

// `npx tsx scripts/test-rows.ts [REF]`: the rows of the tables of faults, cheats, attacks, mistakes and false claims, by
// name, at REF (the last commit) and in the working tree. Prints the names that are gone, and fails if there are any. A row
// may move to any other file of these folders.

const FOLDERS = [
  'tests/core/faults',
  'tests/core/gates',
  'tests/core/guard',
  'tests/core/false-claims',
  'tests/core/difficult-children',
  'tests/app/e2e/server/mistakes',
];

const TEXT = String.raw`(?:'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|${'`'}(?:[^${'`'}\\]|\\[\s\S])*${'`'})`;
const ROWS = [
  // A row as an object; as a tuple, whose name is more than a word; as a separate test.
  new RegExp(String.raw`[{,]\s*(?:\/\/[^\n]*\s*)*(?:name|title|way|child): (${TEXT})`, 'g'),
  new RegExp(String.raw`\[\s*(?=.[^'"${'`'}]* )(${TEXT}),`, 'g'),
  new RegExp(String.raw`\b(?:test|describe)(?:\.\w+)?\(\s*(${TEXT})`, 'g'),
];
/** A tool and its refusal: in the table of mistakes, which has no names. */
const REFUSAL = /^\s*(\w+: '\w+'),?$/gm;

const ref = process.argv[2] ?? 'HEAD';
const git = (...args: string[]) => execFileSync('git', args, { encoding: 'utf8', maxBuffer: 1 << 28 });
const isTable = (path: string) => path.endsWith('.ts');
const before = counted(
  git('ls-tree', '-rz', '--name-only', ref, '--', ...FOLDERS)
    .split('\0')
    .filter(isTable)
    .flatMap((path) => namesIn(path, git('show', `${ref}:${path}`))),
);
const now = counted(
  git('ls-files', '-zco', '--exclude-standard', '--', ...FOLDERS)
    .split('\0')
    .filter((path) => isTable(path) && existsSync(path))
    .flatMap((path) => namesIn(path, readFileSync(path, 'utf8'))),
);
const gone = [...before].flatMap(([name, times]) => {
  const left = times - (now.get(name) ?? 0);
  return left > 0 ? [left === 1 ? name : `${name} (${left} times)`] : [];
});
for (const name of gone) console.log(`gone: ${name}`);
const [then, there] = [total(before), total(now)];
console.log(`rows: ${then} ${then === there ? '=' : then > there ? '>' : '<'} ${there}`);
process.exitCode = gone.length === 0 ? 0 : 1;

function namesIn(path: string, text: string): string[] {
  const kinds = path.includes('/mistakes/') ? [...ROWS, REFUSAL] : ROWS;
  return kinds.flatMap((row) => [...text.matchAll(row)].map(([, name = '']) => name));
}

/** How often each name occurs. */
function counted(names: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

function total(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, times) => sum + times, 0);
}
