import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setupProject } from '../../src/core/acts/set-up/setup-project.act.ts';
import type { ActionContext } from '../../src/core/caller/context/context.ts';
import { systemClock } from '../../src/core/kernel/clock.ts';
import { fingerprint } from '../../src/core/kernel/files/fingerprint.ts';
import { systemHost } from '../../src/core/kernel/processes/host.ts';
import type { Sandbox } from '../../src/core/kernel/sandbox-level.ts';
import { rememberProject } from '../../src/core/project/finding/known-projects.ts';
import { foldersOfPlace, placeOfRepository } from '../../src/core/project/finding/project-place.ts';
import { trustFile } from '../../src/core/project/finding/trust.ts';
import { samocodeLine } from '../../src/core/project/settings/samocode-file.ts';
import { isPlain, makeRepo, type RepoPlan, type TempRepo } from './temp-repo.ts';

export interface ProjectPlan extends RepoPlan {
  /** Lines of `.samocode` in addition to the folders. */
  lines?: Readonly<Record<string, string>>;
  /** Of the project; by default `off`, so that a test means the same with and without a sandbox on the machine. */
  sandbox?: Sandbox;
  /** Its places are those that a new project gets: a repository around it may track whatever lies inside. */
  inHome?: boolean;
  /** No `.samocode`, and no known project on this machine. */
  bare?: boolean;
  /** Added to the environment. */
  env?: Readonly<Record<string, string>>;
  /** Who acts there, if not a person at the command line; without programs, no worker ever starts. */
  acting?: Partial<Pick<ActionContext, 'clock' | 'by' | 'programs'>>;
}

/** A real project in a temporary folder whose agents are rehearsals, and the context for acts in it. */
export interface TempProject {
  repo: TempRepo;
  context: ActionContext;
  sessionsDir: string;
  worktreesDir: string;
}

/** Places inside of the repository, as earlier versions named them. */
export const INSIDE = { sessions: '_samocode/sessions', worktrees: '_samocode/worktrees' };

const NO_PROGRAMS = { worker: '/nowhere/worker.js', rehearsal: '/nowhere/rehearsal.js' };

/** The caller disposes of its repository. */
export async function makeProject(plan: ProjectPlan = {}): Promise<TempProject> {
  const { lines, sandbox = 'off', bare = false, inHome = false, env, acting, ...repoPlan } = plan;
  const made = await makeRepo(repoPlan);
  const repo = { ...made, env: { ...made.env, ...env } };
  const project = await projectOf(repo, acting);
  const wanted = { PROVIDER: 'rehearsal', SANDBOX: sandbox, ...lines };
  if (bare || inHome) {
    const { sessions, worktrees } = foldersOfPlace(await placeOfRepository(repo.path, repo.homeDir));
    if (inHome) await setupProject({ lines: wanted }, project.context);
    return { ...project, sessionsDir: sessions, worktreesDir: worktrees };
  }
  if (isPlain(repoPlan)) await writeProject(project, wanted);
  else {
    const { sessionsDir: sessions, worktreesDir: worktrees, context } = project;
    await setupProject({ sessions, worktrees, lines: wanted }, { ...context, by: { channel: 'cli' } });
  }
  return project;
}

/**
 * Has the effect of `setupProject` in a plain repository, whose person has excluded the places: hundreds of sessions start in one, and known facts need not
 * be queried from git each time.
 */
export async function writeProject(
  { repo: { path, homeDir }, sessionsDir, worktreesDir }: TempProject,
  lines: Readonly<Record<string, string>>,
): Promise<void> {
  const filePath = join(path, '.samocode');
  const remembered = { homeDir, clock: systemClock };
  const text = [
    '# Settings of samocode for this project: KEY=VALUE lines, paths relative to this file.',
    '# A check must exit 0 before a session is done, for example: CHECK=npm test',
    'WORKTREES=_samocode/worktrees',
    'SESSIONS=_samocode/sessions',
    'MAIN_REPO=.',
    ...Object.entries(lines).map(([key, value]) => samocodeLine(key, value)),
    '',
  ].join('\n');
  await writeFile(filePath, text);
  await mkdir(worktreesDir, { recursive: true });
  await mkdir(sessionsDir, { mode: 0o700, recursive: true });
  await appendFile(join(path, '.git/info/exclude'), '/_samocode/worktrees/\n/_samocode/sessions/\n');
  await rememberProject({ filePath, mainRepo: path, sessions: sessionsDir }, remembered);
  await trustFile(filePath, fingerprint(text), remembered);
}

/** Trusts the current file, as a person does who adds lines to `.samocode`, or has changed it otherwise. */
export async function trustLines(
  { path, homeDir }: Pick<TempRepo, 'path' | 'homeDir'>,
  lines = '',
): Promise<void> {
  const file = join(path, '.samocode');
  await appendFile(file, lines);
  await trustFile(file, fingerprint(await readFile(file, 'utf8')), { homeDir, clock: systemClock });
}

/** For a project that a tested program has created. */
export async function sandboxOff(repo: Pick<TempRepo, 'path' | 'homeDir'>): Promise<void> {
  await trustLines(repo, 'SANDBOX=off\n');
}

/** The project of a repository that was set up before. */
export async function projectOf(repo: TempRepo, acting: ProjectPlan['acting'] = {}): Promise<TempProject> {
  const context: ActionContext = {
    clock: systemClock,
    host: await systemHost(),
    env: repo.env,
    home: repo.homeDir,
    cwd: repo.path,
    by: { channel: 'cli' },
    programs: NO_PROGRAMS,
    ...acting,
  };
  return {
    repo,
    context,
    sessionsDir: join(repo.path, '_samocode/sessions'),
    worktreesDir: join(repo.path, '_samocode/worktrees'),
  };
}
