import { expect, test } from 'vitest';
import { startSession } from '../../../src/core/acts/sessions/start-session.act.ts';
import { supervisorPaths } from '../../../src/core/sandbox/programs/supervisor-folder.ts';
import { readAllSessions } from '../../../src/core/session/folder/session-list.ts';
import {
  createRecurring,
  type NewRecurring,
} from '../../../src/extensions/recurring/create-recurring.act.ts';
import { readRecurring } from '../../../src/extensions/recurring/recurring.act.ts';
import { RecurringRuns } from '../../../src/extensions/recurring/runs/recurring-runs.ts';
import { HandClock } from '../../core/unit/supervisor/scene.ts';
import { issueRig } from '../../extensions/github/clis/issue-rig.ts';
import { finishSession } from '../../support/as-shown.ts';
import { supervisorHolds } from '../../support/supervisors.ts';

const HOUR_MS = 60 * 60_000;

/** A machine with one recurring session, whose sessions are prepared and not run. */
async function recurringRig(input: Pick<NewRecurring, 'when' | 'work' | 'limits'>) {
  const rig = await issueRig();
  const { context, sessionsDir, repo } = await rig.machine({ lines: { CHECK: 'true' } });
  const { home, host } = context;
  const clock = new HandClock();
  clock.nowMs = Date.now();
  const supervisor = await supervisorHolds(context, { stays: true });
  await createRecurring({ ...input, project: repo.path }, { ...context, clock });
  await supervisor[Symbol.asyncDispose]();
  const failures: unknown[] = [];
  const runs = new RecurringRuns({
    ...{ home, clock, identity: supervisorPaths(home, host).identity },
    say: () => undefined,
    notifyPause: () => undefined,
    login: async () => ({ ...context, by: { channel: 'settings' } }),
    start: async (given, acting) => await startSession({ ...given, run: false }, acting),
    finish: finishSession,
  });
  const views = async () => await readAllSessions(sessionsDir, host);
  return {
    rig,
    failures,
    views,
    async pass(ms: number) {
      clock.pass(ms);
      await runs.scan(await views(), (_, error) => failures.push(error));
    },
    results: async () => {
      const [report] = await readRecurring({}, context);
      return report?.runs.map(({ run, result, text }) => ({ run, result, text })).toReversed();
    },
    [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose](),
  };
}

test('each run works on one labelled issue, the oldest first; without one it is idle', async () => {
  await using recurring = await recurringRig({
    when: { schedule: 'daily 00:00,04:00,08:00,12:00,16:00,20:00 UTC' },
    work: { kind: 'label', label: 'nightly' },
  });
  const { repository } = recurring.rig;
  repository.permissions.ada = 'write';
  for (const title of ['Names', 'Sails'])
    repository
      .openIssue('ada', title, 'Please.')
      .labelled.push({ label: 'nightly', by: 'ada', at: repository.time() });
  for (let run = 0; run < 3; run += 1) await recurring.pass(4 * HOUR_MS);
  expect(recurring.failures).toEqual([]);
  expect(await recurring.results()).toMatchObject([
    { result: 'stopped' },
    { result: 'stopped' },
    { result: 'idle', text: 'no open issue with its label is ready' },
  ]);
  const issues = (await recurring.views()).map(({ sessionFile }) => sessionFile?.issue?.number);
  expect(issues.toSorted()).toEqual([1001, 1002]);
});

test('the checks of each pushed commit that fail start one run, which quotes them', async () => {
  await using recurring = await recurringRig({
    when: { on: 'ci-failed' },
    work: { kind: 'task', task: 'Repair the checks' },
    limits: { costRunUsd: 5 },
  });
  const { repository } = recurring.rig;
  const [first, second] = ['c'.repeat(40), 'd'.repeat(40)];
  await recurring.pass(HOUR_MS);
  expect(await recurring.results()).toEqual([]);
  repository.pushToMain(first, [{ name: 'lint', text: 'No semicolon.' }]);
  for (let scan = 0; scan < 3; scan += 1) await recurring.pass(HOUR_MS);
  expect((await recurring.results())?.map(({ run }) => run)).toEqual([first]);
  repository.pushToMain(second, [{ name: 'unit' }]);
  for (let scan = 0; scan < 3; scan += 1) await recurring.pass(HOUR_MS);
  expect((await recurring.results())?.map(({ run }) => run)).toEqual([first, second]);
  const files = (await recurring.views()).map(({ sessionFile }) => sessionFile);
  const quoting = files.find((file) => file?.recurring?.run === first);
  expect(quoting?.task).toMatch(/^Repair the checks\n\n# Checks that fail on `main`/);
  expect(quoting?.task).toContain('> No semicolon.');
  expect(recurring.failures).toEqual([]);
});
