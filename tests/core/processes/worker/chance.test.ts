// @module-tag ci
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { namesAt } from '../../../../src/core/kernel/files/path-stats.ts';
import type { ChecksRan } from '../../../../src/core/kernel/phases/proving.ts';
import { leaveCommand } from '../../../../src/core/session/commands/commands.ts';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { proveMerge } from '../../../../src/core/worker/finish/merge.ts';
import { beginBaseRun, knownBase } from '../../../../src/core/worker/judge/base-run.ts';
import { tipOfBranch } from '../../../../src/core/worker/judge/check-facts.ts';
import { type Proof, proveBranch } from '../../../../src/core/worker/judge/checks.ts';
import { scratchDir } from '../../../../src/core/worker/judge/in-clone.ts';
import { decideByObstacles } from '../../../../src/core/worker/judge/obstacles.ts';
import { Evidence } from '../../../../src/core/worker/state/evidence.ts';
import { Stopped } from '../../../../src/core/worker/state/interrupts.ts';
import type { Worker } from '../../../../src/core/worker/state/worker.ts';
import { tempLog } from '../../../support/temp-log.ts';
import { makeRepo } from '../../../support/temp-repo.ts';
import { finished } from '../../unit/worker/finished-session.ts';

const STEADY = 'echo "pass 1"\n';
/** Fails at its first run, and then every second time, wherever it runs. */
const BY_CHANCE =
  'echo x >>"$OUTSIDE/runs"; echo "run $(wc -l <"$OUTSIDE/runs")"\n' +
  'test $(( $(wc -l <"$OUTSIDE/runs") % 2 )) = 0\n';
const RED = 'echo "not ok 1"; exit 3\n';

interface Scene extends AsyncDisposable {
  worker: Worker;
  evidence: Evidence;
  /** The lines of files beside the repository, to which checks append. */
  runs(): Promise<number>;
  prove(): Promise<Proof>;
}

interface Plan {
  /** `check.sh`, as the only check runs it. */
  base: string;
  branch: string;
  way?: 'quick';
  programs?: Record<string, string>;
  /** The result on the base that is known already. */
  known?: 'green';
}

async function scene({ base, branch, way, programs = {}, known }: Plan): Promise<Scene> {
  const log = await tempLog();
  const repo = await makeRepo({ files: { 'check.sh': base } });
  const bin = join(repo.root, 'bin');
  await mkdir(bin);
  for (const [name, text] of Object.entries(programs)) {
    await writeFile(join(bin, name), text);
    await chmod(join(bin, name), 0o755);
  }
  repo.env.PATH = `${bin}:${repo.env.PATH}`;
  const commit = await repo.git(['rev-parse', 'main']);
  const proving = { in: 'clone' as const, fast: [], copy: [], timeoutMs: 20_000 };
  const run = {
    command: 'sh check.sh',
    exitCode: 0,
    durationMs: 1,
    outputHash: 'h',
    outputBytes: 0,
    output: 'o',
  };
  const onBase = {
    type: 'checks_ran',
    set: 'base',
    in: 'clone',
    commit,
    tree: commit,
    sandbox: 'none',
    fresh: true,
  };
  const worker = await finished(log, repo, {
    files: { 'check.sh': branch },
    events: [
      ...(way ? [{ type: 'way_chosen', way } as const] : []),
      {
        ...{ type: 'resumed', by: { channel: 'cli' }, phase: way ? 'implementation' : 'testing' },
        ...{ resetsCounts: false, checks: ['sh check.sh'], proving },
      } as NewEvent,
      ...(known ? [{ ...onBase, runs: [run] } as NewEvent] : []),
    ],
  });
  Object.assign(worker, { environment: { isJoined: true } });
  const evidence = new Evidence(worker);
  return {
    worker,
    evidence,
    runs: async () =>
      (await readFile(join(repo.root, 'runs'), 'utf8').catch(() => '')).split('\n').length - 1,
    prove: async () => await proveBranch(evidence, 1, { tip: await evidence.tip(), isLast: true }),
    async [Symbol.asyncDispose]() {
      await repo[Symbol.asyncDispose]();
      await log[Symbol.asyncDispose]();
    },
  };
}

