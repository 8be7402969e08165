import {
  describeUsage,
  type LimitUsage,
  limitUsages,
  type SessionLimits,
  withRaised,
} from '../../kernel/phases/limits.ts';
import type { SessionView } from '../../session/folder/session-view.ts';

const NONE: SessionLimits = { session: {}, phases: {} };

/** The spending of a session, with its limits: `$1.20 of $5.00, 40000 tokens`. Empty if it has neither. */
export function spentText({ state, sessionFile }: SessionView): string {
  const { spent, raisedLimits, progress, cost } = state;
  const limits = withRaised(sessionFile?.settings.limits ?? NONE, raisedLimits);
  const uses = limitUsages(limits, spent, progress.phase);
  const limited = new Set(uses.filter(({ scope }) => scope === 'session').map(({ limitName }) => limitName));
  const { usd, tokens, iterations } = spent.session;
  // Agents have run, but none has reported its cost.
  const isUnknown = cost.usd === undefined && iterations > 0;
  const about = cost.usdIsEstimate ? 'about ' : '';
  return [
    ...(usd > 0 && !limited.has('usd') ? [`${about}$${usd.toFixed(2)}`] : []),
    ...(tokens > 0 && !limited.has('tokens') ? [`${Math.round(tokens)} tokens`] : []),
    ...uses.map((use) => (isUnknown && use.limitName === 'usd' ? unknownCostText(use) : describeUsage(use))),
  ].join(', ');
}

function unknownCostText({ limit, scope }: LimitUsage): string {
  return `cost not known (limit $${limit.toFixed(2)}${scope === 'session' ? '' : ` in ${scope}`})`;
}
