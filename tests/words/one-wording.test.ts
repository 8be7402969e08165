import { expect, test } from 'vitest';
import { SOURCE, TEXTS } from './texts.ts';

const onOneLine = (text: string) => text.replace(/\s+/g, ' ');

/** Words that prompts replace by the glossary's, and figures of speech that a model cannot carry out. */
const NOT_OURS =
  /\b(?:child(?:ren)?|mend(?:s|ed)?|notebook|somebody|nobody|anybody|of its own|by itself|goes on|put aside)\b/gi;

test.each([...TEXTS].filter(([path]) => /^(?:agents|workflow)\//.test(path)))(
  '%s uses the words of the glossary',
  (_path, text) => {
    expect(text.match(NOT_OURS)).toBeNull();
  },
);

const REVIEWERS = ['breaker', 'future maintainer', 'product advocate'];

test.each(REVIEWERS)('the %s has the same six questions or more in a session and in a chat', (name) => {
  const questions = (text = '') => {
    const [, own = ''] = onOneLine(text).split(`*${name}*`);
    return (
      own
        .split(/ - \*| \d\. /)[0]
        ?.match(/[^?:.]+\?/g)
        ?.map((question) => question.trim()) ?? []
    );
  };
  const inSession = questions(SOURCE.agents.find((agent) => agent.name === 'quality')?.body);
  expect(inSession.length).toBeGreaterThanOrEqual(6);
  expect(questions(SOURCE.skills.find((skill) => skill.name === 'quality')?.body)).toEqual(inSession);
});

test('a reviewer hunts wrong results, swallowed errors, strangers and tests that cannot fail', () => {
  const questions = onOneLine(bodyOf('agents', 'quality').split('*breaker*')[1] ?? '');
  for (const hunted of [
    'gives a wrong result?',
    'twice, at once, half done?',
    'swallowed or reported as success?',
    "Can a stranger's input reach",
    'Which assertion of each new test fails if the change is taken out?',
  ])
    expect(questions).toContain(hunted);
});

const bodyOf = (folder: 'agents' | 'skills', wanted: string) =>
  SOURCE[folder].find(({ name }) => name === wanted)?.body ?? '';

test.each([
  ['plan-form', ['investigation', 'requirements', 'planning'], ['planning']],
  ['large-plan', ['requirements', 'planning'], ['planning']],
  ['qa-form', ['investigation', 'requirements', 'quick'], ['task-definition']],
  ['qa-round', ['investigation', 'requirements', 'quick'], ['task-definition']],
  ['ledger-form', ['investigation', 'requirements'], []],
  ['finding-form', ['quality'], ['quality']],
  ['failing', ['testing', 'quality'], ['quality']],
  ['chance', ['implementation', 'quick', 'testing'], []],
  ['servers', ['investigation', 'implementation', 'quick', 'testing'], []],
  ['summary-form', ['quality', 'done'], ['summary']],
])(
  'the text of workflow/%s is written once, for %j, and is the same in the skills %j',
  (name, agents, skills) => {
    const form = (TEXTS.get(`workflow/${name}.md`) ?? expect.fail()).trimEnd();
    const place = `{{${name.replace(/-(\w)/g, (_dash, letter: string) => letter.toUpperCase())}}}`;
    for (const page of agents) expect(bodyOf('agents', page)).toContain(place);
    for (const skill of skills) expect(bodyOf('skills', skill)).toContain(form);
    const copies = [...TEXTS].filter(([path, text]) => !path.startsWith('workflow/') && text.includes(form));
    expect(copies.map(([path]) => path)).toEqual(skills.map((skill) => `skills/${skill}/SKILL.md`));
  },
);

const SMALLER =
  'only where two structures would differ in interface or data and the choice is costly to undo';
const TAKES_MINIMAL =
  'Take minimal, unless clean removes a cost that a requirement or a later phase has: name it.';
const CAN_FAIL =
  'with a value from the requirement, not from the code; the thing under test is real, only the outside world is replaced. See it fail on that assertion';
const DIFFERS =
  'Same aim, another path, name or signature: do the aim, and note `Differs: [plan] → [code], because [why]`. Another requirement, interface, data format or dependency:';
const WHEN_TO_ASK =
  'task, documents and code do not answer it; the answers lead to different behaviour or data; the wrong one is costly to undo.';
const STOPS = '(small: two), then stop; continue only where one broke:';
const SHOWN =
  'A requirement passes only by a row with command, exit status and the line of output, if it prints one, that shows it. Could not be run is `not run`, and no pass.';
const HELD =
  'Before you remove or move code: what else did it hold? Show on the base and on your version that this stays.';
const HOLDS = 'What else did removed or moved code hold, and what shows on base and branch that it stays?';

test.each([
  ['when two proposals are due', SMALLER, ['workflow/large-plan.md', 'skills/implementation/SKILL.md']],
  ['which proposal is built', TAKES_MINIMAL, ['workflow/two-proposals.md', 'skills/implementation/SKILL.md']],
  [
    'what removed code held',
    HELD,
    ['agents/implementation.md', 'agents/quick.md', 'skills/implementation/SKILL.md'],
  ],
  ['what a reviewer asks of removed code', HOLDS, ['agents/quality.md', 'skills/quality/SKILL.md']],
  ['how a test can fail', CAN_FAIL, ['agents/implementation.md', 'skills/implementation/SKILL.md']],
  ['deviations from the plan', DIFFERS, ['agents/implementation.md', 'skills/implementation/SKILL.md']],
  ['when to ask', WHEN_TO_ASK, ['agents/investigation.md', 'skills/task-definition/SKILL.md']],
  ['when testing stops', STOPS, ['agents/testing.md', 'skills/testing/SKILL.md']],
  ['how a requirement passes', SHOWN, ['agents/testing.md', 'skills/testing/SKILL.md']],
])('there is one rule for %s, in a session and in a chat', (_what, rule, pages) => {
  for (const page of pages) expect(onOneLine(TEXTS.get(page) ?? '')).toContain(rule);
});

test('how small a change is stands once, in the rules of every agent', () => {
  const sessions = [...TEXTS].filter(([path]) => /^(?:agents|workflow)\//.test(path));
  const named = sessions.filter(([, text]) => /\b20 (?:changed )?lines\b/.test(onOneLine(text)));
  expect(named.map(([path]) => path)).toEqual(['workflow/contract.md', 'workflow/provider-claude.md']);
  expect([...TEXTS.values()].filter((text) => /line or two|one or two lines/.test(text))).toEqual([]);
});

test('placeholders for the reader of a skill are in brackets', () => {
  const bare = SOURCE.skills.flatMap(({ name, body }) =>
    (body.match(/-slug\b|\bPhase N\b|^# .*: (?:name|title)$|<[a-z]+>/gm) ?? []).map(
      (words) => `${name}: ${words}`,
    ),
  );
  expect(bare).toEqual([]);
});

test('the method for a headless Chromium is the same in a session and in a chat', () => {
  const recipe = (text = '') => /\*\*Headless Chromium\*\*[\s\S]*?\n\n```[\s\S]*?```\n\n.*\n/.exec(text)?.[0];
  const inSession = recipe(TEXTS.get('workflow/headless-chromium.md'));
  const inChat = recipe(SOURCE.skills.find((skill) => skill.name === 'testing')?.body);
  expect(inChat).toContain('--screenshot');
  expect(inChat).toBe(inSession?.replaceAll('[session path]', '[session folder]'));
});
