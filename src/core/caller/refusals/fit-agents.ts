import { isBundled, providerNamed } from '../../agents/registry.ts';
import { machineSetting } from '../../project/finding/machine-setting.ts';
import type { FrozenSettings } from '../../session/events/bodies/session-file.ts';
import type { ActionContext } from '../context/context.ts';
import { START_ERRORS } from '../errors/start-errors.ts';

type Choices = Pick<FrozenSettings, 'permissions' | 'gatewayReviewed' | 'acp' | 'limits'>;

/** Refuses agents that cannot comply with a choice of the session or a limit of the machine. */
export async function refuseUnfitAgents(
  names: readonly string[],
  { permissions, gatewayReviewed, acp, limits }: Choices,
  { env, home }: Pick<ActionContext, 'env' | 'home'>,
): Promise<void> {
  const all = [limits.session, ...Object.values(limits.phases)];
  const isLimited = (name: 'usd' | 'tokens') => all.some((each) => each[name] !== undefined);
  const usdPerDay = await machineSetting('maxCostUsdPerDay', { env, home });
  const ofDay = usdPerDay === undefined ? undefined : 'MAX_COST_USD_PER_DAY';
  const usd = isLimited('usd') ? 'MAX_COST_USD' : ofDay;
  for (const provider of names.map(providerNamed)) {
    const { title, asks, reviewer, reports = { usd: true, tokens: true } } = provider;
    const { service = '' } = reviewer ?? {};
    const isReviewed = permissions === 'auto';
    if (isReviewed && !reviewer && !isBundled(provider.name)) throw START_ERRORS.no_reviewer({ title });
    if (isReviewed && !gatewayReviewed && env[service])
      throw START_ERRORS.gateway_unknown({ title, service });
    if (permissions !== 'skip' && (asks === false || (asks === 'by setting' && !acp?.asks)))
      throw START_ERRORS.cannot_ask({ title, isSettable: asks === 'by setting' });
    const others = reports.tokens ? 'MAX_HOURS or MAX_TOKENS' : 'MAX_HOURS';
    if (!reports.usd && usd) throw START_ERRORS.unreported_spending({ title, limit: usd, others });
    if (!reports.tokens && isLimited('tokens'))
      throw START_ERRORS.unreported_spending({ title, limit: 'MAX_TOKENS', others });
  }
}
