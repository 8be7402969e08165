import { nextRound } from '../events/rounds.ts';
import type { SessionState } from '../events/state.ts';
import { COMMAND_ERRORS } from './command-errors.ts';
import type { CommandOf } from './commands.ts';
import {
  channelRefusal,
  type GateRule,
  type Refused,
  refused,
  refusedForStatus,
  type SentBy,
} from './refused.ts';

/**
 * Whether a finished session begins a round of its pull request. The consent that the person gave at finish is its
 * gate; starting a round by hand gives that consent again, through an allowed channel.
 */
export function judgeRound(
  { by, round, byHand }: Pick<CommandOf<'round'>, 'by' | 'round' | 'byHand'>,
  state: Pick<SessionState, 'status' | 'pullRequest'>,
  rule: GateRule,
): { kind: 'accepted' } | Refused {
  const { pullRequest } = state;
  const closed = roundNow(state, byHand ? { by, rule } : { by });
  if (closed) return closed;
  if (pullRequest?.state !== 'open') return refused(COMMAND_ERRORS.no_pull_request());
  if (!byHand && !pullRequest.watched) return refused(COMMAND_ERRORS.not_watched());
  const isKnown = round.keys.some((key) => pullRequest.rounds?.keys.includes(key));
  if (isKnown || round.number !== nextRound(state)) return refused(COMMAND_ERRORS.round_known());
  return { kind: 'accepted' };
}

/**
 * Why no round can be begun now. One that is closed may have been opened again since it was seen.
 * @param sender `rule` absent: with the consent of the finish
 */
export function roundNow(
  { status, pullRequest }: Pick<SessionState, 'status' | 'pullRequest'>,
  { by, rule }: Pick<SentBy, 'by'> & Partial<SentBy>,
): Refused | undefined {
  if (status.kind !== 'done') return refusedForStatus(COMMAND_ERRORS.not_done_yet({ status: status.kind }));
  if (pullRequest === undefined || pullRequest.state === 'merged')
    return refused(COMMAND_ERRORS.no_pull_request());
  return rule && channelRefusal(by, rule);
}
