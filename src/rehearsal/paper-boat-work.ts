import { type Blemish, exchange, exchangeProse, type JobPhase, whole } from './job.ts';

/** What the answers to the three questions come to. */
export interface BoatChoices {
  command: string;
  steps: number;
  shows: 'list' | 'line' | 'nothing';
}

export function phasesOf(choices: BoatChoices): JobPhase[] {
  return [rememberPhase(choices), storePhase(), commandPhase(choices)];
}

/** The help text is not named in the plan, and so it is what a review finds missing. */
export function blemishOf({ command }: BoatChoices): Blemish {
  return {
    path: 'src/cli.js',
    isPresent: (text) => !/export const USAGE = .*/.exec(text)?.[0].includes(`| ${command}`),
    problem: `\`boat\` with an unknown word lists every command but \`${command}\`: nobody will find it`,
    remedy: `name \`${command}\` in USAGE, and hold it by a test`,
    edits: [
      exchange('src/cli.js', [['| list`', `| ${command} | list\``]]),
      exchange(`test/${command}.test.js`, [
        ["import { run } from '../src/cli.js';", "import { run, USAGE } from '../src/cli.js';"],
        [
          `test('${command} brings back`,
          `test('the help names the way back', () => {\n  assert.match(USAGE, /\\b${command}\\b/);\n});\n\ntest('${command} brings back`,
        ],
      ]),
    ],
  };
}

function rememberPhase({ steps }: BoatChoices): JobPhase {
  return {
    name: 'Remember the past',
    check: { file: 'node', args: ['--test', 'test/history.test.js'] },
    steps: [
      'Checks first: what is remembered comes back, newest first, and no more than the limit',
      `\`src/history.js\`: \`remember\` and \`takeBack\`, at most ${steps} ${steps === 1 ? 'step' : 'steps'}`,
    ],
    checks: [
      whole(
        'test/history.test.js',
        `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_STEPS, remember, takeBack } from '../src/history.js';

test('what was remembered comes back', () => {
  const list = [{ text: 'Fold', done: false }];
  assert.deepEqual(takeBack(remember([], list)), { list, past: [] });
});

test('an empty past gives nothing back', () => {
  assert.equal(takeBack([]), undefined);
});

test('the past keeps ${steps} and forgets the oldest', () => {
  assert.equal(MAX_STEPS, ${steps});
  let past = [];
  for (let number = 0; number <= MAX_STEPS; number++) past = remember(past, [number]);
  assert.equal(past.length, MAX_STEPS);
  assert.deepEqual(past[0], [1]);
});
`,
      ),
    ],
    code: [
      whole(
        'src/history.js',
        `// The past is an array of lists, oldest first. Lists never change, so keeping them is enough.

export const MAX_STEPS = ${steps};

export function remember(past, list) {
  return [...past, list].slice(-MAX_STEPS);
}

export function takeBack(past) {
  if (past.length === 0) return undefined;
  return { list: past.at(-1), past: past.slice(0, -1) };
}
`,
      ),
    ],
  };
}

