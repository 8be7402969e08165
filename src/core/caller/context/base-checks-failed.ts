import { newRegistry } from '../../kernel/registry.ts';
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

/** @returns undefined while the checks of the newest push pass or still run, and where nothing reports any */
type ReadBaseChecks = (project: Project, context: ActionContext) => Promise<FailedChecks | undefined>;

export const baseChecks = newRegistry<ReadBaseChecks>('checks of the base branch');
