import type { Gate } from '../../phases/table.ts';
import { requireIdentity } from '../../project/git/repository.ts';
import type { CallSettings } from '../../project/settings/settings.ts';
import { readOverview } from '../../session/documents/overview.ts';
import type { HandedOver } from '../../session/events/session-file.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import { readSession } from '../../session/status.ts';
import { afterCommand } from '../acting/after-command.ts';
import type { ActionContext } from '../acting/context.ts';
import { refuseFromInside } from '../acting/refuse-from-inside.ts';
import { findProjectFor } from '../places/find-project-for.ts';
import type { SessionsPlace } from '../places/sessions-places.ts';
import { requireTrust } from '../places/trust-project.ts';
import { branchOfAdopted, requireAdoptable } from './adoptable.ts';
import { type Begun, beginSession } from './begin-session.ts';
import { newSession } from './new-session.ts';
import type { SessionChoices } from './start-input.ts';

interface FoundSession {
  view: SessionView;
  place: SessionsPlace;
}

export interface Adoption extends FoundSession {
  /** For the next child. */
  note?: string | undefined;
  /** New work, for one that is done; the task, for one without an overview. */
  goal?: string | undefined;
  /** Settings that the call names. */
  call?: CallSettings | undefined;
  /** The gate that a person decides at with the same act. */
  gate?: Gate | undefined;
  /** Where it continues, and the plan that is approved with the same act; else where its files say. */
  handedOver?: HandedOver | undefined;
  /** The group that the start names. */
  group?: string | undefined;
  /** What a start chooses beside. */
  choices?: Omit<SessionChoices, 'folder' | 'branch'> | undefined;
  /** False: it is prepared, and no agent runs before it is resumed. */
  run?: boolean | undefined;
}

/**
 * Takes over a folder of the original tool: it gets a run folder and continues in the phase that its
 * overview names; behind a gate it first waits for a person. Its own files are not changed here.
 * @throws project_not_trusted; what `requireAdoptable`, `findProjectFor`, `requireIdentity`, `newSession` and `beginSession`
 * throw; the worker's refusal, pending
 */
export async function adoptSession(adoption: Adoption, context: ActionContext): Promise<Begun> {
  const { view, place, note, goal, call, gate, handedOver, group, choices, run = true } = adoption;
  const { paths, folder } = view;
  await refuseFromInside(context);
  const text = await requireAdoptable(view, goal);
  const project = await findProjectFor({ projectDir: place.filePath, call }, context);
  await requireTrust(project, context);
  await requireIdentity(project.mainRepo, { baseEnv: context.env });
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
