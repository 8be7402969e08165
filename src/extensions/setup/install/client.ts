import { PROVIDER_ERRORS } from '../../../core/agents/contract/provider-errors.ts';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import { locateCli, pathSettingOf } from '../../../core/sandbox/programs/locate-cli.ts';
import { nodePath } from '../../../core/sandbox/programs/node-path.ts';
import type { ClientName } from './client-names.ts';
import type { ClientNote } from './gate-rules.ts';
import type { InstalledPart } from './installed-part.ts';
import type { ServerFormat } from './server-entry.ts';
import type { Step } from './step.ts';

export interface ClientWork {
  context: ActionContext;
  /** The client's program; for a client without a program, its settings folder. */
  program: string;
  /** Replace a server with our name that starts something else. */
  replace: boolean;
  /** Also add the skills, commands and prompts for work in a chat. */
  allSkills?: boolean;
}

/** A chat program that samocode can be added to. All differences between clients are in rows of this form. */
export interface Client {
  name: ClientName;
  title: string;
  /** What the person does to activate the change, without a full stop. */
  restart: string;
  /** Appended to `restart`: where the person then sees what was added. */
  shows?: string;
  /** @returns undefined when it is not on this machine */
  detect(context: ActionContext): Promise<string | undefined>;
  /** The steps that the installation still needs. */
  add(work: ClientWork): Promise<Step[]>;
  /**
   * The steps still needed so that the client asks before human acts but not before other tools.
   * @param install `isNew`: whether steps of `add` run first
   */
  rules?(context: ActionContext, install: { isNew: boolean }): Promise<Step[]>;
  /** Findings for the doctor about rules; empty if samocode is not installed. */
  notes?(context: ActionContext): Promise<ClientNote[]>;
  /** Everything `install` might have written for this client, even if the client is gone. */
  remove(context: ActionContext): Promise<InstalledPart[]>;
  /** The project file that a team shares. */
  project?: { file: string; format: ServerFormat };
}

/** The path of a client's program, found as the worker finds it; undefined if not found. */
export async function programOf(command: string, { env, home }: ActionContext): Promise<string | undefined> {
  const cli = { name: command, defaultCommand: command };
  const configured = env[pathSettingOf(command)];
  try {
    return (await locateCli({ cli, configured, env, homeDir: home, nodePath: await nodePath(env) })).path;
  } catch (error) {
    if (PROVIDER_ERRORS.cli_not_found.is(error) || PROVIDER_ERRORS.cli_not_executable.is(error))
      return undefined;
    throw error;
  }
}
