import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { archiveRoot, runRoot } from '../../../../src/core/session/layout/paths.ts';
import { makeBench } from '../../../support/bench.ts';
import { askTool } from './ask-tool.ts';

const FOLDER = '25-11-02-old-one';
const NOTEBOOK = `# Session: old one

## Status
Phase: planning
Iteration: 1
Total Iterations: 3

## Task
Teach the boat to float.
`;

/** Everything that sends a command to the worker, with valid arguments. */
const ACTS: Array<[string, Record<string, unknown>]> = [
  ['send_message', { text: 'Mind the sail' }],
  ['finish_session', { how: 'archive_documents', confirm: true }],
  ['finish_session', { how: 'unarchive', confirm: true }],
  ['rewind_session', { to: 1, confirm: true }],
  ['rewind_session', { undo: true, confirm: true }],
];

test('every reading tool accepts a folder of the original tool, and every acting tool except archiving says to take it over', async () => {
  await using bench = await makeBench();
  await mkdir(join(bench.sessionsDir, FOLDER));
  await writeFile(join(bench.sessionsDir, FOLDER, '_overview.md'), NOTEBOOK);
  const ask = async (name: string, args = {}) =>
    (await askTool(name, { session: FOLDER, ...args }, bench.context)).json;
  expect((await ask('read_session')).text).toBe(NOTEBOOK);
  expect((await ask('get_status')).next).toContain('resume_session');
  expect((await ask('read_session', { what: 'document' })).documents).toEqual(['_overview.md']);
  expect((await ask('read_session', { what: 'transcript' })).code).toBe('iteration_not_found');
  expect((await ask('read_session', { what: 'changes' })).code).toBe('nothing_changed_yet');
  expect((await ask('rewind_session')).summary).toBe('There is no checkpoint yet.');
  for (const [name, args] of ACTS) {
    const result = await ask(name, args);
    expect([name, result.code]).toEqual([name, 'not_taken_over_yet']);
    expect(result.hint).toContain('resume_session');
  }
  expect((await ask('finish_session', { confirm: true })).summary).toBe(
    `${FOLDER} is archived in _archive/${FOLDER}.`,
  );
  expect(await readdir(archiveRoot(bench.sessionsDir))).toEqual([FOLDER]);
  expect(await readdir(runRoot(bench.sessionsDir)).catch(() => [])).toEqual([]);
});
