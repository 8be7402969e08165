import type { ServedIn } from '../../kernel/phases/application.ts';
import type { ProofFolders } from '../../kernel/phases/proving.ts';
import type { Phase } from '../../kernel/phases/table.ts';
import type { CheckEnd } from '../../project/proving/run-check.ts';
import type { ServesClone } from '../../project/proving/run-on-clone.ts';
import type { PortSet } from './worker-guard.ts';

/** The services of a session's application, around what uses them: an agent, a check, or a person. An extension makes it. */
export interface WorkerApplication {
  /** Called before anything starts in a strict sandbox, which has to open the ports. */
  reserve(): Promise<void>;
  release(): Promise<void>;
  /** Of commands in the worktree, or in a clone. */
  variables(clone?: { set: PortSet; folders: ProofFolders }): Promise<Record<string, string>>;
  /**
   * Starts the services in the worktree, if they run then, and waits until they are ready.
   * @returns what failed
   * @throws port_taken; the signal's reason
   */
  start(when: ServedIn, options: { signal: AbortSignal; cwd?: string }): Promise<CheckEnd[]>;
  end(): Promise<void>;
  /** Ends the services of a worker that died, which bubblewrap does only in a guard. */
  endLeft(): Promise<void>;
  inClone(commands: CloneCommands): Promise<ServesClone | undefined>;
  promptLines(phase: Phase): Promise<string[]>;
  /** Starts them before the prompt is made, which names what failed. @throws port_taken */
  beforeAgent(): Promise<void>;
  /** For an agent of an earlier worker, which has lost its services with that one. */
  besideAdopted(phase: Phase): void;
  /** Restarts them if the agent asks for that. */
  whileAgent(phase: Phase): Promise<void>;
  /** Once the agent has ended; what ended before it is for the next one. */
  afterAgent(): Promise<void>;
  /** Whether services run for a person. */
  isHeld(): boolean;
  /** Keeps them up while the session rests: one look at what could end that. */
  hold(): Promise<undefined>;
}

interface CloneCommands {
  set: PortSet;
  /** Of the commands; the services have another one. */
  mark: string;
  outputDir: string;
  env(folders: ProofFolders): Promise<Record<string, string>>;
  signal: AbortSignal;
}
