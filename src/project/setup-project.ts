import { mkdir, realpath, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { createWhole } from '../base/atomic-file.ts';
import type { Clock } from '../base/clock.ts';
import { ifExists } from '../base/errors.ts';
import { excludeFolders } from './exclude.ts';
import { findProject, ProjectNotFoundError, SAMOCODE_FILE } from './find-project.ts';
import { initRepository } from './init-repository.ts';
import { rememberProject } from './known-projects.ts';
import { openProject, type Project, readSettingTexts } from './open-project.ts';
import { readSettings } from './read-settings.ts';
import { pathInside } from './real-path.ts';
import { type GitContext, NoIdentityError, requireIdentity, requireRepository } from './repository.ts';
import { samocodeLine } from './samocode-file.ts';
import { UndoList } from './undo-list.ts';

export interface ProjectSetup {
  /** The repository; relative paths and `~` are resolved by the caller. */
  mainRepo: string;
  /** Absolute; inside the repository's `_samocode/` unless told. */
  sessions?: string;
  worktrees?: string;
  /** Further lines of a new `.samocode`, by key. */
  lines?: Readonly<Record<string, string>>;
  /** The person agreed to the folder, `git init` and a first commit where they are missing. */
  initRepository?: boolean;
  env: Readonly<Record<string, string | undefined>>;
  homeDir: string;
  clock: Clock;
  signal?: AbortSignal;
}

export interface ProjectSetupReport {
  kind: 'made' | 'checked';
  project: Project;
  /** What was changed, a sentence each; empty when all was in order. */
  done: readonly string[];
  warnings: readonly string[];
}

/**
 * Checks a project's `.samocode`, or makes it, with its folders and excludes. An existing file is never
 * changed. When something fails, what was made before is taken back.
 * @throws what openProject throws, NoIdentityError, TooMuchForFirstCommitError, GitError
 */
export async function setupProject(setup: ProjectSetup): Promise<ProjectSetupReport> {
  const undo = new UndoList();
  try {
    return await setUp(setup, undo);
  } catch (error) {
    await undo.run();
    throw error;
  }
}

async function setUp(setup: ProjectSetup, undo: UndoList): Promise<ProjectSetupReport> {
  const { env, homeDir, clock, signal } = setup;
  const context: GitContext = { baseEnv: env, ...(signal ? { signal } : {}) };
  const done: string[] = [];
  if (setup.initRepository)
    done.push(...(await initRepository(setup.mainRepo, { homeDir, undo, ...context })));
  const { toplevel } = await requireRepository(setup.mainRepo, context);
  const existing = await projectAt(toplevel, homeDir);
  const filePath = existing ?? join(toplevel, SAMOCODE_FILE);
  const folders = existing ? await foldersOf(existing, setup) : foldersWanted(toplevel, setup);
  for (const folder of folders) if (await makeFolder(folder, undo)) done.push(`Made the folder ${folder}.`);
  if (!existing) {
    await writeFile(filePath, toplevel, folders, setup, undo);
    done.push(`Wrote ${filePath}.`);
  }
  const project = await openProject({ filePath, env, homeDir, ...(signal ? { signal } : {}) });
  const { sessions, worktrees } = project.values;
  const exclude = await excludeFolders(project.mainRepo, [worktrees, sessions], context);
  undo.push(exclude.undo);
  if (exclude.added.length > 0) done.push(`Added ${exclude.added.join(' and ')} to ${exclude.excludePath}.`);
  await rememberProject({ filePath, mainRepo: project.mainRepo, sessions }, { homeDir, clock });
  const warnings = [
    ...project.warnings.map(({ path, text }) => `${path}: ${text}`),
    ...exclude.tracked.map((folder) => `${folder} holds committed files, which stay in git status.`),
    ...(existing ? keptInstead(setup, { sessions, worktrees }) : []),
    ...(await missingIdentity(project.mainRepo, context)),
  ];
  return { kind: existing ? 'checked' : 'made', project, done, warnings };
}

async function projectAt(toplevel: string, homeDir: string): Promise<string | undefined> {
  try {
    return await findProject({ from: toplevel, homeDir });
  } catch (error) {
    if (error instanceof ProjectNotFoundError) return undefined;
    throw error;
  }
}

/**
 * One folder inside the repository holds both: a person finds it, children that are confined to one root
 * reach it, and it is gone with the project. No leading dot, because people read their sessions; the
 * underscore sorts it before the code, and `.samocode` is the file's name already.
 */
function foldersWanted(toplevel: string, { sessions, worktrees }: ProjectSetup): [string, string] {
  return [
    resolve(worktrees ?? join(toplevel, '_samocode/worktrees')),
    resolve(sessions ?? join(toplevel, '_samocode/sessions')),
  ];
}

async function foldersOf(filePath: string, { env, homeDir }: ProjectSetup): Promise<string[]> {
  const { readings } = readSettings(await readSettingTexts({ filePath, env, homeDir }));
  return readings.flatMap(({ name, value }) =>
    (name === 'worktrees' || name === 'sessions') && typeof value === 'string' ? [value] : [],
  );
}

async function makeFolder(folder: string, undo: UndoList): Promise<boolean> {
  if (await ifExists(stat(folder))) return false;
  const first = await mkdir(folder, { recursive: true });
  if (!first) return false;
  // rmdir takes only empty folders, so nothing that somebody put there in the meantime is lost.
  undo.push(async () => {
    for (let path = folder; path.startsWith(first); path = dirname(path)) await rmdir(path);
  });
  return true;
}

async function writeFile(
  filePath: string,
  toplevel: string,
  [worktrees = '', sessions = '']: readonly string[],
  { lines = {}, homeDir }: ProjectSetup,
  undo: UndoList,
): Promise<void> {
  const home = await realpath(homeDir).catch(() => homeDir);
  const text = [
    '# What samocode needs to know about this project: KEY=VALUE lines, paths relative to this file.',
    '# A check must exit 0 before a session is done, for instance: CHECK=npm test',
    samocodeLine('MAIN_REPO', '.'),
    samocodeLine('WORKTREES', written(worktrees, toplevel, home)),
    samocodeLine('SESSIONS', written(sessions, toplevel, home)),
    ...Object.entries(lines).map(([key, value]) => samocodeLine(key, value)),
    '',
  ].join('\n');
  if (await createWhole(filePath, text)) undo.push(() => rm(filePath));
}

/** Relative inside the project, so that the file may be committed; `~` in the home folder, else absolute. */
function written(path: string, toplevel: string, home: string): string {
  const inside = pathInside(toplevel, path);
  if (inside !== undefined) return inside || '.';
  const atHome = pathInside(home, path);
  return atHome === undefined ? path : `~/${atHome}`;
}

function keptInstead(setup: ProjectSetup, has: { sessions: string; worktrees: string }): string[] {
  const keys = { sessions: 'SESSIONS', worktrees: 'WORKTREES' } as const;
  return (['sessions', 'worktrees'] as const).flatMap((name) => {
    const wanted = setup[name];
    return wanted === undefined || resolve(wanted) === has[name]
      ? []
      : [`The existing file was kept: ${keys[name]} is ${has[name]}.`];
  });
}

async function missingIdentity(mainRepo: string, context: GitContext): Promise<string[]> {
  try {
    await requireIdentity(mainRepo, context);
    return [];
  } catch (error) {
    if (error instanceof NoIdentityError) return [error.message];
    throw error;
  }
}
