// @module-tag ci
import { expect, test } from 'vitest';
import { getStatus } from '../../../../src/core/caller/facts/get-status.ts';
import type { SessionState } from '../../../../src/core/session/events/state.ts';
import { sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { changedPathsOf } from '../../../../src/extensions/overlap/changed-paths.ts';
import { PATIENT_CLOCK, untilState } from '../../../support/live-session.ts';
import { startRig } from '../../../support/session-rig.ts';
import { startSession } from '../../../support/start-session.ts';
import { endOfWorker } from '../../../support/supervisors.ts';

const COMMITS = ['sh', '-c', 'echo hull >hull.txt && git add -A && git commit -q -m Hull'];
const SCENARIO = {
  rules: [
    {
      when: { phase: 'implementation', count: 1 },
      do: [{ act: 'run', command: COMMITS }, { act: 'normal' }],
    },
  ],
};
const isDone = ({ status }: SessionState) => status.kind === 'done';

test('two quick sessions that have committed the same file hear of each other', async () => {
  await using rig = await startRig({ scenario: SCENARIO, start: { task: 'Name the boats', quick: true } });
  await rig.until(isDone);
  await endOfWorker(rig);
  const { worktree } = await rig.state();
  expect(await changedPathsOf(rig.paths)).toMatchObject({
    branch: worktree?.branch,
    tip: await rig.repo.git(['rev-parse', String(worktree?.branch)]),
    paths: ['docs/rehearsal/name-the-boats.md', 'hull.txt'],
  });
  const context = { ...rig.context(), clock: PATIENT_CLOCK };
  const env = { ...context.env, REHEARSAL_SCENARIO: `${rig.repo.root}/scenario.json` };
  const { file } = await startSession({ task: 'Paint the boats', quick: true }, { ...context, env });
  const paths = sessionPaths(file.sessionsDir, file.folder);
  await untilState({ paths, host: context.host }, isDone);
  await endOfWorker({ ...rig, file, paths });
  const said = async (session: string) => (await getStatus({ session }, context)).remarks;
  expect(await said(file.folder)).toEqual(['It has changed 1 file that name-the-boats has changed.']);
  expect(await said(rig.file.folder)).toEqual(['It has changed 1 file that paint-the-boats has changed.']);
});
