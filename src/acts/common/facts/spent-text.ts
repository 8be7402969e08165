import {
  describeUsage,
  type LimitUsage,
  limitUsages,
  type SessionLimits,
  withRaised,
} from '../../../phases/limits.ts';
import type { SessionView } from '../../../session/events/session-view.ts';

const NONE: SessionLimits = { session: {}, phases: {} };

/** What a session has spent, with its limits: `$1.20 of $5.00, 40000 tokens`. Empty if nothing yet. */
export function spentText({ state, sessionFile }: SessionView): string {
  const { spent, raisedCaps, progress, cost } = state;
  const caps = withRaised(sessionFile?.settings.caps ?? NONE, raisedCaps);
  const uses = limitUsages(caps, spent, progress.phase);
  const limited = new Set(uses.filter(({ scope }) => scope === 'session').map(({ cap }) => cap));
  const { usd, tokens, iterations } = spent.session;
  // Agents have run, but none has reported its cost.
  const isUnknown = cost.usd === undefined && iterations > 0;
  const about = cost.usdIsEstimate ? 'about ' : '';
  return [
    ...(usd > 0 && !limited.has('usd') ? [`${about}$${usd.toFixed(2)}`] : []),
    ...(tokens > 0 && !limited.has('tokens') ? [`${Math.round(tokens)} tokens`] : []),
    ...uses.map((use) => (isUnknown && use.cap === 'usd' ? unknownWords(use) : describeUsage(use))),
  ].join(', ');
}

function unknownWords({ limit, scope }: LimitUsage): string {
  return `cost not known (limit $${limit.toFixed(2)}${scope === 'session' ? '' : ` in ${scope}`})`;
}
