import type { ActionContext } from '../caller/context/context.ts';
import { ACTION_ERRORS } from '../caller/errors/action-errors.ts';
import { newRegistry } from '../kernel/registry.ts';
import type { Project } from '../project/finding/open-project.ts';

/** What an extension does with pools of machines for the acts of core. */
export interface PoolActs {
  /** @throws if this machine is in no pool for the project */
  requireMember(project: Project, context: ActionContext): Promise<void>;
  /** The name of this machine in its pools. */
  nameHere(context: Pick<ActionContext, 'home'>): Promise<string | undefined>;
}

export const poolActs = newRegistry<PoolActs>('acts on pools');

/** @throws no_pools in a build without such an extension */
export function requirePoolActs(): PoolActs {
  const [acts] = poolActs.items;
  if (acts === undefined) throw ACTION_ERRORS.no_pools();
  return acts;
}
