// @module-tag ci
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Phase } from '../../../../src/core/kernel/phases/table.ts';
import { documentFault } from '../../../../src/core/session/documents/form.ts';
import { planHash } from '../../../../src/core/session/documents/plan.ts';
import {
  ledgerFingerprint,
  ledgerText,
  withLedger,
  withStates,
} from '../../../../src/core/session/documents/requirements.ts';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { readEvents } from '../../../../src/core/session/log/event-log.ts';
import { performWork } from '../../../../src/core/worker/finish/perform.ts';
import { filesOutsidePlan } from '../../../../src/core/worker/iteration/finish-iteration.ts';
import { falseClaims, mergeCommands } from '../../../../src/core/worker/judge/claims.ts';
import { comparedChecks, openWeakenings, waitForPerson } from '../../../../src/core/worker/judge/tests.ts';
import { Evidence } from '../../../../src/core/worker/state/evidence.ts';
import { stateOf, type Worker } from '../../../../src/core/worker/state/worker.ts';
import { ended } from '../../../support/proved-events.ts';
import { tempLog } from '../../../support/temp-log.ts';
import { makeRepo } from '../../../support/temp-repo.ts';
import { DONE, finished } from '../../unit/worker/finished-session.ts';

const by = { channel: 'cli' } as const;
const PLAN = '01-08-1000-plan-x.md';
const TEXT = '# Plan: x\n\n### Phase 1: Other\nFiles: other.txt\n- [x] it\n';

const askedAbout = async (worker: Worker) => {
  const evidence = new Evidence(worker);
  const compared = (await comparedChecks(evidence, await evidence.tip())) ?? expect.fail();
  const open = openWeakenings(worker, compared, undefined);
  if (open.length === 0) return undefined;
  const decision = { kind: 'run', phase: 'quality', notes: [], delay: 'none' } as const;
  return await waitForPerson(worker, { compared, tried: undefined, open }, { ...decision, notes: [] });
};

/** Gets a plan approved, with a ledger of one command if one is given. */
async function approve({ paths, writer }: Worker, check?: string): Promise<void> {
  const ledger = check && JSON.stringify({ requirements: [{ id: 'R1', text: 'It holds', check }] });
  await writeFile(join(paths.sessionDir, PLAN), TEXT);
  if (ledger) await writeFile(paths.requirements, ledger);
  const plan = { name: PLAN, hash: planHash(withLedger(TEXT, ledger)) };
  await writer.append({ type: 'plan_approved', by, plan, phase: 'implementation' });
}

test('the work for a goal is compared with its own base, not with earlier work', async () => {
  await using log = await tempLog();
  await using repo = await makeRepo();
  const worker = await finished(log, repo);
  const oldTip = await repo.git(['rev-parse', 'samocode/x']);
  const tree = await repo.git(['rev-parse', 'samocode/x^{tree}']);
  const goal: NewEvent = {
    ...{ type: 'resumed', by, phase: 'investigation', resetsCounts: true, goal: 'More', oldTip },
  };
  await worker.writer.append(goal);
  await approve(worker);
  expect(await filesOutsidePlan(new Evidence(worker))).toEqual([]);
  expect(await falseClaims(new Evidence(worker), { commit: oldTip, tree }, undefined)).toEqual({
    claims: [],
    noWork: expect.stringContaining('changes nothing except white space'),
  });
});

test('if no check runs, a wait for weakened tests does not claim that checks pass', async () => {
  await using log = await tempLog();
  await using repo = await makeRepo();
  await repo.commit('A test', { 'a.test.js': "test('adds', () => {});\n" });
  const worker = await finished(log, repo, { files: { 'a.test.js': 'test.skip()\n' }, events: [] });
  const wait = await askedAbout(worker);
  expect(wait?.reason).toBe('No check runs here, and tests or their settings were changed.');
});

test('a merge runs the checks of requirements whose plan has since been archived', async () => {
  await using log = await tempLog();
  await using repo = await makeRepo();
  const worker = await finished(log, repo, { events: [] });
  await approve(worker, 'sh prove.sh');
  const of = { in: 'clone', commit: 'c', tree: 't', sandbox: 'none' } as const;
  const run = { command: 'sh prove.sh', exitCode: 0, durationMs: 1 };
  const runs = [{ ...run, outputHash: 'h', outputBytes: 0, output: 'o' }];
  await worker.writer.append({ type: 'checks_ran', set: 'full', ...of, runs } as NewEvent, DONE);
  expect(await mergeCommands(new Evidence(worker))).toEqual(['sh prove.sh']);
  await worker.writer.append({ type: 'archived', by, what: 'documents', moved: [PLAN], to: '_archive/x' });
  expect(await mergeCommands(new Evidence(worker))).toEqual(['sh prove.sh']);
});

test('the ledger of an earlier goal does not count for the next one, whatever its states', async () => {
  await using log = await tempLog();
  await using repo = await makeRepo();
  const worker = await finished(log, repo);
  const { requirements } = worker.paths;
  const ledgerOf = (text: string) =>
    JSON.stringify({ requirements: [{ id: 'R1', text, check: 'sh prove.sh' }] });
  const old = ledgerOf('It holds');
  await writeFile(requirements, old);
  const goal = { type: 'resumed', by, phase: 'investigation', resetsCounts: true, goal: 'More' } as const;
  await worker.writer.append({ ...goal, oldLedger: ledgerFingerprint(old) });
  await writeFile(requirements, withStates(old, { passed: ['sh prove.sh'] }));
  const faultIn = async (phase: Phase) =>
    documentFault(phase, { ledger: await ledgerText(worker.paths), oldLedger: stateOf(worker).oldLedger });
  const problem = expect.stringContaining('_requirements.json is still that of the previous goal');
  expect(await faultIn('requirements')).toEqual({ rule: 'ledger', problem });
  expect(await faultIn('planning')).toEqual({ rule: 'ledger', problem });
  await writeFile(requirements, ledgerOf('More holds'));
  expect(await faultIn('requirements')).toBeUndefined();
});

test('proved requirements are recorded as they were decided, whatever the ledger says later', async () => {
  await using log = await tempLog();
  await using repo = await makeRepo();
  const worker = await finished(log, repo, { events: [] });
  await approve(worker, 'sh prove.sh');
  const requirements = [{ id: 'R1', text: 'It holds', check: 'sh prove.sh' }];
  await worker.writer.append(ended({ kind: 'done', phase: 'done', summary: 'x', requirements }));
  await writeFile(worker.paths.requirements, '{}');
  await performWork(worker);
  expect((await readEvents(worker.paths, 0)).at(-1)).toMatchObject({ type: 'done', requirements });
});
