import { join } from 'node:path';
import type { ActionContext } from '../../actions/acting/context.ts';
import { configFolder } from '../../base/config-folder.ts';
import type { Step } from './step.ts';
import type { Trace } from './trace.ts';

export const CLIENT_NAMES = ['claude', 'codex', 'gemini', 'desktop'] as const;
export type ClientName = (typeof CLIENT_NAMES)[number];

export const INSTALL_SCOPES = ['user', 'project'] as const;
/** For the person everywhere, or in a file of the project that a team shares. */
export type InstallScope = (typeof INSTALL_SCOPES)[number];

/** Where samocode is looked for, added and removed. */
export interface ClientPlace {
  context: ActionContext;
  scope: InstallScope;
  /** The project's folder; only used for its scope. */
  projectDir: string;
}

export interface ClientWork extends ClientPlace {
  /** The client's own program; for a client without one the folder of its settings. */
  program: string;
  /** Reading tools and those that only start, guide and stop may run without a question. */
  allow: boolean;
  /** A server of our name that starts something else is replaced. */
  replace: boolean;
}

/** A chat program that samocode can be added to. */
export interface Client {
  name: ClientName;
  title: string;
  /** What the person does so that the change is seen, without its full stop. */
  restart: string;
  /** Where the client shows its servers. */
  shownBy?: string;
  /** @returns undefined when it is not on this machine */
  find(context: ActionContext): Promise<string | undefined>;
  /** What is left to do; nothing when all of it is there. @throws scope_not_supported */
  installSteps(work: ClientWork): Promise<Step[]>;
  /** All that an installation leaves for this client, whether it is there or not. @throws scope_not_supported */
  traces(place: ClientPlace): Promise<Trace[]>;
}

/** Where the clients' packages are kept: clients go on reading them there. */
export function clientsFolder({ home }: ActionContext): string {
  return join(configFolder(home), 'clients');
}
