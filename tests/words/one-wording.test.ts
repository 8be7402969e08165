import { expect, test } from 'vitest';
import { SOURCE, TEXTS } from './texts.ts';

const onOneLine = (text: string) => text.replace(/\s+/g, ' ');

/** Words for which prompts have one of the glossary, and figures of speech that a model cannot carry out. */
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

test('the recipe for a headless Chromium is the same in a session and in a chat', () => {
  const recipe = (text = '') => /\*\*Headless Chromium\*\*[\s\S]*?\n\n```[\s\S]*?```\n\n.*\n/.exec(text)?.[0];
  const inSession = recipe(SOURCE.agents.find((agent) => agent.name === 'testing')?.body);
  const inChat = recipe(SOURCE.skills.find((skill) => skill.name === 'testing')?.body);
  expect(inChat).toContain('--screenshot');
  expect(inChat).toBe(inSession?.replaceAll('[session path]', '[session folder]'));
});
