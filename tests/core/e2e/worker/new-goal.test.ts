import { readdir, readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { iterationPaths } from '../../../../src/core/session/layout/paths.ts';
import { ci } from '../../../support/ci.ts';
import { HANGS, NO_GATES, type SessionRig, startRig } from '../../../support/session-rig.ts';

/** Of the iterations whose files still exist. */
async function promptsOf({ paths }: SessionRig): Promise<string[]> {
  const folders = await readdir(paths.iterations);
  return await Promise.all(
    folders.map((name) => readFile(iterationPaths(paths, Number(name)).prompt, 'utf8').catch(() => '')),
  );
}

function phaseOf(prompt: string): string | undefined {
  return /^\*\*Phase:\*\* (.+)$/m.exec(prompt)?.[1];
}

test.concurrent(
  'a done session takes a new goal: questions, plan and approval start again in the same worktree',
  ci,
  async () => {
    // Suggestions are accepted automatically, plans are not.
    await using rig = await startRig({ at: 'planned', here: true });
    await rig.approve();
    const first = await rig.until(({ status }) => status.kind === 'done');
    await rig.resume({ goal: 'Let every boat have a colour' });
    await rig.untilWaiting('plan_approval');
    await rig.approve();
    const second = await rig.until(({ status, goal }) => status.kind === 'done' && goal !== undefined, {
      withinMs: 480_000,
    });
    const prompts = await promptsOf(rig);
    const answered = prompts.filter((prompt) => prompt.includes('\n## The answers on record\n\n> Q1 '));
    expect(new Set(answered.map(phaseOf))).toEqual(new Set(['requirements', 'implementation']));
    const quoting = prompts.filter((prompt) => prompt.includes('\n## Your plan phase\n\n> Phase 1: '));
    expect(new Set(quoting.map(phaseOf))).toEqual(new Set(['implementation']));
    expect(second.worktree).toEqual(first.worktree);
    expect(second.approvedPlan?.name).not.toBe(first.approvedPlan?.name);
    expect(second.oldPlans).toContain(first.approvedPlan?.name);
    expect(second.oldLedger).toMatch(/^[0-9a-f]{64}$/);
    expect(second.progress.totalIterations).toBeGreaterThan(first.progress.totalIterations);
    const approvals = (await rig.events()).filter((event) => event.type === 'plan_approved');
    expect(approvals.map((event) => event.by.channel)).toEqual(['cli', 'cli']);
    const { requirements } = JSON.parse(await readFile(rig.paths.requirements, 'utf8'));
    expect(requirements.map(({ state }: { state: string }) => state)).toEqual(['met', 'met']);
    expect(await readFile(rig.paths.overview, 'utf8')).toContain('New goal: Let every boat have a colour');
  },
);

test.concurrent('a session that was prepared without a run starts when it is resumed', async () => {
  await using rig = await startRig({ here: true, scenario: HANGS, at: 'resting', lines: NO_GATES });
  const prepared = await rig.state();
  expect(prepared.status.kind).toBe('stopped');
  expect(prepared.progress.totalIterations).toBe(0);
  expect(prepared.worktree).toBeDefined();
  await rig.resume();
  await rig.until(({ openIteration }) => openIteration?.iteration === 1);
});
