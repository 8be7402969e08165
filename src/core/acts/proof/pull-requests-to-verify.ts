import type { ActionContext } from '../../caller/context/context.ts';
import { newRegistry } from '../../kernel/registry.ts';
import type { Project } from '../../project/finding/open-project.ts';
import type { ClonePlace } from './checks-on-clone.ts';
import type { ClaimedWork } from './repeat-claims.ts';

export interface PullRequestQuestion {
  number: number;
  projectDir?: string;
}

export interface OpenedPullRequest {
  work: ClaimedWork;
  /** The project whose SETUP and CHECK commands run. */
  project: Project;
  place: ClonePlace;
}

/** Fetches a pull request of this project's repository, whose proof is then repeated. */
type OpenPullRequest = (question: PullRequestQuestion, context: ActionContext) => Promise<OpenedPullRequest>;

export const pullRequestsToVerify = newRegistry<OpenPullRequest>('the proof of pull requests');
