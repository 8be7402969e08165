import type { ActionContext } from '../../caller/context/context.ts';
import type { Begun } from './begin-session.ts';
import type { StartSessionInput } from './start/start-choices.ts';
import type { FolderWork } from './start/work.ts';

/** Makes a session of a folder prepared by hand; it continues there. */
export type ContinueFolder = (input: StartSessionInput<FolderWork>, context: ActionContext) => Promise<Begun>;

declare module '../../kernel/extension.ts' {
  interface Extension {
    continueFolder?: ContinueFolder;
  }
}
