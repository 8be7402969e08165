import type { Project } from '../../project/finding/open-project.ts';
import type { ActionContext } from './context.ts';

export interface PoolMachine {
  name: string;
  isSelf: boolean;
  /** Its last sign of life: `seen 4 s ago`. */
  sign: string;
  /** Why it takes no sessions, where that is known. */
  note?: string;
  slots?: { used: number; all: number };
  clis: readonly string[];
  level?: string;
  version?: string;
  sessions: readonly string[];
}

/** A pool of this machine, from what is on this machine. */
export interface KnownPool {
  projectDir: string;
  machines: readonly PoolMachine[];
  problems: readonly string[];
}

/** The services of the extension for pools of machines to the acts of core. */
export interface PoolActs {
  /** @throws if this machine is in no pool for the project */
  requireMember(project: Project, context: ActionContext): Promise<void>;
  /** The name of this machine in the pool of the project with that `.samocode`. */
  nameHere(context: Pick<ActionContext, 'home'>, configPath: string | undefined): Promise<string | undefined>;
  isMember(context: Pick<ActionContext, 'home'>): Promise<boolean>;
  /** The pools of this machine, from its own files. */
  known(context: ActionContext): Promise<readonly KnownPool[]>;
}

declare module '../../kernel/extension.ts' {
  interface Extension {
    pools?: PoolActs;
  }
}