function ranIn({ events }: { events: NewEvent[] }, of: ChecksRan['set'] = 'full'): ChecksRan | undefined {
  const [ran] = events.filter((event) => event.type === 'checks_ran' && event.set === of);
  return ran?.type === 'checks_ran' ? ran : undefined;
}

test('a check that fails twice is red, and says so as before', async () => {
  await using it = await scene({ base: STEADY, branch: RED });
  const proof = await it.prove();
  expect(proof).toMatchObject({
    kind: 'failed',
    failures: [{ how: 'exit status 3', lastLines: 'not ok 1' }],
  });
  expect(ranIn(proof)?.runs).toMatchObject([{ exitCode: 3, again: { exitCode: 3, tail: 'not ok 1' } }]);
  expect(ranIn(proof)?.onBase).toBeUndefined();
});

test('a race that the branch adds is red: on the base the check never failed', async () => {
  await using it = await scene({ base: STEADY, branch: BY_CHANCE, known: 'green' });
  const proof = await it.prove();
  expect(proof).toMatchObject({
    kind: 'failed',
    failures: [
      {
        how: 'exit status 1; repeated alone on another fresh clone, it passed; on the base commit it passed each of 3 times',
        lastLines: 'run 1',
        passed: { outputPath: expect.stringContaining('full-again-1.txt'), lastLines: 'run 2' },
      },
    ],
  });
  expect(ranIn(proof)).toMatchObject({
    runs: [{ exitCode: 1, again: { exitCode: 0 } }],
    onBase: { runs: [{ exitCode: 0 }, { exitCode: 0 }] },
  });
  expect(ranIn(proof)?.runs[0]).not.toHaveProperty('unsteady');
});

test('a check that fails at times on the base too is unsteady: accepted, and read by a reviewer even where quick work has none', async () => {
  await using it = await scene({ base: BY_CHANCE, branch: `${BY_CHANCE}# work\n`, way: 'quick' });
  const done = { kind: 'done', phase: 'done', summary: 'x' } as const;
  const judged = await decideByObstacles(it.evidence, { iteration: 1 }, done);
  expect(judged.decision).toMatchObject({
    kind: 'run',
    phase: 'quality',
    notes: [
      expect.stringMatching(/^Unsteady, on the base too: `sh check\.sh` failed, and passed/),
      expect.stringContaining('could not be tried on this work'),
    ],
  });
  expect(ranIn(judged)).toMatchObject({
    runs: [{ exitCode: 1, unsteady: true, again: { exitCode: 0 } }],
    onBase: { runs: [{ exitCode: 1 }, { exitCode: 0 }] },
  });
  await it.worker.writer.append(...judged.events);
  expect(it.worker.writer.state).toMatchObject({ proved: { unsteady: ['sh check.sh'] }, passed: [] });
  // Failed and passed on the branch, then on the base; and so did the check of the base on the work.
  expect(await it.runs()).toBe(8);
  // The same commit is not proved again, and its reader is asked for all the same.
  const again = await decideByObstacles(new Evidence(it.worker), { iteration: 2 }, done);
  expect(again.decision).toMatchObject({ kind: 'run', phase: 'quality' });
  expect(await it.runs()).toBe(8);
});

/** A program that tells another minute each time. */
const DATE = '#!/bin/sh\necho x >>"$OUTSIDE/minutes"; wc -l <"$OUTSIDE/minutes"\n';
const BY_MINUTE = 'test $(( $(date +%M) % 2 )) = 0\n';

test.each([
  ['on the base too is unsteady', BY_MINUTE, 'passed'],
  ['of the branch alone is red', STEADY, 'failed'],
])('a check that is red by the minute of the clock %s', async (_, base, kind) => {
  await using it = await scene({ base, branch: `${BY_MINUTE}# work\n`, programs: { date: DATE } });
  expect((await it.prove()).kind).toBe(kind);
});

