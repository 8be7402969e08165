import { requireBranchName } from '../../project/git/branch-name.ts';
import { NOT_IN_LOGIN_SHELL } from '../../session/events/notice-codes.ts';
import type { SessionFile } from '../../session/events/session-file.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import { groupName } from '../../session/layout/names.ts';
import { ACTION_ERRORS } from '../acting/action-errors.ts';
import { type AfterCommand, afterStart } from '../acting/after-command.ts';
import type { ActionContext } from '../acting/context.ts';
import { refuseFromInside } from '../acting/refuse-from-inside.ts';
import { START_ERRORS } from '../acting/start-errors.ts';
import { freeFolder } from '../places/free-folder.ts';
import { readyProject } from '../preconditions/ready-project.ts';
import { requireText } from '../preconditions/require-text.ts';
import { refuseWhatCannotRun } from '../preconditions/what-cannot-run.ts';
import { continueFolder, isHandedOver } from './continue-folder.ts';
import { makeRunFolder, removeUntakenFolder } from './make-run-folder.ts';
import { type NewSession, newSession } from './new-session.ts';
import type { StartSessionInput } from './start-input.ts';

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
