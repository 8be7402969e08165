import { providerNamed } from '../../../core/agents/registry.ts';
import { providersOf } from '../../../core/caller/refusals/agent-clis.ts';
import { inWords } from '../../../core/kernel/text.ts';
import type { Project } from '../../../core/project/finding/open-project.ts';
import { type MissingSafeguard, missingSafeguards } from '../../../core/project/settings/unattended-start.ts';
import type { Recurring, RecurringLimits, When } from '../recurring.ts';
import { RECURRING_ERRORS } from '../recurring-errors.ts';

type Unattended = Pick<Recurring, 'work'> &
  Partial<Pick<Recurring, 'choices' | 'limits'>> & { when: Pick<When, 'kind'> };

/**
 * The rules of INTAKE_LABEL that a recurring session lacks. Those that quote what a failed push has written keep all of
 * them; for issues that a person with write access has labelled, its person may choose the others.
 */
export function lackedSafeguards(
  { when, work, choices = {}, limits = {} }: Unattended,
  { values }: Pick<Project, 'values'>,
): MissingSafeguard[] {
  // Its runs quote the logs of checks.
  const isByChecks = when.kind === 'ci-failed';
  if (!isByChecks && work.kind !== 'label') return [];
  const isOpen = { plan: choices.autoApprove, qa: choices.acceptSuggestions };
  const missing = missingSafeguards({
    sandbox: choices.sandbox ?? values.sandbox,
    maxCostUsd: limits.costRunUsd ?? limits.costTotalUsd ?? values.maxCostUsd,
    gates: values.gates.filter((gate) => !isOpen[gate]),
  });
  return isByChecks ? missing : missing.filter(({ key }) => key === 'SANDBOX');
}

/** Refuses what no person bounds. @param what what was not done */
export function requireSafeguards(
  recurring: Unattended,
  project: Pick<Project, 'values'>,
  what: string,
): void {
  requireBoundedCost(project, recurring.limits ?? {}, what);
  const missing = lackedSafeguards(recurring, project);
  if (missing.length === 0) return;
  const [why, hint] = [
    missing.map((each) => each.why).join(' '),
    missing.map(({ key }) => FIXES[key]).join(' '),
  ];
  throw RECURRING_ERRORS.recurring_unguarded({ what, why, hint });
}

const FIXES: Readonly<Record<MissingSafeguard['key'], string>> = {
  SANDBOX: 'Add --sandbox guard, or SANDBOX=guard to .samocode.',
  MAX_COST_USD: 'Add --max-cost-run, or MAX_COST_USD to .samocode.',
  GATES:
    'Leave out --auto-approve and --accept-suggestions, and the line GATES; remove one that exists, then create it again.',
};

/** Refuses a limit in dollars that no CLI of a run may report, unless another limit bounds the same. */
function requireBoundedCost(
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
