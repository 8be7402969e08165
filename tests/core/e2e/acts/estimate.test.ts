import { readFile, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { writeSessionReport } from '../../../../src/extensions/pages/report/write-report.act.ts';
import { askTool } from '../../../app/unit/server/ask-tool.ts';
import { ci } from '../../../support/ci.ts';
import { type SessionRig, startRig } from '../../../support/session-rig.ts';
import { CREATED, DONE, PREPARED, writeEvents } from '../../unit/session/events.ts';

const PLAN = '# Plan: earlier\n### Phase 1: all\n- [ ] one\n- [ ] two\n';
const BUILT = {
  ...{ type: 'iteration_ended', iteration: 1, phase: 'implementation', ending: 'signalled', exitCode: 0 },
  ...{
    signalNotes: [],
    decision: { kind: 'run', phase: 'testing', notes: [], delay: 'none' },
    changed: true,
  },
  ...{ treeChanged: true, cost: { usd: 2 }, durationMs: 600_000, flowLines: [] },
} as unknown as NewEvent;

/** Done sessions of the same project, as the worker leaves them. */
async function earlierSessions({ file, paths }: SessionRig, count: number): Promise<void> {
  for (let number = 1; number <= count; number += 1) {
    const earlier = sessionPaths(paths.sessionsDir, `26-01-0${number}-earlier`);
    const places = { mainRepo: file.mainRepo, configPath: file.configPath };
    await writeEvents(earlier, [CREATED, PREPARED, BUILT, DONE], Date.UTC(2026, 0, number), places);
    await writeFile(earlier.approvedPlan, PLAN);
  }
}

test(
  'a plan waits with the estimate of five done sessions, and the report says what it took',
  ci,
  async () => {
    await using rig = await startRig({ start: { run: false, acceptSuggestions: true } });
    await earlierSessions(rig, 5);
    await rig.resume();
    await rig.untilWaiting('plan_approval');
    const said = expect.stringMatching(
      /^Estimate, from approval to done: \d+ iterations, .+ min of agents' time, \$[\d.]+ \(from 5 sessions of this project with rehearsal\)\.$/,
    );
    const { json } = await askTool('read_plan', { session: rig.file.folder }, rig.context('tool'));
    expect(json.remarks).toEqual([said]);
    await rig.approve();
    await rig.until(({ status }) => status.kind === 'done');
    const { path } = await writeSessionReport(
      { session: rig.file.folder, renderSteps: () => [] },
      rig.context(),
    );
    expect(await readFile(path, 'utf8')).toMatch(
      /of this project with rehearsal\)\. It took \d+ iterations \((?:less|more|as estimated)\)/,
    );
  },
);

test('a first plan waits without an estimate, and says why', async () => {
  await using rig = await startRig({ start: { acceptSuggestions: true } });
  await rig.untilWaiting('plan_approval');
  expect((await rig.readPlan()).remarks).toEqual([
    'No estimate yet: it needs 5 done sessions with rehearsal, and this machine has 0.',
  ]);
});
