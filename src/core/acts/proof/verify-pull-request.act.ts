import type { ActionContext } from '../../caller/context/context.ts';
import { READING_ERRORS } from '../../caller/errors/reading-errors.ts';
import { environmentOfProject } from '../../caller/refusals/login-of-project.ts';
import type { SandboxLevel } from '../../kernel/sandbox-level.ts';
import { type CloneRunOptions, checksOnClone } from './checks-on-clone.ts';
import { frozenProving } from './frozen-proving.ts';
import type { OpenedPullRequest } from './pull-requests-to-verify.ts';
import { type Repetition, repeatClaims } from './repeat-claims.ts';

export type VerifiedPullRequest = Repetition & { verified: boolean; sandbox: SandboxLevel };

/** Repeats the proof of a pull request with the project's own commands. */
export async function verifyPullRequest(
  { work, project, place }: OpenedPullRequest,
  context: ActionContext,
  options: CloneRunOptions,
): Promise<VerifiedPullRequest> {
  const { values } = project;
  const env = await environmentOfProject(project, context);
  // No cache: what the code of a pull request leaves behind must not reach other checks.
  const proving = frozenProving(values);
  const cloneFailed = (problem: string) => READING_ERRORS.proof_not_repeated({ problem });
  const run = async (commit: string, commands: readonly string[]) => {
    const set = { commit, branch: 'pull-request', base: work.base, commands, proving };
    return await checksOnClone(place, set, { ...context, env }, { ...options, cloneFailed });
  };
  const trusted = { setup: values.setup, checks: values.checks.map(({ command }) => command) };
  const repetition = await repeatClaims(work, trusted, run);
  const verified = repetition.result === 'repeated' || repetition.result === 'partly';
  return { verified, ...repetition, sandbox: place.guard?.now.level ?? 'none' };
}
