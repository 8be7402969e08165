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
}
