import { newRegistry } from '../../kernel/registry.ts';
import type { Project } from '../../project/finding/open-project.ts';
import type { ActionContext } from './context.ts';

/** The services of the extension for pools of machines to the acts of core. */
export interface PoolActs {
  /**
   * @returns the owner of a session that no machine has: `OFFERED` or `PARKED`
   * @throws if this machine is in no pool for the project
   */
  requireMember(project: Project, context: ActionContext): Promise<string>;
  /** The name of this machine in the pool of the project with that `.samocode`. */
  nameHere(context: Pick<ActionContext, 'home'>, configPath: string | undefined): Promise<string | undefined>;
}

export const poolActs = newRegistry<PoolActs>('pools of machines');
