import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import { systemClock } from '../../../src/core/kernel/clock.ts';
import { runCommand } from '../../../src/core/kernel/processes/run-command.ts';
import { launchWorker } from '../../../src/core/sandbox/programs/launch-worker.ts';
import { readAllSessions } from '../../../src/core/session/folder/session-list.ts';
import type { SessionView } from '../../../src/core/session/folder/session-view.ts';
import { readEvents } from '../../../src/core/session/log/event-log.ts';
import { builtPrograms } from '../../support/built-programs.ts';
import { type Counts, type Point, type Sweep, sweep, sweepOf } from '../../support/disk-sweep.ts';
import { makeProject, type TempProject } from '../../support/project.ts';
import { endProcessesOf } from '../../support/supervisors.ts';

const PROGRAMS = ['samocode.js', 'worker.cjs'];
const TRIES = 6;
const WITHIN_MS = 240_000;

/** A person who types a command again until it has worked, and resumes what is blocked. */
class Person {
  readonly blocks: string[] = [];
  readonly project: TempProject;
  readonly faults: Sweep;

  constructor(project: TempProject, faults: Sweep) {
    this.project = project;
    this.faults = faults;
  }

  async types(...args: readonly string[]): Promise<void> {
    const { cli } = await builtPrograms();
    const { repo } = this.project;
    const said: string[] = [];
    for (let tries = 0; tries < TRIES; tries += 1) {
      const env = { ...repo.env, ...this.faults.env };
      const ended = await runCommand(process.execPath, [cli, ...args], {
        cwd: repo.path,
        env,
        timeoutMs: WITHIN_MS,
      });
      if (ended.exitCode === 0) return;
      said.push(`${ended.exitCode}: ${ended.stderr}`);
      await this.#untilStill();
    }
    throw new Error(`samocode ${args.join(' ')} never worked: ${said.join('\n')}`);
  }

  async session(): Promise<SessionView> {
    const views = await readAllSessions(this.project.sessionsDir, this.project.context.host);
    expect(
      views.map(({ folder }) => folder),
      'sessions',
    ).toHaveLength(1);
    return views[0] as SessionView;
  }

  /** Does what a supervisor does, and resumes what is blocked: its reason has told the person why. */
  async until(holds: (view: SessionView) => boolean): Promise<SessionView> {
    const { worker } = await builtPrograms();
    for (const end = Date.now() + WITHIN_MS; Date.now() < end; await systemClock.sleep(100)) {
      const view = await this.session();
      if (holds(view)) return view;
      const env = { ...this.project.repo.env, ...this.faults.env };
      if (view.needsWorker) await launchWorker(view.paths, { program: worker, env });
      const { status } = view.state;
      if (status.kind !== 'blocked' || view.worker !== 'none') continue;
      this.blocks.push(status.reason);
      await this.types('resume', view.folder);
    }
    throw new Error(`It was never reached: ${JSON.stringify((await this.session()).state.status)}`);
  }

  async #untilStill(): Promise<void> {
    for (const end = Date.now() + 20_000; Date.now() < end; await systemClock.sleep(100)) {
      const views = await readAllSessions(this.project.sessionsDir, this.project.context.host);
      if (views.every(({ worker }) => worker === 'none')) return;
    }
  }
}

async function play(points: readonly Point[]): Promise<Counts> {
  const project = await makeProject({ lines: { GATES: 'none' } });
  const { repo } = project;
  await using _ = repo;
  repo.env.REHEARSAL_SCENARIO = join(repo.root, 'scenario.json');
  await writeFile(repo.env.REHEARSAL_SCENARIO, '{"about":"at once","paceMs":0,"rules":[]}');
  const faults = sweepOf(repo.root, PROGRAMS, points);
  const person = new Person(project, faults);
  try {
    await person.types('start', '--task', 'Give every boat a name');
    const done = await person.until(({ state, worker }) => state.status.kind === 'done' && worker === 'none');
    await person.types('finish', done.folder, '--merge', '--yes');
    const merged = await person.until(
      ({ state, worker }) => state.lastMerge?.outcome === 'merged' && worker === 'none',
    );
    await expectWhole(person, merged, points);
    return faults.counts();
  } finally {
    await endProcessesOf(repo.homeDir);
  }
}

const isDraft = (name: string) => name.endsWith('.draft');

async function expectWhole(
  { project: { repo }, blocks }: Person,
  { paths, state }: SessionView,
  points: readonly Point[],
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
  expect(of('iteration_ended').length).toBeLessThanOrEqual(AGENTS + points.length);
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
