import type { SamocodeError } from '../../base/errors.ts';
import type { CommandOf } from '../../session/commands/commands.ts';
import { judgeArchive, judgeDiscard, judgeUnarchive } from '../../session/commands/judge-finish.ts';
import { judgeMerge, judgePullRequest } from '../../session/commands/judge-merge.ts';
import type { Refused } from '../../session/commands/refused.ts';
import type { Places } from '../../session/events/bodies/places.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import { closedTo } from '../acting/closed-to.ts';
import type { ActionContext } from '../acting/context.ts';
import { earlyRefusal, gateChannelsOf } from '../acting/early-refusal.ts';
import { findSessionAndPlace, type SessionQuestion } from '../places/find-session.ts';
import { placesNow, withPlacesOf } from '../sessions/places-now.ts';
import { type FinishReading, readFinishFacts } from './finish-facts.ts';
import type { FinishWay } from './finish-ways.ts';

export interface FinishSessionInput extends SessionQuestion {
  how: FinishWay;
  /** Documents that stay, with `archive_documents`. */
  keep: readonly string[];
  /** How long the end of a merge is waited for. */
  waitMs?: number;
}

/** How finishing a session is judged here; its worker judges by the same rules. */
export interface FinishLook extends FinishReading {
  view: SessionView;
  places: Places | undefined;
  refusal?: SamocodeError | undefined;
  /** The documents that would go. */
  moved: readonly string[];
}

/** Judges what finishing a session would do. Changes nothing. @throws session_not_found, GitError; what `placesNow` throws */
export async function lookAtFinish(input: FinishSessionInput, context: ActionContext): Promise<FinishLook> {
  const { how } = input;
  const { view: found, place } = await findSessionAndPlace(input, context);
  const isInPlace = how === 'unarchive' || found.state.archived;
  const places = isInPlace ? undefined : await placesNow(found, place, context);
  const view = withPlacesOf(found, places);
  const reading = await readFinishFacts(view, { how, isMoved: places !== undefined }, context);
  const verdict = verdictOn(input, view, reading, context);
  const refused = verdict.kind === 'refused' ? earlyRefusal(verdict, view) : undefined;
  const moved = 'moved' in verdict ? (verdict.moved ?? []) : [];
  return { view, places, ...reading, refusal: closedTo(view) ?? refused, moved };
}

function verdictOn(
  input: FinishSessionInput,
  view: SessionView,
  { facts, base }: FinishReading,
  { by }: ActionContext,
): { kind: 'accepted'; moved?: string[] } | Refused {
  const { state } = view;
  const asked = { by, gateChannels: gateChannelsOf(view) };
  const { how } = input;
  switch (how) {
    case 'unarchive':
      return judgeUnarchive(state, facts);
    case 'keep_branch':
    case 'archive_documents':
      return judgeArchive(archiveRequest(input), state, facts);
    case 'discard':
      return judgeDiscard(asked, state, facts);
    case 'merge':
      return judgeMerge(asked, state, base ?? { into: undefined, ahead: 0 });
    case 'pull_request':
      return judgePullRequest(asked, state, base ?? { sinceBase: 0 });
    default:
      return how satisfies never;
  }
}

export function archiveRequest({
  how,
  keep,
}: FinishSessionInput): Pick<CommandOf<'archive'>, 'what' | 'keep'> {
  return { what: how === 'keep_branch' ? 'session' : 'documents', keep: [...keep] };
}
