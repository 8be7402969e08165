import { readFile, realpath, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Clock } from '../../kernel/clock.ts';
import { writeWhole } from '../../kernel/files/atomic-file.ts';
import { fingerprint } from '../../kernel/files/fingerprint.ts';
import { makeFolder } from '../../kernel/files/make-folder.ts';
import { cut } from '../../kernel/text.ts';
import { REPOSITORY_ERRORS } from '../git/git-errors.ts';
import { pathInside } from '../git/real-path.ts';
import { type GitContext, requireIdentity, requireRepository } from '../git/repository.ts';
import { readSettings, type SettingTexts } from '../settings/read-settings.ts';
import { resolveSettings } from '../settings/resolve-settings.ts';
import { parseSamocodeFile, samocodeLine } from '../settings/samocode-file.ts';
import { mistakeInProject } from '../settings/setting-warnings.ts';
import { initRepository } from '../worktrees/init-repository.ts';
import { findProject, SAMOCODE_FILE } from './find-project.ts';
import { rememberProject } from './known-projects.ts';
import { homeProblems, openProject, type Project, readSettingTexts } from './open-project.ts';
import { requireOwnPlaces } from './own-places.ts';
import { PROJECT_ERRORS } from './project-errors.ts';
import { makePlace } from './project-place.ts';
import { proposedCommands } from './proposed-commands.ts';
import { requirePlaces } from './trust.ts';

export interface ProjectSetup {
  /** The repository; relative paths and `~` are resolved by the caller. */
  mainRepo: string;
  /** Absolute; by default at the place of the project, outside of the repository. */
  sessions?: string;
  worktrees?: string;
  /** More lines for a new `.samocode`, by key. */
  lines?: Readonly<Record<string, string>>;
  /** The user agreed to create the folder, run `git init` and make a first commit if missing. */
  initRepository?: boolean;
  env: Readonly<Record<string, string | undefined>>;
  homeDir: string;
  clock: Clock;
  signal?: AbortSignal;
}

export type ProjectSetupReport = ProjectFacts &
  (
    | { kind: 'checked' }
    /** `writtenHash`: SHA-256 of the bytes we wrote; the file may have changed since. */
    | { kind: 'made'; writtenHash: string }
  );

interface ProjectFacts {
  project: Project;
  /** One sentence per change; empty when everything was in order. */
  done: readonly string[];
  warnings: readonly string[];
}

/**
 * Checks a project's `.samocode`, or creates it with its folders. Never changes an existing file. After a
 * failure, a new file is removed, so that the call can be repeated with other lines.
 */
export async function makeProject(setup: ProjectSetup): Promise<ProjectSetupReport> {
  const { env, homeDir, signal } = setup;
  const context: GitContext = { baseEnv: env, signal };
  requireLines(setup);
  const done = setup.initRepository ? await initRepository(setup.mainRepo, { homeDir, ...context }) : [];
  const { toplevel } = await requireRepository(setup.mainRepo, { ...context, homeDir });
  const { filePath, text } = await ensureFile(toplevel, setup);
  if (text === undefined) return { kind: 'checked', ...(await setUp(setup, { filePath, done, context })) };
  done.push(`Wrote ${filePath}.`);
  try {
    const facts = await setUp(setup, { filePath, done, isNew: true, context });
    return { kind: 'made', ...facts, writtenHash: fingerprint(text) };
  } catch (error) {
    // The user may have edited it in the meantime.
    if ((await readFile(filePath, 'utf8').catch(() => '')) === text) await rm(filePath, { force: true });
    throw error;
  }
}

/** A misspelt line is refused before anything is written, although a file may have it. */
function requireLines({ lines = {}, homeDir }: ProjectSetup): void {
  const mistake = Object.keys(lines).flatMap((key) => mistakeInProject(key) ?? [])[0];
  if (mistake !== undefined) throw PROJECT_ERRORS.line_without_effect({ mistake });
  const text = Object.entries(lines).map((line) => samocodeLine(...line));
  const projectFile = { path: 'the given lines', text: text.join('\n') };
  const { readings } = readSettings({ projectFile, env: {}, homeDir });
  const problem = [...readings.values()].find((reading) => reading.problem && reading.key in lines)?.problem;
  if (problem) throw problem;
}

async function setUp(
  setup: ProjectSetup,
  { filePath, done, isNew, context }: { filePath: string; done: string[]; isNew?: true; context: GitContext },
): Promise<ProjectFacts> {
  const { env, homeDir, clock, signal } = setup;
  const texts = await readSettingTexts({ filePath, env, homeDir });
  const settings = resolveSettings(texts);
  const { sessions, worktrees } = settings.values;
  const fileHash = fingerprint(texts.projectFile?.text ?? '');
  const [wrongHome] = Object.values(await homeProblems(settings.readings, setup));
  if (wrongHome !== undefined) throw wrongHome;
  if (!isNew) await requirePlaces({ ...settings, filePath, fileHash }, homeDir);
  await requireOwnPlaces({ mainRepo: settings.values.mainRepo, worktrees, sessions }, context);
  const made =
    texts.place && texts.place.movedFrom === undefined ? await makePlace(texts.place, homeDir, context) : [];
  if (makeFolder(worktrees)) made.push(worktrees);
  // It has what agents print; the folders above it may have other users.
  makeFolder(dirname(sessions));
  if (makeFolder(sessions, 0o700)) made.push(sessions);
  done.push(...made.map((folder) => `Created the folder ${folder}.`));
  const project = await openProject({ filePath, env, homeDir, signal });
  await rememberProject({ filePath, mainRepo: project.mainRepo, sessions }, { homeDir, clock });
  const noCheck = await missingCheck(project);
  const warnings = [
    ...project.warnings.map(({ path, text }) => `${path}: ${text}`),
    ...(isNew ? seenByGit(project.mainRepo, [worktrees, sessions]) : keptInstead(setup, texts)),
    ...(setup.lines?.CHECK === undefined && noCheck ? [`${noCheck.found} ${noCheck.fix}`] : []),
    ...(await missingIdentity(project.mainRepo, context)),
  ];
  return { project, done, warnings };
}

