import type { Clock } from '../../base/clock.ts';
import type { Host } from '../../base/processes/host.ts';
import type { By } from '../../session/events/bodies/who-acted.ts';

/** What every use case is given; only the `main.ts` files read it from the process. */
export interface ActionContext {
  clock: Clock;
  host: Host;
  env: Readonly<Record<string, string | undefined>>;
  home: string;
  cwd: string;
  /** Folders that the client says its user works in, best first: they count before `cwd`. */
  roots?: readonly string[];
  by: By;
  programs: { worker: string; rehearsal: string };
  elsewhere?: Elsewhere;
}

/** How an act may reach a session of another project than the one at hand, whose folder is `projectDir`. */
export interface Elsewhere {
  /** Asks the person; absent where nobody can be asked. */
  agrees?(session: { session: string; projectDir: string }): Promise<boolean>;
  /** The command line that names that project; a tool is called once more with it. */
  command?(projectDir: string): string;
  /** An act has reached it. */
  reached?(projectDir: string): void;
}
