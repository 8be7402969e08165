import type { Gate } from '../../phases/table.ts';
import { readOverview } from '../../session/documents/overview.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import { readSession } from '../../session/status.ts';
import { afterCommand } from '../acting/after-command.ts';
import type { ActionContext } from '../acting/context.ts';
import { refuseFromInside } from '../acting/refuse-from-inside.ts';
import type { ProjectQuestion } from '../places/find-project-for.ts';
import type { FoundSession } from '../places/find-session.ts';
import { readyProject } from '../preconditions/ready-project.ts';
import { branchOfAdopted, requireAdoptable } from './adoptable.ts';
import { type Begun, beginSession } from './begin-session.ts';
import { newSession, type SessionWish } from './new-session.ts';

/**
 * `goal`: new work, for one that is done; the task, for one without an overview. `gate`: the one that a person decides at with
 * the same act. `handedOver`: where it continues, and the plan that is approved with the same act; else where its files say.
 */
export interface Adoption
  extends FoundSession,
    Pick<ProjectQuestion, 'call'>,
    Partial<Pick<SessionWish, 'goal' | 'gate' | 'handedOver' | 'group' | 'run'>> {
  /** For the next child. */
  note?: string | undefined;
  /** What a start chooses beside. */
  choices?: Pick<SessionWish, 'base' | 'autoApprove' | 'acceptSuggestions' | 'sandbox'> | undefined;
}

/**
 * Takes over a folder of the original tool: it gets a run folder and continues in the phase that its
 * overview names; behind a gate it first waits for a person. Its own files are not changed here.
 * @throws what `requireAdoptable`, `readyProject`, `newSession` and `beginSession` throw; the worker's refusal, pending
 */
export async function adoptSession(adoption: Adoption, context: ActionContext): Promise<Begun> {
  const { view, place, note, goal, call, gate, handedOver, group, choices, run = true } = adoption;
  const { paths, folder } = view;
  await refuseFromInside(context);
  const text = await requireAdoptable(view, goal);
  const project = await readyProject({ projectDir: place.filePath, call, base: choices?.base }, context);
  const branch = await branchOfAdopted(project, { folder, overview: text ?? '' }, context);
  const words =
    text === undefined ? { task: goal } : { task: readOverview(text).task.trim() || folder, goal };
  // The gate that a person is just deciding at is one of the session, whatever GATES says.
  const wish = { ...choices, folder, branch, ...words, adopted: true, handedOver, group, run, gate };
  const made = await newSession(project, wish, context);
  // Another adoption may have come first: then its run folder counts, and its worker decides.
  const begun = (await beginSession(made, context)) ?? {
    ...(await afterCommand(view, { kind: 'start', run }, ['prepared', 'blocked'], context)),
    file: made.file,
    warnings: made.warnings,
  };
  if (note !== undefined)
    await afterCommand(begun.view, { kind: 'message', text: note }, ['message_kept'], context);
  const now = (await readSession(paths, context.host)) ?? begun.view;
  return { view: now, file: now.sessionFile ?? begun.file, warnings: begun.warnings };
}

/** The session of a call that acts at a gate: a folder without machine state is taken over first, and waits there. */
export async function takenOver(
  found: FoundSession,
  gate: Gate,
  context: ActionContext,
): Promise<SessionView> {
  return found.view.isForeign ? (await adoptSession({ ...found, gate }, context)).view : found.view;
}
