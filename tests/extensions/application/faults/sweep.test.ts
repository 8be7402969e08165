import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { dataFolder } from '../../../../src/core/project/worktrees/sandbox-folders.ts';
import { SERVICES_FAILED } from '../../../../src/core/session/events/fold.ts';
import { WORKS } from '../../../core/faults/in-one-session.ts';
import { type Counts, type Point, sweep, sweepOf } from '../../../support/disk-sweep.ts';
import { processesOf } from '../../../support/live-session.ts';
import { setPhase, startRig } from '../../../support/session-rig.ts';
import { endOfWorker } from '../../../support/supervisors.ts';
import { Person } from '../../../support/sweep-person.ts';
import { STEPPED } from '../services-plan.ts';

/** Two agents work beside the services, and a check looks at them. */
const PLAN = {
  ...STEPPED,
  lines: { ...STEPPED.lines, GATES: 'none', CHECK: 'curl -sf http://127.0.0.1:$PORT' },
  scenario: { rules: [1, 2].map((iteration) => ({ when: { iteration }, do: WORKS })) },
};

async function play(points: readonly Point[]): Promise<Counts> {
  await using rig = await startRig({ ...PLAN, at: 'resting' });
  await endOfWorker(rig);
  await setPhase(rig, 'quality');
  const { repo, paths, file } = rig;
  const context = rig.context();
  const faults = sweepOf(repo.root, ['samocode.js', 'worker.cjs'], points);
  const person = new Person({ repo, sessionsDir: paths.sessionsDir, context }, faults);
  await using _repairs = faults.repairedOnce(() => person.isTold());
  await person.types(['resume', file.folder], ({ state }) => state.status.kind !== 'stopped');
  const done = await person.until(({ state, worker }) => state.status.kind === 'done' && worker === 'none');
  expect(done.problems).toEqual([]);
  expect(await processesOf(context.host, `${file.id}-services`)).toEqual([]);
  const events = await rig.events();
  const notices = events.flatMap((event) =>
    'code' in event && event.code === SERVICES_FAILED ? [event] : [],
  );
  if (points.every(({ kind }) => kind === 'before' || kind === 'after')) {
    expect(person.blocks).toEqual([]);
    expect(notices).toEqual([]);
  }
  expect(person.blocks.length, person.blocks.join('; ')).toBeLessThanOrEqual(points.length);
  const begun = await readFile(join(dataFolder(file.worktreesDir, file.folder), 'begun'), 'utf8');
  expect(new Set(begun.trim().split('\n')).size, begun).toBe(1);
  return faults.counts();
}

sweep({ name: 'a session with services', changes: 780, rounds: 2, play });
