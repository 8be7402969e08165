import { expect, test } from 'vitest';
import { SESSION_COMMANDS } from '../../src/core/kit/package/package-source.ts';
import { actionsOf, SOURCE } from './texts.ts';

/** Those of `commands/`: the others are prompts of the server too. */
const COMMANDS = SOURCE.commands
  .slice(SESSION_COMMANDS.length)
  .map((command) => [command.name, command] as const);
const NEED_NO_SESSION = ['cleanup', 'multi-review', 'samocode-implement'];

test('there are fourteen commands', () => {
  expect(COMMANDS.map(([name]) => name)).toEqual([
    'cleanup',
    'create-plan',
    'dive',
    'do',
    'do2',
    'dop',
    'dop2',
    'multi-review',
    'samocode-implement',
    'session-archive',
    'session-continue',
    'session-start',
    'session-sync',
    'task',
  ]);
});

test.each(COMMANDS)('%s is thin: a skill, its action, its argument', (name, { meta, body }) => {
  expect([...meta.keys()].filter((key) => !['description', 'argument-hint'].includes(key))).toEqual([]);
  expect(meta.get('description')).toMatch(/^[A-Z][^:#]{5,70}$/);
  expect(meta.has('argument-hint')).toBe(body.includes('$ARGUMENTS'));
  const [, skill, action] = /^Use the skill `([^`]+)`(?:, action `([^`]+)`)?/.exec(body) ?? [];
  const source = SOURCE.skills.find((one) => one.name === skill);
  expect(source, name).toBeDefined();
  if (action !== undefined) expect(actionsOf(source?.text ?? '')).toContain(action);
  expect(body.length).toBeLessThan(700);
});

test.each(COMMANDS)('%s uses its skill unchanged', (_name, { body }) => {
  expect(body.split('\n')[0]).toMatch(/\. Follow it as it is written; do not improvise\.$/);
});

test('a review is not delegated to a subagent, which would be chosen before any skill is read', () => {
  const command = SOURCE.commands.find(({ name }) => name === 'multi-review');
  expect(command?.body).toContain('Do this yourself; hand it to no subagent.');
});

test.each(COMMANDS)(
  '%s searches for a session first if it needs one, and stops without',
  (name, { body }) => {
    const needsOne = !NEED_NO_SESSION.includes(name) && !name.startsWith('session-');
    const second = body.split('\n\n')[1] ?? '';
    expect(second.startsWith('**First find the active session**')).toBe(needsOne);
    expect(/Stop, change\nnothing, .*`session-start` .*`session-continue`/.test(second)).toBe(needsOne);
  },
);
