/** What the rehearsal plays on the demo's project; what is not here is its honest work on any project. */
export const DEMO_SCENARIO = {
  about: 'The way back that the paper boat lacks.',
  // Of a free answer, what a command can be called.
  answers: { Q1: '\\b(?!(?:add|drop|list)\\b)[a-z][a-z-]{0,19}\\b' },
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
          ],
        },
        { act: 'end', did: '1 question asked', signal: { status: 'waiting', for: 'qa_answers' } },
      ],
    },
    {
      when: { phase: 'requirements', questions: 'answered' },
      do: [
        {
          act: 'document',
          kind: 'requirements',
          sections: {
            Summary: '%{task}',
            'Architectural Decisions': '%{answers}',
            'Out of Scope': '- More than one step back',
          },
        },
        {
          act: 'ledger',
          requirements: [
            {
              id: 'R1',
              text: '`boat %{Q1}` takes back the last change',
              check: 'node --test test/%{Q1}.test.js',
            },
            { id: 'R2', text: 'The README teaches %{Q1}', check: 'grep -q %{Q1} README.md' },
            { id: 'R3', text: 'What the other commands print stays the same', check: 'reviewed' },
          ],
        },
        {
          act: 'end',
          did: 'Wrote the requirements',
          signal: { status: 'continue', phase: 'planning' },
        },
      ],
    },
    {
      when: { phase: 'quality' },
      do: [
        {
          act: 'document',
          kind: 'quality-review',
          sections: {
            Summary: 'A rehearsal has no reviewers: this is a scripted look.',
            Blocking: '- none',
            'Final Status': 'Ready to be tested again.',
          },
        },
        {
          act: 'end',
          did: 'Quality review: nothing to fix',
          signal: { status: 'continue', phase: 'testing', reviewed: 'R3' },
        },
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
            Requirements: '- [ ] `boat %{Q1}` takes back the last change\n- [ ] As asked for: %{feedback}',
            Context: 'Lists never change in place, so the one before can be kept as it is.',
            'Implementation Phases': `### Phase 1: Keep the list before
Files: src/store.js, test/store.test.js
Check: \`node --test test/store.test.js\`
- [ ] Check first: a save keeps the list before it, and a file of version 0.3.0 still loads
- [ ] \`{ list, before }\` instead of the bare list

### Phase 2: The %{Q1} command
Files: src/cli.js, test/%{Q1}.test.js
Check: \`node --test\`
- [ ] Check first: a dropped item comes back
- [ ] The command \`%{Q1}\`

### Phase 3: Let people find it
Files: src/cli.js, test/usage.test.js, README.md
Check: \`node --test\`
- [ ] Check first: the usage names the command
- [ ] The usage and the README
- [ ] Look again at what was asked for: %{feedback}`,
            Notes: '- Each phase is one commit, its check first.',
          },
        },
        { act: 'end', did: 'Wrote the plan', signal: { status: 'waiting', for: 'plan_approval' } },
      ],
    },
    phase(1, 'Keep the list before', 'node --test test/store.test.js', [
      {
        path: 'test/store.test.js',
        text: `import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { load, loadBefore, save } from '../src/store.js';
import { newBoat } from '../support/boats.js';

test('a save keeps the list before it, also that of version 0.3.0', () => {
  const boat = newBoat();
  writeFileSync(boat, '["Fold"]');
  save(boat, []);
  assert.deepEqual([load(boat), loadBefore(boat)], [[], ['Fold']]);
});
`,
      },
      {
        path: 'src/store.js',
        text: `import { existsSync, readFileSync, writeFileSync } from 'node:fs';

// Version 0.3.0 wrote the bare list.
function read(file) {
  const boat = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : [];
  return Array.isArray(boat) ? { list: boat, before: boat } : boat;
}

export const load = (file) => read(file).list;
export const loadBefore = (file) => read(file).before;

export function save(file, list) {
  writeFileSync(file, JSON.stringify({ list, before: load(file) }, null, 2) + '\\n');
}
`,
      },
    ]),
    phase(2, 'The %{Q1} command', 'node --test', [
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
`,
      },
      {
        path: 'src/cli.js',
        replace: [
          ['import { load, save }', 'import { load, loadBefore, save }'],
          ["    case 'list':", "    case '%{Q1}':\n      return keep(loadBefore(file));\n    case 'list':"],
        ],
      },
    ]),
    phase(3, 'Let people find it', 'node --test', [
      {
        path: 'test/usage.test.js',
        text: `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { USAGE } from '../src/cli.js';

test('the usage names the way back', () => {
  assert.match(USAGE, /%{Q1}/);
});
`,
      },
      { path: 'src/cli.js', replace: [['| list', '| %{Q1} | list']] },
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
