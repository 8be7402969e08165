import { expect, test } from 'vitest';
import { transcriptOf } from '../../../../src/core/agents/reading/transcript.ts';
import { antigravity } from '../../../../src/extensions/antigravity/antigravity.ts';
import { REQUEST } from '../../../core/unit/agents/requests.ts';

const ended = (exitCode: number | null, stdoutTail = '', stderrTail = '') =>
  antigravity.classifyEnd(undefined, { exitCode, stdoutTail, stderrTail });

test.each([
  ['an answer', 0, 'Done.\n', '', undefined],
  ['nothing', 0, ' \n', '', 'crashed'],
  ['no answer but the request to log in', 0, '', 'Error: authentication required', 'auth'],
  ['an answer before it failed', 1, 'Done.\n', 'Quota exceeded', 'crashed'],
  ['the same request on its last line', 1, 'Hello\nNot logged in. Run agy.\n', '', 'auth'],
  ['nothing but the same request, as an answer', 0, 'Not logged in.\n', '', 'auth'],
  ['an answer about a login', 0, 'The page says "not logged in".', '', undefined],
  ['an answer that begins with a login', 0, 'Not logged in users see the form now.', '', undefined],
  ['the same request before other lines', 1, 'Not logged in.\nThe form shows it.', '', 'crashed'],
  ['a failure after an answer about a login', 1, 'Users who are not logged in see it.', '', 'crashed'],
  ['an answer beside a log about a login', 0, 'Done.', 'retry: authentication required', undefined],
  ['nothing, because it was killed', null, '', '', 'crashed'],
  ['nothing, because it is not there', 127, '', 'not found', 'config'],
] as const)('with %s it ended as stated', (_what, exitCode, stdout, stderr, kind) => {
  expect(ended(exitCode, stdout, stderr)?.kind).toBe(kind);
});

test('only an end without any text is explained, by what it often means', () => {
  expect(ended(0)).toMatchObject({ advice: expect.stringContaining('see /usage') });
  expect(ended(0, '', 'Quota exceeded')).toEqual({ kind: 'crashed' });
});

test('both of its keys say which account pays', () => {
  expect(antigravity.credentials).toEqual(['GEMINI_API_KEY', 'ANTIGRAVITY_API_KEY']);
});

test('its prompt is in no argument, and a model is named only by the person', () => {
  const { args, stdinPath } = antigravity.buildCommand({ ...REQUEST, model: 'gemini-3.5-flash' });
  expect(stdinPath).toBe(REQUEST.promptPath);
  expect(args.slice(-2)).toEqual(['--model', 'gemini-3.5-flash']);
  expect(antigravity.buildCommand(REQUEST).args).not.toContain('--model');
});

test('with PERMISSIONS=allow it may not skip its questions', () => {
  const { args } = antigravity.buildCommand({ ...REQUEST, permissions: 'allow' });
  expect(args).not.toContain('--dangerously-skip-permissions');
});

test('each line of its answer is shown', () => {
  expect(transcriptOf(antigravity, 'Done.')).toEqual([{ kind: 'text', text: 'Done.', depth: 0 }]);
  expect(transcriptOf(antigravity, '')).toEqual([]);
});
