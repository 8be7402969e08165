import { expect, test } from 'vitest';
import { fencedBlocks, SOURCE, TEXTS } from './texts.ts';

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

const REVIEWERS = ['future maintainer', 'system architect', 'product advocate'];

test.each(REVIEWERS)('the %s has eight questions, the same in a session and in a chat', (name) => {
  const questions = (text = '') => {
    const [, own = ''] = onOneLine(text).split(`*${name}*`);
    return (
      own
        .split(/ - \*| \d\. |Form: /)[0]
        ?.match(/[^?:.]+\?/g)
        ?.map((question) => question.trim()) ?? []
    );
  };
  const inSession = questions(SOURCE.agents.find((agent) => agent.name === 'quality')?.body);
  expect(inSession).toHaveLength(8);
  expect(questions(SOURCE.skills.find((skill) => skill.name === 'quality')?.body)).toEqual(inSession);
});

const bodyOf = (folder: 'agents' | 'skills', wanted: string) =>
  SOURCE[folder].find(({ name }) => name === wanted)?.body ?? '';

test.each([
  ['a plan', 'planning', 'planning'],
  ['questions', 'requirements', 'task-definition'],
])('the form of %s is the same in a session and in a chat', (_what, agent, skill) => {
  const [form] = fencedBlocks(bodyOf('agents', agent));
  expect(form).toContain('[title]');
  expect(fencedBlocks(bodyOf('skills', skill))[0]).toBe(form);
});

const TWO_OR_ONE =
  'where a minimal and a clean solution would differ; otherwise, and for up to 20 changed lines, one';
const IN_PROPORTION =
  'Up to 20 changed lines: the suite, the requirements, the two edges nearest to the change. 2nd run: the suite, the requirements, and what quality changed.';

test.each([
  ['when two proposals are due', TWO_OR_ONE, ['planning', 'implementation']],
  ['how far tests go', IN_PROPORTION, ['testing']],
])('there is one rule for %s, in a session and in a chat', (_what, rule, names) => {
  const pages = names.flatMap((name) => [bodyOf('agents', name), bodyOf('skills', name)]);
  expect(pages.map(onOneLine)).toEqual(pages.map(() => expect.stringContaining(rule)));
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
  const inSession = recipe(SOURCE.agents.find((agent) => agent.name === 'testing')?.body);
  const inChat = recipe(SOURCE.skills.find((skill) => skill.name === 'testing')?.body);
  expect(inChat).toContain('--screenshot');
  expect(inChat).toBe(inSession?.replaceAll('[session path]', '[session folder]'));
});
