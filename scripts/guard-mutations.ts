import './hand-over.ts';

import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { Guard } from '../src/core/sandbox/guard/make-guard.ts';
import { makeScene } from '../tests/core/guard/guard-scene.ts';
import { USUAL } from '../tests/core/guard/places.ts';
import { REFUSED, VANISHES, WORKS } from '../tests/core/guard/rows.ts';
import { tryRows } from '../tests/core/guard/try-rows.ts';
import { USERS } from '../tests/core/guard/users.ts';

// `tsx --import ./scripts/markdown-as-text.mjs scripts/guard-mutations.ts [USER]`: takes each mount, each limit and each variable from the guard once, tries all
// attacks in one start, and names what no row misses. Outside of `.ci/run`: it takes minutes, and as root it can write
// into system folders, from which it removes what it wrote.

Object.assign(globalThis, { __FAULTS__: false, __STRICT__: true, __VERSION__: '0.0.0-test' });

/** How many words each option of bubblewrap takes. */
const WORDS: Readonly<Record<string, number>> = {
  ...{
    '--ro-bind': 2,
    '--ro-bind-try': 2,
    '--bind': 2,
    '--bind-try': 2,
    '--dev-bind-try': 2,
    '--symlink': 2,
  },
  ...{
    '--setenv': 2,
    '--unsetenv': 1,
    '--proc': 1,
    '--dev': 1,
    '--tmpfs': 1,
    '--perms': 1,
    '--remount-ro': 1,
  },
  ...{ '--cap-add': 1, '--cap-drop': 1 },
};

const PLANTED = 'samocode-planted';

const [wanted = USERS[0]?.name] = process.argv.slice(2);
const user = USERS.find(({ name }) => name === wanted);
if (user === undefined) throw new Error(`The users are: ${USERS.map(({ name }) => name).join(', ')}`);

const unmutated = await rowsThatTell((guard) => guard);
if (unmutated.length > 0) throw new Error(`Rows are red without a mutation: ${unmutated.join(', ')}`);
let count = 0;
let size = 0;
const missed: string[] = [];
for (let at = 0; ; at++) {
  let name: string | undefined;
  const told = await rowsThatTell((guard) => {
    const options = optionsOf(guard.args);
    size = options.length;
    const option = options[at];
    if (option === undefined || isWithoutEffect(option)) return guard;
    const changed = weaker(option);
    name = `${option.join(' ')}${changed.length > 0 ? ` -> ${changed[0]}` : ''}`;
    // A row can wait for ever without what it needs.
    const relay = ['timeout', '-k', '1', '20'];
    return { ...guard, relay, args: options.flatMap((each, index) => (index === at ? changed : each)) };
  });
  if (at >= size) break;
  if (name === undefined) continue;
  count += 1;
  if (told.length === 0) missed.push(name);
  console.log(`${told.length === 0 ? 'MISSED' : 'told  '} ${name}: ${told.slice(0, 3).join('; ')}`);
}
console.log(
  `${count - missed.length} of ${count} mutations turn a row red. Not these:\n${missed.join('\n')}`,
);

/** What is not on this machine, and variables that are not set. */
function isWithoutEffect([option = '', word = '']: readonly string[]): boolean {
  if (option === '--unsetenv') return process.env[word] === undefined;
  return option.endsWith('-try') && !existsSync(word);
}

/** What is read-only becomes writable; all else is left out. */
function weaker([option = '', ...words]: readonly string[]): string[] {
  const isClosed = option.startsWith('--ro-bind') && !words.some((word) => word.startsWith('/proc'));
  return isClosed ? [option.replace('--ro-bind', '--bind'), ...words] : [];
}

function optionsOf(args: readonly string[]): string[][] {
  const options: string[][] = [];
  for (let at = 0; at < args.length; ) {
    const size = 1 + (WORDS[args[at] ?? ''] ?? 0);
    options.push(args.slice(at, at + size));
    at += size;
  }
  return options;
}

/** The titles of rows that are red with this guard. */
async function rowsThatTell(change: (guard: Guard) => Guard): Promise<string[]> {
  if (user === undefined) return [];
  await using scene = await makeScene(user, USUAL, change);
  const before = scene.others();
  try {
    const ends = await tryRows(scene, [...REFUSED, ...VANISHES, ...WORKS]);
    const after = scene.others();
    const changed = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return [
      ...REFUSED.filter(({ title }) => ends[title]?.works).map(({ title }) => title),
      ...WORKS.filter(({ title }) => !ends[title]?.works).map(({ title }) => title),
      ...changed.filter((path) => before[path] !== after[path]),
    ];
  } catch (error) {
    return [String(error).split('\n')[0] ?? ''];
  } finally {
    for (const folder of ['/', '/usr', '/bin', '/sbin', '/lib', '/lib64', '/etc', '/opt'])
      await rm(`${folder}/${PLANTED}`, { recursive: true, force: true });
  }
}
