import type { ActionContext } from '../../caller/context/context.ts';
import { newRegistry } from '../../kernel/registry.ts';
import type { OpenedProof } from './verify-proof.act.ts';

export interface PullRequestQuestion {
  number: number;
  projectDir?: string;
}

/** Fetches a pull request of this project's repository, whose proof is then repeated. */
type OpenPullRequest = (question: PullRequestQuestion, context: ActionContext) => Promise<OpenedProof>;

export const pullRequestsToVerify = newRegistry<OpenPullRequest>('the proof of pull requests');