function storePhase(): JobPhase {
  return {
    name: 'Keep the past in the boat file',
    check: { file: 'node', args: ['--test', 'test/store.test.js'] },
    steps: [
      'Checks first: list and past survive, and a file of version 0.3.0 still loads',
      '`src/store.js`: `{ list, past }` instead of the bare list',
      '`src/cli.js`: every change remembers the list before it',
    ],
    checks: [
      whole(
        'test/store.test.js',
        `import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { run } from '../src/cli.js';
import { load, save } from '../src/store.js';

const folder = mkdtempSync(join(tmpdir(), 'boat-'));
after(() => rmSync(folder, { recursive: true }));

let boats = 0;
const newFile = () => join(folder, \`boat-\${++boats}.json\`);

test('list and past survive', () => {
  const file = newFile();
  save(file, { list: [1], past: [[]] });
  assert.deepEqual(load(file), { list: [1], past: [[]] });
});

test('a boat file of version 0.3.0 loads with an empty past', () => {
  const file = newFile();
  writeFileSync(file, '[{"text":"Fold","done":false}]');
  assert.deepEqual(load(file), { list: [{ text: 'Fold', done: false }], past: [] });
});

test('a change remembers the list before it', () => {
  const file = newFile();
  run(['add', 'Fold'], file);
  assert.deepEqual(load(file).past, [[]]);
});
`,
      ),
    ],
    code: [
      whole(
        'src/store.js',
        `import { existsSync, readFileSync, writeFileSync } from 'node:fs';

// Version 0.3.0 wrote the bare list.
export function load(file) {
  const boat = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : [];
  return Array.isArray(boat) ? { list: boat, past: [] } : boat;
}

export function save(file, boat) {
  writeFileSync(file, JSON.stringify(boat, null, 2) + '\\n');
}
`,
      ),
      exchange('src/cli.js', [
        [
          "import { add, drop, render, tick } from './list.js';",
          "import { remember } from './history.js';\nimport { add, drop, render, tick } from './list.js';",
          "from './history.js';",
        ],
        [
          '  const list = load(file);',
          '  const { list, past } = load(file);\n  const keep = (next) => saved(file, { list: next, past: remember(past, list) });',
        ],
        ["return keep(file, add(list, words.join(' ')));", "return keep(add(list, words.join(' ')));"],
        ['return keep(file, tick(list, Number(words[0])));', 'return keep(tick(list, Number(words[0])));'],
        ['return keep(file, drop(list, Number(words[0])));', 'return keep(drop(list, Number(words[0])));'],
        [
          'function keep(file, list) {\n  save(file, list);\n  return render(list);',
          'function saved(file, boat) {\n  save(file, boat);\n  return render(boat.list);',
        ],
      ]),
    ],
  };
}

const PRINTED = {
  list: { code: 'return saved(file, earlier);', after: "'  1. [ ] Fold'" },
  line: {
    code: "save(file, earlier);\n      return 'Taken back: ' + earlier.list.length + ' on board.';",
    after: "'Taken back: 1 on board.'",
  },
  nothing: { code: "save(file, earlier);\n      return '';", after: "''" },
} as const;

function commandPhase({ command, shows }: BoatChoices): JobPhase {
  const { code, after } = PRINTED[shows];
  return {
    name: `The ${command} command`,
    check: { file: 'node', args: ['--test'] },
    steps: [
      'Checks first: a dropped item comes back, and an empty past says so',
      `\`src/cli.js\`: \`${command}\``,
      'README: the new command, and away with the warning about `drop`',
    ],
    checks: [
      whole(
        `test/${command}.test.js`,
        `import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { run } from '../src/cli.js';

const folder = mkdtempSync(join(tmpdir(), 'boat-'));
after(() => rmSync(folder, { recursive: true }));

let boats = 0;
const newFile = () => join(folder, \`boat-\${++boats}.json\`);

test('${command} brings back what was dropped', () => {
  const file = newFile();
  run(['add', 'Fold'], file);
  run(['drop', '1'], file);
  assert.equal(run(['${command}'], file), ${after});
  assert.equal(run(['list'], file), '  1. [ ] Fold');
});

test('with nothing to take back the list stays as it is', () => {
  const file = newFile();
  assert.equal(run(['${command}'], file), 'Nothing to take back.');
  assert.equal(run(['list'], file), '  The boat is empty.');
});
`,
      ),
    ],
    code: [
      exchange('src/cli.js', [
        ["import { remember } from './history.js';", "import { remember, takeBack } from './history.js';"],
        [
          "    case 'list':",
          `    case '${command}': {\n      const earlier = takeBack(past);\n      if (!earlier) return 'Nothing to take back.';\n      ${code}\n    }\n    case 'list':`,
        ],
      ]),
      exchangeProse('README.md', [
        ['- `list` shows', `- \`${command}\` takes the last change back\n- \`list\` shows`],
        [
          'A slip of the finger sinks the boat: there is no way back from `drop` yet.',
          `A slip of the finger sinks no boat: \`${command}\` brings back what \`drop\` threw overboard.`,
        ],
      ]),
    ],
  };
}