/** `text`: the written text; absent if a file existed or another process created it first. */
async function ensureFile(
  toplevel: string,
  setup: ProjectSetup,
): Promise<{ filePath: string; text?: string }> {
  const search = { from: toplevel, homeDir: setup.homeDir };
  const existing = await findProject(search);
  if (typeof existing === 'string') return { filePath: existing };
  const filePath = join(toplevel, SAMOCODE_FILE);
  const text = await fileText(toplevel, setup);
  if (await writeWhole(filePath, text, { exclusive: true })) return { filePath, text };
  const rivals = await findProject(search);
  if (typeof rivals !== 'string') throw PROJECT_ERRORS.file_in_the_way({ path: filePath });
  return { filePath: rivals };
}

async function fileText(toplevel: string, setup: ProjectSetup): Promise<string> {
  const { lines = {}, homeDir } = setup;
  const home = await realpath(homeDir).catch(() => homeDir);
  const named = Object.entries({ WORKTREES: setup.worktrees, SESSIONS: setup.sessions });
  return [
    '# Settings of samocode for this project: KEY=VALUE lines, paths relative to this file.',
    '# A check must exit 0 before a session is done, for example: CHECK=npm test',
    ...named.flatMap(([key, path]) =>
      path === undefined ? [] : [samocodeLine(key, written(resolve(path), toplevel, home))],
    ),
    ...Object.entries(lines).map(([key, value]) => samocodeLine(key, value)),
    '',
  ].join('\n');
}

/** Relative inside the project, so that the file can be committed; `~` in the home folder, otherwise absolute. */
function written(path: string, toplevel: string, home: string): string {
  const inside = pathInside(toplevel, path);
  if (inside !== undefined) return inside || '.';
  const atHome = pathInside(home, path);
  return atHome === undefined ? path : `~/${atHome}`;
}

/** A place that a person has named in the repository is shown by `git status`, and removed by `git clean`. */
function seenByGit(mainRepo: string, places: readonly string[]): string[] {
  const inside = places.flatMap((place) => pathInside(mainRepo, place) || []);
  if (inside.length === 0) return [];
  return [
    `Add ${inside.map((way) => `/${way}/`).join(' and ')} to .gitignore, so that no git command touches what is there.`,
  ];
}

/** The requested lines that the existing file lacks, for the user to add. */
function keptInstead(setup: ProjectSetup, texts: SettingTexts): string[] {
  const { readings } = readSettings(texts);
  const { entries } = parseSamocodeFile(texts.projectFile?.text ?? '');
  const folders = { SESSIONS: setup.sessions, WORKTREES: setup.worktrees };
  return Object.entries({ ...folders, ...setup.lines }).flatMap(([key, wanted = '']) => {
    const isThere =
      [wanted, resolve(wanted)].includes(String(readings.get(key)?.value)) ||
      entries.some((entry) => entry.key === key && entry.value === wanted);
    if (wanted === '' || isThere) return [];
    return [
      `The existing file was kept: write ${cut(samocodeLine(key, wanted), MAX_SHOWN_CHARS)} into it yourself.`,
    ];
  });
}

/** Callers can pass a value of any length. */
const MAX_SHOWN_CHARS = 300;

/**
 * Explains a missing CHECK, with the lines to add. A model may pass them on; they run only once a person has put
 * them into the file.
 */
export async function missingCheck({
  mainRepo,
  values,
}: Project): Promise<{ found: string; fix: string } | undefined> {
  if (values.checks.length > 0) return undefined;
  const proposed = await proposedCommands(mainRepo);
  const { check = 'npm test', setup, from } = proposed ?? {};
  const lines = [
    ...(setup === undefined ? [] : [samocodeLine('SETUP', setup)]),
    samocodeLine('CHECK', check),
  ];
  const how = from === undefined ? `for example ${lines.join()}` : `${from} suggests ${lines.join(' and ')}`;
  return {
    found: "This project has no CHECK: only each plan's own checks show that the work is done.",
    fix: `Add one to .samocode; ${how}.`,
  };
}

async function missingIdentity(mainRepo: string, context: GitContext): Promise<string[]> {
  try {
    await requireIdentity(mainRepo, context);
    return [];
  } catch (error) {
    if (REPOSITORY_ERRORS.no_git_identity.is(error)) return [error.message];
    throw error;
  }
}
