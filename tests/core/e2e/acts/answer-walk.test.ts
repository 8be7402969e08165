import { Session } from 'node:inspector/promises';
import { relative, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { answerQa } from '../../../../src/core/acts/gates/answer-qa.act.ts';
import { readQa } from '../../../../src/core/acts/gates/read-qa.act.ts';
import { ci } from '../../../support/ci.ts';
import { startRig } from '../../../support/session-rig.ts';

const SRC = resolve('src');

/** The files in src with a named function that runs during `act`. */
async function filesEntered(act: () => Promise<unknown>): Promise<string[]> {
  const inspector = new Session();
  inspector.connect();
  try {
    await inspector.post('Profiler.enable');
    await inspector.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
    await inspector.post('Profiler.takePreciseCoverage');
    await act();
    const { result } = await inspector.post('Profiler.takePreciseCoverage');
    return result
      .filter(({ functions }) =>
        functions.some(({ functionName, ranges }) => functionName !== '' && (ranges[0]?.count ?? 0) > 0),
      )
      .map(({ url }) => relative(SRC, url.replace(/^file:\/\//, '').replace(/\?.*$/, '')))
      .filter((path) => !path.startsWith('..'))
      .sort();
  } finally {
    inspector.disconnect();
  }
}

test('an answer to an ordinary session runs no code for folders of the Python samocode', ci, async () => {
  await using rig = await startRig({ at: 'asking' });
  const session = rig.paths.folder;
  const { hash } = await readQa({ session }, rig.context());
  const input = { session, hash, answers: [], acceptSuggestions: true };
  const files = await filesEntered(() => answerQa(input, rig.context()));
  expect(files).toContain('core/acts/gates/answer-qa.act.ts');
  expect(files.filter((path) => /unimported|import-folder|take-over/.test(path))).toEqual([]);
  // Of these, seven judge that the session and the places of its project are ours; one folds what was found on the base, and
  // one what a model resumed, one what the worker itself asked, one says when a session is at rest, one has the row of each
  // kind of command.
  expect(files.length, files.join('\n')).toBeLessThanOrEqual(79);
});
