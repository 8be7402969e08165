import { requireBranchName } from '../../project/git/branch-name.ts';
import { groupName } from '../../session/layout/names.ts';
import type { ActionContext } from '../acting/context.ts';
import { refuseFromInside } from '../acting/refuse-from-inside.ts';
import { START_ERRORS } from '../acting/start-errors.ts';
import { freeFolder } from '../places/free-folder.ts';
import { readyProject } from '../preconditions/ready-project.ts';
import { requireText } from '../preconditions/require-text.ts';
import { type Begun, beginSession } from './begin-session.ts';
import { continueFolder, isHandedOver } from './continue-folder.ts';
import { newSession } from './new-session.ts';
import type { StartSessionInput } from './start-choices.ts';

/**
 * Starts a session: everything is checked first, then its run folder appears at once with its identity
 * and its first command, and a worker is launched, which makes the rest. One `from` a folder that was prepared by hand
 * continues there.
 * @throws nothing_to_do, bad_branch_name, bad_group_name, and what `readyProject`, `freeFolder`, `newSession` and `beginSession` throw
 */
export async function startSession(input: StartSessionInput, context: ActionContext): Promise<Begun> {
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
    const wish = { ...choices, task, dive, group, run };
    // Another start took the name in between: a made one gets the next number, a given one is refused.
    const begun = await beginSession(await newSession(project, wish, context), context);
    if (begun !== undefined) return begun;
  }
}
