import type { Clock } from '../../kernel/clock.ts';
import type { Application } from '../../kernel/phases/application.ts';
import type { ProofFolders } from '../../kernel/phases/proving.ts';
import type { Host } from '../../kernel/processes/host.ts';
import type { ServesClone } from '../../project/proving/run-on-clone.ts';
import type { ActiveGuard } from '../../sandbox/probe-guard.ts';

/** The application of a clone outside of a worker, with reserved ports. */
export interface CloneApplication {
  /** The ports on which services listen. */
  served: readonly number[];
  mark: string;
  variables(folders: ProofFolders): Record<string, string>;
  /** The services, if they run beside the checks of a proof. */
  serveWith(place: ServingPlace): ServesClone | undefined;
  release(): Promise<void>;
}

export interface ServingPlace {
  outputDir: string;
  guard: ActiveGuard | undefined;
  env: () => Record<string, string>;
  signal: AbortSignal;
}

/** @param owner the marker of the checks, and a folder that exists as long as the ports are needed */
export type OpenCloneApplication = (
  application: Application,
  owner: { mark: string; while: string },
  tools: { clock: Clock; host: Host },
) => Promise<CloneApplication>;

declare module '../../kernel/extension.ts' {
  interface Extension {
    openCloneApplication?: OpenCloneApplication;
  }
}
