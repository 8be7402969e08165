import { judgeKind } from '../../session/commands/judge-kind.ts';
import { judgeResume } from '../../session/commands/judge-running.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import { afterCommand } from '../acting/after-command.ts';
import { closedTo } from '../acting/closed-to.ts';
import type { ActionContext } from '../acting/context.ts';
import { earlyRefusal } from '../acting/early-refusal.ts';
import { findSessionAndPlace, type SessionQuestion } from '../places/find-session.ts';
import { requireText } from '../preconditions/require-text.ts';
import { adoptSession } from './adopt-session.ts';
import { bringWorker, lacksWorker } from './bring-worker.ts';
import { placesNow, withPlacesOf } from './places-now.ts';
import { checksNow, childSettingsOf, chooseChildren, requireCaps } from './resume-choices.ts';

export interface ResumeSessionInput extends SessionQuestion {
  /** For the next child. */
  note?: string | undefined;
  /** New work for a session that is done. */
  goal?: string | undefined;
  /** Limits of the whole session that hold from now on, beside those of its start. */
  caps?: Readonly<Record<string, number | undefined>> | undefined;
  /** Another provider for every phase from now on, with its own model unless one is named. */
  provider?: string | undefined;
  /** Another model; without a provider, for the phases that have no own one. */
  model?: string | undefined;
}

export interface ResumeSessionResult {
  view: SessionView;
  /** `already_running`: nothing had to be done. */
  outcome: 'resumed' | 'already_running';
}

/**
 * Lets a session go on that is stopped, blocked, limited, or waits for a person's act or a file; a done
 * one with a new goal; a folder of the original tool by taking it over. It opens no gate.
 * @throws an early refusal, what `closedTo` gives, what `chooseChildren` and `checksNow` throw;
 * the worker's refusal, pending
 */
export async function resumeSession(
  input: ResumeSessionInput,
  context: ActionContext,
): Promise<ResumeSessionResult> {
  const note = input.note?.trim() ? requireText(input.note, 'note') : undefined;
  const goal = input.goal?.trim() ? requireText(input.goal, 'goal') : undefined;
  const caps = requireCaps(input.caps);
  const { view: found, place } = await findSessionAndPlace(input, context);
  const closed = judgeKind('resume', found.state);
  if (closed) throw earlyRefusal(closed, found);
  const verdict = judgeResume({ goal, by: context.by }, found.state);
  if (found.isForeign) {
    if (verdict.kind === 'refused' && verdict.error.code === 'goal_missing') throw earlyRefusal(verdict);
    const { usd, tokens, hours, iterations } = caps?.session ?? {};
    const limits = { maxCostUsd: usd, maxTokens: tokens, maxHours: hours, maxIterations: iterations };
    const call = { ...childSettingsOf(input), ...limits };
    const { view } = await adoptSession({ view: found, place, note, goal, call }, context);
    return { view, outcome: 'resumed' };
  }
  const unusable = closedTo(found);
  if (unusable) throw unusable;
  if (verdict.kind === 'refused') {
    const asksForMore = (goal ?? caps ?? input.provider ?? input.model) !== undefined;
    if (!asksForMore && (await lacksWorker(found, verdict.error.code, context)))
      return { view: await bringWorker(found, note, context), outcome: 'resumed' };
    if (verdict.error.code === 'already_running' && !asksForMore && note === undefined)
      return { view: found, outcome: 'already_running' };
    throw earlyRefusal(verdict, found);
  }
  const places = await placesNow(found, place, context);
  const view = withPlacesOf(found, places);
  const checks = view.sessionFile && (await checksNow(view, goal, context));
  const child = view.sessionFile && (await chooseChildren(input, view.sessionFile, context));
  const request = { kind: 'resume', note, goal, caps, child, ...checks, places } as const;
  const after = await afterCommand(found, request, ['resumed'], context);
  return { view: after.view, outcome: 'resumed' };
}
