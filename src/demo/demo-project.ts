/** One file of the demo repository. */
export interface DemoFile {
  /** Relative to the repository's root. */
  path: string;
  text: string;
}

const PACKAGE = `{
  "name": "paper-boat",
  "version": "0.3.0",
  "description": "A to-do list small enough to fold from one sheet of paper.",
  "license": "MIT",
  "private": true,
  "type": "module",
  "bin": { "boat": "src/cli.js" },
  "scripts": { "test": "node --test" },
  "engines": { "node": ">=20" }
}
`;

const README = `# Paper boat

A to-do list small enough to fold from one sheet of paper. No dependencies; Node 20 is all it needs.

    $ node src/cli.js add "Fold the boat"
    $ node src/cli.js add "Find a puddle"
    $ node src/cli.js done 1
      1. [x] Fold the boat
      2. [ ] Find a puddle

## Commands

- \`add "text"\` puts something on the list
- \`done 1\` ticks it off
- \`drop 1\` throws it overboard
- \`list\` shows everything

A slip of the finger sinks the boat: there is no way back from \`drop\` yet.

## Tests

    npm test
`;

const LIST = `// A list is a plain array of { text, done }. Every function returns a new one.

export function add(list, text) {
  if (!text.trim()) throw new Error('Nothing to add: give it a few words.');
  return [...list, { text: text.trim(), done: false }];
}

export function tick(list, number) {
  return list.with(indexOf(list, number), { ...list[number - 1], done: true });
}

export function drop(list, number) {
  return list.toSpliced(indexOf(list, number), 1);
}

export function render(list) {
  if (list.length === 0) return '  The boat is empty.';
  return list.map((item, index) => \`  \${index + 1}. [\${item.done ? 'x' : ' '}] \${item.text}\`).join('\\n');
}

function indexOf(list, number) {
  if (!list[number - 1]) throw new Error(\`There is no number \${number} on board.\`);
  return number - 1;
}
`;

const STORE = `import { existsSync, readFileSync, writeFileSync } from 'node:fs';

export function load(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : [];
}

export function save(file, list) {
  writeFileSync(file, JSON.stringify(list, null, 2) + '\\n');
}
`;

const CLI = `#!/usr/bin/env node
import { pathToFileURL } from 'node:url';
import { add, drop, render, tick } from './list.js';
import { load, save } from './store.js';

export const USAGE = \`boat add "text" | done N | drop N | list\`;

export function run([command = 'list', ...words], file) {
  const list = load(file);
  switch (command) {
    case 'add':
      return keep(file, add(list, words.join(' ')));
    case 'done':
      return keep(file, tick(list, Number(words[0])));
    case 'drop':
      return keep(file, drop(list, Number(words[0])));
    case 'list':
      return render(list);
    default:
      return USAGE;
  }
}

function keep(file, list) {
  save(file, list);
  return render(list);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  try {
    console.log(run(process.argv.slice(2), process.env.BOAT_FILE ?? 'boat.json'));
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
`;

const LIST_TEST = `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { add, drop, render, tick } from '../src/list.js';

test('something added is on the list, not yet done', () => {
  assert.deepEqual(add([], ' Fold the boat '), [{ text: 'Fold the boat', done: false }]);
});

test('ticking leaves the others alone', () => {
  const list = tick(add(add([], 'Fold'), 'Float'), 2);
  assert.deepEqual(list.map((item) => item.done), [false, true]);
});

test('what is dropped is gone', () => {
  assert.deepEqual(drop(add([], 'Fold'), 1), []);
});

test('a number that is not on board is refused', () => {
  assert.throws(() => tick([], 1), /no number 1 on board/);
});

test('the list reads well', () => {
  assert.equal(render(tick(add(add([], 'Fold'), 'Float'), 1)), '  1. [x] Fold\\n  2. [ ] Float');
});
`;

const CLI_TEST = `import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { run, USAGE } from '../src/cli.js';

const folder = mkdtempSync(join(tmpdir(), 'boat-'));
after(() => rmSync(folder, { recursive: true }));

let boats = 0;
const newFile = () => join(folder, \`boat-\${++boats}.json\`);

test('the list survives from one command to the next', () => {
  const file = newFile();
  run(['add', 'Fold', 'the', 'boat'], file);
  run(['done', '1'], file);
  assert.equal(run(['list'], file), '  1. [x] Fold the boat');
});

test('a new boat is empty', () => {
  assert.equal(run([], newFile()), '  The boat is empty.');
});

test('an unknown command shows what there is', () => {
  assert.equal(run(['sail'], newFile()), USAGE);
});
`;

/** The task that the demo hands over. */
export const DEMO_TASK =
  'Let people take back their last change to the list: a slip of the finger with "drop" loses an item for good.';

/** The demo's repository: a whole little project whose tests pass and whose README names what it lacks. */
export const DEMO_FILES: readonly DemoFile[] = [
  { path: 'package.json', text: PACKAGE },
  { path: 'README.md', text: README },
  { path: '.gitignore', text: 'boat.json\n' },
  { path: 'src/list.js', text: LIST },
  { path: 'src/store.js', text: STORE },
  { path: 'src/cli.js', text: CLI },
  { path: 'test/list.test.js', text: LIST_TEST },
  { path: 'test/cli.test.js', text: CLI_TEST },
];
