import { basename } from 'node:path';
import { followsPlan, PHASE_NAMES, type Phase } from '../../phases/table.ts';
import { realPathAsFar } from '../../project/git/real-path.ts';
import { refusedServers } from '../../session/commands/judge-gates.ts';
import { closedChannel } from '../../session/commands/judge-kind.ts';
import type { PlanVersion } from '../../session/events/bodies/positions.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import { nameOfNew } from '../../session/layout/names.ts';
import { gateOf } from '../../session/status.ts';
import type { ActionContext } from '../acting/context.ts';
import { earlyRefusal, gateChannelsOf } from '../acting/early-refusal.ts';
import { refuseFromInside } from '../acting/refuse-from-inside.ts';
import { START_ERRORS } from '../acting/start-errors.ts';
import { answerQa } from '../gates/answer-qa.ts';
import { approvePlan } from '../gates/approve-plan.ts';
import { newestPlan, readPlanFile } from '../gates/read-plan.ts';
import { readQaOf } from '../gates/read-qa.ts';
import { namedFolder } from '../places/find-project-for.ts';
import { findSessionAndPlace } from '../places/find-session.ts';
import { adoptSession } from './adopt-session.ts';
import type { Begun } from './begin-session.ts';
import type { FolderToContinue, StartSessionInput } from './start-choices.ts';
import { startSession } from './start-session.ts';

/**
 * Starts a session, or with `from` continues a folder that was prepared by hand.
 * @throws from_missing; what `startSession` and `continueFolder` throw
 */
export async function startOrContinue(input: StartSessionInput, context: ActionContext): Promise<Begun> {
  return await (isHandedOver(input) ? continueFolder : startSession)(input, context);
}

/** @throws from_missing when a phase or a plan is named and no folder */
function isHandedOver({ from, phase, approve }: Partial<FolderToContinue>): boolean {
  if (from?.trim()) return true;
  if (phase?.trim() || approve?.trim()) throw START_ERRORS.from_missing();
  return false;
}

/**
 * Continues a folder that was prepared by hand at the phase that is named: it becomes a session that waits at its gate,
 * and where GATE_CHANNELS allows it, the channel that calls confirms its answers or approves its plan there.
 * @throws from_excludes, run_already, bad_phase, not_in_sessions, not_the_plan; what `findSessionAndPlace` and
 * `adoptSession` and `approvePlan` throw; channel_closed when the channel may approve no plan, servers_need_person, servers_unclear
 */
async function continueFolder(input: StartSessionInput, context: ActionContext): Promise<Begun> {
  await refuseFromInside(context);
  const { task, dive, name, branch, settings: call, run } = input;
  const given = Object.entries({ task, dive, name, branch }).filter(([, words]) => words?.trim());
  if (given.length > 0) throw START_ERRORS.from_excludes({ given: given.map(([key]) => key) });
  const found = await folderMeant(input, context);
  const { folder } = found.view;
  if (!found.view.isForeign) throw START_ERRORS.run_already({ session: folder });
  const { phase, plan } = await handedOverAt(input, found.view, context);
  const { base, autoApprove, acceptSuggestions, sandbox } = input;
  const group = input.group?.trim() ? nameOfNew('group', input.group) : undefined;
  const choices = { base: base?.trim() || undefined, autoApprove, acceptSuggestions, sandbox };
  const { questions } = await readQaOf(found.view);
  const adoption = { ...found, phase, group, choices, call, run, approvesPlan: plan !== undefined };
  const begun = await adoptSession(adoption, context);
  const question = { session: folder, projectDir: found.place.filePath };
  if (plan) return { ...begun, view: (await approvePlan({ ...question, hash: plan.hash }, context)).view };
  const isAnswered = phase !== undefined && questions.every(({ answer }) => answer !== undefined);
  const isOpen = !closedChannel(context.by, gateChannelsOf(begun.view));
  if (!isAnswered || !isOpen || gateOf(begun.view)?.for !== 'qa_answers') return begun;
  // Whoever continues behind the answers has seen them.
  const all = { answers: [], acceptSuggestions: true, confirmTyped: true };
  return { ...begun, view: (await answerQa({ ...question, ...all }, context)).view };
}

async function folderMeant({ from = '', projectDir }: StartSessionInput, context: ActionContext) {
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

async function handedOverAt(
  input: StartSessionInput,
  view: SessionView,
  context: ActionContext,
): Promise<{ phase?: Phase; plan?: PlanVersion }> {
  const approve = input.approve?.trim();
  const written = input.phase?.trim().toLowerCase() || (approve && 'implementation');
  if (!written) return {};
  const allowed = PHASE_NAMES.filter((phase) => !NEVER.has(phase) && (!approve || followsPlan(phase)));
  const phase = allowed.find((one) => one === written);
  if (phase === undefined) throw START_ERRORS.bad_phase({ given: written, allowed });
  return approve ? { phase, plan: await planNamed(approve, view, context) } : { phase };
}

/** A worker prepares it whatever is named, and what is done is given new work. */
const NEVER: ReadonlySet<Phase> = new Set(['init', 'done']);

/** The plan with the requirements that its approval covers, as they are now: what changes before a worker reads them is not approved. */
async function planNamed(named: string, view: SessionView, { by }: Pick<ActionContext, 'by'>) {
  const { paths } = view;
  const newest = newestPlan(paths, []);
  const name = basename(named);
  const plan = name === newest ? await readPlanFile(paths, name) : undefined;
  if (plan?.kind !== 'plan') throw START_ERRORS.not_the_plan({ named, newest });
  const unaccepted = refusedServers(by, { name, text: plan.text }, gateChannelsOf(view));
  if (unaccepted) throw earlyRefusal(unaccepted, view);
  return { name, hash: plan.hash };
}
