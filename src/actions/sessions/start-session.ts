import { requireBranchName } from '../../project/git/branch-name.ts';
import type { CallSettings } from '../../project/settings/settings.ts';
import { NOT_IN_LOGIN_SHELL } from '../../session/events/notice-codes.ts';
import type { SessionFile } from '../../session/events/session-file.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import { ACTION_ERRORS } from '../acting/action-errors.ts';
import { type AfterCommand, afterStart } from '../acting/after-command.ts';
import type { ActionContext } from '../acting/context.ts';
import { refuseFromInside } from '../acting/refuse-from-inside.ts';
import { START_ERRORS } from '../acting/start-errors.ts';
import { requireText } from '../preconditions/require-text.ts';
import { refuseWhatCannotRun } from '../preconditions/what-cannot-run.ts';
import { freeFolder } from './free-folder.ts';
import { makeRunFolder, removeUntakenFolder } from './make-run-folder.ts';
import { type NewSession, newSession } from './new-session.ts';
import { readyProject } from './ready-project.ts';

export interface StartSessionInput {
  /** What is to be done, in the person's own words. */
  task?: string | undefined;
  /** A topic to research; beside a task or instead of one. */
  dive?: string | undefined;
  /** Without one, the words of the task make a name. */
  name?: string | undefined;
  projectDir?: string | undefined;
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
 * and its first command, and a worker is launched, which makes the rest.
 * @throws nothing_to_do, bad_branch_name, root_refused, worker_not_launched, worker_not_started, and what `readyProject`,
 * `freeFolder` and `newSession` throw: nothing is left behind. `pending`: the session exists, and its worker is slow
 */
export async function startSession(
  input: StartSessionInput,
  context: ActionContext,
): Promise<StartSessionResult> {
  await refuseFromInside(context);
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
    const made = await newSession(project, { ...choices, task, dive, adopted: false, run }, context);
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
