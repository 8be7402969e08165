import { providerNamed } from '../../../providers/registry.ts';
import type { FrozenSettings } from '../../../session/events/session-file.ts';
import { START_ERRORS } from '../start-errors.ts';

type Choices = Pick<FrozenSettings, 'permissions' | 'acp' | 'limits'>;

/**
 * Refuses agents for which a choice of the session could not hold.
 * @throws cannot_ask, unreported_spending
 */
export function refuseUnfitAgents(names: readonly string[], { permissions, acp, limits }: Choices): void {
  const all = [limits.session, ...Object.values(limits.phases)];
  const isLimited = (name: 'usd' | 'tokens') => all.some((each) => each[name] !== undefined);
  for (const { title, asks, reports = { usd: true, tokens: true } } of names.map(providerNamed)) {
    if (asks === false && permissions === 'allow' && !acp?.asks) throw START_ERRORS.cannot_ask({ title });
    const others = reports.tokens ? 'MAX_HOURS or MAX_TOKENS' : 'MAX_HOURS';
    if (!reports.usd && isLimited('usd'))
      throw START_ERRORS.unreported_spending({ title, limit: 'MAX_COST_USD', others });
    if (!reports.tokens && isLimited('tokens'))
      throw START_ERRORS.unreported_spending({ title, limit: 'MAX_TOKENS', others });
  }
}