test('a requirement is not shown by a check that fails at times', async () => {
  await using it = await scene({ base: BY_CHANCE, branch: `${BY_CHANCE}# work\n`, known: 'green' });
  const plan = await it.evidence.plan();
  plan.requirements.push({ id: 'R1', text: 'boats', check: 'sh check.sh' });
  expect(await it.prove()).toMatchObject({
    kind: 'failed',
    failures: [{ how: expect.stringContaining('no requirement is shown by a check that fails at times') }],
  });
  expect(await it.runs()).toBe(2);
});

test('what takes longer than ten minutes is not repeated, and says so', async () => {
  await using it = await scene({ base: STEADY, branch: BY_CHANCE });
  let now = 0;
  const monotonic = () => (now += 11 * 60_000);
  const proof = await proveBranch(new Evidence({ ...it.worker, clock: { ...systemClock, monotonic } }), 1, {
    tip: await it.evidence.tip(),
    isLast: true,
  });
  const how = 'exit status 1; not repeated, since that takes 11 minutes';
  expect(proof).toMatchObject({ kind: 'failed', failures: [{ how }] });
  expect(ranIn(proof)?.runs).toMatchObject([{ how }]);
  expect(await it.runs()).toBe(1);
});

test('a base that fails and passes asks nobody, and is what a later proof knows', async () => {
  await using it = await scene({ base: BY_CHANCE, branch: `${BY_CHANCE}# work\n` });
  beginBaseRun(it.worker);
  const { base, events } = await knownBase(it.worker);
  expect(base).toMatchObject({ result: 'green', failed: [], unsteady: ['sh check.sh'] });
  expect(ranIn({ events }, 'base')?.runs).toMatchObject([
    { exitCode: 1, unsteady: true, again: { exitCode: 0 } },
  ]);
  await it.worker.writer.append(...events);
  const proof = await it.prove();
  expect(proof.kind).toBe('passed');
  // No further run of the base is needed.
  expect(await it.runs()).toBe(4);
  expect(await it.evidence.showingCommands()).toEqual([]);
});

test.each([
  ['of work that a reviewer has read passes', undefined, { kind: 'passed' }],
  ['that nobody has read fails', 'quick', { kind: 'failed', reason: /no reviewer has read this work/ }],
] as const)('a merge whose check is unsteady %s', async (_, way, { kind, ...end }) => {
  await using it = await scene({ base: BY_CHANCE, branch: `${BY_CHANCE}# work\n`, ...(way && { way }) });
  const tip = await tipOfBranch(it.worker);
  const onto = it.worker.writer.state.worktree?.baseCommit ?? '';
  const proof = await proveMerge(it.worker, { commit: tip.commit, onto, into: 'main', tip });
  expect(proof.kind).toBe(kind);
  if ('reason' in end) expect(proof).toMatchObject({ reason: expect.stringMatching(end.reason) });
});

test('a repetition that is stopped leaves no clone and no result', async () => {
  const waits = 'echo x >>"$OUTSIDE/runs"; test $(wc -l <"$OUTSIDE/runs") = 1 || sleep 600; exit 1\n';
  await using it = await scene({ base: STEADY, branch: waits });
  const { paths, writer } = it.worker;
  const proving = it.prove().catch((error: unknown) => error);
  await expect.poll(it.runs).toBe(2);
  const stop = {
    v: 1,
    at: '2026-01-08T10:00:00.000Z',
    by: { channel: 'cli' },
    kind: 'stop',
    when: 'now',
  } as const;
  await leaveCommand(paths, { ...stop, id: '01KEE000000000000000000001' });
  expect(await proving).toBeInstanceOf(Stopped);
  expect(namesAt(scratchDir(it.worker)) ?? []).toEqual([]);
  const { status, ...state } = writer.state;
  expect(status.kind).toBe('stopped');
  expect([state.proved, state.passed, state.baseChecks]).toEqual([undefined, undefined, undefined]);
});
