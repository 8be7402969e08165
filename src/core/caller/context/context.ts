import type { Clock } from '../../kernel/clock.ts';
import type { Host } from '../../kernel/processes/host.ts';
import type { CommandBy } from '../../session/events/bodies/who-acted.ts';

/** The dependencies of every use case; only the `main.ts` files read them from the process. */
export interface ActionContext {
  clock: Clock;
  host: Host;
  env: Readonly<Record<string, string | undefined>>;
  home: string;
  cwd: string;
  /** The user's folders as the client reports them, best first; they take precedence over `cwd`. */
  roots?: readonly string[];
  by: CommandBy;
  /**
   * A UUID of version 7 that the caller has chosen for one act, so that it can ask later what became of it
   * (`outcomeOfAct`). It becomes the id of the command that the act sends: where an act sends two, that of one.
   */
  actId?: string | undefined;
  /** The chat that made the call, as its client names it with each call; absent in a terminal and for other clients. */
  chatCall?: ChatCall | undefined;
  /** When a client gives up the call, on the monotonic clock; absent where nothing does. */
  callEndsAtMs?: number | undefined;
  programs: { worker: string; rehearsal: string };
  elsewhere?: Elsewhere;
}

/** `id`: Claude Code: the id of this tool use, which its transcript contains; Codex: the id of the thread. */
export interface ChatCall {
  client: 'claude' | 'codex';
  id: string;
}

/**
 * The rights of an act on a session outside the current project; `projectDir` is the folder of that session's
 * project.
 */
export interface Elsewhere {
  /** Asks the person; absent if there is no way to ask. */
  agrees?(session: { session: string; projectDir: string }): Promise<boolean>;
  /** The command line that names that project; absent for tools, whose next call names it. */
  command?(projectDir: string): string;
  /** Called once an act has reached such a session. */
  reached?(projectDir: string): void;
}
