import { basename } from 'node:path';
import type { ActionContext } from '../../caller/context/context.ts';
import { namedFolder } from '../../caller/context/find-project-for.ts';
import { findSessionAndPlace } from '../../caller/context/find-session.ts';
import { refuseFromInside } from '../../caller/context/refuse-from-inside.ts';
import { START_ERRORS } from '../../caller/errors/start-errors.ts';
import { PHASE_NAMES, type Phase } from '../../kernel/phases/table.ts';
import { realPathAsFar } from '../../project/git/real-path.ts';
import { normalizeNewName } from '../../session/layout/names.ts';
import { adoptSession } from './adopt-session.act.ts';
import type { Begun } from './begin-session.ts';
import type { FolderToContinue, StartSessionInput } from './start-choices.ts';
import { startSession } from './start-session.act.ts';

/**
 * Starts a session or, with `from`, continues a folder prepared by hand.
 * @throws from_missing; what `startSession` and `continueFolder` throw
 */
export async function startOrContinue(input: StartSessionInput, context: ActionContext): Promise<Begun> {
  return await (namesFolder(input) ? continueFolder : startSession)(input, context);
}

/** @throws from_missing if there is a phase but no folder */
function namesFolder({ from, phase }: Partial<FolderToContinue>): boolean {
  if (from?.trim()) return true;
  if (phase?.trim()) throw START_ERRORS.from_missing();
  return false;
}

/**
 * Continues a folder prepared by hand at the given phase: it becomes a session that waits at its gate.
 * @throws from_excludes, run_already, bad_phase, not_in_sessions; what `findSessionAndPlace` and `adoptSession` throw
 */
async function continueFolder(input: StartSessionInput, context: ActionContext): Promise<Begun> {
  await refuseFromInside(context);
  const {
    task,
    dive,
    plan,
    issue,
    name,
    branch,
    after,
    afterMerge: after_merge,
    at,
    settings: call,
    run,
  } = input;
  const given = Object.entries({ task, dive, plan, issue, name, branch, after, after_merge, at }).filter(
    ([, words]) => words?.trim(),
  );
  if (given.length > 0) throw START_ERRORS.from_excludes({ given: given.map(([key]) => key) });
  const found = await resolveFolder(input, context);
  const { folder } = found.view;
  if (!found.view.isForeign) throw START_ERRORS.run_already({ session: folder });
  const phase = phaseNamed(input.phase);
  const { base, autoApprove, acceptSuggestions, sandbox } = input;
  const group = input.group?.trim() ? normalizeNewName('group', input.group) : undefined;
  const choices = { base: base?.trim() || undefined, autoApprove, acceptSuggestions, sandbox };
  return await adoptSession({ ...found, phase, group, choices, call, run }, context);
}

async function resolveFolder({ from = '', projectDir }: StartSessionInput, context: ActionContext) {
  const words = from.trim();
  const found = await findSessionAndPlace(
    { session: basename(words), projectDir, isWholeName: true },
    context,
  );
  const { sessionDir, sessionsDir } = found.view.paths;
  if (!words.includes('/')) return found;
  const folder = namedFolder(words, context);
  if ((await realPathAsFar(folder)) !== (await realPathAsFar(sessionDir)))
    throw START_ERRORS.not_in_sessions({ folder, sessions: sessionsDir });
  return found;
}

/** @throws bad_phase */
function phaseNamed(given: string | undefined): Phase | undefined {
  const written = given?.trim().toLowerCase();
  if (!written) return undefined;
  const allowed = PHASE_NAMES.filter((phase) => !NOT_SELECTABLE.has(phase));
  const phase = allowed.find((one) => one === written);
  if (phase === undefined) throw START_ERRORS.bad_phase({ given: written, allowed });
  return phase;
}

/** The worker always runs `init` first, and a finished session continues with a new goal. */
const NOT_SELECTABLE: ReadonlySet<Phase> = new Set(['init', 'done']);
