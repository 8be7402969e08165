import type { FailedChecks } from '../../../core/caller/context/base-checks-failed.ts';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import { listed } from '../../../core/kernel/text.ts';
import type { Project } from '../../../core/project/finding/open-project.ts';
import { inlineMaterial } from '../../../core/session/documents/material.ts';
import { boundedDocument } from '../forge/bounded-document.ts';
import { type CheckedBranch, GitHub, type JobLogs } from '../forge/github.ts';
import { requireRepositories } from '../forge/project-repositories.ts';
import { type ForgeCheck, isCheckRunning } from '../forge/pull-request-answers.ts';
import { checkText } from './round-text.ts';

const MAX_LOGS = 3;
const MAX_LOG_LINES = 60;
/** The text becomes a part of the task, which every agent of the session reads. */
const MAX_CHARS = 20_000;

/** Reads the checks of the newest push to the default branch of this repository. */
export async function failedBaseChecks(
  project: Project,
  context: ActionContext,
): Promise<FailedChecks | undefined> {
  // Of a fork its own: the runs begin at its default branch.
  const { own: repository } = await requireRepositories(project, context);
  const forge = new GitHub(context);
  const tip = await forge.defaultBranch(repository);
  const failed = tip && failedByPush(tip, context.clock.now());
  if (tip === undefined || failed === undefined) return undefined;
  const logs = await forge.jobLogs(repository, failed.slice(0, MAX_LOGS));
  const url = `https://${repository}/commit/${tip.commit}`;
  return { commit: tip.commit, url, text: failedText({ ...tip, url }, failed, logs) };
}

/**
 * The failed checks of a push, once none runs. The same commit can be a tag, the tip of another branch, or the head of a
 * pull request, also of one from a fork: only workflows that the push to this branch started count. What started a
 * check of another app is unknown.
 */
function failedByPush({ branch, checks }: CheckedBranch, nowMs: number): ForgeCheck[] | undefined {
  const own = checks.filter((check) => check.event === 'push' && check.branch === branch);
  const failed = own.filter(({ state }) => state === 'failed');
  return failed.length === 0 || own.some((check) => isCheckRunning(check, nowMs)) ? undefined : failed;
}

/** @param logs those of the first failed checks */
function failedText(
  { branch, commit, url }: Pick<CheckedBranch, 'branch' | 'commit'> & { url: string },
  failed: readonly ForgeCheck[],
  logs: JobLogs,
): string {
  const shown = failed.filter((check) => logs.has(check));
  const others = failed.filter((check) => !logs.has(check)).map(({ name }) => inlineMaterial(name));
  const parts = [
    `# Checks that fail on ${inlineMaterial(branch)}`,
    `Commit ${commit}, the newest push to that branch: ${url}`,
    ...shown.map((check) => checkText(check, logs.get(check)?.slice(-MAX_LOG_LINES))),
    ...(others.length === 0 ? [] : [`These checks fail, too: ${listed(others, 50)}.`]),
  ];
  return boundedDocument(parts, MAX_CHARS);
}
