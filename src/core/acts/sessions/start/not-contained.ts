import { join } from 'node:path';
import type { ActionContext } from '../../../caller/context/context.ts';
import type { Project } from '../../../project/finding/open-project.ts';
import { isGitError } from '../../../project/git/git-errors.ts';
import { readStatus } from '../../../project/git/status-entries.ts';
import { joinNames } from '../../../session/commands/judge-finish.ts';

/** A start does not wait longer for what is only said. */
const LOOK_MS = 2000;
const MOST_NAMED = 5;

/** Says which files of the main checkout a session does not contain, because they are not committed. */
export async function notContained(
  { mainRepo, filePath }: Pick<Project, 'mainRepo' | 'filePath'>,
  { env }: Pick<ActionContext, 'env'>,
): Promise<string[]> {
  try {
    const { entries } = await readStatus({ cwd: mainRepo, baseEnv: env, timeoutMs: LOOK_MS });
    const paths = entries.map(({ path }) => path);
    // The settings count without a commit.
    const left = paths.filter((path) => join(mainRepo, path) !== filePath);
    if (left.length === 0) return [];
    const count = left.length === 1 ? '1 uncommitted file' : `${left.length} uncommitted files`;
    const more = left.length > MOST_NAMED ? ', …' : '';
    return [
      `Not in this session, which begins at a commit: ${count} (${joinNames(left.slice(0, MOST_NAMED))}${more}).`,
    ];
  } catch (error) {
    if (!isGitError(error)) throw error;
    return [
      'The session begins at a commit; samocode could not look whether the checkout has uncommitted files.',
    ];
  }
}
