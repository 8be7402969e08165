import type { RemarkedOn } from '../../core/caller/facts/further-remarks.ts';
import { parsePlan } from '../../core/session/documents/plan.ts';
import type { SessionView } from '../../core/session/folder/session-view.ts';
import { isNamed } from '../../core/session/proof/plan-files.ts';
import { overlapsOfQuickWork } from './of-quick-work.ts';
import { overlapText } from './overlap-text.ts';
import { sessionsMet } from './sessions-met.ts';

/** Which other sessions have changed files that a plan names, or that quick work has changed: a sentence, or none. */
export async function overlaps(view: SessionView, { plan, env }: RemarkedOn): Promise<string[]> {
  if (plan === undefined) return await overlapsOfQuickWork(view);
  const { phases } = parsePlan(plan);
  const naming = (path: string) =>
    phases.filter(({ files }) => files.some((entry) => isNamed(entry, path))).map(({ number }) => number);
  return overlapText('plan', await sessionsMet(view, naming, env));
}
