import { expect, test } from 'vitest';
import { SESSION_COMMANDS } from '../../src/core/faces/package/package-source.ts';
import { actionsOf, SOURCE } from './texts.ts';

/** Those of `commands/`: the others are prompts of the server too. */
const COMMANDS = SOURCE.commands
  .slice(SESSION_COMMANDS.length)
  .map((command) => [command.name, command] as const);

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

test.each(COMMANDS)('%s or its skill says once to be followed as written', (_name, { body }) => {
  const skill = SOURCE.skills.find(({ name }) => body.startsWith(`Use the skill \`${name}\``));
  const saying = [body, skill?.body ?? ''].join().match(/as (?:it is|they are) written; do not improvise/g);
  expect(saying).toHaveLength(1);
});

test('a review is not delegated to a subagent, which would be chosen before any skill is read', () => {
  const command = SOURCE.commands.find(({ name }) => name === 'multi-review');
  expect(command?.body).toContain('Do this yourself; hand it to no subagent.');
});

test.each(COMMANDS)('%s does not repeat how its skill finds the session', (_name, { body }) => {
  expect(body).not.toContain('find the active session');
});
