import type { Project } from '../../project/finding/open-project.ts';
import type { ActionContext } from './context.ts';

/** The checks that the newest push to the default branch made fail. */
export interface FailedChecks {
  commit: string;
  /** Markdown for agents, bounded; what others wrote in it is quoted. */
  text: string;
  /** The commit on the forge. */
  url: string;
}

declare module '../../kernel/extension.ts' {
  interface Forge {
    /** @returns undefined while the checks of the newest push pass or still run, and where nothing reports any */
    failedBaseChecks(project: Project, context: ActionContext): Promise<FailedChecks | undefined>;
  }
}
