import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ifExists } from '../../base/errors.ts';
import { stampsAt } from '../../base/files/stamps.ts';
import type { Project } from '../../project/finding/open-project.ts';
import { requireBranchName } from '../../project/git/branch-name.ts';
import { requireIdentity } from '../../project/git/repository.ts';
import type { CallSettings } from '../../project/settings/settings.ts';
import { requireBase } from '../../project/worktrees/base-commit.ts';
import { NOT_IN_LOGIN_SHELL } from '../../session/events/notice-codes.ts';
import type { SessionFile } from '../../session/events/session-file.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import { groupName, nameWithoutDate, normaliseName, sessionSlug } from '../../session/layout/names.ts';
import { sessionFolders } from '../../session/session-list.ts';
import { ACTION_ERRORS } from '../acting/action-errors.ts';
import { type AfterCommand, afterStart } from '../acting/after-command.ts';
import type { ActionContext } from '../acting/context.ts';
import { refuseFromInside } from '../acting/refuse-from-inside.ts';
import { START_ERRORS } from '../acting/start-errors.ts';
import { findProjectFor } from '../places/find-project-for.ts';
import { requireTrust } from '../places/trust-project.ts';
import { requireText } from '../preconditions/require-text.ts';
import { refuseImpossibleCommands, refuseWhatCannotRun } from '../preconditions/what-cannot-run.ts';
import { continueFolder, type FolderToContinue, isHandedOver } from './continue-folder.ts';
import { makeRunFolder, removeUntakenFolder } from './make-run-folder.ts';
import { type NewSession, newSession } from './new-session.ts';

export interface StartSessionInput extends Partial<FolderToContinue> {
  /** What is to be done, in the person's own words. */
  task?: string | undefined;
  /** A topic to research; beside a task or instead of one. */
  dive?: string | undefined;
  /** Without one, the words of the task make a name. */
  name?: string | undefined;
  projectDir?: string | undefined;
  /** Sessions of one name are listed, waited for and stopped together. */
  group?: string | undefined;
  /** Settings for this session alone. */
  settings?: CallSettings | undefined;
  /** The whole branch name. */
  branch?: string | undefined;
  /** A branch, tag or commit to begin at. */
  base?: string | undefined;
  autoApprove?: boolean | undefined;
  acceptSuggestions?: boolean | undefined;
  /** `guard`, `auto` or `off`; less than the project has is a person's choice alone. */
  sandbox?: string | undefined;
  /** False: everything is prepared and nothing runs until it is resumed. */
  run?: boolean | undefined;
}

export interface StartSessionResult {
  view: SessionView;
  file: SessionFile;
  /** About settings that have no effect or another one than it seems. */
  warnings: string[];
}

/**
 * Starts a session: everything is checked first, then its run folder appears at once with its identity
 * and its first command, and a worker is launched, which makes the rest. One `from` a folder that was prepared by hand
 * continues there.
 * @throws nothing_to_do, bad_branch_name, bad_group_name, root_refused, worker_not_launched, worker_not_started, and what `readyProject`,
 * `freeFolder` and `newSession` throw: nothing is left behind. `pending`: the session exists, and its worker is slow
 */
export async function startSession(
  input: StartSessionInput,
  context: ActionContext,
): Promise<StartSessionResult> {
  await refuseFromInside(context);
  const group = input.group?.trim() ? groupName(input.group) : undefined;
  if (isHandedOver(input)) return await continueFolder({ ...input, group }, context);
  const task = input.task?.trim() ? requireText(input.task, 'task') : undefined;
  const dive = input.dive?.trim() ? requireText(input.dive, 'dive') : undefined;
  const words = task ?? dive;
  if (words === undefined) throw START_ERRORS.nothing_to_do();
  const branch = input.branch?.trim() ? requireBranchName(input.branch) : undefined;
  const base = input.base?.trim() || undefined;
  const { projectDir, settings: call, name, run = true } = input;
  const project = await readyProject({ projectDir, call, base }, context);
  for (;;) {
    const folder = await freeFolder(project.values, { name, words }, context);
    const { autoApprove, acceptSuggestions, sandbox } = input;
    const choices = { folder, branch, base, autoApprove, acceptSuggestions, sandbox };
    const made = await newSession(project, { ...choices, task, dive, group, adopted: false, run }, context);
    refuseWhatCannotRun(made.file.settings, context);
    // Another start took the name in between: a made one gets the next number, a given one is refused.
    if (!(await makeRunFolder(made.paths, made.file, made.start))) continue;
    const { view, events } = await startWorker(made, context);
    const notices = events.flatMap((event) =>
      event.type === 'notice' && event.code === NOT_IN_LOGIN_SHELL ? [event.text] : [],
    );
    const warnings = [
      ...(made.warning === undefined ? [] : [made.warning]),
      ...project.warnings.map(({ text }) => text),
      ...notices,
    ];
    return { view, file: made.file, warnings };
  }
}

const PREPARED = ['prepared', 'blocked'] as const;
const AT_REST = ['stopped', 'blocked'] as const;

async function startWorker({ paths, start }: NewSession, context: ActionContext): Promise<AfterCommand> {
  try {
    return await afterStart(paths, start, start.run ? PREPARED : AT_REST, context);
  } catch (error) {
    if (!(await removeUntakenFolder(paths, context))) throw error;
    throw ACTION_ERRORS.pending.is(error)
      ? START_ERRORS.worker_not_started({ program: context.programs.worker })
      : error;
  }
}

/**
 * The folder name of a new session: with the name that was given, or with one that its words make.
 * @throws bad_session_name, session_exists, worktree_stands
 */
async function freeFolder(
  { sessions, worktrees }: Project['values'],
  { name = '', words }: { name?: string | undefined; words: string },
  { clock }: ActionContext,
): Promise<string> {
  const given = name.trim() ? normaliseName(name) : undefined;
  const made = sessionSlug(words);
  const folders = await sessionFolders(sessions);
  const date = stampsAt(clock.now()).folderDate;
  const sameName = (wanted: string) =>
    folders.findLast((folder) => folder === wanted || nameWithoutDate(folder) === wanted);
  if (given !== undefined) {
    const existing = sameName(given);
    if (existing !== undefined) throw START_ERRORS.session_exists({ session: existing });
    const worktree = join(worktrees, `${date}-${given}`);
    if (await isOccupied(worktree)) throw START_ERRORS.worktree_stands({ folder: worktree });
    return `${date}-${given}`;
  }
  for (let number = 1; ; number += 1) {
    const free = number === 1 ? made : `${made}-${number}`;
    if (sameName(free) === undefined && !(await isOccupied(join(worktrees, `${date}-${free}`))))
      return `${date}-${free}`;
  }
}

/** A worktree that a session of another SESSIONS folder may work in: a second one would take its files and checkpoints. */
async function isOccupied(folder: string): Promise<boolean> {
  const names = await ifExists(readdir(folder));
  return names !== undefined && names.length > 0;
}

/**
 * The project of a new session, found able to begin one.
 * @throws project_not_found, project_not_trusted, command_not_found, base_not_found; the errors of settings and
 * repositories
 */
async function readyProject(
  { projectDir, call, base }: { projectDir?: string; call?: CallSettings; base?: string },
  context: ActionContext,
): Promise<Project> {
  const project = await findProjectFor({ projectDir, call }, context);
  const { mainRepo } = project;
  await requireTrust(project, context);
  await refuseImpossibleCommands(project, context);
  await requireIdentity(mainRepo, { baseEnv: context.env });
  if (base !== undefined) await requireBase({ mainRepo, base, baseEnv: context.env });
  return project;
}
