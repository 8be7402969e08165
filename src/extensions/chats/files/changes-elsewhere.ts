import { join } from 'node:path';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import { unlessGitFails } from '../../../core/caller/context/session-branch.ts';
import { contains } from '../../../core/kernel/files/contains.ts';
import { listed, shownText } from '../../../core/kernel/text.ts';
import type { Project } from '../../../core/project/finding/open-project.ts';
import { realPathAsFar } from '../../../core/project/git/real-path.ts';
import { checkedOutBranch } from '../../../core/project/git/repository.ts';
import { uncommittedIn } from '../../../core/project/worktrees/inspect-worktree.ts';
import { projectFolders } from '../clients/chat-place.ts';

const MAX_NAMED = 10;

/**
 * Warnings about the linked worktrees in which a chat has changed files: the session begins from none of them.
 * @param named the files, as the tools of the chat named them
 */
export async function changesElsewhere(
  named: Iterable<string>,
  { project, base }: { project: Project; base: string | undefined },
  context: ActionContext,
): Promise<string[]> {
  const { folders } = await projectFolders(project);
  const mainRepo = await realPathAsFar(project.mainRepo);
  const others = folders.filter((folder) => folder !== mainRepo);
  if (others.length === 0) return [];
  const paths = await Promise.all([...named].map((path) => realPathAsFar(path).catch(() => '/')));
  const warnings: string[] = [];
  for (const folder of others) {
    const here = paths.filter((path) => contains(folder, path));
    const warning = here.length > 0 && (await warningOf(folder, { here, base }, context));
    if (warning) warnings.push(warning);
  }
  return warnings;
}

async function warningOf(
  folder: string,
  { here, base }: { here: readonly string[]; base: string | undefined },
  { env }: ActionContext,
): Promise<string | undefined> {
  return await unlessGitFails(async () => {
    const git = { baseEnv: env };
    const branch = await checkedOutBranch(folder, git);
    const left = (await uncommittedIn(folder, git)).filter(({ path }) =>
      // A new folder is one entry, which ends with a slash.
      here.some((each) => contains(join(folder, path), each)),
    );
    const isBase = branch !== undefined && branch === base;
    if (isBase && left.length === 0) return undefined;
    const files = listed(
      left.map(({ path }) => shownText(path)),
      MAX_NAMED,
    );
    const where = `in ${shownText(folder)}${branch === undefined ? '' : `, on the branch "${shownText(branch)}"`}`;
    const uncommitted =
      left.length === 0 ? '' : ` What is not committed there stays there, without a copy: ${files}.`;
    const from =
      isBase || branch === undefined
        ? ''
        : ` To begin with the commits of that branch, start with it as the base (--base ${shownText(branch)}).`;
    return `The chat has changed files ${where}.${uncommitted}${from}`;
  }, undefined);
}
