import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import type { SessionView } from '../../../src/core/session/folder/session-view.ts';
import { readEvents } from '../../../src/core/session/log/event-log.ts';
import { type Counts, type Point, sweep, sweepOf } from '../../support/disk-sweep.ts';
import { makeProject } from '../../support/project.ts';
import { startRig } from '../../support/session-rig.ts';
import { endOfWorker, endProcessesOf } from '../../support/supervisors.ts';
import { Person } from '../../support/sweep-person.ts';

const PROGRAMS = ['samocode.js', 'worker.cjs'];

async function play(points: readonly Point[]): Promise<Counts> {
  const project = await makeProject({ lines: { GATES: 'none' } });
  const { repo } = project;
  await using _ = repo;
  repo.env.REHEARSAL_SCENARIO = join(repo.root, 'scenario.json');
  await writeFile(repo.env.REHEARSAL_SCENARIO, '{"about":"at once","paceMs":0,"rules":[]}');
  const faults = sweepOf(repo.root, PROGRAMS, points);
  const person = new Person(project, faults);
  try {
    await using _repairs = faults.repairedOnce(() => person.isTold());
    await person.types(['start', '--task', 'Give every boat a name'], ({ needsWorker }) => needsWorker);
    const done = await person.until(({ state, worker }) => state.status.kind === 'done' && worker === 'none');
    await finishes(person, done.folder, AGENTS);
    return faults.counts();
  } finally {
    await endProcessesOf(repo.homeDir);
  }
}

/** Merges what is done. @param agents those of the session, undisturbed */
async function finishes(person: Person, folder: string, agents: number): Promise<void> {
  const isMerged = ({ state }: SessionView) => state.lastMerge?.outcome === 'merged';
  await person.types(['finish', folder, '--merge', '--yes'], isMerged);
  const merged = await person.until((view) => isMerged(view) && view.worker === 'none');
  await expectWhole(person, merged, agents);
}

/** Not reached for sure in the run above: the load says how many changes come before it. */
async function playMerge(points: readonly Point[]): Promise<Counts> {
  await using rig = await startRig({ at: 'done' });
  await endOfWorker(rig);
  const { repo, paths, file } = rig;
  const faults = sweepOf(repo.root, PROGRAMS, points);
  const person = new Person({ repo, sessionsDir: paths.sessionsDir, context: rig.context() }, faults);
  await using _repairs = faults.repairedOnce(() => person.isTold());
  await finishes(person, file.folder, 1);
  return faults.counts();
}

const isDraft = (name: string) => name.endsWith('.draft');

async function expectWhole(
  { project: { repo }, faults: { points }, blocks }: Person,
  { paths, state }: SessionView,
  agents: number,
): Promise<void> {
  const { branch = '', path = '' } = state.worktree ?? {};
  await repo.git(['merge-base', '--is-ancestor', branch, 'main']);
  const subjects = (await repo.git(['log', '--format=%s', 'main'])).split('\n');
  expect(new Set(subjects).size, `commits of main: ${subjects.join(', ')}`).toBe(subjects.length);
  expect(await repo.git(['status', '--porcelain', '--untracked-files=no'])).toBe('');
  expect(await repo.git(['fsck', '--no-dangling'])).toBe('');
  const events = await readEvents(paths, 0);
  const of = (type: string) => events.filter((event) => event.type === type);
  const text = await readFile(paths.events, 'utf8');
  expect(text.trimEnd().split('\n')).toHaveLength(events.length);
  expect(of('done')).toHaveLength(1);
  // An agent that could not be started is started again; none is paid twice for nothing.
  expect(of('iteration_ended').length).toBeLessThanOrEqual(agents + points.length);
  expect(of('iteration_started')).toHaveLength(of('iteration_ended').length);
  // A kill is nothing that a person must know of.
  if (points.every(({ kind }) => kind === 'before' || kind === 'after')) expect(blocks).toEqual([]);
  expect(blocks.length, blocks.join('; ')).toBeLessThanOrEqual(points.length);
  expect((await readdir(paths.sessionDir)).filter(isDraft)).toEqual([]);
  expect(existsSync(join(repo.path, '.git/index.lock'))).toBe(false);
  expect((await readdir(dirname(path))).filter((name) => name.includes('removing'))).toEqual([]);
}

/** The agents of an undisturbed session. */
const AGENTS = 7;

sweep({ name: 'a session from start to merge', changes: 1000, rounds: 5, ci: true, play });
sweep({ name: 'a merge', changes: 110, rounds: 4, play: playMerge });
