import { providerNamed } from '../../../core/agents/registry.ts';
import { providersOf } from '../../../core/caller/refusals/agent-clis.ts';
import { inWords } from '../../../core/kernel/text.ts';
import type { Project } from '../../../core/project/finding/open-project.ts';
import type { RecurringLimits } from '../recurring.ts';
import { RECURRING_ERRORS } from '../recurring-errors.ts';

/**
 * Refuses a limit in dollars that no CLI of a run may report, unless another limit bounds the same.
 * @param what what was not done
 */
export function requireBoundedCost(
  { values }: Pick<Project, 'values'>,
  { costRunUsd, costTotalUsd, runs }: RecurringLimits,
  what: string,
): void {
  const providers = [...providersOf({ values })].map(providerNamed);
  const silent = providers.filter(({ reports }) => reports?.usd === false).map(({ title }) => title);
  if (silent.length === 0) return;
  const refused = { what, titles: inWords(silent, 'and') };
  if (costRunUsd !== undefined && values.maxIterations === undefined)
    throw RECURRING_ERRORS.recurring_cost_unknown({
      ...{ ...refused, limit: '--max-cost-run', other: '--max-iterations' },
    });
  if (costTotalUsd !== undefined && runs === undefined)
    throw RECURRING_ERRORS.recurring_cost_unknown({
      ...{ ...refused, limit: '--max-cost-total', other: '--max-runs' },
    });
}
