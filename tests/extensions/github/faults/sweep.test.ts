import { expect } from 'vitest';
import { type Counts, type Point, sweep, sweepOf } from '../../../support/disk-sweep.ts';
import { endOfWorker } from '../../../support/supervisors.ts';
import { Person } from '../../../support/sweep-person.ts';
import { notedPushes } from '../clis/publish-rig.ts';
import { roundRig } from '../clis/round-rig.ts';

const WITHIN_MS = 480_000;
/** Longer than a failed look is left alone. */
const HOUR_MS = 3_600_000;

async function play(points: readonly Point[]): Promise<Counts> {
  await using s = await roundRig({ here: false });
  const { rig, context, pull } = s;
  await endOfWorker(rig);
  const { pushes } = await notedPushes(s.hub);
  s.repository.permissions.ada = 'write';
  for (const path of ['a.txt', 'b.txt']) pull.thread('ada', 'Why?', { path });
  const faults = sweepOf(rig.repo.root, ['worker.cjs'], points);
  for (const env of [rig.repo.env, context.env]) Object.assign(env, faults.env);
  const { sessionsDir } = rig.paths;
  const person = new Person({ repo: rig.repo, sessionsDir, context }, faults);
  await using _repairs = faults.repairedOnce(() => person.isTold());
  // What the supervisor polls, until the round is pushed: the worker does the rest.
  const failures: string[] = [];
  const isPushed = async () => (await rig.state()).lastPublish?.what === 'round';
  const end = Date.now() + WITHIN_MS;
  for (let laterMs = 0; !(await isPushed()); laterMs += HOUR_MS) {
    expect(Date.now(), failures.join('\n')).toBeLessThan(end);
    await s.advance(laterMs).catch((error: unknown) => failures.push(String(error)));
    await person.until(({ state, worker }) => state.status.kind === 'done' && worker === 'none');
  }
  expect((await rig.view()).problems).toEqual([]);
  expect(await pushes()).toHaveLength(1);
  expect(pull.threads.map(({ comments }) => comments.length - 1)).toEqual([1, 1]);
  expect((await rig.state()).pullRequest).toMatchObject({ round: 1, pushed: pull.head });
  if (points.every(({ kind }) => kind === 'before' || kind === 'after')) expect(person.blocks).toEqual([]);
  expect(person.blocks.length, person.blocks.join('; ')).toBeLessThanOrEqual(points.length);
  expect(await rig.repo.git(['status', '--porcelain', '--untracked-files=no'])).toBe('');
  return faults.counts();
}

sweep({ name: 'a round', changes: 1000, rounds: 2, play });
