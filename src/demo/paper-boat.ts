/** The task that the demo hands over. */
export const DEMO_TASK =
  'Let people take back their last change to the list: a slip of the finger with "drop" loses an item for good.';

/** What shows that the work is done. */
export const DEMO_CHECK = 'node --test';

/** The demo's repository: a whole little project whose tests pass and whose README names what it lacks. */
export const DEMO_FILES: Readonly<Record<string, string>> = {
  'package.json': `{
  "name": "paper-boat",
  "version": "0.3.0",
  "description": "A to-do list small enough to fold from one sheet of paper.",
  "private": true,
  "type": "module",
  "bin": { "boat": "src/cli.js" },
  "scripts": { "test": "node --test" }
}
`,
  'README.md': `# Paper boat

A to-do list small enough to fold from one sheet of paper.

- \`boat add "text"\` puts something on the list
- \`boat drop 1\` throws it overboard
- \`boat list\` shows everything

A slip of the finger sinks the boat: there is no way back from \`drop\` yet.
`,
  'src/list.js': `// A list is a plain array of texts. Every function returns a new one.

export function add(list, text) {
  if (!text.trim()) throw new Error('Nothing to add: give it a few words.');
  return [...list, text.trim()];
}

export function drop(list, number) {
  if (!list[number - 1]) throw new Error(\`There is no number \${number} on board.\`);
  return list.toSpliced(number - 1, 1);
}

export function render(list) {
  if (list.length === 0) return '  The boat is empty.';
  return list.map((text, index) => \`  \${index + 1}. \${text}\`).join('\\n');
}
`,
  'src/store.js': `import { existsSync, readFileSync, writeFileSync } from 'node:fs';

export function load(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : [];
}

export function save(file, list) {
  writeFileSync(file, JSON.stringify(list, null, 2) + '\\n');
}
`,
  'src/cli.js': `#!/usr/bin/env node
import { pathToFileURL } from 'node:url';
import { add, drop, render } from './list.js';
import { load, save } from './store.js';

export const USAGE = 'boat add "text" | drop N | list';

export function run([command = 'list', ...words], file) {
  const list = load(file);
  const keep = (next) => {
    save(file, next);
    return render(next);
  };
  switch (command) {
    case 'add':
      return keep(add(list, words.join(' ')));
    case 'drop':
      return keep(drop(list, Number(words[0])));
    case 'list':
      return render(list);
    default:
      return USAGE;
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  console.log(run(process.argv.slice(2), process.env.BOAT_FILE ?? 'boat.json'));
}
`,
  // In a folder of its own name: what lies in "test" is run as a test.
  'support/boats.js': `import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';

export function newBoat() {
  const folder = mkdtempSync(join(tmpdir(), 'boat-'));
  after(() => rmSync(folder, { recursive: true }));
  return join(folder, 'boat.json');
}
`,
  'test/list.test.js': `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { add, drop, render } from '../src/list.js';

test('what was added is on the list until it is dropped', () => {
  assert.deepEqual(add([], ' Fold the boat '), ['Fold the boat']);
  assert.deepEqual(drop(['Fold', 'Float'], 1), ['Float']);
});

test('a number that is not on board is refused', () => {
  assert.throws(() => drop([], 1), /no number 1 on board/);
});

test('the list reads well', () => {
  assert.equal(render(['Fold', 'Float']), '  1. Fold\\n  2. Float');
});
`,
  'test/cli.test.js': `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { run, USAGE } from '../src/cli.js';
import { newBoat } from '../support/boats.js';

test('the list survives from one command to the next', () => {
  const boat = newBoat();
  run(['add', 'Fold', 'the', 'boat'], boat);
  assert.equal(run(['list'], boat), '  1. Fold the boat');
});

test('an unknown command shows what there is', () => {
  assert.equal(run(['sail'], newBoat()), USAGE);
});
`,
};
