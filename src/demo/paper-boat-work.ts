/** What the rehearsal plays on the demo's project; what is not here is its honest work on any project. */
export const DEMO_SCENARIO = {
  about: 'The way back that the paper boat lacks.',
  // Of a free answer, what the code can be made from.
  answers: { Q1: '\\b(?!(?:add|drop|list)\\b)[a-z][a-z-]{0,19}\\b', Q2: '[1-9]\\d{0,3}' },
  rules: [
    {
      when: { phase: 'requirements', questions: 'none' },
      do: [
        {
          act: 'ask',
          title: 'Take back the last change',
          questions: [
            {
              text: 'What should the command be called? People type this word, and the README teaches it.',
              options: ['undo', 'back', 'oops'],
              suggestion: { letters: ['A'], reason: 'it is the word people try first' },
            },
            {
              text: 'How many changes should it be able to take back? They are kept in the boat file.',
              options: ['1', '10', '100'],
              suggestion: { letters: ['B'], reason: 'enough for a bad minute, and the file stays small' },
            },
          ],
        },
        { act: 'end', did: '2 questions asked', signal: { status: 'waiting', for: 'qa_answers' } },
      ],
    },
    {
      when: { phase: 'planning' },
      do: [
        {
          act: 'document',
          kind: 'plan',
          title: 'Take back the last change',
          sections: {
            'Task Definition': '%{task}',
            Requirements:
              '- [ ] `boat %{Q1}` takes back up to %{Q2} changes\n- [ ] As asked for: %{feedback}',
            Context:
              'Lists never change in place: the past is the lists themselves, kept beside the present one.',
            'Implementation Phases': `### Phase 1: Remember the past
Files: src/history.js, test/history.test.js
Check: \`node --test test/history.test.js\`
- [ ] Check first: what is remembered comes back, and no more than %{Q2}
- [ ] \`remember\` and \`takeBack\`

### Phase 2: Keep the past in the boat file
Files: src/store.js, test/store.test.js
Check: \`node --test test/store.test.js\`
- [ ] Check first: a save remembers, and a file of version 0.3.0 still loads
- [ ] \`{ list, past }\` instead of the bare list

### Phase 3: The %{Q1} command
Files: src/cli.js, test/%{Q1}.test.js, README.md
Check: \`node --test\`
- [ ] Check first: a dropped item comes back, and an empty past says so
- [ ] The command \`%{Q1}\` and its line in the README
- [ ] Look again at what was asked for: %{feedback}`,
            Notes: '- Each phase is one commit, its check first.',
          },
        },
        { act: 'end', did: 'Wrote the plan', signal: { status: 'waiting', for: 'plan_approval' } },
      ],
    },
    phase(1, 'Remember the past', 'node --test test/history.test.js', [
      {
        path: 'test/history.test.js',
        text: `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { remember, takeBack } from '../src/history.js';

test('what was remembered comes back, and an empty past gives nothing back', () => {
  assert.deepEqual(takeBack(remember([], ['Fold'])), { list: ['Fold'], past: [] });
  assert.equal(takeBack([]), undefined);
});

test('the past keeps %{Q2} and forgets the oldest', () => {
  let past = [];
  for (let number = 0; number <= %{Q2}; number++) past = remember(past, [number]);
  assert.deepEqual([past.length, past[0]], [%{Q2}, [1]]);
});
`,
      },
      {
        path: 'src/history.js',
        text: `// The past is an array of lists, oldest first. Lists never change, so keeping them is enough.

export function remember(past, list) {
  return [...past, list].slice(-%{Q2});
}

export function takeBack(past) {
  return past.length === 0 ? undefined : { list: past.at(-1), past: past.slice(0, -1) };
}
`,
      },
    ]),
    phase(2, 'Keep the past in the boat file', 'node --test test/store.test.js', [
      {
        path: 'test/store.test.js',
        text: `import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { load, loadPast, save } from '../src/store.js';
import { newBoat } from '../support/boats.js';

test('a save remembers the list before it, also that of version 0.3.0', () => {
  const boat = newBoat();
  writeFileSync(boat, '["Fold"]');
  assert.deepEqual([load(boat), loadPast(boat)], [['Fold'], []]);
  save(boat, []);
  assert.deepEqual([load(boat), loadPast(boat)], [[], [['Fold']]]);
});
`,
      },
      {
        path: 'src/store.js',
        text: `import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { remember } from './history.js';

// Version 0.3.0 wrote the bare list.
function read(file) {
  const boat = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : [];
  return Array.isArray(boat) ? { list: boat, past: [] } : boat;
}

export const load = (file) => read(file).list;
export const loadPast = (file) => read(file).past;

export function save(file, list, past = remember(loadPast(file), load(file))) {
  writeFileSync(file, JSON.stringify({ list, past }, null, 2) + '\\n');
}
`,
      },
    ]),
    phase(3, 'The %{Q1} command', 'node --test', [
      {
        path: 'test/%{Q1}.test.js',
        text: `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { run } from '../src/cli.js';
import { newBoat } from '../support/boats.js';

test('%{Q1} brings back what was dropped', () => {
  const boat = newBoat();
  run(['add', 'Fold'], boat);
  run(['drop', '1'], boat);
  assert.equal(run(['%{Q1}'], boat), '  1. Fold');
  assert.equal(run(['list'], boat), '  1. Fold');
});

test('with nothing to take back it says so', () => {
  assert.equal(run(['%{Q1}'], newBoat()), 'Nothing to take back.');
});
`,
      },
      {
        path: 'src/cli.js',
        replace: [
          ['import { add,', "import { takeBack } from './history.js';\nimport { add,"],
          ['import { load, save }', 'import { load, loadPast, save }'],
          ['| list', '| %{Q1} | list'],
          [
            "    case 'list':",
            `    case '%{Q1}': {
      const earlier = takeBack(loadPast(file));
      if (!earlier) return 'Nothing to take back.';
      save(file, earlier.list, earlier.past);
      return render(earlier.list);
    }
    case 'list':`,
          ],
        ],
      },
      {
        path: 'README.md',
        replace: [
          ['- `boat list`', '- `boat %{Q1}` takes the last change back\n- `boat list`'],
          ['sinks the boat: there is no way back from `drop` yet', 'sinks no boat: there is `boat %{Q1}`'],
        ],
      },
    ]),
  ],
};

interface Edit {
  path: string;
  text?: string;
  replace?: [string, string][];
}

/** One plan phase: its check is written first and fails, then the code, then one commit. */
function phase(number: number, name: string, command: string, [check, ...code]: Edit[]) {
  const edit = (given?: Edit) => ({ act: 'edit', ...given });
  return {
    when: { phase: 'implementation', planPhase: number },
    do: [
      { act: 'say', text: `Phase ${number} of 3: ${name}. The check first; it has to fail.` },
      edit(check),
      { act: 'check', command, mayFail: true },
      ...code.map(edit),
      { act: 'check', command },
      { act: 'commit', subject: `Phase ${number}: ${name}` },
      { act: 'tick' },
      {
        act: 'end',
        did: `Phase ${number} done: ${name}`,
        signal: { status: 'continue', phase: number < 3 ? 'implementation' : 'testing' },
      },
    ],
  };
}
