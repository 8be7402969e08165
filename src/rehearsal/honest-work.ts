import type { ScenarioText } from './scenario.ts';

type RuleText = NonNullable<ScenarioText['rules']>[number];
type ActText = RuleText['do'][number];

const DOCUMENT = 'docs/rehearsal/%{slug}.md';
const REQUIREMENTS = `- [ ] \`${DOCUMENT}\` says what is here, how it is tested and when it is done
- [ ] No existing file is changed
- [ ] As asked for: %{feedback}`;

/** What an agent does that nothing is wrong with, on any repository: one new document, a section per phase. */
export const HONEST_WORK: readonly RuleText[] = [
  { when: { phase: 'init' }, do: [goOn('Looked at the worktree', 'investigation')] },
  {
    when: { phase: 'investigation' },
    do: [
      { act: 'say', text: 'This is a rehearsal: no model is asked. Looking at what the repository holds.' },
      document('dive', {
        Summary: '%{task}',
        'Key Findings': '- %{count} tracked files on branch `%{branch}`\n- %{tests}',
        'Code Structure': '%{files}',
        Considerations: 'The last commits:\n%{commits}',
      }),
      goOn('Looked around the repository', 'requirements'),
    ],
  },
  {
    when: { phase: 'requirements', questions: 'none' },
    do: [
      {
        act: 'ask',
        title: 'What the rehearsal writes',
        questions: [
          {
            text: 'Who will read the document? It decides how the document begins.',
            options: ['someone new to the project', 'its maintainers', 'nobody: it is a trial'],
            suggestion: { letters: ['B'], reason: 'they decide whether to hand the task to a real agent' },
          },
          {
            text: 'Which part of the repository matters most for this task? The document names it.',
            options: ['all of it', 'only the top level', 'only the tests'],
            suggestion: { letters: ['A'], reason: 'nothing is left out by mistake' },
          },
          {
            text: 'What would prove the work done? It becomes the last section of the document.',
            options: ["the repository's own tests pass", 'a person has read the document'],
            suggestion: { letters: ['A'], reason: 'it can be checked without a person' },
          },
        ],
      },
      waitFor('3 questions asked', 'qa_answers'),
    ],
  },
  {
    when: { phase: 'requirements', questions: 'open' },
    do: [waitFor('Some questions are still open', 'qa_answers')],
  },
  {
    when: { phase: 'requirements' },
    do: [
      document('requirements', {
        Summary: '%{task}',
        'Architectural Decisions': '%{answers}',
        'Out of Scope': '- Everything else: this is a rehearsal',
      }),
      {
        act: 'ledger',
        requirements: [
          {
            id: 'R1',
            text: `${DOCUMENT} says what is here, how it is tested and when it is done`,
            check: `test "$(grep -c '^## ' ${DOCUMENT})" -ge 3`,
          },
          { id: 'R2', text: 'No file of commit %{head} is changed', check: 'reviewed' },
        ],
      },
      goOn('Wrote the requirements', 'planning'),
    ],
  },
  {
    when: { phase: 'planning' },
    do: [
      document('plan', {
        'Task Definition': '%{task}',
        Requirements: REQUIREMENTS,
        Context: 'One new document, a section per phase. Nothing else is touched.',
        'Implementation Phases': [
          planned(1, 'What is here', 'the tracked files'),
          planned(2, 'How it is tested', 'the test command'),
          planned(3, 'When it is done', 'the answers'),
        ].join('\n\n'),
        Notes: '- Each phase is one commit, its check first.',
      }),
      waitFor('Wrote the plan', 'plan_approval'),
    ],
  },
  implemented(
    1,
    'What is here',
    `# Rehearsal: %{slug}\n\nFor %{Q1}. Written by the rehearsal agent from a script; no model was asked.\n
## What is here\n\nThe part that matters: %{Q2}.\n\n%{files}\n`,
  ),
  implemented(2, 'How it is tested', '\n## How it is tested\n\n%{tests}.\n'),
  implemented(3, 'When it is done', '\n## When it is done\n\nWhen this is true: %{Q3}.\n'),
  {
    when: { phase: 'implementation', planPhase: 'done' },
    do: [goOn('Looked again: every phase is done', 'testing')],
  },
  {
    when: { phase: 'implementation' },
    do: [end('Blocked', { status: 'blocked', reason: 'The rehearsal has no script for this plan.' })],
  },
  tested(true),
  tested(false),
  {
    when: { phase: 'quality' },
    do: [
      document('quality-review', {
        Summary: 'A rehearsal has no reviewers: this is a scripted look.',
        Blocking: '- none',
        'Final Status': 'Ready to be tested again.',
      }),
      end('Quality review: nothing to fix', { status: 'continue', phase: 'testing', reviewed: 'R2' }),
    ],
  },
  {
    when: { phase: 'done' },
    do: [
      document('summary', {
        Overview: '%{task}',
        Files: '%{commits}',
        Testing: '%{tests}: run after the implementation and after the review.',
        'PR Description': '%{task}',
      }),
      end('Wrote the summary', {
        status: 'done',
        summary: 'Built in three phases, tested twice. A rehearsal: no model was asked.',
      }),
    ],
  },
];

function end(did: string, signal: Record<string, string>): ActText {
  return { act: 'end', did, signal };
}

function goOn(did: string, phase: string): ActText {
  return end(did, { status: 'continue', phase });
}

function waitFor(did: string, gate: string): ActText {
  return end(did, { status: 'waiting', for: gate });
}

function document(kind: (ActText & { act: 'document' })['kind'], sections: Record<string, string>): ActText {
  return { act: 'document', kind, sections };
}

function checkOf(name: string): string {
  return `grep -c '^## ${name}' ${DOCUMENT}`;
}

function planned(number: number, name: string, source: string): string {
  const boxes = `- [ ] Check first: the section is not there yet\n- [ ] Write the section from ${source}`;
  return `### Phase ${number}: ${name}\nFiles: ${DOCUMENT}\nCheck: \`${checkOf(name)}\`\n${boxes}`;
}

function implemented(number: number, name: string, text: string): RuleText {
  const command = checkOf(name);
  return {
    when: { phase: 'implementation', planPhase: number },
    do: [
      { act: 'check', command, mayFail: true },
      { act: 'edit', path: DOCUMENT, text, append: number > 1 },
      { act: 'check', command },
      { act: 'commit', subject: `Phase ${number}: ${name}` },
      { act: 'tick' },
      goOn(`Phase ${number} done: ${name} (%{head})`, number < 3 ? 'implementation' : 'testing'),
    ],
  };
}

function tested(reviewed: boolean): RuleText {
  const next = reviewed ? 'done' : 'quality';
  return {
    when: { phase: 'testing', reviewed },
    do: [
      { act: 'test' },
      document('test-report', {
        Summary: 'Nothing failed.',
        Run: reviewed ? '2nd, after the quality review' : '1st, after the implementation',
        Tests: '```\n%{output}\n```',
        Method: '%{tests}',
      }),
      goOn(`Tests passed, run ${reviewed ? 2 : 1}`, next),
    ],
  };
}
