import { expect, test } from 'vitest';
import type { Proof } from '../../../../src/core/worker/judge/checks.ts';
import { triedWith } from '../../../../src/core/worker/judge/tests.ts';
import { checkRun } from '../../../support/proved-events.ts';

const FILES = ['a.test.js', 'b.test.js'];
const failed = (runs: ReturnType<typeof checkRun>[]): Proof => ({
  kind: 'failed',
  failures: [{ command: 'npm ci', how: 'exit status 1', outputPath: '/out', lastLines: '' }],
  events: [{ type: 'checks_ran', set: 'added', in: 'clone', commit: 'c', tree: 't', sandbox: 'none', runs }],
});

test('added tests that could not be run, because SETUP fails on the base, are reported', () => {
  const setup = checkRun({ command: 'npm ci', isSetup: true, exitCode: 1, how: 'exit status 1' });
  const { proveNothing, events } = triedWith(FILES, failed([setup]), '');
  expect(proveNothing).toEqual([]);
  expect(events.at(-1)).toEqual({
    type: 'notice',
    code: 'check_files_failed',
    text: 'CHECK_FILES did not run. SETUP fails on the base commit (exit status 1). Its output: /out',
  });
});

test('of the added tests that were run on the base, those that pass without the work are reported, and failing ones are not', () => {
  const red = checkRun({ command: 'a', exitCode: 1, how: 'exit status 1' });
  expect(triedWith(FILES, failed([red, red]), '').events).toHaveLength(1);
  const { proveNothing, events } = triedWith(FILES, failed([red, checkRun({ command: 'b' })]), '');
  expect(proveNothing).toEqual(['b.test.js']);
  expect(events.at(-1)).toMatchObject({ code: 'tests_prove_nothing' });
});
