import type { SamocodeError } from '../../kernel/errors.ts';
import type { Decision, ParkDecision } from '../../kernel/phases/decision.ts';
import { newRegistry } from '../../kernel/registry.ts';
import type { BaseCommit } from '../../project/worktrees/base-commit.ts';
import type { Worktree } from '../../project/worktrees/worktree.ts';
import { COMMAND_ERRORS } from '../../session/commands/command-errors.ts';
import type { Command, CommandOf } from '../../session/commands/commands.ts';
import type { Refused } from '../../session/commands/refused.ts';
import type { NewEvent } from '../../session/events/events.ts';
import type { OpenWork, OpenWorkOf } from '../../session/events/open-work.ts';
import type { Evidence, TipOfBranch } from './evidence.ts';
import type { Worker } from './worker.ts';

/** How a worker does one kind of work. */
export interface Performer<K extends OpenWork['kind']> {
  /** From the start, or from wherever a crash interrupted it. @returns the events that end it */
  perform(worker: Worker, work: OpenWorkOf<K>): Promise<NewEvent[]>;
  /** The event that ends it after a lasting failure. Absent: the failure blocks the session. */
  failed?(work: OpenWorkOf<K>, failure: Failure, worker: Worker): NewEvent | Promise<NewEvent>;
  /** The event that ends it when a stop interrupts it. Absent: the session is stopped. */
  stopped?(work: OpenWorkOf<K>): NewEvent;
}

export type Failure = Pick<SamocodeError, 'code' | 'message'>;

export type Handlers = { readonly [K in Command['kind']]: Handler<K> };
export type Performers = { readonly [K in OpenWork['kind']]: Performer<K> };

/** What an extension does in a worker, by kind of command and of work. */
export interface SessionExtension {
  commands?: Partial<Handlers>;
  performers?: Partial<Performers>;
  /** Where a new session's branch begins, if the extension has something to put on its base. */
  beginBranch?(worker: Worker, base: BaseCommit): Promise<BranchBeginning | undefined>;
  /**
   * Called before each effect outside the session, such as a push or a merge, so that two machines never both cause one.
   * @throws if another machine has the session now, or if that cannot be found out
   */
  requireHeld?(worker: Worker): Promise<void>;
  /** Called before each step that the state requires, also that of a session at rest. Throws nothing. */
  beforeStep?(worker: Worker): Promise<void>;
  /** Called before each check of the lease, which is every second while an agent works; may give the lease away. */
  checkLease?(worker: Worker): Promise<void>;
  /** Called before each agent, and last before the worker leaves, when an agent may be unjudged. @throws only `lease_lost` */
  betweenAgents?(worker: Worker): Promise<void>;
  /** A section about what the session works on, for the next agent's prompt. */
  promptSection?(worker: Worker): Promise<string | undefined>;
  /** Asks a person, before a session is done, about changes that no person has agreed to. */
  outsideScope?(evidence: Evidence, tip: TipOfBranch, decision: Decision): Promise<ParkDecision | undefined>;
  /** Adds facts about a commit that has passed all checks, before a session is done. @returns their events: a failure to add them is recorded too */
  afterProof?(worker: Worker, proven: ProvenCommit): Promise<NewEvent[]>;
}

export interface BranchBeginning {
  /** A commit on top of the base; absent: the base itself. */
  startCommit?: string;
  /**
   * What became of it, once there is a worktree.
   * @returns `text`: for the first agent and the person; `firstCommit`: the commit, if the branch contains it
   */
  outcome(worktree: Worktree): Promise<{ text: string; firstCommit?: string }>;
}

export interface ProvenCommit {
  commit: string;
  worktree: { path: string; branch: string; baseCommit: string };
  iteration: number;
  /** Aborted when a stop interrupts it. */
  signal: AbortSignal;
}

export const sessionExtensions = newRegistry<SessionExtension>('session extensions');

/** @returns undefined: at its base */
export async function beginningOf(worker: Worker, base: BaseCommit): Promise<BranchBeginning | undefined> {
  const beginning = await firstAnswer((extension) => extension.beginBranch?.(worker, base));
  if (beginning === undefined && worker.file.chat?.brought !== undefined)
    throw COMMAND_ERRORS.no_extension({ kind: 'chat' });
  return beginning;
}

export async function firstAnswer<T>(
  ask: (extension: SessionExtension) => Promise<T | undefined> | undefined,
): Promise<T | undefined> {
  for (const extension of sessionExtensions.items) {
    const answer = await ask(extension);
    if (answer !== undefined) return answer;
  }
  return undefined;
}

/** What extensions do at this point, one after the other. */
export async function callExtensions(
  worker: Worker,
  hook: 'beforeStep' | 'requireHeld' | 'checkLease' | 'betweenAgents',
): Promise<void> {
  for (const extension of sessionExtensions.items) await extension[hook]?.(worker);
}

/** The result of an accepted command: events written with its acceptance. Work that follows is part of the state. */
export interface CommandOutcome {
  events: readonly NewEvent[];
}

/** Judges a command of one kind and returns the outcome of an accepted one; writes nothing yet. */
export type Handler<K extends Command['kind']> = (
  worker: Worker,
  command: CommandOf<K>,
) => Promise<CommandOutcome | Refused>;
